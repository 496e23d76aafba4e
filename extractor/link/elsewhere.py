"""Tasks of other repositories: who queues one by its name, or has beat queue it, is joined with the repository that
has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from extractor.link.facts import RepoFacts
from extractor.model.graph import Enqueue, Schedule, Task
from extractor.model.ids import row_id

_UNRESOLVED = ("missing", "unread", "elsewhere")


def join_tasks(facts: Mapping[str, RepoFacts]) -> dict[str, RepoFacts]:
    """The repositories with their enqueues and beat entries of tasks that they do not have joined, by name, with those
    of another. A name that several have says nothing of which is meant."""
    homes: dict[str, dict[str, Task]] = {}
    for name, repo in facts.items():
        for task in repo.tasks:
            if task.origin == "repo":
                homes.setdefault(task.name, {}).setdefault(name, task)
    only = {task: next(iter(having.values())) for task, having in homes.items() if len(having) == 1}
    return {name: _joined(repo, only) for name, repo in facts.items()}


def _joined(repo: RepoFacts, homes: Mapping[str, Task]) -> RepoFacts:
    enqueues = tuple(_queued(row, homes.get(row.task or "")) for row in repo.enqueues)
    schedules = tuple(_timed(row, homes.get(row.task)) for row in repo.schedules)
    found = {one.id for one, old in zip(schedules, repo.schedules, strict=True) if one is not old}
    told = {row_id("gap", "schedule", schedule, "unread") for schedule in found}
    gaps = tuple(gap for gap in repo.gaps if gap.id not in told)
    return dataclasses.replace(repo, enqueues=enqueues, schedules=schedules, gaps=gaps)


def _queued(row: Enqueue, task: Task | None) -> Enqueue:
    if task is None or row.task_id is not None or task.repo == row.repo:
        return row
    sure = "likely" if row.confidence == "certain" else row.confidence
    note = f"{task.repo} has a task of this name"
    return dataclasses.replace(row, task_id=task.id, queue=row.queue or task.queue, confidence=sure, note=note)


def _timed(row: Schedule, task: Task | None) -> Schedule:
    if task is None or row.task_id is not None or row.unresolved not in _UNRESOLVED or task.repo == row.repo:
        return row
    return dataclasses.replace(row, task_id=task.id, queue=row.queue or task.queue, unresolved="")


__all__ = ["join_tasks"]
