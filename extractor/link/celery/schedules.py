"""The beat schedule: its entries as written, wherever they are added, with cadence and the task they run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from extractor.evaluate.arguments import arguments, entry_frame
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.unroll import unrolled
from extractor.evaluate.values import DefRef, Frame
from extractor.link.celery.config import Config, assigned, is_app
from extractor.link.celery.intervals import ScheduleReader, ScheduleReading
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.model.graph import Gap, Schedule
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Module
from extractor.summary import Expr, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
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
    literal_text,
    parts,
)

OPTION = "beat_schedule"
OLDER = ("CELERYBEAT_SCHEDULE",)
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


@dataclass(frozen=True, slots=True)
class Schedules:
    """The rows, and the entries whose key, task or cadence could not be read."""

    rows: tuple[Schedule, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str | None
    fields: dict[str, Expr]
    frame: Frame
    line: int
    end_line: int
    condition: str
    config: Config  # in which the expressions are read: that of one round, for entries that a loop adds

    @property
    def module(self) -> Module:
        return self.frame.owner.module


def schedules(ev: Evaluator, index: TaskIndex, repo: str) -> Schedules:
    """The beat entries of every service of the repository. An entry that several services share is one row."""
    rows: dict[tuple[str, int, str], Schedule] = {}
    gaps: dict[str, Gap] = {}
    for config in index.configs:
        for entry in _Entries(ev, config).all():
            if not entry.module.in_repo:
                continue
            row = _row(index, repo, entry)
            place = (row.path, row.line, row.key)
            rows[place] = replace(rows[place], service="") if place in rows else row
            gaps.update({gap.id: gap for gap in _gaps(row, entry)})
    for row in _on_tasks(index, repo):
        rows.setdefault((row.path, row.line, row.key), row)
    ordered = sorted(rows.values(), key=lambda r: (r.path, r.line, r.key))
    return Schedules(with_unique_ids(ordered), tuple(sorted(gaps.values(), key=lambda g: (g.path, g.line, g.what))))


def _row(index: TaskIndex, repo: str, entry: _Entry) -> Schedule:
    config = entry.config
    found, named = _task(index, config, entry)
    reading = (
        ScheduleReader(config).read(entry.fields["schedule"], entry.frame) if "schedule" in entry.fields else _NOT_SAID
    )
    made = index.row(found, config.service) if found is not None else None
    key = entry.key or named
    return Schedule(
        id=row_id("schedule", repo, config.service, key),
        repo=repo,
        key=key,
        task=named,
        task_id=made.id if made else None,
        schedule=reading.text,
        cadence=reading.words,
        path=entry.module.path,
        line=entry.line,
        end_line=entry.end_line,
        service=config.service,
        note=reading.note,
        settings=reading.settings,
        condition=entry.condition,
    )


_NOT_SAID = ScheduleReading("?", "no schedule is given", known=False)


def _task(index: TaskIndex, config: Config, entry: _Entry) -> tuple[Found | None, str]:
    """The task an entry runs, and its name as the entry says it."""
    expr = entry.fields.get("task")
    if expr is None:
        return None, "?"
    named = config.text(config.ev.eval(expr, entry.frame))
    if named is not None:
        return index.by_name.get(named), named
    base = expr.base if isinstance(expr, Attribute) and expr.name == "name" else expr
    if isinstance(base, CallResult):  # a signature: task.s()
        func = entry.frame.owner.scope.calls[base.call].func
        if isinstance(func, Attribute) and func.name in ("s", "si", "signature", "subtask"):
            base = func.base
    found = index.meant(config.ev.eval(base, entry.frame))
    return (found[0], found[0].name) if found else (None, "?")


def _gaps(row: Schedule, entry: _Entry) -> Iterator[Gap]:
    missing = [what for what, bad in (("task", row.task == "?"), ("cadence", "?" in row.schedule)) if bad]
    for what in missing:
        yield Gap(
            id=row_id("gap", "schedule", row.id, what),
            kind="schedule",
            repo=row.repo,
            path=row.path,
            line=row.line,
            what=f"the {what} of the beat entry {row.key}",
            reason="its value is known only at run time",
            remedy="give it as text or numbers, or as a setting with a default",
        )


def _on_tasks(index: TaskIndex, repo: str) -> Iterator[Schedule]:
    """`@periodic_task(run_every=...)`: a task that brings its own schedule."""
    for found in index.found:
        parent = found.target.parent
        row = index.row(found)
        if parent is None or row is None or not found.target.module.in_repo or not index.configs:
            continue
        frame = index.ev.frame(parent)
        for decorator in found.target.scope.decorators:
            call = parent.scope.calls[decorator.call] if isinstance(decorator, CallResult) else None
            every = dict(call.kwargs).get("run_every") if call is not None else None
            if every is not None:
                reading = ScheduleReader(index.configs[0]).read(every, frame)
                yield Schedule(
                    id=row_id("schedule", repo, "", found.name),
                    repo=repo,
                    key=found.name,
                    task=found.name,
                    task_id=row.id,
                    schedule=reading.text,
                    cadence=reading.words,
                    path=row.path,
                    line=row.line,
                    end_line=row.line,
                    service="",
                    note=reading.note,
                    settings=reading.settings,
                )


class _Entries:
    """The entries of one service, in the order in which they are added."""

    def __init__(self, ev: Evaluator, config: Config) -> None:
        self.ev = ev
        self.config = config
        self.seen: set[tuple[int, int, str]] = set()

    def all(self) -> Iterator[_Entry]:
        """Every entry: of the settings, of `app.conf`, and those added by `add_periodic_task`."""
        for name in self.config.names(OPTION, *OLDER):
            for module in self.config.chain:
                yield from self._of_setting(module, name)
        for written in self.config.on_conf(OPTION):
            yield from self.of(written.expr, written.frame, written.line, "")
        for module in self.config.apps:
            yield from self._on_app(module)
        yield from self._added_by_code()

    def _of_setting(self, module: Module, name: str) -> Iterator[_Entry]:
        scope = module.summary.scopes.get("")
        if scope is None:
            return
        frame = self.ev.frame(module.define(""))
        written = assigned(self.ev, module, name)
        if written is not None:
            yield from self.of(written.expr, frame, written.line, "")
        yield from self._changes(frame, lambda base: _names(base, scope, name))

    def _on_app(self, module: Module) -> Iterator[_Entry]:
        """`app.conf.beat_schedule["key"] = ...` and `.update(...)`."""
        for name in module.summary.scopes:
            frame = self.ev.frame(module.define(name))
            yield from self._changes(frame, functools.partial(self._is_option, frame))

    def _is_option(self, frame: Frame, base: Expr) -> bool:
        conf = base.base if isinstance(base, Attribute) and base.name == OPTION else None
        if not isinstance(conf, Attribute) or conf.name != "conf":
            return False
        return any(is_app(self.ev, v) for v in self.ev.eval(conf.base, frame))

    def _changes(self, frame: Frame, is_base: Callable[[Expr], bool]) -> Iterator[_Entry]:
        scope = frame.owner.scope
        for base, key, value, line, _maybe in scope.subs:
            if is_base(base):
                condition = _condition(scope, _guards_of(scope, value))
                yield from self._entries(key, value, frame, line, condition)
        for call in scope.calls:
            if isinstance(call.func, Attribute) and call.func.name == "update" and is_base(call.func.base):
                condition = _condition(scope, call.guards)
                for value in call.args:
                    yield from self.of(value, frame, call.line, condition)
                for name, value in call.kwargs:
                    if name is not None:
                        yield from self._entries(Constant(name), value, frame, call.line, condition)
                    else:
                        yield from self.of(value, frame, call.line, condition)

    def of(self, expr: Expr, frame: Frame, line: int, condition: str) -> Iterator[_Entry]:
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
            for part in parts(expr):
                yield from self.of(part, frame, line, condition)
        elif isinstance(expr, Local):
            for index in expr.definitions:
                at, value = frame.owner.scope.defs[index]
                yield from self.of(value, frame, at, condition)
        elif isinstance(expr, CallResult):
            yield from self._called(expr, frame, condition)
        else:
            reached, place = ScheduleReader(self.config).follow(expr, frame)
            if reached is not expr:
                yield from self.of(reached, place, line, condition)

    def _called(self, expr: CallResult, frame: Frame, condition: str) -> Iterator[_Entry]:
        """`dict(...)`, or a function that returns a dictionary."""
        call = frame.owner.scope.calls[expr.call]
        for func in self.ev.eval(call.func, frame):
            if isinstance(func, DefRef) and func.target.kind == "function":
                yield from self._made(entry_frame(self.ev, func, *arguments(self.ev, call, frame)))
                return
        for value in call.args:
            yield from self.of(value, frame, call.line, condition)
        for name, value in call.kwargs:
            if name is not None:
                yield from self._entries(Constant(name), value, frame, call.line, condition)

    def _made(self, frame: Frame) -> Iterator[_Entry]:
        """The entries of what a function returns, and of those it adds to it before."""
        scope = frame.owner.scope
        for value in scope.returns:
            yield from self.of(value, frame, scope.def_line, "")
        held = {index for value in scope.returns if isinstance(value, Local) for index in value.definitions}
        for name, indices in scope.names.items():
            if held & set(indices):
                yield from self._changes(frame, functools.partial(_names, scope=scope, name=name))

    def _entries(self, key: Expr, value: Expr, frame: Frame, line: int, condition: str) -> Iterator[_Entry]:
        """An entry; in a loop over a table, one for each of its rows."""
        for ev in unrolled(self.ev, frame, (key, value)):
            config = self.config if ev is self.ev else self.config.evaluated_by(ev)
            yield _entry(config, key, value, frame, line, condition)

    def _added_by_code(self) -> Iterator[_Entry]:
        """`sender.add_periodic_task(schedule, task.s(), name=...)`, which only a Celery app has."""
        for module in self.ev.index.modules:
            if not module.in_repo:
                continue
            for name, scope in module.summary.scopes.items():
                for call in scope.calls:
                    if isinstance(call.func, Attribute) and call.func.name == "add_periodic_task":
                        frame = self.ev.frame(module.define(name))
                        given = dict(zip(("schedule", "sig"), call.args, strict=False))
                        given |= {k: v for k, v in call.kwargs if k is not None}
                        fields = {"schedule": given["schedule"]} if "schedule" in given else {}
                        if "sig" in given:
                            fields["task"] = given["sig"]
                        key = self.config.text(self.ev.eval(given["name"], frame)) if "name" in given else None
                        condition = _condition(scope, call.guards)
                        yield _Entry(key, fields, frame, call.line, call.end_line, condition, self.config)


def _entry(config: Config, key: Expr, value: Expr, frame: Frame, line: int, condition: str) -> _Entry:
    literal = config.text(config.ev.eval(key, frame))
    reached, place = ScheduleReader(config).follow(value, frame)
    fields: dict[str, Expr] = {}
    last = line
    if isinstance(reached, DictDisplay):
        fields = {name: field for key, field in reached.items if (name := literal_text(key)) is not None}
        last = max([line, *(reached.lines if place is frame else ())])
    elif isinstance(reached, CallResult):
        fields = {k: v for k, v in place.owner.scope.calls[reached.call].kwargs if k is not None}
    return _Entry(literal, fields, place, line, last, condition, config)


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


def _guards_of(scope: Scope, value: Expr) -> tuple[int, ...]:
    """The guards under which a value is made, told by a call inside it."""
    if isinstance(value, CallResult):
        return scope.calls[value.call].guards
    if isinstance(value, DictDisplay):
        for _key, inner in value.items:
            found = _guards_of(scope, inner)
            if found:
                return found
    return ()


def _condition(scope: Scope, guards: tuple[int, ...]) -> str:
    texts = []
    for index in guards:
        test, holds, _line = scope.guards[index]
        texts.append(_shown(test, scope) if holds else f"not {_shown(test, scope)}")
    return " and ".join(texts)


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


__all__ = ["Schedules", "schedules"]
