"""`c4trace trace`: who calls an endpoint, what a task reaches, why an arrow is there — hop by hop, with lines."""

from __future__ import annotations

import argparse
import sys

from c4trace.console import Console
from c4trace.query.tables import add_table_arguments, print_json, read_graph

DETAILS = """\
the query is part of an endpoint, a system, a setting, a function, a task, a route or a place (path:line), or the id of
a flow or call.

examples:
  c4trace trace /api/enrollment/v1/enrollment         who calls this endpoint, and from where
  c4trace trace "task shop.tasks.sync_orders"         what this task reaches
  c4trace trace flow-0a390b6cb50f                     why this arrow is here
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `trace`."""
    parser.add_argument("query", metavar="QUERY", help="what to look for")
    parser.add_argument("--limit", metavar="N", type=int, default=20, help="calls to tell of [20]")
    add_table_arguments(parser, system=False)


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the chains. Raises UserError when the graph is not what it should be."""
    from renderers.terminal.trace import render_trace, select_calls

    graph = read_graph(options, ("calls", "routes", "flows"))
    calls = [c for c in select_calls(graph, options.query) if options.repo in (None, c.repo)]
    if options.json:
        print_json(calls)
        return 0
    sys.stdout.write(render_trace(graph, calls, max(options.limit, 1)))
    return 0
