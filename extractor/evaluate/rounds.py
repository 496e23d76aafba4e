"""Rounds of loops over tables that stand in the code: a frame for each, in which the loop's element is one item."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.arguments import table_held_by
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import Frame, Mapping, Seq, SettingRef, Value, Values
from extractor.program.module import Def
from extractor.summary import Expr, Scope
from extractor.summary.expr import CallResult, Element, Local, parts

MAX_FRAMES = 12  # rounds that are told apart where each is followed on
_MAX_WALK = 400


def rounds(ev: Evaluation, frame: Frame, exprs: tuple[Expr, ...], most: int = MAX_FRAMES) -> Iterator[Frame]:
    """A frame like `frame` for each round of the loop that the expressions stand in, in which the loop's element is one
    item of the table; `frame` itself without such a loop, or where its table is not known or has over `most` items."""
    elements = elements_in(frame.owner.scope, exprs)
    tables = dict.fromkeys(element.iterable for element in elements)
    known = {table: items for table in tables if 2 <= len(items := items_of(ev, frame, table)) <= most}
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
    return bool(elements_in(owner.scope, exprs))


def items_of(ev: Evaluation, frame: Frame, table: Expr) -> tuple[Values, ...]:
    """The items of the one table that an expression is; () when it is none that is known."""
    values = ev.eval(table, frame)
    held: Value | None = values[0] if len(values) == 1 else None
    if isinstance(held, SettingRef):
        held = table_held_by(ev, held)
    if isinstance(held, Mapping) and not held.open:
        return tuple(keys for keys, _values in held.items)
    return held.items if isinstance(held, Seq) else ()


def elements_in(scope: Scope, exprs: tuple[Expr, ...]) -> list[Element]:
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
