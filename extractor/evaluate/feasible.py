"""Branches: whether the tests that guard a line hold, where the values they ask about are known.

Only what a caller gives decides: a test that asks for nothing that a parameter holds may be answered otherwise by
another deployment, or by code that runs in between.
"""

from __future__ import annotations

from collections.abc import Callable

from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.relevance import parameters_in
from extractor.evaluate.values import (
    Const,
    DefRef,
    Env,
    Ext,
    Frame,
    Inst,
    Mapping,
    ModuleRef,
    Param,
    Partial,
    Query,
    Seq,
    SettingRef,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Alternatives, Attribute, Comparison, Conjunction, Local, Negation, Parameter, walk

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


class Branches:
    """Answers for the tests of functions, each asked once in each frame."""

    def __init__(self, ev: Evaluation) -> None:
        self._ev = ev
        self._decidable: dict[Def, dict[int, frozenset[str]]] = {}
        self._known: dict[Frame, dict[int, bool | None]] = {}
        self._set_again_names: frozenset[str] | None = None

    def forget(self) -> None:
        """Gives up what is known of tests in frames that values tell apart."""
        self._known = {frame: known for frame, known in self._known.items() if frame.is_open}

    def is_passed_over(self, guards: tuple[int, ...], frame: Frame) -> bool:
        """True when one of the tests under which something stands is known to choose another branch in this frame:
        `if method == "POST":` where the method was bound to "GET"."""
        if not guards or frame.is_open:
            return False
        scope = frame.owner.scope
        return any(self.holds(place, frame) is (not scope.guards[place][1]) for place in guards)

    def reaching(self, definitions: tuple[int, ...], frame: Frame) -> tuple[int, ...]:
        """Those of a variable's definitions that reach a use of it on the ways that its frame takes."""
        ways = frame.owner.scope.ways.get(definitions)
        if ways is None or frame.is_open:
            return definitions
        kept: set[int] = set()
        for place, held, other in ways:
            holds = self.holds(place, frame)
            kept.update(definitions if holds is None else held if holds else other)
        found = tuple(index for index in definitions if index in kept)
        return self.reaching(found, frame) if len(found) < len(definitions) else definitions

    def holds(self, place: int, frame: Frame) -> bool | None:
        """Whether the test of a guard of the frame's function holds; None when that is not known for certain."""
        known = self._known.get(frame)
        if known is None:
            known = self._known[frame] = {}
        if place not in known:
            known[place] = None  # while it is being asked: a test may lead to itself
            known[place] = self._answer(place, frame)
        return known[place]

    def _answer(self, place: int, frame: Frame) -> bool | None:
        owner = frame.owner
        decidable = self._decidable.get(owner)
        if decidable is None:
            decidable = self._decidable[owner] = self._decidable_in(owner)
        asked = decidable.get(place)
        if asked is None or not self._is_told(frame, asked):
            return None
        cuts = self._ev.cuts
        holds = truth(self._ev, owner.scope.guards[place][0], frame)
        return holds if self._ev.cuts == cuts else None

    def _is_told(self, frame: Frame, asked: frozenset[str]) -> bool:
        """Whether the caller tells something of a parameter that a test asks about; of a receiver that may be of a
        class with other values nothing is known."""
        params = frame.owner.scope.params
        if frame.self is not None and params and params[0][0] in asked:
            if self._may_be_overridden(frame):
                return False
            if len(asked) == 1 or not isinstance(frame.self, Unknown | Param):
                return True
        return any(name in asked and _tells(values) for name, values in frame.bindings)

    def _decidable_in(self, owner: Def) -> dict[int, frozenset[str]]:
        """The guards of a function whose tests its parameters may settle, and nothing else changes: which of them."""
        scope = owner.scope
        found: dict[int, frozenset[str]] = {}
        if scope.kind in ("function", "lambda"):
            every = frozenset(name for name, _kind, _default, _annotation in scope.params)
            unsettled = frozenset(scope.unsettled)
            for place, (test, _holds, _line) in enumerate(scope.guards):
                if place not in unsettled and not self._asks_what_is_set_again(test):
                    names = parameters_in(scope, (test,))
                    if names != frozenset():
                        found[place] = every if names is None else names
        return found

    def _may_be_overridden(self, frame: Frame) -> bool:
        """Whether the receiver may be of a class that has other values for what a test asks of it."""
        me = frame.self
        cls = me.cls if isinstance(me, Inst) and not me.known else None
        return cls is not None and bool(self._ev.classes.subclasses(cls))

    def _asks_what_is_set_again(self, test: Expr) -> bool:
        """Whether a test reads an attribute that may hold something else than what the object was made with."""
        named = {part.name for part in walk(test) if isinstance(part, Attribute)}
        if not named:
            return False
        if self._set_again_names is None:
            self._set_again_names = _set_again(self._ev)
        return not named.isdisjoint(self._set_again_names)


def _tells(values: Values) -> bool:
    """Whether something is known of what a parameter is bound to by which a test may be settled."""
    return len(values) == 1 and not isinstance(values[0], Unknown | Param | SettingRef | Env | Query)


def is_passed_over(ev: Evaluation, call: CallExpr, frame: Frame) -> bool:
    """True when a test around the call is known to choose another branch in this frame."""
    return ev.branches.is_passed_over(call.guards, frame)


_MAKERS = frozenset({"__init__", "__post_init__", "__new__"})


def _set_again(ev: Evaluation) -> frozenset[str]:
    """The names of attributes that hold more than an object is made with: set on anything but a method's own object, in
    a method that does not make it, or twice."""
    out = set()
    for module in ev.index.modules:
        own: set[tuple[str, str]] = set()
        for scope in module.summary.scopes.values():
            outer = module.summary.scopes.get(scope.parent)
            makes = scope.name.rpartition(".")[2] in _MAKERS and outer is not None and outer.kind == "class"
            first = Parameter(scope.params[0][0]) if makes and scope.params else None
            for base, name, _value, _line in scope.attrs:
                is_own = isinstance(base, Local) and all(scope.defs[index][1] == first for index in base.definitions)
                if not is_own or (scope.parent, name) in own:
                    out.add(name)
                own.add((scope.parent, name))
    return frozenset(out)


def truth(ev: Evaluation, test: Expr, frame: Frame, held: Callable[[Values], Values] | None = None) -> bool | None:
    """Whether a test holds; None when that is not known. `held` gives what stands behind values that are references
    (a setting by what it is set to); without it they are not known."""
    if isinstance(test, Negation):
        inner = truth(ev, test.operand, frame, held)
        return None if inner is None else not inner
    if isinstance(test, Conjunction):
        found = [truth(ev, part, frame, held) for part in test.values]
        return False if False in found else (None if None in found else True)
    if isinstance(test, Alternatives) and test.guard < 0:
        found = [truth(ev, part, frame, held) for part in test.values]
        return True if True in found else (None if None in found else False)

    def worth(expr: Expr) -> Values:
        values = ev.eval(expr, frame)
        return values if held is None else held(values)

    if isinstance(test, Comparison):
        compared = _COMPARED.get(test.operator)
        asked = worth(test.left)
        left, right = _known(asked), _known(worth(test.right))
        if left is _OPEN and right is None and test.operator in ("Is", "IsNot") and _is_something(asked):
            return test.operator == "IsNot"
        return compared(left, right) if compared is not None and left is not _OPEN and right is not _OPEN else None
    value = _known(worth(test))
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


__all__ = ["Branches", "is_passed_over", "truth"]
