"""Beat entries in the database: the rows of django-celery-beat that code and migrations make.

Source: `django_celery_beat.models`. What people change in the admin afterwards is in no repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.unroll import unrolled
from extractor.evaluate.values import Const, Ext, Frame
from extractor.link.celery.conditions import both, condition_of
from extractor.link.celery.config import Config
from extractor.link.celery.entries import BeatEntry
from extractor.link.celery.intervals import ScheduleReader, ScheduleReading
from extractor.program.module import Def, Module
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Defined,
    DictDisplay,
    Local,
    Subscript,
    last_name,
    literal_text,
)

APP = "django_celery_beat"
_ENTRY = "PeriodicTask"
_MAKES = frozenset({"create", "get_or_create", "update_or_create", "acreate", "aget_or_create", "aupdate_or_create"})
_SCHEDULES = {"crontab": "CrontabSchedule", "interval": "IntervalSchedule", "solar": "SolarSchedule"}
_MODELS = frozenset({_ENTRY, *_SCHEDULES.values()})
_UNKNOWN = ScheduleReading("?", "known only at run time", known=False)
_OFF = "switched on in the database"


@dataclass(frozen=True, slots=True)
class _RowRemoval:
    """A line of a migration that deletes the row of a name."""

    key: str
    path: str


def stored_entries(ev: Evaluator, config: Config) -> Iterator[tuple[BeatEntry, ScheduleReading]]:
    """The rows that the repository's code makes, each with what its schedule says."""
    found: list[tuple[BeatEntry, ScheduleReading]] = []
    removals: list[_RowRemoval] = []
    for module in ev.index.modules:
        if module.in_repo and _uses(module):
            reverses = _reverses(module)
            for name in module.summary.scopes:
                if name not in reverses:
                    reader = _StoredReader(ev, config, module.define(name))
                    found += reader.rows()
                    removals += reader.removals()
    for entry, reading in found:
        folder = entry.module.path.rpartition("/")[0]
        later = (r for r in removals if r.key == entry.key and r.path.rpartition("/")[0] == folder)
        if not any(r.path > entry.module.path for r in later):
            yield entry, reading


def _uses(module: Module) -> bool:
    """The module imports the app's models, or has Django give them to it by name."""
    if any(name.split(".")[0] == APP for name in module.summary.imports):
        return True
    scopes = module.summary.scopes.values()
    return any(_model_named(call) is not None for scope in scopes for call in scope.calls)


def _model_named(call: CallExpr) -> str | None:
    """The model of the app that `apps.get_model(...)` gives."""
    if last_name(call.func) != "get_model":
        return None
    texts = [literal_text(arg) for arg in call.args]
    named = texts[0].split(".") if len(texts) == 1 and texts[0] else texts
    return named[1] if len(named) == 2 and named[0] == APP and named[1] in _MODELS else None


def _reverses(module: Module) -> frozenset[str]:
    """The functions that undo a migration: they run when it is taken back."""
    return frozenset(
        undoing.scope
        for scope in module.summary.scopes.values()
        for call in scope.calls
        if last_name(call.func) == "RunPython"
        for expr in (*call.args[1:2], *(value for name, value in call.kwargs if name == "reverse_code"))
        if isinstance(undoing := _value(scope, expr), Defined)
    )


def _value(scope: Scope, expr: Expr) -> Expr:
    """What a variable holds, where only one line binds it."""
    while isinstance(expr, Local) and len(expr.definitions) == 1:
        expr = scope.defs[expr.definitions[0]][1]
    return expr


class _StoredReader:
    """Reads what one function makes."""

    def __init__(self, ev: Evaluator, config: Config, owner: Def) -> None:
        self._ev, self._config, self._owner = ev, config, owner
        self._frame = ev.frame(owner)

    def rows(self) -> Iterator[tuple[BeatEntry, ScheduleReading]]:
        for call in self._owner.scope.calls:
            if self._made(call) == _ENTRY:
                yield from self._entries(call)

    def removals(self) -> Iterator[_RowRemoval]:
        """`PeriodicTask.objects.filter(name="...").delete()`."""
        scope = self._owner.scope
        for call in scope.calls:
            base = call.func.base if isinstance(call.func, Attribute) and call.func.name == "delete" else None
            chosen = scope.calls[base.call] if isinstance(base, CallResult) else None
            if chosen is None or not isinstance(chosen.func, Attribute) or chosen.func.name not in ("filter", "get"):
                continue
            if self._model(chosen.func.base) == _ENTRY:
                for name, value in chosen.kwargs:
                    texts = self._config.fold(self._ev.eval(value, self._frame)) if name in ("name", "name__in") else ()
                    key = self._config.text(texts)
                    if key is not None:
                        yield _RowRemoval(key, self._owner.module.path)

    def _made(self, call: CallExpr) -> str | None:
        """The model of which a call makes a row."""
        func = call.func
        if isinstance(func, Attribute) and func.name in _MAKES:
            return self._model(func.base)
        return self._model(func)

    def _model(self, expr: Expr) -> str | None:
        """The model of the app that an expression is, or the manager of which it is."""
        if isinstance(expr, Attribute) and expr.name == "objects":
            expr = expr.base
        value = _value(self._owner.scope, expr)
        if isinstance(value, CallResult):
            return _model_named(self._owner.scope.calls[value.call])
        for found in self._ev.eval(expr, self._frame):
            last = found.path.rpartition(".")[2] if isinstance(found, Ext) and found.path.startswith(f"{APP}.") else ""
            if last in _MODELS:
                return last
        return None

    def _entries(self, call: CallExpr) -> Iterator[tuple[BeatEntry, ScheduleReading]]:
        """The rows that a call makes: in a loop over a table one for each round."""
        fields = _fields(self._owner.scope, call)
        for ev in unrolled(self._ev, self._frame, tuple(fields.values())):
            config = self._config if ev is self._ev else self._config.evaluated_by(ev)
            key = config.text(ev.eval(fields["name"], self._frame)) if "name" in fields else None
            condition = condition_of(self._owner.scope, call.guards)
            if "enabled" in fields and _is_false(ev, fields["enabled"], self._frame):
                condition = both(condition, _OFF)
            entry = BeatEntry(key, fields, self._frame, call.line, call.end_line, condition, config)
            yield entry, self._reading(fields, config)

    def _reading(self, fields: Mapping[str, Expr], config: Config) -> ScheduleReading:
        scope = self._owner.scope
        for name, model in _SCHEDULES.items():
            made = _value(scope, fields[name]) if name in fields else None
            made = _value(scope, made.base) if isinstance(made, Subscript) else made  # of (row, created)
            call = scope.calls[made.call] if isinstance(made, CallResult) else None
            if call is not None and self._made(call) == model:
                return ScheduleReader(config).stored(name, _fields(scope, call), self._frame)
        return _UNKNOWN


def _fields(scope: Scope, call: CallExpr) -> dict[str, Expr]:
    """The fields that a call gives a row: its keywords, and what stands in `defaults`."""
    found: dict[str, Expr] = {}
    for name, value in call.kwargs:
        inner = _value(scope, value)
        if name in ("defaults", "create_defaults", None):
            for key, field in _items(scope, inner):
                found.setdefault(key, field)
        else:
            found[name] = value
    return found


def _items(scope: Scope, expr: Expr) -> Iterator[tuple[str, Expr]]:
    """What a dictionary holds that is written out, by key."""
    if isinstance(expr, DictDisplay):
        yield from ((text, value) for key, value in expr.items if (text := literal_text(key)) is not None)
    elif isinstance(expr, CallResult) and last_name(scope.calls[expr.call].func) == "dict":
        yield from ((name, value) for name, value in scope.calls[expr.call].kwargs if name is not None)


def _is_false(ev: Evaluator, expr: Expr, frame: Frame) -> bool:
    values = ev.eval(expr, frame)
    return bool(values) and all(isinstance(v, Const) and v.value is False for v in values)


__all__ = ["stored_entries"]
