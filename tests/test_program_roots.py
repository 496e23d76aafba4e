"""Import roots: the folders under which imports resolve name the modules, whatever the repository looks like."""

from __future__ import annotations

import textwrap

import pytest

from extractor.options import ScanOptions
from extractor.program.import_roots import import_roots
from extractor.program.summarizing import summarize_all
from extractor.summary.encoding import decode

OPTIONS = ScanOptions("2026-01-01T00:00:00+00:00", "1", 1, None, offline=True)


def roots(files: dict[str, str]) -> tuple[str, ...]:
    sources = [(path, textwrap.dedent(text).encode()) for path, text in files.items()]
    read = ((path, decode(data)) for path, data in summarize_all(sources, OPTIONS).items())
    return import_roots({path: summary for path, summary in read if summary is not None})[0]


APP = {"apps/members/__init__.py": "", "apps/members/rules.py": "", "manage.py": ""}
HERE = "import os, sys\nfrom pathlib import Path\nBASE = Path(__file__).resolve().parent.parent\n"


@pytest.mark.parametrize(
    "put",
    [
        "sys.path.insert(0, str(BASE / 'apps'))",
        "sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'apps'))",
        "APPS = BASE / 'apps'\nsys.path.insert(0, APPS.as_posix())",
        "sys.path.insert(0, f'{BASE}/apps')",
        "sys.path.insert(0, BASE.joinpath('apps').as_posix())",
    ],
)
def test_a_folder_that_settings_put_on_the_path_is_a_root(put: str) -> None:
    assert roots({**APP, "config/__init__.py": "", "config/settings.py": f"{HERE}{put}\n"}) == ("apps",)


def test_a_package_on_the_path_is_a_root_where_its_modules_are_imported_by_their_short_names() -> None:
    files = {**APP, "apps/__init__.py": "", "config/settings.py": HERE + "sys.path.insert(0, str(BASE / 'apps'))\n"}
    assert roots({**files, "config/urls.py": "from members import rules\n"}) == ("apps",)
    assert roots({**files, "config/urls.py": "from apps.members import rules\n"}) == ()


def test_a_folder_on_the_path_that_is_not_there_is_no_root() -> None:
    assert roots({**APP, "config/settings.py": HERE + "sys.path.insert(0, str(BASE / 'vendor'))\n"}) == ()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"backend/app/app/worker.py": "from app.core import x", "backend/app/app/core.py": "x = 1"}, ("backend/app",)),
        ({"app/app/worker.py": "import app.core", "app/app/core/__init__.py": ""}, ("app",)),
        ({"worker/tasks.py": "from queueing import app", "worker/queueing.py": "app = 1"}, ("worker",)),
        (
            {
                "packages/one/src/one/a.py": "from one.b import x",
                "packages/one/src/one/b.py": "x = 1",
                "packages/two/src/two/a.py": "import two.b",
                "packages/two/src/two/b.py": "",
            },
            ("packages/one/src", "packages/two/src"),
        ),
    ],
)
def test_a_folder_under_which_imports_resolve_is_a_root(files: dict[str, str], found: tuple[str, ...]) -> None:
    assert roots(files) == found


@pytest.mark.parametrize(
    "files",
    [
        {"shop/a.py": "from shop.b import x", "shop/b.py": "x = 1"},  # the repository's own folder is its root
        {"jobs/a.py": "import logging", "jobs/logging.py": ""},  # Python's own
        {"shop/a.py": "from celery import Celery", "shop/celery.py": "from celery import Celery"},  # a library's
        {"shop/__init__.py": "", "shop/a.py": "import b", "shop/b.py": ""},  # implicit relative imports of old
        {"shop/a.py": "import requests", "other/requests.py": ""},  # not around the module that imports
        {"shop/a.py": "from . import b", "shop/b.py": ""},
    ],
)
def test_what_resolves_elsewhere_or_nowhere_shows_no_root(files: dict[str, str]) -> None:
    assert roots(files) == ()


def test_projects_that_share_names_have_no_roots_of_their_own_in_one_program() -> None:
    one = {"config/a.py": "from config.b import x", "config/b.py": "x = 1"}
    assert roots({f"{side}/{path}": text for side in ("east", "west") for path, text in one.items()}) == ()
