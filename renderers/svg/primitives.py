"""The small things that every part of a picture uses: safe text, coordinates, the warning sign."""

from __future__ import annotations

import html
import re

from renderers.words import seen

_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # XML 1.0 (section 2.2, production Char) cannot hold them


def num(value: float) -> str:
    """A coordinate with at most one decimal, the same on every machine."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def esc(text: str) -> str:
    """Text made safe inside an element or a quoted attribute; what XML cannot hold or nobody can see becomes U+FFFD."""
    return html.escape(_NO_CHARACTERS.sub("\ufffd", seen(text)), quote=True)


def warning_sign(x: float, y: float) -> str:
    """The sign of a brittle arrow, around its centre: drawn, so that it needs no emoji font."""
    path = f"M{num(x)} {num(y - 7)}L{num(x + 7.5)} {num(y + 6)}H{num(x - 7.5)}Z"
    return f'<g class="sign"><path d="{path}"/><text x="{num(x)}" y="{num(y + 4.6)}">!</text></g>'
