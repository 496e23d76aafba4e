"""The layout engine: sizes written as a DOT graph, positions read back from Graphviz's JSON.

Only numbers reach the engine: boxes and labels are reserved as empty rectangles, so no scanned text is ever parsed by
it. The engine is the graphviz-pure wheel; any `dot` that writes `-Tjson0` can stand in for it.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SECONDS = 60
_POINTS = 72.0  # one pixel of ours is one point of the engine's
_FRAME_MARGIN = 18


class LayoutError(RuntimeError):
    """The layout engine is missing, failed, or gave something else than a layout."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A box or label to place: its size in pixels, and for a box the index of the frame around it (or -1)."""

    width: float
    height: float
    frame: int = -1


@dataclass(frozen=True, slots=True)
class Arc:
    """An arrow to route between two boxes, by index. `length` is the number of ranks it should span at least."""

    tail: int
    head: int
    label: Shape
    length: int = 1


@dataclass(frozen=True, slots=True)
class Cluster:
    """A frame: the size of its title, and the index of the frame around it (or -1)."""

    title: Shape
    parent: int = -1


@dataclass(frozen=True, slots=True)
class Tuning:
    """How to lay out: `rankdir` (TB or LR), gaps in pixels between boxes and between ranks, stagger of leaves.

    `newrank` ranks frames and the rest together. Without it frames are ranked by themselves, which can be tidier, but
    one in ten clustered graphs with cycles cannot be laid out at all. `wrap` is the widest that a label may get: where
    ranks stand side by side (LR), labels stand one above the other, and long lines keep the picture low.
    """

    rankdir: str = "TB"
    gap: float = 34.0
    rank_gap: float = 40.0
    stagger: int = 1
    newrank: bool = True
    wrap: float = 148.0


@dataclass(frozen=True, slots=True)
class Raw:
    """Positions in pixels, y growing downwards: centres of boxes and labels, corners of frames, Bezier points.

    `curves` hold 1 + 3n points each and then the arrow's tip.
    """

    width: float
    height: float
    boxes: tuple[tuple[float, float], ...]
    frames: tuple[tuple[float, float, float, float], ...]
    curves: tuple[tuple[tuple[float, float], ...], ...]
    labels: tuple[tuple[float, float] | None, ...]


def place(boxes: Sequence[Shape], arcs: Sequence[Arc], frames: Sequence[Cluster], tuning: Tuning, dot: str = "") -> Raw:
    """Lay out. `dot` names another engine than the wheel's. Raises LayoutError."""
    source = _source(boxes, arcs, frames, tuning)
    try:
        done = subprocess.run(
            [dot or _engine(), "-Tjson0"], input=source.encode(), capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LayoutError(f"the layout engine could not be run: {error}") from error
    if done.returncode != 0:
        raise LayoutError(f"the layout engine failed: {done.stderr.decode('utf-8', 'replace').strip()[:300]}")
    try:
        return _read(json.loads(done.stdout), len(boxes), len(arcs), len(frames))
    except (ValueError, KeyError, IndexError) as error:
        raise LayoutError(f"the layout engine gave no usable layout: {error!r}") from error


@functools.cache
def _engine() -> str:
    """The program that the wheel installed, or a `dot` on the path."""
    try:
        files = importlib.metadata.files("graphviz-pure") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.stem == "graphviz-pure" and file.suffix in ("", ".exe"):
            return str(file.locate())
    found = shutil.which("graphviz-pure") or shutil.which("dot")
    if found is None:
        raise LayoutError("no layout engine: install the graphviz-pure wheel, or put Graphviz's dot on the path")
    return found


def _source(boxes: Sequence[Shape], arcs: Sequence[Arc], frames: Sequence[Cluster], tuning: Tuning) -> str:
    lines = [
        "digraph g {",
        f"newrank={str(tuning.newrank).lower()}; rankdir={tuning.rankdir};",
        f"nodesep={tuning.gap / _POINTS:.3f}; ranksep={tuning.rank_gap / _POINTS:.3f};",
        'node [shape=box, fixedsize=true, label=""]; edge [arrowsize=0.9];',
    ]
    lines += _frame_lines(boxes, frames, -1)
    for n, arc in enumerate(arcs):
        label = f", label={_reserve(arc.label)}" if arc.label.width else ""
        lines.append(f'n{arc.tail} -> n{arc.head} [id="e{n}", minlen={arc.length}{label}];')
    return "\n".join([*lines, "}"])


def _frame_lines(boxes: Sequence[Shape], frames: Sequence[Cluster], parent: int) -> list[str]:
    lines = []
    for n, frame in enumerate(frames):
        if frame.parent == parent:
            head = f"margin={_FRAME_MARGIN}; labelloc=b; labeljust=l; label={_reserve(frame.title)};"
            lines += [f"subgraph cluster_{n} {{", head, *_frame_lines(boxes, frames, n), "}"]
    for n, box in enumerate(boxes):
        if box.frame == parent:
            lines.append(f"n{n} [width={box.width / _POINTS:.4f}, height={box.height / _POINTS:.4f}];")
    return lines


def _reserve(shape: Shape) -> str:
    """An HTML-like label that is nothing but a rectangle of the size."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{shape.width:.0f}" HEIGHT="{shape.height:.0f}"'
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" {size}><TR><TD></TD></TR></TABLE>>'


def _read(data: Mapping[str, Any], boxes: int, arcs: int, frames: int) -> Raw:
    _, _, wide, tall = (float(v) for v in data["bb"].split(","))
    objects = {item["name"]: item for item in data.get("objects", ())}
    edges = {item["id"]: item for item in data.get("edges", ())}

    def flip(pair: str) -> tuple[float, float]:
        x, y = pair.split(",")
        return float(x), tall - float(y)

    corners = []
    for n in range(frames):
        x1, y1, x2, y2 = (float(v) for v in objects[f"cluster_{n}"]["bb"].split(","))
        corners.append((x1, tall - y2, x2, tall - y1))
    return Raw(
        wide,
        tall,
        tuple(flip(objects[f"n{n}"]["pos"]) for n in range(boxes)),
        tuple(corners),
        tuple(_curve(edges[f"e{n}"]["pos"], tall) for n in range(arcs)),
        tuple(flip(edges[f"e{n}"]["lp"]) if "lp" in edges[f"e{n}"] else None for n in range(arcs)),
    )


def _curve(pos: str, tall: float) -> tuple[tuple[float, float], ...]:
    """Graphviz's splineType, `e,x,y p0 c c p ...` (attribute type splineType in its documentation), tip last."""
    tip: tuple[float, float] | None = None
    points = []
    for word in pos.split(";")[0].split():
        parts = word.split(",")
        if parts[0] == "e":
            tip = (float(parts[1]), tall - float(parts[2]))
        elif parts[0] != "s":
            points.append((float(parts[0]), tall - float(parts[1])))
    return (*points, tip if tip is not None else points[-1])
