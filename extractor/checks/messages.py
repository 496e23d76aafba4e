"""Checks of messages: tasks queued by a name that no repository has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.checks.check import check
from extractor.checks.diagnostics import Diagnostic
from extractor.model.graph import Enqueue, Source, Task
from extractor.rules.django import django_rules
from extractor.rules.findings import FindingRule


@dataclass(frozen=True)
class MessageContext:
    """The places of one repository that queue tasks. `roots` are the first names of tasks that stand in repositories
    which were read whole: a task of such a name is there, or nowhere."""

    repo: str
    enqueues: Sequence[Enqueue]
    roots: frozenset[str]


@check("message-unresolved", MessageContext)
def message_unresolved(context: MessageContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Tasks that are queued by a name that nothing has: every worker refuses the message."""
    for row in context.enqueues:
        task = row.task or ""
        if row.task_id is not None or task in django_rules().builtin_tasks or _root(task) not in context.roots:
            continue
        if any(one.kind != "unknown" for one in row.contexts):
            message = f"the message names the task {task}, which no repository has"
            yield Diagnostic(rule.id, rule.severity, message, row.path, row.line, row.end_line, row.function, task)


def whole_roots(tasks: Iterable[Task], sources: Iterable[Source]) -> frozenset[str]:
    """The first names of the tasks of repositories, without those of one of which a file or all was not read."""
    partly = {source.name for source in sources if source.skipped or source.lost}
    found: dict[str, set[str]] = {}
    for task in tasks:
        if task.origin == "repo" and "." in task.name:
            found.setdefault(_root(task.name), set()).add(task.repo)
    return frozenset(root for root, repos in found.items() if not repos & partly)


def _root(name: str) -> str:
    return name.partition(".")[0]
