"""The orders of a graph's rows: as graph.json keeps them, and as a person reads them.

Both come of the rows alone, so that outputs made of a graph.json are those that its scan made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from extractor.model.graph import Graph

# What orders the rows of a list that have no id of their own.
_ROW_KEYS = {"sources": ("name",), "etl": ("system", "source", "consumer", "transport", "cadence")}


def as_kept(graph: Graph) -> Graph:
    """The graph with rows in the order of their ids, so that two files of one scan differ in what differs."""
    kept: dict[str, Any] = {name: _kept(name, rows) for name, rows in _lists(graph)}
    return dataclasses.replace(graph, **kept)


def as_read(graph: Graph) -> Graph:
    """The graph with what stands in code in the order of repositories, files and lines; all else as it is kept."""
    kept = as_kept(graph)
    placed: dict[str, Any] = {
        name: tuple(sorted(rows, key=lambda row: (row.repo, row.path, row.line)))  # of one line: by their ids
        for name, rows in _lists(kept)
        if rows and all(hasattr(rows[0], part) for part in ("repo", "path", "line"))
    }
    return dataclasses.replace(kept, **placed)


def _lists(graph: Graph) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for field in dataclasses.fields(graph):
        value = getattr(graph, field.name)
        if isinstance(value, tuple):
            yield field.name, value


def _kept(name: str, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    keys = _ROW_KEYS.get(name, ("id",))
    return tuple(sorted(rows, key=lambda row: tuple(str(getattr(row, part, "")) for part in keys)))
