"""graph.json: everything found, one field a line, so that two scans diff well."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from extractor.model import SCHEMA_VERSION, Graph, from_dict, to_dict

_SURROGATE = re.compile("[\ud800-\udfff]")
# What orders the rows of a list that have no id of their own.
_ROW_KEYS = {"sources": ("name",), "etl": ("system", "source", "consumer", "transport", "cadence")}


def render_graph_json(graph: Graph) -> str:
    """The graph as JSON text in UTF-8, indented by one space, rows in the order of their ids, with a last newline.

    A lone surrogate (a file name that was not UTF-8) is written as a `\\u` escape, so that the text can be encoded.
    """
    data = to_dict(graph)
    ordered = {name: _ordered(name, value) if isinstance(value, list) else value for name, value in data.items()}
    text = json.dumps(ordered, indent=1, ensure_ascii=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def parse_graph_json(text: str) -> Graph:
    """The graph of a graph.json. Raises ValueError, in words, when the text is none or is of another major schema."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("schema"), str):
        raise ValueError("not a graph.json: it has no schema version")
    if data["schema"].split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise ValueError(f"schema {data['schema']} cannot be read by this version, which writes {SCHEMA_VERSION}")
    try:
        graph: Graph = from_dict(Graph, data)
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"not a graph.json: {error}") from error
    return graph


def _ordered(name: str, rows: list[Any]) -> list[Any]:
    keys = _ROW_KEYS.get(name, ("id",))

    def key(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(row.get(part, "")) for part in keys)

    return sorted(rows, key=key)
