"""Bounds: what was given up because too many ways lead to it, each told as a gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.link.callgraph import Site
from extractor.link.effects import MAX_WAYS
from extractor.link.replay.walk import MAX_CONTEXTS
from extractor.model.graph import Gap
from extractor.model.ids import row_id
from extractor.program.module import Def

KIND = "not told apart"


def gaps_of_bounds(calls: Iterable[Site], functions: Iterable[Def]) -> Iterator[Gap]:
    """The gaps of calls to which more ways lead than are told apart, and of functions that are called with more
    different arguments."""
    for site in calls:
        reason = f"over {MAX_WAYS} ways lead to it: it is told once, with what its callers give left open"
        yield _gap(site.owner, site.call.line, f"the call in {site.owner.shown}", reason)
    for target in functions:
        reason = (
            f"it is called with over {MAX_CONTEXTS} different sets of arguments: the next ones are told together, "
            "with its parameters open"
        )
        yield _gap(target, target.scope.def_line, f"the callers of {target.shown}", reason)


def _gap(owner: Def, line: int, what: str, reason: str) -> Gap:
    return Gap(
        id=row_id("gap", KIND, owner.module.repo, owner.qualified, what),
        kind=KIND,
        repo=owner.module.repo,
        path=owner.module.path,
        line=line,
        what=what,
        reason=reason,
        remedy="nothing is lost of who reaches it; which of its callers sends what, only running it would tell",
    )


__all__ = ["gaps_of_bounds"]
