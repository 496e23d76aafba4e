"""A diff for the terminal: contracts first, then each kind, one line a change with its evidence under it."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.diff.document import Change, Commit, Contract, GraphDiff
from renderers.diff.words import (
    NOTHING,
    SIGNS,
    change_text,
    contract_text,
    field_text,
    headline,
    place_text,
    ranges,
    sections,
    title_of,
    told_fields,
    visible,
)

_COLOURS = {"added": "32", "removed": "31", "changed": "33", "broken": "1;31", "mended": "32", "title": "1", "dim": "2"}


def render_diff_terminal(diff: GraphDiff, colour: bool = False, breaches: Sequence[str] = ()) -> str:
    """The diff as text, with ANSI colours when `colour`. `breaches` are lines of the gate, shown last."""
    lines = [*(visible(text) for text in ranges(diff)), NOTHING if diff.empty else headline(diff)]
    for contract in diff.contracts:
        lines += _contract(contract, colour)
    must_set = diff.must_be_set()
    if must_set:
        lines += ["", _paint("To be set before deploying", "title", colour)]
        lines += [f"  ! {visible(change.title)}" for change in must_set]
    for kind, changes in sections(diff):
        lines += ["", _paint(title_of(kind), "title", colour)]
        for change in changes:
            lines += _change(change, colour)
    if breaches:
        lines += ["", _paint("Forbidden by the policy", "broken", colour), *(f"  ✗ {visible(b)}" for b in breaches)]
    return "\n".join(lines) + "\n"


def _contract(contract: Contract, colour: bool) -> list[str]:
    sign = "✗" if contract.status == "broken" else "✓"
    lines = [_paint(f"{sign} {visible(contract_text(contract))}", contract.status, colour)]
    place = next(iter(contract.after or contract.before), None)
    if place:
        lines.append(_paint(f"    {visible(place_text(place))}{_by(contract.commit)}", "dim", colour))
    return lines


def _change(change: Change, colour: bool) -> list[str]:
    lines = [_paint(f"  {SIGNS[change.status]} {visible(change_text(change))}", change.status, colour)]
    lines += [f"      {visible(field_text(field))}" for field in told_fields(change)]
    if change.place:
        lines.append(_paint(f"      {visible(place_text(change.place))}{_by(change.commit)}", "dim", colour))
    return lines


def _by(commit: Commit | None) -> str:
    return f"  ({commit.sha[:10]} {commit.date[:10]} {visible(commit.subject)})" if commit else ""


def _paint(text: str, role: str, colour: bool) -> str:
    return f"\x1b[{_COLOURS[role]}m{text}\x1b[0m" if colour else text
