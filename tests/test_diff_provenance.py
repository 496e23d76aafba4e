"""Which commit brought a change: asked of git line by line, and left open where git does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4trace.compare.introduced import TreeHistory
from extractor.diff import diff_graphs
from extractor.diff.provenance import with_commits
from extractor.sources import SourceSpec, Tree, open_source
from extractor.sources.blame import introduced_by, removed_by
from tests.diff_graphs import graph, task
from tests.git_repository import add_commit, make_repository

OLD = "import celery\n\n@app.task\ndef first():\n    pass\n"
ADDED = OLD + "\n@app.task\ndef second():\n    pass\n"
TIDIED = "# a comment\n" + ADDED
GONE = TIDIED.replace("def first():", "def other():")


@pytest.fixture
def history(tmp_path: Path) -> tuple[Tree, Tree, list[str]]:
    """A repository at its first and last commit, and the ids of all its commits."""
    place = tmp_path / "shop"
    ids = [make_repository(place, {"orders/tasks.py": OLD})]
    for day, (content, subject) in enumerate(((ADDED, "Add second"), (TIDIED, "Tidy"), (GONE, "Drop first")), 2):
        ids.append(add_commit(place, {"orders/tasks.py": content}, subject, day))
    trees = [open_source(SourceSpec("shop", str(place), ref), tmp_path / "cache") for ref in (ids[0], ids[-1])]
    return trees[0], trees[1], ids


def test_a_new_line_was_brought_by_the_commit_that_wrote_it(history: tuple[Tree, Tree, list[str]]) -> None:
    base, head, ids = history
    note = introduced_by(base, head, "orders/tasks.py", 8, 10)
    assert note is not None
    assert (note.commit, note.subject, note.date[:10]) == (ids[1], "Add second", "2024-01-02")


def test_a_line_as_old_as_the_base_was_brought_by_none(history: tuple[Tree, Tree, list[str]]) -> None:
    base, head, _ = history
    assert introduced_by(base, head, "orders/tasks.py", 2, 2) is None


def test_a_line_that_went_was_taken_away_by_the_commit_that_dropped_it(history: tuple[Tree, Tree, list[str]]) -> None:
    base, head, ids = history
    note = removed_by(base, head, "orders/tasks.py", 4)
    assert note is not None
    assert (note.commit, note.subject) == (ids[3], "Drop first")


@pytest.mark.parametrize(("path", "line"), [("nowhere.py", 1), ("orders/tasks.py", 999), ("--version", 1)])
def test_what_git_does_not_know_is_left_open(history: tuple[Tree, Tree, list[str]], path: str, line: int) -> None:
    base, head, _ = history
    assert introduced_by(base, head, path, line, line) is None
    assert removed_by(base, head, path, line) is None


def test_each_change_of_a_diff_gets_the_commit_on_its_own_side(history: tuple[Tree, Tree, list[str]]) -> None:
    base, head, ids = history
    first = task("orders.tasks.first", line=3, end_line=5, summary="")
    second = task("orders.tasks.mail_receipts", line=8, end_line=10, summary="Sends mail")
    diff = with_commits(
        diff_graphs(graph(tasks=[first]), graph(tasks=[second])), TreeHistory({"shop": base}, {"shop": head})
    )
    found = {change.status: change.commit.subject if change.commit else "" for change in diff.changes}
    assert found["added"] == "Add second"
    assert set(found) == {"added", "removed"}
    assert with_commits(diff, TreeHistory({}, {})).changes[0].commit is None
    assert ids[0] not in {change.commit.sha for change in diff.changes if change.commit}
