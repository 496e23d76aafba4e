"""Branches: whether the tests that guard a call hold, where the values they ask about are known."""

from __future__ import annotations

from collections.abc import Callable

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import (
    Const,
    DefRef,
    Ext,
    Frame,
    Inst,
    Mapping,
    ModuleRef,
    Partial,
    Seq,
    Text,
    Value,
    Values,
)
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import Alternatives, CallResult, Comparison, Conjunction, Local, Negation, parts

_OPEN = object()  # a value that is not known for certain
# What these give is never None.
_MADE = frozenset(
    f"builtins.{name}()" for name in ("list", "tuple", "set", "dict", "str", "int", "sorted", "frozenset")
)
_COMPARED: dict[str, Callable[[object, object], bool]] = {
    "Eq": lambda a, b: a == b,
    "NotEq": lambda a, b: a != b,
    "Is": lambda a, b: a == b,
    "IsNot": lambda a, b: a != b,
    "In": lambda a, b: a in b if isinstance(b, tuple) else _within(a, b),
    "NotIn": lambda a, b: a not in b if isinstance(b, tuple) else not _within(a, b),
}


def is_passed_over(ev: Evaluator, call: CallExpr, frame: Frame) -> bool:
    """True when a test around the call is known to choose another branch in this frame: `if method == "POST":` where
    the method was bound to "GET". Only what a caller gives decides: a flag that the function or its object sets may
    be set again elsewhere."""
    scope, open_frame = frame.owner.scope, ev.frame(frame.owner)
    if frame is open_frame:
        return False
    return any(
        _truth(ev, test, frame) is (not holds) and _truth(ev, test, open_frame) is None and _is_settled(test, scope)
        for test, holds, _line in (scope.guards[index] for index in call.guards)
    )


def _is_settled(test: Expr, scope: Scope) -> bool:
    """True when the variables of a test hold the same from the first line of the function to the last: what a loop
    binds on its way round is not seen at the top of it."""
    if isinstance(test, Local):
        return any(set(test.definitions) == set(indices) for indices in scope.names.values())
    inner = parts(test)
    if isinstance(test, CallResult):
        call = scope.calls[test.call]
        inner = (call.func, *call.args, *(value for _name, value in call.kwargs))
    return all(_is_settled(part, scope) for part in inner)


def _truth(ev: Evaluator, test: Expr, frame: Frame) -> bool | None:
    """Whether a test holds; None when that is not known."""
    if isinstance(test, Negation):
        inner = _truth(ev, test.operand, frame)
        return None if inner is None else not inner
    if isinstance(test, Conjunction):
        found = [_truth(ev, part, frame) for part in test.values]
        return False if False in found else (None if None in found else True)
    if isinstance(test, Alternatives):  # `or`, or a conditional expression: the parts decide only together
        found = [_truth(ev, part, frame) for part in test.values]
        return found[0] if found and None not in found and len(set(found)) == 1 else None
    if isinstance(test, Comparison):
        compared = _COMPARED.get(test.operator)
        asked = ev.eval(test.left, frame)
        left, right = _known(asked), _known(ev.eval(test.right, frame))
        if left is _OPEN and right is None and test.operator in ("Is", "IsNot") and _is_something(asked):
            return test.operator == "IsNot"
        return compared(left, right) if compared is not None and left is not _OPEN and right is not _OPEN else None
    value = _known(ev.eval(test, frame))
    return None if value is _OPEN or isinstance(value, tuple) else bool(value)  # a list may be filled on the way


def _is_something(values: Values) -> bool:
    """True when a value is known not to be None, whatever else it is."""
    return bool(values) and all(
        isinstance(v, Seq | Mapping | Text | DefRef | Inst | ModuleRef | Partial)
        or (isinstance(v, Const) and v.value is not None)
        or (isinstance(v, Ext) and v.path in _MADE)
        for v in values
    )


def _known(values: Values) -> object:
    """The one literal that an expression is: text, number, truth value, None, or a tuple of those."""
    return _literal(values[0]) if len(values) == 1 else _OPEN


def _literal(value: Value) -> object:
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Text):
        return _OPEN if value.literal is None else value.literal
    if isinstance(value, Seq) and not value.open:
        items = tuple(_known(item) for item in value.items)
        return _OPEN if any(item is _OPEN for item in items) else items
    return _OPEN


def _within(part: object, whole: object) -> bool:
    return isinstance(part, str) and isinstance(whole, str) and part in whole
