"""Dynamic views: one picture per scenario, its arrows numbered in the order of the steps."""

from __future__ import annotations

from extractor.model.graph import Scenario, Step
from extractor.text.slugs import digest, unique_slugs
from extractor.views.index import Atlas
from extractor.views.project import box, describe_transport
from extractor.views.structure import system_link
from extractor.views.view import Boundary, View, ViewEdge, ViewNode


def scenario_views(atlas: Atlas, drill: dict[str, str]) -> tuple[View, ...]:
    """A Dynamic view for each scenario, by id."""
    scenarios = sorted(atlas.graph.scenarios, key=lambda s: s.id)
    names = unique_slugs(s.id for s in scenarios)
    return tuple(_scenario_view(atlas, s, f"flow-{names[s.id]}", drill) for s in scenarios)


def _scenario_view(atlas: Atlas, scenario: Scenario, view_id: str, drill: dict[str, str]) -> View:
    edges = tuple(_step_edge(atlas, view_id, step) for step in scenario.steps)
    drawn = {end for edge in edges if not edge.missing for end in (edge.source, edge.target)}
    nodes, frames = framed_boxes(atlas, drawn, view_id, drill)
    return View(
        view_id,
        "dynamic",
        scenario.title,
        scenario.description,
        scenario.system or _first_system(atlas, edges),
        nodes,
        edges,
        frames,
    )


def _step_edge(atlas: Atlas, view_id: str, step: Step) -> ViewEdge:
    """A step whose ends are not both nodes of the graph has no box to be drawn from: it counts as missing."""
    flow = atlas.flow(step.flow_id)
    homeless = step.source not in atlas.nodes or step.target not in atlas.nodes
    return ViewEdge(
        id="e" + digest(view_id, str(step.n), step.source, step.target),
        source=step.source,
        target=step.target,
        label=step.label,
        technology=describe_transport([flow]) if flow else "",
        sync=step.sync,
        flow_ids=(flow.id,) if flow else (),
        confidence=flow.confidence if flow else "certain",
        brittle=flow is not None and flow.id in atlas.brittle,
        n=step.n,
        missing=step.missing or homeless,
    )


def framed_boxes(
    atlas: Atlas, ids: set[str], view_id: str, drill: dict[str, str]
) -> tuple[tuple[ViewNode, ...], tuple[Boundary, ...]]:
    """Boxes for the nodes, parts of a system inside that system's frame; boxes and frames sorted by id."""
    nodes, frames = [], dict[str, Boundary]()
    for node_id in sorted(ids):
        node = atlas.nodes[node_id]
        top = atlas.nodes[atlas.top_of(node_id)]
        inside = f"in:{top.id}" if top.id != node.id else ""
        if inside:
            frames[inside] = Boundary(inside, top.name, top.kind)
        nodes.append(box(node, inside, drill.get(node.id) or system_link(atlas, node, view_id)))
    return tuple(nodes), tuple(frames[key] for key in sorted(frames))


def _first_system(atlas: Atlas, edges: tuple[ViewEdge, ...]) -> str:
    tops = (atlas.top_of(end) for edge in edges if not edge.missing for end in (edge.source, edge.target))
    owned = (top for top in tops if atlas.nodes[top].kind == "system" and atlas.nodes[top].scope == "estate")
    return next(owned, "")
