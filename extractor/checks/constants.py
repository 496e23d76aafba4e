"""Where a literal of an expression stands: the constant of a module or class that holds it, through names and calls."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef
from extractor.program.module import Def, Module
from extractor.summary import Expr
from extractor.summary.expr import Attribute, CallResult, ImportedName, Local, Name, literal_text, parts

MAX_DEPTH = 10

ConstantPlace = tuple[Module, int, str]


def constant_with(ev: Evaluator, expr: Expr, owner: Def, needle: str) -> ConstantPlace | None:
    """The module, line and text of the constant that puts `needle` into an expression of `owner`.

    None when the text stands in a function itself, or when no constant of the code holds it.
    """
    return _search(ev, expr, owner, needle, set(), MAX_DEPTH)


def _search(
    ev: Evaluator, expr: Expr, owner: Def, needle: str, seen: set[tuple[Def, int]], depth: int
) -> ConstantPlace | None:
    if depth == 0 or (owner, id(expr)) in seen:
        return None
    seen.add((owner, id(expr)))
    for scope, line, value in _steps(ev, expr, owner):
        named = scope.kind in ("module", "class") and scope is not owner
        text = literal_text(value)
        if named and text is not None and needle in text and scope.module.in_repo:
            return scope.module, line, text
        found = _search(ev, value, scope, needle, seen, depth - 1)
        if found is not None:
            return found
    return None


def _steps(ev: Evaluator, expr: Expr, owner: Def) -> Iterator[tuple[Def, int, Expr]]:
    """What an expression is made of: (the scope it stands in, its line, the expression)."""
    if isinstance(expr, Local):
        yield from ((owner, *owner.scope.defs[i]) for i in expr.definitions)
    elif isinstance(expr, Name):
        yield from _bound(owner.module.define(""), expr.name)
    elif isinstance(expr, ImportedName):
        module = ev.index.find(owner.module.absolute(expr.module))
        if module is not None:
            yield from _bound(module.define(""), expr.name)
    elif isinstance(expr, Attribute):
        yield from _attribute(ev, expr, owner)
    elif isinstance(expr, CallResult):
        call = owner.scope.calls[expr.call]
        yield from ((owner, call.line, e) for e in (call.func, *call.args, *(v for _name, v in call.kwargs)))
        for value in ev.eval(call.func, ev.frame(owner)):
            if isinstance(value, DefRef) and value.target.kind == "function":
                yield from ((value.target, value.target.scope.line, e) for e in value.target.scope.returns)
    else:
        yield from ((owner, 0, part) for part in parts(expr))


def _bound(scope: Def, name: str) -> Iterator[tuple[Def, int, Expr]]:
    yield from ((scope, *scope.scope.defs[i]) for i in scope.scope.names.get(name, ()))


def _attribute(ev: Evaluator, expr: Attribute, owner: Def) -> Iterator[tuple[Def, int, Expr]]:
    """A name of a module (`constants.URL`), or of a class of the code (`self.URL`)."""
    yield owner, 0, expr.base
    for value in ev.eval(expr.base, ev.frame(owner)):
        module = getattr(value, "module", None)
        cls = getattr(value, "cls", None) or (value.target if isinstance(value, DefRef) else None)
        if isinstance(module, Module):
            yield from _bound(module.define(""), expr.name)
        elif isinstance(cls, Def) and cls.kind == "class":
            for base in ev.classes.mro(cls)[0]:
                yield from _bound(base, expr.name)
