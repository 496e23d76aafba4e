"""What a schedule object says: crontab fields, seconds, declared and effective intervals, folded from source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.evaluate import calls
from extractor.evaluate.arguments import arguments, entry_frame, method_frame
from extractor.evaluate.values import Const, DefRef, Ext, Frame, Inst, Text, Value
from extractor.link.celery.cadence import Crontab, crontab_words, interval_text, interval_words
from extractor.link.celery.numbers import DURATIONS, SCHEDULE, Numbers, compute
from extractor.program.module import Def
from extractor.rules.stores import Scheduler, store_rules
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    Constant,
    Local,
    Parameter,
    SequenceDisplay,
    Starred,
    Subscript,
)

_CRONTAB = re.compile(r"^celery(\.\w+)*\.crontab$")
_OWN = re.compile(r"^celery(\.\w+)*\.BaseSchedule$")
_CRON_LINE = re.compile(r"^celery(\.\w+)*\.crontab\.from_string$")
_SOLAR = re.compile(r"^celery(\.\w+)*\.solar$")
_MOST_NUMBERS = 60  # of a field of a crontab
# Seconds of the periods of an `IntervalSchedule` of django-celery-beat.
_PERIODS = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0, "microseconds": 0.000001}
_FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_LINE_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")  # as a cron line has them


@dataclass(frozen=True, slots=True)
class ScheduleReading:
    """A schedule as read: canonical text, words, a note, the settings it was folded through."""

    text: str
    words: str
    note: str = ""
    settings: tuple[str, ...] = ()
    known: bool = True


class ScheduleReader(Numbers):
    """Reads schedule expressions for one service."""

    def read(self, expr: Expr, frame: Frame) -> ScheduleReading:
        """What a schedule expression says. Never raises: what is not understood is said in the words."""
        self.passed = {}
        reading = self._read(*self.follow(expr, frame))
        return ScheduleReading(reading.text, reading.words, reading.note, tuple(self.passed), reading.known)

    def _read(self, expr: Expr, frame: Frame) -> ScheduleReading:
        if isinstance(expr, Alternatives):
            return self._read(*self.follow(expr.values[0], frame))
        if isinstance(expr, CallResult):
            call = frame.owner.scope.calls[expr.call]
            for func in self.ev.eval(call.func, frame):
                reading = self._called(func, call, expr, frame)
                if reading is not None:
                    return reading
        seconds = self.number(expr, frame)
        if seconds is not None:
            return _interval(seconds)
        return ScheduleReading("?", "known only at run time", known=False)

    def _called(self, func: Value, call: CallExpr, expr: Expr, frame: Frame) -> ScheduleReading | None:
        if isinstance(func, Ext):
            if _CRONTAB.match(func.path):
                return self._crontab(call, frame)
            if _CRON_LINE.match(func.path):
                return self._cron_line(call, frame)
            if _SOLAR.match(func.path):
                return self._solar(call, frame)
            if func.path == "datetime.timedelta" or func.path in DURATIONS or SCHEDULE.match(func.path):
                seconds = self.seconds(expr, frame)
                return _interval(seconds) if seconds is not None else None
        if isinstance(func, DefRef) and func.target.kind == "class":
            return self._project_class(func.target, call, frame)
        if isinstance(func, DefRef) and len(func.target.scope.returns) == 1:
            args, kwargs = arguments(self.ev, call, frame)
            inner = entry_frame(self.ev, func, args, kwargs)
            return self._read(*self.follow(func.target.scope.returns[0], inner))
        return None

    # rows of a database ------------------------------------------------------------------------------------------

    def stored(self, kind: str, fields: Mapping[str, Expr], frame: Frame) -> ScheduleReading:
        """What a row of django-celery-beat says: `kind` is crontab, interval or solar."""
        self.passed = {}
        reading = {"crontab": self._stored_crontab, "interval": self._stored_interval}.get(kind, self._stored_solar)(
            fields, frame
        )
        return ScheduleReading(reading.text, reading.words, reading.note, tuple(self.passed), reading.known)

    def _stored_crontab(self, fields: Mapping[str, Expr], frame: Frame) -> ScheduleReading:
        given = {name: self._field(fields[name], frame) if name in fields else "*" for name in _FIELDS}
        zone = self.text(fields["timezone"], frame) if "timezone" in fields else self.zone()
        return self._cron(given, zone or "the time zone of the row")

    def _stored_interval(self, fields: Mapping[str, Expr], frame: Frame) -> ScheduleReading:
        every = self.number(fields["every"], frame) if "every" in fields else None
        names = [_last(value) for value in self.ev.eval(fields["period"], frame)] if "period" in fields else []
        unit = next((_PERIODS[name] for name in names if name in _PERIODS), None)
        if every is None or unit is None:
            return ScheduleReading("?", "known only at run time", known=False)
        return _interval(every * unit)

    def _stored_solar(self, fields: Mapping[str, Expr], frame: Frame) -> ScheduleReading:
        event = self.text(fields["event"], frame) if "event" in fields else None
        numbers = [self.number(fields[name], frame) for name in ("latitude", "longitude") if name in fields]
        return _at_sun(event or "?", numbers)

    # crontab -----------------------------------------------------------------------------------------------------

    def _crontab(self, call: CallExpr, frame: Frame) -> ScheduleReading:
        given: dict[str, str | None] = dict.fromkeys(_FIELDS, "*")
        given |= zip(_FIELDS, self._positions(call, frame), strict=False)
        for key, expr in call.kwargs:
            if key in given:
                given[key] = self._field(expr, frame)
        return self._cron(given)

    def _cron_line(self, call: CallExpr, frame: Frame) -> ScheduleReading:
        """`crontab.from_string("0 7 * * 1-5")`."""
        text = self.text(call.args[0], frame) if call.args else None
        fields: list[str | None] = [*text.split()] if text is not None else []
        return self._cron(dict(zip(_LINE_FIELDS, fields if len(fields) == 5 else [None] * 5, strict=True)))

    def _cron(self, given: dict[str, str | None], zone: str | None = None) -> ScheduleReading:
        cron = Crontab(**given)
        known = all(value is not None for value in given.values())
        return ScheduleReading(cron.text, crontab_words(cron, zone or self.zone()), known=known)

    def _positions(self, call: CallExpr, frame: Frame) -> list[str | None]:
        """The fields given by position; those of `*line.split()` are the parts of the line."""
        fields: list[str | None] = []
        for expr in call.args:
            if isinstance(expr, Starred):
                parts = self.parts(*self.follow(expr.value, frame))
                fields += parts if parts is not None else [None] * len(_FIELDS)
            else:
                fields.append(self._field(expr, frame))
        return fields

    def _field(self, expr: Expr, frame: Frame) -> str | None:
        """A crontab field as text: a text, a number, a list of numbers, or a part of a line."""
        place, inner = self.follow(expr, frame)
        if isinstance(place, Subscript) and isinstance(place.index, Constant) and isinstance(place.index.value, int):
            parts, index = self.parts(*self.follow(place.base, inner)), place.index.value
            if parts is not None:
                return parts[index] if 0 <= index < len(parts) else None
        if isinstance(place, CallResult) and (numbers := self._range(inner.owner.scope.calls[place.call], inner)):
            return numbers
        if isinstance(place, SequenceDisplay):
            items = [self._field(item, inner) for item in place.items]
            return ",".join(item for item in items if item is not None) if None not in items else None
        values = self.config.fold(self.noted(self.ev.eval(place, inner)))
        for value in values:
            if isinstance(value, Text) and value.literal is not None:
                return value.literal.strip()
            if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
                return str(int(value.value))
        number = self.number(place, inner)
        return None if number is None else str(int(number))

    def _range(self, call: CallExpr, frame: Frame) -> str | None:
        """`range(9, 18)` as a field: `9-17`."""
        if all(func != Ext("builtins.range") for func in self.ev.eval(call.func, frame)) or call.kwargs:
            return None
        given = [self.number(arg, frame) for arg in call.args]
        if not 1 <= len(given) <= 3 or None in given or 0 in given[2:]:
            return None
        numbers = range(*(int(number) for number in given if number is not None))
        if not 0 < len(numbers) <= _MOST_NUMBERS:
            return None
        whole = len(numbers) > 1 and numbers.step == 1
        return f"{numbers[0]}-{numbers[-1]}" if whole else ",".join(str(number) for number in numbers)

    def _solar(self, call: CallExpr, frame: Frame) -> ScheduleReading:
        args, kwargs = arguments(self.ev, call, frame)
        named = dict(kwargs)
        event = self.config.text(args[0] if args else named.get("event", ())) or "?"
        at = [self.number(e, frame) for e in call.args[1:3]]
        at += [self.number(e, frame) for key, e in call.kwargs if key in ("lat", "lon")]
        return _at_sun(event, at)

    def zone(self) -> str:
        """The time zone that crontabs are read in: Celery's own setting, else UTC (its default)."""
        for option, older in (("timezone", "CELERY_TIMEZONE"),):
            written = self.config.option(option, older)
            if written is not None:
                named = self.config.text(self.ev.eval(written.expr, written.frame))
                return named or "the configured time zone"
        enabled = self.config.option("enable_utc", "CELERY_ENABLE_UTC")
        if enabled is not None:
            values = self.config.fold(self.ev.eval(enabled.expr, enabled.frame))
            if any(isinstance(v, Const) and v.value is False for v in values):
                return "local time"
        return "UTC"

    # project classes ---------------------------------------------------------------------------------------------

    def _project_class(self, cls: Def, call: CallExpr, frame: Frame) -> ScheduleReading | None:
        outside = self.ev.classes.mro(cls)[1]
        if any(_CRONTAB.match(path) for path in outside):
            return self._crontab(call, frame)
        given = dict(call.kwargs)
        if "datetime.timedelta" in outside:
            return self._shifted(self.total(call, frame), self._offset(given, frame))
        if not any(SCHEDULE.match(path) for path in outside):
            if not any(_OWN.match(path) for path in outside):
                return None
            return ScheduleReading(f"custom: {cls.qualified}", f"when {cls.scope.name} says so, by its own code")
        params = self._parameters(cls)
        named = {**dict(zip(params, call.args, strict=False)), **{k: v for k, v in given.items() if k}}
        declared = self.seconds(named["run_every"], frame) if "run_every" in named else None
        if declared is None and call.args:
            declared = self.seconds(call.args[0], frame)
        effective = self._stored(cls, call, frame)
        if declared is None:
            return _interval(effective) if effective is not None else None
        return self._shifted(declared, (effective or declared) - declared)

    def _offset(self, given: dict[str | None, Expr], frame: Frame) -> float:
        return (self.seconds(given["offset"], frame) or 0.0) if "offset" in given else 0.0

    def _shifted(self, declared: float | None, offset: float) -> ScheduleReading | None:
        """A schedule with an offset. A scheduler may keep only what the constructor made of both: the offset comes back
        on every run. Celery's own keeps the object, so the offset delays the first run alone."""
        if declared is None:
            return None
        if not offset:
            return _interval(declared)
        total = declared + offset
        cadence, shift = interval_words(declared), interval_words(offset).removeprefix("every ")
        shift = shift if shift[0].isdigit() else f"1 {shift}"
        scheduler = self._scheduler()
        if scheduler is not None and scheduler.adds_offset:
            note = (
                f"declared {cadence} with an offset of {shift}; {scheduler.name} stores the sum as the interval, "
                f"so it runs {interval_words(total)}"
            )
            words = f"{interval_words(total)} (declared {cadence}, offset {shift})"
            return ScheduleReading(interval_text(total), words, note)
        note = f"the first run comes {shift} later"
        return ScheduleReading(interval_text(declared), f"{cadence}, the first run {shift} later", note)

    def _scheduler(self) -> Scheduler | None:
        """The scheduler that the settings name, when it is one that the rules know."""
        written = self.config.option("beat_scheduler", "CELERYBEATSCHEDULER")
        if written is None:
            return None
        values = self.config.fold(self.ev.eval(written.expr, written.frame))
        names = [v.path if isinstance(v, Ext) else v.literal or "" for v in values if isinstance(v, Ext | Text)]
        return next((rule for name in names if (rule := store_rules().scheduler(name)) is not None), None)

    def _parameters(self, cls: Def) -> list[str]:
        made = self.ev.classes.member(cls, "__init__")
        for value in made[1] if made is not None else ():
            if isinstance(value, DefRef):
                return [name for name, kind, _d, _a in value.target.scope.params[1:] if kind == "pos"]
        return ["run_every"]

    def _stored(self, cls: Def, call: CallExpr, frame: Frame) -> float | None:
        """The `run_every` that the class's constructor hands to Celery's, worked out from its own code."""
        made = self.ev.classes.member(cls, "__init__")
        args, kwargs = arguments(self.ev, call, frame)
        for value in made[1] if made is not None else ():
            if not isinstance(value, DefRef):
                continue
            instances = [v for v in calls.construct(self.ev, cls, args, kwargs) if isinstance(v, Inst)]
            scope = value.target.scope
            for inner in scope.calls:
                if isinstance(inner.func, Attribute) and inner.func.name == "__init__" and instances:
                    body = method_frame(self.ev, value.target, instances[0])
                    expr = dict(inner.kwargs).get("run_every") or (inner.args[0] if inner.args else None)
                    if expr is not None:
                        return _Bound(self, call, frame, scope).seconds(expr, body)
        return None


class _Bound:
    """Arithmetic inside a constructor: parameters stand for the expressions they were given."""

    def __init__(self, reader: ScheduleReader, call: CallExpr, frame: Frame, body: Scope) -> None:
        self.reader = reader
        self.frame = frame
        names = [name for name, kind, _default, _annotation in body.params[1:] if kind != "**"]
        self.given = {**dict(zip(names, call.args, strict=False)), **{k: v for k, v in call.kwargs if k}}
        self.attrs = {name: value for _base, name, value, _line in body.attrs}

    def seconds(self, expr: Expr, body: Frame) -> float | None:
        """The seconds of an expression of the constructor's body."""
        if isinstance(expr, Local):
            value = body.owner.scope.defs[expr.definitions[-1]][1]
            return self.seconds(value, body)
        if isinstance(expr, Parameter):
            return self.reader.seconds(self.given[expr.name], self.frame) if expr.name in self.given else None
        if isinstance(expr, Attribute) and expr.name in self.attrs and isinstance(expr.base, Local):
            return self.seconds(self.attrs[expr.name], body)
        if isinstance(expr, BinaryOperation):
            return compute(expr.operator, self.seconds(expr.left, body), self.seconds(expr.right, body))
        if isinstance(expr, Alternatives):
            return next((n for part in expr.values if (n := self.seconds(part, body)) is not None), None)
        return self.reader.seconds(expr, body)


def _at_sun(event: str, at: Sequence[float | None]) -> ScheduleReading:
    where = " ".join("?" if n is None else f"{n:g}" for n in at)
    return ScheduleReading(
        f"solar: {event} {where}".rstrip(), f"daily at {event.replace('_', ' ')} at {where}".rstrip()
    )


def _last(value: Value) -> str:
    """A period by its text, or by the constant that holds it: `IntervalSchedule.HOURS`."""
    if isinstance(value, Ext):
        return value.path.rpartition(".")[2].lower()
    return (value.literal or "") if isinstance(value, Text) else ""


def _interval(seconds: float) -> ScheduleReading:
    if seconds <= 0:  # no interval at all: what a setting that is off holds
        return ScheduleReading("every ? seconds", "off by default; how often is set where it is deployed")
    return ScheduleReading(interval_text(seconds), interval_words(seconds))


__all__ = ["ScheduleReader", "ScheduleReading"]
