"""The baseline: breaches that were accepted, each by fingerprint, with a reason and a date on which that ends."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UserError
from extractor.files.shipped import read_schema
from extractor.files.yaml import as_yaml, read_yaml, refuse

_FIELDS = ("fingerprint", "rule", "where", "reason", "expires")
_HEADER = """\
# Breaches of the policy that are accepted for now, by fingerprint.
# `c4trace baseline --update` takes out what was mended; `--accept` puts one in. Nothing enters by itself.
"""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One accepted breach, until the end of `expires` (ISO 8601). `rule` and `where` are for readers."""

    fingerprint: str
    rule: str
    where: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """All acceptances, sorted, no fingerprint twice."""

    accepted: tuple[Acceptance, ...] = ()

    def find(self, fingerprint: str) -> Acceptance | None:
        """The acceptance of one fingerprint, expired or not."""
        return next((a for a in self.accepted if a.fingerprint == fingerprint), None)


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file; an empty one when there is no such file. Raises UserError that lists all faults."""
    if not path.exists():
        return Baseline()
    document = read_yaml(path, read_schema("baseline"))
    entries = document.data.get("accepted", [])
    prints = [entry["fingerprint"] for entry in entries]
    twice = [at for at, mark in enumerate(prints) if mark in prints[:at]]
    refuse(path, [document.fault(("accepted", at), f"fingerprint {prints[at]} stands twice") for at in twice])
    return _sorted(Acceptance(**entry) for entry in entries)


def dump_baseline(baseline: Baseline) -> str:
    """The baseline as YAML text; `read_baseline` reads it back."""
    entries = [{field: getattr(a, field) for field in _FIELDS} for a in baseline.accepted]
    body = as_yaml({"accepted": entries})
    return _HEADER + body


def accept(baseline: Baseline, entry: Acceptance) -> Baseline:
    """`baseline` with `entry` in it, in place of an older acceptance of the same fingerprint.

    Raises UserError when the reason is empty or the date is no date.
    """
    if not entry.reason.strip():
        raise UserError("an acceptance needs a reason", "say in --reason why this breach may stand")
    if not _is_date(entry.expires):
        raise UserError(f"{entry.expires!r} is not a date", "write --expires as YYYY-MM-DD")
    others = (a for a in baseline.accepted if a.fingerprint != entry.fingerprint)
    return _sorted((*others, dataclasses.replace(entry, reason=entry.reason.strip())))


def prune(baseline: Baseline, standing: Iterable[str]) -> Baseline:
    """`baseline` without what no longer stands (`standing`: the fingerprints of all that could be accepted)."""
    kept = set(standing)
    return Baseline(tuple(a for a in baseline.accepted if a.fingerprint in kept))


def _sorted(entries: Iterable[Acceptance]) -> Baseline:
    return Baseline(tuple(sorted(entries, key=lambda a: (a.rule, a.where, a.fingerprint))))


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
