"""History as text: a table for the terminal, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from renderers.history.svg import HistoryPoint

_NUMBERS = ("flows", "tasks", "schedules", "brittle", "unknowns")
_CSV = ("id", "taken", "seen", *_NUMBERS, "kept", "sources")


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A state for the table: its point, the commits it was made from (name -> id), those that were stale, and whether
    its graph is still kept.
    """

    point: HistoryPoint
    commits: tuple[tuple[str, str], ...]
    stale: tuple[str, ...]
    kept: bool


def render_history_table(rows: Sequence[HistoryRow]) -> str:
    """Columns for a terminal, oldest first, with what each state changed of the one before. Names the graphs gone."""
    heads = ["snapshot", "since (UTC)", *_NUMBERS, "sources"]
    cells = [heads]
    for index, row in enumerate(rows):
        before = rows[index - 1].point if index else None
        numbers = [_number(row.point, before, name) for name in _NUMBERS]
        label = row.point.label if row.kept else f"{row.point.label} (counts only)"
        cells.append([label, row.point.taken, *numbers, " ".join(_sources(row))])
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def render_history_json(rows: Sequence[HistoryRow]) -> str:
    """A JSON list, oldest first; `sources` is a list of name, commit and stale."""
    data = [
        {
            **asdict(row.point),
            "kept": row.kept,
            "sources": [{"name": n, "commit": c, "stale": n in row.stale} for n, c in row.commits],
        }
        for row in rows
    ]
    return json.dumps(data, indent=2)


def render_history_csv(rows: Sequence[HistoryRow]) -> str:
    """RFC 4180, oldest first; `sources` is `name@commit`, separated by spaces, with `!` behind a stale one."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV)
    for row in rows:
        point = row.point
        numbers = [getattr(point, name) for name in _NUMBERS]
        kept = "yes" if row.kept else "no"
        writer.writerow([point.label, point.taken, point.seen, *numbers, kept, " ".join(_sources(row, 40))])
    return out.getvalue()


def _sources(row: HistoryRow, digits: int = 10) -> list[str]:
    return [f"{name}@{commit[:digits] or 'none'}{'!' if name in row.stale else ''}" for name, commit in row.commits]


def _number(point: HistoryPoint, before: HistoryPoint | None, name: str) -> str:
    value = int(getattr(point, name))
    change = value - int(getattr(before, name)) if before else 0
    return f"{value} ({change:+d})" if change else str(value)
