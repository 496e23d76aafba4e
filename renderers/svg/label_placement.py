"""Labels moved along their arrows until they are clear of boxes, frame titles, each other and foreign arrows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from renderers.svg.placed import Curve, Placed, Rect, Way
from renderers.svg.quality import through

_SLACK = 1.0
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)


def placed_labels(placed: Placed) -> Placed:
    """The same picture with every label that was in the way moved along its arrow, to the first of the best places.

    In the way is a label on a box, a title or another label, or one that a foreign arrow runs through. A label that
    finds no better place stays where the engine put it; the meter then counts it.
    """
    solid = (*placed.boxes, *placed.titles)
    curves = {curve.id: curve for curve in placed.curves}
    ways = {curve.id: curve.flat() for curve in placed.curves}
    settled: list[Rect] = []
    for at, label in enumerate(placed.labels):
        others = [*settled, *placed.labels[at + 1 :], *solid]
        covers = any(label.overlap(other, _SLACK) for other in others)
        struck = _strikes(label, ways)
        if covers or struck:
            free = [r for r in _places(label, curves[label.id], placed) if not any(r.overlap(o) for o in others)]
            best = min(free, key=lambda r: _strikes(r, ways), default=label)
            label = best if covers or _strikes(best, ways) < struck else label
        settled.append(label)
    return replace(placed, labels=tuple(settled))


def _strikes(label: Rect, ways: dict[str, Way]) -> int:
    return sum(through(way, label) for key, way in ways.items() if key != label.id)


def _places(label: Rect, curve: Curve, placed: Placed) -> Iterator[Rect]:
    """Places for a label: on its arrow at several points, centred, then to the right and to the left of it."""
    way = curve.flat().points
    for part in _ALONG:
        x, y = way[round(part * (len(way) - 1))]
        for shift in (0.0, 0.5, -0.5):
            left = x - label.width / 2 + shift * (label.width + 6)
            spot = replace(label, x=left, y=y - label.height / 2)
            if spot.x >= 0 and spot.y >= 0 and spot.x + spot.width <= placed.width:
                yield spot
