"""Checks: brittle links of a repository and across repositories, each told at the line of code that makes it so."""

from __future__ import annotations

from extractor.checks.contracts import contracts, unresolved_schedules
from extractor.checks.find import find
from extractor.checks.ignores import apply_ignores
from extractor.checks.rules import FindingRule, load_finding_rules, rule_docs, shipped_finding_rules
from extractor.checks.scene import Scene, SettingsView

__all__ = [
    "FindingRule",
    "Scene",
    "SettingsView",
    "apply_ignores",
    "contracts",
    "find",
    "load_finding_rules",
    "rule_docs",
    "shipped_finding_rules",
    "unresolved_schedules",
]
