"""Rows of what stands in code: tasks, schedules, messages, routes, calls, datastore uses, settings, findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from extractor.diff.identity import (
    asked_url,
    call_key,
    canonical_condition,
    canonical_pattern,
    contexts_text,
    finding_group,
    route_key,
)
from extractor.diff.row import (
    ComparedRow,
    GraphReader,
    field_of,
    fields_of,
    listed,
    reached_from,
    renamed,
    set_of,
    twice,
)
from extractor.model.graph import Call, Setting, Store
from extractor.text.urls import by_name, has_literal, path_of

# How a use of a model begins. What else stands there is the code of a client, which says nothing of the data.
_MODEL = "Django ORM: "

# What is compared of a beat entry that leads to no task: why. An older graph does not say.
_RESOLVES = {
    "": "no",
    "built-in": "yes",
    "unknown": "not known",
    "unread": "not known",
    "elsewhere": "in another repository",
    "missing": "no: no such task",
}

# Who calls a route that is known to be called from outside, when code does not tell.
OUTSIDE = "a system outside"


def tasks(source: GraphReader) -> Iterator[ComparedRow]:
    for t in source.graph.tasks:
        module, _, last = t.name.rpartition(".")
        services = ", ".join(sorted(t.services))
        yield ComparedRow(
            "tasks",
            (t.repo, t.name),
            t.name,
            t.repo,
            t.id,
            fields_of(name=t.name, queue=t.queue, origin=t.origin, services=services),
            source.at(t.repo, t.path, t.line, t.end_line, "task"),
            near=(t.path, t.function),
            family=(t.repo,),
            traits=(last, module, t.summary, t.queue or ""),
        )


def schedules(source: GraphReader) -> Iterator[ComparedRow]:
    for s in source.graph.schedules:
        fields = (
            *fields_of(
                key=s.key, cadence=s.cadence, schedule=s.schedule, service=s.service, note=s.note, queue=s.queue
            ),
            field_of("task", s.task, renamed(s.task, source.names)),
            field_of("resolves", "yes" if s.task_id else _RESOLVES.get(s.unresolved, "no")),
            field_of("condition", s.condition, canonical_condition(s.condition)),
        )
        yield ComparedRow(
            "schedules",
            (s.repo, s.service, s.key),
            f"{s.key}: {s.cadence or s.schedule}",
            s.repo,
            s.id,
            fields,
            source.at(s.repo, s.path, s.line, s.end_line, "schedule"),
            near=(s.path,),
            family=(s.repo, s.service),
            traits=(renamed(s.task, source.names), s.key, s.schedule),
        )


def enqueues(source: GraphReader) -> Iterator[ComparedRow]:
    for e in source.graph.enqueues:
        task = renamed(e.task or "", source.names)
        fields = (
            field_of("task", e.task or "not known", task),
            *fields_of(how=e.how, queue=e.queue),
            reached_from(e.contexts, source),
        )
        yield ComparedRow(
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


def routes(source: GraphReader) -> Iterator[ComparedRow]:
    for r in source.graph.routes:
        methods = ", ".join(sorted(r.methods))
        fields = (
            field_of("pattern", r.pattern, canonical_pattern(r.pattern)),
            *fields_of(methods=methods, service=r.service, kind=r.kind, origin=r.origin),
            field_of("deprecated", r.deprecated, "yes" if r.deprecated else ""),
            field_of("condition", r.condition, canonical_condition(r.condition)),
        )
        yield ComparedRow(
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


def inbound(source: GraphReader) -> Iterator[ComparedRow]:
    for i in source.graph.inbound:
        route = source.route(i.route_id)
        yield ComparedRow(
            "inbound",
            (i.repo, i.service, i.system, i.kind, route),
            f"{source.name(i.system) or OUTSIDE} calls {route}",
            i.repo,
            i.id,
            fields_of(label=i.label, kind=i.kind, route=route),
            i.evidence,
            family=(i.repo, i.service, i.system),
            traits=(route, i.label, i.kind),
        )


def calls(source: GraphReader) -> Iterator[ComparedRow]:
    """A row for each call. The values that one line may send (a default, and what callers give) are one call."""
    sites: dict[tuple[object, ...], list[Call]] = defaultdict(list)
    for call in source.graph.calls:
        sites[(*call_key(call), call.path, call.line, call.end_line)].append(call)
    for group in sites.values():
        c = min(group, key=lambda one: (asked_url(one.url), one.url, one.id))
        contexts = tuple(dict.fromkeys(context for one in group for context in one.contexts))
        same_reached = contexts_text(contexts, source.names)
        base = c.base_setting or ""
        url = asked_url(c.url)
        # A label is for reading, and changes with what else is known; where the path is not, it is all there is.
        label = "" if has_literal(path_of(c.url)) else c.label
        fields = (
            *fields_of(system=source.name(c.system or ""), method=c.http_method),
            set_of("url", ((asked_url(one.url), one.url) for one in group)),
            field_of("base", base, source.names.get(base, base)),
            set_of("answered by", twice(source.route(one.route_id) for one in group)),
            *fields_of(timeout=c.timeout, authentication=c.auth),
            reached_from(contexts, source),
            set_of("condition", twice(canonical_condition(" ".join(one.condition for one in group)).split())),
        )
        yield ComparedRow(
            "calls",
            call_key(c),
            f"{c.http_method or 'request'} {c.url or c.label} → {source.name(c.system or 'a system not known')}",
            c.repo,
            c.id,
            fields,
            source.at(c.repo, c.path, c.line, c.end_line, "call"),
            near=(c.path, c.function, c.service, url, same_reached),
            family=(c.repo,),
            traits=(c.system or "", c.http_method or "", url, c.path, c.function, label),
        )


def stores(source: GraphReader) -> Iterator[ComparedRow]:
    groups: dict[tuple[str, ...], list[Store]] = defaultdict(list)
    for s in source.graph.stores:
        groups[(s.repo, s.service, s.system, s.kind)].append(s)
    for key, uses in groups.items():
        repo, service, system, kind = key
        operations = {o for use in uses for o in operations_of(use)}
        models = [use for use in uses if use.via.startswith(_MODEL)]
        data = {f"{o}s {use.via.removeprefix(_MODEL)}" for use in models for o in operations_of(use)}
        first = min(uses, key=lambda use: (use.path, use.line, use.end_line, use.id))
        fields = (
            *fields_of(
                operations=" and ".join(sorted(operations)),
                engine=listed(use.engine for use in uses),
                setting=listed(use.setting or "" for use in uses),
            ),
            set_of("data", twice(data)),
        )
        yield ComparedRow(
            "stores",
            key,
            f"{service or repo} uses {source.name(system)} ({kind})",
            repo,
            first.id,
            fields,
            source.at(repo, first.path, first.line, first.end_line, "store"),
            family=(repo, service, kind),
            traits=(system, listed(use.engine for use in uses), listed(use.setting or "" for use in uses)),
        )


def operations_of(use: Store) -> tuple[str, ...]:
    """`read`, `write` or both."""
    return ("read", "write") if use.operation == "both" else (use.operation,)


def asked(call: Call) -> str:
    """What a call asks for, in words."""
    return f"{call.http_method or ''} {call.url}".strip() or call.label or call.via


def settings(source: GraphReader) -> Iterator[ComparedRow]:
    for s in source.graph.settings:
        default = s.default or ""
        fields = (
            field_of("name", s.name),
            field_of("default", default, by_name(default)),
            *fields_of(
                environment_variable=s.env,
                system=source.name(s.system or ""),
                kind=s.kind,
                must_be_set="yes" if must_be_set(s) else "",
            ),
        )
        yield ComparedRow(
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


def findings(source: GraphReader) -> Iterator[ComparedRow]:
    for f in source.graph.findings:
        fields = fields_of(severity=f.severity, accepted_in_code=f.suppressed)
        place = source.at(f.repo, f.path, f.line, f.end_line, "finding")
        near = (f.path, f.function, f.message, f.fingerprint)
        yield ComparedRow(
            kind="findings",
            key=(finding_group(f.fingerprint),),
            title=f"{f.rule}: {f.message}",
            repo=f.repo,
            id=f.id,
            fields=fields,
            evidence=place,
            near=near,
        )
