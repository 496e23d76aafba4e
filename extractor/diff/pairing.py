"""Pairing: which row of a head is which row of a base, by identity first, then by likeness for what was renamed."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from extractor.diff.row import ComparedRow
from extractor.text.words import words_of

Pair = tuple[ComparedRow, ComparedRow]
Likeness = Callable[[ComparedRow, ComparedRow], float]

# How alike (0 to 1) a lost and a found row must be to be one thing renamed. Below it a reader sees two things.
RENAMED = 0.7

# A family with more candidate pairs than this was rewritten, not renamed.
_MOST_CANDIDATES = 250_000


def pair_rows(
    base: Iterable[ComparedRow], head: Iterable[ComparedRow]
) -> tuple[list[Pair], list[ComparedRow], list[ComparedRow]]:
    """Rows of one kind on both sides -> (pairs of one thing, rows only in base, rows only in head).

    Swapping the sides swaps the answer, whatever the order of the rows.
    """
    pairs, lost, found = [], [], []
    groups = _groups(base, head, lambda row: row.key)
    for _, (left, right) in sorted(groups.items(), key=lambda item: item[0]):
        made, only_left, only_right = _same(left, right)
        pairs += made
        lost += only_left
        found += only_right
    renamed, lost, found = _renames(lost, found)
    return pairs + renamed, lost, found


def likeness(left: ComparedRow, right: ComparedRow) -> float:
    """How alike two rows are by their traits: 0 (nothing in common) to 1. Traits empty on both sides say nothing."""
    scores = [_overlap(a, b) for a, b in zip(left.traits, right.traits, strict=True) if a or b]
    return sum(scores) / len(scores) if scores else 0.0


def _same(left: list[ComparedRow], right: list[ComparedRow]) -> tuple[list[Pair], list[ComparedRow], list[ComparedRow]]:
    """Rows of one identity: those that agree in all they say first, then the nearest; as many pairs as can be."""
    twins, left, right = _twins(left, right)
    if len(left) * len(right) <= _MOST_CANDIDATES:
        pairs, left, right = _pair(left, right, _nearness, 0.0)
        return twins + pairs, left, right
    left, right = sorted(left, key=_order), sorted(right, key=_order)
    count = min(len(left), len(right))
    return twins + list(zip(left, right, strict=False)), left[count:], right[count:]


def _twins(
    left: list[ComparedRow], right: list[ComparedRow]
) -> tuple[list[Pair], list[ComparedRow], list[ComparedRow]]:
    twins: dict[tuple[object, ...], tuple[list[ComparedRow], list[ComparedRow]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((left, right)):
        for row in sorted(rows, key=_order):
            twins[(tuple(f.same for f in row.fields), row.near)][side].append(row)
    pairs: list[Pair] = []
    only_left: list[ComparedRow] = []
    only_right: list[ComparedRow] = []
    for ours, theirs in twins.values():
        count = min(len(ours), len(theirs))
        pairs += zip(ours, theirs, strict=False)
        only_left += ours[count:]
        only_right += theirs[count:]
    return pairs, only_left, only_right


def _renames(
    lost: list[ComparedRow], found: list[ComparedRow]
) -> tuple[list[Pair], list[ComparedRow], list[ComparedRow]]:
    pairs: list[Pair] = []
    only_base = [row for row in lost if row.family is None]
    only_head = [row for row in found if row.family is None]
    groups = _groups((r for r in lost if r.family is not None), (r for r in found if r.family is not None), _family)
    for _, (left, right) in sorted(groups.items(), key=lambda item: item[0]):
        made, only_left, only_right = _pair(left, right, likeness, RENAMED)
        pairs += made
        only_base += only_left
        only_head += only_right
    return pairs, only_base, only_head


def _family(row: ComparedRow) -> tuple[str, ...]:
    return row.family or ()


def _nearness(left: ComparedRow, right: ComparedRow) -> float:
    same_fields = sum(a.same == b.same for a, b in zip(left.fields, right.fields, strict=True))
    same_places = sum(a == b for a, b in zip(left.near, right.near, strict=True))
    return same_fields + same_places / (len(left.near) + 1)


def _groups(
    base: Iterable[ComparedRow], head: Iterable[ComparedRow], key: Callable[[ComparedRow], tuple[str, ...]]
) -> dict[tuple[str, ...], tuple[list[ComparedRow], list[ComparedRow]]]:
    groups: dict[tuple[str, ...], tuple[list[ComparedRow], list[ComparedRow]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((base, head)):
        for row in rows:
            groups[key(row)][side].append(row)
    return groups


def _pair(
    left: list[ComparedRow], right: list[ComparedRow], alike: Likeness, at_least: float
) -> tuple[list[Pair], list[ComparedRow], list[ComparedRow]]:
    """Best pairs first. Ties are settled by the rows' content without regard to the side."""
    if len(left) * len(right) > _MOST_CANDIDATES:
        return [], left, right
    left, right = sorted(left, key=_order), sorted(right, key=_order)
    if len(left) == len(right) == 1:
        good = alike(left[0], right[0]) >= at_least
        return ([(left[0], right[0])], [], []) if good else ([], left, right)
    scored = _candidates(left, right, alike, at_least)
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    pairs: list[Pair] = []
    for _, _, _, i, j in scored:
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            pairs.append((left[i], right[j]))
    return pairs, _rest(left, taken_left), _rest(right, taken_right)


def _candidates(
    left: list[ComparedRow], right: list[ComparedRow], alike: Likeness, at_least: float
) -> list[tuple[float, tuple[object, ...], tuple[object, ...], int, int]]:
    scored = []
    for (i, a), (j, b) in itertools.product(enumerate(left), enumerate(right)):
        score = alike(a, b)
        if score >= at_least:
            low, high = sorted((_order(a), _order(b)))
            scored.append((-score, low, high, i, j))
    return sorted(scored)


def _rest(rows: Sequence[ComparedRow], taken: set[int]) -> list[ComparedRow]:
    return [row for index, row in enumerate(rows) if index not in taken]


def _order(row: ComparedRow) -> tuple[object, ...]:
    places = tuple((e.repo, e.commit, e.path, e.line, e.end_line, e.role, e.text) for e in row.evidence)
    return (row.key, tuple((f.same, f.shown) for f in row.fields), row.near, row.title, row.id, places)


def _overlap(left: str, right: str) -> float:
    """Dice's coefficient of the words of two texts: symmetric, quick, blind to order and spelling of case."""
    a, b = _words(left), _words(right)
    if not a and not b:
        return float(left == right)
    return 2 * len(a & b) / (len(a) + len(b))


@functools.lru_cache(maxsize=100_000)
def _words(text: str) -> frozenset[str]:
    return frozenset(words_of(text))
