"""Loops over tables that stand in the code: what the body says, one round at a time."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Frame, Seq, Values
from extractor.summary import Expr
from extractor.summary.expr import CallResult, Element, Local, parts

MAX_ROUNDS = 200
_MAX_WALK = 400


def unrolled(ev: Evaluator, frame: Frame, exprs: tuple[Expr, ...]) -> Iterator[Evaluator]:
    """An evaluator for each round of the loop (or comprehension) the expressions stand in; `ev` itself without one.

    In each, the loop's element is known to be one item of the table looped over, so that what comes from one row stays
    together.
    """
    elements = _elements(frame, exprs)
    tables = {element.iterable for element in elements}
    items = _items(ev, frame, next(iter(tables))) if len(tables) == 1 else ()
    if len(items) < 2:
        yield ev
        return
    for item in items[:MAX_ROUNDS]:
        inner = Evaluator(ev.index)
        inner.setting, inner.literal_setting = ev.setting, ev.literal_setting
        for element in elements:
            inner.assume(element, frame, item)
        yield inner


def _items(ev: Evaluator, frame: Frame, table: Expr) -> tuple[Values, ...]:
    values = ev.eval(table, frame)
    if len(values) == 1 and isinstance(values[0], Seq):
        return values[0].items
    return ()


def _elements(frame: Frame, exprs: tuple[Expr, ...]) -> list[Element]:
    """The elements of tables that the given expressions lead to inside their scope."""
    scope = frame.owner.scope
    found: list[Element] = []
    seen: set[int] = set()
    todo: list[Expr] = list(exprs)
    while todo and len(seen) < _MAX_WALK:
        expr = todo.pop()
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        if isinstance(expr, Element):
            found.append(expr)
        elif isinstance(expr, Local):
            todo += [scope.defs[index][1] for index in expr.definitions]
        elif isinstance(expr, CallResult):
            call = scope.calls[expr.call]
            todo += [call.func, *call.args, *(value for _name, value in call.kwargs)]
        else:
            todo += parts(expr)
    return found
