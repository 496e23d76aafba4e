"""The static pictures: the landscape, and each system's System Context and Containers."""

from __future__ import annotations

from collections.abc import Callable, Collection

from extractor.model.graph import Node
from extractor.views.index import ViewIndex
from extractor.views.project import box, group_crowd, lift, merge
from extractor.views.view import Boundary, View, ViewEdge, ViewNode

LANDSCAPE = "landscape"


def context_id(index: ViewIndex, system: str) -> str:
    """The id of a system's System Context view."""
    return f"{index.slugs[system]}-context"


def containers_id(index: ViewIndex, system: str) -> str:
    """The id of a system's Containers view."""
    return f"{index.slugs[system]}-containers"


def system_link(index: ViewIndex, node: Node, here: str) -> str:
    """Where a system's box leads: to its System Context, and from there to its Containers."""
    if node.kind != "system" or node.scope != "estate":
        return ""
    context = context_id(index, node.id)
    return containers_id(index, node.id) if context == here else context


def landscape(index: ViewIndex) -> View:
    """All systems of the estate, the people who use them and the externals they talk to."""
    always = {n.id for n in index.graph.nodes if n.scope == "estate" and n.kind in ("system", "person")}
    nodes, edges = _picture(index, LANDSCAPE, index.top_of, always, lambda _s, _t: True)
    title = f"Landscape: {index.graph.estate}" if index.graph.estate else "Landscape"
    text = "Every system of the estate, who uses it, and the systems outside that it depends on."
    return View(LANDSCAPE, "landscape", title, text, "", nodes, edges)


def context(index: ViewIndex, system: Node) -> View:
    """One system as a box, with the people and systems that it exchanges data with directly."""
    view_id = context_id(index, system.id)
    nodes, edges = _picture(
        index, view_id, index.top_of, {system.id}, lambda source, target: system.id in (source, target)
    )
    text = f"Who and what {system.name} exchanges data with."
    return View(view_id, "context", f"System Context: {system.name}", text, system.id, nodes, edges)


def containers(index: ViewIndex, system: Node, drill: dict[str, str]) -> View:
    """What runs inside a system and what each part talks to. `drill` maps container ids to their Components view."""
    view_id = containers_id(index, system.id)
    inside = {n.id for n in index.graph.nodes if n.parent == system.id}

    def box_of(node_id: str) -> str:
        return index.holder(node_id, inside) or index.top_of(node_id)

    nodes, edges = _picture(
        index, view_id, box_of, inside, lambda source, target: source in inside or target in inside, drill, system.id
    )
    frame = (Boundary(f"in:{system.id}", system.name, "system"),) if inside else ()
    text = f"The parts that {system.name} is deployed as, its datastores, and what they exchange."
    return View(
        id=view_id,
        kind="container",
        title=f"Containers: {system.name}",
        description=text,
        system=system.id,
        nodes=nodes,
        edges=edges,
        boundaries=frame,
    )


def dependency_view(index: ViewIndex, system: Node) -> View | None:
    """The estate's systems that a system is tied to, directly or through others; None when it stands alone."""
    owned = {node.id for node in index.systems()}
    lifted = [item for item in lift(index.flows, index.top_of) if {item.source, item.target} <= owned]
    tied, waiting = {system.id}, [system.id]
    while waiting:
        at = waiting.pop()
        near = {end for item in lifted if at in (item.source, item.target) for end in (item.source, item.target)}
        waiting += sorted(near - tied)
        tied |= near
    if len(tied) < 2:
        return None
    view_id = f"{index.slugs[system.id]}-dependencies"
    nodes = tuple(box(index.nodes[i], "", system_link(index, index.nodes[i], view_id)) for i in sorted(tied))
    edges = merge(view_id, (item for item in lifted if item.source in tied), index.brittle)
    text = f"The systems of the estate that {system.name} is tied to; arrows that run in a ring are a cycle."
    return View(view_id, "dependencies", f"Dependencies: {system.name}", text, system.id, nodes, edges)


def _picture(
    index: ViewIndex,
    view_id: str,
    box_of: Callable[[str], str],
    always: Collection[str],
    wanted: Callable[[str, str], bool],
    drill: dict[str, str] | None = None,
    framed: str = "",
) -> tuple[tuple[ViewNode, ...], tuple[ViewEdge, ...]]:
    """The boxes and arrows of a static view. Boxes of `always` stand even without an arrow."""
    lifted = [item for item in lift(index.flows, box_of) if wanted(item.source, item.target)]
    ids = sorted(set(always).union(*((item.source, item.target) for item in lifted)))
    boxes: dict[str, ViewNode] = {}
    for node_id in ids:
        node = index.nodes[node_id]
        boundary = f"in:{framed}" if framed and node.parent == framed else ""
        boxes[node_id] = box(node, boundary, (drill or {}).get(node_id) or system_link(index, node, view_id))
    left, moved = group_crowd(boxes, index, lifted, frozenset(always))
    regrouped = lift((item.flow for item in lifted), lambda i: moved.get(box_of(i), box_of(i)))
    return tuple(left[i] for i in sorted(left)), merge(view_id, regrouped, index.brittle)
