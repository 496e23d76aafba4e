"""C4-PlantUML: a view as a .puml file over PlantUML's own C4 library (no network, no local files)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from extractor.views import BASES, Boundary, View, ViewEdge, ViewNode
from renderers.words import one_line

_INCLUDES = {"component": "C4_Component", "dynamic": "C4_Dynamic"}
_MACROS = {
    "person": "Person",
    "system": "System",
    "external": "System",
    "container": "Container",
    "component": "Component",
    "database": "ContainerDb",
    "cache": "ContainerDb",
    "search": "ContainerDb",
    "storage": "ContainerDb",
    "queue": "ContainerQueue",
}
_NO_TECHNOLOGY = ("Person", "System")
_ASYNC, _WARN, _QUIET = "#b45f06", "#b42318", "#5b6675"
# Characters that mean nothing to PlantUML's preprocessor or to Creole; all others are written as <U+XXXX>.
_PLAIN = re.compile(r"[^\W_]| |[,.;:()'?+=/_-]")
_DOUBLE = ".-/_=:"


def render_puml(view: View, links: Mapping[str, str] | None = None) -> str:
    """A view as C4-PlantUML source. `links` gives arrows, by edge id, an address to open (http, https or relative).

    A box that drills down links to the picture of the other view, `<view id>.svg` beside this one.
    """
    alias = _aliases(view)
    lines = [
        f"@startuml {view.id}",
        f"!include <C4/{_include(view)}>",
        _rel_tag("async", _ASYNC, "DashedLine", "asynchronous"),
        _rel_tag("brittle", _WARN, "BoldLine", "brittle link"),
        _rel_tag("brittle-async", _WARN, "DashedLine", "brittle link, asynchronous"),
        *(_rel_tag(basis, _QUIET, "DottedLine", words) for basis, words in BASES.items() if _holds(view, basis)),
        f"title {safe(view.title)}",
        "",
        *_boxes(view, alias, "", 0),
        "",
        *(_rel(view, edge, alias, (links or {}).get(edge.id, "")) for edge in view.edges if _drawn(edge, alias)),
        "",
        "SHOW_LEGEND()",
        "@enduml",
    ]
    return "\n".join(lines) + "\n"


def _holds(view: View, basis: str) -> bool:
    return any(edge.basis == basis for edge in view.edges)


def safe(text: str) -> str:
    """Text that PlantUML prints as it is: quotes, markup, `%functions()`, `$variables` are written as code points."""
    out: list[str] = []
    last = ""
    for char in one_line(text):
        plain = _PLAIN.fullmatch(char) is not None and not (char == last and char in _DOUBLE)
        out.append(char if plain else f"<U+{_fit(char):04X}>")
        last = char
    return "".join(out)


def _fit(char: str) -> int:
    """The code point, or that of the replacement character for one of more than four digits."""
    return ord(char) if ord(char) <= 0xFFFF else 0xFFFD


def _rel_tag(name: str, colour: str, line: str, legend: str) -> str:
    look = f'$lineColor="{colour}", $textColor="{colour}", $lineStyle={line}()'
    return f'AddRelTag("{name}", {look}, $legendText="{legend}")'


def _include(view: View) -> str:
    if view.kind in _INCLUDES:
        return _INCLUDES[view.kind]
    kinds = {node.kind for node in view.nodes}
    if "component" in kinds:
        return "C4_Component"
    return "C4_Context" if kinds <= {"person", "system", "external"} else "C4_Container"


def _aliases(view: View) -> dict[str, str]:
    frames = {frame.id: f"b{n}" for n, frame in enumerate(view.boundaries)}
    return frames | {node.id: f"n{n}" for n, node in enumerate(view.nodes)}


def _drawn(edge: ViewEdge, alias: Mapping[str, str]) -> bool:
    return not edge.missing and edge.source in alias and edge.target in alias


def _boxes(view: View, alias: Mapping[str, str], parent: str, depth: int) -> list[str]:
    """The boxes directly in a boundary ("" for none), then the boundaries inside it, indented."""
    known = {frame.id for frame in view.boundaries}
    pad = "  " * depth
    lines = [
        pad + _element(node, alias[node.id])
        for node in view.nodes
        if (node.boundary if node.boundary in known else "") == parent
    ]
    for frame in view.boundaries:
        if (frame.parent if frame.parent in known else "") == parent:
            inner = _boxes(view, alias, frame.id, depth + 1)
            if inner:
                lines += [f"{pad}{_frame(frame, alias[frame.id])} {{", *inner, f"{pad}}}"]
    return lines


def _frame(frame: Boundary, alias: str) -> str:
    macro = {"system": "System_Boundary", "container": "Container_Boundary"}.get(frame.kind, "Boundary")
    return f'{macro}({alias}, "{safe(frame.name)}")'


def _element(node: ViewNode, alias: str) -> str:
    macro = _MACROS.get(node.kind, "Container")
    technology = node.technology
    if node.kind in ("cache", "search", "storage"):
        technology = f"{node.kind}: {technology}" if technology else node.kind
    outside = "_Ext" if node.external else ""
    arguments = [f'"{safe(node.name)}"']
    if macro in _NO_TECHNOLOGY:
        arguments += [f'"{safe(node.description)}"', *([f'$type="{safe(technology)}"'] if technology else [])]
    else:
        arguments += [f'"{safe(technology)}"', f'"{safe(node.description)}"']
    link = f', $link="{quote(node.link)}.svg"' if node.link else ""
    return f"{macro}{outside}({alias}, {', '.join(arguments)}{link})"


def _rel(view: View, edge: ViewEdge, alias: Mapping[str, str], link: str) -> str:
    """A relation. In a Dynamic view its index is the step's own number: a missing step leaves a hole."""
    arguments = [alias[edge.source], alias[edge.target], f'"{safe(edge.label) or " "}"', f'"{safe(edge.technology)}"']
    tag = "-".join(word for word, holds in (("brittle", edge.brittle), ("async", not edge.sync)) if holds)
    tag = edge.basis or tag
    if tag:
        arguments.append(f'$tags="{tag}"')
    if link:
        arguments.append(f'$link="{quote(link, safe=":/?&=#%@+,;~-._")}"')
    if view.kind == "dynamic":
        arguments.append(f"$index=SetIndex({edge.n})")
    return f"Rel({', '.join(arguments)})"
