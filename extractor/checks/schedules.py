"""Checks of Celery beat: schedules of no task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.checks.check import check
from extractor.checks.diagnostics import Diagnostic
from extractor.model.graph import Schedule, Task
from extractor.rules.findings import FindingRule


@dataclass(frozen=True)
class ScheduleContext:
    """The beat entries of one repository; those that lead to no task say why."""

    repo: str
    schedules: Sequence[Schedule]


@check("schedule-unresolved", ScheduleContext)
def schedule_unresolved(program: ScheduleContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Beat entries that name no task: the message is sent, and every worker refuses it. A task that may stand in what
    was not read gives no finding (it is a gap), nor does one of another repository, whose workers may take it."""
    for row in program.schedules:
        if row.unresolved == "missing":
            message = f"the schedule {row.key} names the task {row.task}, which does not exist"
            yield Diagnostic(rule.id, rule.severity, message, row.path, row.line, row.end_line, "", row.key)


def of_estate(schedules: Iterable[Schedule], tasks: Iterable[Task]) -> tuple[Schedule, ...]:
    """The beat entries of a repository, those marked that name a task of another one (`tasks` are those of all)."""
    names = {task.name: task.repo for task in tasks}
    return tuple(
        replace(row, unresolved="elsewhere")
        if row.unresolved == "missing" and names.get(row.task, row.repo) != row.repo
        else row
        for row in schedules
    )
