"""Wrappers: what runs in the place of a decorated function, where it is called with other arguments than it hands on.

Most decorators call what they decorate with what they are given; then the function is as good as its wrapper. One that
looks an argument up, makes an object of it or adds one decides what the function gets.
"""

from __future__ import annotations

from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import DefRef, Frame
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Closure, Local, Parameter, Starred


class Wrappers:
    """Answers by which wrapper a function that was read is called."""

    def __init__(self, ev: Evaluation) -> None:
        self._ev = ev
        self._known: dict[Def, DefRef | None] = {}

    def of(self, func: DefRef) -> DefRef | None:
        """The function that is called instead; None where that is the function itself, or as good."""
        target = func.target
        if func.is_bare or target.kind != "function" or not target.scope.decorators or target.parent is None:
            return None
        if target not in self._known:
            self._known[target] = None  # while it is looked for
            with self._ev.apart():
                self._known[target] = self._find(target, target.parent)
        found = self._known[target]
        return DefRef(found.target, func.self or self._ev.self_of(target), found.frame) if found is not None else None

    def _find(self, target: Def, around: Def) -> DefRef | None:
        frame = self._ev.frame(around)
        for decorator in reversed(target.scope.decorators):
            for value in self._ev.eval(decorator, frame):
                if not isinstance(value, DefRef) or value.target.kind != "function":
                    continue
                bare = DefRef(target, None, None, is_bare=True)
                for made in self._ev.returned(value, ((bare,),), ()):
                    outer = made.frame if isinstance(made, DefRef) else None
                    if isinstance(made, DefRef) and outer is not None and _changes(made.target, outer, target):
                        return made
        return None


def _changes(inner: Def, outer: Frame, target: Def) -> bool:
    """Whether a wrapper calls the function with something else than what it is called with itself."""
    handed = {
        name
        for name, values in outer.bindings
        if any(isinstance(value, DefRef) and value.is_bare and value.target is target for value in values)
    }
    names = [name for name, _kind, _default, _annotation in inner.scope.params]
    calls = [call for call in inner.scope.calls if isinstance(call.func, Closure) and call.func.name in handed]
    return bool(calls) and not any(_hands_on(inner, call, names) for call in calls)


def _hands_on(inner: Def, call: CallExpr, names: list[str]) -> bool:
    """Whether a call hands on the parameters of its function, in their order, and nothing else."""
    given = [_parameter(inner, arg.value if isinstance(arg, Starred) else arg) for arg in call.args]
    for name, value in call.kwargs:
        of = _parameter(inner, value)
        given.append(of if name in (None, of) else None)
    return given == names


def _parameter(inner: Def, expr: Expr) -> str | None:
    """The parameter that an expression is, of a function that does not bind it anew."""
    if isinstance(expr, Local) and len(expr.definitions) == 1:
        expr = inner.scope.defs[expr.definitions[0]][1]
    return expr.name if isinstance(expr, Parameter) else None


__all__ = ["Wrappers"]
