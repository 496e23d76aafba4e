"""Components views: a container opened by Django app, told from the paths of the code behind its arrows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from extractor.model.graph import Flow, Node
from extractor.views.index import ViewIndex
from extractor.views.project import Lifted, box, group_crowd, merge
from extractor.views.structure import system_link
from extractor.views.view import Boundary, View, ViewNode

# Folders that hold Django apps rather than being one: the app is the folder below.
_HOLDERS = frozenset({"apps", "djangoapps", "features", "packages", "plugins", "src"})
_FEWEST_APPS = 2
_MOST_APPS = 10


def component_id(index: ViewIndex, container: str) -> str:
    """The id of a container's Components view."""
    return f"{index.slugs[container]}-components"


def app_of(path: str) -> str:
    """The Django app that a repository path lies in: the first folder, or the one below a folder that holds apps.

    A module at the root of the repository is its own component.
    """
    parts = path.split("/")
    folders = parts[:-1]
    for at, folder in enumerate(folders[:4]):
        if folder in _HOLDERS and at + 1 < len(folders):
            return folders[at + 1]
    return folders[0] if folders else parts[0].removesuffix(".py")


def component_views(index: ViewIndex) -> tuple[View, ...]:
    """A Components view for each container of the estate whose arrows start or end in two apps or more."""
    views = []
    for node in index.graph.nodes:
        parent = index.nodes.get(node.parent or "")
        if node.kind == "container" and node.scope == "estate" and parent is not None:
            view = _component_view(index, node, parent)
            if view is not None:
                views.append(view)
    return tuple(views)


def _component_view(index: ViewIndex, container: Node, system: Node) -> View | None:
    flows = [f for f in index.flows if container.id in (f.source, f.target)]
    apps = {flow.id: _app(index, container, flow) for flow in flows}
    used = Counter(app for app in apps.values() if app)
    if len(used) < _FEWEST_APPS:
        return None
    most = _MOST_APPS if len(used) > _MOST_APPS + 2 else len(used)
    kept = {app for app, _ in sorted(used.items(), key=lambda item: (-item[1], item[0]))[:most]}
    frame = f"in:{container.id}"
    lifted, boxes = _lifted(index, container, flows, apps, kept), dict[str, ViewNode]()
    members: dict[str, set[str]] = defaultdict(set)
    for app in used:
        members[_box_id(container, app, kept)].add(app)
    for box_id, names in members.items():
        boxes[box_id] = _component(box_id, frame, sorted(names))
    view_id = component_id(index, container.id)
    for item in lifted:
        for end in (item.source, item.target):
            if end not in boxes:
                node = index.nodes[end]
                around = f"in:{system.id}" if node.parent == system.id else ""
                boxes[end] = box(node, around, system_link(index, node, view_id))
    left, moved = group_crowd(boxes, index, lifted)
    regrouped = [Lifted(i.flow, moved.get(i.source, i.source), moved.get(i.target, i.target)) for i in lifted]
    outer = f"in:{system.id}"
    frames = (Boundary(frame, container.name, "container", outer), Boundary(outer, system.name, "system"))
    return View(
        id=view_id,
        kind="component",
        title=f"Components: {system.name}, {container.name}",
        description=f"The Django apps of {container.name} whose code moves data, and what each exchanges.",
        system=system.id,
        nodes=tuple(left[i] for i in sorted(left)),
        edges=merge(view_id, regrouped, index.brittle),
        boundaries=frames,
    )


def _lifted(
    index: ViewIndex, container: Node, flows: Iterable[Flow], apps: dict[str, str], kept: set[str]
) -> list[Lifted]:
    found = []
    for flow in flows:
        if not apps[flow.id]:
            continue
        inner = _box_id(container, apps[flow.id], kept)
        source = inner if flow.source == container.id else _outer(index, flow.source, container)
        target = inner if flow.target == container.id else _outer(index, flow.target, container)
        if source != target:
            found.append(Lifted(flow, source, target))
    return found


def _outer(index: ViewIndex, node_id: str, container: Node) -> str:
    """Neighbours in the same system stand as they are; others as their system."""
    return node_id if index.nodes[node_id].parent == container.parent else index.top_of(node_id)


def _app(index: ViewIndex, container: Node, flow: Flow) -> str:
    """The app on the container's side of the flow, or "" when no evidence lies in the container's repository.

    The sending side is told by the code that sends; the receiving side by the evidence that lies there. What a
    deployment file makes is no app's.
    """
    if flow.evidence and flow.evidence[0].role == "runtime":
        return ""
    repo = container.repo
    here = [e.path for e in flow.evidence if repo is None or e.repo == repo]
    entries = [hop.path for hop in flow.chain if repo is None or hop.repo == repo]
    if flow.source == container.id:
        ordered = here + entries
    else:
        routes = (index.routes[key] for key in flow.route_ids if key in index.routes)
        views = [route.view_path or route.path for route in routes if route.repo == repo]
        ordered = views + here
    return app_of(ordered[0]) if ordered else ""


def _box_id(container: Node, app: str, kept: set[str]) -> str:
    return f"component:{container.id}/{app if app in kept else '*'}"


def _component(box_id: str, frame: str, apps: list[str]) -> ViewNode:
    several = box_id.endswith("/*")
    name = f"{len(apps)} more apps" if several else apps[0]
    text = ", ".join(apps[:8]) + (", …" if len(apps) > 8 else "") if several else ""
    return ViewNode(box_id, "component", name, "Django app", text, (), frame)


def drill_map(index: ViewIndex, views: Iterable[View]) -> dict[str, str]:
    """Container ids mapped to the Components view that opens them."""
    ids = {view.id for view in views}
    return {n.id: component_id(index, n.id) for n in index.graph.nodes if component_id(index, n.id) in ids}
