"""Checks of ignores: those that name no finding, or none any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from extractor.checks.check import check
from extractor.checks.diagnostics import Diagnostic
from extractor.link.directives import PlacedDirective
from extractor.rules.findings import FindingRule

_SHOWN_NAMES, _SHOWN_LETTERS = 3, 40


@dataclass(frozen=True, slots=True)
class IgnoreContext:
    """The ignores of one repository that named something for nothing, each with those names; and the rules there
    are."""

    repo: str
    unused: Sequence[tuple[PlacedDirective, tuple[str, ...]]]
    rules: Collection[str]


@check("unused-ignore", IgnoreContext)
def unused_ignore(ignores: IgnoreContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Ignores that would hide the next finding of their rule on their line."""
    for directive, names in ignores.unused:
        strange = [name for name in names if name not in ignores.rules]
        whys = [(name, f"no finding of {name} is here") for name in names if name in ignores.rules]
        whys += [(strange[0], f"there is no rule {_listed(strange)}")] if strange else []
        for name, why in whys:
            message = f"this ignore is not needed: {why}"
            line, subject = directive.line, f"ignore {name[:_SHOWN_LETTERS]}"
            yield Diagnostic(rule.id, rule.severity, message, directive.path, line, line, "", subject)


def _listed(names: Sequence[str]) -> str:
    """A few of the names, and how many more there are."""
    shown = ", ".join(f"{name[:_SHOWN_LETTERS]!r}" for name in names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
