"""What a check is: a function that finds what one rule speaks of, declared with the id of that rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from extractor.checks.diagnostics import Diagnostic
from extractor.rules.findings import FindingRule

C = TypeVar("C")
Finder = Callable[[C, FindingRule], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Check(Generic[C]):
    """The check of a rule: what it looks at, and the function that tells what it found there."""

    rule: str
    looks_at: type[C]
    find: Finder[C]

    def __call__(self, context: C, rule: FindingRule) -> Iterator[Diagnostic]:
        """What the check finds in a context of its kind."""
        return self.find(context, rule)


AnyCheck = Check[Any]


def check(rule: str, looks_at: type[C]) -> Callable[[Finder[C]], Check[C]]:
    """Declare a function the check of a rule: of the file `rules/findings/RULE.yaml`. Nothing else names it."""
    return lambda find: Check(rule, looks_at, find)


__all__ = ["AnyCheck", "Check", "check"]
