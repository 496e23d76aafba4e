"""Rows: everything in a graph that a diff compares, brought to one shape with its identity and its fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from extractor.diff.cycles import system_cycles
from extractor.diff.identity import (
    Names,
    call_key,
    canonical_condition,
    canonical_pattern,
    canonical_url,
    context_text,
    contexts_text,
    route_key,
)
from extractor.model import Call, Context, Evidence, Flow, Graph, Place, Schedule, Setting, Store, Task


@dataclass(frozen=True, slots=True)
class Field:
    """One compared field. `shown` is what a reader sees; two values are the same when `same` is equal.

    A field that holds a set has `items`: (what an item is compared by, what a reader sees of it), sorted.
    """

    name: str
    shown: str
    same: str
    items: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A thing to compare. Rows of one `kind` and `key` are the same thing; what differs in `fields` is a change.

    `family` says within which rows a lost and a found thing may be one thing renamed (None: never), `traits` by what
    they are likened (each trait is a text; an empty one says nothing). `near` tells rows of one key apart: path and
    function, never a line.
    """

    kind: str
    key: tuple[str, ...]
    title: str
    repo: str
    id: str
    fields: tuple[Field, ...]
    evidence: tuple[Evidence, ...]
    near: tuple[str, ...] = ()
    family: tuple[str, ...] | None = None
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """A graph with what its rows need from elsewhere in it. `names` maps the names of renamed tasks to common ones."""

    graph: Graph
    names: Names
    commits: dict[str, str]
    node_names: dict[str, str]
    routes: dict[str, tuple[str, ...]]
    calls: dict[str, Call]
    tasks: dict[str, Task]
    schedules: dict[str, Schedule]

    def at(self, repo: str, path: str, line: int, end_line: int, role: str) -> tuple[Evidence, ...]:
        """A row's own place as evidence."""
        return (Evidence(repo, self.commits.get(repo, ""), path, line, end_line, role),)

    def name(self, node: str) -> str:
        """A node's full name, or its id when the graph does not hold it."""
        return self.node_names.get(node, node)

    def route(self, ident: str | None) -> str:
        """A route in canonical words, "" for none."""
        return " ".join(self.routes.get(ident or "", ()))


def reader(graph: Graph, names: Names) -> Reader:
    """`graph` made ready for reading its rows."""
    return Reader(
        graph,
        names,
        {s.name: s.commit for s in graph.sources},
        _full_names(graph),
        {r.id: route_key(r) for r in graph.routes},
        {c.id: c for c in graph.calls},
        {t.id: t for t in graph.tasks},
        {s.id: s for s in graph.schedules},
    )


def _full_names(graph: Graph) -> dict[str, str]:
    """Nodes' names, those of parts after the name of what holds them: every system has a `Web` and a `Worker`."""
    names = {n.id: n.name for n in graph.nodes}
    return {n.id: f"{names[n.parent]} / {n.name}" if n.parent in names else n.name for n in graph.nodes}


def rows_of(kind: str, source: Reader) -> list[Row]:
    """All rows of one kind (see `extractor.diff.document.KINDS`)."""
    return list(_ROWS[kind](source))


def _fields(**values: str | None) -> tuple[Field, ...]:
    return tuple(_field(name, value or "") for name, value in values.items())


def _field(name: str, shown: str, same: str | None = None) -> Field:
    return Field(name.replace("_", " "), shown, shown if same is None else same)


def _set(name: str, items: Iterable[tuple[str, str]], compared: bool = True) -> Field:
    """A field that holds a set. One that is not compared is told of what is added or removed, and never a change."""
    shown: dict[str, str] = {}
    for key, text in items:
        shown[key] = min(text, shown.get(key, text))
    pairs = tuple(sorted(shown.items()))
    same = "\n".join(key for key, _ in pairs) if compared else ""
    return Field(name, ", ".join(text for _, text in pairs), same, pairs)


def _twice(texts: Iterable[str]) -> list[tuple[str, str]]:
    return [(text, text) for text in texts if text]


def _nodes(source: Reader) -> Iterator[Row]:
    for n in source.graph.nodes:
        fields = _fields(
            name=n.name, kind=n.kind, technology=n.technology, parent=source.name(n.parent or ""), scope=n.scope
        )
        yield Row("nodes", (n.id,), f"{n.kind} {n.name}", n.repo or "", n.id, fields, n.evidence)


def _flows(source: Reader) -> Iterator[Row]:
    for f in source.graph.flows:
        fields = (
            *_fields(label=f.label, sync=_sync(f.sync), protocol=f.protocol),
            *_makers(f, source),
            _field("trigger", f.trigger, ""),
        )
        yield Row(
            "flows",
            (f.source, f.target, f.label, _sync(f.sync), f.protocol),
            f"{source.name(f.source)} → {source.name(f.target)}: {f.label}",
            f.evidence[0].repo if f.evidence else "",
            f.id,
            fields,
            f.evidence,
            near=(f.trigger, *_place(f.evidence)),
            family=(f.source, f.target, *_queued(f, source)),
            traits=(f.label, _sync(f.sync), f.protocol, *_place(f.evidence)[:1]),
        )


def _makers(f: Flow, source: Reader) -> Iterator[Field]:
    """What a flow is made of. Its own summaries are bounded texts, and who sets it off is told by entry point."""
    calls = [source.calls[i] for i in f.call_ids if i in source.calls]
    tasks = [] if calls else [source.tasks[i] for i in f.task_ids if i in source.tasks]
    timed = [source.schedules[i] for i in f.schedule_ids if i in source.schedules]
    yield _set("calls", ((" ".join(call_key(c)), asked(c)) for c in calls))
    yield _set("tasks", ((source.names.get(t.name, t.name), t.name) for t in tasks))
    yield _set("cadence", _twice(s.cadence or s.schedule for s in timed))
    yield _set("answered by", _twice(source.route(i) for i in f.route_ids))
    conditions = [c.condition for c in calls] or [f.condition]
    yield _set("condition", _twice(canonical_condition(" ".join(conditions)).split()) if all(conditions) else ())


def _queued(flow: Flow, source: Reader) -> tuple[str, ...]:
    """The tasks that a flow of messages carries: one that carries others is another flow, however alike its label."""
    names = (source.tasks[i].name for i in flow.task_ids if i in source.tasks)
    return () if flow.call_ids else tuple(sorted(source.names.get(name, name) for name in names))


def _cycles(source: Reader) -> Iterator[Row]:
    for cycle in system_cycles(source.graph):
        title = " → ".join(source.name(n) for n in (*cycle.systems, cycle.systems[0]))
        fields = _fields(synchronous="throughout" if cycle.sync else "in part")
        yield Row("cycles", cycle.systems, title, "", "", fields, cycle.evidence)


def _tasks(source: Reader) -> Iterator[Row]:
    for t in source.graph.tasks:
        module, _, last = t.name.rpartition(".")
        services = ", ".join(sorted(t.services))
        yield Row(
            "tasks",
            (t.repo, t.name),
            t.name,
            t.repo,
            t.id,
            _fields(name=t.name, queue=t.queue, origin=t.origin, services=services),
            source.at(t.repo, t.path, t.line, t.end_line, "task"),
            near=(t.path, t.function),
            family=(t.repo,),
            traits=(last, module, t.summary, t.queue or ""),
        )


def _schedules(source: Reader) -> Iterator[Row]:
    for s in source.graph.schedules:
        fields = (
            *_fields(key=s.key, cadence=s.cadence, schedule=s.schedule, service=s.service, note=s.note),
            _field("task", s.task, _renamed(s.task, source.names)),
            _field("resolves", "yes" if s.task_id else "no: no such task"),
            _field("condition", s.condition, canonical_condition(s.condition)),
        )
        yield Row(
            "schedules",
            (s.repo, s.service, s.key),
            f"{s.key}: {s.cadence or s.schedule}",
            s.repo,
            s.id,
            fields,
            source.at(s.repo, s.path, s.line, s.end_line, "schedule"),
            near=(s.path,),
            family=(s.repo, s.service),
            traits=(_renamed(s.task, source.names), s.key, s.schedule),
        )


def _enqueues(source: Reader) -> Iterator[Row]:
    for e in source.graph.enqueues:
        task = _renamed(e.task or "", source.names)
        fields = (
            _field("task", e.task or "not known", task),
            *_fields(how=e.how, queue=e.queue),
            _reached(e.contexts, source),
        )
        yield Row(
            "enqueues",
            (e.repo, task, e.how),
            f"{e.task or 'a task that is not known'} queued by {e.how}",
            e.repo,
            e.id,
            fields,
            source.at(e.repo, e.path, e.line, e.end_line, "enqueue"),
            near=(e.path, e.function, contexts_text(e.contexts, source.names)),
            family=(e.repo, task),
            traits=(e.how, e.path, e.function),
        )


def _routes(source: Reader) -> Iterator[Row]:
    for r in source.graph.routes:
        methods = ", ".join(sorted(r.methods))
        fields = (
            _field("pattern", r.pattern, canonical_pattern(r.pattern)),
            *_fields(methods=methods, service=r.service, kind=r.kind, origin=r.origin),
            _field("deprecated", r.deprecated, "yes" if r.deprecated else ""),
        )
        yield Row(
            "routes",
            route_key(r),
            f"{methods or 'any method'} {r.pattern} ({r.service})",
            r.repo,
            r.id,
            fields,
            source.at(r.repo, r.path, r.line, r.line, "route"),
            near=(r.name or "", r.path, r.view),
            family=(r.repo, r.service),
            traits=(r.pattern, r.view, r.name or ""),
        )


def _inbound(source: Reader) -> Iterator[Row]:
    for i in source.graph.inbound:
        route = source.route(i.route_id)
        yield Row(
            "inbound",
            (i.repo, i.service, i.system, i.kind, route),
            f"{source.name(i.system)} calls {route}",
            i.repo,
            i.id,
            _fields(label=i.label, kind=i.kind, route=route),
            i.evidence,
            family=(i.repo, i.service, i.system),
            traits=(route, i.label, i.kind),
        )


def _calls(source: Reader) -> Iterator[Row]:
    for c in source.graph.calls:
        same_reached = contexts_text(c.contexts, source.names)
        fields = (
            *_fields(system=source.name(c.system or ""), method=c.http_method),
            _field("url", c.url, canonical_url(c.url)),
            *_fields(answered_by=source.route(c.route_id), timeout=c.timeout, authentication=c.auth),
            _reached(c.contexts, source),
            _field("condition", c.condition, canonical_condition(c.condition)),
        )
        yield Row(
            "calls",
            call_key(c),
            f"{c.http_method or 'request'} {c.url or c.label} → {source.name(c.system or 'a system not known')}",
            c.repo,
            c.id,
            fields,
            source.at(c.repo, c.path, c.line, c.end_line, "call"),
            near=(c.path, c.function, c.service, canonical_url(c.url), same_reached),
            family=(c.repo,),
            traits=(c.system or "", c.http_method or "", canonical_url(c.url), c.path, c.function, c.label),
        )


def _stores(source: Reader) -> Iterator[Row]:
    groups: dict[tuple[str, ...], list[Store]] = defaultdict(list)
    for s in source.graph.stores:
        groups[(s.repo, s.service, s.system, s.kind)].append(s)
    for key, uses in groups.items():
        repo, service, system, kind = key
        operations = {o for use in uses for o in operations_of(use)}
        data = {f"{o}s {use.via.removeprefix('Django ORM: ')}" for use in uses for o in operations_of(use) if use.via}
        first = min(uses, key=lambda use: (use.path, use.line, use.end_line, use.id))
        fields = (
            *_fields(
                operations=" and ".join(sorted(operations)),
                engine=_listed(use.engine for use in uses),
                setting=_listed(use.setting or "" for use in uses),
            ),
            _set("data", _twice(data)),
        )
        yield Row(
            "stores",
            key,
            f"{service or repo} uses {source.name(system)} ({kind})",
            repo,
            first.id,
            fields,
            source.at(repo, first.path, first.line, first.end_line, "store"),
            family=(repo, service, kind),
            traits=(system, _listed(use.engine for use in uses), _listed(use.setting or "" for use in uses)),
        )


def operations_of(use: Store) -> tuple[str, ...]:
    """`read`, `write` or both."""
    return ("read", "write") if use.operation == "both" else (use.operation,)


def asked(call: Call) -> str:
    """What a call asks for, in words."""
    return f"{call.http_method or ''} {call.url}".strip() or call.label or call.via


def _reached(contexts: tuple[Context, ...], source: Reader) -> Field:
    """The entry points of a place: told of what is new or gone; for the rest see `extractor.diff.reach`."""
    return _set("reached from", ((context_text(c, source.names), context_text(c, {})) for c in contexts), False)


def _settings(source: Reader) -> Iterator[Row]:
    for s in source.graph.settings:
        fields = _fields(
            name=s.name,
            default=s.default,
            environment_variable=s.env,
            system=source.name(s.system or ""),
            kind=s.kind,
            must_be_set="yes" if must_be_set(s) else "",
        )
        yield Row(
            "settings",
            (s.repo, s.service, s.name),
            f"{s.name} ({s.service})" if s.service else s.name,
            s.repo,
            s.id,
            fields,
            source.at(s.repo, s.path, s.line, s.line, "setting"),
            near=(s.path, s.env or ""),
            family=(s.repo, s.service, s.kind),
            traits=(s.name, s.env or "", s.default or "", s.system or ""),
        )


def must_be_set(setting: Setting) -> bool:
    """True when the service cannot reach what the setting points at until an operator sets it."""
    return setting.required or (setting.env is not None and not setting.default)


def _findings(source: Reader) -> Iterator[Row]:
    for f in source.graph.findings:
        fields = _fields(severity=f.severity, accepted_in_code=f.suppressed)
        place = source.at(f.repo, f.path, f.line, f.end_line, "finding")
        yield Row("findings", (f.fingerprint,), f"{f.rule}: {f.message}", f.repo, f.id, fields, place, (f.path,))


def _steps(source: Reader) -> Iterator[Row]:
    for scenario in source.graph.scenarios:
        for s in scenario.steps:
            ends = (source.name(s.source), source.name(s.target))
            yield Row(
                "steps",
                (scenario.id, s.source, s.target, s.label),
                f"{scenario.title}: {ends[0]} → {ends[1]}: {s.label}",
                s.evidence[0].repo if s.evidence else "",
                scenario.id,
                _fields(label=s.label, sync=_sync(s.sync), evidence="missing" if s.missing else "found"),
                s.evidence,
                near=("missing" if s.missing else "", *_place(s.evidence)),
                family=(scenario.id, s.source, s.target),
                traits=(s.label,),
            )


def _etl(source: Reader) -> Iterator[Row]:
    for e in source.graph.etl:
        place = e.evidence or _at_place(source, e.source_of_truth)
        fields = _fields(
            transport=e.transport,
            cadence=e.cadence,
            data=e.data,
            brittle="yes: " + "; ".join(e.reasons) if e.brittle else "no",
        )
        repo = e.source_of_truth.repo
        family, traits = (e.system,), (e.source, e.data, e.transport, e.consumer)
        yield Row("etl", (e.system, e.source), e.source, repo, "", fields, place, (e.data,), family, traits)


def _gaps(source: Reader) -> Iterator[Row]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for gap in source.graph.gaps:
        counts[(gap.repo, gap.kind)] += 1
    for (repo, kind), count in counts.items():
        yield Row("gaps", (repo, kind), f"not understood in {repo}: {kind}", repo, "", _fields(places=str(count)), ())


_ROWS: dict[str, Callable[[Reader], Iterable[Row]]] = {
    "nodes": _nodes,
    "flows": _flows,
    "cycles": _cycles,
    "tasks": _tasks,
    "schedules": _schedules,
    "enqueues": _enqueues,
    "routes": _routes,
    "inbound": _inbound,
    "calls": _calls,
    "stores": _stores,
    "settings": _settings,
    "findings": _findings,
    "steps": _steps,
    "etl": _etl,
    "gaps": _gaps,
}


def _sync(sync: bool) -> str:
    return "synchronous" if sync else "asynchronous"


def _renamed(text: str, names: Names) -> str:
    return " ".join(names.get(word, word) for word in text.split(" "))


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted({value for value in values if value}))


def _place(evidence: tuple[Evidence, ...]) -> tuple[str, str]:
    return (evidence[0].path, evidence[0].repo) if evidence else ("", "")


def _at_place(source: Reader, place: Place) -> tuple[Evidence, ...]:
    return source.at(place.repo, place.path, place.line, place.line, "source of truth")
