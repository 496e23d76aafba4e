"""Loops over tables that stand in the code: what the body says, one round at a time."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Frame, Seq, Values
from extractor.summary import Value as Expr

MAX_ROUNDS = 200
_MAX_WALK = 400


def unrolled(ev: Evaluator, frame: Frame, exprs: tuple[Expr, ...]) -> Iterator[Evaluator]:
    """An evaluator for each round of the loop (or comprehension) the expressions stand in; `ev` itself without one.

    In each, the loop's element is known to be one item of the table looped over, so that what comes from one row stays
    together.
    """
    elements = _elements(frame, exprs)
    tables = {element[1] for element in elements}
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


def _elements(frame: Frame, exprs: tuple[Expr, ...]) -> list[Expr]:
    """The `("e", table)` expressions that the given ones lead to inside their scope."""
    scope = frame.owner.scope
    found: list[Expr] = []
    seen: set[int] = set()
    todo: list[Expr] = list(exprs)
    while todo and len(seen) < _MAX_WALK:
        expr = todo.pop()
        if id(expr) in seen or not expr or not isinstance(expr[0], str):
            continue
        seen.add(id(expr))
        tag = expr[0]
        if tag == "e":
            found.append(expr)
        elif tag == "v":
            todo += [scope.defs[index][1] for index in expr[1]]
        elif tag == "k":
            call = scope.calls[expr[1]]
            todo += [call.func, *call.args, *(value for _name, value in call.kwargs)]
        elif tag in ("f", "l", "o"):
            todo += expr[1]
        elif tag in ("a", "i", "*", "each"):
            todo += [part for part in expr[1:] if isinstance(part, tuple)]
        elif tag == "d":
            todo += [side for item in expr[1] for side in item if side is not None]
        elif tag == "b":
            todo += expr[2:]
    return found
