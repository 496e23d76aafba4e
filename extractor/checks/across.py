"""Runs the checks that look across repositories: calls held against the routes of all, queues against all workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.checks.contracts import ContractContext
from extractor.checks.messages import MessageContext, whole_roots
from extractor.checks.queues import QueueContext
from extractor.checks.registry import find
from extractor.checks.schedules import ScheduleContext
from extractor.model.graph import Call, Enqueue, Finding, Gap, Route, Schedule, Source, Task
from extractor.rules.findings import FindingRule


def contracts(
    calls: Sequence[Call],
    routes: Sequence[Route],
    served_by: Mapping[str, str],
    gaps: Sequence[Gap] = (),
    rules: Mapping[str, FindingRule] | None = None,
) -> tuple[Finding, ...]:
    """Findings about calls into the estate's own systems: as `ContractContext` has them, of all repositories."""
    by_repo: dict[str, list[Call]] = {}
    for call in calls:
        by_repo.setdefault(call.repo, []).append(call)
    found = (find(ContractContext(repo, by_repo[repo], routes, served_by, gaps), rules) for repo in sorted(by_repo))
    return tuple(finding for rows in found for finding in rows)


def schedules(rows: Sequence[Schedule]) -> tuple[Finding, ...]:
    """Findings about beat entries, of all repositories: those that lead to no task say why."""
    by_repo: dict[str, list[Schedule]] = {}
    for row in rows:
        by_repo.setdefault(row.repo, []).append(row)
    return tuple(found for repo in sorted(by_repo) for found in find(ScheduleContext(repo, by_repo[repo])))


def messages(enqueues: Sequence[Enqueue], tasks: Sequence[Task], sources: Sequence[Source]) -> tuple[Finding, ...]:
    """Findings about tasks that are queued by a name that no repository has."""
    roots = whole_roots(tasks, sources)
    repos = sorted({row.repo for row in enqueues})
    found = (find(MessageContext(name, [e for e in enqueues if e.repo == name], roots)) for name in repos)
    return tuple(finding for rows in found for finding in rows)


def queues(
    tasks: Sequence[Task],
    enqueues: Sequence[Enqueue],
    schedules: Sequence[Schedule],
    taken: Mapping[str, frozenset[str] | None],
) -> tuple[Finding, ...]:
    """Findings about queues that no worker takes. `taken` gives the queues that workers take, by repository, None where
    that is not known; what the workers of another repository take counts as taken."""
    everywhere = frozenset(queue for known in taken.values() for queue in known or ())
    return tuple(
        finding
        for repo, own in sorted(taken.items())
        for finding in find(
            QueueContext(
                repo,
                [row for row in tasks if row.repo == repo],
                [row for row in enqueues if row.repo == repo],
                [row for row in schedules if row.repo == repo],
                own,
                everywhere,
            )
        )
    )
