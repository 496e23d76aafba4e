"""Which parameters matter to an expression: where it is evaluated with others bound otherwise, it is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.summary import Expr, Scope
from extractor.summary.expr import CallResult, Defined, DictDisplay, Local, Name, Parameter, parts

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


def _inside(scope: Scope, expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, CallResult):
        call = scope.calls[expr.call]
        yield call.func
        yield from call.args
        yield from (value for _name, value in call.kwargs)
    elif isinstance(expr, Local):
        for index in expr.definitions:
            value = scope.defs[index][1]
            yield value
            if isinstance(value, DictDisplay) and not value.items:  # it is filled by key
                for base, key, put, *_rest in scope.subs:
                    if isinstance(base, Local) and index in base.definitions:
                        yield from (key, put)
    else:
        yield from parts(expr)


__all__ = ["parameters_in"]
