"""Lengths of time written as text, in seconds.

Sources: pytimeparse (`1h30m`, `2 days, 3 hours`, `1:30:00`), ISO 8601 durations (`P1DT2H30M`, without months and years,
which have no fixed length), and Django's `parse_duration`, which reads `1 02:30:00` as well.
"""

from __future__ import annotations

import re

_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_WORDS = {
    "w": "w|wks?|weeks?",
    "d": "d|dys?|days?",
    "h": "h|hrs?|hours?",
    "m": "m|mins?|minutes?",
    "s": "s|secs?|seconds?",
}
_NUMBER = r"([0-9]{1,12}(?:\.[0-9]{1,12})?)"
_IN_WORDS = re.compile(
    r"\s*".join(rf"(?:{_NUMBER}\s*(?:{words})(?![a-z])\s*,?)?" for words in _WORDS.values()), re.ASCII
)
_CLOCK = re.compile(
    rf"(?:([0-9]{{1,6}})(?:\s*days?,)?\s+|([0-9]{{1,6}}):(?=[0-9]+:[0-9]+:))?"
    rf"(?:([0-9]{{1,6}}):)?([0-9]{{1,6}}):{_NUMBER}"
)
_ISO = re.compile(rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?")


def duration_seconds(text: str) -> float | None:
    """The seconds that a text stands for; None when it is no length of time. A bare number is seconds."""
    plain = text.strip()
    sign = -1.0 if plain.startswith("-") else 1.0
    plain = plain.lstrip("+-").strip()
    if re.fullmatch(_NUMBER, plain):
        return sign * float(plain)
    clock = _CLOCK.fullmatch(plain)
    if clock is not None:
        days, short_days, hours, minutes, seconds = clock.groups()
        return sign * _sum((None, days or short_days, hours, minutes, seconds))
    found = _ISO.fullmatch(plain) or _IN_WORDS.fullmatch(plain.lower())
    if found is None or not any(found.groups()):
        return None
    return sign * _sum(found.groups())


def _sum(counts: tuple[str | None, ...]) -> float:
    return sum((float(count or 0) * unit for count, unit in zip(counts, _UNITS.values(), strict=True)), 0.0)


__all__ = ["duration_seconds"]
