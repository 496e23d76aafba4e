"""Checks of Celery beat: schedules of no task."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.checks.check import check
from extractor.checks.context import CheckContext
from extractor.checks.diagnostics import Diagnostic
from extractor.rules.findings import FindingRule


@check("schedule-unresolved", CheckContext)
def schedule_unresolved(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Beat entries that name no task: the message is sent, and every worker refuses it. A task that may stand in what
    was not read gives no finding (it is a gap)."""
    for row in program.schedules:
        if row.unresolved == "missing":
            message = f"the schedule {row.key} names the task {row.task}, which does not exist"
            yield Diagnostic(rule.id, rule.severity, message, row.path, row.line, row.end_line, "", row.key)
