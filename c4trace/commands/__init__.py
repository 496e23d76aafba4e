"""The commands of c4trace: one module each, named in a table, imported only when it is the one that runs.

A command's module has `DETAILS` (text under its `--help`, with examples), `add_arguments(parser)` and
`run(options, console) -> int`, which gives the exit status.
"""

from __future__ import annotations

import argparse
import importlib
from typing import Protocol, cast

from c4trace.console import Console

# Name -> what it does, in the order of the help. The module has the command's name.
COMMANDS: dict[str, str] = {
    "scan": "read the sources of an estate and write graph.json, the site and the other outputs",
    "render": "write the outputs anew from a graph.json",
    "tasks": "list Celery tasks, their queues and schedules",
    "flows": "list flows: what moves from where to where, and when",
    "trace": "tell who calls an endpoint or what a task reaches, hop by hop, with lines",
    "etl": "list the ingestion sources (the ETL table)",
    "brittle": "list brittle links and other findings",
    "rules": "list the rules: which libraries' calls are read and what is found, by example",
    "diff": "tell what a head changes in the architecture against a base",
    "gate": "hold a head against the policy of the estate",
    "baseline": "accept a breach of the policy, or take out what was mended",
    "comment": "put a diff on the pull or merge request of a CI job",
    "history": "show what past scans counted, over time",
    "nightly": "run unattended: fetch, scan, compare, publish, tell",
}


class Command(Protocol):
    """What a command's module holds."""

    DETAILS: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, options: argparse.Namespace, console: Console) -> int:
        """Do what the command does; its exit status."""


def load_command(name: str) -> Command:
    """The module of a command."""
    return cast(Command, importlib.import_module(f"c4trace.commands.{name}"))
