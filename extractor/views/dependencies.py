"""Dependencies between systems: who needs whom by how many arrows, the cycles among them, and what would break each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import networkx as nx

from extractor.model.graph import Graph
from extractor.views.index import ViewIndex, make_view_index

# Rings of more systems than this are compositions of shorter ones in every estate worth drawing.
LONGEST_CYCLE = 6


@dataclass(frozen=True, slots=True)
class Coupling:
    """All drawn flows from one top-level element to another. `sync` counts those where the caller blocks."""

    source: str
    target: str
    flow_ids: tuple[str, ...]
    sync: int


@dataclass(frozen=True, slots=True)
class Cycle:
    """A ring of systems: each needs the next, the last the first. `links` are its couplings in that order.

    `weakest` is the link with the fewest flows: the cheapest one to cut. `sync` is true when every link has a
    synchronous flow, so that an outage can travel all the way round.
    """

    systems: tuple[str, ...]
    links: tuple[Coupling, ...]
    weakest: Coupling
    sync: bool


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`systems` are the estate's own, `others` the externals and people they exchange data with.

    `cuts` is a small set of couplings without which no cycle is left.
    """

    systems: tuple[str, ...]
    others: tuple[str, ...]
    couplings: tuple[Coupling, ...]
    cycles: tuple[Cycle, ...]
    cuts: tuple[Coupling, ...]


def dependencies(graph: Graph) -> Dependencies:
    """The dependencies of a graph's top-level elements, over flows that are certain or likely. All sorted by id."""
    index = make_view_index(graph)
    couplings = _couplings(index)
    systems = tuple(sorted(node.id for node in index.systems()))
    ends = {end for coupling in couplings for end in (coupling.source, coupling.target)}
    cycles = _cycles(couplings)
    return Dependencies(systems, tuple(sorted(ends.difference(systems))), couplings, cycles, _cuts(cycles))


def _couplings(index: ViewIndex) -> tuple[Coupling, ...]:
    found = defaultdict(list)
    for flow in index.flows:
        ends = (index.top_of(flow.source), index.top_of(flow.target))
        if ends[0] != ends[1]:
            found[ends].append(flow)
    return tuple(
        Coupling(source, target, tuple(sorted(flow.id for flow in flows)), sum(flow.sync for flow in flows))
        for (source, target), flows in sorted(found.items())
    )


def _cycles(couplings: tuple[Coupling, ...]) -> tuple[Cycle, ...]:
    by_ends = {(c.source, c.target): c for c in couplings}
    picture: nx.DiGraph[str] = nx.DiGraph(sorted(by_ends))
    rings = []
    for ring in nx.simple_cycles(picture, length_bound=LONGEST_CYCLE):
        first = ring.index(min(ring))
        rings.append((*ring[first:], *ring[:first]))
    return tuple(_cycle(ring, by_ends) for ring in sorted(rings, key=lambda ring: (len(ring), ring)))


def _cycle(ring: tuple[str, ...], by_ends: dict[tuple[str, str], Coupling]) -> Cycle:
    links = tuple(by_ends[step] for step in zip(ring, (*ring[1:], ring[0]), strict=True))
    weakest = min(links, key=lambda link: (len(link.flow_ids), link.source, link.target))
    return Cycle(ring, links, weakest, all(link.sync for link in links))


def _cuts(cycles: tuple[Cycle, ...]) -> tuple[Coupling, ...]:
    """Greedy: each time the link that lies in most of the cycles left, of those the one with the fewest flows."""
    left, cuts = list(cycles), list[Coupling]()
    while left:
        uses: dict[Coupling, int] = defaultdict(int)
        for cycle in left:
            for link in cycle.links:
                uses[link] += 1
        best = min(uses, key=lambda link: (-uses[link], len(link.flow_ids), link.source, link.target))
        cuts.append(best)
        left = [cycle for cycle in left if best not in cycle.links]
    return tuple(cuts)
