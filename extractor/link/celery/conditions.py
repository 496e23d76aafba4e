"""The conditions under which a line runs, as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.summary import Expr, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    CallResult,
    Closure,
    Comparison,
    Conjunction,
    Constant,
    DictDisplay,
    ImportedModule,
    ImportedName,
    Local,
    Name,
    Negation,
    Parameter,
    Subscript,
)

_SIGNS = {
    "Eq": "==",
    "NotEq": "!=",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
    "In": "in",
    "NotIn": "not in",
    "Is": "is",
    "IsNot": "is not",
}


def opposite(condition: str) -> str:
    """What holds where a condition does not."""
    if condition.startswith("not ") and " and " not in condition and " or " not in condition:
        return condition.removeprefix("not ")
    return f"not ({condition})" if " " in condition else f"not {condition}"


def condition_of(scope: Scope, guards: tuple[int, ...]) -> str:
    """The tests that hold where a line of a scope with these guards runs; "" for one that always does."""
    texts = []
    for index in guards:
        test, holds, _line = scope.guards[index]
        if isinstance(test, Negation):
            test, holds = test.operand, not holds
        texts.append(_shown(test, scope) if holds else f"not {_shown(test, scope)}")
    return " and ".join(texts)


def defined_under(scope: Scope, definitions: tuple[int, ...]) -> Iterator[tuple[int, str]]:
    """The definitions of a variable that may hold, each with the condition under which it does; "" where that is not
    told by one test."""
    ways = scope.ways.get(definitions, ())
    if len(ways) != 1:
        yield from ((index, condition_of(scope, guards_inside(scope, scope.defs[index][1]))) for index in definitions)
        return
    [(guard, held, other)] = ways
    where = condition_of(scope, (guard,))
    for index, inner in defined_under(scope, held):
        yield index, both(where, inner)
    for index, inner in defined_under(scope, other):
        yield index, both(opposite(where), inner)


def guards_inside(scope: Scope, value: Expr) -> tuple[int, ...]:
    """The guards under which a value is made, told by a call inside it."""
    if isinstance(value, CallResult):
        return scope.calls[value.call].guards
    if isinstance(value, DictDisplay):
        return next((found for _key, inner in value.items if (found := guards_inside(scope, inner))), ())
    return ()


def either(conditions: Iterable[str]) -> str:
    """Conditions of which one must hold, as one; "" where one of them always does."""
    known = list(dict.fromkeys(conditions))
    if "" in known or any(opposite(one) in known for one in known):
        return ""
    return " or ".join(known)


def both(one: str, other: str) -> str:
    """Two conditions as one, of which either may be "": what always holds."""
    return " and ".join(dict.fromkeys(part for part in (one, other) if part))


def _shown(test: Expr, scope: Scope) -> str:
    """A condition as short text."""
    if isinstance(test, Name | Parameter | ImportedName | Closure):
        return test.name
    if isinstance(test, Local):
        names = [name for name, indices in scope.names.items() if set(indices) & set(test.definitions)]
        return names[0] if names else "a condition"
    if isinstance(test, Attribute):
        return f"{_shown(test.base, scope)}.{test.name}"
    if isinstance(test, ImportedModule):
        return test.module
    if isinstance(test, Constant):
        return repr(test.value)
    if isinstance(test, Negation):
        return f"not {_shown(test.operand, scope)}"
    if isinstance(test, Conjunction | Alternatives):
        between = " and " if isinstance(test, Conjunction) else " or "
        return between.join(_shown(part, scope) for part in test.values)
    if isinstance(test, Comparison):
        return f"{_shown(test.left, scope)} {_SIGNS.get(test.operator, test.operator)} {_shown(test.right, scope)}"
    if isinstance(test, Subscript):
        return f"{_shown(test.base, scope)}[{_shown(test.index, scope)}]"
    if isinstance(test, CallResult):
        call = scope.calls[test.call]
        return f"{_shown(call.func, scope)}({', '.join(_shown(a, scope) for a in call.args)})"
    return "a condition"


__all__ = ["both", "condition_of", "defined_under", "either", "opposite"]
