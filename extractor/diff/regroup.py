"""Arrows that are only drawn otherwise: the same requests between the same ends, gathered under other labels."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

from extractor.diff.pairing import Pair
from extractor.diff.row import ComparedRow, Field

Held = dict[tuple[str, ...], dict[str, set[str]]]


def without_regrouped(
    pairs: list[Pair], lost: list[ComparedRow], found: list[ComparedRow]
) -> tuple[list[Pair], list[ComparedRow], list[ComparedRow]]:
    """Paired flows without what stands on both sides between the same ends, whatever arrow it is told under; flows of
    one side without those that are made of such things only. Swapping the sides swaps the answer.
    """
    before = _held([old for old, _ in pairs] + lost)
    after = _held([new for _, new in pairs] + found)
    return (
        [(_left(old, after), _left(new, before)) for old, new in pairs],
        [row for row in lost if not _elsewhere(row, after)],
        [row for row in found if not _elsewhere(row, before)],
    )


def _held(rows: Iterable[ComparedRow]) -> Held:
    """By ends and kind of arrow, what each set field holds over all arrows."""
    held: Held = defaultdict(lambda: defaultdict(set))
    for row in rows:
        for field in row.fields:
            held[_ends(row)][field.name].update(key for key, _ in field.items or ())
    return held


def _ends(row: ComparedRow) -> tuple[str, ...]:
    source, target, _label, *kind = row.key
    return (source, target, *kind)


def _left(row: ComparedRow, other: Held) -> ComparedRow:
    there = other.get(_ends(row), {})
    return dataclasses.replace(row, fields=tuple(_without(field, there.get(field.name, set())) for field in row.fields))


def _without(field: Field, there: set[str]) -> Field:
    if not field.items or there.isdisjoint(key for key, _ in field.items):
        return field
    items = tuple((key, text) for key, text in field.items if key not in there)
    return Field(field.name, ", ".join(text for _, text in items), "\n".join(key for key, _ in items), items)


def _elsewhere(row: ComparedRow, other: Held) -> bool:
    """True when all that a flow is made of, calls at least, stands on the other side too."""
    there = other.get(_ends(row), {})
    calls = any(field.name == "calls" and field.items for field in row.fields)
    return calls and all(key in there.get(field.name, set()) for field in row.fields for key, _ in field.items or ())
