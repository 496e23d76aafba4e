"""Loops over tables that stand in the code: an evaluator for each round of one."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.rounds import elements_in, items_of
from extractor.evaluate.values import Frame
from extractor.summary import Expr

MAX_ROUNDS = 200


def unrolled(ev: Evaluator, frame: Frame, exprs: tuple[Expr, ...]) -> Iterator[Evaluator]:
    """An evaluator for each round of the loop (or comprehension) the expressions stand in; `ev` itself without one.

    In each, the loop's element is known to be one item of the table looped over, so that what comes from one row stays
    together.
    """
    elements = elements_in(frame.owner.scope, exprs)
    tables = dict.fromkeys(element.iterable for element in elements)
    known = {table: items for table in tables if len(items := items_of(ev, frame, table)) >= 2}
    if len(known) != 1:
        yield ev
        return
    [(table, items)] = known.items()
    for item in items[:MAX_ROUNDS]:
        inner = ev.beside()
        for element in elements:
            if element.iterable == table:
                inner.assume(element, frame, item)
        yield inner
