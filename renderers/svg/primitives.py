"""The small things that every part of a picture uses: safe text, coordinates, the warning sign."""

from __future__ import annotations

import html
import re

# What XML 1.0 cannot hold (section 2.2, production Char).
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def num(value: float) -> str:
    """A coordinate with at most one decimal, the same on every machine."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def esc(text: str) -> str:
    """Text made safe inside an element or a quoted attribute; characters that XML cannot hold become U+FFFD."""
    fit = _UNFIT.sub("\ufffd", text)
    return html.escape(fit, quote=True)


def warning_sign(x: float, y: float) -> str:
    """The sign of a brittle arrow, around its centre: drawn, so that it needs no emoji font."""
    path = f"M{num(x)} {num(y - 7)}L{num(x + 7.5)} {num(y + 6)}H{num(x - 7.5)}Z"
    return f'<g class="sign"><path d="{path}"/><text x="{num(x)}" y="{num(y + 4.6)}">!</text></g>'
