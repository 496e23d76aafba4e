"""When a task runs: on its own schedule, on the schedule of a task that queues it, or when something queues it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.link.facts import RepoFacts
from extractor.model.graph import Enqueue, Schedule

MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Timing:
    """The schedules that lead to a task, and the enqueues on the way from the first of them."""

    schedules: tuple[Schedule, ...]
    enqueues: tuple[Enqueue, ...]

    @property
    def words(self) -> str:
        """The cadences, told once each."""
        return "; ".join(dict.fromkeys(s.cadence for s in self.schedules))


class Timings:
    """Answers when a task of a repository runs."""

    def __init__(self, facts: RepoFacts) -> None:
        self._schedules: dict[str, list[Schedule]] = {}
        for schedule in facts.schedules:
            if schedule.task_id is not None:
                self._schedules.setdefault(schedule.task, []).append(schedule)
        self._queued_by: dict[str, list[Enqueue]] = {}
        for enqueue in facts.enqueues:
            if enqueue.task is not None:
                self._queued_by.setdefault(enqueue.task, []).append(enqueue)
        self._known: dict[str, Timing] = {}

    def of(self, task: str) -> Timing:
        """The schedules that lead to a task, its own first, then those of tasks that queue it."""
        found = self._known.get(task)
        if found is None:
            found = self._known[task] = self._search(task)
        return found

    def _search(self, task: str) -> Timing:
        schedules: list[Schedule] = []
        enqueues: list[Enqueue] = []
        seen = {task}
        level: Sequence[str] = (task,)
        for _depth in range(MAX_DEPTH):
            above: list[str] = []
            for name in level:
                schedules += [s for s in self._schedules.get(name, ()) if s not in schedules]
                for enqueue in self._queued_by.get(name, ()):
                    for context in enqueue.contexts:
                        if context.kind == "task" and context.name not in seen:
                            seen.add(context.name)
                            above.append(context.name)
                            enqueues.append(enqueue)
            level = above
        return Timing(tuple(schedules), tuple(enqueues) if schedules else ())


def timings(facts: Mapping[str, RepoFacts]) -> dict[str, Timings]:
    """A `Timings` for each repository: of its own beat entries, and of those of others that queue its tasks."""
    every = [row for repo in facts.values() for row in repo.schedules]
    found = {}
    for name, repo in facts.items():
        own = {task.id for task in repo.tasks}
        more = tuple(row for row in every if row.repo != name and row.task_id in own)
        found[name] = Timings(replace(repo, schedules=(*repo.schedules, *more)) if more else repo)
    return found
