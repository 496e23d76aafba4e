"""The layout meter: what makes a picture hard to read, counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise

from renderers.svg.placed import Placed, Point, Rect, Way

# Labels that come closer than this still read as apart; arrows may graze a corner by it.
_SLACK = 1.0
_CELL = 40.0  # pixels
_Piece = tuple[int, Point, Point, float, float, float, float]  # line, ends, left, right, top, bottom


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts: arrows that cross, labels on boxes, titles or each other, arrows through boxes or texts."""

    crossings: int
    label_box: int
    label_label: int
    edge_box: int
    edge_label: int

    @property
    def clear(self) -> bool:
        """Whether no label overlaps a box or another label."""
        return not self.label_box and not self.label_label


def read(placed: Placed) -> Quality:
    """Measure a laid out picture."""
    ways = {curve.id: curve.flat() for curve in placed.curves}
    solid = (*placed.boxes, *placed.titles)
    return Quality(
        crossings=_crossings(ways.values()),
        label_box=sum(label.overlap(box, _SLACK) for label in placed.labels for box in solid),
        label_label=sum(a.overlap(b, _SLACK) for a, b in combinations(placed.labels, 2)),
        edge_box=sum(
            through(ways[curve.id], box)
            for curve in placed.curves
            for box in placed.boxes
            if box.id not in (curve.source, curve.target)
        ),
        edge_label=sum(
            through(ways[curve.id], text)
            for curve in placed.curves
            for text in (*placed.labels, *placed.titles)
            if text.id != curve.id
        ),
    )


def through(way: Way, rect: Rect, inset: float = 2.0) -> bool:
    """Whether a line enters a rectangle by more than `inset` pixels."""
    left, right = rect.x + inset, rect.x + rect.width - inset
    top, bottom = rect.y + inset, rect.y + rect.height - inset
    if way.right < left or right < way.left or way.bottom < top or bottom < way.top:
        return False
    return any(_clips(a, b, left, top, right, bottom) for a, b in pairwise(way.points))


def _clips(a: Point, b: Point, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether the segment meets the rectangle (Liang and Barsky's clipping)."""
    (ax, ay), (bx, by) = a, b
    if (ax < left and bx < left) or (ax > right and bx > right) or (ay < top and by < top) or (ay > bottom < by):
        return False
    low, high = 0.0, 1.0
    for step, room in ((ax - bx, ax - left), (bx - ax, right - ax), (ay - by, ay - top), (by - ay, bottom - ay)):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            low = max(low, room / step)
        else:
            high = min(high, room / step)
    return low < high


def _crossings(ways: Iterable[Way]) -> int:
    """How many pairs of lines cross. Pieces are sorted into the cells of a grid, and compared within a cell only."""
    cells: dict[tuple[int, int], list[_Piece]] = defaultdict(list)
    for n, way in enumerate(ways):
        for p, q in pairwise(way.points):
            left, right = (p[0], q[0]) if p[0] < q[0] else (q[0], p[0])
            top, bottom = (p[1], q[1]) if p[1] < q[1] else (q[1], p[1])
            for across in range(int(left // _CELL), int(right // _CELL) + 1):
                for down in range(int(top // _CELL), int(bottom // _CELL) + 1):
                    cells[across, down].append((n, p, q, left, right, top, bottom))
    found: set[tuple[int, int]] = set()
    for pieces in cells.values():
        for at, (a, p, q, left, right, top, bottom) in enumerate(pieces):
            # Written out: this is the innermost loop of all layouts that are tried.
            for b, r, s, left_, right_, top_, bottom_ in pieces[at + 1 :]:
                if a == b or right < left_ or right_ < left or bottom < top_ or bottom_ < top or (a, b) in found:
                    continue
                if _turn(p, q, r) * _turn(p, q, s) < 0 and _turn(r, s, p) * _turn(r, s, q) < 0:
                    found.add((a, b))
    return len(found)


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
