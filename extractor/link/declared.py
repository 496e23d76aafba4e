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
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import DictDisplay, Opaque, last_name, literal_text


def declared_effects(ev: Evaluator, modules: Iterable[Module], book: RuleBook) -> Iterator[Effect]:
    """An effect for each class that the modules name as text under a key, at the key's line, where a rule speaks of
    making that class and says that it then acts everywhere."""
    for module in modules:
        scope = module.summary.scopes.get("")
        if scope is None or not module.in_repo:
            continue
        owner = module.define("")
        put: list[tuple[int, Expr]] = [(line, value) for _base, _key, value, line, *_rest in scope.subs]
        put += [(call.line, arg) for call in scope.calls if last_name(call.func) == "update" for arg in call.args]
        kept = [(line, expr) for line, expr in scope.defs if isinstance(expr, DictDisplay)]
        for line, expr in (*kept, *put):
            for text, at in _named(expr, line):
                rule = book.find(text) if "." in text and " " not in text else None
                if rule is not None and rule.everywhere:
                    site = Site(owner, CallExpr(at, at, Opaque("settings"), (), (), ()), ())
                    yield Effect((site,), (read_call(ev, rule, Ext(text), (), ()),), text)


def _named(expr: Expr, line: int) -> Iterator[tuple[str, int]]:
    """A text, or those that stand as values in a dictionary, with the line of their key."""
    whole = literal_text(expr)
    if whole is not None:
        yield whole, line
    if not isinstance(expr, DictDisplay):
        return
    for index, (_key, value) in enumerate(expr.items):
        at = expr.lines[index] if index < len(expr.lines) else line
        yield from _named(value, at)
