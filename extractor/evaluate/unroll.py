"""Loops over tables that stand in the code: what the body says, one round at a time."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Frame, Mapping, Seq, Values
from extractor.program.module import Def
from extractor.summary import Expr, Scope
from extractor.summary.expr import CallResult, Element, Local, parts

MAX_ROUNDS = 200
MAX_FRAMES = 12  # rounds that are told apart where each is followed on
_MAX_WALK = 400


def unrolled(ev: Evaluator, frame: Frame, exprs: tuple[Expr, ...]) -> Iterator[Evaluator]:
    """An evaluator for each round of the loop (or comprehension) the expressions stand in; `ev` itself without one.

    In each, the loop's element is known to be one item of the table looped over, so that what comes from one row stays
    together.
    """
    elements = _elements(frame.owner.scope, exprs)
    tables = dict.fromkeys(element.iterable for element in elements)
    known = {table: items for table in tables if len(items := _items(ev, frame, table)) >= 2}
    if len(known) != 1:
        yield ev
        return
    [(table, items)] = known.items()
    for item in items[:MAX_ROUNDS]:
        inner = Evaluator(ev.index)
        inner.setting, inner.literal_setting = ev.setting, ev.literal_setting
        for element in elements:
            if element.iterable == table:
                inner.assume(element, frame, item)
        yield inner


def rounds(ev: Evaluator, frame: Frame, exprs: tuple[Expr, ...], most: int = MAX_FRAMES) -> Iterator[Frame]:
    """A frame like `frame` for each round of the loop that the expressions stand in, in which the loop's element is one
    item of the table; `frame` itself without such a loop, or where its table is not known or has over `most` items."""
    elements = _elements(frame.owner.scope, exprs)
    tables = dict.fromkeys(element.iterable for element in elements)
    known = {table: items for table in tables if 2 <= len(items := _items(ev, frame, table)) <= most}
    if len(known) != 1:
        yield frame
        return
    [(table, items)] = known.items()
    for item in items:
        inner = Frame(frame.owner, frame.bindings, frame.self, frame.outer)
        for element in elements:
            if element.iterable == table:
                ev.assume(element, inner, item)
        yield inner


def is_looped(owner: Def, exprs: tuple[Expr, ...]) -> bool:
    """Whether expressions of a scope lead to the element of a loop or comprehension."""
    return bool(_elements(owner.scope, exprs))


def _items(ev: Evaluator, frame: Frame, table: Expr) -> tuple[Values, ...]:
    values = ev.eval(table, frame)
    held = values[0] if len(values) == 1 else None
    if isinstance(held, Mapping) and not held.open:
        return tuple(keys for keys, _values in held.items)
    return held.items if isinstance(held, Seq) else ()


def _elements(scope: Scope, exprs: tuple[Expr, ...]) -> list[Element]:
    """The elements of tables that the given expressions lead to inside their scope."""
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
