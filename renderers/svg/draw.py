"""SVG from a placed diagram: the shapes, arrows, labels and legend, with names for screen readers and for scripts.

What a script may rely on: each box is `<g class="node kind-..." data-node data-kind>`, inside `<a href="view:ID">` when
it leads to another view; each arrow is `<g class="edge sync|async [brittle]" data-edge data-flows data-n>` with a wide
invisible path to point at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from extractor.views import BASES, Boundary, View, ViewEdge, ViewNode
from renderers.svg.blocks import SIGN, STEP, Block, Line, kind_text
from renderers.svg.kept import LayoutStore
from renderers.svg.layout import Blocks, frame_title, layout, measure
from renderers.svg.legend import legend
from renderers.svg.placed import Curve, Placed, Point, Rect
from renderers.svg.primitives import esc, num, warning_sign
from renderers.svg.shapes import dock, outline, text_centre
from renderers.svg.style import style_sheet

_MARGIN = 14.0
_TITLE = 34.0


def render_svg(
    view: View, standalone: bool = False, dot: str = "", store: LayoutStore | None = None, like: View | None = None
) -> str:
    """A view as SVG text, the same bytes for the same view.

    Inline (the default) it takes its colours from the page's `--c4-...` variables where they are set. `standalone`
    adds a title, a background, and a light and a dark theme. `dot` names another layout engine than the wheel's.
    `store` keeps layouts from run to run. `like` is the view whose place this one takes on the page, if any: it is laid
    out in the same manner. Raises LayoutError when the engine gives no layout.
    """
    # The same arguments as for a picture of its own, so that what was laid out is remembered.
    placed = layout(view, dot, store, layout(like, dot, store, None).tuning if like else None)
    blocks = measure(view, placed.tuning.wrap)
    key, key_height, key_width = legend(view, blocks.edges, max(placed.width, 420.0))
    head = _TITLE if standalone else 0.0
    wide = max(placed.width, key_width) + 2 * _MARGIN
    tall = placed.height + key_height + head + 2 * _MARGIN
    shift = (wide - 2 * _MARGIN - placed.width) / 2
    ident = f"c4-{view.id}"
    parts = [
        _open(view, ident, wide, tall),
        f'<title id="{esc(ident)}-t">{esc(view.title)}</title>',
        f'<desc id="{esc(ident)}-d">{esc(_description(view, blocks))}</desc>',
        f"<style>{style_sheet(standalone)}</style>",
    ]
    if standalone:
        parts.append(f'<rect class="page" width="{num(wide)}" height="{num(tall)}"/>')
        parts.append(f'<text class="title" x="{num(_MARGIN)}" y="{num(_MARGIN + 16)}">{esc(view.title)}</text>')
    parts.append(f'<g transform="translate({num(_MARGIN + shift)} {num(_MARGIN + head)})">')
    parts += _body(view, blocks, placed)
    parts.append("</g>")
    parts.append(f'<g class="legend" transform="translate({num(_MARGIN)} {num(_MARGIN + head + placed.height)})">')
    parts += [key, "</g>", "</svg>"]
    return "\n".join(part for part in parts if part) + "\n"


@dataclass(frozen=True, slots=True)
class Pictures:
    """SVG texts by view id: `inline` for a page, `alone` to stand alone."""

    inline: dict[str, str]
    alone: dict[str, str]


def render_pictures(
    views: Sequence[View],
    opened: Mapping[str, Mapping[str, View]] | None = None,
    store: LayoutStore | None = None,
    executor: Executor | None = None,
) -> Pictures:
    """Several views drawn; inline, the views that take their place as well (`opened`: view id -> any key -> view).

    `executor` draws side by side: any of `concurrent.futures`' shape that runs processes, as this is work for a core.
    """
    sets = {view.id: (view, tuple((opened or {}).get(view.id, {}).values()), store) for view in views}
    crowded_first = sorted(sets.values(), key=lambda one: -len(one[0].edges) * (1 + len(one[1])))
    drawn = map(_drawn, crowded_first) if executor is None else executor.map(_drawn, crowded_first)
    made = {one[0].id: pictures for one, pictures in zip(crowded_first, drawn, strict=True)}
    inline = {ident: text for view in views for ident, text in made[view.id].inline.items()}
    return Pictures(inline, {view.id: made[view.id].alone[view.id] for view in views})


def _drawn(one: tuple[View, tuple[View, ...], LayoutStore | None]) -> Pictures:
    """A view and those that take its place: laid out once, drawn for the page and to stand alone."""
    view, parts, store = one
    inline = {view.id: render_svg(view, store=store)}
    inline |= {part.id: render_svg(part, store=store, like=view) for part in parts}
    return Pictures(inline, {view.id: render_svg(view, standalone=True, store=store)})


def _open(view: View, ident: str, wide: float, tall: float) -> str:
    size = f'viewBox="0 0 {num(wide)} {num(tall)}" width="{num(wide)}" height="{num(tall)}"'
    named = f'aria-labelledby="{esc(ident)}-t {esc(ident)}-d"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="c4 c4-{esc(view.kind)}" {size} role="group" {named}>'


def _description(view: View, blocks: Blocks) -> str:
    missing = sum(edge.missing for edge in view.edges)
    counts = f"{len(view.nodes)} elements, {len(blocks.edges)} arrows."
    left_out = f" {missing} steps matched nothing in the code and are not drawn." if missing else ""
    return f"{view.description} {counts}{left_out}".strip()


def _body(view: View, blocks: Blocks, placed: Placed) -> list[str]:
    """Frames, then arrows, then boxes, then labels on top."""
    names = {node.id: node for node in view.nodes}
    rects = {rect.id: rect for rect in placed.boxes}
    labels = {rect.id: rect for rect in placed.labels}
    curves = {curve.id: curve for curve in placed.curves}
    titles = {rect.id: rect for rect in placed.titles}
    frames = {frame.id: frame for frame in view.boundaries}
    parts = [_frame(frames[rect.id], rect, titles[rect.id]) for rect in _outer_first(placed, frames)]
    parts += [_node(node, rects[node.id], blocks.nodes[node.id]) for node in view.nodes]
    for edge in blocks.edges:
        ends = names[edge.source], names[edge.target]
        way = _docked(curves[edge.id], ends, rects)
        spot = labels.get(edge.id)
        framed = spot is not None and any(spot.within(frame) for frame in placed.frames)
        parts.append(_edge(edge, ends, way, _label(edge, spot, blocks.labels[edge.id], framed) if spot else ""))
    return parts


def _outer_first(placed: Placed, frames: dict[str, Boundary]) -> list[Rect]:
    def depth(ident: str) -> int:
        parent = frames[ident].parent
        return 1 + depth(parent) if parent in frames else 0

    return sorted(placed.frames, key=lambda rect: (depth(rect.id), rect.id))


def _frame(frame: Boundary, rect: Rect, title: Rect) -> str:
    box = f'x="{num(rect.x)}" y="{num(rect.y)}" width="{num(rect.width)}" height="{num(rect.height)}" rx="8"'
    text = f'<text x="{num(title.x + 4)}" y="{num(title.y + 14)}">{esc(frame_title(frame))}</text>'
    return f'<g class="frame" data-frame="{esc(frame.id)}"><rect {box}/>{text}</g>'


def _node(node: ViewNode, rect: Rect, block: Block) -> str:
    several = len(node.node_ids) > 1
    classes = f"node kind-{esc(node.kind)}" + (" scope-external" if node.external else "")
    aria_label = ", ".join(part for part in (node.name, kind_text(node), node.description) if part)
    tall = sum(line.drop for line in block.lines)
    room = rect.height - block.top - (8.0 if several else 0.0)
    text = _lines(block.lines, text_centre(node.kind, rect, several), rect.y + block.top + (room - tall) / 2 - 3)
    focus = "" if node.link else ' tabindex="0"'
    group = (
        f'<g class="{classes}" data-node="{esc(node.id)}" data-kind="{esc(node.kind)}"{focus} role="img" '
        f'aria-label="{esc(aria_label)}">{outline(node.kind, rect, several)}{text}</g>'
    )
    if not node.link:
        return group
    return f'<a href="view:{esc(node.link)}" aria-label="{esc(aria_label)}, opens its diagram">{group}</a>'


def _lines(lines: tuple[Line, ...], x: float, y: float) -> str:
    found = []
    for line in lines:
        y += line.drop
        found.append(f'<text class="{line.style}" x="{num(x)}" y="{num(y)}">{esc(line.text)}</text>')
    return "".join(found)


def _docked(curve: Curve, ends: tuple[ViewNode, ViewNode], rects: dict[str, Rect]) -> tuple[Point, ...]:
    """The arrow's points with both ends drawn in onto the outlines of their boxes."""
    points = list(curve.points)
    out = dock(ends[0].kind, rects[ends[0].id], points[0])
    into = dock(ends[1].kind, rects[ends[1].id], points[-1])
    points[0] = (points[0][0] + out[0], points[0][1] + out[1])
    points[-2:] = [(x + into[0], y + into[1]) for x, y in points[-2:]]
    return tuple(points)


def _edge(edge: ViewEdge, ends: tuple[ViewNode, ViewNode], way: tuple[Point, ...], label: str) -> str:
    manner = "sync" if edge.sync else "async"
    classes = f"edge {manner}" + (" brittle" if edge.brittle else "") + (f" {esc(edge.basis)}" if edge.basis else "")
    number = f"step {edge.n}, " if edge.n else ""
    aria_label = f"{number}{ends[0].name} to {ends[1].name}: {edge.label}, {manner}hronous"
    aria_label += ", brittle" if edge.brittle else ""
    aria_label += f", {BASES[edge.basis]}" if edge.basis else ""
    data = _path_data(way[:-1])
    return (
        f'<g class="{classes}" data-edge="{esc(edge.id)}" data-flows="{esc(" ".join(edge.flow_ids))}" '
        f'data-n="{edge.n}" tabindex="0" role="button" aria-label="{esc(aria_label)}">'
        f'<path class="hit" d="{data}L{_pair(way[-1])}"/><path class="line" d="{data}"/>{_head(way, edge.sync)}'
        f"{label}</g>"
    )


def _path_data(points: tuple[Point, ...]) -> str:
    curves = (
        f"C{_pair(points[at])} {_pair(points[at + 1])} {_pair(points[at + 2])}" for at in range(1, len(points) - 2, 3)
    )
    return f"M{_pair(points[0])}" + "".join(curves)


def _pair(point: Point) -> str:
    return f"{num(point[0])} {num(point[1])}"


def _head(way: tuple[Point, ...], sync: bool) -> str:
    """The arrow head between the end of the line and the tip: filled for synchronous, open for asynchronous."""
    (bx, by), (tx, ty) = way[-2], way[-1]
    dx, dy = tx - bx, ty - by
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    nx, ny = -dy / length * 4.2, dx / length * 4.2
    left, right = _pair((bx + nx, by + ny)), _pair((bx - nx, by - ny))
    if sync:
        return f'<path class="head" d="M{left}L{_pair((tx, ty))}L{right}Z"/>'
    return f'<path class="head" d="M{left}L{_pair((tx, ty))}L{right}M{_pair((bx, by))}L{_pair((tx, ty))}"/>'


def _label(edge: ViewEdge, spot: Rect, block: Block, framed: bool) -> str:
    # The engine runs an arrow along its label's left border: the back leaves that strip free.
    place = f'x="{num(spot.x + 4)}" y="{num(spot.y)}" width="{num(spot.width - 4)}" height="{num(spot.height)}"'
    parts = [f'<rect class="back{" framed" if framed else ""}" {place} rx="4"/>']
    x, middle = spot.x + 6, spot.y + spot.height / 2
    if edge.n:
        parts.append(
            f'<g class="step"><circle cx="{num(x + 8)}" cy="{num(middle)}" r="9.5"/>'
            f'<text x="{num(x + 8)}" y="{num(middle + 4)}">{edge.n}</text></g>'
        )
        x += STEP
    if edge.brittle:
        parts.append(warning_sign(x + 6, middle))
        x += SIGN
    tall = sum(line.drop for line in block.lines)
    return "".join(parts) + _lines(block.lines, x, middle - tall / 2 - 3)
