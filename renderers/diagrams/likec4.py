"""LikeC4: the graph as a model, and its views, in one .c4 source."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.model.graph import Graph, Node
from extractor.text.slugs import digest
from extractor.views import BASES, View, ViewEdge
from extractor.views.index import ViewIndex, make_view_index
from renderers.words import identifiers, plain_quoted

_SHAPES = {
    "person": "person",
    "system": "rectangle",
    "container": "rectangle",
    "database": "cylinder",
    "queue": "queue",
    "cache": "storage",
    "search": "storage",
    "storage": "storage",
    "external": "rectangle",
}


def render_likec4(graph: Graph, views: Sequence[View]) -> str:
    """The graph's nodes and drawn flows as a LikeC4 model, and of `views` those whose boxes are nodes of the graph.

    Boxes that stand for a group are opened: LikeC4 lays out what it is given. Components have no node in the graph, so
    their views are left out.
    """
    index = make_view_index(graph)
    names = _paths(index)
    lines = [*_specification(), "", "model {"]
    for node in index.graph.nodes:
        if index.top_of(node.id) == node.id:
            lines += _element(index, node, names, "  ")
    for flow in index.flows:
        if flow.source != flow.target and index.top_of(flow.target) != flow.source:
            arrow = "-[declared]->" if flow.declared else "->" if flow.sync else "-[async]->"
            lines.append(f"  {names[flow.source]} {arrow} {names[flow.target]} {plain_quoted(flow.label)} {{")
            lines += [f"    technology {plain_quoted(flow.protocol)}", "  }"]
    lines += ["}", "", "views {"]
    for view in views:
        if all(node_id in names for node in view.nodes for node_id in node.node_ids or (node.id,)):
            lines += _view(view, names)
    return "\n".join([*lines, "}"]) + "\n"


def _specification() -> list[str]:
    lines = ["specification {"]
    for kind, shape in _SHAPES.items():
        colour = "muted" if kind == "external" else "primary"
        style = (f"      shape {shape}", f"      color {colour}")
        lines += [f"  element {kind} {{", "    style {", *style, "    }", "  }"]
    lines += ["  relationship async {", "    line dashed", "    color amber", "  }"]
    return [*lines, "  relationship declared {", "    line dotted", "    color muted", "  }", "}"]


def _paths(index: ViewIndex) -> dict[str, str]:
    """The full name of each node: parts are named inside their system."""
    words = identifiers(index.nodes)
    paths = {}
    for node_id in index.nodes:
        top = index.top_of(node_id)
        paths[node_id] = words[node_id] if top == node_id else f"{words[top]}.{words[node_id]}"
    return paths


def _element(index: ViewIndex, node: Node, names: dict[str, str], pad: str) -> list[str]:
    kind = node.kind if node.kind in _SHAPES else "container"
    lines = [f"{pad}{names[node.id].split('.')[-1]} = {kind} {plain_quoted(node.name)} {{"]
    if node.description:
        lines.append(f"{pad}  description {plain_quoted(node.description)}")
    if node.technology:
        lines.append(f"{pad}  technology {plain_quoted(node.technology)}")
    if pad == "  ":
        for part in index.graph.nodes:
            if part.id != node.id and index.top_of(part.id) == node.id:
                lines += _element(index, part, names, pad + "  ")
    return [*lines, f"{pad}}}"]


def _numbered(step: ViewEdge) -> str:
    said = f" ({BASES[step.basis]})" if step.basis else ""
    return f"{step.n}. {step.label}{said}"


def _view(view: View, names: dict[str, str]) -> list[str]:
    ident = f"v_{view.id.replace('-', '_')[:50]}_{digest(view.id)[:4]}"
    title = f"    title {plain_quoted(view.title)}"
    if view.kind == "dynamic":
        steps = [e for e in view.edges if not e.missing and e.source in names and e.target in names]
        body = [f"    {names[e.source]} -> {names[e.target]} {plain_quoted(_numbered(e))}" for e in steps]
        return [f"  dynamic view {ident} {{", title, *body, "  }"] if body else []
    shown = sorted({names[i] for node in view.nodes for i in node.node_ids})
    return [f"  view {ident} {{", title, *(f"    include {name}" for name in shown), "  }"]
