"""The house: who may import whom, that every module says what it holds, and that no estate's name is in the code."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGES = ("extractor", "renderers", "c4trace")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three packages without their data, to be broken on purpose."""
    root = tmp_path_factory.mktemp("house")
    for module in MODULES:
        target = root / module.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, target)
    shutil.copyfile(ROOT / ".importlinter", root / ".importlinter")
    return root


@pytest.mark.slow
def test_the_import_rules_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("extractor/estate/file.py", "import renderers.data.etl_csv", "The extractor knows no renderer"),
        ("extractor/errors.py", "import c4trace.cli", "The extractor knows no renderer"),
        ("renderers/data/etl_csv.py", "import extractor.sources", "Renderers see the graph"),
        ("renderers/data/etl_csv.py", "import networkx", "networkx has one owner"),
        ("c4trace/cli.py", "import git", "git has one owner"),
        ("extractor/estate/file.py", "import libcst", "libcst has one owner"),
        ("extractor/rules/stores.py", "import yaml", "YAML is read in two places"),
        ("extractor/model/graph.py", "import extractor.rules.clients", "The nouns stand at the bottom"),
        ("extractor/link/facts.py", "import extractor.checks", "A scan runs one way"),
        ("extractor/program/collect.py", "import extractor.link.calls", "A scan runs one way"),
        ("extractor/link/settings/expand.py", "import extractor.link.settings.table", "No two parts of a package"),
        ("extractor/evaluate/attributes.py", "import extractor.evaluate.calls", "The parts of the evaluator ask"),
        ("extractor/views/index.py", "import extractor.estate.file", "Views are made of the graph alone"),
    ],
)
def test_a_broken_rule_is_caught(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / module
    sound = path.read_text()
    try:
        path.write_text(
            sound.replace("from __future__ import annotations", f"from __future__ import annotations\n{line}", 1)
        )
        assert line in path.read_text()
        done = lint(copy)
    finally:
        path.write_text(sound)
    assert done.returncode == 1
    assert re.search(rf"{re.escape(contract)}[^\n]*(\n[^\n]*)?BROKEN", done.stdout), done.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_first_what_it_holds(module: Path) -> None:
    text = module.read_text()
    if module.name == "__init__.py" and not text.strip():
        return
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert docstring.splitlines()[:1], "the module's first line says what it holds"
    assert module.stem not in {"utils", "helpers", "common", "manager"}


def test_one_class_name_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for module in MODULES:
        for node in ast.parse(module.read_text()).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(module.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_name_of_an_estate_is_in_the_code() -> None:
    names: set[str] = set()
    for path in sorted((ROOT / "rules" / "estates").glob("*.yaml")):
        systems = yaml.safe_load(path.read_text())["systems"]
        names |= {name for name, body in systems.items() if "repository" in body}
    assert names
    pattern = re.compile("|".join(sorted(map(re.escape, names))), re.IGNORECASE)
    found = [
        f"{module.relative_to(ROOT)}:{number}"
        for module in MODULES
        for number, line in enumerate(module.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
