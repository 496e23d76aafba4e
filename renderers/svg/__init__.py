"""Views drawn as SVG: layout by Graphviz's engine, shapes, colours and names by us."""

from renderers.svg import quality
from renderers.svg.draw import Pictures, render_pictures, render_svg
from renderers.svg.engine import LayoutError
from renderers.svg.layout import layout
from renderers.svg.placed import Placed
from renderers.svg.style import DARK, LIGHT, style_sheet

__all__ = [
    "DARK",
    "LIGHT",
    "LayoutError",
    "Pictures",
    "Placed",
    "layout",
    "quality",
    "render_pictures",
    "render_svg",
    "style_sheet",
]
