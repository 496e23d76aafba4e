"""Placed diagrams kept between runs: trying layouts takes time, and most pictures do not change overnight."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from extractor.files.fingerprint import fingerprint
from extractor.views import View, ViewEdge
from renderers.svg.blocks import Block
from renderers.svg.engine import Tuning
from renderers.svg.placed import Placed

LAYOUT_LIBRARIES = ("graphviz-pure", "msgspec")


class LayoutStore(Protocol):
    """Bytes by key. Whether they are kept is the store's affair."""

    def get(self, key: str) -> bytes | None:
        """What is kept under a key, or None."""

    def put(self, key: str, body: bytes) -> None:
        """Keeps a body under a key."""

    def __hash__(self) -> int:
        """A store is told from another by what it is, as layouts are remembered by store."""


@functools.cache
def layout_code() -> str:
    """Changes with the layout engine and with any module that measures or places."""
    return fingerprint(("renderers.svg",), LAYOUT_LIBRARIES)


def layout_key(view: View, nodes: dict[str, Block], labels: Collection[str], dot: str, like: Tuning | None) -> str:
    """What a layout depends on: the boxes, frames and drawn arrows in their order, the room that their texts take.

    `labels` are the ids of the arrows that are drawn; `like` the only way to lay out, where one was given.
    """
    boxes = [(n.id, n.boundary, nodes[n.id].width, nodes[n.id].height) for n in view.nodes]
    arrows = [
        (e.id, e.source, e.target, e.label, e.technology, e.brittle, bool(e.n)) for e in view.edges if e.id in labels
    ]
    frames = [(f.id, f.name, f.kind, f.parent) for f in view.boundaries]
    digest = hashlib.sha256(layout_code().encode())
    digest.update(repr((dot, like, boxes, arrows, frames)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def encode(placed: Placed) -> bytes:
    """A placed diagram as JSON."""
    return msgspec.json.encode(placed)


def decode(body: bytes, view: View, edges: Sequence[ViewEdge]) -> Placed:
    """The placed diagram of a view that was encoded, with its drawn arrows. Raises ValueError for anything else."""
    placed = msgspec.json.decode(body, type=Placed)
    drawn = [(edge.id, edge.source, edge.target) for edge in edges]
    fits = (
        [rect.id for rect in placed.boxes] == [node.id for node in view.nodes]
        and [rect.id for rect in placed.titles] == [rect.id for rect in placed.frames]
        and {rect.id for rect in placed.frames} <= {frame.id for frame in view.boundaries}
        and [(curve.id, curve.source, curve.target) for curve in placed.curves] == drawn
        and all(len(curve.points) > 4 and len(curve.points) % 3 == 2 for curve in placed.curves)
        and {rect.id for rect in placed.labels} <= {ident for ident, _source, _target in drawn}
    )
    if not fits:
        raise ValueError("a layout of another view")
    return placed
