"""The plot of history: one small panel for each counted thing, over time, as one SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

# What is plotted, in reading order: field of HistoryPoint, title, one line of help.
SERIES = (
    ("flows", "Flows", "arrows between systems, containers and stores"),
    ("tasks", "Tasks", "Celery tasks"),
    ("schedules", "Schedules", "beat entries"),
    ("brittle", "Brittle links", "findings that nobody has accepted"),
    ("unknowns", "Unknowns", "seen and not understood"),
)

WIDTH, PANEL, GAP, LEFT, RIGHT, TOP = 720, 64, 38, 48, 56, 26
STYLE = """
.c4-history { --ink: #1f2933; --soft: #55606e; --rule: #cfd6de; --line: #1d5fa8; --alert: #a63d00; }
@media (prefers-color-scheme: dark) {
  .c4-history { --ink: #e6eaef; --soft: #a3aebb; --rule: #3a4552; --line: #7cb3f0; --alert: #f0a06a; }
}
:root[data-theme="light"] .c4-history {
  --ink: #1f2933; --soft: #55606e; --rule: #cfd6de; --line: #1d5fa8; --alert: #a63d00;
}
:root[data-theme="dark"] .c4-history {
  --ink: #e6eaef; --soft: #a3aebb; --rule: #3a4552; --line: #7cb3f0; --alert: #f0a06a;
}
.c4-history text { font: 12px system-ui, sans-serif; fill: var(--soft); }
.c4-history .name, .c4-history .now { font-weight: 600; fill: var(--ink); }
.c4-history .axis { stroke: var(--rule); stroke-width: 1; }
.c4-history .line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; }
.c4-history .dot { fill: var(--line); }
.c4-history .brittle .line { stroke: var(--alert); stroke-dasharray: none; }
.c4-history .brittle .dot { fill: var(--alert); }
""".strip()


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """What stood at one time, counted. `taken` and `seen` are ISO 8601, UTC; `label` names it in words (`#12`)."""

    label: str
    taken: str
    seen: str
    flows: int
    tasks: int
    schedules: int
    brittle: int
    unknowns: int


def render_history_svg(points: Sequence[HistoryPoint]) -> str:
    """The SVG of points in time order (at least one), as text without an XML declaration.

    A state holds from its `taken` to the next one's, so lines are steps. Colours are CSS variables of the picture.
    """
    if not points:
        raise ValueError("a history needs at least one point")
    height = TOP + len(SERIES) * (PANEL + GAP)
    start, end = _seconds(points[0].taken), max(_seconds(point.seen) for point in points)
    panels = [_panel(points, index, start, end) for index in range(len(SERIES))]
    summary = "; ".join(f"{title} {getattr(points[-1], field)}" for field, title, _ in SERIES)
    days = (
        f'<text x="{LEFT}" y="{height - 6}">{escape(points[0].taken[:10])}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{height - 6}" text-anchor="end">{escape(points[-1].seen[:10])}</text>'
    )
    head = (
        f'<svg class="c4-history" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="History. Now: {escape(summary)}">'
    )
    return "\n".join([head, f"<style>{STYLE}</style>", *panels, days, "</svg>", ""])


def _panel(points: Sequence[HistoryPoint], index: int, start: float, end: float) -> str:
    field, title, explanation = SERIES[index]
    values = [int(getattr(point, field)) for point in points]
    low, high = _range(values)
    top = TOP + index * (PANEL + GAP)
    xs = [_x(_seconds(point.taken), start, end) for point in points]
    ys = [round(top + PANEL - PANEL * (value - low) / (high - low), 1) for value in values]
    steps = "".join(f" H{x} V{y}" for x, y in zip(xs[1:], ys[1:], strict=True))
    dots = "".join(
        f'<circle class="dot" cx="{x}" cy="{y}" r="2.5"><title>{escape(_words(point, value, title))}</title></circle>'
        for x, y, point, value in zip(xs, ys, points, values, strict=True)
    )
    right = WIDTH - RIGHT
    return (
        f'<g class="{field}"><text class="name" x="{LEFT}" y="{top - 8}">{escape(title)}</text>'
        f'<text x="{right}" y="{top - 8}" text-anchor="end">{escape(explanation)}</text>'
        f'<path class="axis" d="M{LEFT} {top}H{right}M{LEFT} {top + PANEL}H{right}"/>'
        f'<text x="{LEFT - 6}" y="{top + 4}" text-anchor="end">{high}</text>'
        f'<text x="{LEFT - 6}" y="{top + PANEL + 4}" text-anchor="end">{low}</text>'
        f'<path class="line" d="M{xs[0]} {ys[0]}{steps} H{right}"/>{dots}'
        f'<text class="now" x="{right + 6}" y="{ys[-1] + 4}">{values[-1]}</text></g>'
    )


def _range(values: list[int]) -> tuple[int, int]:
    """The panel's lowest and highest value: from zero while the values are near it, so that a step looks its size."""
    low, high = min(values), max(values)
    if low <= (high - low) * 4:
        low = 0
    return (low, high) if high > low else (max(low - 1, 0), high + 1)


def _x(moment: float, start: float, end: float) -> float:
    share = (moment - start) / (end - start) if end > start else 0.0
    return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)


def _words(point: HistoryPoint, value: int, title: str) -> str:
    return f"{title}: {value} ({point.label}, {point.taken[:10]})"


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
