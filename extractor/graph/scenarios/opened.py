"""What the steps of a scenario have opened so far, and by which way a piece of code is reached from there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from extractor.graph.index import GraphIndex
from extractor.model.graph import Context, Enqueue, Evidence, Flow, Node

# Tasks that queue tasks: as many may stand between what a step opened and what the next one asks for.
MAX_QUEUED = 6


class Entry(NamedTuple):
    """An entry point of a service's processes: a route's pattern, a task's name."""

    repo: str
    service: str
    kind: str
    name: str

    @property
    def words(self) -> str:
        """`task shop.tasks.push`."""
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class OpenedWay:
    """How code is reached: the entry point at its end, the step that opened its beginning (0: it is a beginning
    itself), on which cadence and condition, and the lines that queue what lies between."""

    entry: str
    opened_by: int = 0
    cadence: str = ""
    condition: str = ""
    lines: tuple[Evidence, ...] = ()


class Opened:
    """The entry points that steps opened, each with the last step that did."""

    def __init__(self, index: GraphIndex) -> None:
        self._index = index
        self._ways: dict[Entry, OpenedWay] = {}
        self._targets: dict[str, int] = {}
        self._queued: dict[Entry, list[tuple[Enqueue, Node]]] = {}
        for flow in index.graph.flows:
            source, target = index.nodes.get(flow.source), index.nodes.get(flow.target)
            if source is None or target is None or target.role != "queue":
                continue
            for enqueue in (index.enqueues[i] for i in flow.enqueue_ids if i in index.enqueues):
                for entry in tasks_behind(index, target, [enqueue.task_id]):
                    self._queued.setdefault(entry, []).append((enqueue, source))

    def add(self, n: int, way: OpenedWay, target: str, entries: Iterable[Entry]) -> None:
        """Step `n`, which is reached by a way, comes to a node and opens entry points there. Tasks run when they are
        queued; who answers a request does so whenever it comes, from this step or another."""
        self._targets[target] = n
        for entry in entries:
            timed = way if entry.kind == "task" else OpenedWay("")
            self._ways[entry] = replace(timed, entry=entry.words, opened_by=n, lines=())

    def at(self, node: str) -> OpenedWay | None:
        """The way to a node that runs no code of ours (a queue, a proxy, a system outside): a step that came there."""
        n = self._targets.get(node)
        return None if n is None else OpenedWay("", n)

    def way(self, node: Node, context: Context) -> OpenedWay | None:
        """The shortest way to an entry point of a container: it is opened, or tasks that are queue its task."""
        wanted = Entry(node.repo or "", node.service or "", context.kind, context.name)
        seen, waiting = {wanted}, deque([(wanted, tuple[Evidence, ...](), 0)])
        while waiting:
            entry, lines, depth = waiting.popleft()
            found = self._ways.get(entry)
            if found is not None:
                return replace(found, entry=wanted.words, lines=lines)
            for before, line in self._queueing(entry) if depth < MAX_QUEUED else ():
                if before not in seen:
                    seen.add(before)
                    waiting.append((before, (line, *lines), depth + 1))
        return None

    def _queueing(self, entry: Entry) -> Iterator[tuple[Entry, Evidence]]:
        """The entry points from which a task is queued, each with the line that does it."""
        for enqueue, source in self._queued.get(entry, ()):
            for context in self._index.running(source, enqueue.contexts):
                before = Entry(source.repo or "", source.service or "", context.kind, context.name)
                yield before, self._index.evidence(enqueue, "enqueue")


def tasks_behind(index: GraphIndex, queue: Node, ids: Iterable[str | None]) -> tuple[Entry, ...]:
    """The tasks of these ids as entry points of the service whose queue, or whose worker, a node is."""
    tasks = (index.tasks[i] for i in ids if i in index.tasks)
    return tuple(Entry(task.repo, queue.service or "", "task", task.name) for task in tasks)


def through(index: GraphIndex, first: str, target: str) -> tuple[Flow, ...] | None:
    """The flows by which proxies take a request from one node to another: none where they are the same, None where no
    deployment file shows it."""
    waiting, seen = deque([(first, tuple[Flow, ...]())]), {first}
    while waiting:
        node, flows = waiting.popleft()
        if node == target:
            return flows
        for flow in index.between(node, "*"):
            if flow.evidence[0].role == "runtime" and flow.target in index.nodes and flow.target not in seen:
                seen.add(flow.target)
                waiting.append((flow.target, (*flows, flow)))
    return None
