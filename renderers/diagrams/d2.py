"""D2: a view as a diagram script."""

from __future__ import annotations

from urllib.parse import quote

from extractor.views import View, ViewEdge, ViewNode
from renderers.words import one_line

_SHAPES = {
    "person": "person",
    "database": "cylinder",
    "search": "cylinder",
    "cache": "hexagon",
    "queue": "queue",
    "storage": "stored_data",
}
_FILLS = {
    "person": "#0b3b6f",
    "system": "#1256a3",
    "container": "#1f6bb5",
    "component": "#2f6ea8",
    "queue": "#7a4b0c",
    "external": "#5a6673",
}
_STORE = "#0f6e74"
_WHITE = "#ffffff"


def render_d2(view: View) -> str:
    """A view as D2 source. A box that drills down links to `<view id>.svg` beside this picture."""
    lines = [f"# {view.id}", "direction: down", f"title: {_text(view.title)} {{", "  shape: text", "  near: top-center"]
    paths: dict[str, str] = {}
    lines += ["}", *_boxes(view, "", "", 0, paths)]
    drawn = (e for e in view.edges if not e.missing and e.source in paths and e.target in paths)
    for edge in drawn:
        lines += _arrow(edge, paths)
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    r"""A double-quoted string: `"`, `\` and `$` are escaped, so that nothing ends it and no variable is read."""
    safe = one_line(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{safe}"'


def _boxes(view: View, parent: str, prefix: str, depth: int, paths: dict[str, str]) -> list[str]:
    """Boxes and frames inside `parent`; fills `paths` with the full name of every box."""
    known = {frame.id for frame in view.boundaries}
    pad, lines = "  " * depth, []
    for n, node in enumerate(view.nodes):
        if (node.boundary if node.boundary in known else "") == parent:
            paths[node.id] = f"{prefix}n{n}"
            lines += [pad + line for line in _box(node, f"n{n}")]
    for n, frame in enumerate(view.boundaries):
        if (frame.parent if frame.parent in known else "") == parent:
            inner = _boxes(view, frame.id, f"{prefix}b{n}.", depth + 1, paths)
            style = f"{pad}  style: {{stroke-dash: 5; fill: transparent}}"
            lines += [f"{pad}b{n}: {_text(frame.name)} {{", style, *inner, f"{pad}}}"] if inner else []
    return lines


def _box(node: ViewNode, name: str) -> list[str]:
    kind = f"[{node.kind}: {node.technology}]" if node.technology else f"[{node.kind}]"
    parts = [one_line(part) for part in (node.name, kind, node.description) if part]
    fill = _FILLS.get("external" if node.external else node.kind, _STORE)
    link = [f'  link: "{quote(node.link)}.svg"'] if node.link else []
    return [
        f"{name}: {_joined(parts)} {{",
        f"  shape: {_SHAPES.get(node.kind, 'rectangle')}",
        *link,
        f'  style: {{fill: "{fill}"; font-color: "{_WHITE}"}}',
        "}",
    ]


def _joined(parts: list[str]) -> str:
    return '"' + "\\n".join(_text(part)[1:-1] for part in parts) + '"'


def _arrow(edge: ViewEdge, paths: dict[str, str]) -> list[str]:
    label = f"{edge.n}. {edge.label}" if edge.n else edge.label
    parts = [f"⚠ {label}" if edge.brittle else label, *([f"[{edge.technology}]"] if edge.technology else [])]
    style = "" if edge.sync else ' {style: {stroke-dash: 4; stroke: "#b45f06"}}'
    style = ' {style: {stroke-dash: 2; stroke: "#5b6675"}}' if edge.basis else style
    return [f"{paths[edge.source]} -> {paths[edge.target]}: {_joined(parts)}{style}"]
