"""Store rows: uses of datastores, through clients and through the ORM, with the services that make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from extractor.evaluate import folding
from extractor.evaluate.values import Env, Ext, QueryMethod, SettingRef, Text, Values
from extractor.link.callgraph import CallGraph
from extractor.link.effects import Effect
from extractor.link.replay.reach import Reached
from extractor.link.request import Request
from extractor.link.surroundings import Surroundings
from extractor.model.graph import Context, Gap, Store
from extractor.model.ids import row_id
from extractor.rules.stores import store_rules

_WRITES = frozenset(
    {
        "create",
        "get_or_create",
        "update_or_create",
        "bulk_create",
        "bulk_update",
        "update",
        "delete",
        "acreate",
        "aupdate",
        "adelete",
    }
)
_READS = frozenset(
    {
        "get",
        "first",
        "last",
        "count",
        "exists",
        "aggregate",
        "earliest",
        "latest",
        "filter",
        "all",
        "values",
        "values_list",
        "in_bulk",
        "iterator",
        "exclude",
        "order_by",
        "aget",
    }
)

# The engines of Django's databases, and the arguments of their drivers that say where a database is.
_DJANGO_ENGINES = frozenset({"postgres", "mysql", "mssql", "oracle", "sqlite"})
_ADDRESSES = frozenset({"host", "hostaddr", "dsn", "conninfo", "url", "uri", "server", "service", "unix_socket"})


def is_of_another_engine(effect: Effect, request: Request, around: Surroundings) -> bool:
    """True for a driver of another engine than the one that Django's settings name, where nothing but those settings
    says whom it connects to: a branch for an engine that this service does not use."""
    declared = around.store_of("database", "default", "") if request.rule.store == "database" else None
    fixed = request.systems[0] if request.systems else ""
    if declared is None or fixed == declared.system or not {fixed, declared.system} <= _DJANGO_ENGINES:
        return False
    made = [func.receiver for func in effect.hops[-1].funcs if isinstance(func, Ext) and func.receiver is not None]
    named = (v for one in made for name, values in one.kwargs if name in _ADDRESSES for v in values)
    given = (*named, *(v for one in made for values in one.args[:1] for v in values))
    told = (folding.show(v) for v in given if isinstance(v, Text | SettingRef | Env))
    return not any(text and "DATABASES" not in text for text in told)


def engine_gap(effect: Effect, request: Request, around: Surroundings) -> Gap:
    runner, line = effect.site.runner, effect.site.call.line
    return Gap(
        id=row_id("gap", "store", around.repo, runner.qualified, effect.via),
        kind="store",
        repo=around.repo,
        path=runner.module.path,
        line=line,
        what=effect.via,
        reason=f"a driver of {request.systems[0]}, which the settings do not name, and no address",
        remedy="a branch for another engine; if it is used, name its address in a setting",
    )


def store_rows(effect: Effect, request: Request, around: Surroundings) -> Iterable[Store]:
    site, owner, rule = effect.site, effect.site.runner, request.rule
    alias = request.aliases[0] if request.aliases else "default"
    fixed = rule.system_of(request.systems[0]) if request.systems else ""
    reached = _reached(effect, request, around)
    for service, contexts in _by_service(reached.contexts):
        declared = around.store_of(rule.store, alias, service)
        if declared is None and not fixed:
            continue
        names = around.systems.names
        system = names.id_of(declared.system if declared and (rule.alias is not None or not fixed) else fixed)
        if store_rules().is_in_process(system):
            continue
        same = declared is not None and names.id_of(declared.system) == system
        yield Store(
            id=row_id("store", around.repo, service, system, rule.operation, effect.via, owner.qualified),
            repo=around.repo,
            service=service,
            system=system,
            kind=declared.kind if declared is not None and same else rule.store or "database",
            operation=rule.operation or "both",
            setting=declared.setting if declared is not None and same else None,
            engine=declared.technology if declared is not None and same else names.technology(fixed),
            path=owner.module.path,
            line=site.call.line,
            end_line=site.call.end_line,
            function=owner.shown,
            contexts=contexts,
            via=effect.via,
            confidence="likely" if reached.is_guessed else "certain",
        )


def orm_rows(graph: CallGraph, around: Surroundings) -> Iterable[Store]:
    """The first read and the first write of the database through the ORM, in each function."""
    for owner, sites in graph.sites.items():
        done: set[str] = set()
        for site in sites:
            operation = _orm_operation(site.funcs)
            reached = around.occurrences.contexts(site, around.reach) if operation not in (None, *done) else ()
            if operation is None or not reached:
                continue
            done.add(operation)
            model = next(f.cls.scope.name for f in site.funcs if isinstance(f, QueryMethod))
            for service, contexts in _by_service(reached):
                declared = around.store_of("database", "default", service)
                if declared is None:
                    continue
                yield Store(
                    id=row_id("store", around.repo, service, declared.system, operation, "orm", owner.qualified),
                    repo=around.repo,
                    service=service,
                    system=declared.system,
                    kind=declared.kind,
                    operation=operation,
                    setting=declared.setting,
                    engine=declared.technology,
                    path=owner.module.path,
                    line=site.call.line,
                    end_line=site.call.end_line,
                    function=owner.shown,
                    contexts=contexts,
                    via=f"Django ORM: {model}",
                )


def _reached(effect: Effect, request: Request, around: Surroundings) -> Reached:
    """The entry points from which a store is used so."""
    if not around.occurrences.is_visited(effect):
        return Reached((around.reach.unreached(effect.site.runner),), ())
    return around.occurrences.reached(effect, request, None) or Reached((), ())


def _by_service(contexts: Sequence[Context]) -> Iterator[tuple[str, tuple[Context, ...]]]:
    """The contexts that each service reaches a line from; "" for a line of several services that nothing reaches."""
    services = sorted({service for context in contexts for service in context.services})
    if contexts and contexts[0].kind == "unknown" and len(services) != 1:
        yield "", tuple(contexts)
        return
    for service in services or ([""] if contexts else []):
        yield service, tuple(c for c in contexts if service in c.services) or tuple(contexts)


def _orm_operation(funcs: Values) -> str | None:
    for func in funcs:
        if isinstance(func, QueryMethod):
            if func.name in _WRITES:
                return "write"
            if func.name in _READS:
                return "read"
    return None
