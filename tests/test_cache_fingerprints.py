"""Cache keys: whatever a kept result is made of changes its key, and a key that covers nothing is refused."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from extractor.files.fingerprint import fingerprint
from extractor.pipeline.facts_cache import FACTS_LIBRARIES, facts_code
from extractor.program.summary_cache import SUMMARY_LIBRARIES, SUMMARY_PACKAGES, summary_code
from renderers.svg.kept import LAYOUT_LIBRARIES, layout_code

ROOT = Path(__file__).parent.parent
OURS = ("extractor", "renderers", "c4trace")
# Libraries whose version says nothing about a fact: they bring the bytes that the key names, from git or archives.
CARRIERS = {"GitPython", "httpx"}

# Every file below the given folders, changed and put back, one after the other: those that leave a key as it was.
PROBE = """
import json, sys
from pathlib import Path
from extractor.pipeline.facts_cache import facts_code
from extractor.program.summary_cache import summary_code
from renderers.svg.kept import layout_code

KEYS = {"facts": facts_code, "summary": summary_code, "layout": layout_code}
asked = json.loads(sys.argv[1])
missed = []
for name, files in asked.items():
    key = KEYS[name].__wrapped__
    before = key()
    for file in map(Path, files):
        content = file.read_bytes()
        file.write_bytes(content + b" ")
        if key() == before:
            missed.append(f"{name}: {file}")
        file.write_bytes(content)
    assert key() == before
print(json.dumps(missed))
"""


def file_of(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    return next((p for p in (path / "__init__.py", path.with_suffix(".py")) if p.is_file()), None)


def imported(file: Path) -> Iterator[str]:
    """What a module imports, functions' own imports included: the modules, and names that may be modules."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def closure(start: str, within: tuple[str, ...] = OURS, packages: bool = True) -> tuple[set[Path], set[str]]:
    """The files of ours that run when `start` is imported and used, and the distributions of others among them.

    Without `packages`, what runs only because it is imported by a package on the way is left out.
    """
    files: set[Path] = set()
    outside: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name.split(".")[0] not in within:
            outside |= set() if name.split(".")[0] in {*sys.stdlib_module_names, *OURS} else {name.split(".")[0]}
            continue
        file = file_of(name)
        if "." in name and (packages or file is None):  # a name that is no module is its module's
            todo.append(name.rpartition(".")[0])
        if file is not None and file not in files:
            files.add(file)
            todo += imported(file)
    distributions = metadata.packages_distributions()
    return files, {distributions[name][0] for name in outside}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    (tmp_path / "rules" / "a.yaml").write_text("a: 1")
    (tmp_path / "rules" / "deep" / "b.json").write_text("{}")
    return tmp_path / "rules"


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


@pytest.mark.parametrize(
    "change",
    [
        write("a.yaml", "a: 2"),
        write("deep/b.json", "[]"),
        write("deep/c.yaml", ""),
        lambda folder: (folder / "a.yaml").unlink(),
        lambda folder: (folder / "a.yaml").rename(folder / "b.yaml"),
        lambda folder: (folder / "a.yaml").rename(folder / "deep" / "a.yaml"),
    ],
    ids=["changed", "changed below", "added", "removed", "renamed", "moved"],
)
def test_a_file_that_is_changed_added_removed_renamed_or_moved_changes_the_key(
    data: Path, change: Callable[[Path], object]
) -> None:
    before = fingerprint(("extractor.text",), ("libcst",), (data,))
    assert fingerprint(("extractor.text",), ("libcst",), (data,)) == before
    change(data)
    assert fingerprint(("extractor.text",), ("libcst",), (data,)) != before


def test_a_key_that_would_cover_nothing_is_refused(tmp_path: Path) -> None:
    for packages, folders in (
        (("extractor.gone",), ()),
        (("gone.away",), ()),
        (("extractor.errors",), ()),  # a module, which holds no others
        (("extractor.text",), (tmp_path,)),
        (("extractor.text",), (tmp_path / "gone",)),
    ):
        with pytest.raises(RuntimeError, match="holds no"):
            fingerprint(packages, (), folders)


@pytest.mark.parametrize(
    ("key", "libraries"),
    [(summary_code, SUMMARY_LIBRARIES), (facts_code, FACTS_LIBRARIES), (layout_code, LAYOUT_LIBRARIES)],
    ids=["summaries", "facts", "layouts"],
)
def test_another_version_of_a_library_or_of_python_changes_the_key(
    monkeypatch: pytest.MonkeyPatch, key: Callable[[], str], libraries: tuple[str, ...]
) -> None:
    fresh = key.__wrapped__  # type: ignore[attr-defined]
    before, version = fresh(), metadata.version
    assert fresh() == before
    for library in libraries:
        with monkeypatch.context() as patch:
            patch.setattr(metadata, "version", lambda name, other=library: version(name) + "+1" * (name == other))
            assert fresh() != before, library
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 99, 0))
        assert fresh() != before


def test_the_keys_name_the_libraries_that_their_code_imports() -> None:
    assert closure("extractor.summary")[1] == set(SUMMARY_LIBRARIES)
    assert closure("extractor.pipeline.repository")[1] - CARRIERS == set(FACTS_LIBRARIES)
    # The layout engine is a program that is run, and reads no library.
    assert closure("renderers.svg.layout", ("renderers",), packages=False)[1] | {"graphviz-pure"} == {*LAYOUT_LIBRARIES}


def test_summaries_are_made_by_the_packages_of_their_key_alone() -> None:
    packages = {package: file_of(package) for package in SUMMARY_PACKAGES}
    covered = {path for init in packages.values() if init for path in init.parent.rglob("*.py")}
    assert {path for path in closure("extractor.summary")[0] if path not in covered} == {ROOT / "extractor/__init__.py"}


def test_a_layout_takes_of_the_extractor_only_what_its_key_spells_out() -> None:
    measured, _ = closure("renderers.svg.layout", ("renderers",), packages=False)
    assert ROOT / "renderers/svg/quality.py" in measured
    assert {path.parent for path in measured} == {ROOT / "renderers/svg"}
    taken = {name for path in measured for name in imported(path) if name.startswith("extractor.")}
    assert taken == {
        "extractor.files.fingerprint.fingerprint",
        *(f"extractor.views.{part}" for part in ("Boundary", "View", "ViewEdge", "ViewNode")),
    }


@pytest.mark.slow
def test_every_module_rule_and_schema_changes_the_keys_of_what_is_made_with_it(tmp_path: Path) -> None:
    for folder in ("extractor", "renderers", "rules"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))

    def files(*suffixes: str, below: str) -> list[str]:
        found = sorted(p for p in (tmp_path / below).rglob("*") if p.suffix in suffixes and p.read_bytes().strip())
        return [str(path) for path in found]

    linked, _ = closure("extractor.pipeline.repository")
    summarising = sorted(closure("extractor.summary")[0] - {ROOT / "extractor/__init__.py"})
    asked = {
        "facts": [str(tmp_path / path.relative_to(ROOT)) for path in sorted(linked)]
        + files(".yaml", ".json", below="rules"),
        "summary": [str(tmp_path / path.relative_to(ROOT)) for path in summarising],
        "layout": files(".py", below="renderers/svg"),
    }
    assert all(len(names) > 10 for names in asked.values())
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(asked)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []
