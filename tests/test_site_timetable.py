"""The week of a schedule, from its canonical text."""

from __future__ import annotations

import pytest

from renderers.site.timetable import Week, week_of, words


def _times(schedule: str) -> list[str]:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return [f"{days[s // 1440]} {s % 1440 // 60:02}:{s % 60:02}" for s in week_of(schedule).starts]


def test_fridays_every_six_hours() -> None:
    assert _times("crontab: 0 */6 * * 5") == ["Fri 00:00", "Fri 06:00", "Fri 12:00", "Fri 18:00"]


@pytest.mark.parametrize("day", ["0", "7", "sun", "Sunday"])
def test_sunday_has_several_names_and_ends_the_week(day: str) -> None:
    assert _times(f"crontab: 30 4 * * {day}") == ["Sun 04:30"]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("1-5", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("fri-mon", ["Mon", "Fri", "Sat", "Sun"]),
        ("5-7", ["Fri", "Sat", "Sun"]),
        ("1,3", ["Mon", "Wed"]),
        ("*/3", ["Wed", "Sat", "Sun"]),
    ],
)
def test_ranges_may_wrap_and_lists_and_steps_count_from_sunday(days: str, expected: list[str]) -> None:
    assert [time[:3] for time in _times(f"crontab: 0 1 * * {days}")] == expected


def test_hours_that_wrap_round_midnight() -> None:
    assert _times("crontab: 0 22-1 * * 1") == ["Mon 00:00", "Mon 01:00", "Mon 22:00", "Mon 23:00"]


def test_days_of_the_month_make_it_partial() -> None:
    week = week_of("crontab: 0 3 1 * *")
    assert week.partial
    assert words(week) == "every day at 03:00 (only in some weeks)"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("interval: 1800 s, offset 900 s", 30), ("every 12 hours", 720), ("interval: 0.5 h", 30), ("every 2 days", 2880)],
)
def test_intervals_have_no_fixed_times(text: str, minutes: float) -> None:
    assert week_of(text) == Week(every=minutes)


@pytest.mark.parametrize(
    "text",
    ["", "unknown: settings.X", "crontab: 61 * * * *", "crontab: a b c d e", "crontab: */0 * * * *", "crontab: 1 2"],
)
def test_what_cannot_be_read_is_not_guessed(text: str) -> None:
    assert not week_of(text).known


def test_words_join_days_that_are_alike() -> None:
    assert words(week_of("crontab: 0 */6 * * 5")) == "Fri at 00:00, 06:00, 12:00, 18:00"
    assert words(week_of("crontab: 15 6 * * *")) == "every day at 06:15"
    assert words(week_of("crontab: 0 4 * * 1-5")) == "Mon to Fri at 04:00"
    assert words(week_of("crontab: 5 * * * *")) == "every day every hour from 00:05"
    assert words(week_of("interval: 3600 s")) == "every hour, counted from the last start"
