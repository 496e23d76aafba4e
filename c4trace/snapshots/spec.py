"""How a person names a past snapshot (`yesterday`, `2025-03-31`, `#12`, `source@commit`), parsed."""

from __future__ import annotations

import enum
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

_AGO = re.compile(r"(\d{1,4}) days? ago")
_IDENTITY = re.compile(r"#?(\d{1,9})")
_COMMIT = re.compile(r"([^@\s]+)@([0-9a-fA-F]{7,40})")


class SpecKind(enum.Enum):
    """What a spec is looked up by."""

    LATEST = "latest"
    IDENTITY = "identity"
    TIME = "time"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed spec. `value` is an id, a UTC time as the store writes it, or the start of a commit id of `name`."""

    kind: SpecKind
    value: str = ""
    name: str = ""


def state_dir() -> Path:
    """Where the nights keep what they remember, unless said otherwise: `$C4TRACE_STATE`, or `.c4trace` here."""
    return Path(os.environ.get("C4TRACE_STATE") or ".c4trace")


def default_store() -> Path:
    """The snapshot store, unless said otherwise."""
    return state_dir() / "snapshots.db"


def parse_spec(text: str, now: datetime) -> Spec | None:
    """What `text` asks for, as of `now` (which carries a zone), or None when it names no snapshot."""
    text = text.strip()
    if text == "latest":
        return Spec(SpecKind.LATEST)
    if match := _IDENTITY.fullmatch(text):
        return Spec(SpecKind.IDENTITY, match[1])
    if (days := _days_ago(text)) is not None:
        return _end_of_day(now.astimezone(UTC), days)
    if match := _COMMIT.fullmatch(text):
        return Spec(SpecKind.COMMIT, match[2].lower(), match[1])
    return _time(text)


def _days_ago(text: str) -> int | None:
    if text in ("today", "yesterday"):
        return 0 if text == "today" else 1
    match = _AGO.fullmatch(text)
    return int(match[1]) if match else None


def _end_of_day(day: datetime, days_before: int = 0) -> Spec:
    last = datetime.combine(day.date() - timedelta(days=days_before), time(23, 59, 59))
    return Spec(SpecKind.TIME, last.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _time(text: str) -> Spec | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _end_of_day(when)
    # A time written without a zone is taken as UTC: the store knows no other.
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return Spec(SpecKind.TIME, when.strftime("%Y-%m-%dT%H:%M:%SZ"))
