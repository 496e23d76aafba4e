"""Which parameters matter to an expression: where it is evaluated with others bound otherwise, it is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.summary import Expr, Scope
from extractor.summary.expr import Attribute, CallResult, Defined, DictDisplay, Local, Name, Parameter, parts

FILLS = frozenset({"update", "setdefault"})  # methods that put something into a dictionary
_EMPTY = DictDisplay(())
_READ_THE_FRAME = frozenset({"super", "locals", "vars"})  # builtins that see parameters which nobody hands them


def parameters_in(scope: Scope, exprs: Iterable[Expr]) -> frozenset[str] | None:
    """The parameters of a function from which the values of expressions of its body are made, through its variables and
    its calls; None where a function inside it may read any of them."""
    found: set[str] = set()
    seen: set[Expr] = set()
    todo = list(exprs)
    while todo:
        expr = todo.pop()
        if expr in seen:
            continue
        seen.add(expr)
        if isinstance(expr, Parameter):
            found.add(expr.name)
        elif isinstance(expr, Defined):
            return None
        elif isinstance(expr, Name) and expr.name in _READ_THE_FRAME:
            found.update(name for name, _kind, _default, _annotation in scope.params)
        todo.extend(_inside(scope, expr))
    return frozenset(found)


def filled_in(scope: Scope) -> frozenset[int]:
    """The definitions of a function into whose value its lines put something by key: dictionaries that start empty, and
    those that a call unpacks. What others hold matters to nothing, and is long to tell."""
    put = {index for base, _parts in _puts(scope) for index in base.definitions}
    unpacked = (value for call in scope.calls for name, value in call.kwargs if name is None) if put else ()
    wanted = {index for value in unpacked if isinstance(value, Local) for index in value.definitions}
    return frozenset(index for index in put if index in wanted or scope.defs[index][1] == _EMPTY)


def _puts(scope: Scope) -> Iterator[tuple[Local, tuple[Expr, ...]]]:
    """The variables into which a function puts something, each with what is put."""
    if scope.kind != "function":
        return
    for base, key, value, *_rest in scope.subs:
        if isinstance(base, Local):
            yield base, (key, value)
    for call in scope.calls:
        func = call.func
        if isinstance(func, Attribute) and func.name in FILLS and isinstance(func.base, Local):
            yield func.base, (*call.args, *(value for _name, value in call.kwargs))


def _inside(scope: Scope, expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, CallResult):
        call = scope.calls[expr.call]
        yield call.func
        yield from call.args
        yield from (value for _name, value in call.kwargs)
    elif isinstance(expr, Local):
        for index in expr.definitions:
            yield scope.defs[index][1]
            yield from (part for at, parts_ in _puts(scope) if index in at.definitions for part in parts_)
    else:
        yield from parts(expr)


__all__ = ["FILLS", "filled_in", "parameters_in"]
