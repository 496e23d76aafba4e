"""The history page: the plot with its table, and the list of past changes, as fragments of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from renderers.history.svg import SERIES, HistoryPoint, render_history_svg

_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

_HISTORY = _ENVIRONMENT.from_string(
    """\
<section class="history">
<figure>{{ plot }}<figcaption>What each scan counted, {{ first }} to {{ last }} (UTC). A state holds until the next
change.</figcaption></figure>
<table class="data">
<caption>Every state, newest first</caption>
<thead><tr><th scope="col">Since (UTC)</th><th scope="col">Snapshot</th>
{% for _, title, _ in series %}<th scope="col">{{ title }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row">{{ row.point.taken | replace("T", " ") | replace("Z", "") }}</th><td>{{ row.point.label }}</td>
{% for cell in row.cells %}<td class="number">{{ cell.value }}{% if cell.change %} <small>({{ cell.change }})</small>\
{% endif %}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table>
</section>
"""
)


@dataclass(frozen=True, slots=True)
class _Cell:
    value: int
    change: str


@dataclass(frozen=True, slots=True)
class _Row:
    point: HistoryPoint
    cells: tuple[_Cell, ...]


def render_history_page(points: Sequence[HistoryPoint]) -> str:
    """The page's body for points in time order (at least one): the plot, then the same figures as a table."""
    rows = [_row(point, points[index - 1] if index else None) for index, point in enumerate(points)]
    return _HISTORY.render(
        # The SVG escapes what it holds itself.
        plot=Markup(render_history_svg(points)),
        first=points[0].taken[:10],
        last=points[-1].seen[:10],
        series=SERIES,
        rows=list(reversed(rows)),
    )


def _row(point: HistoryPoint, before: HistoryPoint | None) -> _Row:
    cells = []
    for field, _, _ in SERIES:
        value = int(getattr(point, field))
        change = value - int(getattr(before, field)) if before else 0
        cells.append(_Cell(value, f"{change:+d}" if change else ""))
    return _Row(point, tuple(cells))
