"""The text of a URL pattern: what its expression folds to, settings filled in, one round of a loop at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.link.absvalue import Hole, Seq, Setting, Text, Value, Values
from extractor.link.evaluate import Evaluator
from extractor.link.routes.places import Place
from extractor.modules import Module
from extractor.summary import Value as Expr

MAX_ROUNDS = 200
_MAX_WALK = 400


@dataclass(frozen=True, slots=True)
class SettingTexts:
    """Reads settings that stand in URL patterns: the first of `modules` that binds the name to one literal text."""

    ev: Evaluator
    modules: tuple[Module, ...]

    def literals(self, values: Values) -> list[str]:
        """The values that are literal text once settings are filled in; the others are left out."""
        found = (self._literal(value) for value in values)
        return list(dict.fromkeys(text for text in found if text is not None))

    def _literal(self, value: Value) -> str | None:
        if isinstance(value, Setting):
            return self._setting(".".join((value.name, *value.path)))
        if not isinstance(value, Text):
            return None
        pieces = [part if isinstance(part, str) else self._hole(part) for part in value.parts]
        return None if None in pieces else "".join(piece for piece in pieces if piece is not None)

    def _hole(self, hole: Hole) -> str | None:
        return self._setting(hole.name) if hole.kind == "setting" else None

    def _setting(self, name: str) -> str | None:
        for module in self.modules:
            found = [v.literal for v in self.ev.module_name(module, name) if isinstance(v, Text)]
            if len(found) == 1 and found[0] is not None:
                return found[0]
        return None


def rounds(ev: Evaluator, place: Place, exprs: tuple[Expr, ...]) -> Iterator[Evaluator]:
    """An evaluator for each round of the loop (or comprehension) the expressions stand in; `ev` itself without one.

    In each, the loop's element is known to be one item of the table looped over, so that a name and a view that come
    from one row stay together.
    """
    elements = _elements(place, exprs)
    tables = {element[1] for element in elements}
    items = _items(ev, place, next(iter(tables))) if len(tables) == 1 else ()
    if len(items) < 2:
        yield ev
        return
    for item in items[:MAX_ROUNDS]:
        inner = Evaluator(ev.world)
        for element in elements:
            inner.assume(element, place.frame, item)
        yield inner


def _items(ev: Evaluator, place: Place, table: Expr) -> tuple[Values, ...]:
    values = ev.eval(table, place.frame)
    if len(values) == 1 and isinstance(values[0], Seq):
        return values[0].items
    return ()


def _elements(place: Place, exprs: tuple[Expr, ...]) -> list[Expr]:
    """The `("e", table)` expressions that the given ones lead to inside their scope."""
    scope = place.frame.owner.scope
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
        elif tag == "b":
            todo += expr[2:]
    return found
