"""Text in pixels without font files: the widths of Helvetica and its metric kin (Arial, Liberation Sans), and wrapping.

Widths are those of Adobe's Core 14 AFM files for Helvetica and Helvetica-Bold, in thousandths of the font size, for
the characters from space to tilde.
"""

from __future__ import annotations

import functools
import re
import unicodedata

_PLAIN = (
    278,
    278,
    355,
    556,
    556,
    889,
    667,
    191,
    333,
    333,
    389,
    584,
    278,
    333,
    278,
    278,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    278,
    278,
    584,
    584,
    584,
    556,
    1015,
    667,
    667,
    722,
    722,
    667,
    611,
    778,
    722,
    278,
    500,
    667,
    556,
    833,
    722,
    778,
    667,
    778,
    722,
    667,
    611,
    722,
    667,
    944,
    667,
    667,
    611,
    278,
    278,
    278,
    469,
    556,
    333,
    556,
    556,
    500,
    556,
    556,
    278,
    556,
    556,
    222,
    222,
    500,
    222,
    833,
    556,
    556,
    556,
    556,
    333,
    500,
    278,
    556,
    500,
    722,
    500,
    500,
    500,
    334,
    260,
    334,
    584,
)
_BOLD = (
    278,
    333,
    474,
    556,
    556,
    889,
    722,
    238,
    333,
    333,
    389,
    584,
    278,
    333,
    278,
    278,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    333,
    333,
    584,
    584,
    584,
    611,
    975,
    722,
    722,
    722,
    722,
    667,
    611,
    778,
    722,
    278,
    556,
    722,
    611,
    833,
    722,
    778,
    667,
    778,
    722,
    667,
    611,
    722,
    667,
    944,
    667,
    667,
    611,
    333,
    278,
    333,
    584,
    556,
    333,
    556,
    611,
    556,
    611,
    556,
    333,
    611,
    611,
    278,
    278,
    556,
    278,
    889,
    611,
    611,
    611,
    611,
    389,
    556,
    333,
    611,
    556,
    778,
    556,
    556,
    500,
    389,
    280,
    389,
    584,
)
_FIRST = 32
# Where a long word may be broken: after a separator, or before a capital that follows a small letter.
_SEAMS = re.compile(r"(?<=[/._:@\-])(?=[^/._:@\-])|(?<=[a-z])(?=[A-Z])")


@functools.lru_cache(maxsize=1 << 16)
def width(text: str, size: float, bold: bool = False) -> float:
    """The width of one line in pixels at a font size in pixels. Letters with accents count as their base letter."""
    return sum(_advance(char, _BOLD if bold else _PLAIN) for char in text) * size / 1000


def _advance(char: str, table: tuple[int, ...]) -> int:
    at = ord(char) - _FIRST
    if 0 <= at < len(table):
        return table[at]
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn"):
        return 0
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return 1000
    base = ord(unicodedata.normalize("NFD", char)[0]) - _FIRST
    return table[base] if 0 <= base < len(table) else 700


@functools.lru_cache(maxsize=1 << 14)
def wrap(text: str, limit: float, size: float, bold: bool = False, most: int = 0) -> tuple[str, ...]:
    """The text in lines no wider than `limit` pixels; with `most`, at most that many, the last ending in an ellipsis.

    White space of any kind separates words; a word wider than a line is broken at its seams, or where it must be.
    """
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width(joined, size, bold) <= limit:
            lines[-1] = joined
        else:
            lines += _broken(word, limit, size, bold)
    if most and len(lines) > most:
        lines = [*lines[: most - 1], _clip(" ".join(lines[most - 1 :]), limit, size, bold)]
    return tuple(lines)


def _broken(word: str, limit: float, size: float, bold: bool) -> list[str]:
    if width(word, size, bold) <= limit:
        return [word]
    lines, room = [""], 0
    table = _BOLD if bold else _PLAIN
    for piece in _SEAMS.split(word):
        for part in [piece] if width(piece, size, bold) <= limit else piece:
            wide = sum(_advance(char, table) for char in part)
            if lines[-1] and (room + wide) * size / 1000 > limit:
                lines.append(part)
                room = wide
            else:
                lines[-1] += part
                room += wide
    return lines


def _clip(text: str, limit: float, size: float, bold: bool) -> str:
    """The longest beginning of a text that fits with an ellipsis: each letter is measured once."""
    table = _BOLD if bold else _PLAIN
    room, kept = _advance("…", table), 0
    for at, char in enumerate(text, 1):
        room += _advance(char, table)
        if room * size / 1000 > limit:
            break
        kept = at
    return text[:kept].rstrip(" ,.;:-/") + "…"
