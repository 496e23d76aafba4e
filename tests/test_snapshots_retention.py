"""Retention: which snapshots stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from c4trace.snapshots.retention import Retention, keep

START = datetime(2025, 1, 1, 2, 0, tzinfo=UTC)  # a Wednesday


def days(count: int) -> list[tuple[int, datetime]]:
    return [(n, START + timedelta(days=n)) for n in range(count)]


def test_the_last_days_weeks_and_months_are_kept() -> None:
    kept = keep(days(90), Retention(daily=3, weekly=2, monthly=3))
    # 2025-03-31 is a Monday: the weeks end on it and on Sunday 03-30; months end on 01-31, 02-28, and now.
    assert kept == {89, 88, 87, 30, 58}


def test_of_two_on_one_day_the_later_stays() -> None:
    assert keep([(1, START), (2, START + timedelta(hours=3))], Retention(1, 1, 1)) == {2}


def test_gaps_do_not_use_up_the_days() -> None:
    points = [(1, START), (2, START + timedelta(days=40)), (3, START + timedelta(days=41))]
    assert keep(points, Retention(3, 0, 0)) == {1, 2, 3}


def test_the_newest_is_kept_whatever_the_policy() -> None:
    assert keep(days(5), Retention(0, 0, 0)) == {4}


def test_nothing_in_nothing_out() -> None:
    assert keep([], Retention()) == frozenset()


@given(st.lists(st.integers(0, 5000), max_size=60), st.tuples(*[st.integers(0, 6)] * 3))
def test_pruning_twice_is_pruning_once_in_any_order(hours: list[int], limits: tuple[int, int, int]) -> None:
    points = [(n, START + timedelta(hours=hour)) for n, hour in enumerate(hours)]
    kept = keep(points, Retention(*limits))
    assert keep([p for p in points if p[0] in kept], Retention(*limits)) == kept
    assert keep(list(reversed(points)), Retention(*limits)) == kept
    assert len(kept) <= max(1, sum(limits) + 1)
