"""The line of code behind each evidence: of the file that it names, trimmed and without secrets."""

from __future__ import annotations

from pathlib import Path

from extractor.model.graph import Evidence, Graph, Node
from extractor.pipeline.evidence_text import with_lines_of_code
from extractor.sources import SourceSpec, open_source
from tests.git_repository import make_repository

TASKS = "from celery import shared_task\n\n    @shared_task(name='tell')\nBANK = 'https://till:s3cret@bank.example/'\n"


def texts(tmp_path: Path, files: dict[str, str], *places: tuple[str, int]) -> list[str]:
    """The text of an evidence at each place (path, line) of a repository."""
    make_repository(tmp_path / "shop", files)
    tree = open_source(SourceSpec("shop", str(tmp_path / "shop")), tmp_path / "cache")
    evidence = tuple(Evidence("shop", tree.commit, path, line, line, "task") for path, line in places)
    node = Node("shop/web", "container", "Shop", "", "", "shop", evidence)
    graph = Graph("1.0", "0", "2026-01-01T00:00:00Z", "Shop", nodes=(node,))
    return [e.text for e in with_lines_of_code(graph, {"shop": tree}).nodes[0].evidence]


def test_two_files_of_the_same_bytes_both_have_their_line(tmp_path: Path) -> None:
    files = {"lms/tasks.py": TASKS, "cms/tasks.py": TASKS}
    assert texts(tmp_path, files, ("lms/tasks.py", 3), ("cms/tasks.py", 3)) == ["@shared_task(name='tell')"] * 2


def test_a_secret_in_the_line_is_masked(tmp_path: Path) -> None:
    [text] = texts(tmp_path, {"tasks.py": TASKS}, ("tasks.py", 4))
    assert text.startswith("BANK = ")
    assert "bank.example" in text
    assert "s3cret" not in text


def test_a_line_that_is_not_there_leaves_the_text_empty(tmp_path: Path) -> None:
    assert texts(tmp_path, {"a.py": "x = 1\n"}, ("a.py", 0), ("a.py", 9), ("gone.py", 1)) == ["", "", ""]
