"""From a view to a placed diagram: several layouts are tried, the one that reads best is kept."""

from __future__ import annotations

import contextlib
import functools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.views import Boundary, View, ViewEdge
from renderers.svg import engine, quality
from renderers.svg.blocks import LABEL_INNER, Block, label_block, node_block
from renderers.svg.kept import LayoutStore, decode, encode, layout_key
from renderers.svg.label_placement import placed_labels
from renderers.svg.placed import Curve, Placed, Rect
from renderers.svg.text import width

FRAME_SIZE = 12.5
_PAGE_WIDTH, _PAGE_HEIGHT = 1250.0, 1500.0
_OVERLAP = 1000.0
_DENSE = 90  # arrows, from which on a picture is slow to lay out and no tuning makes it easy to read
# Rounds of layouts to try, each with the cost that is good enough to stop at. Ranking frames by themselves
# (newrank=False) is tidier where it works; where it fails the others are there.
_DOWN, _ACROSS = engine.Tuning("TB", 26.0, 32.0), engine.Tuning("LR", 24.0, 60.0)
_ROUNDS = (
    (
        (
            replace(_DOWN, newrank=False),
            replace(_ACROSS, newrank=False),
            replace(_ACROSS, newrank=False, wrap=220.0, rank_gap=30.0),
            _ACROSS,
        ),
        60.0,
    ),
    (
        (
            replace(_DOWN, newrank=False, rank_gap=60.0, wrap=110.0),
            replace(_DOWN, newrank=False, stagger=3, rank_gap=60.0, wrap=110.0),
            replace(_ACROSS, newrank=False, rank_gap=100.0),
            replace(_ACROSS, newrank=False, wrap=280.0, rank_gap=100.0),
            _DOWN,
            replace(_DOWN, stagger=2),
        ),
        _OVERLAP,
    ),
    ((engine.Tuning("TB", 60.0, 64.0), engine.Tuning("LR", 44.0, 60.0), engine.Tuning("TB", 90.0, 90.0, 2)), 0.0),
)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The texts of a view, measured: by node id and by edge id. `edges` are those that are drawn."""

    nodes: dict[str, Block]
    labels: dict[str, Block]
    edges: tuple[ViewEdge, ...]


def measure(view: View, wrap: float = LABEL_INNER) -> Blocks:
    """Measure what a view holds, labels in lines of `wrap` pixels. Missing steps, and arrows without both boxes, are
    not drawn.
    """
    known = {node.id for node in view.nodes}
    drawn = tuple(e for e in view.edges if not e.missing and e.source in known and e.target in known)
    return Blocks({n.id: node_block(n) for n in view.nodes}, {e.id: label_block(e, wrap) for e in drawn}, drawn)


@functools.lru_cache(maxsize=512)
def layout(view: View, dot: str = "", store: LayoutStore | None = None, like: engine.Tuning | None = None) -> Placed:
    """Place a view's boxes, arrows and labels. `dot` names another engine than the wheel's.

    `like` is how a picture that this one takes the place of was laid out: it is laid out in the same way, when it can
    be, and no other way is tried.

    Raises LayoutError when no layout could be had at all. Deterministic: the first of the best is taken. Kept for a
    while, as a picture is drawn for the page and again to stand alone; and in the `store` from run to run.
    """
    if not view.nodes:
        return Placed(0.0, 0.0, (), (), (), (), ())
    blocks = measure(view)
    if store is None:
        return _best(view, blocks, dot, like)
    key = layout_key(view, blocks.nodes, blocks.labels, dot, like)
    known = store.get(key)
    if known is not None:
        with contextlib.suppress(ValueError):
            return decode(known, view, blocks.edges)
    placed = _best(view, blocks, dot, like)
    with contextlib.suppress(UnicodeEncodeError):  # an id with half a surrogate pair is not written as UTF-8
        store.put(key, encode(placed))
    return placed


def _best(view: View, blocks: Blocks, dot: str, like: engine.Tuning | None) -> Placed:
    """The layout that reads best of those tried."""
    tried: list[tuple[float, Placed]] = []
    seen: set[tuple[engine.Tuning, tuple[int, ...]]] = set()
    failure: engine.LayoutError | None = None
    alike = () if like is None else (((like,), math.inf), ((replace(like, newrank=True),), math.inf))
    rounds = (*alike, *_ROUNDS)
    for tunings, enough in rounds:
        for tuning in tunings:
            same = _effect(view, blocks, tuning)
            if same in seen:
                continue
            seen.add(same)
            try:
                placed = placed_labels(_place(view, measure(view, tuning.wrap), tuning, dot))
            except engine.LayoutError as error:
                failure = error
                continue
            tried.append((_cost(placed, quality.read(placed)), placed))
        if any(cost < enough for cost, _ in tried) or (tried and len(blocks.edges) > _DENSE):
            break
    if not tried:
        raise failure or engine.LayoutError("no layout")
    return min(tried, key=lambda item: item[0])[1]


def _effect(view: View, blocks: Blocks, tuning: engine.Tuning) -> tuple[engine.Tuning, tuple[int, ...]]:
    """What a tuning comes to for this view: without frames all rank alike, without hubs nothing is staggered."""
    lengths = tuple(_lengths(view, blocks.edges, tuning.stagger).values())
    return replace(tuning, stagger=1, newrank=tuning.newrank or not view.boundaries), lengths


def _cost(placed: Placed, reading: quality.Quality) -> float:
    """Lower reads better: overlaps weigh most, then crossings, then a picture that has to be shrunk to fit a page."""
    shrink = max(1.0, placed.width / _PAGE_WIDTH, placed.height / _PAGE_HEIGHT)
    return (
        _OVERLAP * (reading.label_box + reading.label_label)
        + 60.0 * reading.edge_box
        + 25.0 * reading.crossings
        + 12.0 * reading.edge_label
        + 600.0 * (shrink - 1.0)
        + placed.width * placed.height / 20000.0
    )


def _place(view: View, blocks: Blocks, tuning: engine.Tuning, dot: str) -> Placed:
    frames = _used_frames(view)
    frame_at = {frame.id: n for n, frame in enumerate(frames)}
    box_at = {node.id: n for n, node in enumerate(view.nodes)}
    shapes = [
        engine.Shape(blocks.nodes[n.id].width, blocks.nodes[n.id].height, frame_at.get(n.boundary, -1))
        for n in view.nodes
    ]
    lengths = _lengths(view, blocks.edges, tuning.stagger)
    arcs = [
        engine.Arc(
            box_at[e.source],
            box_at[e.target],
            engine.Shape(blocks.labels[e.id].width, blocks.labels[e.id].height),
            lengths[e.id],
        )
        for e in blocks.edges
    ]
    titles = [engine.Shape(round(width(frame_title(f), FRAME_SIZE, True)) + 12.0, 20.0) for f in frames]
    holders = [engine.Cluster(t, frame_at.get(f.parent, -1)) for f, t in zip(frames, titles, strict=True)]
    placed = _assemble(
        view, blocks.edges, frames, shapes, arcs, titles, engine.place(shapes, arcs, holders, tuning, dot)
    )
    return replace(placed, tuning=tuning)


def _assemble(
    view: View,
    edges: Sequence[ViewEdge],
    frames: Sequence[Boundary],
    shapes: Sequence[engine.Shape],
    arcs: Sequence[engine.Arc],
    titles: Sequence[engine.Shape],
    raw: engine.Raw,
) -> Placed:
    def around(ident: str, shape: engine.Shape, centre: tuple[float, float]) -> Rect:
        return Rect(ident, centre[0] - shape.width / 2, centre[1] - shape.height / 2, shape.width, shape.height)

    return Placed(
        raw.width,
        raw.height,
        tuple(around(n.id, shape, at) for n, shape, at in zip(view.nodes, shapes, raw.boxes, strict=True)),
        tuple(Rect(f.id, x1, y1, x2 - x1, y2 - y1) for f, (x1, y1, x2, y2) in zip(frames, raw.frames, strict=True)),
        tuple(
            Rect(f.id, x1 + 8.0, y2 - t.height - 6.0, t.width, t.height)
            for f, t, (x1, _, _, y2) in zip(frames, titles, raw.frames, strict=True)
        ),
        tuple(Curve(e.id, e.source, e.target, points) for e, points in zip(edges, raw.curves, strict=True)),
        tuple(around(e.id, a.label, at) for e, a, at in zip(edges, arcs, raw.labels, strict=True) if at is not None),
    )


def frame_title(frame: Boundary) -> str:
    """A frame's name with its kind, as C4 writes it."""
    return f"{frame.name} [{frame.kind}]"


def _used_frames(view: View) -> tuple[Boundary, ...]:
    """Frames with a box in them, directly or in a frame inside: an empty frame cannot be laid out."""
    by_id = {frame.id: frame for frame in view.boundaries}
    used: set[str] = set()
    for node in view.nodes:
        at = node.boundary
        while at in by_id and at not in used:
            used.add(at)
            at = by_id[at].parent
    return tuple(frame for frame in view.boundaries if frame.id in used)


def _lengths(view: View, edges: Sequence[ViewEdge], stagger: int) -> dict[str, int]:
    """Ranks that each arrow spans: leaves around a hub are put on alternating ranks, so that a row does not sprawl."""
    degree = Counter(end for edge in edges for end in (edge.source, edge.target))
    lengths, seen = {edge.id: 1 for edge in edges}, defaultdict[tuple[str, str], int](int)
    if stagger < 2:
        return lengths
    for edge in edges:
        for leaf, hub, side in ((edge.target, edge.source, "out"), (edge.source, edge.target, "in")):
            if degree[leaf] == 1 and degree[hub] > 3:
                lengths[edge.id] = 1 + seen[hub, side] % stagger
                seen[hub, side] += 1
    return lengths
