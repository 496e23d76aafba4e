"""`c4trace flows`: what moves from where to where, when, and the first line of evidence."""

from __future__ import annotations

import argparse
import sys

from c4trace.console import Console
from c4trace.query.selection import select_flows, system_nodes
from c4trace.query.tables import add_table_arguments, print_json, read_graph, table_style

DETAILS = """\
examples:
  c4trace flows                                       every arrow of the last scan
  c4trace flows --system hubspot                      who talks to a system, and what moves
  c4trace flows --repo shop --json                    the arrows with evidence in one source
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `flows`."""
    add_table_arguments(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the table. Raises UserError when the graph is not what it should be."""
    graph = read_graph(options, ("flows", "nodes"))
    flows = select_flows(graph, options.repo, system_nodes(graph, options.system))
    if options.json:
        print_json(flows)
        return 0
    from renderers.terminal.tables import render_flows

    sys.stdout.write(render_flows(flows, graph.nodes, *table_style()))
    return 0
