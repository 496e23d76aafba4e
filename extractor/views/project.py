"""Flows lifted onto boxes: parallel arrows merged into one, crowded pictures grouped."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from extractor.model.graph import CONFIDENCES, STORE_KINDS, Flow, Node
from extractor.text.slugs import digest, slug
from extractor.views.index import ViewIndex
from extractor.views.view import BASES, DECLARED, ViewEdge, ViewNode

MOST_BOXES = 20
MOST_ARROWS = 32
MOST_LABELS = 3
BOTH_USES = "reads and writes"
_USES = frozenset({"reads", "writes", BOTH_USES})


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
    """One arrow for all flows between the same two boxes with the same synchrony, sorted by source and target; those
    that are only declared have one of their own."""
    bundles: dict[tuple[str, str, bool, bool], list[Flow]] = defaultdict(list)
    for item in lifted:
        bundles[item.source, item.target, item.flow.sync, item.flow.declared].append(item.flow)
    return tuple(_arrow(view_id, key, bundles[key], brittle) for key in sorted(bundles))


def _arrow(view_id: str, key: tuple[str, str, bool, bool], flows: list[Flow], brittle: frozenset[str]) -> ViewEdge:
    source, target, sync, declared = key
    basis = DECLARED if declared else ""
    ranked = sorted(flows, key=lambda f: (CONFIDENCES.index(f.confidence), f.label, f.id))
    return ViewEdge(
        id="e" + digest(view_id, source, target, str(sync), *([basis] if basis else [])),
        source=source,
        target=target,
        label=join_labels(plain_uses(f.label for f in ranked)),
        technology=with_basis(describe_transport(ranked), basis),
        sync=sync,
        flow_ids=tuple(sorted({f.id for f in ranked})),
        confidence=ranked[0].confidence,
        brittle=any(f.id in brittle for f in ranked),
        basis=basis,
    )


def with_basis(technology: str, basis: str) -> str:
    """What an arrow's label says of its transport, and of what it rests on where no code does it."""
    return ", ".join(part for part in (technology, BASES.get(basis, "")) if part)


def plain_uses(labels: Iterable[str]) -> list[str]:
    """The labels, what is said of a store said once: reading and writing by several flows are one arrow's both."""
    held = list(dict.fromkeys(labels))
    if len(_USES.intersection(held)) < 2:
        return held
    return [BOTH_USES, *(label for label in held if label not in _USES)]


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
        description=first_sentence(node.description),
        node_ids=(node.id,),
        boundary=boundary,
        link=link,
        external=node.scope == "external",
    )


def first_sentence(text: str) -> str:
    """What a box has room for. A full stop ends a sentence where a blank and a capital letter follow."""
    return re.split(r"\.\s+(?=[A-Z])", text, maxsplit=1)[0]


def group_crowd(
    boxes: Mapping[str, ViewNode], index: ViewIndex, lifted: Collection[Lifted] = (), keep: frozenset[str] = frozenset()
) -> tuple[dict[str, ViewNode], dict[str, str]]:
    """Collapse boxes that share a group until `MOST_BOXES` boxes and `MOST_ARROWS` arrows are left, or nothing to fold.

    The largest groups go first. Externals without a group share their kind; inside the estate named groups collapse
    first, then stores of a kind, then all stores, then containers that are not in `keep`. `lifted` are the flows that
    the picture's arrows are made of. Gives the boxes that are left, by id, and for every box that was collapsed the id
    of its group's box.
    """
    left, moved = dict(boxes), dict[str, str]()
    external_bucket = functools.partial(_external_bucket, shared=_shared_groups(boxes, index), busy=_busy(lifted))
    for bucket_of in (external_bucket, _estate_bucket, _store_bucket, _stores_bucket, _container_bucket):
        buckets: dict[tuple[str, str], list[ViewNode]] = defaultdict(list)
        for item in left.values():
            held = item.id in keep and bucket_of is _container_bucket
            name = "" if held else _shared(item, index, bucket_of)
            if name:
                buckets[name, item.boundary].append(item)
        for (name, boundary), members in sorted(buckets.items(), key=_size_order):
            if len(left) <= MOST_BOXES and _arrows(lifted, moved) <= MOST_ARROWS:
                return left, moved
            if len(members) > 1:
                _fold(_group_box(name, boundary, members, index), left, moved)
    return left, moved


def _shared(item: ViewNode, index: ViewIndex, bucket_of: Callable[[Node], str]) -> str:
    """The bucket of a box; of a group that was made before, that of all its members when they agree."""
    names = {bucket_of(index.nodes[i]) if i in index.nodes else "" for i in item.node_ids}
    grouped = item.id not in index.nodes
    if len(names) != 1 or (grouped and bucket_of is not _stores_bucket):
        return ""
    return names.pop()


def _fold(group: ViewNode, left: dict[str, ViewNode], moved: dict[str, str]) -> None:
    members = set(group.node_ids)
    for box_id in [key for key, item in left.items() if members.issuperset(item.node_ids) and item.node_ids]:
        del left[box_id]
    moved.update(dict.fromkeys(group.node_ids, group.id))
    left[group.id] = group


def _arrows(lifted: Iterable[Lifted], moved: Mapping[str, str]) -> int:
    """How many arrows the flows make when the collapsed boxes are drawn as their groups."""
    ends = ((moved.get(i.source, i.source), moved.get(i.target, i.target), i.flow.sync) for i in lifted)
    return len({end for end in ends if end[0] != end[1]})


def _size_order(bucket: tuple[tuple[str, str], list[ViewNode]]) -> tuple[bool, int, tuple[str, str]]:
    """Named groups before what is merely left over, large before small."""
    return bucket[0][0].startswith("Other "), -len(bucket[1]), bucket[0]


def _shared_groups(boxes: Iterable[str], index: ViewIndex) -> frozenset[str]:
    """The groups that two boxes or more are of."""
    sizes = Counter(index.nodes[i].group for i in boxes if i in index.nodes and index.nodes[i].scope == "external")
    return frozenset(name for name, size in sizes.items() if size > 1 and name)


def _busy(lifted: Iterable[Lifted]) -> frozenset[str]:
    """The boxes that have two arrows or more."""
    arrows = {(i.source, i.target, i.flow.sync) for i in lifted}
    return frozenset(key for key, n in Counter(end for a in arrows for end in a[:2]).items() if n > 1)


def _external_bucket(node: Node, shared: Collection[str], busy: Collection[str]) -> str:
    """The group of an external, shared with others of the picture; an only one of its group stands when it is busy."""
    if node.scope != "external" or node.kind == "person":
        return ""
    if node.group and (node.group in shared or node.id in busy):
        return node.group
    return "Other systems" if node.kind == "external" else f"Other {_plural(node.kind)}"


def _estate_bucket(node: Node) -> str:
    return node.group if node.scope == "estate" and node.kind not in ("person", "system") else ""


def _store_bucket(node: Node) -> str:
    return _plural(node.kind).capitalize() if node.kind in STORE_KINDS else ""


def _stores_bucket(node: Node) -> str:
    return "Datastores" if node.kind in STORE_KINDS and node.kind != "queue" and node.scope == "estate" else ""


def _container_bucket(node: Node) -> str:
    return "Other containers" if node.kind == "container" else ""


def _plural(kind: str) -> str:
    return {"search": "search indexes", "storage": "object stores"}.get(kind, f"{kind}s")


def _group_box(name: str, boundary: str, members: list[ViewNode], index: ViewIndex) -> ViewNode:
    node_ids = sorted(i for m in members for i in m.node_ids)
    names = sorted((index.nodes[i].name for i in node_ids), key=str.casefold)
    kinds = {m.kind for m in members}
    return ViewNode(
        id=f"group:{boundary and boundary + '/'}{slug(name)}",
        kind=kinds.pop() if len(kinds) == 1 else _mixed(kinds),
        name=f"{name} ({len(names)})",
        technology="",
        description=", ".join(names),
        node_ids=tuple(node_ids),
        boundary=boundary,
        external=all(m.external for m in members),
    )


def _mixed(kinds: Iterable[str]) -> str:
    """The kind that a group of several kinds is drawn as."""
    return "database" if set(kinds) <= set(STORE_KINDS) else "external"
