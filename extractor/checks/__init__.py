"""Checks: brittle links of a repository and across repositories, each told at the line of code that makes it so."""

from __future__ import annotations

from extractor.checks.across import contracts, messages, queues, schedules
from extractor.checks.context import CheckContext, SettingsView
from extractor.checks.ignores import apply_ignores
from extractor.checks.registry import checks, find
from extractor.checks.schedules import of_estate
from extractor.checks.worlds import settled, unread_tasks
from extractor.rules.findings import FindingRule, load_finding_rules, rule_docs, shipped_finding_rules

__all__ = [
    "CheckContext",
    "FindingRule",
    "SettingsView",
    "apply_ignores",
    "checks",
    "contracts",
    "find",
    "load_finding_rules",
    "messages",
    "of_estate",
    "queues",
    "rule_docs",
    "schedules",
    "settled",
    "shipped_finding_rules",
    "unread_tasks",
]
