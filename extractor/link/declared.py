"""Effects that settings declare: classes named as text in a settings module (log handlers) that a rule knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Ext
from extractor.link.callgraph import Site
from extractor.link.effects import Effect
from extractor.link.request import read_call
from extractor.program.module import Module
from extractor.rules.clients import RuleBook
from extractor.summary import CallExpr
from extractor.summary import Value as Expr


def declared_effects(ev: Evaluator, modules: Iterable[Module], book: RuleBook) -> Iterator[Effect]:
    """An effect for each class that the modules name as text under a key, at the key's line, where a rule speaks of
    making that class and says that it then acts everywhere."""
    for module in modules:
        scope = module.summary.scopes.get("")
        if scope is None or not module.in_repo:
            continue
        owner = module.define("")
        for line, expr in scope.defs:
            for text, at in _named(expr, line):
                rule = book.find(text) if "." in text and " " not in text else None
                if rule is not None and rule.everywhere:
                    site = Site(owner, CallExpr(at, at, ("?", "settings"), (), (), ()), ())
                    yield Effect((site,), (read_call(ev, rule, Ext(text), (), ()),), text)


def _named(expr: Expr, line: int) -> Iterator[tuple[str, int]]:
    """The texts that stand as values in dictionaries, with the line of their key."""
    if expr[0] != "d":
        return
    lines = expr[2] if len(expr) > 2 else ()
    for index, (_key, value) in enumerate(expr[1]):
        at = lines[index] if index < len(lines) else line
        if value[0] == "c" and isinstance(value[1], str):
            yield value[1], at
        else:
            yield from _named(value, at)
