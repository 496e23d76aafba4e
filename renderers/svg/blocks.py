"""What stands in a box and on an arrow: lines of text, and the size in pixels that they need."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.views import ViewEdge, ViewNode
from renderers.svg.text import width, wrap

NAME, KIND, BODY, LABEL, SMALL = 14.0, 11.5, 12.5, 13.0, 11.5
_INNER = 178.0
LABEL_INNER = 148.0
LEADING = 1.25
STEP = 22.0  # the circle that holds a step's number
SIGN = 17.0  # the warning sign
HEAD = 25.0  # what a person's head adds above the box
STACK = 30.0  # what a stack of several boxes takes at its right, and the sign that it opens
CURVE = 9.0  # the half height of a cylinder's lid

KIND_WORDS = {
    "person": "Person",
    "system": "Software system",
    "container": "Container",
    "component": "Component",
    "database": "Database",
    "queue": "Queue",
    "cache": "Cache",
    "search": "Search index",
    "storage": "Object storage",
    "external": "External system",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: its style (`name`, `kind`, `body`, `label`, `small`) and its baseline's drop from the last."""

    text: str
    style: str
    drop: float


@dataclass(frozen=True, slots=True)
class Block:
    """Lines and the room they need. `top` is what the shape takes above the text, `lead` what stands left of it."""

    lines: tuple[Line, ...]
    width: float
    height: float
    top: float = 0.0
    lead: float = 0.0


def node_block(node: ViewNode) -> Block:
    """The block of a box: name, [kind: technology], description; long texts wrapped, very long ones cut."""
    lines = [Line(t, "name", NAME * LEADING) for t in wrap(node.name, _INNER, NAME, True, 3)]
    lines += [Line(t, "kind", KIND * LEADING) for t in wrap(kind_text(node), _INNER, KIND, most=2)]
    body = wrap(node.description, _INNER, BODY, most=4)
    lines += [Line(t, "body", BODY * LEADING + (5.0 if n == 0 else 0.0)) for n, t in enumerate(body)]
    widest = max(_line_width(line) for line in lines)
    top, bottom, sides = _shape_room(node.kind)
    if len(node.node_ids) > 1:
        sides += STACK
    tall = sum(line.drop for line in lines) + 20.0 + top + bottom
    return Block(tuple(lines), round(max(148.0, widest + 26.0 + sides)), round(max(62.0 + top + bottom, tall)), top)


def kind_text(node: ViewNode) -> str:
    """The bracketed kind under a name, as C4 writes it: `[Container: Django]`."""
    word = KIND_WORDS.get(node.kind, node.kind)
    if len(node.node_ids) > 1:
        word = "Group of external systems" if node.external else "Group"
    return f"[{word}: {node.technology}]" if node.technology else f"[{word}]"


def _shape_room(kind: str) -> tuple[float, float, float]:
    """Pixels that a shape takes above, below and beside its text."""
    rooms = {
        "person": (HEAD, 0.0, 8.0),
        "database": (2 * CURVE, 4.0, 0.0),
        "storage": (12.0, 0.0, 0.0),
        "queue": (0.0, 0.0, 26.0),
        "cache": (0.0, 0.0, 14.0),
        "search": (0.0, 0.0, 18.0),
        "component": (0.0, 0.0, 10.0),
    }
    return rooms.get(kind, (0.0, 0.0, 0.0))


def label_block(edge: ViewEdge, inner: float = LABEL_INNER) -> Block:
    """The block of an arrow: what moves, then [transport], in lines of at most `inner` pixels.

    A step's number and a warning sign have room at the left.
    """
    lines = [Line(t, "label", LABEL * LEADING) for t in wrap(edge.label, inner, LABEL, most=5)]
    if edge.technology:
        small = wrap(f"[{edge.technology}]", inner, SMALL, most=2)
        lines += [Line(t, "small", SMALL * LEADING) for t in small]
    lead = (STEP if edge.n else 0.0) + (SIGN if edge.brittle else 0.0)
    if not lines and not lead:
        return Block((), 0.0, 0.0)
    widest = max((_line_width(line) for line in lines), default=0.0)
    tall = sum(line.drop for line in lines)
    return Block(tuple(lines), round(widest + lead + 10.0), round(max(tall + 6.0, 24.0 if lead else 0.0)), 0.0, lead)


def _line_width(line: Line) -> float:
    sizes = {"name": NAME, "kind": KIND, "body": BODY, "label": LABEL, "small": SMALL}
    return width(line.text, sizes[line.style], line.style == "name")
