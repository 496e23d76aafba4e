"""Colours and type of the diagrams, as a style sheet of classes over CSS variables.

Every fill that carries text has a contrast of at least 4.5 to 1 with it, and every line at least 3 to 1 with the
page, in both themes (WCAG 2.2, success criteria 1.4.3 and 1.4.11). Meaning never rests on colour alone: shapes,
dashes, arrow heads and words say the same.
"""

from __future__ import annotations

FONTS = "Arial, Helvetica, 'Liberation Sans', sans-serif"

LIGHT = {
    "bg": "#ffffff",
    "ink": "#1f2933",
    "muted": "#55606c",
    "on": "#ffffff",
    "edge": "#0b2a4a",
    "person": "#0b3b6f",
    "system": "#1256a3",
    "container": "#1f6bb5",
    "component": "#cfe3f7",
    "on-component": "#10263d",
    "store": "#0f6e74",
    "queue": "#7a4b0c",
    "external": "#5a6673",
    "sync": "#38465a",
    "async": "#b45f06",
    "warn": "#b42318",
    "frame": "#5f6d7d",
    "frame-fill": "#f5f8fb",
    "focus": "#7c3aed",
}
DARK = {
    "bg": "#12171d",
    "ink": "#e6ebf0",
    "muted": "#a9b4c0",
    "on": "#ffffff",
    "edge": "#8fb4dc",
    "person": "#1d4e89",
    "system": "#1a5fb0",
    "container": "#2467a8",
    "component": "#233d57",
    "on-component": "#e6eef7",
    "store": "#12666c",
    "queue": "#7a4b0c",
    "external": "#55616e",
    "sync": "#b7c3d0",
    "async": "#f0a73c",
    "warn": "#ff8a7a",
    "frame": "#8391a1",
    "frame-fill": "#181f27",
    "focus": "#c4a6ff",
}

_FILLS = {
    "person": "person",
    "system": "system",
    "container": "container",
    "component": "component",
    "database": "store",
    "search": "store",
    "storage": "store",
    "cache": "store",
    "queue": "queue",
    "external": "external",
}


def style_sheet(standalone: bool = False) -> str:
    """The style sheet of a diagram. Standalone, it brings a light and a dark theme; else the page's variables rule."""

    def var(name: str) -> str:
        return f"var(--c4-{name}, {LIGHT[name]})"

    rules = [
        f".c4 text{{font-family:{FONTS};fill:{var('ink')}}}",
        ".c4 a{text-decoration:none}",
        f".c4 .frame rect{{fill:{var('frame-fill')};stroke:{var('frame')};stroke-width:1.4;stroke-dasharray:7 5}}",
        f".c4 .frame text{{font-size:12.5px;font-weight:700;fill:{var('muted')}}}",
        f".c4 .shape{{stroke:{var('edge')};stroke-width:1.2}}",
        f".c4 .seam{{fill:none;stroke:{var('on')};stroke-opacity:.75;stroke-width:1.2}}",
        f".c4 .node text{{fill:{var('on')};text-anchor:middle}}",
        ".c4 .node .name{font-size:14px;font-weight:700}",
        ".c4 .node .kind{font-size:11.5px}",
        ".c4 .node .body{font-size:12.5px}",
        f".c4 .kind-component text{{fill:{var('on-component')}}}",
        f".c4 .kind-component .seam{{stroke:{var('on-component')}}}",
        *(f".c4 .kind-{kind} .shape{{fill:{var(fill)}}}" for kind, fill in _FILLS.items()),
        f".c4 .scope-external .shape{{fill:{var('external')}}}",
        f".c4 .edge .line{{fill:none;stroke:{var('sync')};stroke-width:1.7}}",
        f".c4 .edge .head{{fill:{var('sync')};stroke:{var('sync')};stroke-width:1.2;stroke-linejoin:round}}",
        f".c4 .async .line{{stroke:{var('async')};stroke-dasharray:7 4}}",
        f".c4 .async .head{{fill:none;stroke:{var('async')};stroke-width:1.8}}",
        ".c4 .brittle .line{stroke-width:2.2}",
        ".c4 .declared .line{stroke-dasharray:12 3 2 3;stroke-width:1.9}",
        f".c4 .unlinked .line{{stroke:{var('muted')};stroke-dasharray:.1 5;stroke-linecap:round;stroke-width:2.2}}",
        f".c4 .unlinked .head{{fill:none;stroke:{var('muted')}}}",
        ".c4 .hit{fill:none;stroke:transparent;stroke-width:16;pointer-events:stroke}",
        f".c4 .back{{fill:{var('bg')};fill-opacity:.9}}",
        f".c4 .framed{{fill:{var('frame-fill')}}}",
        ".c4 .edge .label{font-size:13px}",
        f".c4 .edge .small{{font-size:11.5px;font-style:italic;fill:{var('muted')}}}",
        f".c4 .step circle{{fill:{var('sync')}}}",
        f".c4 .async .step circle{{fill:{var('async')}}}",
        f".c4 .step text{{font-size:11px;font-weight:700;text-anchor:middle;fill:{var('bg')}}}",
        f".c4 .sign path{{fill:{var('bg')};stroke:{var('warn')};stroke-width:1.6;stroke-linejoin:round}}",
        f".c4 .sign text{{font-size:10px;font-weight:700;text-anchor:middle;fill:{var('warn')}}}",
        ".c4 .node,.c4 .edge{cursor:pointer}",
        f".c4 .node:focus .shape,.c4 a:focus .shape{{stroke:{var('focus')};stroke-width:3}}",
        ".c4 .edge:focus .line,.c4 .edge:hover .line{stroke-width:3.2}",
        f".c4 .edge:focus .back{{stroke:{var('focus')};stroke-width:2}}",
        ".c4 .node:focus,.c4 .edge:focus,.c4 a:focus{outline:none}",
        ".c4 .title{font-size:17px;font-weight:700}",
        f".c4 .legend>g>text{{font-size:11px;fill:{var('muted')}}}",
        f".c4 .page{{fill:{var('bg')}}}",
    ]
    if standalone:
        rules += [_theme(LIGHT), f"@media (prefers-color-scheme:dark){{{_theme(DARK)}}}"]
    return "\n".join(rules)


def _theme(colours: dict[str, str]) -> str:
    return ".c4{" + ";".join(f"--c4-{name}:{value}" for name, value in colours.items()) + "}"
