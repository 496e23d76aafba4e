"""Numbers, lengths of time and texts that an expression comes to, followed through names and settings."""

from __future__ import annotations

import re

from extractor.evaluate.values import Const, Env, Ext, Frame, Mapping, SettingRef, Text, Values
from extractor.link.celery.appconf import Written, assigned
from extractor.link.celery.config import Config
from extractor.link.celery.durations import duration_seconds
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    ImportedName,
    Local,
    Name,
    Opaque,
    Parameter,
)

SCHEDULE = re.compile(r"^celery(\.\w+)*\.schedule$")
# Functions that read a length of time written as text: seconds, or a timedelta.
DURATIONS = frozenset(
    {
        "pytimeparse.parse",
        "pytimeparse.timeparse.timeparse",
        "humanfriendly.parse_timespan",
        "django.utils.dateparse.parse_duration",
        "isodate.parse_duration",
    }
)
_UNITS = {
    "days": 86400.0,
    "seconds": 1.0,
    "microseconds": 1e-6,
    "milliseconds": 1e-3,
    "minutes": 60.0,
    "hours": 3600.0,
    "weeks": 604800.0,
}
_NUMBER = re.compile(r"\s*-?\d{1,15}(\.\d{1,15})?\s*")
MAX_STEPS = 40


class Numbers:
    """Reads numbers for one service. `passed` collects the settings and variables met on the way."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ev = config.ev
        self.passed: dict[str, None] = {}

    def seconds(self, expr: Expr, frame: Frame) -> float | None:
        """A `timedelta`, a `schedule` or a number as seconds; None when it is not known."""
        expr, frame = self.follow(expr, frame)
        if isinstance(expr, CallResult):
            call = frame.owner.scope.calls[expr.call]
            for func in self.ev.eval(call.func, frame):
                if isinstance(func, Ext) and func.path == "datetime.timedelta":
                    return self.total(call, frame)
                if isinstance(func, Ext) and func.path in DURATIONS:
                    return self._written(call, frame)
                if isinstance(func, Ext) and SCHEDULE.match(func.path):
                    inner = dict(call.kwargs).get("run_every") or (call.args[0] if call.args else None)
                    return self.seconds(inner, frame) if inner is not None else None
        if isinstance(expr, BinaryOperation):
            left, right = self.seconds(expr.left, frame), self.seconds(expr.right, frame)
            return compute(expr.operator, left, right)
        if isinstance(expr, Alternatives):
            found = (self.seconds(part, frame) for part in expr.values)
            return next((n for n in found if n is not None), None)
        return self.number(expr, frame)

    def _written(self, call: CallExpr, frame: Frame) -> float | None:
        """The seconds of `parse("20 seconds")`."""
        text = self.text(call.args[0], frame) if call.args else None
        return duration_seconds(text) if text is not None else None

    def total(self, call: CallExpr, frame: Frame) -> float | None:
        """The seconds of `timedelta(days, seconds, ...)`."""
        total = 0.0
        for unit, expr in zip(_UNITS, call.args, strict=False):
            number = self.number(expr, frame)
            if number is None:
                return None
            total += number * _UNITS[unit]
        for name, expr in call.kwargs:
            if name is not None and name not in _UNITS:  # what a class of the project takes beside them
                continue
            number = self._spread(self.ev.eval(expr, frame)) if name is None else self.number(expr, frame)
            if number is None:
                return None
            total += number * _UNITS[name or "seconds"]
        return total

    def _spread(self, values: Values) -> float | None:
        """The seconds of the keywords of a dictionary: `timedelta(**length)`."""
        total = 0.0
        for given in values[0].items if len(values) == 1 and isinstance(values[0], Mapping) else [((), ())]:
            unit, number = _UNITS.get(self.ev.constant_key(given[0]) or ""), self._of_values(given[1])
            if unit is None or number is None:
                return None
            total += number * unit
        return total

    def number(self, expr: Expr, frame: Frame) -> float | None:
        """A number, through names, settings, environment defaults, `int()` and arithmetic."""
        expr, frame = self.follow(expr, frame)
        if isinstance(expr, BinaryOperation):
            return compute(expr.operator, self.number(expr.left, frame), self.number(expr.right, frame))
        if isinstance(expr, Alternatives):
            return next((n for part in expr.values if (n := self.number(part, frame)) is not None), None)
        if isinstance(expr, CallResult):
            call = frame.owner.scope.calls[expr.call]
            if isinstance(call.func, Attribute) and call.func.name == "total_seconds":
                return self.seconds(call.func.base, frame)
            for func in self.ev.eval(call.func, frame):
                if isinstance(func, Ext) and func.path in DURATIONS:
                    return self._written(call, frame)
                if isinstance(func, Ext) and func.path in ("builtins.int", "builtins.float", "builtins.round"):
                    number = self.number(call.args[0], frame) if call.args else 0.0
                    return float(int(number)) if number is not None and func.path == "builtins.int" else number
            if any(isinstance(v, Env) for v in self.ev.eval(expr, frame)):
                self.noted(self.ev.eval(expr, frame))
                default = dict(call.kwargs).get("default") or (call.args[1] if len(call.args) > 1 else None)
                return self.number(default, frame) if default is not None else None
        return self._of_values(self.ev.eval(expr, frame))

    def _of_values(self, values: Values) -> float | None:
        for value in self.config.fold(self.noted(values)):
            if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
                return float(value.value)
            if isinstance(value, Text) and _NUMBER.fullmatch(value.literal or ""):
                return float(value.literal or "")
        return None

    def noted(self, values: Values) -> Values:
        for value in values:
            if isinstance(value, Env | SettingRef):
                self.passed.setdefault(value.name)
        return values

    def follow(self, expr: Expr, frame: Frame) -> tuple[Expr, Frame]:
        """An expression followed through names to where its value is written."""
        for _step in range(MAX_STEPS):
            found = self._next(expr, frame)
            if found is None:
                return expr, frame
            expr, frame = found.expr, found.frame
        return expr, frame

    def _next(self, expr: Expr, frame: Frame) -> Written | None:
        module = frame.owner.module
        if isinstance(expr, Local) and expr.definitions:
            last = expr.definitions[-1]
            line, inner = frame.owner.scope.defs[last]
            self._pass_name(frame, last)
            return Written(inner, frame, line) if not isinstance(inner, Parameter | Opaque) else None
        if isinstance(expr, Name):
            written = assigned(self.ev, module, expr.name)
            sources = [self.ev.index.find(module.absolute(star)) for star in module.summary.stars]
            for source in sources if written is None else ():
                written = written or (assigned(self.ev, source, expr.name) if source is not None else None)
            return self._passing(expr.name, written)
        if isinstance(expr, ImportedName):
            source = self.ev.index.find(module.absolute(expr.module))
            return self._passing(expr.name, assigned(self.ev, source, expr.name) if source is not None else None)
        if isinstance(expr, Attribute):
            for value in self.ev.eval(expr, frame):
                if isinstance(value, SettingRef) and not value.path:
                    found = (assigned(self.ev, m, value.name) for m in self.config.chain)
                    return self._passing(value.name, next((w for w in found if w is not None), None))
        return None

    def _passing(self, name: str, written: Written | None) -> Written | None:
        if written is not None and name.isupper():
            self.passed.setdefault(name)
        return written

    def _pass_name(self, frame: Frame, index: int) -> None:
        for name, indices in frame.owner.scope.names.items():
            if index in indices and name.isupper():
                self.passed.setdefault(name)

    def parts(self, expr: Expr, frame: Frame) -> list[str] | None:
        """The parts of a text that is split; None for anything else."""
        if not isinstance(expr, CallResult):
            return None
        call = frame.owner.scope.calls[expr.call]
        if not isinstance(call.func, Attribute) or call.func.name != "split":
            return None
        text = self.text(call.func.base, frame)
        between = self.text(call.args[0], frame) if call.args else None
        return None if text is None or between == "" else text.split(between)

    def text(self, expr: Expr, frame: Frame) -> str | None:
        place, inner = self.follow(expr, frame)
        return self.config.text(self.noted(self.ev.eval(place, inner)))


def compute(operator: str, left: float | None, right: float | None) -> float | None:
    """The value of an arithmetic expression; None when a side is not known or the operator is no arithmetic."""
    if left is None or right is None:
        return None
    if operator in ("/", "//", "%") and right == 0:
        return None
    computed = {"+": left + right, "-": left - right, "*": left * right}.get(operator)
    if computed is None and operator in ("/", "//", "%"):
        computed = {"/": left / right, "//": left // right, "%": left % right}[operator]
    return computed


__all__ = ["DURATIONS", "SCHEDULE", "Numbers", "compute"]
