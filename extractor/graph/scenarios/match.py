"""What a step's query matches: flows, each with the rows of it that fit, their entry points, lines and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from extractor.graph.index import GraphIndex, RowAt
from extractor.graph.scenarios.definition import StepQuery
from extractor.graph.scenarios.opened import Entry, tasks_behind, through
from extractor.model.graph import Call, Context, Enqueue, Evidence, Flow, Route, Store, Task
from extractor.model.query import fits, fitting
from extractor.text.urls import path_of

# The labels of arrows to stores, by operation.
_STORE_LABELS = {"read": "reads", "write": "writes", "both": "reads and writes"}


@dataclass(frozen=True, slots=True)
class FlowMatch:
    """A row of a flow that fits a step, its own line first in the evidence.

    It is reached from one of `entries` (entry points of the flow's source that the step allows), or, where the source
    runs no code of ours, from the source itself. Some have nothing before them: those that `begin` (a person's use, a
    schedule, a webhook of a system outside, a process of its own), and those that the estate file declares. `opens`
    are the entry points that it opens at the target, which is another than the flow's only behind proxies.
    """

    flow: Flow
    target: str
    label: str
    evidence: tuple[Evidence, ...]
    entries: tuple[Context, ...] = ()
    opens: tuple[Entry, ...] = ()
    begins: bool = False
    declared: bool = False
    confidence: str = "certain"
    cadence: str = ""
    condition: str = ""
    note: str = ""


def matches(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    """Every row of a flow that fits the step's queries, whatever the flow's ends and synchrony."""
    return _BY_KIND[step.kind](index, step)


def _calls(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    for flow, call in _rows(index, index.calls, lambda flow: flow.call_ids):
        route = index.answer(call)
        if not _asked(step, call) or not fits("call", step.queries["call"], call):
            continue
        if "route" in step.queries and (route is None or not fits("route", step.queries["route"], route)):
            continue
        found = FlowMatch(flow, flow.target, _call_words(call), (index.evidence(call, "call"),))
        found = replace(found, confidence=call.confidence, condition=call.condition)
        if route is not None:
            found = replace(found, evidence=(*found.evidence, index.evidence(route, "route")), opens=(_entry(route),))
        yield from _from_code(index, step, found, call.contexts)


def _stores(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    for flow, store in _rows(index, index.stores, lambda flow: flow.store_ids):
        if _asked(step, store) and fits("store", step.queries["store"], store):
            found = FlowMatch(flow, flow.target, _store_words(store), (index.evidence(store, "store"),))
            yield from _from_code(index, step, replace(found, confidence=store.confidence), store.contexts)


def _enqueues(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    for flow, enqueue in _rows(index, index.enqueues, lambda flow: flow.enqueue_ids):
        task = index.tasks.get(enqueue.task_id or "")
        if task is not None and _asked(step, enqueue) and fits("enqueue", step.queries["enqueue"], enqueue):
            lines = (index.evidence(enqueue, "enqueue"), index.evidence(task, "task"))
            opens = tasks_behind(index, index.nodes[flow.target], [task.id])
            found = FlowMatch(flow, flow.target, _task_words(task), lines, opens=opens, confidence=enqueue.confidence)
            yield from _from_code(index, step, found, enqueue.contexts)


def _schedules(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    for flow, schedule in _rows(index, index.schedules, lambda flow: flow.schedule_ids):
        task = index.tasks.get(schedule.task_id or "")
        if index.nodes[flow.source].role != "beat" or task is None or not _asked(step, schedule):
            continue
        if "task" in step.queries and not fits("task", step.queries["task"], task):
            continue
        if fits("schedule", step.queries["schedule"], schedule):
            label = f"{_task_words(task)}: {schedule.cadence}"
            lines = (index.evidence(schedule, "schedule"), index.evidence(task, "task"))
            opens = tasks_behind(index, index.nodes[flow.target], [task.id])
            found = FlowMatch(flow, flow.target, label, lines, opens=opens, begins=True)
            yield replace(found, cadence=schedule.cadence, condition=schedule.condition)


def _routes(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    """People ask for pages; other systems only where the estate says that they call here."""
    webs = {(node.repo, node.service): node.id for node in index.graph.nodes if node.role == "web"}
    for route in index.graph.routes:
        target = webs.get((route.repo, route.service))
        if target is None or not _asked(step, route) or not fits("route", step.queries["route"], route):
            continue
        line, opens = index.evidence(route, "route"), (_entry(route),)
        for flow in _whole(index):
            source = index.nodes[flow.source]
            if source.kind == "person":
                proxies = through(index, flow.target, target)
                if proxies is not None:
                    lines = (line, *(one.evidence[0] for one in proxies))
                    note = f"through {index.nodes[flow.target].name}" if proxies else ""
                    found = FlowMatch(flow, target, _route_words(route), lines, opens=opens, begins=True)
                    yield replace(found, condition=flow.condition, note=note)
            elif flow.target == target and route.id in flow.route_ids and not flow.call_ids:
                lines = (line, *(one for one in flow.evidence if one.role == "view"))
                found = FlowMatch(flow, target, flow.label, lines, opens=opens, note=flow.why)
                read = source.scope == "estate"  # and nothing in its code is seen to call
                yield replace(found, begins=not read, declared=read)


def _tasks(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    for flow, task in _rows(index, index.tasks, lambda flow: flow.task_ids):
        worker = index.nodes[flow.target]
        if index.nodes[flow.source].role != "queue" or worker.role != "worker":
            continue
        if _asked(step, task) and fits("task", step.queries["task"], task):
            lines, opens = (index.evidence(task, "task"),), tasks_behind(index, worker, [task.id])
            taken = (Context("task", task.name, (worker.service or "",)),)
            yield FlowMatch(flow, flow.target, _task_words(task), lines, taken, opens)


def _flows(index: GraphIndex, step: StepQuery) -> Iterator[FlowMatch]:
    """Flows by what they say, whatever makes them."""
    for flow in _whole(index):
        if not fits("flow", step.queries["flow"], flow) or step.repo not in ("", flow.evidence[0].repo):
            continue
        source, contexts = index.nodes[flow.source], tuple(dict.fromkeys(_contexts(index, flow)))
        begins = source.kind == "person" or source.role == "beat" or (source.scope == "external" and not contexts)
        opens = tuple(_opened_by(index, flow))
        found = FlowMatch(
            flow, flow.target, flow.label, flow.evidence, opens=opens, begins=begins, declared=flow.declared
        )
        found = replace(found, confidence=flow.confidence, condition=flow.condition)
        if begins:
            yield replace(found, cadence=flow.cadence)
        elif contexts:
            yield from _from_code(index, step, found, contexts)
        else:
            yield found


_BY_KIND: dict[str, Callable[[GraphIndex, StepQuery], Iterator[FlowMatch]]] = {
    "call": _calls,
    "store": _stores,
    "enqueue": _enqueues,
    "flow": _flows,
    "schedule": _schedules,
    "route": _routes,
    "task": _tasks,
}

Row = TypeVar("Row")


def _rows(
    index: GraphIndex, rows: Mapping[str, Row], ids: Callable[[Flow], Iterable[str]]
) -> Iterator[tuple[Flow, Row]]:
    """Each flow with each of its rows of one kind."""
    for flow in _whole(index):
        yield from ((flow, rows[one]) for one in ids(flow) if one in rows)


def _whole(index: GraphIndex) -> Iterator[Flow]:
    """The flows whose ends are nodes of the graph."""
    return (flow for flow in index.graph.flows if flow.source in index.nodes and flow.target in index.nodes)


def _asked(step: StepQuery, row: RowAt) -> bool:
    return step.repo in ("", row.repo)


def _entry(route: Route) -> Entry:
    return Entry(route.repo, route.service, "request", route.pattern)


def _from_code(
    index: GraphIndex, step: StepQuery, found: FlowMatch, contexts: Iterable[Context]
) -> Iterator[FlowMatch]:
    """The match with the entry points from which its flow's source comes there and the step allows, and the lines that
    say so; nothing where there is none. A process of its own is a beginning."""
    node = index.nodes[found.flow.source]
    kept, lines = list(fitting(step.context, index.running(node, contexts))), list[Evidence]()
    for kind, narrowed in (("route", _serving), ("task", _running), ("schedule", _timed)):
        if kind in step.queries and (kind != "route" or step.kind != "call"):
            told = {context: narrowed(index, step, node.repo or "", context) for context in kept}
            kept = [context for context, shown in told.items() if shown]
            lines += [line for shown in told.values() for line in shown]
    if kept:
        own = node.role == "command"
        cadence = found.flow.cadence if own else ""
        yield replace(found, evidence=(*found.evidence, *lines), entries=tuple(kept), begins=own, cadence=cadence)


def _serving(index: GraphIndex, step: StepQuery, repo: str, context: Context) -> list[Evidence]:
    served = index.serving(repo, context.name) if context.kind == "request" else ()
    return [index.evidence(route, "route") for route in served if fits("route", step.queries["route"], route)]


def _running(index: GraphIndex, step: StepQuery, repo: str, context: Context) -> list[Evidence]:
    task = index.task(repo, context.name) if context.kind == "task" else None
    return [index.evidence(task, "task")] if task and fits("task", step.queries["task"], task) else []


def _timed(index: GraphIndex, step: StepQuery, repo: str, context: Context) -> list[Evidence]:
    if context.kind != "task":
        return []
    timing = index.timing(repo, context.name)
    schedules = [s for s in timing.schedules if fits("schedule", step.queries["schedule"], s)]
    lines = [index.evidence(schedule, "schedule") for schedule in schedules]
    return [*lines, *(index.evidence(e, "enqueue") for e in timing.enqueues[:3])] if lines else []


def _contexts(index: GraphIndex, flow: Flow) -> Iterator[Context]:
    """The entry points of every row that makes a flow."""
    rows: list[Call | Store | Enqueue] = [index.calls[i] for i in flow.call_ids]
    rows += [index.stores[i] for i in flow.store_ids]
    rows += [index.enqueues[i] for i in flow.enqueue_ids]
    for row in rows:
        yield from row.contexts


def _opened_by(index: GraphIndex, flow: Flow) -> Iterator[Entry]:
    """The entry points at a flow's target that its rows open."""
    target = index.nodes[flow.target]
    if target.role in ("queue", "worker"):
        yield from tasks_behind(index, target, flow.task_ids)
    for route in (index.routes[i] for i in flow.route_ids):
        if (route.repo, route.service) == (target.repo, target.service):
            yield _entry(route)


def _call_words(call: Call) -> str:
    return call.label or f"{call.http_method or ''} {path_of(call.url)}".strip() or call.via


def _store_words(store: Store) -> str:
    what = store.via.removeprefix("Django ORM: ")
    return f"{_STORE_LABELS[store.operation]} {what}".strip()


def _task_words(task: Task) -> str:
    return task.name.rsplit(".", 1)[-1]


def _route_words(route: Route) -> str:
    return f"{route.methods[0] if len(route.methods) == 1 else ''} {route.pattern}".strip()
