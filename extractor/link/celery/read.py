"""The Celery of one repository, whole: tasks, beat entries and enqueues, and what the worker calls beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.estate.model import Service
from extractor.evaluate.evaluator import Evaluator
from extractor.link.callgraph import CallGraph
from extractor.link.celery.enqueues import Enqueues, enqueues
from extractor.link.celery.schedules import Schedules, schedules
from extractor.link.celery.taskindex import Found
from extractor.link.celery.tasks import Tasks, tasks
from extractor.link.loading import Loading
from extractor.model.graph import Gap


@dataclass(frozen=True, slots=True)
class Celery:
    """What Celery does in one repository."""

    tasks: Tasks
    beat: Schedules
    enqueues: Enqueues

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was seen of tasks and beat entries and not understood."""
        return (*self.tasks.gaps, *self.beat.gaps)


def read_celery(
    ev: Evaluator,
    graph: CallGraph,
    repo: str,
    services: Sequence[Service],
    commit: str,
    loading: Loading,
    installed: Sequence[Found] = (),
) -> Celery:
    """The Celery of a repository; `installed` are tasks of libraries that the evaluator does not know. The call graph
    learns which methods of a task's class the worker calls."""
    found = tasks(ev, repo, services, commit, loading, installed)
    for runs, handler in found.index.handlers():
        graph.add(runs, handler, runs.scope.def_line, "callback")
    return Celery(found, schedules(ev, found.index, repo), enqueues(ev, found.index, repo))
