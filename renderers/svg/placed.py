"""A diagram after layout: boxes, frames, arrows and labels with their places in pixels, y growing downwards."""

from __future__ import annotations

from dataclasses import dataclass

from renderers.svg.engine import Tuning

Point = tuple[float, float]
_PLAIN = Tuning()


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its top left corner and size. `id` is that of the box, frame or edge it belongs to."""

    id: str
    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> Point:
        """The middle point."""
        return self.x + self.width / 2, self.y + self.height / 2

    def within(self, other: Rect) -> bool:
        """Whether this rectangle lies inside the other."""
        return (
            other.x <= self.x
            and other.y <= self.y
            and self.x + self.width <= other.x + other.width
            and self.y + self.height <= other.y + other.height
        )

    def overlap(self, other: Rect, slack: float = 0.0) -> bool:
        """Whether the two cover a common area after both gave way by `slack` pixels in all."""
        return (
            self.x + slack < other.x + other.width
            and other.x + slack < self.x + self.width
            and self.y + slack < other.y + other.height
            and other.y + slack < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Way:
    """A line of straight pieces, with the extent that tells most pairs of lines and boxes apart at once."""

    points: tuple[Point, ...]
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Curve:
    """An arrow's way: 1 + 3n Bezier points, then the tip. `source` and `target` are the ids of the boxes."""

    id: str
    source: str
    target: str
    points: tuple[Point, ...]

    @property
    def tip(self) -> Point:
        """Where the arrow's head ends."""
        return self.points[-1]

    def flat(self, pieces: int = 6) -> Way:
        """The way as a line of short straight pieces, tip included."""
        way, found = self.points[:-1], [self.points[0]]
        for at in range(0, len(way) - 3, 3):
            found += [_bezier(way[at : at + 4], n / pieces) for n in range(1, pieces + 1)]
        found.append(self.tip)
        across, down = [x for x, _ in found], [y for _, y in found]
        return Way(tuple(found), min(across), min(down), max(across), max(down))


@dataclass(frozen=True, slots=True)
class Placed:
    """A whole diagram, laid out. Labels carry the id of their edge; a frame's `title` is the room of its name.

    `tuning` is how it was laid out.
    """

    width: float
    height: float
    boxes: tuple[Rect, ...]
    frames: tuple[Rect, ...]
    titles: tuple[Rect, ...]
    curves: tuple[Curve, ...]
    labels: tuple[Rect, ...]
    tuning: Tuning = _PLAIN


def _bezier(points: tuple[Point, ...], t: float) -> Point:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    u = 1 - t
    a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
    return a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy
