"""Who takes what from which queue: the services whose workers run a task, and the queues that nobody takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from extractor.deployment.consumers import queues_taken
from extractor.estate.model import Service, System, services_of
from extractor.link.facts import RepoFacts
from extractor.model.graph import Enqueue, Schedule, Task


@dataclass(frozen=True, slots=True)
class Carried:
    """A task that goes over a queue to the worker of a service. `sent_by` is the row that names the queue, where that
    is not the task's own."""

    task: Task
    queue: str | None
    service: Service
    sent_by: Enqueue | Schedule | None = None


class Consumers:
    """Answers for the repositories of an estate, by system id."""

    def __init__(self, facts: Mapping[str, RepoFacts]) -> None:
        self._owned: dict[str, dict[str, set[str]]] = {}
        # The queues that the workers of each repository take, None where that is not known.
        self.taken = {name: queues_taken(repo.runtime.units) if repo.runtime else None for name, repo in facts.items()}
        self._sending: dict[str, list[Enqueue | Schedule]] = {}  # by the task that is meant, whoever queues it
        for repo in facts.values():
            rows: list[Enqueue | Schedule] = [*repo.schedules, *repo.enqueues]
            for row in rows:
                if row.task_id is not None:
                    self._sending.setdefault(row.task_id, []).append(row)
        self._by_any = frozenset(queue for known in self.taken.values() for queue in known or ())

    def is_taken(self, repo: str, queue: str | None) -> bool:
        """Whether some worker of the estate takes a queue of a repository, as far as that is known."""
        return queue is None or self.taken.get(repo) is None or queue in self._by_any

    def running(self, system: System, task: Task, service: str) -> tuple[Service, ...]:
        """The services whose workers run a task: the sender's own when it loads the task, else all that do."""
        every = services_of(system)
        loading = tuple(s for s in every if s.id in task.services) or every
        return tuple(s for s in loading if s.id == service) or (loading if task.services else every[:1])

    def of_queue(
        self, system: System, repo: RepoFacts, task: Task, sender: str, queue: str | None
    ) -> tuple[Service, ...]:
        """The services whose workers take what a sender puts on a queue: the one whose own queue it is, where the
        sender routes the task to another service's; else the sender, when it loads the task; else all that do."""
        owners = self._owners(repo).get(queue or "", set())
        if sender in task.services and owners and sender not in owners:
            return tuple(s for s in services_of(system) if s.id in owners)
        return self.running(system, task, sender)

    def carried(self, system: System, repo: RepoFacts) -> Iterator[Carried]:
        """What goes from the queues of a system to its workers: each task over the queue it is routed to, and over
        those that a beat entry or a place that queues it names. Not what nobody takes."""
        rows = {task.id: task for task in repo.tasks if task.origin == "repo"}
        usual = {(task.name, task.queue) for task in rows.values()}
        sent: list[tuple[Task, str | None, Enqueue | Schedule | None]] = [(t, t.queue, None) for t in rows.values()]
        naming = [row for task in rows for row in self._sending.get(task, ())]
        for row in naming:
            task = rows.get(row.task_id or "")
            if task is not None and row.queue is not None and (task.name, row.queue) not in usual and _is_sent(row):
                sent.append((task, row.queue, row))
        for task, queue, named_by in sent:
            if self.is_taken(repo.source.name, queue):
                own = isinstance(named_by, Schedule) and named_by.repo == repo.source.name
                sender = named_by.service if own and isinstance(named_by, Schedule) else ""
                owners = self._owners(repo).get(queue or "", set()) if named_by is not None else set[str]()
                services = self.running(system, task, sender)
                for service in [s for s in services if s.id in owners] or services:
                    yield Carried(task, queue, service, named_by)

    def _owners(self, repo: RepoFacts) -> dict[str, set[str]]:
        """The services that route most of their tasks to a queue: their own default queues."""
        found = self._owned.get(repo.source.name)
        if found is None:
            found = self._owned[repo.source.name] = {}
            for service in sorted({service for task in repo.tasks for service in task.services}):
                counts = Counter(task.queue or "" for task in repo.tasks if service in task.services)
                found.setdefault(counts.most_common(1)[0][0], set()).add(service)
        return found


def _is_sent(row: Enqueue | Schedule) -> bool:
    return isinstance(row, Schedule) or any(context.kind != "unknown" for context in row.contexts)


__all__ = ["Carried", "Consumers"]
