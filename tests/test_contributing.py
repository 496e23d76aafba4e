"""CONTRIBUTING.md, followed to the letter in a copy of the project: what each section adds is there and works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from extractor.link.examples import faults
from extractor.rules.clients import load_rules
from tests.git_repository import make_repository

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
_COPIED = ("extractor", "renderers", "c4trace", "rules", "docs", "tests")
# A numbered step, its words up to the code that it shows, and that code.
_STEP = re.compile(r"^\d+\. ((?:.+\n)+)\n   ```\w*\n((?:   .*\n|\n)+?)   ```\n", re.MULTILINE)
_WRITTEN = re.compile(r"^Write `([^`]+)`")
_ADDED = re.compile(r"(above|to) `(\w+)` in `([^`]+)`")

LOFT = """
import pigeonpost


@pigeonpost.arrives
def answer(letter):
    pigeonpost.send("thanks", at="night")
"""


def follow(root: Path) -> None:
    """Do in a copy of the project what the steps with code say: write a file, or add lines to one."""
    for words, code in ((" ".join(step[1].split()), textwrap.dedent(step[2])) for step in _STEP.finditer(PAGE)):
        written, added = _WRITTEN.search(words), _ADDED.search(words)
        if added:
            where, name, path = added.groups()
            lines = (root / path).read_text(encoding="utf-8").splitlines(keepends=True)
            (at,) = [n for n, line in enumerate(lines) if re.match(rf"{name}\b.*[:{{]$", line.rstrip())]
            margin = "  " if path.endswith(".yaml") else "    "
            new = [f"{code}\n\n"] if where == "above" else [textwrap.indent(textwrap.dedent(code), margin)]
            lines[at + (where == "to") : at + (where == "to")] = new
            (root / path).write_text("".join(lines), encoding="utf-8")
        else:
            assert written, f"a step with code says where it goes: {words}"
            assert not (root / written[1]).exists(), written[1]
            (root / written[1]).write_text(code, encoding="utf-8")


def run(root: Path, *arguments: str, status: int = 0) -> str:
    """A Python process that takes the packages from the copy; its output."""
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which every section was followed."""
    root = tmp_path_factory.mktemp("grown")
    for name in _COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "fixtures", "golden"))
    for name in ("README.md", "CONTRIBUTING.md"):
        shutil.copyfile(ROOT / name, root / name)
    follow(root)
    return root


@pytest.fixture(scope="module")
def graph(grown: Path) -> dict[str, Any]:
    """What a scan by the grown copy finds in a repository that uses what was added."""
    make_repository(grown / "loft", {"loft.py": LOFT})
    formats = ("--format", "graph", "--format", "names")
    run(grown, "-m", "c4trace", "scan", "--offline", "--source", "loft=loft", *formats)
    found: dict[str, Any] = json.loads((grown / "out" / "graph.json").read_text(encoding="utf-8"))
    return found


def test_every_section_has_steps_with_code() -> None:
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [section.splitlines()[0] for section in sections if _STEP.search(section)] == [
        "Add a client library",
        "Add a finding",
        "Add an output format",
        "Add an entry point of a framework",
        "Add a command",
    ]


def test_the_library_that_was_added_is_found(grown: Path, graph: dict[str, Any]) -> None:
    book = load_rules(grown / "rules")
    (client,) = [client for client in book.clients if client.id == "pigeonpost"]
    assert faults(book, client) == []
    assert [(call["via"], call["system"], call["line"]) for call in graph["calls"]] == [
        ("pigeonpost.send", "pigeon-loft", 7)
    ]
    assert "no-timeout" in {row["rule"] for row in graph["findings"]}


def test_the_entry_point_that_was_added_reaches_it(graph: dict[str, Any]) -> None:
    assert [context["kind"] for call in graph["calls"] for context in call["contexts"]] == ["request"]


def test_the_finding_that_was_added_is_found(grown: Path, graph: dict[str, Any]) -> None:
    found = [(row["line"], row["severity"]) for row in graph["findings"] if row["rule"] == "pigeon-at-night"]
    assert found == [(7, "medium")]
    assert "remedy: Send it by day." in run(grown, "-m", "c4trace", "rules", "pigeon-at-night")


def test_the_examples_that_were_added_hold(grown: Path) -> None:
    wanted = ("-k", "pigeon", "-p", "no:cacheprovider", "--override-ini=addopts=", "-q")
    said = run(grown, "-m", "pytest", *wanted, "tests/test_checks_rules.py", "tests/test_rules_examples.py")
    assert re.search(r"\b\d+ passed", said), said


def test_the_format_that_was_added_is_made(grown: Path, graph: dict[str, Any]) -> None:
    names = (grown / "out" / "names.txt").read_text(encoding="utf-8").splitlines()
    assert names == sorted(node["name"] for node in graph["nodes"])
    assert "Pigeon loft" in names


def test_the_command_that_was_added_runs(grown: Path, graph: dict[str, Any]) -> None:
    assert sorted(run(grown, "-m", "c4trace", "names").splitlines()) == sorted(n["name"] for n in graph["nodes"])


def test_the_generated_pages_tell_of_all_of_it(grown: Path) -> None:
    run(grown, "docs/generate.py")
    assert "| `c4trace names` | list the names of all elements |" in (grown / "README.md").read_text(encoding="utf-8")
    catalogue = (grown / "rules" / "README.md").read_text(encoding="utf-8")
    assert "| [pigeonpost](clients/pigeonpost.yaml) |" in catalogue
    assert "\n### pigeon-at-night\n" in catalogue
    modules = (grown / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert "- `extractor/checks/pigeons.py`: Checks of pigeons: letters sent at night." in modules


def test_every_path_named_is_there(grown: Path) -> None:
    outside_code = re.sub(r"^   ```.*?^   ```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    named = {text for text in re.findall(r"`([\w./-]+)`", outside_code) if "/" in text or text.endswith(".md")}
    assert {"rules/clients/pigeonpost.yaml", "extractor/link/entrypoints.py"} <= named
    there = {path for path in named if (grown / path).exists() or (ROOT / path).exists()}
    assert named - there == set()
