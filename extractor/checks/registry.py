"""Finds the checks by the rule they declare, and runs those that look at what it is given."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from extractor.checks.check import AnyCheck, Check
from extractor.checks.diagnostics import findings
from extractor.model.graph import Finding
from extractor.rules.findings import FindingRule, shipped_finding_rules


class Checked(Protocol):
    """What checks look at: all that bears on one repository, under its name."""

    @property
    def repo(self) -> str: ...


@functools.cache
def checks() -> Mapping[str, AnyCheck]:
    """Every check of this package, by the id of its rule, sorted. Raises ValueError when a rule has two."""
    found: dict[str, AnyCheck] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)], f"{__package__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Check) and found.setdefault(value.rule, value) is not value:
                raise ValueError(f"two checks find {value.rule}")
    return dict(sorted(found.items()))


def find(context: Checked, rules: Mapping[str, FindingRule] | None = None) -> tuple[Finding, ...]:
    """The findings of the checks that look at this kind of context, sorted by place; ignores are applied later."""
    known = rules or shipped_finding_rules()
    mine = (check for check in checks().values() if check.looks_at is type(context))
    return findings(context.repo, (found for check in mine for found in check(context, known[check.rule])), known)
