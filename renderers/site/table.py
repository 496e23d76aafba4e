"""Tables of the site, before markup: columns, rows of escaped cells, and how a long table is split.

A page carries the first rows of a long table as HTML; the rest ride in script files beside it and are added when the
reader sorts, filters, prints or asks for them. Nothing is left out, and no page grows beyond what opens at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

# Rows that a page carries itself; the rest come in files of about _SHARD characters.
_FIRST = 150
_SHARD = 700_000
_RECURRING = (
    '</span></td><td><a class="code" href="',
    '</td><td><span class="code">',
    '<span class="code">',
    '<span class="note">',
    '</td></tr>\n<tr id="',
    "</span></td><td>",
    "</td><td>",
    "</span>",
    "<br>",
    "<wbr>",
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `choices` gives it a menu of its values."""

    name: str
    choices: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, and the plain text it sorts and filters by (its own text when `key` is empty)."""

    html: Markup
    key: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row. `anchor` is its HTML id; `warn` marks it brittle."""

    anchor: str
    cells: tuple[Cell, ...]
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `empty` says why there are no rows: a zero is never shown without its reason."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    empty: str

    @property
    def first(self) -> tuple[TableRow, ...]:
        """The rows that the page itself carries."""
        return self.rows[:_FIRST]

    def choices(self, index: int) -> list[str]:
        """The distinct values of a column, sorted: the entries of its menu."""
        return sorted({_plain(row.cells[index]) for row in self.rows} - {""})


def cell(value: str | Markup, key: str = "") -> Cell:
    """A cell of text (escaped here) or of markup."""
    return Cell(Markup.escape(value), key)


def rest(table: Table) -> list[list[TableRow]]:
    """The rows that the page does not carry, in groups small enough for one script file each."""
    shards: list[list[TableRow]] = []
    size = _SHARD
    for row in table.rows[_FIRST:]:
        if size >= _SHARD:
            shards.append([])
            size = 0
        shards[-1].append(row)
        size += sum(len(c.html) + 60 for c in row.cells)
    return shards


def packed(rows: str, addresses: Sequence[str]) -> list[object]:
    """Rows for a script file: what recurs in them as one character each, and what these stand for.

    What recurs are the beginnings of code addresses and the markup of cells. The characters are of the private use
    area, and none that the rows themselves hold: no scanned text can be read as markup.
    """
    held = set(rows)
    free = (char for char in map(chr, range(0xE000, 0xF8FF)) if char not in held)
    tokens = list(zip(free, (*addresses, *_RECURRING), strict=False))
    for token, text in tokens:
        rows = rows.replace(text, token)
    return [rows, [list(pair) for pair in tokens]]


def joined(parts: Iterable[Markup], separator: str = "<br>") -> Markup:
    """Pieces of markup, one under the other."""
    return Markup(separator).join(parts)


def limited(parts: Sequence[Markup], most: int) -> Markup:
    """At most `most` pieces in sight; the rest fold out."""
    if len(parts) <= most + 1:
        return joined(parts)
    more = Markup("<details><summary>{} more</summary>{}</details>").format(len(parts) - most, joined(parts[most:]))
    return joined([*parts[:most], more])


def _plain(item: Cell) -> str:
    return item.key or item.html.striptags()
