"""`c4trace brittle`: brittle links and other findings, where they are and how to mend them."""

from __future__ import annotations

import argparse
import sys

from c4trace.console import Console
from c4trace.query.selection import select_findings, system_nodes
from c4trace.query.tables import add_table_arguments, print_json, read_graph, table_style
from extractor.model.graph import SEVERITIES

DETAILS = """\
examples:
  c4trace brittle                                     every finding of the last scan, worst first
  c4trace brittle --severity medium                   only those that are medium or worse
  c4trace brittle --system hubspot --json             those on the way to one system, for another program
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `brittle`."""
    add_table_arguments(parser)
    parser.add_argument("--severity", choices=SEVERITIES, default=SEVERITIES[-1], help="this or worse [info]")
    parser.add_argument("--all", action="store_true", help="with those that the code itself says to ignore")


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the table. Raises UserError when the graph is not what it should be."""
    graph = read_graph(options, ("findings", "flows", "nodes"))
    worst = SEVERITIES[: SEVERITIES.index(options.severity) + 1]
    findings = tuple(
        finding
        for finding in select_findings(graph, options.repo, system_nodes(graph, options.system))
        if finding.severity in worst and (options.all or not finding.suppressed)
    )
    if options.json:
        print_json(findings)
        return 0
    from renderers.terminal.tables import render_findings

    sys.stdout.write(render_findings(findings, *table_style()))
    return 0
