"""Checks of queues: those that tasks are sent to and no worker takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.checks.check import check
from extractor.checks.diagnostics import Diagnostic
from extractor.model.graph import Enqueue, Schedule, Task
from extractor.rules.findings import FindingRule

MAX_NAMED = 4  # tasks that a message names


@dataclass(frozen=True)
class QueueContext:
    """What one repository sends to which queue, and the queues that its workers take, None where that is not known;
    `elsewhere` are those that workers of other repositories take."""

    repo: str
    tasks: Sequence[Task]
    enqueues: Sequence[Enqueue]
    schedules: Sequence[Schedule]
    taken: frozenset[str] | None
    elsewhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class _Sent:
    """A task that is sent to a queue, and the line that says so."""

    path: str
    line: int
    end_line: int
    function: str
    task: str


@check("queue-not-consumed", QueueContext)
def queue_not_consumed(context: QueueContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Queues that tasks are sent to though every worker's command line names others."""
    if context.taken is None:
        return
    sent: dict[str, set[_Sent]] = {}
    for queue, one in _sent(context):
        if queue not in context.taken and queue not in context.elsewhere:
            sent.setdefault(queue, set()).add(one)
    for queue, ones in sorted(sent.items()):
        names = sorted({one.task for one in ones})
        shown = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
        takes = ", ".join(sorted(context.taken))
        message = f"no worker takes the queue {queue}, which is given to {shown}: the workers take {takes}"
        at = min(ones)
        yield Diagnostic(rule.id, rule.severity, message, at.path, at.line, at.end_line, at.function, queue)


def _sent(context: QueueContext) -> Iterator[tuple[str, _Sent]]:
    """The queues that something sends tasks to, with the line that gives the task its queue."""
    rows = {task.id: task for task in context.tasks}
    for enqueue in context.enqueues:
        task = rows.get(enqueue.task_id or "")
        if task is not None and enqueue.queue and any(c.kind != "unknown" for c in enqueue.contexts):
            place = _place(context.repo, task) if enqueue.queue == task.queue else None
            here = _Sent(enqueue.path, enqueue.line, enqueue.end_line, enqueue.function, task.name)
            yield enqueue.queue, place or here
    for entry in context.schedules:
        task = rows.get(entry.task_id or "")
        if task is not None and entry.queue:
            place = _place(context.repo, task) if entry.queue == task.queue else None
            yield entry.queue, place or _Sent(entry.path, entry.line, entry.end_line, "", task.name)


def _place(repo: str, task: Task) -> _Sent | None:
    """The line that routes a task, else the task itself, where it stands in the repository."""
    routed = task.queue_from
    if routed is not None and routed.repo == repo:
        return _Sent(routed.path, routed.line, routed.end_line, "", task.name)
    return _Sent(task.path, task.line, task.end_line, task.function, task.name) if task.origin == "repo" else None
