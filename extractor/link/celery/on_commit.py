"""How a call is deferred to the end of a transaction: by what is given to `on_commit`, in words."""

from __future__ import annotations

from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Defined,
    ImportedName,
    Local,
)


def around(owner: Def, how: str) -> str:
    """How a call is deferred: by the lambda or the nested function it stands in, when that is given to `on_commit`."""
    parent = owner.parent
    if parent is None or owner.kind not in ("lambda", "function"):
        return how
    for call in parent.scope.calls:
        if _is_on_commit(call) and any(_reaches(parent, arg, owner.scope.name) for arg in call.args):
            inside = "lambda: X" + how if owner.kind == "lambda" else f"function: X{how}"
            return f"transaction.on_commit({inside})"
    return how


def _reaches(scope_owner: Def, argument: Expr, name: str) -> bool:
    if isinstance(argument, Local):
        return any(scope_owner.scope.defs[i][1] == Defined(name) for i in argument.definitions)
    if isinstance(argument, CallResult):  # partial(function, ...)
        return any(_reaches(scope_owner, inner, name) for inner in scope_owner.scope.calls[argument.call].args[:1])
    return argument == Defined(name)


def around_call(owner: Def, call: CallExpr, how: str) -> str:
    """`transaction.on_commit(partial(X.delay))` for a partial that is given to `on_commit`."""
    if _is_on_commit(call):
        return f"transaction.{how}"
    position = owner.scope.calls.index(call)
    for outer in owner.scope.calls:
        if _is_on_commit(outer) and CallResult(position) in outer.args:
            return f"transaction.on_commit({how})"
    return how


def _is_on_commit(call: CallExpr) -> bool:
    return isinstance(call.func, Attribute | ImportedName) and call.func.name == "on_commit"
