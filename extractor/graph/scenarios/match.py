"""What a step's query matches: one candidate arrow for each row, with its ends, its label and its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.graph.index import GraphIndex, Origin
from extractor.graph.scenarios.definition import StepQuery
from extractor.model.graph import Call, Context, Evidence, Route, Schedule, Store, Task
from extractor.model.ids import beat_id, queue_id, web_id, worker_id
from extractor.model.query import fits, fitting
from extractor.text.urls import path_of

# The labels of arrows to stores, by operation.
_STORE_LABELS = {"read": "reads", "write": "writes", "both": "reads and writes"}


@dataclass(frozen=True, slots=True)
class StepCandidate:
    """An arrow that a row makes. Evidence: the row's own line first.

    `row` is the row's id and `flow` the label of its arrow where that is known: by these its flow is found.
    """

    source: str
    target: str
    label: str
    sync: bool
    evidence: tuple[Evidence, ...]
    row: str = ""
    confidence: str = "certain"
    note: str = ""
    flow: str = ""


def candidates(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    """Every arrow that rows fitting the step's queries make, whatever its ends."""
    return _BY_KIND[step.kind](index, step)


def _calls(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    wanted = step.queries["call"]
    for call in index.graph.calls:
        target = index.called(call)
        if target is None or not _asked(step, call.repo) or not fits("call", wanted, call):
            continue
        route = index.answer(call)
        if "route" in step.queries and (route is None or not fits("route", step.queries["route"], route)):
            continue
        contexts, explaining = _reached(index, step, call.repo, call.contexts)
        if route is not None:
            explaining.insert(0, index.evidence(route, "route"))
        lines = (index.evidence(call, "call"), *explaining)
        for source in _sources(index, call.repo, call.service, contexts):
            waits = index.blocks(source)
            yield StepCandidate(source, target, _call_words(call), waits, lines, call.id, call.confidence)


def _stores(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    for store in index.graph.stores:
        if not _asked(step, store.repo) or not fits("store", step.queries["store"], store):
            continue
        contexts, explaining = _reached(index, step, store.repo, store.contexts)
        lines = (index.evidence(store, "store"), *explaining)
        for source in _sources(index, store.repo, store.service, contexts):
            yield StepCandidate(
                source,
                index.store(store),
                _store_words(store),
                index.blocks(source),
                lines,
                store.id,
                store.confidence,
                flow=_STORE_LABELS[store.operation],
            )


def _enqueues(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    for enqueue in index.graph.enqueues:
        task = index.tasks.get(enqueue.task_id or "")
        if task is None or not _asked(step, enqueue.repo) or not fits("enqueue", step.queries["enqueue"], enqueue):
            continue
        contexts, explaining = _reached(index, step, enqueue.repo, enqueue.contexts)
        lines = (index.evidence(enqueue, "enqueue"), index.evidence(task, "task"), *explaining)
        for origin in index.origins(enqueue.repo, "", contexts):
            for target in _near(index, origin, index.queues(enqueue)):
                yield StepCandidate(
                    origin.node.id, target, _task_words(task), False, lines, task.id, enqueue.confidence
                )


def _flows(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    for flow in index.graph.flows:
        if fits("flow", step.queries["flow"], flow) and (not step.repo or flow.evidence[0].repo == step.repo):
            yield StepCandidate(
                flow.source, flow.target, flow.label, flow.sync, flow.evidence, flow.id, flow.confidence
            )


def _schedules(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    for schedule in index.graph.schedules:
        task = index.tasks.get(schedule.task_id or "")
        if task is None or not _asked(step, schedule.repo) or not fits("schedule", step.queries["schedule"], schedule):
            continue
        if "task" in step.queries and not fits("task", step.queries["task"], task):
            continue
        lines = (index.evidence(schedule, "schedule"), index.evidence(task, "task"))
        for service in _beats(index, schedule, task):
            source, target = beat_id(schedule.repo, service), queue_id(schedule.repo, service)
            yield StepCandidate(source, target, f"{_task_words(task)}: {schedule.cadence}", False, lines, schedule.id)


def _routes(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    """People ask for pages; other systems only where the code says that they, or some it does not name, call here."""
    people = [node.id for node in index.graph.nodes if node.kind == "person"]
    for route in index.graph.routes:
        if not _asked(step, route.repo) or not fits("route", step.queries["route"], route):
            continue
        target, lines = web_id(route.repo, route.service), (index.evidence(route, "route"),)
        for source in people:
            yield StepCandidate(source, target, _route_words(route), True, lines, route.id)
        for inbound in index.graph.inbound:
            if inbound.route_id == route.id:
                shown = (*lines, *(e for e in inbound.evidence if e not in lines))
                if inbound.system or "*" in step.source:
                    yield StepCandidate(inbound.system, target, inbound.label, True, shown, route.id)
                else:
                    note = "the code says that another system calls here, the scenario says which"
                    yield StepCandidate(step.source, target, inbound.label, True, shown, route.id, note=note)


def _tasks(index: GraphIndex, step: StepQuery) -> Iterator[StepCandidate]:
    for task in index.graph.tasks:
        if not _asked(step, task.repo) or not fits("task", step.queries["task"], task):
            continue
        for service in task.services or index.workers_of(task.repo, task.name):
            source, target = queue_id(task.repo, service), worker_id(task.repo, service)
            yield StepCandidate(source, target, _task_words(task), False, (index.evidence(task, "task"),), task.id)


_BY_KIND: dict[str, Callable[[GraphIndex, StepQuery], Iterator[StepCandidate]]] = {
    "call": _calls,
    "store": _stores,
    "enqueue": _enqueues,
    "flow": _flows,
    "schedule": _schedules,
    "route": _routes,
    "task": _tasks,
}


def _asked(step: StepQuery, repo: str) -> bool:
    return step.repo in ("", repo)


def _sources(index: GraphIndex, repo: str, service: str, contexts: Iterable[Context]) -> list[str]:
    return [origin.node.id for origin in index.origins(repo, service, contexts)]


def _reached(
    index: GraphIndex, step: StepQuery, repo: str, contexts: Iterable[Context]
) -> tuple[list[Context], list[Evidence]]:
    """The entry points that the step allows, and the lines that say how they lead here."""
    kept, lines = list(fitting(step.context, contexts)), list[Evidence]()
    if "route" in step.queries and step.kind != "call":
        served = {c: r for c in kept for r in _serving(index, step, repo, c)}
        kept = list(served)
        lines += [index.evidence(route, "route") for route in served.values()]
    if "task" in step.queries:
        running = {c: index.task(repo, c.name) for c in kept if c.kind == "task"}
        fitted = {c: task for c, task in running.items() if task and fits("task", step.queries["task"], task)}
        kept = list(fitted)
        lines += [index.evidence(task, "task") for task in fitted.values()]
    if "schedule" in step.queries:
        timed = {c: _leading(index, step, repo, c) for c in kept if c.kind == "task"}
        kept = [c for c, found in timed.items() if found]
        lines += [line for found in timed.values() for line in found]
    return kept, lines


def _serving(index: GraphIndex, step: StepQuery, repo: str, context: Context) -> Iterator[Route]:
    if context.kind == "request":
        for route in index.graph.routes:
            if route.repo == repo and route.pattern == context.name and fits("route", step.queries["route"], route):
                yield route


def _leading(index: GraphIndex, step: StepQuery, repo: str, context: Context) -> list[Evidence]:
    timing = index.timing(repo, context.name)
    schedules = [s for s in timing.schedules if fits("schedule", step.queries["schedule"], s)]
    lines = [index.evidence(schedule, "schedule") for schedule in schedules]
    return [*lines, *(index.evidence(e, "enqueue") for e in timing.enqueues[:3])] if lines else []


def _beats(index: GraphIndex, schedule: Schedule, task: Task) -> Sequence[str]:
    if schedule.service:
        return (schedule.service,)
    return index.workers_of(task.repo, task.name)


def _near(index: GraphIndex, origin: Origin, queues: Sequence[str]) -> Sequence[str]:
    """The queue of the service that queues, where it runs the task itself; else all that may be meant."""
    sender = (origin.node.repo, origin.node.service)
    own = [queue for queue in queues if (index.nodes[queue].repo, index.nodes[queue].service) == sender]
    return own or queues


def _call_words(call: Call) -> str:
    return call.label or f"{call.http_method or ''} {path_of(call.url)}".strip() or call.via


def _store_words(store: Store) -> str:
    what = store.via.removeprefix("Django ORM: ")
    return f"{_STORE_LABELS[store.operation]} {what}".strip()


def _task_words(task: Task) -> str:
    return task.name.rsplit(".", 1)[-1]


def _route_words(route: Route) -> str:
    return f"{route.methods[0] if len(route.methods) == 1 else ''} {route.pattern}".strip()
