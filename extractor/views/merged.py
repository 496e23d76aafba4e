"""Merged views: both sides of a diff in one diagram, each box and arrow told as added, removed, changed or the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from extractor.views.view import Boundary, View, ViewEdge, ViewNode

SIGNS = {"added": "+ ", "removed": "− ", "changed": "~ ", "same": ""}

Element = TypeVar("Element", ViewNode, ViewEdge, Boundary)


@dataclass(frozen=True, slots=True)
class MergedView:
    """One diagram of both sides. `status` holds (element id, `added`, `removed`, `changed` or `same`), sorted by id.

    Names and labels of what is not the same start with its sign, so that a drawing says it without colour.
    """

    view: View
    status: tuple[tuple[str, str], ...]

    @property
    def changed(self) -> bool:
        """True when anything in the diagram is not the same on both sides."""
        return any(status != "same" for _, status in self.status)


def merged_views(
    base: Iterable[View], head: Iterable[View], standing: frozenset[str] = frozenset()
) -> tuple[MergedView, ...]:
    """Every view that differs between the sides, in the head's order, then views that only the base has.

    `standing` are the graph nodes of both sides: a box for them that one picture lacks was not added or removed, it
    only lost or won its arrows there.
    """
    old = {view.id: view for view in base}
    new = {view.id: view for view in head}
    merged = (merge(old.get(name), new.get(name), standing) for name in (*new, *(n for n in old if n not in new)))
    return tuple(view for view in merged if view.changed)


def merge(base: View | None, head: View | None, standing: frozenset[str] = frozenset()) -> MergedView:
    """One view of both sides; a side may lack it (ValueError when both do). `standing` is that of `merged_views`."""
    told = head or base
    if told is None:
        raise ValueError("neither side has the view")
    before, after = base or _emptied(told), head or _emptied(told)
    nodes, status = _merge(before.nodes, after.nodes)
    status |= {n.id: "same" for n in nodes if status[n.id] != "changed" and standing.issuperset(n.node_ids)}
    edges, edge_status = _merge(_keyed(before.edges), _keyed(after.edges))
    status |= edge_status
    names, labels = {n.id: n.name for n in before.nodes}, {e.id: e.label for e in _keyed(before.edges)}
    view = dataclasses.replace(
        told,
        nodes=tuple(dataclasses.replace(n, name=_named(n.id, n.name, names, status), link="") for n in nodes),
        edges=tuple(dataclasses.replace(e, label=_named(e.id, e.label, labels, status)) for e in edges),
        boundaries=_merge(before.boundaries, after.boundaries)[0],
    )
    return MergedView(view, tuple(sorted(status.items())))


def _named(ident: str, new: str, olds: dict[str, str], status: dict[str, str]) -> str:
    old = olds.get(ident, new)
    return SIGNS[status[ident]] + (f"{old} → {new}" if old != new else new)


def _merge(base: Iterable[Element], head: Iterable[Element]) -> tuple[tuple[Element, ...], dict[str, str]]:
    old, new = {item.id: item for item in base}, {item.id: item for item in head}
    status = {}
    for ident in old.keys() | new.keys():
        if ident not in new:
            status[ident] = "removed"
        elif ident not in old:
            status[ident] = "added"
        else:
            status[ident] = "same" if _shown(old[ident]) == _shown(new[ident]) else "changed"
    return tuple({**old, **new}[ident] for ident in sorted(status)), status


def _shown(item: ViewNode | ViewEdge | Boundary) -> tuple[object, ...]:
    """What a reader sees of an element; the flows and rows behind it may be others."""
    if isinstance(item, ViewNode):
        return (item.kind, item.name, item.technology, item.boundary, item.external)
    if isinstance(item, ViewEdge):
        return (item.label, item.technology, item.sync, item.brittle, item.missing, item.basis)
    return (item.name,)


def _keyed(edges: tuple[ViewEdge, ...]) -> list[ViewEdge]:
    """Edges with ids made of what they join, so that an arrow keeps its id when its label or its number changes.

    Several arrows between the same boxes are told apart by their label, in order.
    """
    seen: dict[tuple[str, str, bool], int] = {}
    keyed = []
    for edge in sorted(edges, key=lambda e: (e.source, e.target, e.sync, e.label, e.n)):
        ends = (edge.source, edge.target, edge.sync)
        seen[ends] = seen.get(ends, -1) + 1
        manner = "sync" if edge.sync else "async"
        keyed.append(dataclasses.replace(edge, id=f"{edge.source}>{edge.target}>{manner}>{seen[ends]}"))
    return keyed


def _emptied(view: View) -> View:
    return dataclasses.replace(view, nodes=(), edges=(), boundaries=())
