"""What a schedule object says: crontab fields, seconds, declared and effective intervals, folded from source."""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor.link import calling
from extractor.link.absvalue import Const, DefRef, Env, Ext, Frame, Inst, Setting, Text, Value, Values
from extractor.link.celery.cadence import Crontab, crontab_words, interval_text, interval_words
from extractor.link.celery.config import Config, Written, assigned
from extractor.modules import Def
from extractor.summary import Call, Scope
from extractor.summary import Value as Expr

_CRONTAB = re.compile(r"^celery(\.\w+)*\.crontab$")
_SCHEDULE = re.compile(r"^celery(\.\w+)*\.schedule$")
_SOLAR = re.compile(r"^celery(\.\w+)*\.solar$")
_UNITS = {"days": 86400.0, "seconds": 1.0, "microseconds": 1e-6, "milliseconds": 1e-3, "minutes": 60.0, "hours": 3600.0,
          "weeks": 604800.0}  # fmt: skip
_FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_NUMBER = re.compile(r"\s*-?\d{1,15}(\.\d{1,15})?\s*")
MAX_STEPS = 40


@dataclass(frozen=True, slots=True)
class Said:
    """A schedule as read: canonical text, words, a note, the settings it was folded through."""

    text: str
    words: str
    note: str = ""
    settings: tuple[str, ...] = ()
    known: bool = True


class Reader:
    """Reads schedule expressions for one service."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ev = config.ev
        self.passed: dict[str, None] = {}
        self._steps = 0

    def read(self, expr: Expr, frame: Frame) -> Said:
        """What a schedule expression says. Never raises: what is not understood is said in the words."""
        self.passed, self._steps = {}, 0
        said = self._read(*self.follow(expr, frame))
        return Said(said.text, said.words, said.note, tuple(self.passed), said.known)

    def _read(self, expr: Expr, frame: Frame) -> Said:
        if expr[0] == "o":
            return self._read(*self.follow(expr[1][0], frame))
        if expr[0] == "k":
            call = frame.owner.scope.calls[expr[1]]
            for func in self.ev.eval(call.func, frame):
                said = self._called(func, call, expr, frame)
                if said is not None:
                    return said
        seconds = self.number(expr, frame)
        if seconds is not None:
            return _interval(seconds)
        return Said("?", "known only at run time", known=False)

    def _called(self, func: Value, call: Call, expr: Expr, frame: Frame) -> Said | None:
        if isinstance(func, Ext):
            if _CRONTAB.match(func.path):
                return self._crontab(call, frame)
            if _SOLAR.match(func.path):
                return self._solar(call, frame)
            if func.path == "datetime.timedelta" or _SCHEDULE.match(func.path):
                seconds = self.seconds(expr, frame)
                return _interval(seconds) if seconds is not None else None
        if isinstance(func, DefRef) and func.target.kind == "class":
            return self._project_class(func.target, call, frame)
        if isinstance(func, DefRef) and len(func.target.scope.returns) == 1:
            args, kwargs = calling.arguments(self.ev, call, frame)
            inner = calling.entry_frame(self.ev, func, args, kwargs)
            return self._read(*self.follow(func.target.scope.returns[0], inner))
        return None

    # crontab -----------------------------------------------------------------------------------------------------

    def _crontab(self, call: Call, frame: Frame) -> Said:
        given: dict[str, str | None] = dict.fromkeys(_FIELDS, "*")
        for name, expr in zip(_FIELDS, call.args, strict=False):
            given[name] = self._field(expr, frame)
        for key, expr in call.kwargs:
            if key in given:
                given[key] = self._field(expr, frame)
        cron = Crontab(**given)
        known = all(value is not None for value in given.values())
        return Said(cron.text, crontab_words(cron, self.zone()), known=known)

    def _field(self, expr: Expr, frame: Frame) -> str | None:
        """A crontab field as text: a text, a number, or a list of numbers."""
        place, inner = self.follow(expr, frame)
        if place[0] == "l":
            parts = [self._field(item, inner) for item in place[1]]
            return ",".join(p for p in parts if p is not None) if all(p is not None for p in parts) else None
        values = self.config.fold(self._noted(self.ev.eval(place, inner)))
        for value in values:
            if isinstance(value, Text) and value.literal is not None:
                return value.literal.strip()
            if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
                return str(int(value.value))
        number = self.number(place, inner)
        return None if number is None else str(int(number))

    def _solar(self, call: Call, frame: Frame) -> Said:
        args, kwargs = calling.arguments(self.ev, call, frame)
        named = dict(kwargs)
        event = self.config.text(args[0] if args else named.get("event", ())) or "?"
        at = [self.number(e, frame) for e in call.args[1:3]]
        at += [self.number(e, frame) for key, e in call.kwargs if key in ("lat", "lon")]
        where = " ".join("?" if n is None else f"{n:g}" for n in at)
        return Said(f"solar: {event} {where}".rstrip(), f"daily at {event.replace('_', ' ')} at {where}".rstrip())

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

    def _project_class(self, cls: Def, call: Call, frame: Frame) -> Said | None:
        outside = self.ev.classes.mro(cls)[1]
        if any(_CRONTAB.match(path) for path in outside):
            return self._crontab(call, frame)
        given = dict(call.kwargs)
        if "datetime.timedelta" in outside:
            return self._shifted(self.total(call, frame), self._offset(given, frame))
        if not any(_SCHEDULE.match(path) for path in outside):
            return None
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

    def _shifted(self, declared: float | None, offset: float) -> Said | None:
        """A schedule with an offset. RedBeat keeps only what the constructor made of both: the offset comes back on
        every run. Celery's own scheduler keeps the object, so the offset delays the first run alone."""
        if declared is None:
            return None
        if not offset:
            return _interval(declared)
        total = declared + offset
        said, shift = interval_words(declared), interval_words(offset).removeprefix("every ")
        shift = shift if shift[0].isdigit() else f"1 {shift}"
        if self._redbeat():
            note = (f"declared {said} with an offset of {shift}; RedBeat stores the sum as the interval, so it runs "
                    f"{interval_words(total)}")  # fmt: skip
            words = f"{interval_words(total)} (declared {said}, offset {shift})"
            return Said(interval_text(total), words, note)
        note = f"the first run comes {shift} later"
        return Said(interval_text(declared), f"{said}, the first run {shift} later", note)

    def _redbeat(self) -> bool:
        written = self.config.option("beat_scheduler", "CELERYBEAT_SCHEDULER")
        if written is None:
            return False
        values = self.config.fold(self.ev.eval(written.expr, written.frame))
        names = [v.path if isinstance(v, Ext) else v.literal or "" for v in values if isinstance(v, Ext | Text)]
        return any("redbeat" in name.lower() for name in names)

    def _parameters(self, cls: Def) -> list[str]:
        made = self.ev.classes.member(cls, "__init__")
        for value in made[1] if made is not None else ():
            if isinstance(value, DefRef):
                return [name for name, kind, _d, _a in value.target.scope.params[1:] if kind == "pos"]
        return ["run_every"]

    def _stored(self, cls: Def, call: Call, frame: Frame) -> float | None:
        """The `run_every` that the class's constructor hands to Celery's, worked out from its own code."""
        made = self.ev.classes.member(cls, "__init__")
        args, kwargs = calling.arguments(self.ev, call, frame)
        for value in made[1] if made is not None else ():
            if not isinstance(value, DefRef):
                continue
            instances = [v for v in calling.construct(self.ev, cls, args, kwargs) if isinstance(v, Inst)]
            scope = value.target.scope
            for inner in scope.calls:
                if inner.func[0] == "a" and inner.func[2] == "__init__" and instances:
                    body = calling.method_frame(self.ev, value.target, instances[0])
                    expr = dict(inner.kwargs).get("run_every") or (inner.args[0] if inner.args else None)
                    if expr is not None:
                        return _Bound(self, call, frame, scope).seconds(expr, body)
        return None

    # numbers -----------------------------------------------------------------------------------------------------

    def seconds(self, expr: Expr, frame: Frame) -> float | None:
        """A `timedelta`, a `schedule` or a number as seconds; None when it is not known."""
        expr, frame = self.follow(expr, frame)
        if expr[0] == "k":
            call = frame.owner.scope.calls[expr[1]]
            for func in self.ev.eval(call.func, frame):
                if isinstance(func, Ext) and func.path == "datetime.timedelta":
                    return self.total(call, frame)
                if isinstance(func, Ext) and _SCHEDULE.match(func.path):
                    inner = dict(call.kwargs).get("run_every") or (call.args[0] if call.args else None)
                    return self.seconds(inner, frame) if inner is not None else None
        if expr[0] == "b":
            left, right = self.seconds(expr[2], frame), self.seconds(expr[3], frame)
            return _compute(expr[1], left, right)
        if expr[0] == "o":
            found = (self.seconds(part, frame) for part in expr[1])
            return next((n for n in found if n is not None), None)
        return self.number(expr, frame)

    def total(self, call: Call, frame: Frame) -> float | None:
        """The seconds of `timedelta(days, seconds, ...)`."""
        total = 0.0
        for unit, expr in zip(_UNITS, call.args, strict=False):
            number = self.number(expr, frame)
            if number is None:
                return None
            total += number * _UNITS[unit]
        for name, expr in call.kwargs:
            if name in _UNITS:
                number = self.number(expr, frame)
                if number is None:
                    return None
                total += number * _UNITS[name]
        return total

    def number(self, expr: Expr, frame: Frame) -> float | None:
        """A number, through names, settings, environment defaults, `int()` and arithmetic."""
        expr, frame = self.follow(expr, frame)
        if expr[0] == "b":
            return _compute(expr[1], self.number(expr[2], frame), self.number(expr[3], frame))
        if expr[0] == "o":
            return next((n for part in expr[1] if (n := self.number(part, frame)) is not None), None)
        if expr[0] == "k":
            call = frame.owner.scope.calls[expr[1]]
            for func in self.ev.eval(call.func, frame):
                if isinstance(func, Ext) and func.path in ("builtins.int", "builtins.float", "builtins.round"):
                    number = self.number(call.args[0], frame) if call.args else 0.0
                    return float(int(number)) if number is not None and func.path == "builtins.int" else number
            if any(isinstance(v, Env) for v in self.ev.eval(expr, frame)):
                self._noted(self.ev.eval(expr, frame))
                default = dict(call.kwargs).get("default") or (call.args[1] if len(call.args) > 1 else None)
                return self.number(default, frame) if default is not None else None
        for value in self.config.fold(self._noted(self.ev.eval(expr, frame))):
            if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
                return float(value.value)
            if isinstance(value, Text) and _NUMBER.fullmatch(value.literal or ""):
                return float(value.literal or "")
        return None

    def _noted(self, values: Values) -> Values:
        for value in values:
            if isinstance(value, Env | Setting):
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
        if expr[0] == "v" and expr[1]:
            line, value = frame.owner.scope.defs[expr[1][-1]]
            self._pass_name(frame, expr[1][-1])
            return Written(value, frame, line) if value[0] not in ("p", "?") else None
        if expr[0] == "n":
            written = assigned(self.ev, module, expr[1])
            sources = [self.ev.world.find(module.absolute(star)) for star in module.summary.stars]
            for source in sources if written is None else ():
                written = written or (assigned(self.ev, source, expr[1]) if source is not None else None)
            return self._passing(expr[1], written)
        if expr[0] == "mf":
            source = self.ev.world.find(module.absolute(expr[1]))
            return self._passing(expr[2], assigned(self.ev, source, expr[2]) if source is not None else None)
        if expr[0] == "a":
            for value in self.ev.eval(expr, frame):
                if isinstance(value, Setting) and not value.path:
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


class _Bound:
    """Arithmetic inside a constructor: parameters stand for the expressions they were given."""

    def __init__(self, reader: Reader, call: Call, frame: Frame, body: Scope) -> None:
        self.reader = reader
        self.frame = frame
        names = [name for name, kind, _default, _annotation in body.params[1:] if kind != "**"]
        self.given = {**dict(zip(names, call.args, strict=False)), **{k: v for k, v in call.kwargs if k}}
        self.attrs = {name: value for _base, name, value, _line in body.attrs}

    def seconds(self, expr: Expr, body: Frame) -> float | None:
        """The seconds of an expression of the constructor's body."""
        tag = expr[0]
        if tag == "v":
            value = body.owner.scope.defs[expr[1][-1]][1]
            return self.seconds(value, body)
        if tag == "p":
            return self.reader.seconds(self.given[expr[1]], self.frame) if expr[1] in self.given else None
        if tag == "a" and expr[2] in self.attrs and expr[1][0] == "v":
            return self.seconds(self.attrs[expr[2]], body)
        if tag == "b":
            return _compute(expr[1], self.seconds(expr[2], body), self.seconds(expr[3], body))
        if tag == "o":
            return next((n for part in expr[1] if (n := self.seconds(part, body)) is not None), None)
        return self.reader.seconds(expr, body)


def _interval(seconds: float) -> Said:
    return Said(interval_text(seconds), interval_words(seconds))


def _compute(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    if operator in ("/", "//", "%") and right == 0:
        return None
    computed = {"+": left + right, "-": left - right, "*": left * right}.get(operator)
    if computed is None and operator in ("/", "//", "%"):
        computed = {"/": left / right, "//": left // right, "%": left % right}[operator]
    return computed


__all__ = ["Reader", "Said"]
