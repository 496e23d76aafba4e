"""The queue that code gives where it queues a task: `queue=`, `options={"queue": ...}`, `**options`, `.set(...)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.evaluate import folding
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, Ext, Frame, Mapping, Text, Unknown, Values
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Opaque, last_name

_KEY = Text(("queue",))
_NONE = Const(None, "NoneType")
_HANDS_OVER = frozenset({"delay", "delay_on_commit", "s", "si", "chunks", "map", "starmap"})


@dataclass(frozen=True, slots=True)
class QueueSource:
    """Where a queue may be given: an expression that is one, or (`in_options`) a dictionary that may hold one."""

    value: Expr
    in_options: bool = False


UNTOLD = QueueSource(Opaque("which of several signatures takes the queue"))


def of_call(call: CallExpr) -> tuple[QueueSource, ...]:
    """What the arguments of a call give, the strongest first; nothing where they are the task's own."""
    if last_name(call.func) in _HANDS_OVER:
        return ()
    plain = [QueueSource(value) for name, value in call.kwargs if name == "queue"]
    return (*plain, *(QueueSource(value, in_options=True) for name, value in call.kwargs if name in ("options", None)))


def given(ev: Evaluator, sources: Sequence[QueueSource], frame: Frame) -> Values | None:
    """What the sources give in a frame: that of the first which gives any. None when none does: a queue of None is as
    if none were given. `Unknown` stands for one that is given and not known, a constant None for the case that none
    is."""
    for place, source in enumerate(sources):
        values = ev.eval(source.value, frame)
        if source.in_options:
            held = [folding.lookup(one, _KEY) if isinstance(one, Mapping) else () for one in values]
            values = tuple(v for one in held for v in (one or (_NONE,)))
        named = tuple(v for v in values if v != _NONE)
        if named and len(named) < len(values):  # one way or the other
            return (*named, *(given(ev, sources[place + 1 :], frame) or (_NONE,)))
        if named or not (values or source.in_options):
            return named or (Unknown("a queue that is known only at run time"),)
    return None


def of_value(value: Ext) -> Values | None:
    """What the last call of an outside object's path was given as queue; None when nothing was."""
    named = dict(value.kwargs)
    if value.path.endswith(tuple(f".{name}()" for name in _HANDS_OVER)):
        return None
    held = tuple(v for one in named.get("options", ()) if isinstance(one, Mapping) for v in folding.lookup(one, _KEY))
    return named.get("queue") or held or None


__all__ = ["UNTOLD", "QueueSource", "given", "of_call", "of_value"]
