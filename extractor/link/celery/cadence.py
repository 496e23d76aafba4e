"""Schedules in canonical text and in words: pure functions of crontab fields and seconds.

Canonical text is `crontab: M H DOM MON DOW` (Celery's order of the five fields is minute, hour, day of week, day of
month, month; here they stand as cron writes them) or `every N seconds`. The syntax of a field is that of
`celery.schedules.crontab_parser`: `*`, numbers, names of days and months, ranges (which may wrap), steps, lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_BOUNDS = {"minute": (0, 59), "hour": (0, 23), "day_of_month": (1, 31), "month_of_year": (1, 12), "day_of_week": (0, 6)}
_PART = re.compile(r"^(?:(\*)|(\w+)(?:-(\w+))?)(?:/([0-9]{1,4}))?$")
_DIGITS = re.compile("[0-9]{1,4}")
MAX_TIMES = 6  # times of day listed one by one


class BadField(ValueError):
    """A crontab field that Celery would refuse."""


@dataclass(frozen=True, slots=True)
class Crontab:
    """The five fields as text. A field of None is a value that is not known."""

    minute: str | None = "*"
    hour: str | None = "*"
    day_of_month: str | None = "*"
    month_of_year: str | None = "*"
    day_of_week: str | None = "*"

    @property
    def text(self) -> str:
        """The canonical text; an unknown field is `?`."""
        fields = (self.minute, self.hour, self.day_of_month, self.month_of_year, self.day_of_week)
        return "crontab: " + " ".join("?" if f is None else "".join(f.split()) for f in fields)


def expand(field: str, kind: str) -> tuple[int, ...]:
    """The values that a field stands for, ascending.

    `kind` is minute, hour, day_of_month, month_of_year or day_of_week. Raises BadField for what Celery would refuse.
    """
    low, high = _BOUNDS[kind]
    found: set[int] = set()
    for part in field.split(","):
        found.update(_part(part.strip(), kind, low, high))
    return tuple(sorted(found))


def _part(part: str, kind: str, low: int, high: int) -> list[int]:
    match = _PART.match(part)
    if match is None:
        raise BadField(f"{part!r} is no {kind}")
    star, first, last, step_text = match.groups()
    step = int(step_text) if step_text else 1
    if step < 1:
        raise BadField(f"{part!r}: a step of 0")
    if star:
        values = list(range(low, high + 1))
    else:
        start = _number(first, kind, low, high)
        if last is None:
            if step_text:
                raise BadField(f"{part!r}: a step wants a range or a star")
            return [start]
        end = _number(last, kind, low, high)
        values = list(range(start, end + 1)) if start <= end else [*range(start, high + 1), *range(low, end + 1)]
    return values[::step]


def _number(text: str, kind: str, low: int, high: int) -> int:
    if _DIGITS.fullmatch(text):
        value = int(text)
        if kind == "day_of_week" and value == 7:
            value = 0
    elif kind in ("day_of_week", "month_of_year") and len(text) >= 3:
        names = DAYS if kind == "day_of_week" else MONTHS
        found = [i for i, name in enumerate(names) if name.lower().startswith(text[:3].lower())]
        value = (found[0] + low) if found else -1
    else:
        value = -1
    if not low <= value <= high:
        raise BadField(f"{text!r} is no {kind}")
    return value


def crontab_words(cron: Crontab, zone: str = "UTC") -> str:
    """A crontab in words: `Fridays, every 6 hours, UTC`, `daily at 03:00 UTC`. `zone` names the time zone.

    A field that is not known or that Celery would refuse is said so.
    """
    fields = {name: getattr(cron, name) for name in _BOUNDS}
    unknown = [name.replace("_", " ") for name, value in fields.items() if value is None]
    if unknown:
        return f"crontab whose {' and '.join(unknown)} is known only at run time, {zone}"
    try:
        sets = {name: expand(value, name) for name, value in fields.items()}
    except BadField as error:
        return f"not a schedule: {error}"
    days = _days(cron, sets)
    time, plain = _time(cron, sets)
    if not days:
        return f"{'daily ' if plain else ''}{time} {zone}{_wrap(cron)}"
    between = " " if plain else ", "
    return f"{days}{between}{time}{' ' if plain else ', '}{zone}{_wrap(cron)}"


def _wrap(cron: Crontab) -> str:
    """A remark where an hour range runs over midnight."""
    for part in (cron.hour or "").split(","):
        first, dash, last = part.split("/")[0].strip().partition("-")
        if dash and _DIGITS.fullmatch(first) and _DIGITS.fullmatch(last) and int(first) > int(last):
            return " (wraps past midnight)"
    return ""


def _days(cron: Crontab, sets: dict[str, tuple[int, ...]]) -> str:
    """The days, `""` for every day. Celery wants all of day of week, day of month and month to match."""
    parts = []
    if len(sets["day_of_week"]) < 7:
        parts.append(_week_days(sets["day_of_week"]))
    if len(sets["day_of_month"]) < 31:
        if parts:
            parts.append(f"when it is the {_listed([_ordinal(d) for d in sets['day_of_month']])} of the month")
        else:
            parts.append(f"on the {_listed([_ordinal(d) for d in sets['day_of_month']])} of the month")
    if len(sets["month_of_year"]) < 12:
        parts.append("in " + _listed([MONTHS[m - 1] for m in sets["month_of_year"]]))
    return " ".join(parts)


def _week_days(days: tuple[int, ...]) -> str:
    if days == (1, 2, 3, 4, 5):
        return "Mondays to Fridays"
    if days == (0, 6):
        return "Saturdays and Sundays"
    return _listed([DAYS[d] for d in sorted(days, key=lambda d: (d + 6) % 7)])


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _time(cron: Crontab, sets: dict[str, tuple[int, ...]]) -> tuple[str, bool]:
    """The time of day, and whether it is plain clock times (`at 03:00`)."""
    minutes, hours = sets["minute"], sets["hour"]
    if len(minutes) * len(hours) <= MAX_TIMES and len(hours) <= 3 and (len(hours) > 1 or len(minutes) <= 2):
        return "at " + _listed([f"{h:02}:{m:02}" for h in hours for m in minutes]), True
    every_minute = _every(minutes, 60, "minute")
    if len(hours) == 24:
        if len(minutes) == 1:
            return f"hourly at minute {minutes[0]}", False
        return (every_minute or f"hourly at minutes {_listed([str(m) for m in minutes])}"), False
    every_hour = _every(hours, 24, "hour")
    if len(minutes) == 1 and every_hour and hours[0] == 0:
        return every_hour + (f" at minute {minutes[0]}" if minutes[0] else ""), False
    span = _span(cron, hours)
    inside = every_minute or (
        f"hourly at minute {minutes[0]}"
        if len(minutes) == 1
        else f"at minutes {_listed([str(m) for m in minutes])} of the hour"
    )
    if span is not None:
        first, last = span
        return f"{inside} from {first:02}:{minutes[0]:02} through {last:02}:{minutes[-1]:02}", False
    if len(minutes) == 1 and len(hours) <= MAX_TIMES:
        return "at " + _listed([f"{h:02}:{minutes[0]:02}" for h in hours]), True
    return f"{inside} in the hours {_listed([f'{h:02}' for h in hours])}", False


def _every(values: tuple[int, ...], modulus: int, unit: str) -> str:
    """`every 15 minutes` for values evenly spread over the whole circle; "" for others."""
    if len(values) == modulus:
        return f"every {unit}"
    if len(values) < 2 or values[0] != 0:
        return ""
    step = values[1]
    even = modulus % step == 0 and values == tuple(range(0, modulus, step))
    return f"every {step} {unit}s" if even else ""


def _span(cron: Crontab, hours: tuple[int, ...]) -> tuple[int, int] | None:
    """The first and the last of hours that follow one another, over midnight too; None when they do not."""
    if len(hours) == 1:
        return hours[0], hours[0]
    breaks = [i for i, hour in enumerate(hours) if hours[(i + 1) % len(hours)] != (hour + 1) % 24]
    if len(breaks) != 1:
        return None
    last = breaks[0]
    return hours[(last + 1) % len(hours)], hours[last]


def interval_text(seconds: float) -> str:
    """The canonical text of an interval: `every 1800 seconds`."""
    return f"every {_plain(seconds)} seconds"


def interval_words(seconds: float) -> str:
    """An interval in words: `every 45 minutes`, `every 1.5 hours`, `every day`."""
    if seconds <= 0:
        return f"every {_plain(seconds)} seconds"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0 or (size == 60 and seconds > 60 and seconds % 30 == 0):
            return _units(seconds / size, unit)
    return _units(seconds, "second")


def _units(count: float, unit: str) -> str:
    return f"every {unit}" if count == 1 else f"every {_plain(count)} {unit}s"


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else f"{number:g}"
