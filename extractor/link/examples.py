"""Runs the examples of the rules: a few lines of code as a world of one module, and what the rules find in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.evaluate import folding
from extractor.evaluate.evaluator import Evaluator
from extractor.link import callgraph
from extractor.link.effects import Effect, Effects
from extractor.link.request import Request
from extractor.program.index import ModuleIndex
from extractor.program.module import Module
from extractor.rules.clients import ClientRule, RuleBook
from extractor.summary import summarize

_NAME = "example"


def found_in(book: RuleBook, code: str) -> list[dict[str, Any]]:
    """What the rules find in code, in order of line: `line`, `rule`, `via`, `method`, `url`, `system`, `timeout`,
    `operation`, `store`, `alias`. Raises ValueError when the code cannot be read."""
    summary = summarize(code.encode())
    if summary.error:
        raise ValueError(summary.error)
    index = ModuleIndex(_NAME, [Module(_NAME, f"{_NAME}.py", _NAME, False, "repo", summary)])
    ev = Evaluator(index)
    effects = Effects(ev, callgraph.build(ev), book).find()
    rows = [row for effect in effects for request in effect.requests for row in _rows(effect, request)]
    unique = {tuple(row.items()): row for row in rows}
    return sorted(unique.values(), key=lambda row: (row["line"], row["rule"], row["url"], row["method"] or ""))


def faults(book: RuleBook, client: ClientRule) -> list[str]:
    """Where the examples of a rule file and what the rules find differ, in words; empty when they agree."""
    out = []
    for number, example in enumerate(client.hits, start=1):
        found = found_in(book, example.code)
        out += [f"hit {number}: {fault}" for fault in _differences(example.expect, found)]
        others = [row for row in found if row["rule"] != client.id]
        out += [f"hit {number}: line {row['line']} was found by {row['rule']}" for row in others]
    for number, example in enumerate(client.misses, start=1):
        found = [row for row in found_in(book, example.code) if row["rule"] == client.id]
        out += [f"miss {number}: line {row['line']} was found: {row['via']}" for row in found]
    return out


def _differences(expected: tuple[Mapping[str, Any], ...], found: list[dict[str, Any]]) -> list[str]:
    lines, wanted = [row["line"] for row in found], [row["line"] for row in expected]
    if lines != wanted:
        return [f"calls were found on lines {lines}, expected on {wanted}"]
    return [
        f"line {row['line']}: {key} is {row[key]!r}, expected {value!r}"
        for want, row in zip(expected, found, strict=True)
        for key, value in want.items()
        if row[key] != value
    ]


def _rows(effect: Effect, request: Request) -> list[dict[str, Any]]:
    named = request.systems[0] if request.systems else None
    system = request.rule.system_of(named) if named is not None else None
    common = {
        "line": effect.site.call.line,
        "rule": request.rule.rule,
        "via": effect.via,
        "method": request.methods[0] if len(request.methods) == 1 else None,
        "system": system,
        "timeout": request.timeout,
        "operation": request.rule.operation,
        "store": request.rule.store,
        "alias": request.aliases[0] if request.aliases else None,
    }
    return [common | {"url": folding.show(url)} for url in request.urls] or [common | {"url": ""}]


__all__ = ["faults", "found_in"]
