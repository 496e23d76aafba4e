"""`c4trace etl`: the ingestion sources, how and how often each is read, and where the code says so."""

from __future__ import annotations

import argparse
import sys

from c4trace.console import Console
from c4trace.query.selection import select_etl, system_nodes
from c4trace.query.tables import add_table_arguments, print_json, read_graph, table_style

DETAILS = """\
examples:
  c4trace etl                                         the whole ingestion table
  c4trace etl --system campus                         what one system is read by or fed from
  c4trace etl --json                                  for another program (out/etl.csv for a spreadsheet)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `etl`."""
    add_table_arguments(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the table. Raises UserError when the graph is not what it should be."""
    graph = read_graph(options, ("etl", "flows", "nodes"))
    nodes = system_nodes(graph, options.system)
    rows = select_etl(graph, options.repo, options.system, nodes)
    if options.json:
        print_json(rows)
        return 0
    from renderers.terminal.tables import render_etl

    sys.stdout.write(render_etl(rows, *table_style()))
    return 0
