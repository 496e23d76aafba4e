"""Two refs of a source: both sides are opened and scanned, and each change names the commit that brought it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from c4trace.commands.diff import render
from c4trace.compare.revisions import RefRange, scan_revisions
from extractor.errors import SourceError, UserError
from extractor.estate.model import Estate, Repository, System
from extractor.model.graph import Graph
from extractor.options import ScanOptions
from extractor.sources import Tree
from tests.diff_graphs import finding, graph, task
from tests.git_repository import add_commit, git, make_repository

OPTIONS = ScanOptions(stamp="2026-01-01T00:00:00Z", version="0")


def line_scan(states: Sequence[tuple[Estate, Mapping[str, Tree]]], options: ScanOptions) -> list[Graph]:
    """Each state by `lines_of`."""
    return [lines_of(trees) for _, trees in states]


def lines_of(trees: Mapping[str, Tree]) -> Graph:
    """A scan that takes each `task NAME` line for a task, and each file for a finding: enough to see what was read."""
    tasks, findings = [], []
    for repo, tree in trees.items():
        for entry in tree.entries:
            findings.append(finding(f"{repo}/{entry.path}", repo=repo, path=entry.path))
            for number, line in enumerate((tree.read(entry.blob) or b"").decode().splitlines(), 1):
                if line.startswith("task "):
                    name = line.removeprefix("task ")
                    tasks.append(task(name, repo=repo, path=entry.path, line=number, end_line=number, summary=name))
    return graph(tasks=tasks, findings=findings)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """Two sources: `shop` with the tags v1 and v2, and `campus`, which is the same on both sides."""
    make_repository(tmp_path / "shop", {"tasks.txt": "task orders.pay\n"})
    git(tmp_path / "shop", "tag", "v1")
    add_commit(tmp_path / "shop", {"tasks.txt": "# moved\ntask orders.pay\ntask mail.receipt\n"}, "Mail receipts", 2)
    git(tmp_path / "shop", "tag", "v2")
    make_repository(tmp_path / "campus", {"tasks.txt": "task grades.sync\n"})
    systems = tuple(
        System(name, name.title(), kind="system", repository=Repository(str(tmp_path / name)))
        for name in ("campus", "shop")
    )
    return Estate("Test", systems)


def test_what_differs_between_the_refs_is_told_with_its_commit(estate: Estate, tmp_path: Path) -> None:
    revisions = scan_revisions(estate, [RefRange("shop", "v1", "v2")], tmp_path / "cache", OPTIONS, line_scan)
    [change] = revisions.diff.changes
    assert (change.kind, change.status, change.title) == ("tasks", "added", "mail.receipt")
    assert change.commit is not None
    assert (change.commit.subject, change.commit.date[:10]) == ("Mail receipts", "2024-01-02")
    assert len(revisions.head.tasks) == 3


def test_turned_round_the_commit_that_took_it_away_is_not_invented(estate: Estate, tmp_path: Path) -> None:
    revisions = scan_revisions(estate, [RefRange("shop", "v2", "v1")], tmp_path / "cache", OPTIONS, line_scan)
    [change] = revisions.diff.changes
    assert (change.status, change.commit) == ("removed", None)


def test_sarif_of_a_range_holds_the_findings_of_its_source_only(estate: Estate, tmp_path: Path) -> None:
    revisions = scan_revisions(estate, [RefRange("shop", "v1", "v2")], tmp_path / "cache", OPTIONS, line_scan)
    sarif = render(revisions, "sarif")
    assert '"c4traceFinding/v1": "shop/tasks.txt"' in sarif
    assert '"c4traceFinding/v1": "campus/tasks.txt"' not in sarif


def test_a_range_of_no_source_and_a_ref_that_is_not_there_are_told(estate: Estate, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="campus, shop"):
        scan_revisions(estate, [RefRange("stop", "v1", "v2")], tmp_path / "cache", OPTIONS, line_scan)
    with pytest.raises(SourceError, match="v3"):
        scan_revisions(estate, [RefRange("shop", "v1", "v3")], tmp_path / "cache", OPTIONS, line_scan)
