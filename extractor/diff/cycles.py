"""Cycles between systems: rings of flows in which each system needs the next, and the last the first."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.model.graph import Evidence, Flow, Graph

# Rings of more systems than this are compositions of shorter ones in every estate worth drawing.
LONGEST = 6


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring of systems, each once, the smallest id first. `sync` is true when each step has a synchronous flow.

    `evidence` holds one piece for each step, in order.
    """

    systems: tuple[str, ...]
    sync: bool
    evidence: tuple[Evidence, ...]


def system_cycles(graph: Graph) -> tuple[Ring, ...]:
    """All rings of two to LONGEST systems in `graph`, over flows that are certain or likely, sorted."""
    steps = _steps(graph)
    after: dict[str, list[str]] = {}
    for source, target in sorted(steps):
        after.setdefault(source, []).append(target)
    rings = sorted(ring for start in after for ring in _rings(start, after))
    return tuple(_cycle(ring, steps) for ring in rings)


def systems_of(graph: Graph) -> dict[str, str]:
    """For each node the system at the top of its parents (itself when it has none)."""
    parents = {n.id: n.parent for n in graph.nodes}
    tops = {}
    for ident in parents:
        top, seen = ident, {ident}
        while (parent := parents.get(top)) and parent not in seen:
            top = parent
            seen.add(top)
        tops[ident] = top
    return tops


def _steps(graph: Graph) -> dict[tuple[str, str], list[Flow]]:
    tops = systems_of(graph)
    steps: dict[tuple[str, str], list[Flow]] = {}
    for flow in graph.flows:
        step = (tops.get(flow.source, flow.source), tops.get(flow.target, flow.target))
        if flow.confidence != "possible" and step[0] != step[1]:
            steps.setdefault(step, []).append(flow)
    return steps


def _rings(start: str, after: dict[str, list[str]]) -> list[tuple[str, ...]]:
    """Rings through `start` whose other systems all sort after it, so that each ring is found once."""
    found: list[tuple[str, ...]] = []
    paths: list[tuple[str, ...]] = [(start,)]
    while paths:
        path = paths.pop()
        for target in after.get(path[-1], ()):
            if target == start:
                found.append(path)
            elif target > start and target not in path and len(path) < LONGEST:
                paths.append((*path, target))
    return found


def _cycle(ring: tuple[str, ...], steps: dict[tuple[str, str], list[Flow]]) -> Ring:
    flows = [steps[step] for step in zip(ring, (*ring[1:], ring[0]), strict=True)]
    clearest = [min(step, key=lambda f: (not f.sync, f.id)) for step in flows]
    evidence = tuple(f.evidence[0] for f in clearest if f.evidence)
    return Ring(ring, all(any(f.sync for f in step) for step in flows), evidence)
