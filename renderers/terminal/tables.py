"""Tables for the terminal: tasks, flows, ingestion rows, findings; as text, with colours when asked for."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from extractor.model.graph import SEVERITIES, EtlRow, Finding, Flow, Node, Schedule, Task
from renderers.diff.words import visible
from renderers.words import unresolved_task

_WARNING = "⚠"
_SEVERITY_STYLES = {"high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}


def render_tasks(tasks: Iterable[Task], schedules: Iterable[Schedule], width: int, colour: bool) -> str:
    """Tasks by name with queue, cadences and place; then beat entries that lead to no task that was found, and why.

    `width` is in columns; `colour` adds ANSI colours.
    """
    schedules = tuple(schedules)
    cadences: dict[str, list[str]] = {}
    for entry in schedules:
        if entry.task_id is not None:
            cadences.setdefault(entry.task_id, []).append(entry.cadence)
    table = _table("Task", "Queue", "Schedule", "Repository", "Place")
    for task in sorted(tasks, key=lambda task: (task.repo, task.name, task.path, task.line)):
        when = "; ".join(sorted(cadences.get(task.id, ())))
        _row(table, task.name, task.queue or "default", when, task.repo, f"{task.path}:{task.line}")
    for entry in sorted(schedules, key=lambda entry: (entry.repo, entry.key)):
        if entry.task_id is None:
            place = f"{entry.path}:{entry.line}"
            _row(table, f"{entry.task} ({unresolved_task(entry)})", entry.queue or "", entry.cadence, entry.repo, place)
    return _text(table, width, colour, "No tasks.")


def render_flows(flows: Iterable[Flow], nodes: Iterable[Node], width: int, colour: bool) -> str:
    """Flows from box to box: what moves, synchronous or not, when, how sure, and the first line of evidence."""
    by_id = {node.id: node for node in nodes}
    table = _table("From", "To", "What moves", "How", "When", "Confidence", "Evidence")
    ordered = sorted(flows, key=lambda f: (_name(f.source, by_id), _name(f.target, by_id), f.label, f.id))
    for flow in ordered:
        first = flow.evidence[0]
        brittle = f"{_WARNING} " if flow.finding_ids else ""
        _row(
            table,
            _name(flow.source, by_id),
            _name(flow.target, by_id),
            brittle + flow.label,
            f"{'sync' if flow.sync else 'async'}, {flow.protocol}"
            if flow.protocol
            else ("sync" if flow.sync else "async"),
            flow.cadence or flow.trigger,
            flow.confidence,
            f"{first.repo}:{first.path}:{first.line}",
        )
    return _text(table, width, colour, "No flows.")


def render_etl(rows: Iterable[EtlRow], width: int, colour: bool) -> str:
    """The ingestion table: source, transport, cadence, data, source of truth; a warning sign on brittle rows."""
    table = _table("Source", "Transport", "Cadence", "Data", "Source of truth", "Brittle because")
    for row in sorted(rows, key=lambda row: (row.system, row.source, row.transport)):
        truth = row.source_of_truth
        name = f"{_WARNING} {row.source}" if row.brittle else row.source
        place = f"{truth.repo}:{truth.path}:{truth.line}"
        _row(table, name, row.transport, row.cadence, row.data, place, "; ".join(row.reasons))
    return _text(table, width, colour, "No ingestion sources.")


def render_findings(findings: Iterable[Finding], width: int, colour: bool) -> str:
    """Findings, worst first: rule, what is wrong, where, and how to mend it."""
    table = _table("Severity", "Rule", "What", "Place", "To mend")
    ordered = sorted(findings, key=lambda f: (_rank(f.severity), f.repo, f.path, f.line, f.rule, f.id))
    for finding in ordered:
        what = f"{finding.message} (ignored: {finding.suppressed})" if finding.suppressed else finding.message
        place = f"{finding.repo}:{finding.path}:{finding.line}"
        style = _SEVERITY_STYLES.get(finding.severity, "")
        table.add_row(Text(visible(finding.severity), style), *map(_cell, (finding.rule, what, place, finding.remedy)))
    return _text(table, width, colour, "No findings.")


def _table(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*map(_cell, cells))


def _cell(text: str) -> Text:
    """Text as it stands: rich would take `[red]` in a plain string for markup."""
    return Text(visible(text))


def _text(table: Table, width: int, colour: bool, empty: str) -> str:
    if not table.row_count:
        return f"{empty}\n"
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
    )
    console.print(table)
    return _trimmed(out.getvalue().splitlines())


def _trimmed(lines: Sequence[str]) -> str:
    """Lines without blanks at their ends, and without the empty ones that the box adds around a table."""
    text = "\n".join(line.rstrip() for line in lines)
    return f"{text.strip(chr(10))}\n"


def _name(node_id: str, nodes: dict[str, Node]) -> str:
    """A node's name, with that of the system it is in."""
    node = nodes.get(node_id)
    if node is None:
        return node_id
    parent = nodes.get(node.parent or "")
    return f"{parent.name} / {node.name}" if parent else node.name


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
