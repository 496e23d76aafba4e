"""Opened views: a picture with one of its collapsed groups unfolded, so that each member has its own box and arrows."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable

from extractor.model.graph import Graph
from extractor.text.slugs import unique_slugs
from extractor.views.components import component_id
from extractor.views.index import ViewIndex, make_view_index
from extractor.views.project import Lifted, box, merge
from extractor.views.view import Boundary, View, ViewNode


def is_group(node: ViewNode) -> bool:
    """Whether a box stands for several nodes of the graph, and so can be opened."""
    return len(node.node_ids) > 1


def opened_views(graph: Graph, views: Iterable[View]) -> dict[str, dict[str, View]]:
    """For each view with collapsed groups, by its id: its opened views by the id of the group's box.

    An opened view holds all that the view holds, the group's box replaced by a frame with a box for each member. What
    did not change keeps its id; the view's own id is new, and path-safe.
    """
    drawn = list(views)
    index, known = make_view_index(graph, possible=True), {view.id for view in drawn}
    found: dict[str, dict[str, View]] = {}
    for view in drawn:
        groups = [node for node in view.nodes if is_group(node)]
        names = unique_slugs(group.id for group in groups)
        opened = {group.id: _opened(index, view, group, f"{view.id}--{names[group.id]}", known) for group in groups}
        if opened:
            found[view.id] = opened
    return found


def _opened(index: ViewIndex, view: View, group: ViewNode, view_id: str, known: Collection[str]) -> View:
    frame = Boundary(f"open:{group.id}", group.name, "group", group.boundary)
    members = [index.nodes[i] for i in group.node_ids if i in index.nodes]
    boxes = [box(m, frame.id, _drill(index, m.id, known)) for m in members]
    nodes = [node for node in view.nodes if node.id != group.id] + boxes
    touched = [edge for edge in view.edges if group.id in (edge.source, edge.target)]
    lifted: list[Lifted] = []
    inside = frozenset(group.node_ids)
    for edge in touched:
        for flow in (index.all_flows[i] for i in edge.flow_ids if i in index.all_flows):
            source = (index.holder(flow.source, inside) or edge.source) if edge.source == group.id else edge.source
            target = (index.holder(flow.target, inside) or edge.target) if edge.target == group.id else edge.target
            if source != target:
                lifted.append(Lifted(flow, source, target))
    # A merged arrow's id is made of the view's id and its ends: those of the closed picture stay what they were.
    edges = [edge for edge in view.edges if edge not in touched] + list(merge(view.id, lifted, index.brittle))
    return dataclasses.replace(
        view,
        id=view_id,
        nodes=tuple(sorted(nodes, key=lambda n: n.id)),
        edges=tuple(sorted(edges, key=lambda e: (e.source, e.target, not e.sync))),
        boundaries=(frame, *view.boundaries),
    )


def _drill(index: ViewIndex, node_id: str, known: Collection[str]) -> str:
    link = component_id(index, node_id)
    return link if link in known else ""
