"""The Celery tasks of a repository and of the installed libraries, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractor.estate.model import Service
from extractor.evaluate.evaluator import Evaluator
from extractor.link.celery.config import Config, configs
from extractor.link.celery.finding import find_tasks
from extractor.link.celery.queues import Router
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.link.loading import Loading
from extractor.model.graph import Evidence, Gap, Task
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Module


@dataclass(frozen=True, slots=True)
class Tasks:
    """The task rows, the index, and what was seen and not understood."""

    rows: tuple[Task, ...]
    index: TaskIndex
    gaps: tuple[Gap, ...]


def tasks(
    ev: Evaluator,
    repo: str,
    services: Sequence[Service] = (),
    commit: str = "",
    loading: Loading | None = None,
    installed: Iterable[Found] = (),
) -> Tasks:
    """Every Celery task of the repository, and those of the libraries whose app a service installs.

    Args: `repo` the source's name, `services` the Django services out of it, `commit` for evidence, `loading` which of
    them load what, `installed` tasks of libraries that the evaluator does not know. A task that two services route to
    different queues has a row for each queue.
    """
    settings = configs(ev, services)
    every = (*find_tasks(ev, ev.index.modules), *installed)
    found = tuple(sorted(every, key=lambda f: (f.target.module.path, f.target.scope.def_line, f.name)))
    index = TaskIndex(ev, found, configs=settings)
    for one in found:
        index.by_def.setdefault(one.target, one)
        index.by_name.setdefault(one.name, one)
        if ev.index.find(one.target.module.name) is None:
            index.by_path.setdefault(one.target.qualified, one)
    router = Router(ev, repo, commit)
    rows: list[Task] = []
    for one in found:
        chosen = _loaded_by(one.target.module, loading, settings)
        if chosen:
            made = _rows(repo, one, chosen, router, len(settings) > 1)
            index.rows[one.target] = made
            rows += made
    ordered = with_unique_ids(sorted(rows, key=lambda r: (r.path, r.line, r.name, r.services)))
    by_place: dict[tuple[str, str, str], list[Task]] = {}
    for row in ordered:
        by_place.setdefault((row.name, row.path, row.function), []).append(row)
    for target in index.rows:
        place = (index.by_def[target].name, target.module.path, target.shown)
        index.rows[target] = tuple(by_place[place])
    return Tasks(ordered, index, tuple(sorted(router.gaps.values(), key=lambda g: (g.path, g.line, g.what))))


def _loaded_by(module: Module, loading: Loading | None, settings: Sequence[Config]) -> list[Config]:
    """The configurations of the services that load a module; of all when what they load is not known."""
    services = loading.services(module) if loading is not None else frozenset()
    known = [config for config in settings if config.service in services]
    return known or (list(settings) if module.in_repo else [])


def _rows(repo: str, found: Found, settings: Sequence[Config], router: Router, several: bool) -> tuple[Task, ...]:
    target = found.target
    routed: dict[str | None, tuple[list[str], Evidence | None]] = {}
    for config in settings:
        queue, evidence = router.queue(config, found.name, found.option("queue"), target)
        routed.setdefault(queue, ([], evidence))[0].append(config.service)
    out = []
    for queue, (names, evidence) in routed.items():
        services = tuple(sorted(name for name in names if name)) if several else tuple(n for n in names if n)
        split = services if len(routed) > 1 else ()
        out.append(
            Task(
                id=row_id("task", repo, found.name, *split),
                repo=repo,
                name=found.name,
                path=target.module.path,
                line=target.scope.def_line,
                end_line=target.scope.end_line,
                function=target.shown,
                queue=queue,
                origin=target.module.origin,
                services=services,
                summary=target.scope.doc,
                queue_from=evidence,
            )
        )
    return tuple(out)


__all__ = ["Tasks", "tasks"]
