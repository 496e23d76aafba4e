"""Value contexts: the part of what a function is given by which its visits are told apart.

A function is visited once for each value context (Sharir and Pnueli's functional approach; *value contexts* of Padhye
and Khedker, 2013). Values are cut at a depth and to a number of alternatives, so that there are few of them.
"""

from __future__ import annotations

from extractor.evaluate.values import (
    Args,
    DefRef,
    Env,
    Ext,
    Inst,
    Kwargs,
    Mapping,
    Param,
    Partial,
    Piped,
    Seq,
    Super,
    Text,
    Unknown,
    Value,
    Values,
)

MAX_DEPTH = 3  # objects in objects in objects
MAX_ITEMS = 12  # of a sequence or mapping
MAX_ALTERNATIVES = 4
MAX_TEXT = 300  # characters and holes
_NOT_FOLLOWED = Unknown("not followed into the function")


def kept(values: Values, depth: int = MAX_DEPTH) -> Values:
    """The values as a context holds them; () when nothing of them is known. What is not followed stays as one unknown
    alternative, so that no branch is taken for the only one."""
    known: list[Value] = []
    is_open = len(values) > MAX_ALTERNATIVES
    for value in values[:MAX_ALTERNATIVES]:
        found = _kept(value, depth)
        if found is None:
            is_open = True
        elif found not in known:
            known.append(found)
    return (*known, _NOT_FOLLOWED) if known and is_open else tuple(known)


def kept_arguments(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """The arguments of a call as a context holds them."""
    return tuple(map(kept, args)), tuple((name, kept(values)) for name, values in kwargs)


def kept_receiver(value: Value | None) -> Value | None:
    """What a method is bound to, as a context holds it; an object of which too much is known keeps its class."""
    if value is None:
        return None
    found = _kept(value, MAX_DEPTH)
    return found if found is not None else value


def _kept(value: Value, depth: int) -> Value | None:
    if isinstance(value, Unknown | Param):
        return None
    if isinstance(value, Text):
        size = sum(len(part) if isinstance(part, str) else 1 for part in value.parts)
        return value if size <= MAX_TEXT else None
    if depth <= 0:
        return value if not isinstance(value, Inst | Ext | Seq | Mapping | Partial | Env | Piped) else None
    return _cut(value, depth - 1)


def _cut(value: Value, depth: int) -> Value:
    """A value with what it holds cut to a depth."""
    if isinstance(value, Inst):
        bindings = tuple((name, inner) for name, values in value.bindings if (inner := kept(values, depth)))
        return Inst(value.cls, bindings, value.known)
    if isinstance(value, Ext):
        receiver = _cut(value.receiver, depth - 1) if value.receiver is not None and depth > 0 else None
        args, kwargs = _each(value.args, depth), _named(value.kwargs, depth)
        return Ext(value.path, args, kwargs, receiver if isinstance(receiver, Ext) else None)
    if isinstance(value, DefRef):
        me = _kept(value.self, depth) if value.self is not None else None
        return DefRef(value.target, me, value.frame, value.is_bare)
    if isinstance(value, Partial):
        return Partial(value.func, _each(value.args, depth), _named(value.kwargs, depth), value.curried)
    if isinstance(value, Seq):
        return Seq(_each(value.items[:MAX_ITEMS], depth), value.open or len(value.items) > MAX_ITEMS)
    if isinstance(value, Mapping):
        items = tuple((kept(keys, depth), kept(inner, depth)) for keys, inner in value.items[:MAX_ITEMS])
        return Mapping(items, value.open or len(value.items) > MAX_ITEMS)
    if isinstance(value, Env):
        return Env(value.name, kept(value.default, depth), value.required)
    if isinstance(value, Piped):
        return Piped(kept(value.left, depth), kept(value.right, depth))
    if isinstance(value, Super):
        return Super(value.cls, _kept(value.self, depth) if value.self is not None else None)
    return value


def _each(values: Args, depth: int) -> Args:
    return tuple(kept(inner, depth) for inner in values)


def _named(values: Kwargs, depth: int) -> Kwargs:
    return tuple((name, kept(inner, depth)) for name, inner in values)


__all__ = ["kept", "kept_arguments", "kept_receiver"]
