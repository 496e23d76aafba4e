"""What is shipped: the wheel works where nothing of this checkout is, and declares all it needs."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.git_repository import make_repository

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

SHOP = {
    "shop/settings.py": "INSTALLED_APPS = ['shop']\nROOT_URLCONF = 'shop.urls'\nCRM_URL = 'https://crm.example.org'\n",
    "shop/urls.py": "from django.urls import path\nfrom shop import views\nurlpatterns = [path('buy/', views.buy)]\n",
    "shop/views.py": "from shop.tasks import tell\n\n\ndef buy(request):\n    tell.delay(1)\n",
    "shop/tasks.py": (
        "import requests\nfrom celery import shared_task\nfrom django.conf import settings\n\n\n"
        "@shared_task\ndef tell(order):\n    url = settings.CRM_URL + '/orders'\n"
        "    requests.post(url, json={'id': order}, timeout=5)\n"
    ),
}


def run(*command: str | Path, where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a directory, without this checkout on any path."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "C4TRACE_CACHE")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=where,
        env={**env, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment with the wheel in it.

    Its dependencies are those of this environment, seen through a path file: so no network is needed, and an editable
    c4trace of this environment is not seen (path files below such a path are not read).
    """
    where = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", where / "dist", ROOT, where=where)
    (wheel,) = (where / "dist").glob("c4trace-*.whl")
    run(sys.executable, "-m", "venv", where / "fresh", where=where)
    python = where / "fresh" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel, where=where)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", where=where).stdout.strip()
    (Path(site) / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    return python.parent


def test_the_code_that_runs_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    program = "import c4trace.cli, extractor.model, renderers; print(c4trace.cli.__file__, extractor.model.__file__)"
    for path in run(installed / "python", "-c", program, where=tmp_path).stdout.split():
        assert Path(path).is_relative_to(installed.parent)


def test_a_scan_with_the_wheel_alone_writes_the_whole_output(installed: Path, tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", SHOP)
    run(installed / "c4trace", "scan", "--source", "shop=shop", "--offline", "--cache-dir", "cache", where=tmp_path)
    out = tmp_path / "out"
    graph = json.loads((out / "graph.json").read_text())
    assert [task["name"] for task in graph["tasks"]] == ["shop.tasks.tell"]
    assert [call["path"] for call in graph["calls"]] == ["shop/tasks.py"]
    assert "<svg" in "".join(page.read_text() for page in (out / "site").glob("*.html"))
    for name in ("findings.sarif", "etl.csv", "puml", "mermaid"):
        assert (out / name).exists()


def test_the_sdist_holds_all_that_the_wheel_is_made_of_and_makes_the_same_bytes(
    installed: Path, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path, ROOT, where=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    assert (installed.parent.parent / "dist" / wheel.name).read_bytes() == wheel.read_bytes()


def test_a_shipped_estate_and_the_schemas_are_inside(installed: Path, tmp_path: Path) -> None:
    program = (
        "from extractor.estate.file import find_estate, load_estate\n"
        "print(len(load_estate(find_estate('mit-open-learning')).sources()))"
    )
    assert run(installed / "python", "-c", program, where=tmp_path).stdout.strip() == "3"


def test_every_import_from_outside_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = sum(project["optional-dependencies"].values(), project["dependencies"])
    declared = {canonicalize_name(Requirement(text).name) for text in listed}
    owners = importlib.metadata.packages_distributions()
    used: set[str] = set()
    asked_for: set[str] = set()  # distributions that are looked up by name, as one that brings a program and no module
    for package in ("extractor", "renderers", "c4trace"):
        for module in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                used |= {name.split(".")[0] for name in names}
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.metadata.files":
                    asked_for |= {canonicalize_name(ast.literal_eval(argument)) for argument in node.args}
    outside = used - set(sys.stdlib_module_names) - {"extractor", "renderers", "c4trace", "__future__"}
    needed = {name: {canonicalize_name(owner) for owner in owners.get(name, ())} for name in sorted(outside)}
    assert {name: owner for name, owner in needed.items() if not owner & declared} == {}
    assert asked_for <= declared
    imported = {name for owner in needed.values() for name in owner}
    assert declared - imported - asked_for == set(), "declared and not used"
