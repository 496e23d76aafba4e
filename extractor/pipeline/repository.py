"""Linking one repository: summaries of its modules and libraries become rows. Start reading here for the linker."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from extractor.checks import CheckContext, settled, unread_tasks
from extractor.checks import find as find_findings
from extractor.evaluate.evaluator import Evaluator
from extractor.link import callgraph, calls, entrypoints
from extractor.link.bounds import gaps_of_bounds
from extractor.link.celery import find_tasks, gaps_of, read_celery, type_tasks
from extractor.link.celery.brokers import with_brokers
from extractor.link.constructors import with_constructors
from extractor.link.coverage import CoverageInput, coverage_of, unread_clients
from extractor.link.declared import declared_effects
from extractor.link.directives import directives_of
from extractor.link.effects import Effects, owners_of
from extractor.link.events import events_of, senders
from extractor.link.facts import RepoFacts
from extractor.link.loading import EntryPoints, Loading
from extractor.link.occurrences import Occurrences
from extractor.link.plugins import plugin_edges
from extractor.link.programs import console_scripts, programs_of
from extractor.link.replay.replayed import replay
from extractor.link.routes import loaded_routes, routes_of, views_of
from extractor.link.settings import (
    EnvironmentTable,
    Job,
    chosen_classes,
    declared_stores,
    named_code,
    scheduled_jobs,
    setting_bindings,
    settings_of,
    settings_rows,
    store_lookup,
    undefined_in,
    with_class_settings,
)
from extractor.link.signals import signals_of
from extractor.link.signin import sign_ins, type_pipelines
from extractor.link.surroundings import Surroundings
from extractor.link.targets import Targets
from extractor.model.graph import Gap
from extractor.model.ids import with_unique_ids
from extractor.options import Timing
from extractor.pipeline.reading import ReadRepository
from extractor.pipeline.stopwatch import Stopwatch
from extractor.program.index import ModuleIndex
from extractor.program.module import Def
from extractor.rules.clients import RuleBook
from extractor.rules.django import django_rules
from extractor.rules.python import followed_names


def link_repository(reading: ReadRepository, book: RuleBook, timing: Timing) -> RepoFacts:
    """The facts of one repository. Pure: the same reading and rules give the same rows."""
    repo, commit = reading.source.name, reading.source.commit
    estate, services, libraries = reading.estate, reading.services, reading.libraries
    watch = Stopwatch(repo, timing)

    modules = with_class_settings(
        repo, (*reading.collected.modules, *libraries.modules), chosen_classes(reading.runtime)
    )
    ev = Evaluator(ModuleIndex(repo, modules))
    settings = settings_of(ev, repo, services, reading.runtime)
    tables = tuple(settings.values())
    ev.clients = book.packages() - sys.stdlib_module_names
    ev.setting = tables[0].value
    surroundings = [EnvironmentTable(ev, repo, table.service) for table in tables]
    watch.ended("settings")

    type_pipelines(ev, tables)
    type_tasks(ev)
    graph = callgraph.build(ev)
    plugin_edges(ev, graph)
    ev.forget()
    watch.ended("call graph")
    # Libraries that are read for their URLs or tasks alone are known where those are looked for, and nowhere else.
    beside = dict.fromkeys((*libraries.url_modules, *libraries.app_modules))
    wide = Evaluator(ModuleIndex(repo, (*modules, *beside)))
    loading = Loading(wide, services, settings, EntryPoints(wide, libraries.entry_points))
    installed = list(find_tasks(wide, libraries.app_modules))
    celery = read_celery(ev, graph, repo, services, commit, loading, installed)
    watch.ended("celery")
    stand = {service: table.value for service, table in settings.items()}
    served = loaded_routes(wide, routes_of(wide, repo, services, stand), loading.loads)
    watch.ended("routes")

    views, task_names = views_of(served), celery.tasks.index.names()
    routed = [(view.target, view.pattern, view.service) for view in views]
    signals = signals_of(ev, graph)
    consoles, jobs = console_scripts(ev, loading.installed.all), scheduled_jobs(settings)
    commands = [*((one.target, one.name, None) for one in consoles), *_run_by(jobs)]
    named = [row for row in named_code(ev, settings) if row[1] not in django_rules().job_lists]
    reach = registered = entrypoints.reach(ev, graph, loading, task_names, routed, named, commands, signals)
    chain = dict.fromkeys(module for table in tables for module in table.chain)
    finder = Effects(ev, graph, book)
    effects = [*with_constructors(ev, graph, finder.find()), *declared_effects(ev, chain, book)]
    ev.forget()
    watch.ended("effects")
    wanted = {*owners_of(effects), *celery.enqueues.owners, *senders(graph, settings)}
    replayed = replay(ev, graph, reach, views, wanted, signals, followed_names(book))
    reach = reach.sent_in(replayed.sent_in)
    occurrences = Occurrences(finder, replayed)
    watch.ended("replay")

    declared = with_brokers(ev, services, {name: declared_stores(ev, table) for name, table in settings.items()})
    systems = Targets(estate, book, repo, lambda name: tables[0].value(name) or surroundings[0].value(name))
    around = Surroundings(repo, systems, reach, occurrences, store_lookup(declared), undefined_in(tables))
    events = events_of(graph, settings, around)
    found = calls.rows(effects, graph, around, events.calls)
    ev.forget()
    watch.ended("contexts")
    setting_rows = [settings_rows(ev, table, estate, book, commit) for table in (*tables, *surroundings)]
    watch.ended("setting rows")
    program = CheckContext(
        repo=repo,
        ev=ev,
        graph=graph,
        reach=reach,
        book=book,
        effects=effects,
        calls=found.calls,
        settings=tables,
        schedules=celery.beat.rows,
        skipped=tuple(skip.path for skip in reading.source.skipped),
    )
    program = replace(program, schedules=settled(program))
    findings = find_findings(program)
    watch.ended("checks")

    queued = occurrences.enqueues(celery.enqueues, reach)
    unread = (*libraries.gaps, *unread_tasks(program))
    many = (one for one in replayed.visits.given_up if one.module.in_repo)
    bounds = gaps_of_bounds(finder.given_up, many, graph.given_up)
    served_rows = tuple(row for table in served for row in table.routes)
    understood = CoverageInput(
        repo=repo,
        ev=ev,
        graph=graph,
        reach=registered,
        book=book,
        own=[module for module in reading.collected.modules if module.in_repo],
        libraries=frozenset(m.name.partition(".")[0] for m in (*libraries.modules, *beside)),
        settings=frozenset(module.path for table in tables for module in table.chain if module.in_repo),
        routes=served_rows,
        tasks=celery.tasks.rows,
        calls=found.calls,
        gaps=tuple(gap for table in served for gap in table.gaps),
    )
    coverage = coverage_of(understood)
    watch.ended("coverage")
    gaps = (
        unread,
        unread_clients(understood),
        bounds,
        celery.gaps,
        gaps_of(queued),
        found.gaps,
        events.gaps,
        *(table.gaps for table in served),
    )
    bindings = (*(setting_bindings(table) for table in tables), events.bindings, sign_ins(ev, settings))
    return RepoFacts(
        source=reading.source,
        tasks=celery.tasks.rows,
        schedules=tuple(program.schedules),
        enqueues=queued,
        routes=served_rows,
        calls=found.calls,
        stores=found.stores,
        settings=tuple(row for rows in setting_rows for row in rows),
        findings=findings,
        gaps=_in_order(gap for rows in gaps for gap in rows),
        declared=tuple((service, store) for service, stores in declared.items() for store in stores),
        runtime=reading.runtime,
        directives=directives_of(ev.index),
        parameters=tuple(pair for table in served for pair in sorted(table.parameters.items())),
        variants=tuple(pair for table in served for pair in sorted(table.variants.items())),
        bindings=tuple(binding for rows in bindings for binding in rows),
        programs=programs_of(reach, consoles),
        jobs=tuple((job.service, job.unit) for job in jobs),
        coverage=coverage,
        lacking=bool(libraries.gaps),
    )


def _run_by(jobs: Iterable[Job]) -> Iterator[tuple[Def, str, str | None]]:
    for job in jobs:
        if job.target is not None:
            yield job.target, job.unit.management, job.service


def _in_order(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return with_unique_ids(sorted(set(gaps), key=lambda gap: (gap.path, gap.line, gap.kind, gap.id, gap.what)))
