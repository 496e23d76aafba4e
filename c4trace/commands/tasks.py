"""`c4trace tasks`: Celery tasks, the queue each goes to, and what schedules it."""

from __future__ import annotations

import argparse
import sys

from c4trace.console import Console
from c4trace.query.selection import select_tasks
from c4trace.query.tables import add_table_arguments, print_json, read_graph, table_style

DETAILS = """\
examples:
  c4trace tasks                                       every task of the last scan
  c4trace tasks --repo shop                           those of one source
  c4trace tasks --json | jq '.[].queue'               for another program
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `tasks`."""
    add_table_arguments(parser, system=False)


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the table. Raises UserError when the graph is not what it should be."""
    graph = read_graph(options, ("tasks", "schedules"))
    tasks, schedules = select_tasks(graph, options.repo)
    if options.json:
        print_json(tasks)
        return 0
    from renderers.terminal.tables import render_tasks

    sys.stdout.write(render_tasks(tasks, schedules, *table_style()))
    return 0
