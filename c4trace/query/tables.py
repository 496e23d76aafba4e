"""What the table commands share: their options, the graph they read, and whether rows go out as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from c4trace.query.graph_file import load_graph
from c4trace.query.selection import check_repo
from extractor.model.graph import Graph
from extractor.model.serialise import to_dict

# In a file or a pipe no row is broken, so that a line can be searched for; a table is only as wide as its cells.
_UNBOUND = 10_000


def add_table_arguments(parser: argparse.ArgumentParser, system: bool = True) -> None:
    """Declare the arguments that every table command takes."""
    parser.add_argument(
        "--from", dest="graph", metavar="FILE", type=Path, default=Path("out/graph.json"), help="[out/graph.json]"
    )
    parser.add_argument("--repo", metavar="NAME", help="only what stands in this source")
    if system:
        parser.add_argument("--system", metavar="ID", help="only what touches this system or is inside it")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON, as they stand in graph.json")


def read_graph(options: argparse.Namespace, lists: Iterable[str]) -> Graph:
    """The graph with the lists a table needs. Raises UserError for a file or a source that is not there."""
    graph = load_graph(options.graph, {"sources", *lists})
    check_repo(graph, options.repo)
    return graph


def print_json(rows: Sequence[Any]) -> None:
    """Rows as a JSON array; characters that a terminal obeys come out as escapes."""
    print(json.dumps(to_dict(tuple(rows)), indent=1, ensure_ascii=True), flush=True)


def table_style() -> tuple[int, bool]:
    """The width of a table in columns, and whether it has colours: on a terminal, unless NO_COLOR is set.

    See https://no-color.org.
    """
    if not sys.stdout.isatty():
        return _UNBOUND, False
    return shutil.get_terminal_size().columns, not os.environ.get("NO_COLOR")
