"""Cadence: what a crontab or an interval says in canonical text and in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.link.celery.cadence import BadField, Crontab, crontab_words, expand, interval_text, interval_words


@pytest.mark.parametrize(
    ("fields", "text", "words"),
    [
        (("0", "*/6", "*", "*", "5"), "crontab: 0 */6 * * 5", "Fridays, every 6 hours, UTC"),
        (("0", "3"), "crontab: 0 3 * * *", "daily at 03:00 UTC"),
        (("0", "*"), "crontab: 0 * * * *", "hourly at minute 0 UTC"),
        (("*/15", "16"), "crontab: */15 16 * * *", "every 15 minutes from 16:00 through 16:45 UTC"),
        (("*", "10-2"), "crontab: * 10-2 * * *", "every minute from 10:00 through 02:59 UTC (wraps past midnight)"),
        (("0", "9", "*", "*", "1"), "crontab: 0 9 * * 1", "Mondays at 09:00 UTC"),
        (("0", "8", "*", "*", "mon-fri"), "crontab: 0 8 * * mon-fri", "Mondays to Fridays at 08:00 UTC"),
        (("0", "0", "1"), "crontab: 0 0 1 * *", "on the 1st of the month at 00:00 UTC"),
        (("30", "2, 14"), "crontab: 30 2,14 * * *", "daily at 02:30 and 14:30 UTC"),
        (("0", None), "crontab: 0 ? * * *", "crontab whose hour is known only at run time, UTC"),
        (("61", "1"), "crontab: 61 1 * * *", "not a schedule: '61' is no minute"),
    ],
)
def test_a_crontab_in_text_and_words(fields: tuple[str | None, ...], text: str, words: str) -> None:
    cron = Crontab(*fields)
    assert (cron.text, crontab_words(cron)) == (text, words)


def test_the_zone_is_named() -> None:
    assert crontab_words(Crontab("0", "3"), "Europe/Paris") == "daily at 03:00 Europe/Paris"


@pytest.mark.parametrize(
    ("seconds", "text", "words"),
    [
        (1800, "every 1800 seconds", "every 30 minutes"),
        (270, "every 270 seconds", "every 4.5 minutes"),
        (3600, "every 3600 seconds", "every hour"),
        (129600, "every 129600 seconds", "every 36 hours"),
        (0.5, "every 0.5 seconds", "every 0.5 seconds"),
    ],
)
def test_an_interval_in_text_and_words(seconds: float, text: str, words: str) -> None:
    assert (interval_text(seconds), interval_words(seconds)) == (text, words)


@given(st.integers(0, 23), st.integers(0, 23), st.integers(1, 12))
def test_a_range_is_walked_from_its_start_in_steps_over_midnight(first: int, last: int, step: int) -> None:
    length = (last - first) % 24
    assert set(expand(f"{first}-{last}/{step}", "hour")) == {(first + n) % 24 for n in range(0, length + 1, step)}


@given(st.lists(st.integers(0, 59), min_size=1, max_size=8))
def test_a_list_stands_for_its_members(minutes: list[int]) -> None:
    assert expand(",".join(map(str, minutes)), "minute") == tuple(sorted(set(minutes)))


@given(st.integers(1, 59))
def test_a_star_with_a_step_starts_at_the_lowest_value(step: int) -> None:
    assert expand(f"*/{step}", "minute") == tuple(range(0, 60, step))


@given(st.text(max_size=12))
def test_any_text_is_a_field_or_refused(text: str) -> None:
    try:
        values = expand(text, "day_of_week")
    except BadField:
        return
    assert values
    assert set(values) <= set(range(7))


@pytest.mark.parametrize("field", ["*/0", "5/10", "", "1-", "a-b", "60"])
def test_what_celery_refuses_is_refused(field: str) -> None:
    with pytest.raises(BadField):
        expand(field, "minute")
