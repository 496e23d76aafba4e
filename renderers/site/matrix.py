"""The dependency matrix and the cycles, as pages show them: names, counts and buttons for the arrows behind each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from extractor.views.dependencies import Coupling, Dependencies
from renderers.site.cells import flow_button
from renderers.site.estate import SiteIndex, SiteSystem
from renderers.site.table import limited


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row of the matrix: a system, and for each column the number of flows to it ("" for none) with its make-up."""

    name: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who depends on whom: the estate's systems down, all they depend on across."""

    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class CycleNote:
    """A cycle in words: its path, whether an outage can travel round it, and the cheapest link to cut."""

    path: str
    sync: bool
    weakest: str
    flows: Markup


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What one system exchanges with another: the flows out to it and in from it."""

    name: str
    out: Markup
    into: Markup


def matrix_of(estate: SiteIndex, needs: Dependencies) -> Matrix:
    """The matrix of the whole estate, without its people: nothing depends on them."""
    persons = {node.id for node in estate.graph.nodes if node.kind == "person"}
    by_ends = {(c.source, c.target): c for c in needs.couplings}
    targets = sorted({c.target for c in needs.couplings if c.source not in persons} - persons, key=_order(estate))
    rows = tuple(
        MatrixRow(estate.name(source), tuple(_count(by_ends.get((source, target))) for target in targets))
        for source in sorted(needs.systems, key=_order(estate))
    )
    return Matrix(tuple(estate.name(target) for target in targets), rows)


def cycle_notes(estate: SiteIndex, needs: Dependencies, system: SiteSystem) -> tuple[CycleNote, ...]:
    """The cycles that a system lies in."""
    notes = []
    for cycle in needs.cycles:
        if system.node_id in cycle.systems:
            path = " → ".join(estate.name(node) for node in (*cycle.systems, cycle.systems[0]))
            weakest = f"{estate.name(cycle.weakest.source)} → {estate.name(cycle.weakest.target)}"
            notes.append(CycleNote(path, cycle.sync, weakest, _buttons(estate, cycle.weakest)))
    return tuple(notes)


def neighbours(estate: SiteIndex, needs: Dependencies, system: SiteSystem) -> tuple[Neighbour, ...]:
    """Everything that a system exchanges data with, by name."""
    out = {c.target: c for c in needs.couplings if c.source == system.node_id}
    into = {c.source: c for c in needs.couplings if c.target == system.node_id}
    return tuple(
        Neighbour(estate.name(node), _buttons(estate, out.get(node)), _buttons(estate, into.get(node)))
        for node in sorted({*out, *into}, key=_order(estate))
    )


def _order(estate: SiteIndex) -> Callable[[str], tuple[str, str]]:
    return lambda node: (estate.name(node).lower(), node)


def _count(coupling: Coupling | None) -> tuple[str, str]:
    if coupling is None:
        return "", ""
    later = len(coupling.flow_ids) - coupling.sync
    return str(len(coupling.flow_ids)), f"{coupling.sync} synchronous, {later} asynchronous"


def _buttons(estate: SiteIndex, coupling: Coupling | None) -> Markup:
    flows = [estate.flows[flow_id] for flow_id in coupling.flow_ids] if coupling else []
    return limited([flow_button(flow.id, flow.label) for flow in flows], 4)
