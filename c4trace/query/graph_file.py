"""Reading a graph.json: whole, or only the lists that a table needs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from extractor.errors import UserError
from extractor.model.graph import SCHEMA_VERSION, Graph
from extractor.model.serialise import from_dict

_HEADER = ("schema", "version", "generated", "estate")


def load_graph(path: Path, lists: Iterable[str] | None = None) -> Graph:
    """The graph of a file; with `lists`, only those lists of it (the others stay empty), which is quicker.

    Raises UserError when there is no such file, it is no graph.json, or its schema is another.
    """
    data = _read(path)
    wanted = set(data) if lists is None else {*_HEADER, *lists}
    try:
        return cast(Graph, from_dict(Graph, {key: value for key, value in data.items() if key in wanted}))
    except (TypeError, AttributeError, ValueError) as error:
        raise UserError(f"{path} is not a graph.json of c4trace: {error}", "run `c4trace scan` again") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}", "run `c4trace scan` first, or name another graph.json") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "name another graph.json") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON", "name another graph.json") from error
    schema = str(data.get("schema", "")) if isinstance(data, dict) else ""
    if not schema:
        raise UserError(f"{path} is not a graph.json of c4trace", "name another graph.json")
    if schema.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise UserError(f"{path} has schema {schema}, and this c4trace reads {SCHEMA_VERSION}", "scan again with it")
    return cast(dict[str, Any], data)
