"""The outlines of C4's elements: each kind of box has a shape of its own."""

from __future__ import annotations

import math

from renderers.svg.blocks import CURVE, HEAD
from renderers.svg.placed import Point, Rect
from renderers.svg.primitives import num

_FACE = 15.0  # the radius of a person's head


def outline(kind: str, rect: Rect, several: bool = False) -> str:
    """SVG elements for a box: `shape` is filled, `seam` is a line inside it. Several boxes in one stand stacked."""
    draw = {
        "person": _person,
        "database": _cylinder,
        "queue": _pipe,
        "cache": _cache,
        "search": _search,
        "storage": _folder,
        "component": _component,
        "external": _external,
    }.get(kind, _plain)
    x, y, w, h = rect.x, rect.y, rect.width, rect.height
    if not several:
        return draw(x, y, w, h)
    behind = _box(x + 8, y + 8, w - 8, h - 8, 4) + _box(x + 4, y + 4, w - 8, h - 8, 4)
    return behind + draw(x, y, w - 8, h - 8)


def text_centre(kind: str, rect: Rect, several: bool = False) -> float:
    """Where a box's lines are centred, across."""
    shift = {"queue": -4.0, "component": 4.0}.get(kind, 0.0)
    return rect.x + (rect.width - (8.0 if several else 0.0)) / 2 + shift


def dock(kind: str, rect: Rect, point: Point) -> Point:
    """The shift that takes an arrow's end from the box's corner rectangle onto its outline."""
    x, y = point
    across = (x - rect.x - rect.width / 2) / (rect.width / 2)
    if kind == "person" and abs(y - rect.y) < 2:
        off = across * rect.width / 2 / _FACE
        return 0.0, _FACE * (1 - math.sqrt(1 - off * off)) if abs(off) < 0.9 else HEAD
    if kind == "database" and abs(across) <= 1:
        bend = CURVE * (1 - math.sqrt(1 - across * across))
        if abs(y - rect.y) < 2:
            return 0.0, bend
        if abs(y - rect.y - rect.height) < 2:
            return 0.0, -bend
    if kind == "storage" and abs(y - rect.y) < 2 and x > rect.x + 74:
        return 0.0, 10.0
    return 0.0, 0.0


def _box(x: float, y: float, w: float, h: float, round_by: float, style: str = "shape") -> str:
    return f'<rect class="{style}" x="{num(x)}" y="{num(y)}" width="{num(w)}" height="{num(h)}" rx="{num(round_by)}"/>'


def _path(data: str, style: str = "shape") -> str:
    return f'<path class="{style}" d="{data}"/>'


def _plain(x: float, y: float, w: float, h: float) -> str:
    return _box(x, y, w, h, 4)


def _external(x: float, y: float, w: float, h: float) -> str:
    """A double frame: the system stands outside the estate."""
    return _box(x, y, w, h, 4) + _box(x + 4, y + 4, w - 8, h - 8, 2, "seam")


def _person(x: float, y: float, w: float, h: float) -> str:
    head = f'<circle class="shape" cx="{num(x + w / 2)}" cy="{num(y + _FACE)}" r="{num(_FACE)}"/>'
    return _box(x, y + HEAD, w, h - HEAD, 22) + head


def _cylinder(x: float, y: float, w: float, h: float) -> str:
    top, low, r = y + CURVE, y + h - CURVE, f"{num(w / 2)} {num(CURVE)} 0 0"
    body = f"M{num(x)} {num(top)}A{r} 1 {num(x + w)} {num(top)}V{num(low)}A{r} 1 {num(x)} {num(low)}Z"
    return _path(body) + _path(f"M{num(x)} {num(top)}A{r} 0 {num(x + w)} {num(top)}", "seam")


def _pipe(x: float, y: float, w: float, h: float) -> str:
    left, right, r = x + CURVE, x + w - CURVE, f"{num(CURVE)} {num(h / 2)} 0 0"
    body = f"M{num(left)} {num(y)}H{num(right)}A{r} 1 {num(right)} {num(y + h)}H{num(left)}A{r} 1 {num(left)} {num(y)}Z"
    return _path(body) + _path(f"M{num(right)} {num(y)}A{r} 0 {num(right)} {num(y + h)}", "seam")


def _cache(x: float, y: float, w: float, h: float) -> str:
    """Cut corners, and a double wall at both sides."""
    c = 9.0
    body = (
        f"M{num(x + c)} {num(y)}H{num(x + w - c)}L{num(x + w)} {num(y + c)}V{num(y + h - c)}"
        f"L{num(x + w - c)} {num(y + h)}H{num(x + c)}L{num(x)} {num(y + h - c)}V{num(y + c)}Z"
    )
    walls = f"M{num(x + c)} {num(y)}V{num(y + h)}M{num(x + w - c)} {num(y)}V{num(y + h)}"
    return _path(body) + _path(walls, "seam")


def _search(x: float, y: float, w: float, h: float) -> str:
    """A plain box with a magnifying glass in its corner."""
    cx, cy = x + w - 13, y + 12
    glass = (
        f"M{num(cx - 5)} {num(cy)}a5 5 0 1 1 10 0a5 5 0 1 1 -10 0"
        f"M{num(cx - 3.5)} {num(cy + 3.5)}L{num(cx - 8)} {num(cy + 8)}"
    )
    return _plain(x, y, w, h) + _path(glass, "seam")


def _folder(x: float, y: float, w: float, h: float) -> str:
    body = (
        f"M{num(x)} {num(y + 3)}a3 3 0 0 1 3 -3H{num(x + 62)}L{num(x + 74)} {num(y + 10)}H{num(x + w - 3)}"
        f"a3 3 0 0 1 3 3V{num(y + h - 3)}a3 3 0 0 1 -3 3H{num(x + 3)}a3 3 0 0 1 -3 -3Z"
    )
    return _path(body) + _path(f"M{num(x + 1)} {num(y + 15)}H{num(x + w - 1)}", "seam")


def _component(x: float, y: float, w: float, h: float) -> str:
    """UML's component: two tabs on the left edge."""
    tabs = "".join(_box(x - 6, y + down, 12, 9, 1) for down in (12, 27))
    return _plain(x, y, w, h) + tabs
