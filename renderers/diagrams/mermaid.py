"""Mermaid: a view as a flowchart that GitHub and GitLab draw, in a Markdown file with its arrows as a table."""

from __future__ import annotations

import re

from extractor.views import DECLARED, UNLINKED, View, ViewEdge, ViewNode
from renderers.words import one_line

_SHAPES = {
    "person": ("([", "])"),
    "database": ("[(", ")]"),
    "search": ("[(", ")]"),
    "queue": ("[[", "]]"),
    "cache": ("{{", "}}"),
    "storage": ("[\\", "/]"),
}
_CLASSES = {
    "person": "fill:#0b3b6f,color:#fff,stroke:#0b2a4a",
    "system": "fill:#1256a3,color:#fff,stroke:#0b2a4a",
    "container": "fill:#1f6bb5,color:#fff,stroke:#0b2a4a",
    "component": "fill:#cfe3f7,color:#10263d,stroke:#0b2a4a",
    "store": "fill:#0f6e74,color:#fff,stroke:#0b2a4a",
    "queue": "fill:#7a4b0c,color:#fff,stroke:#0b2a4a",
    "external": "fill:#5a6673,color:#fff,stroke:#2b333b",
}
_STORES = ("database", "search", "cache", "storage")
_ASYNC = "stroke:#b45f06,stroke-width:2px"
_DASHES = {DECLARED: "9 3 2 3", UNLINKED: "1 4"}
_PLAIN = re.compile(r"[^\W_]| |[,.:()'?+/-]")
# Signs that some Markdown (CommonMark, GitHub's, Python-Markdown with extensions) takes for more than themselves.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]#|~<>&$@^=]|:(?=[/A-Za-z])|^[-+]")


def render_mermaid(view: View) -> str:
    """A Markdown page: title, description, the flowchart, then every arrow as a row, missing steps marked."""
    rows = ["| | From | To | What moves | How |", "| --- | --- | --- | --- | --- |"]
    names = {node.id: node.name for node in view.nodes}
    rows += [_row(edge, names) for edge in view.edges]
    parts = [f"# {markdown(view.title)}", markdown(view.description), f"```mermaid\n{mermaid_source(view)}```"]
    if view.edges:
        parts.append("\n".join(rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def mermaid_source(view: View) -> str:
    """The flowchart alone. Solid arrows are synchronous, dotted amber ones asynchronous; steps carry their number."""
    alias = {node.id: f"n{n}" for n, node in enumerate(view.nodes)}
    frames = {frame.id: f"b{n}" for n, frame in enumerate(view.boundaries)}
    drawn = [e for e in view.edges if not e.missing and e.source in alias and e.target in alias]
    lines = ["flowchart TB", *_boxes(view, alias, frames, "", 1)]
    lines += [f"  {_arrow(edge, alias)}" for edge in drawn]
    used = sorted({_class_of(node) for node in view.nodes})
    lines += [f"  classDef {name} {_CLASSES[name]}" for name in used]
    for name in used:
        members = [alias[node.id] for node in view.nodes if _class_of(node) == name]
        lines.append(f"  class {','.join(members)} {name}")
    late = [str(n) for n, edge in enumerate(drawn) if not edge.sync]
    if late:
        lines.append(f"  linkStyle {','.join(late)} {_ASYNC}")
    for basis, dashes in _DASHES.items():
        held = [str(n) for n, edge in enumerate(drawn) if edge.basis == basis]
        if held:
            lines.append(f"  linkStyle {','.join(held)} stroke-dasharray:{dashes}")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Text for a quoted Mermaid string: whatever is not plainly a letter, digit or mild sign becomes `#code;`."""
    return "".join(c if _PLAIN.fullmatch(c) else f"#{ord(c)};" for c in one_line(text))


def markdown(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line: signs that could mean more are character references.

    Python-Markdown knows fewer backslash escapes than CommonMark, and passes references through.
    """
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", one_line(text))


def _class_of(node: ViewNode) -> str:
    if node.external:
        return "external"
    return "store" if node.kind in _STORES else node.kind if node.kind in _CLASSES else "container"


def _boxes(view: View, alias: dict[str, str], frames: dict[str, str], parent: str, depth: int) -> list[str]:
    pad = "  " * depth
    lines = [
        f"{pad}{_box(node, alias[node.id])}"
        for node in view.nodes
        if (node.boundary if node.boundary in frames else "") == parent
    ]
    for frame in view.boundaries:
        if (frame.parent if frame.parent in frames else "") == parent:
            inner = _boxes(view, alias, frames, frame.id, depth + 1)
            if inner:
                lines += [f'{pad}subgraph {frames[frame.id]}["{quoted(frame.name)}"]', *inner, f"{pad}end"]
    return lines


def _box(node: ViewNode, alias: str) -> str:
    kind = f"{node.kind}: {node.technology}" if node.technology else node.kind
    text = [f"<b>{quoted(node.name)}</b>", quoted(f"[{kind}]")]
    if node.description:
        text.append(quoted(node.description))
    left, right = _SHAPES.get(node.kind, ("[", "]"))
    return f'{alias}{left}"{"<br/>".join(text)}"{right}'


def _arrow(edge: ViewEdge, alias: dict[str, str]) -> str:
    number = f"{edge.n}. " if edge.n else ""
    sign = "⚠ " if edge.brittle else ""
    text = quoted(f"{number}") + sign + quoted(edge.label)
    if edge.technology:
        text += f"<br/>{quoted(f'[{edge.technology}]')}"
    line = "-->" if edge.sync else "-.->"
    label = f'|"{text}"|' if text else ""
    return f"{alias[edge.source]} {line}{label} {alias[edge.target]}"


def _row(edge: ViewEdge, names: dict[str, str]) -> str:
    signs = [str(edge.n)] if edge.n else []
    signs += ["⚠"] if edge.brittle else []
    manner = "not found in the code" if edge.missing else "synchronous" if edge.sync else "asynchronous"
    how = ", ".join(part for part in (markdown(edge.technology), manner) if part)
    ends = [markdown(names.get(end, end)) for end in (edge.source, edge.target)]
    return f"| {' '.join(signs)} | {ends[0]} | {ends[1]} | {markdown(edge.label)} | {how} |"
