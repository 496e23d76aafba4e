"""Linking one repository: summaries of its modules and libraries become rows. Start reading here for the linker."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from extractor.checks import CheckContext
from extractor.checks import find as find_findings
from extractor.deployment.units import Runtime
from extractor.estate.file import Estate, Service
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.folding import LIMIT
from extractor.evaluate.values import DefRef, Inst, Values
from extractor.libraries.read import Libraries
from extractor.link import callgraph, calls, entrypoints, events
from extractor.link.callgraph import CallGraph
from extractor.link.celery import Enqueues, enqueues, schedules, tasks, type_tasks
from extractor.link.constructors import with_constructors
from extractor.link.declared import declared_effects
from extractor.link.directives import directives_of
from extractor.link.effects import Effects
from extractor.link.entrypoints import Reach
from extractor.link.facts import RepoFacts
from extractor.link.routes import RouteTable, routes
from extractor.link.settings import (
    DeclaredStore,
    SettingsTable,
    declared_stores,
    setting_bindings,
    settings_rows,
    with_class_settings,
)
from extractor.link.signin import sign_ins
from extractor.link.targets import Targets
from extractor.model.graph import Context, Enqueue, Source, Task
from extractor.model.ids import numbered
from extractor.options import Timing
from extractor.program.collect import Collected
from extractor.program.index import ModuleIndex
from extractor.program.module import Def
from extractor.rules.clients import RuleBook


@dataclass(frozen=True, slots=True)
class ReadRepository:
    """All that was read of one repository, before linking."""

    source: Source
    collected: Collected
    libraries: Libraries
    runtime: Runtime
    services: tuple[Service, ...]


def link_repository(reading: ReadRepository, estate: Estate, book: RuleBook, timing: Timing) -> RepoFacts:
    """The facts of one repository. Pure: the same reading, estate and rules give the same rows."""
    clock = _LapClock(reading.source.name, timing)
    repo, commit = reading.source.name, reading.source.commit
    modules = with_class_settings(repo, (*reading.collected.modules, *reading.libraries.modules))
    ev = Evaluator(ModuleIndex(repo, modules))
    tables = _settings_tables(ev, reading)
    clock.lap("settings")
    first = next(iter(tables.values()), None)
    ev.setting = first.value if first else None
    _type_pipelines(ev, tables)
    type_tasks(ev)
    graph = callgraph.build(ev)
    clock.lap("call graph")
    celery = tasks(ev, repo, reading.services, commit)
    for runs, handler in celery.index.handlers():
        graph.add(runs, handler, runs.scope.def_line, "callback")
    beat = schedules(ev, celery.index, repo)
    queued = enqueues(ev, celery.index, repo)
    clock.lap("celery")
    # Libraries that are read for their URLs alone are known where URLs are resolved, and nowhere else.
    serving = Evaluator(ModuleIndex(repo, (*modules, *reading.libraries.url_modules)))
    served = [_routes(serving, reading, service) for service in reading.services]
    clock.lap("routes")
    reach = entrypoints.reach(ev, graph, celery.index.names(), _views(served), _named_code(ev, tables))
    chain = {module: None for table in tables.values() for module in table.chain}
    effects = [*with_constructors(ev, graph, Effects(ev, graph, book).find()), *declared_effects(ev, chain, book)]
    clock.lap("effects")
    stores = {service: declared_stores(ev, table) for service, table in tables.items()}
    around = calls.Surroundings(
        repo,
        Targets(estate, book, repo, first.value if first else _no_setting),
        reach,
        _store_lookup(stores),
        _service_lookup(reading.services, served, celery.rows),
    )
    bus_topics = events.topics(tables)
    sent = events.sent_events(graph, bus_topics, tables, around)
    found = calls.rows(effects, graph, around, (call for call, _topic in sent))
    clock.lap("contexts")
    setting_rows = tuple(row for table in tables.values() for row in settings_rows(ev, table, estate, book, commit))
    clock.lap("setting rows")
    every_route = tuple(row for table in served for row in table.routes)
    program = CheckContext(repo, ev, graph, reach, book, effects, found.calls, tuple(tables.values()))
    findings = find_findings(program, beat.rows)
    clock.lap("checks")
    gaps = (
        *reading.libraries.gaps,
        *celery.gaps,
        *beat.gaps,
        *queued.gaps,
        *found.gaps,
        *(gap for table in served for gap in table.gaps),
        *events.unsent_topics(bus_topics, sent, repo),
    )
    return RepoFacts(
        reading.source,
        celery.rows,
        beat.rows,
        _with_contexts(queued, reach),
        every_route,
        found.calls,
        found.stores,
        setting_rows,
        (),
        findings,
        numbered(sorted(set(gaps), key=lambda g: (g.path, g.line, g.kind, g.id, g.what))),
        tuple((service, store) for service, declared in stores.items() for store in declared),
        reading.runtime,
        directives_of(ev.index),
        tuple(pair for table in served for pair in sorted(table.parameters.items())),
        (
            *(binding for table in tables.values() for binding in setting_bindings(table)),
            *events.bus_joints(bus_topics, tables),
            *sign_ins(ev, tables),
        ),
    )


class _LapClock:
    """Tells how long each stage of a repository took."""

    def __init__(self, repo: str, timing: Timing) -> None:
        import time

        self._repo, self._timing, self._now = repo, timing, time.perf_counter
        self._last = self._now()

    def lap(self, stage: str) -> None:
        """The stage that has just ended."""
        now = self._now()
        self._timing(f"{self._repo}: {stage}", now - self._last)
        self._last = now


def _settings_tables(ev: Evaluator, reading: ReadRepository) -> dict[str, SettingsTable]:
    deployed = tuple(value for unit in reading.runtime.units for value in unit.env)
    return {
        s.id: SettingsTable.build(ev, reading.source.name, s.settings_modules, s.id, deployed) for s in reading.services
    }


def _routes(ev: Evaluator, reading: ReadRepository, service: Service) -> RouteTable:
    settings = service.settings_modules[0] if service.settings_modules else None
    return routes(ev, reading.source.name, service.id, service.urlconf or None, settings)


def _views(tables: Iterable[RouteTable]) -> list[tuple[Def, str]]:
    """Each view with the pattern that leads to it."""
    return [(table.views[row.id], row.pattern) for table in tables for row in table.routes if row.id in table.views]


def _named_code(ev: Evaluator, tables: Mapping[str, SettingsTable]) -> list[tuple[Def, str]]:
    """Code that settings name as text: middleware, backends, pipelines, hooks."""
    out: dict[tuple[Def, str], None] = {}
    for table in tables.values():
        for setting, dotted, _path, _line in table.dotted_texts():
            for value in ev.by_dotted(dotted):
                if isinstance(value, DefRef) and value.target.module.in_repo:
                    out[(value.target, setting)] = None
    return list(out)


def _type_pipelines(ev: Evaluator, tables: Mapping[str, SettingsTable]) -> None:
    """Steps of a sign-in pipeline, named as text in settings, are handed the backend that signs in: one of those that
    settings name."""
    for table in tables.values():
        named = [
            (setting, value)
            for setting, dotted, _path, _line in table.dotted_texts()
            for value in ev.by_dotted(dotted)
            if isinstance(value, DefRef) and value.target.module.in_repo
        ]
        backends = tuple(
            Inst(v.target, (), known=False)
            for setting, v in named
            if setting == "AUTHENTICATION_BACKENDS" and v.target.kind == "class"
        )[:LIMIT]
        for setting, value in named:
            if setting.endswith("_PIPELINE") and value.target.kind == "function" and backends:
                ev.given[(value.target, "backend")] = backends


def _no_setting(name: str) -> Values:
    return ()


def _store_lookup(stores: Mapping[str, Sequence[DeclaredStore]]) -> calls.StoreOf:
    known: dict[tuple[str, str], DeclaredStore] = {}
    for declared in stores.values():
        for store in declared:
            known.setdefault((store.kind, store.alias), store)
    for kind in sorted({kind for kind, _alias in known}):
        default = next((known[key] for key in sorted(known) if key[0] == kind), None)
        if default is not None:
            known.setdefault((kind, "default"), default)

    def find(kind: str, alias: str) -> DeclaredStore | None:
        return known.get((kind, alias))

    return find


def _service_lookup(services: Sequence[Service], served: Sequence[RouteTable], rows: Sequence[Task]) -> calls.ServiceOf:
    """Which services run a piece of code: the one whose own folder holds it, else those whose routes and tasks reach
    it; ("",) when nothing tells."""
    if len(services) == 1:
        only = (services[0].id,)
        return lambda _path, _contexts: only
    of_pattern: dict[str, set[str]] = {}
    for table in served:
        for route in table.routes:
            of_pattern.setdefault(route.pattern, set()).add(route.service)
    of_task: dict[str, set[str]] = {}
    for task in rows:
        of_task.setdefault(task.name, set()).update(task.services)

    def find(path: str, contexts: Sequence[Context]) -> tuple[str, ...]:
        first = path.split("/", 1)[0]
        if any(service.id == first for service in services):
            return (first,)
        found: set[str] = set()
        for context in contexts:
            if context.kind == "request":
                found |= of_pattern.get(context.name, set())
            elif context.kind == "task":
                found |= of_task.get(context.name, set())
        return tuple(sorted(found)) or ("",)

    return find


def _with_contexts(queued: Enqueues, reach: Reach) -> tuple[Enqueue, ...]:
    """Enqueue rows with the entry points that reach them."""
    return tuple(dataclasses.replace(row, contexts=reach.contexts(owner)) for owner, row, _task in queued.placed)


__all__ = ["CallGraph", "ReadRepository", "link_repository"]
