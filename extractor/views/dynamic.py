"""Dynamic views: one picture per scenario, its arrows numbered in the order of the steps."""

from __future__ import annotations

from extractor.model.graph import Scenario, Step
from extractor.text.slugs import digest, unique_slugs
from extractor.views.index import ViewIndex
from extractor.views.project import box, with_basis
from extractor.views.structure import system_link
from extractor.views.view import Boundary, View, ViewEdge, ViewNode, basis_of


def scenario_views(index: ViewIndex, drill: dict[str, str]) -> tuple[View, ...]:
    """A Dynamic view for each scenario, by id."""
    scenarios = sorted(index.graph.scenarios, key=lambda s: s.id)
    names = unique_slugs(s.id for s in scenarios)
    return tuple(_scenario_view(index, s, f"flow-{names[s.id]}", drill) for s in scenarios)


def _scenario_view(index: ViewIndex, scenario: Scenario, view_id: str, drill: dict[str, str]) -> View:
    edges = tuple(_step_edge(index, view_id, step) for step in scenario.steps)
    drawn = {end for edge in edges if not edge.missing for end in (edge.source, edge.target)}
    nodes, frames = framed_boxes(index, drawn, view_id, drill)
    return View(
        id=view_id,
        kind="dynamic",
        title=scenario.title,
        description=scenario.description,
        system=scenario.system or _first_system(index, edges),
        nodes=nodes,
        edges=edges,
        boundaries=frames,
    )


def _step_edge(index: ViewIndex, view_id: str, step: Step) -> ViewEdge:
    """A step whose ends are not both nodes of the graph has no box to be drawn from: it counts as missing. One that
    has its arrow and is not joined to the steps before it is drawn, and says so. Its cadence and condition are its own.
    """
    flow = index.flow(step.flow_id)
    homeless = step.source not in index.nodes or step.target not in index.nodes
    basis = basis_of(step)
    transport = ", ".join(part for part in (flow.protocol, step.cadence, _when(step.condition)) if part) if flow else ""
    return ViewEdge(
        id="e" + digest(view_id, str(step.n), step.source, step.target),
        source=step.source,
        target=step.target,
        label=step.label,
        technology=with_basis(transport, basis) if flow else "",
        sync=step.sync,
        flow_ids=(flow.id,) if flow else (),
        confidence=flow.confidence if flow else "certain",
        brittle=flow is not None and flow.id in index.brittle,
        n=step.n,
        missing=homeless or flow is None,
        basis=basis if flow else "",
    )


def _when(condition: str) -> str:
    return f"if {condition}" if condition else ""


def framed_boxes(
    index: ViewIndex, ids: set[str], view_id: str, drill: dict[str, str]
) -> tuple[tuple[ViewNode, ...], tuple[Boundary, ...]]:
    """Boxes for the nodes, parts of a system inside that system's frame; boxes and frames sorted by id."""
    nodes, frames = [], dict[str, Boundary]()
    for node_id in sorted(ids):
        node = index.nodes[node_id]
        top = index.nodes[index.top_of(node_id)]
        inside = f"in:{top.id}" if top.id != node.id else ""
        if inside:
            frames[inside] = Boundary(inside, top.name, top.kind)
        nodes.append(box(node, inside, drill.get(node.id) or system_link(index, node, view_id)))
    return tuple(nodes), tuple(frames[key] for key in sorted(frames))


def _first_system(index: ViewIndex, edges: tuple[ViewEdge, ...]) -> str:
    tops = (index.top_of(end) for edge in edges if not edge.missing for end in (edge.source, edge.target))
    owned = (top for top in tops if index.nodes[top].kind == "system" and index.nodes[top].scope == "estate")
    return next(owned, "")
