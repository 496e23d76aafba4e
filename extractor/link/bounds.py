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
_TOLD_TOGETHER = "nothing is lost of who reaches it; which of its callers sends what, only running it would tell"
_CUT = "read the function: arrows that start behind its last calls may be missing"


def gaps_of_bounds(calls: Iterable[Site], functions: Iterable[Def], cut: Iterable[Def]) -> Iterator[Gap]:
    """The gaps of calls to which more ways lead than are told apart, of functions that are called with more different
    arguments, and of those whose own calls were cut."""
    for site in calls:
        reason = f"over {MAX_WAYS} ways lead to it: it is told once, with what its callers give left open"
        yield _gap(site.owner, site.call.line, f"the call in {site.owner.shown}", reason)
    for target in functions:
        reason = (
            f"it is called with over {MAX_CONTEXTS} different sets of arguments: the next ones are told together, "
            "with its parameters open"
        )
        yield _gap(target, target.scope.def_line, f"the callers of {target.shown}", reason)
    for target in cut:
        reason = (
            "it takes too long to tell what its calls lead to: of the last ones it is told only where that is plain"
        )
        yield _gap(target, target.scope.def_line, f"the calls in {target.shown}", reason, _CUT)


def _gap(owner: Def, line: int, what: str, reason: str, remedy: str = _TOLD_TOGETHER) -> Gap:
    return Gap(
        id=row_id("gap", KIND, owner.module.repo, owner.qualified, what),
        kind=KIND,
        repo=owner.module.repo,
        path=owner.module.path,
        line=line,
        what=what,
        reason=reason,
        remedy=remedy,
    )


__all__ = ["gaps_of_bounds"]
