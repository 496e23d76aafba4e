"""The week of a schedule: the minutes, Monday 00:00 to Sunday 23:59 UTC, at which a beat entry starts its task.

Reads the canonical text of `Schedule.schedule`: `crontab: m h dM MY d` (Celery's field order and its day numbers,
0 = Sunday, see the reference of celery.schedules.crontab) and intervals (`interval: 1800 s`, `every 30 minutes`).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

WEEK = 7 * 24 * 60
_DAY = 24 * 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNITS = {"s": 1 / 60, "m": 1.0, "h": 60.0, "d": 1440.0}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b", re.I)


@dataclass(frozen=True, slots=True)
class Week:
    """When an entry runs in a week. `starts` are minutes from Monday 00:00 UTC, for crontabs.

    `every` is the interval in minutes for entries that have no fixed times; `partial` is true when the entry runs only
    in some weeks (it names days of the month or months). Both empty: the text could not be read as times.
    """

    starts: tuple[int, ...] = ()
    every: float = 0
    partial: bool = False

    @property
    def known(self) -> bool:
        """Whether anything can be drawn."""
        return bool(self.starts) or self.every > 0


def week_of(schedule: str) -> Week:
    """The week of a schedule's canonical text; `Week()` when it cannot be read."""
    kind, _, text = schedule.strip().partition(":")
    if kind.strip().lower() == "crontab":
        try:
            return _crontab(text)
        except ValueError:
            return Week()
    match = _AMOUNT.search(schedule)
    return Week(every=float(match[1]) * _UNITS[match[2][0].lower()]) if match else Week()


def words(week: Week) -> str:
    """The week in words, for readers who do not see the picture: times by day, days that are alike together."""
    if week.every:
        return f"every {_span(week.every)}, counted from the last start"
    by_day = [tuple(start % _DAY for start in week.starts if start // _DAY == day) for day in range(7)]
    groups: dict[tuple[int, ...], list[str]] = {}
    for day, times in enumerate(by_day):
        if times:
            groups.setdefault(times, []).append(_DAYS[day].capitalize())
    text = "; ".join(f"{_day_names(days)} {_times(times)}" for times, days in groups.items())
    return f"{text} (only in some weeks)" if week.partial and text else text


def _crontab(text: str) -> Week:
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(text)
    minutes, hours = _field(fields[0], 0, 59), _field(fields[1], 0, 23)
    # Celery counts from Sunday; 7 is Sunday too. The week here begins on Monday.
    names = {name: str((index + 1) % 7) for index, name in enumerate(_DAYS)}
    days = {(day + 6) % 7 for day in _field(fields[4], 0, 7, names, wrap=7)}
    partial = any(not _every(fields[index], low, high) for index, low, high in ((2, 1, 31), (3, 1, 12)))
    starts = sorted(day * _DAY + hour * 60 + minute for day in days for hour in hours for minute in minutes)
    return Week(tuple(starts), partial=partial)


def _every(text: str, low: int, high: int) -> bool:
    names = {name: str(index + 1) for index, name in enumerate(_MONTHS)}
    return len(_field(text, low, high, names)) == high - low + 1


def _field(text: str, low: int, high: int, names: dict[str, str] | None = None, wrap: int = 0) -> set[int]:
    """The values of one crontab field: lists, ranges (that may wrap round), steps, names."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step_text = part.partition("/")
        step = int(step_text) if step_text else 1
        if step < 1:
            raise ValueError(text)
        if span == "*":
            values = list(range(low, high + 1 - bool(wrap)))
        else:
            first, _, last = span.partition("-")
            values = _range(_number(first, names), _number(last or first, names), low, high, wrap)
        found.update(values[::step])
    return found


def _range(first: int, last: int, low: int, high: int, wrap: int) -> list[int]:
    if not (low <= first <= high and low <= last <= high):
        raise ValueError(f"{first}-{last}")
    if first <= last:
        return list(range(first, last + 1))
    return [*range(first, high + 1 - bool(wrap)), *range(low, last + 1)]


def _number(text: str, names: dict[str, str] | None) -> int:
    return int((names or {}).get(text[:3], text)) if text[:1].isalpha() else int(text)


def _span(minutes: float) -> str:
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size and minutes % size == 0:
            count = int(minutes // size)
            return name if count == 1 else f"{count} {name}s"
    return f"{round(minutes * 60)} seconds"


def _day_names(days: list[str]) -> str:
    if len(days) == 7:
        return "every day"
    whole = [day.capitalize() for day in _DAYS]
    at = whole.index(days[0])
    if len(days) > 2 and days == whole[at : at + len(days)]:
        return f"{days[0]} to {days[-1]}"
    return ", ".join(days)


def _times(times: tuple[int, ...]) -> str:
    if len(times) > 12:
        gaps = {after - before for before, after in itertools.pairwise(times)}
        first = f"{times[0] // 60:02}:{times[0] % 60:02}"
        return f"every {_span(gaps.pop())} from {first}" if len(gaps) == 1 else f"{len(times)} times from {first}"
    return "at " + ", ".join(f"{time // 60:02}:{time % 60:02}" for time in times)
