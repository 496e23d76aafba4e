"""Provenance: the commits that introduced the changes of a diff, asked of whoever knows the history."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Protocol

from extractor.diff.document import Change, Commit, Contract, GraphDiff
from extractor.model.graph import Evidence

# An arrow may rest on dozens of lines; asking git for each would take longer than the scan.
_MOST_PLACES = 3


class History(Protocol):
    """What is asked of git. Both give None when the history is not there or the line is older than the base."""

    def introduced_by(self, repo: str, path: str, line: int, end_line: int) -> Commit | None:
        """The newest commit that gave one of these lines of the head its text."""

    def removed_by(self, repo: str, path: str, line: int) -> Commit | None:
        """The commit that took a line of the base away."""


def with_commits(diff: GraphDiff, history: History) -> GraphDiff:
    """`diff` with the commit of each change and contract, as far as `history` knows."""
    return dataclasses.replace(
        diff,
        contracts=tuple(dataclasses.replace(c, commit=_commit(c, history)) for c in diff.contracts),
        changes=tuple(dataclasses.replace(c, commit=_commit(c, history)) for c in diff.changes),
    )


def _commit(item: Change | Contract, history: History) -> Commit | None:
    """The newest commit of the evidence on the head's side; for what is gone, of that on the base's."""
    if item.after:
        return _newest(history.introduced_by(e.repo, e.path, e.line, _end(e)) for e in item.after[:_MOST_PLACES])
    return _newest(history.removed_by(e.repo, e.path, e.line) for e in item.before[:1])


def _end(evidence: Evidence) -> int:
    """The last line asked for: the body of a task that only grew is not what brought the task."""
    return evidence.line if evidence.role == "task" else evidence.end_line


def _newest(commits: Iterable[Commit | None]) -> Commit | None:
    return max((c for c in commits if c is not None), key=lambda c: (c.date, c.sha), default=None)
