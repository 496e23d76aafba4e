"""Records and enumerations: classes whose bodies declare what their objects hold, or which objects there are."""

from __future__ import annotations

from extractor.evaluate.folding import bounded
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import Ext, Seq, Unknown, Value, Values
from extractor.program.module import Def
from extractor.summary.expr import CallResult

# What declares a field of a class, with its default or a function that makes one:
# https://docs.python.org/3/library/dataclasses.html#dataclasses.field, https://www.attrs.org/en/stable/api.html
_FIELDS = ("dataclasses.field", "attr.ib", "attr.attrib", "attrs.field", "attr.field", "pydantic.Field")


def fields(ev: Evaluation, owner: Def) -> list[str]:
    """The fields that a class body declares, in order: its annotated names, else those that a call declares."""
    if owner.scope.annotations:
        return list(owner.scope.annotations)
    found = []
    for name, indices in owner.scope.names.items():
        made = owner.scope.defs[indices[-1]][1]
        call = owner.scope.calls[made.call] if isinstance(made, CallResult) else None
        if call is not None and any(_declares(v) for v in ev.eval(call.func, ev.frame(owner))):
            found.append(name)
    return found


def field_default(ev: Evaluation, value: Value) -> Values:
    """What a declared field holds where its object is made without it; () for what is no such field."""
    if not isinstance(value, Ext) or not value.path.endswith("()") or value.path[:-2] not in _FIELDS:
        return ()
    given = dict(value.kwargs)
    makers = (*given.get("default_factory", ()), *given.get("factory", ()))
    if makers:
        return bounded(v for maker in makers for v in ev.call_value(maker, (), ()))
    return given.get("default", ()) or (Unknown("field"),)


def is_enumeration(ev: Evaluation, cls: Def) -> bool:
    """True for a class whose names are its objects: `Enum`, and Django's `Choices`."""
    return any(path.startswith("enum.") or path.endswith("Choices") for path in ev.classes.mro(cls)[1])


def member_value(member: Value) -> Values:
    """The value of a member of an enumeration: of Django's choices, which have a label beside it, the first."""
    return member.items[0] if isinstance(member, Seq) and member.items and not member.open else (member,)


def _declares(func: Value) -> bool:
    return isinstance(func, Ext) and func.path in _FIELDS


__all__ = ["field_default", "fields", "is_enumeration", "member_value"]
