"""The entries of a beat schedule as written: what settings, applications and code add, without what is taken out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeGuard

from extractor.evaluate.arguments import arguments, entry_frame
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.unroll import unrolled
from extractor.evaluate.values import DefRef, Frame
from extractor.link.celery.appconf import is_app
from extractor.link.celery.conditions import both, condition_of, defined_under, either, opposite
from extractor.link.celery.config import Config
from extractor.link.celery.intervals import ScheduleReader
from extractor.program.module import Module
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    Constant,
    DictDisplay,
    ImportedName,
    Local,
    Name,
    literal_text,
    parts,
    walk,
)

OPTION = "beat_schedule"
OLDER = ("CELERYBEAT_SCHEDULE",)
_TAKES_OUT = frozenset({"pop", "__delitem__"})


@dataclass(frozen=True, slots=True)
class BeatEntry:
    """An entry of a beat schedule: its fields as they are written in `frame`, and the condition under which it is
    there. `config` is the configuration in which the expressions are read: that of one round, for entries of a loop."""

    key: str | None
    fields: dict[str, Expr]
    frame: Frame
    line: int
    end_line: int
    condition: str
    config: Config

    @property
    def module(self) -> Module:
        return self.frame.owner.module


@dataclass(frozen=True, slots=True)
class _Removal:
    """A line that takes an entry out again; `key` is None where it takes out all."""

    key: str | None
    module: Module
    line: int
    condition: str


def entries(ev: Evaluator, config: Config) -> Iterator[BeatEntry]:
    """Every entry of a service: of the settings, of `app.conf`, and those added by `add_periodic_task`."""
    reader = _EntryReader(ev, config)
    for name in config.names(OPTION, *OLDER):
        yield from reader.of_setting(name)
    yield from reader.of_apps()
    yield from reader.added_by_code()


class _EntryReader:
    """Reads the entries of one service, in the order in which they are added."""

    def __init__(self, ev: Evaluator, config: Config) -> None:
        self.ev = ev
        self.config = config
        self.seen: set[tuple[int, int, str]] = set()
        self.of_app: list[_Removal] = []

    def of_setting(self, name: str) -> Iterator[BeatEntry]:
        """The entries of a setting, down the chain of settings modules to the one that binds it anew."""
        found: list[BeatEntry] = []
        removals: list[_Removal] = []
        for module in self.config.chain:
            scope = module.summary.scopes.get("")
            if scope is None:
                continue
            frame, indices = self.ev.frame(module.define("")), scope.names.get(name, ())
            bound = list(defined_under(scope, indices))
            for index, condition in bound:
                line, expr = scope.defs[index]
                found += self.of(expr, frame, line, condition)
            is_base = functools.partial(_names, scope=scope, name=name)
            found += self._changes(frame, is_base)
            removals += self._removals(frame, is_base)
            if bound and not any(_keeps(scope, scope.defs[index][1], name) for index, _condition in bound):
                break
        places = {module: place for place, module in enumerate(self.config.chain)}
        self.of_app += [r for frame, is_base in self._of_app_modules() for r in self._removals(frame, is_base)]
        for entry in _once(found):
            later = [r for r in removals if _is_later(r, entry, places)]
            yield from _left(entry, [*later, *self.of_app])

    def of_apps(self) -> Iterator[BeatEntry]:
        """`app.conf.beat_schedule = ...`, `app.conf.beat_schedule["key"] = ...` and `.update(...)`."""
        found = [
            e
            for written in self.config.on_conf(OPTION, *OLDER)
            for e in self.of(written.expr, written.frame, written.line, "")
        ]
        found += [e for frame, is_base in self._of_app_modules() for e in self._changes(frame, is_base)]
        for entry in _once(found):
            yield from _left(entry, [r for r in self.of_app if _is_later(r, entry, {})])

    def _of_app_modules(self) -> Iterator[tuple[Frame, Callable[[Expr], bool]]]:
        """The frames of the modules of applications, each with what tells the schedule of an application in it."""
        for module in self.config.apps:
            for name in module.summary.scopes:
                frame = self.ev.frame(module.define(name))
                yield frame, functools.partial(self._is_option, frame)

    def _is_option(self, frame: Frame, base: Expr) -> bool:
        conf = base.base if isinstance(base, Attribute) and base.name == OPTION else None
        if not isinstance(conf, Attribute) or conf.name != "conf":
            return False
        return any(is_app(self.ev, v) for v in self.ev.eval(conf.base, frame))

    # added and taken out -----------------------------------------------------------------------------------------

    def _changes(self, frame: Frame, is_base: Callable[[Expr], bool]) -> Iterator[BeatEntry]:
        scope = frame.owner.scope
        for base, key, value, line, _maybe, guards in scope.subs:
            if is_base(base):
                yield from self._entries(key, value, frame, line, condition_of(scope, guards))
        for call in scope.calls:
            if isinstance(call.func, Attribute) and is_base(call.func.base):
                condition = condition_of(scope, call.guards)
                if call.func.name == "setdefault" and len(call.args) == 2:
                    yield from self._entries(call.args[0], call.args[1], frame, call.line, condition)
                elif call.func.name == "update":
                    for value in call.args:
                        yield from self.of(value, frame, call.line, condition)
                    yield from self._named(call, frame, condition)

    def _named(self, call: CallExpr, frame: Frame, condition: str) -> Iterator[BeatEntry]:
        for name, value in call.kwargs:
            if name is not None:
                yield from self._entries(Constant(name), value, frame, call.line, condition)
            else:
                yield from self.of(value, frame, call.line, condition)

    def _removals(self, frame: Frame, is_base: Callable[[Expr], bool]) -> Iterator[_Removal]:
        """What is taken out again, and what another entry of its key takes the place of."""
        scope, module = frame.owner.scope, frame.owner.module
        for call in scope.calls:
            if not isinstance(call.func, Attribute) or not is_base(call.func.base):
                continue
            condition = condition_of(scope, call.guards)
            if call.func.name == "clear":
                yield _Removal(None, module, call.line, condition)
            elif call.func.name in _TAKES_OUT and call.args:
                yield from self._of_keys(call.args[0], frame, call.line, condition)
            elif call.func.name == "update":
                for given in (arg for arg in call.args if isinstance(arg, DictDisplay)):
                    for key in (key for key, _value in given.items if key is not None):
                        yield from self._of_keys(key, frame, call.line, condition)
        for base, key, _value, line, _maybe, guards in scope.subs:
            if is_base(base):
                yield from self._of_keys(key, frame, line, condition_of(scope, guards))

    def _of_keys(self, key: Expr, frame: Frame, line: int, condition: str) -> Iterator[_Removal]:
        """The entries of a key are gone; in a loop over a table, those of each of its rows."""
        for ev in unrolled(self.ev, frame, (key,)):
            config = self.config if ev is self.ev else self.config.evaluated_by(ev)
            for value in ev.eval(key, frame):
                text = config.text((value,))
                if text is not None:
                    yield _Removal(text, frame.owner.module, line, condition)

    # expressions -------------------------------------------------------------------------------------------------

    def of(self, expr: Expr, frame: Frame, line: int, condition: str) -> Iterator[BeatEntry]:
        """The entries of an expression that is a dictionary, or leads to one."""
        asked = (id(expr), id(frame), condition)
        if asked in self.seen:
            return
        self.seen.add(asked)
        if isinstance(expr, DictDisplay):
            lines = expr.lines or (line,) * len(expr.items)
            for (key, value), at in zip(expr.items, lines, strict=True):
                if key is None:
                    yield from self.of(value, frame, at, condition)
                else:
                    yield from self._entries(key, value, frame, at, condition)
        elif isinstance(expr, BinaryOperation | Alternatives):
            test = condition_of(frame.owner.scope, (expr.guard,)) if _is_conditional(expr) else ""
            for part, own in zip(parts(expr), (test, opposite(test) if test else ""), strict=False):
                yield from self.of(part, frame, line, both(condition, own))
        elif isinstance(expr, Local):
            for index, own in defined_under(frame.owner.scope, expr.definitions):
                at, value = frame.owner.scope.defs[index]
                yield from self.of(value, frame, at, both(condition, own))
        elif isinstance(expr, CallResult):
            yield from self._called(expr, frame, condition)
        else:
            reached, place = ScheduleReader(self.config).follow(expr, frame)
            if reached is not expr:
                yield from self.of(reached, place, line, condition)

    def _called(self, expr: CallResult, frame: Frame, condition: str) -> Iterator[BeatEntry]:
        """`dict(...)`, or a function that returns a dictionary."""
        call = frame.owner.scope.calls[expr.call]
        for func in self.ev.eval(call.func, frame):
            if isinstance(func, DefRef) and func.target.kind == "function":
                yield from self._made(entry_frame(self.ev, func, *arguments(self.ev, call, frame)))
                return
        for value in call.args:
            yield from self.of(value, frame, call.line, condition)
        yield from self._named(call, frame, condition)

    def _made(self, frame: Frame) -> Iterator[BeatEntry]:
        """The entries of what a function returns, and of those it adds to it before."""
        scope = frame.owner.scope
        found = [entry for value in scope.returns for entry in self.of(value, frame, scope.def_line, "")]
        removals: list[_Removal] = []
        held = {index for value in scope.returns if isinstance(value, Local) for index in value.definitions}
        for name, indices in scope.names.items():
            if held & set(indices):
                is_base = functools.partial(_names, scope=scope, name=name)
                found += self._changes(frame, is_base)
                removals += self._removals(frame, is_base)
        for entry in _once(found):
            yield from _left(entry, [r for r in removals if _is_later(r, entry, {})])

    def _entries(self, key: Expr, value: Expr, frame: Frame, line: int, condition: str) -> Iterator[BeatEntry]:
        """An entry; in a loop over a table, one for each of its rows."""
        for ev in unrolled(self.ev, frame, (key, value)):
            config = self.config if ev is self.ev else self.config.evaluated_by(ev)
            yield _entry(config, key, value, frame, line, condition)

    def added_by_code(self) -> Iterator[BeatEntry]:
        """`sender.add_periodic_task(schedule, task.s(), name=...)`, which only a Celery app has."""
        for module in self.ev.index.modules:
            if not module.in_repo:
                continue
            for name, scope in module.summary.scopes.items():
                for call in scope.calls:
                    if isinstance(call.func, Attribute) and call.func.name == "add_periodic_task":
                        for entry in self._added(call, self.ev.frame(module.define(name))):
                            if not self._is_of_another(call.func.base, entry):
                                yield entry

    def _is_of_another(self, base: Expr, entry: BeatEntry) -> bool:
        """True where something that is not seen to be a Celery app is given a plain function, and no signature: the
        method of another framework, which is called so too."""
        task = entry.fields.get("task")
        values = self.ev.eval(task, entry.frame) if task is not None else ()
        plain = bool(values) and all(isinstance(v, DefRef) and not v.target.scope.decorators for v in values)
        return plain and not any(is_app(self.ev, v) for v in self.ev.eval(base, entry.frame))

    def _added(self, call: CallExpr, frame: Frame) -> Iterator[BeatEntry]:
        """What a call adds; in a loop over a table, one entry for each of its rows."""
        given = dict(zip(("schedule", "task"), call.args, strict=False))
        named = {("task" if k == "sig" else k): v for k, v in call.kwargs if k is not None}
        given |= {k: v for k, v in named.items() if k in ("schedule", "task", "queue")}
        condition = condition_of(frame.owner.scope, call.guards)
        for ev in unrolled(self.ev, frame, (*call.args, *named.values())):
            config = self.config if ev is self.ev else self.config.evaluated_by(ev)
            key = config.text(ev.eval(named["name"], frame)) if "name" in named else None
            yield BeatEntry(key, given, frame, call.line, call.end_line, condition, config)


def _entry(config: Config, key: Expr, value: Expr, frame: Frame, line: int, condition: str) -> BeatEntry:
    literal = config.text(config.ev.eval(key, frame))
    reached, place = ScheduleReader(config).follow(value, frame)
    fields: dict[str, Expr] = {}
    last = line
    if isinstance(reached, DictDisplay):
        fields = {name: field for key, field in reached.items if (name := literal_text(key)) is not None}
        last = max([line, *(reached.lines if place is frame else ())])
    elif isinstance(reached, CallResult):
        fields = {k: v for k, v in place.owner.scope.calls[reached.call].kwargs if k is not None}
    return BeatEntry(literal, fields, place, line, last, condition, config)


def _is_later(removal: _Removal, entry: BeatEntry, places: dict[Module, int]) -> bool:
    """Whether a line takes out what stands there when it runs: what the module itself added before, and what modules
    further down the chain did, which it takes over first."""
    if removal.module is entry.module:
        return removal.line > entry.line
    return places.get(removal.module, 0) <= places.get(entry.module, len(places))


def _is_conditional(expr: BinaryOperation | Alternatives) -> TypeGuard[Alternatives]:
    return isinstance(expr, Alternatives) and expr.guard >= 0


def _once(found: list[BeatEntry]) -> list[BeatEntry]:
    """Each entry once, though several ways of the code come to it: under any of their conditions."""
    ways: dict[tuple[str | None, Frame, int], list[BeatEntry]] = {}
    for entry in found:
        ways.setdefault((entry.key, entry.frame, entry.line), []).append(entry)
    return [replace(same[0], condition=either(one.condition for one in same)) for same in ways.values()]


def _left(entry: BeatEntry, removals: list[_Removal]) -> Iterator[BeatEntry]:
    """The entry, under the condition that it is not taken out again; nothing when it always is."""
    condition = entry.condition
    for removal in removals:
        if removal.key in (None, entry.key):
            if not removal.condition or removal.condition == entry.condition:
                return
            condition = both(condition, opposite(removal.condition))
    yield replace(entry, condition=condition) if condition != entry.condition else entry


def _keeps(scope: Scope, expr: Expr, name: str) -> bool:
    """Whether an expression that binds a name is made of what the name was, or may be."""
    todo, seen = [expr], set[int]()
    while todo:
        for part in walk(todo.pop()):
            if isinstance(part, Name | ImportedName | Attribute) and part.name == name:
                return True
            if isinstance(part, Local):
                fresh = set(part.definitions) - seen
                seen |= fresh
                todo += [scope.defs[index][1] for index in fresh]
    return not isinstance(expr, DictDisplay)


def _names(base: Expr, scope: Scope, name: str) -> bool:
    """The base of a subscript or an update is the module's variable of this name."""
    if isinstance(base, Name | ImportedName):
        return base.name == name
    return isinstance(base, Local) and bool(set(base.definitions) & _definitions(scope, name))


def _definitions(scope: Scope, name: str) -> set[int]:
    """The definitions of a name that its last one is made of (`X |= {...}` keeps what X was)."""
    found: set[int] = set()
    pending = list(scope.names.get(name, ()))
    while pending:
        index = pending.pop()
        value = scope.defs[index][1]
        if index not in found:
            found.add(index)
            if isinstance(value, BinaryOperation) and isinstance(value.left, Local):
                pending += value.left.definitions
    return found


__all__ = ["BeatEntry", "entries"]
