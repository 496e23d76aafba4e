"""Auto-scenarios: for one task, route, command or receiver, what it calls, stores and queues, as a Dynamic view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from extractor.model.graph import Call, Context, Enqueue, Graph, Schedule, Store, Task
from extractor.text.slugs import digest, slug
from extractor.views.dynamic import framed_boxes
from extractor.views.index import ViewIndex, make_view_index
from extractor.views.project import join_labels
from extractor.views.view import Boundary, View, ViewEdge, ViewNode

_DEEPEST = 3
_MOST_STEPS = 24
_ENTRY = {
    "request": "Django view",
    "task": "Celery task",
    "command": "management command",
    "signal": "signal receiver",
    "startup": "start-up",
    "unknown": "entry point",
}
_VERB = {"read": "reads", "write": "writes", "both": "reads and writes"}

Unit = tuple[str, str, str]  # repository, context kind, context name


@dataclass(slots=True)
class _Draft:
    """A picture in the making: entry boxes by unit, graph nodes reached, arrows in order."""

    entries: dict[Unit, ViewNode] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    arrows: dict[tuple[str, str, bool, str], ViewEdge] = field(default_factory=dict)


class Chains:
    """The auto-scenarios of a graph. Holds an index over its calls, stores and enqueues by entry point."""

    def __init__(self, graph: Graph) -> None:
        self._atlas: ViewIndex = make_view_index(graph)
        self._calls: dict[Unit, list[Call]] = defaultdict(list)
        self._stores: dict[Unit, list[Store]] = defaultdict(list)
        self._enqueues: dict[Unit, list[Enqueue]] = defaultdict(list)
        self._tasks: dict[str, Task] = {task.id: task for task in graph.tasks}
        self._named: dict[tuple[str, str], Task] = {(t.repo, t.name): t for t in graph.tasks}
        self._schedules: dict[str, list[Schedule]] = defaultdict(list)
        self._flows: dict[str, list[str]] = defaultdict(list)
        for call in graph.calls:
            for unit in _units(call.repo, call.contexts):
                self._calls[unit].append(call)
        for store in graph.stores:
            for unit in _units(store.repo, store.contexts):
                self._stores[unit].append(store)
        for enqueue in graph.enqueues:
            for unit in _units(enqueue.repo, enqueue.contexts):
                self._enqueues[unit].append(enqueue)
        for schedule in graph.schedules:
            if schedule.task_id:
                self._schedules[schedule.task_id].append(schedule)
        for flow in graph.flows:
            for call_id in flow.call_ids:
                self._flows[call_id].append(flow.id)

    def entries(self) -> tuple[tuple[Context, str], ...]:
        """Every entry point that reaches something, with its repository: those that `view` gives a picture for."""
        units = sorted(set(self._calls) | set(self._stores) | set(self._enqueues))
        return tuple((Context(kind, name), repo) for repo, kind, name in units if kind != "unknown")

    def view(self, entry: Context, repo: str) -> View | None:
        """The Dynamic view of an entry point (a route's context is named by its pattern, a task's by its name).

        None when nothing that it reaches can be drawn. Tasks that it queues are followed, three deep.
        """
        draft = _Draft()
        start = (repo, entry.kind, entry.name)
        box_id = self._entry_box(draft, start)
        self._triggers(draft, start, box_id)
        before = len(draft.arrows)
        waiting, seen = [(start, 0)], {start}
        while waiting:
            unit, depth = waiting.pop(0)
            self._follow(draft, unit)
            for task_unit in self._queued(draft, unit, depth):
                if task_unit not in seen:
                    seen.add(task_unit)
                    waiting.append((task_unit, depth + 1))
        if len(draft.arrows) == before:
            return None
        return self._finish(draft, start)

    def _entry_box(self, draft: _Draft, unit: Unit) -> str:
        repo, kind, name = unit
        if unit not in draft.entries:
            task = self._named.get((repo, name)) if kind == "task" else None
            kind_of = _ENTRY.get(kind, "entry point")
            technology = f"{kind_of}, queue {task.queue}" if task and task.queue else kind_of
            box_id = f"entry:{repo}:{kind}:{name}"
            draft.entries[unit] = ViewNode(
                box_id, "component", _short(kind, name), technology, task.summary if task else "", (), f"repo:{repo}"
            )
        return draft.entries[unit].id

    def _triggers(self, draft: _Draft, unit: Unit, box_id: str) -> None:
        """What starts a task: its beat entries."""
        task = self._named.get((unit[0], unit[2])) if unit[1] == "task" else None
        for schedule in self._schedules.get(task.id, ()) if task else ():
            beat = f"beat:{unit[0]}"
            draft.entries[unit[0], "beat", ""] = ViewNode(
                beat, "component", "Celery beat", "scheduler", "", (), f"repo:{unit[0]}"
            )
            self._arrow(draft, beat, box_id, schedule.cadence or schedule.schedule, "schedule", False)

    def _follow(self, draft: _Draft, unit: Unit) -> None:
        source = self._entry_box(draft, unit)
        nodes = self._atlas.nodes
        for call in sorted(self._calls.get(unit, ()), key=lambda c: (c.path, c.line, c.id)):
            if call.system is None or call.system not in nodes or call.confidence == "possible":
                continue
            if not _queued_call(call, unit):
                flows = tuple(sorted(self._flows.get(call.id, ())))
                draft.reached.add(call.system)
                label = call.label or f"{call.http_method or ''} {call.url}".strip()
                self._arrow(draft, source, call.system, label, "HTTPS" if call.http_method else "", True, flows)
        for store in sorted(self._stores.get(unit, ()), key=lambda s: (s.path, s.line, s.id)):
            if store.system in nodes and store.confidence != "possible":
                draft.reached.add(store.system)
                self._arrow(draft, source, store.system, _VERB.get(store.operation, "uses"), store.engine, True)

    def _queued(self, draft: _Draft, unit: Unit, depth: int) -> list[Unit]:
        """Draws the tasks that the unit queues and gives those to follow further."""
        found = []
        source = self._entry_box(draft, unit)
        for enqueue in sorted(self._enqueues.get(unit, ()), key=lambda e: (e.path, e.line, e.id)):
            task = self._tasks.get(enqueue.task_id or "")
            if task is None or depth >= _DEEPEST or enqueue.confidence == "possible":
                continue
            target_unit = (task.repo, "task", task.name)
            target = self._entry_box(draft, target_unit)
            self._arrow(draft, source, target, f"queues ({enqueue.how})", "Celery", False)
            found.append(target_unit)
        return found

    def _arrow(
        self,
        draft: _Draft,
        source: str,
        target: str,
        label: str,
        technology: str,
        sync: bool,
        flow_ids: tuple[str, ...] = (),
    ) -> None:
        key = (source, target, sync, label)
        if key in draft.arrows:
            old = draft.arrows[key]
            draft.arrows[key] = replace(old, flow_ids=tuple(sorted({*old.flow_ids, *flow_ids})))
        elif len(draft.arrows) < _MOST_STEPS:
            edge_id = "e" + digest("chain", source, target, str(sync), label)
            draft.arrows[key] = ViewEdge(edge_id, source, target, label, technology, sync, flow_ids)

    def _finish(self, draft: _Draft, start: Unit) -> View:
        repo, kind, name = start
        view_id = f"chain-{slug(kind)}-{slug(name)[:40]}-{digest(*start)}"
        edges = tuple(self._numbered(draft.arrows.values()))
        used = {end for edge in edges for end in (edge.source, edge.target)}
        nodes, frames = framed_boxes(self._atlas, draft.reached & used, view_id, {})
        entries, entry_frames = self._placed(draft, used)
        known = {frame.id: frame for frame in (*frames, *entry_frames)}
        what = _ENTRY.get(kind, "entry point")
        return View(
            id=view_id,
            kind="dynamic",
            title=f"{what[0].upper()}{what[1:]}: {name}",
            description=f"What this {what} reaches, told from the code alone.",
            system=self._system(repo),
            nodes=(*entries, *nodes),
            edges=edges,
            boundaries=tuple(known[key] for key in sorted(known)),
        )

    def _numbered(self, arrows: Iterable[ViewEdge]) -> Iterable[ViewEdge]:
        for n, edge in enumerate(_merged(arrows), 1):
            yield replace(edge, n=n, brittle=any(f in self._atlas.brittle for f in edge.flow_ids))

    def _placed(self, draft: _Draft, used: set[str]) -> tuple[list[ViewNode], list[Boundary]]:
        """Entry boxes inside the frame of the system that their repository belongs to, where one is known."""
        boxes, frames = [], []
        for unit in sorted(draft.entries):
            node = draft.entries[unit]
            if node.id not in used:
                continue
            system = self._atlas.nodes.get(self._system(unit[0]))
            boxes.append(replace(node, boundary=f"in:{system.id}" if system else ""))
            if system:
                frames.append(Boundary(f"in:{system.id}", system.name, system.kind))
        return boxes, frames

    def _system(self, repo: str) -> str:
        tops = (self._atlas.top_of(n.id) for n in self._atlas.graph.nodes if n.repo == repo)
        return next((top for top in tops if self._atlas.nodes[top].kind == "system"), "")


def chain_view(graph: Graph, entry: Context, repo: str) -> View | None:
    """The auto-scenario of one entry point; see `Chains.view`. For many, build one `Chains`."""
    return Chains(graph).view(entry, repo)


def _units(repo: str, contexts: Iterable[Context]) -> set[Unit]:
    return {(repo, context.kind, context.name) for context in contexts}


def _queued_call(call: Call, unit: Unit) -> bool:
    """Whether the entry point reaches the call only through a queue: the task then draws it."""
    if unit[1] == "task" or not call.chains:
        return False
    return all(any(hop.how == "enqueue" for hop in chain) for chain in call.chains)


def _merged(arrows: Iterable[ViewEdge]) -> Iterable[ViewEdge]:
    """Arrows of one unit to one target become one, in the place of the first, its label listing what moves."""
    bundles: dict[tuple[str, str, bool], list[ViewEdge]] = {}
    for edge in arrows:
        bundles.setdefault((edge.source, edge.target, edge.sync), []).append(edge)
    for bundle in bundles.values():
        first = bundle[0]
        flow_ids = tuple(sorted({flow for edge in bundle for flow in edge.flow_ids}))
        yield replace(first, label=join_labels(edge.label for edge in bundle), flow_ids=flow_ids)


def _short(kind: str, name: str) -> str:
    """A task by its last two dotted names; anything else as it is."""
    return ".".join(name.split(".")[-2:]) if kind == "task" else name
