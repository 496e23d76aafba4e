"""What a Celery application is configured with in code: a configuration object, its constructor, `app.conf`.

Source: Celery's user guide, *Application*, "Configuration", and `celery.app.base.Celery`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from extractor.evaluate.evaluator import Evaluator, qualified
from extractor.evaluate.values import DefRef, Ext, Frame, Inst, Mapping, ModuleRef, Text, Value, Values
from extractor.link.settings.layers import layers
from extractor.program.module import Def, Module
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, Constant, DictDisplay, Subscript, literal_text

_APP = re.compile(
    r"^celery(\.\w+)*\.(Celery\(\)|current_app|get_current_app\(\)|app_or_default\(\))(\._get_current_object\(\))?$"
)
# A library's class that calls itself a Celery (`acme.celery.AcmeCelery`), and an object of it.
_NAMED_CLASS = re.compile(r"^\w+(\.\w+)*\.\w*Celery$")
_NAMED_APP = re.compile(r"^\w+(\.\w+)*\.\w*Celery\(\)$")


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration value as written: its expression, the frame it stands in, its line, `guards` of the call."""

    expr: Expr
    frame: Frame
    line: int
    guards: tuple[int, ...] = ()

    @property
    def module(self) -> Module:
        return self.frame.owner.module


def is_app(ev: Evaluator, value: Value) -> bool:
    """True for a Celery application: `Celery(...)`, `current_app`, an instance of a subclass of it, the project's own
    or a library's that is called so."""
    if isinstance(value, Ext):
        return is_app_path(value.path)
    return isinstance(value, Inst) and is_app_class(ev, value.cls)


def is_app_class(ev: Evaluator, cls: Def) -> bool:
    """True for a project's own subclass of `Celery`."""
    return any(_NAMED_CLASS.match(path) for path in ev.classes.mro(cls)[1])


def is_app_member(value: Value, name: str) -> bool:
    """True for `app.name`, where `app` is a Celery application from outside the code that was read."""
    return isinstance(value, Ext) and value.path.endswith("." + name) and is_app_path(value.path[: -len(name) - 1])


def is_app_path(path: str) -> bool:
    """True for the outside path of an application."""
    return (_APP.match(path) or _NAMED_APP.match(path)) is not None


def makes_app(ev: Evaluator, value: Value) -> bool:
    """True for `Celery`, and for a project's subclass of it."""
    if isinstance(value, DefRef):
        return value.target.kind == "class" and is_app_class(ev, value.target)
    return _NAMED_CLASS.match(qualified(value) or "") is not None


def assigned(ev: Evaluator, module: Module, name: str) -> Written | None:
    """Where a module's own body last binds a name; None when it does not."""
    return _bound(ev, module.define(""), name) if "" in module.summary.scopes else None


def in_code(ev: Evaluator, apps: Sequence[Module], names: Sequence[str]) -> Iterator[Written]:
    """Where the modules of applications set an option, the one that holds last; `names` are its own and older ones."""
    calls = [(frame, call) for frame in _bodies(ev, apps) for call in frame.owner.scope.calls]
    for frame, call in calls:
        if isinstance(call.func, Attribute) and call.func.name == "config_from_object":
            yield from _of_object(ev, call, frame, names)
    for frame, call in calls:
        given = [value for name, value in call.kwargs if name in names]
        if given and any(makes_app(ev, v) for v in ev.eval(call.func, frame)):
            yield from (Written(value, frame, call.line, call.guards) for value in given)
    for frame in _bodies(ev, apps):
        yield from _assigned_in(ev, frame, names)


def changed_in_code(ev: Evaluator, apps: Sequence[Module], names: Sequence[str], values: Values) -> Values:
    """The values of an option with what is set on it by key: `app.conf.task_routes["x"] = ...`, `.update({...})`."""
    more: list[tuple[Values, Values]] = []
    for frame in _bodies(ev, apps):
        scope = frame.owner.scope
        for base, key, value, *_rest in scope.subs:
            if _is_option(ev, base, frame, names):
                more.append((ev.eval(key, frame), ev.eval(value, frame)))
        for call in scope.calls:
            func = call.func
            if isinstance(func, Attribute) and func.name == "update" and _is_option(ev, func.base, frame, names):
                added = (v for arg in call.args for v in ev.eval(arg, frame) if isinstance(v, Mapping))
                more += [item for mapping in added for item in mapping.items]
    if not more:
        return values
    own = [item for value in values if isinstance(value, Mapping) for item in value.items]
    return (Mapping((*more, *own)), *(value for value in values if not isinstance(value, Mapping)))


def names_conf(base: Expr) -> TypeGuard[Attribute]:
    """Whether an expression is the `conf` of something."""
    return isinstance(base, Attribute) and base.name == "conf"


def _assigned_in(ev: Evaluator, frame: Frame, names: Sequence[str]) -> Iterator[Written]:
    """`app.conf.option = ...`, `app.conf["option"] = ...`, `app.conf.update(option=...)` and `.update({...})`."""
    scope = frame.owner.scope
    for base, attr, value, line in scope.attrs:
        if attr in names and _is_conf(ev, base, frame):
            yield Written(value, frame, line)
    for base, key, value, line, _maybe, guards in scope.subs:
        if literal_text(key) in names and _is_conf(ev, base, frame):
            yield Written(value, frame, line, guards)
    for call in scope.calls:
        func = call.func
        if isinstance(func, Attribute) and func.name == "update" and _is_conf(ev, func.base, frame):
            for given, value in call.kwargs:
                if given in names:
                    yield Written(value, frame, call.line, call.guards)
            for arg in call.args:
                yield from _in_dictionary(ev, arg, call, frame, names)


def _in_dictionary(ev: Evaluator, arg: Expr, call: CallExpr, frame: Frame, names: Sequence[str]) -> Iterator[Written]:
    if isinstance(arg, DictDisplay):
        lines = arg.lines or (call.line,) * len(arg.items)
        for (key, value), line in zip(arg.items, lines, strict=True):
            if literal_text(key) in names:
                yield Written(value, frame, line, call.guards)
        return
    for held in ev.eval(arg, frame):
        keys = [key for keys, _values in held.items for key in keys] if isinstance(held, Mapping) else []
        for name in names:
            if Text((name,)) in keys:
                yield Written(Subscript(arg, Constant(name)), frame, call.line, call.guards)


def _of_object(ev: Evaluator, call: CallExpr, frame: Frame, names: Sequence[str]) -> Iterator[Written]:
    """`app.config_from_object("celeryconfig")`: a module, a class or an object, itself or as dotted text."""
    given = call.args[0] if call.args else dict(call.kwargs).get("obj")
    values = ev.eval(given, frame) if given is not None else ()
    for value in values:
        named = value.literal if isinstance(value, Text) else None
        for found in ev.by_dotted(named.replace(":", ".")) if named else (value,):
            for name in names:
                written = _member(ev, found, name)
                if written is not None:
                    yield written


def _member(ev: Evaluator, holder: Value, name: str) -> Written | None:
    if isinstance(holder, ModuleRef):
        found = (assigned(ev, module, name) for module in layers(ev.index, (holder.module.name,)))
        return next((written for written in found if written is not None), None)
    cls = holder.cls if isinstance(holder, Inst) else holder.target if isinstance(holder, DefRef) else None
    if cls is None or cls.kind != "class":
        return None
    return next((w for owner in ev.classes.mro(cls)[0] if (w := _bound(ev, owner, name)) is not None), None)


def _bound(ev: Evaluator, owner: Def, name: str) -> Written | None:
    indices = owner.scope.names.get(name)
    if not indices:
        return None
    line, expr = owner.scope.defs[indices[-1]]
    return Written(expr, ev.frame(owner), line)


def _is_option(ev: Evaluator, base: Expr, frame: Frame, names: Sequence[str]) -> bool:
    return isinstance(base, Attribute) and base.name in names and _is_conf(ev, base.base, frame)


def _is_conf(ev: Evaluator, base: Expr, frame: Frame) -> bool:
    return names_conf(base) and any(is_app(ev, v) for v in ev.eval(base.base, frame))


def _bodies(ev: Evaluator, modules: Sequence[Module]) -> Iterator[Frame]:
    """The frames of the bodies of modules and of their functions."""
    for module in modules:
        for name, scope in module.summary.scopes.items():
            if scope.kind in ("module", "function"):
                yield ev.frame(module.define(name))


__all__ = [
    "Written",
    "assigned",
    "changed_in_code",
    "in_code",
    "is_app",
    "is_app_class",
    "is_app_member",
    "makes_app",
    "names_conf",
]
