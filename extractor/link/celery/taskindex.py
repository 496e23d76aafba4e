"""The index of a repository's Celery tasks: which task a value means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import RUNS, DefRef, Ext, Frame, Inst, Param, Text, Value, Values
from extractor.link.celery.appconf import is_app_member
from extractor.link.celery.config import Config
from extractor.model.graph import Task
from extractor.program.module import Def
from extractor.summary import Expr

Options = tuple[tuple[str, Values], ...]

_REGISTRY = re.compile(r"(.+\.tasks)(?:\[\]|\.get\(\))")  # a task, taken by its name
# Methods of a task's class that the worker calls around the task itself.
_HANDLERS = ("before_start", "after_return", "on_failure", "on_retry", "on_success", "__call__")


@dataclass(frozen=True, slots=True)
class Found:
    """A task as found in the code: the function or class behind it, its name, and the options it was made with."""

    target: Def
    name: str
    options: Options
    bound: bool = False

    def option(self, name: str) -> Values:
        """What the decorator (or the class body) gives for an option; () when it gives nothing."""
        return dict(self.options).get(name, ())


@dataclass(slots=True)
class TaskIndex:
    """Tells which tasks a value means. `rows` holds the rows of each found task, one for each queue it has."""

    ev: Evaluator
    found: tuple[Found, ...]
    rows: dict[Def, tuple[Task, ...]] = field(default_factory=dict)
    by_def: dict[Def, Found] = field(default_factory=dict)
    by_name: dict[str, Found] = field(default_factory=dict)
    by_path: dict[str, Found] = field(default_factory=dict)  # of libraries that the evaluator does not know
    configs: tuple[Config, ...] = ()
    _attributes: dict[str, list[tuple[Def, Value]]] | None = None

    def row(self, found: Found, service: str = "") -> Task | None:
        """The row of a task, that of a service where it has several; None for a task nobody loads."""
        rows = self.rows.get(found.target, ())
        return next((row for row in rows if service in row.services), rows[0] if rows else None)

    def names(self) -> dict[Def, str]:
        """Task names by the function or class that runs."""
        return {(run_method(self.ev, f.target) or f.target): f.name for f in self.found if f.target in self.rows}

    def meant(self, values: Values) -> tuple[Found, ...]:
        """The tasks among the values: decorated functions, registered classes and instances, `app.tasks[name]`."""
        return tuple(dict.fromkeys(found for value in values for found in self._meant(value)))

    def _meant(self, value: Value) -> Iterator[Found]:
        held = value.bindings if isinstance(value, Inst) else value.kwargs if isinstance(value, Ext) else ()
        if runs := dict(held).get(RUNS):
            yield from self.meant(runs)
        elif isinstance(value, DefRef | Inst):
            target = value.target if isinstance(value, DefRef) else value.cls
            own = self.by_def.get(target)
            if own is not None:
                yield own
            elif isinstance(value, Inst) and not value.known:
                yield from self.made_with(target)
        elif isinstance(value, Ext) and value.path in self.by_path:
            yield self.by_path[value.path]
        elif isinstance(value, Ext) and value.args:
            if value.path.endswith((".register_task()", ".tasks.register()", "task()", "shared_task()")):
                yield from self.meant(value.args[0])
            elif (registry := _REGISTRY.fullmatch(value.path)) and is_app_member(Ext(registry[1]), "tasks"):
                yield from self.named(value.args[0])
        elif isinstance(value, Param) and not value.path:
            own = self.by_def.get(value.owner)
            if own is not None and own.bound and value.owner.scope.params[0][0] == value.name:
                yield own

    def named(self, values: Values) -> Iterator[Found]:
        """The tasks that literal texts name."""
        for value in values:
            if isinstance(value, Text) and value.literal in self.by_name:
                yield self.by_name[value.literal]

    def made_with(self, cls: Def) -> Iterator[Found]:
        """The tasks whose class is `cls` or one that derives from it: `@app.task(base=cls)`, or registered."""
        family = {cls, *self.ev.classes.subclasses(cls)}
        for one in self.found:
            if set(_classes_of(one)) & family:
                yield one

    def handlers(self) -> Iterator[tuple[Def, Def]]:
        """What runs for a task beside its function: (what runs, a method of its class that the worker calls)."""
        for one in self.found:
            for cls in _classes_of(one):
                for name in _HANDLERS:
                    member = self.ev.classes.member(cls, name)
                    for value in member[1] if member is not None else ():
                        if isinstance(value, DefRef):
                            yield run_method(self.ev, one.target) or one.target, value.target

    def set_on_class(self, cls: Def, name: str) -> tuple[Found, ...]:
        """Tasks that code outside a class puts on it, or on one that derives from it (`Cls.instance = ...`)."""
        if self._attributes is None:
            self._attributes = _class_attributes(self.ev)
        family = {cls, *self.ev.classes.subclasses(cls)}
        return self.meant(tuple(v for owner, v in self._attributes.get(name, ()) if owner in family))

    def class_values(self, name: str) -> tuple[Found, ...]:
        """Tasks that any class body binds to an attribute of this name."""
        out: list[Value] = []
        for found in {f.target.module: None for f in self.found}:
            for scope in found.summary.scopes.values():
                if scope.kind == "class" and name in scope.names:
                    owner = found.define(scope.name)
                    out += [v for i in scope.names[name] for v in self.ev.eval(scope.defs[i][1], self.ev.frame(owner))]
        return self.meant(tuple(out))


def _classes_of(found: Found) -> list[Def]:
    """The class of a task: its own, or the one that `base=` gives."""
    if found.target.kind == "class":
        return [found.target]
    return [v.target for v in found.option("base") if isinstance(v, DefRef) and v.target.kind == "class"]


def run_method(ev: Evaluator, target: Def) -> Def | None:
    """The `run` method of a task class; None for a function."""
    if target.kind != "class":
        return None
    member = ev.classes.member(target, "run")
    return next((v.target for v in member[1] if isinstance(v, DefRef)), None) if member is not None else None


def _class_attributes(ev: Evaluator) -> dict[str, list[tuple[Def, Value]]]:
    """Assignments to attributes of classes in module bodies: (class, value) by attribute."""
    out: dict[str, list[tuple[Def, Value]]] = {}
    for module in ev.index.modules:
        scope = module.summary.scopes.get("")
        for base, name, expr, _line in scope.attrs if scope is not None else ():
            frame = ev.frame(module.define(""))
            for owner in _class_of(ev, base, frame):
                out.setdefault(name, []).extend((owner, value) for value in ev.eval(expr, frame))
    return out


def _class_of(ev: Evaluator, base: Expr, frame: Frame) -> Iterable[Def]:
    return [v.target for v in ev.eval(base, frame) if isinstance(v, DefRef) and v.target.kind == "class"]


__all__ = ["Found", "Options", "TaskIndex", "run_method"]
