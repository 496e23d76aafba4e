"""`c4trace rules`: which libraries' calls c4trace reads, and by example what each rule takes and leaves."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from c4trace.console import Console

if TYPE_CHECKING:
    from extractor.rules.clients import CallExample, ClientRule

DETAILS = """\
examples:
  c4trace rules                                       every rule in a line: what it is for, its examples counted
  c4trace rules requests                              one rule in full, with the code it matches and does not
  c4trace rules --dir my-rules                        rules of your own, checked against their schema
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `rules`."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="show this rule in full")
    parser.add_argument("--dir", metavar="DIR", type=Path, help="the directory of the rules [those that ship]")
    parser.add_argument("--json", action="store_true", help="print the rules as JSON")


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the rules. Raises UserError with every fault of a rule file, or when there is no such rule."""
    from c4trace.query.tables import print_json
    from extractor.errors import UserError
    from extractor.files.shipped import rules_dir
    from extractor.files.yaml import nearest
    from extractor.rules.clients import load_rules

    directory = options.dir or rules_dir()
    if not (directory / "clients").is_dir():
        raise UserError(f"{directory} has no rules: there is no directory clients in it", "give --dir DIR")
    clients = sorted(load_rules(directory).clients, key=lambda client: client.id)
    if options.rule is not None:
        known = [client.id for client in clients]
        clients = [client for client in clients if client.id == options.rule]
        if not clients:
            raise UserError(f"there is no rule {options.rule!r}", nearest(options.rule, known) or "see `c4trace rules`")
    if options.json:
        print_json([_as_data(client) for client in clients])
    elif options.rule is not None:
        console.result(_in_full(clients[0]))
    else:
        console.result(_in_lines(clients))
    return 0


def _as_data(client: ClientRule) -> dict[str, object]:
    return {
        "id": client.id,
        "title": client.title,
        "why": client.why,
        "docs": client.docs,
        "matches": [call.match for call in client.calls],
        "libraries": list(client.libraries),
        "hits": [example.code for example in client.hits],
        "misses": [example.code for example in client.misses],
    }


def _in_lines(clients: Sequence[ClientRule]) -> str:
    """One rule a line, in columns."""
    rows = [
        (
            c.id,
            _counted(len(c.calls), "pattern"),
            _counted(len(c.hits), "hit"),
            _counted(len(c.misses), "miss"),
            c.title,
        )
        for c in clients
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    )


def _in_full(client: ClientRule) -> str:
    parts = [f"{client.id}: {client.title}", textwrap.fill(client.why, 100), client.docs]
    parts.append("matches:\n" + "\n".join(f"  {call.match}" for call in client.calls))
    parts += [f"takes:\n{_code(example)}" for example in client.hits]
    parts += [f"leaves:\n{_code(example)}" for example in client.misses]
    return "\n\n".join(parts)


def _code(example: CallExample) -> str:
    return textwrap.indent(example.code.rstrip(), "  ")


def _counted(number: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number} {noun if number == 1 else plural}"
