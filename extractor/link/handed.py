"""Functions handed over: what an argument holds that whoever gets it may run."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Frame, Partial, Seq, Value
from extractor.program.index import ModuleIndex
from extractor.summary import Expr, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    CallResult,
    Closure,
    Constant,
    Defined,
    ImportedName,
    Local,
    Name,
    Parameter,
    SequenceDisplay,
    Subscript,
    last_name,
)

MAX_ITEMS = 20  # of a sequence
_DEPTH = 6  # variables of variables
# Functions outside the code that give functions.
_GIVE_FUNCTIONS = frozenset(
    {"partial", "partialmethod", "curry", "compose", "pipe", "wraps", "wrap", "lru_cache", "cache", "method_decorator"}
    | {"getattr", "attrgetter", "itemgetter", "methodcaller", "import_string", "import_by_path", "load_object"}
    | {"sync_to_async", "async_to_sync", "s", "si", "signature"}
)


def functions_in(value: Value) -> Iterator[DefRef]:
    """The functions that a value is or holds."""
    if isinstance(value, DefRef):
        if value.target.kind != "class":
            yield value
    elif isinstance(value, Partial):
        yield from functions_in(value.func)
    elif isinstance(value, Seq):
        for values in value.items[:MAX_ITEMS]:
            for item in values:
                if isinstance(item, DefRef | Partial):
                    yield from functions_in(item)


class HandedOver:
    """Finds the functions in the arguments of calls. What a call gives is asked only where something of the name that
    is called may give a function: most arguments are data, and what they are is long to tell."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._givers = _givers(ev.index)

    def functions(self, expr: Expr, frame: Frame) -> Iterator[DefRef]:
        """The functions that an argument is or holds, which stands in a frame."""
        if _may_be_function(frame.owner.scope, expr, self._givers, _DEPTH):
            for value in self._ev.eval(expr, frame):
                yield from functions_in(value)


def _may_be_function(scope: Scope, expr: Expr, givers: frozenset[str], depth: int) -> bool:
    if isinstance(expr, Defined | Name | ImportedName | Attribute | Closure | Parameter):
        return True
    if isinstance(expr, CallResult):
        name = last_name(scope.calls[expr.call].func)
        return name is None or name in givers
    if depth == 0:
        return not isinstance(expr, Constant)
    if isinstance(expr, Local):
        return any(_may_be_function(scope, scope.defs[index][1], givers, depth - 1) for index in expr.definitions)
    if isinstance(expr, SequenceDisplay | Alternatives):
        inside = expr.items if isinstance(expr, SequenceDisplay) else expr.values
        return any(_may_be_function(scope, part, givers, depth - 1) for part in inside)
    return isinstance(expr, Subscript)


def _givers(index: ModuleIndex) -> frozenset[str]:
    """The names of functions that may return a function: one defined inside, one that they were given or keep, or what
    another of these names gives."""
    found = set(_GIVE_FUNCTIONS)
    waiting: dict[str, list[str]] = {}  # by the name that is called, who returns what it gives
    functions = {target.scope.name.rsplit(".", 1)[-1] for target in index.defs() if target.kind == "function"}
    for target in index.defs():
        if target.kind == "function":
            name = target.scope.name.rsplit(".", 1)[-1]
            for called in _returned(target.scope, functions):
                if called is None:
                    found.add(name)
                else:
                    waiting.setdefault(called, []).append(name)
    todo = list(found)
    while todo:
        for name in waiting.pop(todo.pop(), ()):
            if name not in found:
                found.add(name)
                todo.append(name)
    return frozenset(found)


def _returned(scope: Scope, functions: set[str]) -> Iterator[str | None]:
    """What a function may return that may be a function: the name of what it calls for that, or None for others."""
    todo: list[tuple[Expr, int]] = [(expr, _DEPTH) for expr in scope.returns]
    while todo:
        expr, depth = todo.pop()
        if isinstance(expr, CallResult):
            name = last_name(scope.calls[expr.call].func)
            yield name
        elif isinstance(expr, Local) and depth:
            todo += [(scope.defs[index][1], depth - 1) for index in expr.definitions]
        elif isinstance(expr, SequenceDisplay) and depth:
            todo += [(item, depth - 1) for item in expr.items]
        elif isinstance(expr, Alternatives) and depth:
            todo += [(item, depth - 1) for item in expr.values]
        elif isinstance(expr, Attribute | Name | ImportedName):
            if expr.name in functions:
                yield None
        elif isinstance(expr, Defined | Parameter | Closure | Subscript):
            yield None


__all__ = ["HandedOver", "functions_in"]
