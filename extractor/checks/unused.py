"""Checks of ignores: those that name no finding, or none any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from extractor.checks.check import check
from extractor.checks.diagnostics import Diagnostic
from extractor.link.directives import PlacedDirective
from extractor.rules.findings import FindingRule


@dataclass(frozen=True, slots=True)
class IgnoreContext:
    """The ignores of one repository that took nothing out, each with the rule it names; and the rules there are."""

    repo: str
    unused: Sequence[tuple[PlacedDirective, str]]
    rules: Collection[str]


@check("unused-ignore", IgnoreContext)
def unused_ignore(ignores: IgnoreContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Ignores that would hide the next finding of their rule on their line."""
    for directive, name in ignores.unused:
        why = f"no finding of {name} is here" if name in ignores.rules else f"there is no rule {name!r}"
        message = f"this ignore is not needed: {why}"
        line = directive.line
        yield Diagnostic(rule.id, rule.severity, message, directive.path, line, line, "", f"ignore {name}")
