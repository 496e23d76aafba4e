"""Which entry points reach a visited frame, in which services, and by which chain of lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.evaluate.values import Frame
from extractor.link.entrypoints import MAX_CHAINS, ORDER, SCRIPT, EntryPoint
from extractor.link.loading import Loading
from extractor.link.replay.walk import FrameStep, Visits
from extractor.model.graph import Context, Hop

Walked = tuple[Context, tuple[Hop, ...]]

MAX_CONTEXTS = 200  # entry points of one service that are told of one line


@dataclass(frozen=True, slots=True)
class Reached:
    """The entry points that reach a line, requests first, and chains from them to it, shortest first, each with the
    entry point that it begins with."""

    contexts: tuple[Context, ...]
    chains: tuple[tuple[Context, tuple[Hop, ...]], ...]

    @property
    def is_guessed(self) -> bool:
        """Whether every chain goes over a call whose receiver is known by the name of the method alone."""
        return bool(self.chains) and all(any(hop.how == "guess" for hop in chain) for _entry, chain in self.chains)


@dataclass(slots=True)
class FrameReach:
    """Answers which entry points reach frames. `roots` are the frames that entry points start with."""

    roots: Mapping[Frame, Sequence[EntryPoint]]
    visits: Visits
    loading: Loading
    _known: dict[frozenset[Frame], tuple[tuple[Context, ...], tuple[Walked, ...]]] = field(default_factory=dict)

    def reached(self, frames: Iterable[Frame], line: int) -> Reached | None:
        """What reaches a line of the function of these frames; None when nothing does."""
        wanted = frozenset(frames)
        found = self._known.get(wanted)
        if found is None:
            found = self._known[wanted] = self._all(wanted)
        contexts, walked = found
        if not contexts:
            return None
        target = next(iter(wanted)).owner
        last = Hop(target.module.repo, target.module.path, line, target.shown, "call")
        return Reached(contexts, tuple((context, (*chain, last)) for context, chain in _chosen(walked)))

    def _all(self, wanted: frozenset[Frame]) -> tuple[tuple[Context, ...], tuple[Walked, ...]]:
        services: dict[Context, list[str]] = {}
        walked: dict[Walked, None] = {}
        for service in (*self.loading.names, SCRIPT):
            for here, entry, trail in self._search(wanted, service):
                served = services.setdefault(entry.context, [])
                if service not in served:
                    served.append(service)
                own = Context(entry.context.kind, entry.context.name, (service,) if service != SCRIPT else ())
                walked.setdefault((own, _chain(here, entry, trail)))
        known = sorted(services, key=lambda c: (ORDER[c.kind], c.name))
        contexts = tuple(Context(c.kind, c.name, tuple(s for s in services[c] if s != SCRIPT)) for c in known)
        return contexts, tuple(walked)

    def _search(
        self, wanted: frozenset[Frame], service: str
    ) -> list[tuple[Frame, EntryPoint, Mapping[Frame, FrameStep | None]]]:
        """Breadth first along the steps back from frames to the roots of a service."""
        trail: dict[Frame, FrameStep | None] = dict.fromkeys(sorted(wanted, key=self.visits.order.__getitem__))
        queue = deque(trail)
        out: list[tuple[Frame, EntryPoint, Mapping[Frame, FrameStep | None]]] = []
        seen: set[Context] = set()
        while queue and len(seen) < MAX_CONTEXTS:
            here = queue.popleft()
            is_task = False
            for entry in self.roots.get(here, ()):
                is_task = is_task or entry.context.kind == "task"
                if entry.context not in seen and service in entry.services:
                    seen.add(entry.context)
                    out.append((here, entry, trail))
            for step in self.visits.into.get(here, ()):
                if step.source not in trail and self._is_taken(step, is_task, service):
                    trail[step.source] = step
                    queue.append(step.source)
        return out

    def _is_taken(self, step: FrameStep, is_task: bool, service: str) -> bool:
        """Whether a process of the service takes a step: a task runs in a worker, and who queues it is another arrow;
        a receiver is connected where its module is loaded."""
        if step.how == "signal" and service != SCRIPT and not self.loading.loads(service, step.target.owner.module):
            return False
        return step.how == "call" or not is_task


def _chosen(walked: Iterable[Walked]) -> list[Walked]:
    """The chains that are told: the shortest of each kind of entry point in each service first, then the next ones."""
    ranked = sorted(walked, key=lambda pair: (len(pair[1]), ORDER[pair[0].kind], pair[0].name, pair[1][0].line))
    first: dict[tuple[str, tuple[str, ...]], Walked] = {}
    for context, chain in ranked:
        first.setdefault((context.kind, context.services), (context, chain))
    return list(dict.fromkeys([*first.values(), *ranked]))[: max(MAX_CHAINS, len(first))]


def _chain(root: Frame, entry: EntryPoint, trail: Mapping[Frame, FrameStep | None]) -> tuple[Hop, ...]:
    owner = root.owner
    hops = [Hop(owner.module.repo, owner.module.path, entry.line, owner.shown, entry.how)]
    step = trail[root]
    while step is not None:
        source = step.source.owner
        line = step.line or source.scope.def_line
        hops.append(Hop(source.module.repo, source.module.path, line, source.shown, step.how))
        step = trail[step.target]
    return tuple(hops)


__all__ = ["FrameReach", "Reached"]
