"""The Celery tasks of a repository and of the installed libraries, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.estate.model import Service
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Values
from extractor.link.celery.config import Config, configs, literals
from extractor.link.celery.finding import find_tasks
from extractor.link.celery.queues import Router
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.model.graph import Evidence, Gap, Task
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Module


@dataclass(frozen=True, slots=True)
class Tasks:
    """The task rows, the index, and what was seen and not understood."""

    rows: tuple[Task, ...]
    index: TaskIndex
    gaps: tuple[Gap, ...]


def tasks(ev: Evaluator, repo: str, services: Sequence[Service] = (), commit: str = "") -> Tasks:
    """Every Celery task of the repository, and those of the libraries whose app a service installs.

    Args: `repo` the source's name, `services` the Django services out of it, `commit` for evidence. A task that two
    services route to different queues has a row for each queue.
    """
    settings = configs(ev, services)
    found = tuple(sorted(find_tasks(ev), key=lambda f: (f.target.module.path, f.target.scope.def_line, f.name)))
    index = TaskIndex(ev, found, configs=settings)
    for one in found:
        index.by_def.setdefault(one.target, one)
        index.by_name.setdefault(one.name, one)
    loads = _Loads(ev, settings)
    router = Router(ev, repo, commit)
    rows: list[Task] = []
    for one in found:
        chosen = loads.services(one.target.module)
        if chosen is not None:
            made = _rows(repo, one, [c for c in settings if c.service in chosen], router, len(settings) > 1)
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


class _Loads:
    """Which services load a module, by their INSTALLED_APPS and imports settings."""

    def __init__(self, ev: Evaluator, settings: Sequence[Config]) -> None:
        self.settings = settings
        self.apps = {c.service: _packages(ev, c) for c in settings}

    def services(self, module: Module) -> frozenset[str] | None:
        """The services that load a module, all of the repository's when none can be told; None for a library's module
        that no service installs."""
        claimed = frozenset(name for name, apps in self.apps.items() if _inside(module.name, apps))
        if claimed:
            return claimed
        if not module.in_repo:
            return None
        top = module.name.split(".")[0]
        own = frozenset(c.service for c in self.settings if c.chain and c.chain[0].name.split(".")[0] == top)
        return own if own and len(own) < len(self.settings) else frozenset(c.service for c in self.settings)


def _inside(name: str, packages: frozenset[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:size]) in packages for size in range(1, len(parts) + 1))


def _packages(ev: Evaluator, config: Config) -> frozenset[str]:
    """The packages of the installed apps (`shop.apps.ShopConfig` installs `shop`) and modules imported by setting."""
    found: set[str] = set()
    for text in literals(config, _all_apps(config)):
        parts = text.split(".")
        if parts[-1][:1].isupper():
            parts = parts[:-1]
            if parts and parts[-1] in ("apps", "config"):
                parts = parts[:-1]
        found.add(".".join(parts))
    for name in config.names("imports", "CELERY_IMPORTS"):
        found.update(literals(config, config.setting(name)))
    return frozenset(found)


def _all_apps(config: Config) -> Values:
    return tuple(v for module in config.chain for v in config.ev.module_name(module, "INSTALLED_APPS"))


__all__ = ["Tasks", "tasks"]
