"""The legend: made from what the picture holds, in rows under it."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.views import BASES, DECLARED, UNLINKED, View, ViewEdge
from renderers.svg.blocks import KIND_WORDS
from renderers.svg.placed import Rect
from renderers.svg.primitives import esc, num, warning_sign
from renderers.svg.shapes import outline
from renderers.svg.text import width

_ROW = 26.0
_SWATCH = 34.0
_GAP = 20.0
_TOP = 16.0
_BASIS_WORDS = {DECLARED: "Declared in the estate file, not in code", UNLINKED: "Not linked in code to earlier steps"}


def legend(view: View, edges: Sequence[ViewEdge], room: float) -> tuple[str, float, float]:
    """SVG elements at the origin, in rows no wider than `room` pixels, with the height and the width they take."""
    parts, x, y, widest = [], 0.0, _TOP, 0.0
    for swatch, words in _entries(view, edges):
        wide = _SWATCH + 6 + width(words, 11) + _GAP
        if x and x + wide > room:
            x, y = 0.0, y + _ROW
        text = f'<text x="{num(_SWATCH + 6)}" y="14">{esc(words)}</text>'
        parts.append(f'<g transform="translate({num(x)} {num(y)})">{swatch}{text}</g>')
        x += wide
        widest = max(widest, x - _GAP)
    return ("\n".join(parts), y + _ROW, widest) if parts else ("", 0.0, 0.0)


def _entries(view: View, edges: Sequence[ViewEdge]) -> list[tuple[str, str]]:
    found = [(_box(kind, outside), words) for kind, outside, words in _kinds(view)]
    if view.boundaries and any(node.boundary for node in view.nodes):
        frame = '<g class="frame"><rect x="2" y="1" width="30" height="18" rx="4"/></g>'
        found.append((frame, "Boundary"))
    if any(len(node.node_ids) > 1 for node in view.nodes):
        found.append((_box("external", True, True), "Several, grouped"))
    if any(edge.sync for edge in edges):
        found.append((_line("sync", True), "Synchronous: the caller waits"))
    if any(not edge.sync for edge in edges):
        found.append((_line("async", False), "Asynchronous: queued, scheduled or event-driven"))
    if any(edge.n for edge in edges):
        step = '<g class="step"><circle cx="17" cy="10" r="9.5"/><text x="17" y="14">1</text></g>'
        found.append((step, "Step, in order"))
    if any(edge.brittle for edge in edges):
        found.append((warning_sign(17, 10), "Brittle link"))
    found += [(_line(f"sync {basis}", True), _BASIS_WORDS[basis]) for basis in BASES if _rests_on(edges, basis)]
    return found


def _rests_on(edges: Sequence[ViewEdge], basis: str) -> bool:
    return any(edge.basis == basis for edge in edges)


def _kinds(view: View) -> list[tuple[str, bool, str]]:
    held = {(node.kind, node.external) for node in view.nodes}
    order = list(KIND_WORDS)
    ranked = sorted(held, key=lambda item: (order.index(item[0]) if item[0] in order else len(order), item))
    return [(kind, outside, _words(kind, outside)) for kind, outside in ranked]


def _words(kind: str, outside: bool) -> str:
    word = KIND_WORDS.get(kind, kind)
    return f"{word}, external" if outside and kind != "external" else word


def _box(kind: str, outside: bool, several: bool = False) -> str:
    scope = " scope-external" if outside else ""
    if kind == "person":
        drawn = '<rect class="shape" x="6" y="8" width="22" height="12" rx="5"/>'
        drawn += '<circle class="shape" cx="17" cy="5" r="4.5"/>'
    elif kind in ("storage", "component", "search", "cache", "database", "queue"):
        # Full-size outlines have fixed details; drawn at twice the size and halved, they keep their look.
        drawn = f'<g transform="translate(2 0) scale(.5)">{outline(kind, Rect("", 6, 0, 54, 40))}</g>'
        if kind == "storage":
            drawn = f'<g transform="translate(1 0) scale(.35 .5)">{outline(kind, Rect("", 0, 0, 92, 40))}</g>'
    else:
        drawn = outline(kind, Rect("", 2, 1, 30, 18), several)
    return f'<g class="node kind-{esc(kind)}{scope}">{drawn}</g>'


def _line(manner: str, filled: bool) -> str:
    head = "M26 6L33 10L26 14Z" if filled else "M26 6L33 10L26 14M26 10L33 10"
    return f'<g class="edge {manner}"><path class="line" d="M0 10H26"/><path class="head" d="{head}"/></g>'
