"""Which modules of a tree are read, and the names they are imported by."""

from __future__ import annotations

from pathlib import Path

from extractor.options import ScanOptions
from extractor.program.collect import Collected, collect
from extractor.program.module import module_name, source_roots
from extractor.program.summary_cache import SummaryCache
from extractor.sources import open_source
from extractor.sources.spec import SourceSpec
from tests.git_repository import make_repository


def collected(tmp_path: Path, files: dict[str, str]) -> Collected:
    make_repository(tmp_path / "shop", files)
    options = ScanOptions("2026-01-01T00:00:00+00:00", "1", 1, tmp_path / "cache", offline=True)
    tree = open_source(SourceSpec("shop", str(tmp_path / "shop")), tmp_path / "cache")
    return collect(tree, SummaryCache(tmp_path / "cache"), options)


def names(found: Collected) -> dict[str, str]:
    return {module.path: module.name for module in found.modules}


def test_modules_are_named_from_the_folder_they_are_imported_from(tmp_path: Path) -> None:
    files = ["backend/manage.py", "backend/orders/tasks.py", "src/shop/__init__.py", "scripts/once.py", "setup.py"]
    assert names(collected(tmp_path, dict.fromkeys(files, ""))) == {
        "backend/manage.py": "manage",
        "backend/orders/tasks.py": "orders.tasks",
        "src/shop/__init__.py": "shop",
        "scripts/once.py": "scripts.once",
        "setup.py": "setup",
    }


def test_a_package_is_no_root() -> None:
    assert source_roots(["src/__init__.py", "src/models.py", "shop/__init__.py", "shop/manage.py"]) == ()


def test_projects_side_by_side_keep_names_of_their_own() -> None:
    paths = [f"{one}/{inner}" for one in ("east", "west") for inner in ("manage.py", "core/tasks.py")]
    assert source_roots(paths) == ()
    assert source_roots([*paths, "north/manage.py", "north/polar/tasks.py"]) == ("north",)
    assert module_name("north/polar/tasks.py", ("north",)) == ("polar.tasks", False)


def test_the_innermost_root_names_a_module() -> None:
    roots = source_roots(["src/web/manage.py", "src/web/shop/urls.py", "src/tools/run.py"])
    assert roots == ("src/web", "src")
    assert module_name("src/web/shop/urls.py", roots)[0] == "shop.urls"
    assert module_name("src/tools/run.py", roots)[0] == "tools.run"


def test_tests_migrations_documentation_and_hidden_folders_are_set_aside(tmp_path: Path) -> None:
    files = ["orders/tests/test_api.py", "orders/migrations/0001_initial.py", "docs/conf.py", ".checks/rule.py"]
    found = collected(tmp_path, dict.fromkeys([*files, "orders/models.py"], ""))
    assert names(found) == {"orders/models.py": "orders.models"}
    assert found.set_aside == (("documentation", 1), ("hidden folders", 1), ("migrations", 1), ("tests", 1))


def test_apps_that_settings_install_are_read_whatever_their_names(tmp_path: Path) -> None:
    files = ["docs/__init__.py", "docs/views.py", "lab_tests/tasks.py", "lab_tests/tests.py", "lab_tests/tests/a.py"]
    files += [
        "testing/models.py",
        "tests/models.py",
        "other_tests/models.py",
        "orders/tests/models.py",
        "browser_tests/a.py",
    ]
    settings = (
        "INSTALLED_APPS = ['docs.apps.DocsConfig', 'lab_tests', 'testing', 'tests', 'orders.tests', 'browser_tests']\n"
    )
    found = collected(tmp_path, dict.fromkeys(files, "") | {"shop/settings.py": settings})
    read = ["docs/__init__.py", "docs/views.py", "lab_tests/tasks.py", "shop/settings.py", "testing/models.py"]
    assert sorted(names(found)) == read


def test_apps_that_settings_for_tests_install_stay_aside(tmp_path: Path) -> None:
    files = {"lab_tests/models.py": "", "settings/test.py": "INSTALLED_APPS = ['lab_tests']\n"}
    assert list(names(collected(tmp_path, files))) == ["settings/test.py"]


def test_documentation_that_code_imports_is_read(tmp_path: Path) -> None:
    files = {"docs/views.py": "", "docs/conf.py": "", "shop/urls.py": "from docs import views\n"}
    assert sorted(names(collected(tmp_path, files))) == ["docs/views.py", "shop/urls.py"]


def test_tasks_that_migrations_queue_are_read(tmp_path: Path) -> None:
    files = ["orders/migrations/0002_fill.py", "orders/migrations/tasks/fill.py", "orders/migrations/tasks.py"]
    assert list(names(collected(tmp_path, dict.fromkeys(files, "")))) == [
        "orders/migrations/tasks.py",
        "orders/migrations/tasks/fill.py",
    ]
