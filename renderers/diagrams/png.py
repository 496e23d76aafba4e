"""PNG pictures of views: the standalone SVG with its colours written out, drawn by resvg with a font of a wheel.

What CSS may say in a browser (custom properties, media queries) resvg does not read, so the light theme is written into
the style sheet. No font of the machine is used: the same view gives the same bytes on every machine of one kind.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from renderers.svg import LIGHT

_ZOOM = 2  # pixels of the picture for each of the SVG's
_FAMILY = "Roboto"
_FACES = frozenset({"Roboto-Regular.ttf", "Roboto-Bold.ttf", "Roboto-Italic.ttf"})
_COLOUR = re.compile(r"var\(--c4-([a-z-]+), #[0-9a-f]{6}\)")
_THEMES = re.compile(r"^(?:@media|\.c4\{--c4-)[^<\n]*", re.MULTILINE)


class PngError(RuntimeError):
    """What draws PNG pictures is not installed, or refused a picture."""


def render_pngs(svgs: Mapping[str, str]) -> dict[str, bytes]:
    """Standalone SVG texts as PNG, under their names. Raises PngError."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return dict(zip(svgs, pool.map(_draw, svgs.values()), strict=True))


def check_png() -> None:
    """Raise PngError unless PNG pictures can be drawn here."""
    _fonts()


def plain_svg(svg: str) -> str:
    """A standalone SVG in the colours of its light theme, without custom properties and media queries."""
    return _COLOUR.sub(lambda match: LIGHT[match[1]], _THEMES.sub("", svg))


def _draw(svg: str) -> bytes:
    fonts = _fonts()
    import resvg_py

    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=plain_svg(svg),
            zoom=_ZOOM,
            skip_system_fonts=True,
            font_files=list(fonts),
            font_family=_FAMILY,
            sans_serif_family=_FAMILY,
        )
    except ValueError as error:
        raise PngError(f"a picture could not be drawn as PNG: {error}") from error
    return bytes(drawn)


@functools.cache
def _fonts() -> Sequence[str]:
    """The font files of the font-roboto distribution; PngError when it or resvg is not there."""
    try:
        importlib.metadata.version("resvg-py")
        files = importlib.metadata.files("font-roboto") or []
    except importlib.metadata.PackageNotFoundError as error:
        needed = f"{error.name}, which is not installed: pip install resvg-py font-roboto"
        raise PngError(f"PNG pictures need {needed}") from error
    return tuple(sorted(str(file.locate()) for file in files if file.name in _FACES))
