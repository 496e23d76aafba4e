"""`c4trace rules`: which libraries' calls are read and what is found, and by example what each rule hits and misses."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from c4trace.console import Console

if TYPE_CHECKING:
    from extractor.rules.clients import ClientRule
    from extractor.rules.findings import FindingRule

    Rule = ClientRule | FindingRule

DETAILS = """\
examples:
  c4trace rules                                       every rule in a line: what it is for, its examples counted
  c4trace rules requests                              a library's in full, with the code it matches and does not
  c4trace rules no-timeout                            a finding's: why, what to do, how to accept one
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

    directory = options.dir or rules_dir()
    rules = _read(directory)
    if options.rule is not None:
        known = [rule.id for rule in rules]
        rules = [rule for rule in rules if rule.id == options.rule]
        if not rules:
            raise UserError(f"there is no rule {options.rule!r}", nearest(options.rule, known) or "see `c4trace rules`")
    if options.json:
        print_json([_as_data(rule) for rule in rules])
    elif options.rule is not None:
        console.result(_in_full(rules[0]))
    else:
        console.result(_in_lines(rules))
    return 0


def _read(directory: Path) -> list[Rule]:
    """The rules of a directory: those of clients, then those of findings, each by id."""
    from extractor.errors import UserError
    from extractor.rules.clients import load_rules
    from extractor.rules.findings import load_finding_rules

    if not (directory / "clients").is_dir():
        raise UserError(f"{directory} has no rules: there is no directory clients in it", "give --dir DIR")
    clients = sorted(load_rules(directory).clients, key=lambda client: client.id)
    return [*clients, *load_finding_rules(directory).values()]


def _as_data(rule: Rule) -> dict[str, object]:
    from extractor.rules.findings import FindingRule

    common = {"id": rule.id, "title": rule.title, "why": rule.why, "docs": rule.docs}
    examples = {"hits": [hit.code for hit in rule.hits], "misses": [miss.code for miss in rule.misses]}
    if isinstance(rule, FindingRule):
        severity = {"severity": rule.severity, "severity_in": dict(rule.severity_in)}
        return {"kind": "finding", **common, "remedy": rule.remedy, **severity, **examples}
    matches = [call.match for call in rule.calls]
    return {"kind": "client", **common, "matches": matches, "libraries": list(rule.libraries), **examples}


def _in_lines(rules: Sequence[Rule]) -> str:
    """One rule a line, in columns."""
    rows = [
        (rule.id, _extent(rule), _counted(len(rule.hits), "hit"), _counted(len(rule.misses), "miss"), rule.title)
        for rule in rules
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    )


def _extent(rule: Rule) -> str:
    from extractor.rules.findings import FindingRule

    return f"{rule.severity} finding" if isinstance(rule, FindingRule) else _counted(len(rule.calls), "pattern")


def _in_full(rule: Rule) -> str:
    from extractor.rules.findings import FindingRule

    parts = [f"{rule.id}: {rule.title}", textwrap.fill(rule.why, 100), rule.docs]
    parts += _finding_parts(rule) if isinstance(rule, FindingRule) else _client_parts(rule)
    return "\n\n".join(parts)


def _client_parts(rule: ClientRule) -> list[str]:
    from c4trace.query.catalogue import switch_words

    parts = ["matches:\n" + "\n".join(f"  {call.match}" for call in rule.calls)]
    if rule.tls:
        switches = (f"  {s.match}: {', '.join(switch_words(s))}" for s in rule.tls)
        parts.append("accepts any certificate by:\n" + "\n".join(switches))
    parts += [f"hits:\n{_code(hit.code)}" for hit in rule.hits]
    return parts + [f"misses:\n{_code(miss.code)}" for miss in rule.misses]


def _finding_parts(rule: FindingRule) -> list[str]:
    from c4trace.query.catalogue import expected_words, ignore_words, severity_words

    parts = [f"severity: {severity_words(rule)}", textwrap.fill(f"remedy: {rule.remedy}", 100)]
    parts.append(f"to accept one where it stands, say why behind its line:\n  {ignore_words(rule)}")
    for hit in rule.hits:
        parts.append(f"hits ({expected_words(hit)}): {hit.why}".rstrip() + "\n" + _code(hit.code) + _served(hit.serves))
    for miss in rule.misses:
        parts.append(f"misses: {miss.why}\n{_code(miss.code)}{_served(miss.serves)}")
    return parts


def _served(serves: Sequence[tuple[str, str]]) -> str:
    return "".join(f"\n  where {host} serves:\n{_code(code)}" for host, code in serves)


def _code(code: str) -> str:
    return textwrap.indent(code.rstrip(), "  ")


def _counted(number: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number} {noun if number == 1 else plural}"
