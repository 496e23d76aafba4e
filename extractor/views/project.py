"""Flows lifted onto boxes: parallel arrows merged into one, crowded pictures grouped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from extractor.model import CONFIDENCES, STORE_KINDS, Flow, Node
from extractor.views.atlas import Atlas
from extractor.views.slugs import digest, slug
from extractor.views.view import ViewEdge, ViewNode

MOST_BOXES = 20
MOST_LABELS = 3


@dataclass(frozen=True, slots=True)
class Lifted:
    """A flow with the boxes that its ends are drawn as."""

    flow: Flow
    source: str
    target: str


def lift(flows: Iterable[Flow], box_of: Callable[[str], str | None]) -> tuple[Lifted, ...]:
    """The flows whose two ends have a box each, without those that grouping folded into a single box."""
    found = []
    for flow in flows:
        source, target = box_of(flow.source), box_of(flow.target)
        if source is None or target is None or (source == target and flow.source != flow.target):
            continue
        found.append(Lifted(flow, source, target))
    return tuple(found)


def merge(view_id: str, lifted: Iterable[Lifted], brittle: frozenset[str]) -> tuple[ViewEdge, ...]:
    """One arrow for all flows between the same two boxes with the same synchrony, sorted by source and target."""
    bundles: dict[tuple[str, str, bool], list[Flow]] = defaultdict(list)
    for item in lifted:
        bundles[item.source, item.target, item.flow.sync].append(item.flow)
    return tuple(_arrow(view_id, key, bundles[key], brittle) for key in sorted(bundles))


def _arrow(view_id: str, key: tuple[str, str, bool], flows: list[Flow], brittle: frozenset[str]) -> ViewEdge:
    source, target, sync = key
    ranked = sorted(flows, key=lambda f: (CONFIDENCES.index(f.confidence), f.label, f.id))
    return ViewEdge(
        id="e" + digest(view_id, source, target, str(sync)),
        source=source,
        target=target,
        label=join_labels(f.label for f in ranked),
        technology=describe_transport(ranked),
        sync=sync,
        flow_ids=tuple(sorted({f.id for f in ranked})),
        confidence=ranked[0].confidence,
        brittle=any(f.id in brittle for f in ranked),
    )


def join_labels(labels: Iterable[str], most: int = MOST_LABELS) -> str:
    """The distinct labels in the order given: at most `most` of them, then "+n more"."""
    distinct = list(dict.fromkeys(label for label in labels if label))
    shown = ", ".join(distinct[:most])
    return f"{shown}, +{len(distinct) - most} more" if len(distinct) > most else shown


def describe_transport(flows: Iterable[Flow]) -> str:
    """Protocols, then the cadence when all flows of the arrow share one."""
    held = list(flows)
    protocols = join_labels(sorted({f.protocol for f in held if f.protocol}), 2)
    cadences = {f.cadence for f in held}
    cadence = cadences.pop() if len(cadences) == 1 else ""
    return ", ".join(part for part in (protocols, cadence) if part)


def box(node: Node, boundary: str = "", link: str = "") -> ViewNode:
    """The box of one graph node."""
    return ViewNode(
        id=node.id,
        kind=node.kind,
        name=node.name,
        technology=node.technology,
        description=node.description,
        node_ids=(node.id,),
        boundary=boundary,
        link=link,
        external=node.scope == "external",
    )


def group_crowd(
    boxes: Mapping[str, ViewNode], atlas: Atlas, keep: frozenset[str] = frozenset(), most: int = MOST_BOXES
) -> tuple[dict[str, ViewNode], dict[str, str]]:
    """Collapse boxes that share a group until at most `most` are left, the largest groups first.

    Externals without a group share their kind; inside the estate named groups collapse first, then stores of a kind,
    then containers that are not in `keep`. Gives the boxes that are left, by id, and for every box that was collapsed
    the id of its group's box.
    """
    left, moved = dict(boxes), dict[str, str]()
    for bucket_of in (_external_bucket, _estate_bucket, _store_bucket, _container_bucket):
        buckets: dict[tuple[str, str], list[ViewNode]] = defaultdict(list)
        for item in left.values():
            held = item.id in keep and bucket_of is _container_bucket
            name = "" if held or item.id not in atlas.nodes else bucket_of(atlas.nodes[item.id])
            if name:
                buckets[name, item.boundary].append(item)
        for (name, boundary), members in sorted(buckets.items(), key=lambda b: (-len(b[1]), b[0])):
            if len(left) <= most:
                return left, moved
            if len(members) < 2:
                continue
            group = _group_box(name, boundary, members)
            for member in members:
                del left[member.id]
                moved[member.id] = group.id
            left[group.id] = group
    return left, moved


def _external_bucket(node: Node) -> str:
    if node.scope != "external" or node.kind == "person":
        return ""
    return node.group or ("Other systems" if node.kind == "external" else f"Other {_plural(node.kind)}")


def _estate_bucket(node: Node) -> str:
    return node.group if node.scope == "estate" and node.kind not in ("person", "system") else ""


def _store_bucket(node: Node) -> str:
    return _plural(node.kind).capitalize() if node.kind in STORE_KINDS else ""


def _container_bucket(node: Node) -> str:
    return "Other containers" if node.kind == "container" else ""


def _plural(kind: str) -> str:
    return {"search": "search indexes", "storage": "object stores"}.get(kind, f"{kind}s")


def _group_box(name: str, boundary: str, members: list[ViewNode]) -> ViewNode:
    names = sorted((m.name for m in members), key=str.casefold)
    kinds = {m.kind for m in members}
    return ViewNode(
        id=f"group:{boundary and boundary + '/'}{slug(name)}",
        kind=kinds.pop() if len(kinds) == 1 else "external",
        name=f"{name} ({len(members)})",
        technology="",
        description=", ".join(names),
        node_ids=tuple(sorted(i for m in members for i in m.node_ids)),
        boundary=boundary,
        external=all(m.external for m in members),
    )
