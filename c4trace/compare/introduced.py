"""Which commits introduced the changes of a diff: git asked about the trees of both revisions."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.diff import GraphDiff
from extractor.diff.document import Commit
from extractor.diff.provenance import with_commits
from extractor.errors import SourceError
from extractor.sources import SourceSpec, Tree, open_source, with_history
from extractor.sources.blame import introduced_by, removed_by
from extractor.sources.store import CommitNote


def explained(
    diff: GraphDiff, specs: Iterable[SourceSpec], base: Mapping[str, str], head: Mapping[str, Tree], cache_dir: Path
) -> GraphDiff:
    """`diff` with its commits, as far as they can be had: `base` are commits by source name, `head` trees.

    The clones of a night hold one commit each, so history is fetched here, for sources that moved only.
    """
    before: dict[str, Tree] = {}
    after: dict[str, Tree] = {}
    for spec in specs:
        tree, old = head.get(spec.name), base.get(spec.name, "")
        if tree is None or not old or old == tree.commit:
            continue
        with contextlib.suppress(SourceError):  # the change is told without its commit
            after[spec.name] = with_history(spec, tree, cache_dir)
            before[spec.name] = open_source(dataclasses.replace(spec, ref=old), cache_dir, offline=True)
    return with_commits(diff, TreeHistory(before, after))


@dataclass(frozen=True, slots=True)
class TreeHistory:
    """Answers `extractor.diff.provenance.History` out of the trees of both revisions, by source name."""

    base: Mapping[str, Tree]
    head: Mapping[str, Tree]

    def introduced_by(self, repo: str, path: str, line: int, end_line: int) -> Commit | None:
        """The newest commit that gave one of these lines of the head its text."""
        pair = self._pair(repo)
        return _commit(introduced_by(*pair, path, line, end_line)) if pair else None

    def removed_by(self, repo: str, path: str, line: int) -> Commit | None:
        """The commit that took a line of the base away."""
        pair = self._pair(repo)
        return _commit(removed_by(*pair, path, line)) if pair else None

    def _pair(self, repo: str) -> tuple[Tree, Tree] | None:
        base, head = self.base.get(repo), self.head.get(repo)
        return (base, head) if base and head and base.commit != head.commit else None


def _commit(note: CommitNote | None) -> Commit | None:
    return Commit(note.commit, note.date, note.subject) if note else None
