"""Rows: everything in a graph that a diff compares, by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from extractor.diff import arrowrows, coderows
from extractor.diff.row import ComparedRow, GraphReader


def rows_of(kind: str, source: GraphReader) -> list[ComparedRow]:
    """All rows of one kind (see `extractor.diff.document.KINDS`)."""
    return list(_ROWS[kind](source))


_ROWS: dict[str, Callable[[GraphReader], Iterable[ComparedRow]]] = {
    "nodes": arrowrows.nodes,
    "flows": arrowrows.flows,
    "cycles": arrowrows.cycles,
    "tasks": coderows.tasks,
    "schedules": coderows.schedules,
    "enqueues": coderows.enqueues,
    "routes": coderows.routes,
    "inbound": coderows.inbound,
    "calls": coderows.calls,
    "stores": coderows.stores,
    "settings": coderows.settings,
    "findings": coderows.findings,
    "steps": arrowrows.steps,
    "etl": arrowrows.etl,
    "gaps": arrowrows.gaps,
}
