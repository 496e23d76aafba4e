"""What the receiver of `.delay()`, `.s()` and the like means: tasks that were read, a name from outside, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments, bind
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Ext, Frame, Inst, Param, Piped, Seq, Unknown, Values
from extractor.link.celery.appconf import is_app
from extractor.link.celery.given import of_value
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import (
    Attribute,
    Defined,
    Local,
    Parameter,
    last_name,
)

SIGNATURES = frozenset({"s", "si", "signature", "subtask", "chunks", "map", "starmap"})
MAX_CALLERS = 3  # functions followed back from a task handed in as an argument
MAX_NESTED = 6  # canvases in canvases
_CANVAS = re.compile(r"celery(\.\w+)*\.(group|chain|chord|_chain|_chord)\(\)(\(\))?")
_SIGNED = re.compile(
    rf"(?P<head>.+?)\.(?P<name>{'|'.join(sorted(SIGNATURES))})\(\)(\.(set|clone|on_error|group)\(\))*", re.DOTALL
)
_LIBRARY_TASK = re.compile(r"^[a-z_]\w*(\.\w+)*\.[a-z_]\w*$")
_NOT_TASKS = ("multiprocessing.", "concurrent.", "builtins.", "billiard.", "gevent.", "eventlet.")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a receiver means: tasks, names of tasks that were not read, or nothing known.

    `signed` are tasks by the signatures that the receiver is, each with the queue that its signature gives, or None.
    """

    tasks: tuple[Found, ...] = ()
    outside: tuple[str, ...] = ()
    confidence: str = "certain"
    note: str = ""
    unknown: bool = False
    signed: tuple[tuple[Found, Values | None], ...] = ()


class Receivers:
    """Says which tasks an expression can be. `dotted` are the tasks by the qualified name of their function."""

    def __init__(self, ev: Evaluator, index: TaskIndex) -> None:
        self.ev, self.index = ev, index
        self.dotted = {f.target.qualified: f for f in index.found}
        self._sites: dict[str, list[tuple[Def, CallExpr]]] | None = None

    def meant(self, base: Expr, frame: Frame, guess: bool = True) -> Meant:
        """The tasks that an expression can be. `guess` also takes outside names and unknown receivers for tasks."""
        param = _parameter(base, frame)
        own = self.index.meant((param,)) if param is not None else ()  # the task itself, whatever its class
        if own:
            return Meant(own)
        values = self.ev.eval(base, frame)
        found = self.index.meant(values)
        if found:
            return Meant(found)
        signed = self.signed(values)
        if signed:
            return Meant(signed=signed)
        for value in (*values, *((param,) if param is not None else ())):
            if isinstance(value, Param):
                found = self._from_callers(value, 0)
                if found:
                    return Meant(found, confidence="likely", note=f"handed in as {value.name}{value.path}")
        if isinstance(base, Attribute):
            named = self._by_attribute(base, frame)
            if named is not None:
                return named
        if not guess:
            return Meant()
        return _outside(values)

    def signed(self, values: Values, depth: int = 0) -> tuple[tuple[Found, Values | None], ...]:
        """The tasks of signatures that another function made, by themselves, in a list or in a canvas, each with the
        queue that its signature gives."""
        out: dict[tuple[Found, Values | None], None] = {}
        for value in values if depth < MAX_NESTED else ():
            inner: tuple[Values, ...] = ()
            if isinstance(value, Piped):
                inner = (value.left, value.right)
            elif isinstance(value, Seq):
                inner = value.items
            elif isinstance(value, Ext) and _CANVAS.fullmatch(value.path):
                inner = value.args
            elif isinstance(value, Ext):
                out.update(dict.fromkeys(self._signature(value)))
            for one in inner:
                out.update(dict.fromkeys(self.signed(one, depth + 1)))
        return tuple(out)

    def _signature(self, value: Ext) -> Iterator[tuple[Found, Values | None]]:
        """The task that one signature is made of: `task.s(...)`, `signature("name")`, with what was `set` on it."""
        made = _SIGNED.fullmatch(value.path)
        if made is None:
            return
        queue: Values | None = None
        here: Ext | None = value
        while here is not None and queue is None:
            queue, here = of_value(here), here.receiver
        task = self.dotted.get(made["head"])
        if task is not None:
            yield task, queue
        elif made["name"] in ("signature", "subtask") and self._is_maker(made["head"]):
            first = value
            while first.receiver is not None and not first.path.endswith(f".{made['name']}()"):
                first = first.receiver
            for named in self.named(first.args[0]).tasks if first.args else ():
                yield named, queue

    def _is_maker(self, head: str) -> bool:
        return head in ("celery", "celery.canvas") or is_app(self.ev, Ext(head))

    def _by_attribute(self, base: Attribute, frame: Frame) -> Meant | None:
        """A task kept on a class: put there from outside, or bound to an attribute of that name by classes."""
        owners = [v for v in self.ev.eval(base.base, frame) if isinstance(v, DefRef | Inst)]
        for value in owners:
            cls = value.target if isinstance(value, DefRef) else value.cls
            found = self.index.set_on_class(cls, base.name)
            if found:
                return Meant(found)
        if any(isinstance(v, Inst) for v in owners):
            found = self.index.class_values(base.name)
            if found:
                note = f"by the name of the attribute {base.name}, which task classes bind to these tasks"
                return Meant(found, confidence="possible", note=note)
        return None

    def _from_callers(self, param: Param, depth: int) -> tuple[Found, ...]:
        """The tasks that callers hand in for a parameter, followed back over a few functions."""
        if depth >= MAX_CALLERS or param.path:
            return ()
        out: list[Found] = []
        for caller, call in self._calls_of(param.owner):
            args, kwargs = arguments(self.ev, call, self.ev.frame(caller))
            skip = param.owner.owner_class is not None and param.owner.kind == "function"
            bound = dict(bind(self.ev, param.owner, args, kwargs, skip_first=skip))
            values = bound.get(param.name, ())
            out += self.index.meant(values)
            for value in values:
                if isinstance(value, Param) and value != param:
                    out += self._from_callers(value, depth + 1)
        return tuple(dict.fromkeys(out))

    def _calls_of(self, target: Def) -> Iterator[tuple[Def, CallExpr]]:
        if self._sites is None:
            self._sites = {}
            for module in self.ev.index.modules:
                for name, scope in module.summary.scopes.items():
                    for call in scope.calls:
                        key = _called_name(call.func)
                        if key:
                            self._sites.setdefault(key, []).append((module.define(name), call))
        last = target.scope.name.rsplit(".", 1)[-1].split("#")[0]
        for owner, call in self._sites.get(last, ()):
            for value in self.ev.eval(call.func, self.ev.frame(owner)):
                if isinstance(value, DefRef) and value.target is target:
                    yield owner, call
                    break

    def named(self, values: Values) -> Meant:
        """The tasks that texts name."""
        texts = [t for c in self.index.configs for v in values if (t := c.text((v,))) is not None]
        tasks = tuple(dict.fromkeys(self.index.by_name[t] for t in texts if t in self.index.by_name))
        others = tuple(dict.fromkeys(t for t in texts if t not in self.index.by_name))
        if tasks:
            return Meant(tasks, others)
        if others:
            return Meant(outside=others)
        return Meant(unknown=True, note="the task's name is known only at run time")


def _parameter(expr: Expr, frame: Frame) -> Param | None:
    """The parameter of the function that an expression is, whatever its annotation says of it."""
    if isinstance(expr, Local) and len(expr.definitions) == 1:
        expr = frame.owner.scope.defs[expr.definitions[0]][1]
    return Param(frame.owner, expr.name) if isinstance(expr, Parameter) and frame.get(expr.name) is None else None


def _called_name(func: Expr) -> str | None:
    return func.scope.rsplit(".", 1)[-1] if isinstance(func, Defined) else last_name(func)


def _outside(values: Values) -> Meant:
    """A receiver that is no task that was read: a name imported from elsewhere, or nothing known."""
    for value in values:
        if isinstance(value, Ext) and _LIBRARY_TASK.match(value.path) and not value.path.startswith(_NOT_TASKS):
            return Meant(outside=(value.path,))
    if any(isinstance(v, Param) for v in values):
        return Meant(unknown=True, note="the task is handed in, and no caller that hands in a known task was found")
    if not values or any(isinstance(v, Unknown) for v in values):
        return Meant(unknown=True, note="the receiver is known only at run time")
    return Meant()
