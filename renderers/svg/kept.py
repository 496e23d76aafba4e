"""Placed diagrams kept between runs: trying layouts takes time, and most pictures do not change overnight."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Protocol

from extractor.files.fingerprint import fingerprint
from extractor.views import View
from renderers.svg.blocks import Block
from renderers.svg.engine import Tuning
from renderers.svg.placed import Curve, Placed, Rect


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
    return fingerprint(("renderers.svg",), ("graphviz-pure",))


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
    return json.dumps(asdict(placed), separators=(",", ":")).encode()


def decode(body: bytes) -> Placed:
    """The placed diagram that was encoded. Raises ValueError, KeyError or TypeError for anything else."""
    data: dict[str, Any] = json.loads(body)

    def rects(name: str) -> tuple[Rect, ...]:
        return tuple(Rect(**row) for row in data[name])

    curves = (Curve(**{**row, "points": tuple((x, y) for x, y in row["points"])}) for row in data["curves"])
    return Placed(
        width=data["width"],
        height=data["height"],
        boxes=rects("boxes"),
        frames=rects("frames"),
        titles=rects("titles"),
        curves=tuple(curves),
        labels=rects("labels"),
        tuning=Tuning(**data["tuning"]),
    )
