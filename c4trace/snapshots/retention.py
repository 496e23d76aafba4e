"""Retention: which of many points in time to keep (so many days, weeks and months back), as a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days, ISO weeks and months keep their last snapshot. Periods without one do not count."""

    daily: int = 30
    weekly: int = 26
    monthly: int = 24


def keep(points: Iterable[tuple[int, datetime]], retention: Retention) -> frozenset[int]:
    """The ids to keep, of `(id, when)` points.

    The newest point is always kept. Then, newest first, the last point of each of the `daily` latest days that have
    one, of the `weekly` latest ISO weeks, of the `monthly` latest months (all UTC). Points need not be sorted.
    """
    newest_first = sorted(points, key=lambda point: (point[1], point[0]), reverse=True)
    kept = {identity for identity, _ in newest_first[:1]}
    for period, limit in ((_day, retention.daily), (_week, retention.weekly), (_month, retention.monthly)):
        kept |= _last_of_each(newest_first, period, limit)
    return frozenset(kept)


def _last_of_each(
    newest_first: list[tuple[int, datetime]], period: Callable[[datetime], tuple[int, ...]], limit: int
) -> set[int]:
    seen: dict[tuple[int, ...], int] = {}
    for identity, when in newest_first:
        seen.setdefault(period(when.astimezone(UTC)), identity)
    return set(list(seen.values())[: max(limit, 0)])


def _day(when: datetime) -> tuple[int, ...]:
    return (when.year, when.month, when.day)


def _week(when: datetime) -> tuple[int, ...]:
    return tuple(when.isocalendar()[:2])


def _month(when: datetime) -> tuple[int, ...]:
    return (when.year, when.month)
