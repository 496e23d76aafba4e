"""The words of a diff: names of kinds, signs, headlines and sentences that all its formats share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from extractor.diff.document import KINDS, STATUSES, Change, Commit, Contract, FieldChange, GraphDiff, SourceRange
from extractor.model.graph import Evidence

KIND_WORDS = {
    "flows": ("flow", "flows"),
    "tasks": ("task", "tasks"),
    "schedules": ("schedule", "schedules"),
    "enqueues": ("enqueue", "enqueues"),
    "routes": ("route", "routes"),
    "inbound": ("inbound call", "inbound calls"),
    "calls": ("call", "calls"),
    "reach": ("entry point", "entry points"),
    "stores": ("datastore use", "datastore uses"),
    "settings": ("setting", "settings"),
    "findings": ("finding", "findings"),
    "cycles": ("cycle", "cycles"),
    "nodes": ("element", "elements"),
    "steps": ("scenario step", "scenario steps"),
    "etl": ("ETL row", "ETL rows"),
    "gaps": ("count of what is not understood", "counts of what is not understood"),
}
SIGNS = {"added": "+", "removed": "−", "changed": "~"}
# A set is told by what came and what left; beyond this many, their number is told.
MOST_ITEMS = 5
NOTHING = "No change of architecture."


def counted(number: int, kind: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {KIND_WORDS[kind][number != 1]}"


def title_of(kind: str) -> str:
    """The heading of a kind: `Scenario steps`."""
    words = KIND_WORDS[kind][1]
    return words[0].upper() + words[1:]


def headline(diff: GraphDiff) -> str:
    """The diff in one line: broken contracts, then how much of each kind was added, removed, changed."""
    if diff.empty:
        return NOTHING
    broken = sum(c.status == "broken" for c in diff.contracts)
    parts = [f"{broken} contract{'s' if broken > 1 else ''} broken"] if broken else []
    for kind, counts in diff.counts().items():
        counted = " ".join(f"{SIGNS[status]}{counts[status]}" for status in STATUSES if counts[status])
        parts.append(f"{KIND_WORDS[kind][1]} {counted}")
    return ", ".join(parts) or f"{len(diff.contracts)} contracts mended"


def contract_text(contract: Contract) -> str:
    """A broken or mended contract in one sentence."""
    asked = f"{contract.method} {contract.url}".strip()
    if contract.kind == "inbound":
        now = "is no longer served" if contract.status == "broken" else "is served now"
        return f"{contract.target}: {asked}, which {contract.caller} calls, {now}."
    if contract.status == "broken":
        if contract.kept:
            return f"{contract.caller} calls {asked}: {contract.target} serves no route for it any more."
        return f"{contract.caller} now calls {asked}: {contract.target} at its scanned commit serves no such route."
    if contract.kept:
        return f"{contract.caller} calls {asked}: {contract.target} serves it now."
    return f"{contract.caller} no longer calls {asked}, which {contract.target} does not serve."


def change_text(change: Change) -> str:
    """A change in a few words: its title, and what it was called before."""
    return f"{change.old_title} → {change.title}" if change.old_title else change.title


def field_text(field: FieldChange) -> str:
    """`cadence: hourly → daily`; of a set `tasks: + pay, refund; − mail`."""
    if field.added or field.removed:
        parts = [f"{sign} {_some(items)}" for sign, items in (("+", field.added), ("−", field.removed)) if items]
        return f"{field.field}: {'; '.join(parts)}"
    return f"{field.field}: {field.old or 'none'} → {field.new or 'none'}"


def told_fields(change: Change) -> tuple[FieldChange, ...]:
    """The fields that a reader is told of: all that differ, and of what is new or gone the sets that it stands for."""
    if change.status == "changed":
        return change.fields
    return tuple(f for f in change.fields if (items := f.added or f.removed) and not _in_title(items, change))


def _in_title(items: Sequence[str], change: Change) -> bool:
    return len(items) == 1 and items[0] in change.title


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - MOST_ITEMS} more" if len(items) > MOST_ITEMS else ""
    return ", ".join(items[:MOST_ITEMS]) + more


def commit_text(commit: Commit) -> str:
    """`3f0c2a91be 2025-03-11 Refunds go to the bank`."""
    return f"{commit.sha[:10]} {commit.date[:10]} {commit.subject}"


def place_text(evidence: Evidence) -> str:
    """`shop: orders/api.py:10`."""
    return f"{evidence.repo}: {evidence.path}:{evidence.line}"


def sections(diff: GraphDiff) -> Iterable[tuple[str, tuple[Change, ...]]]:
    """Kinds that changed, in their order, each with its changes."""
    return ((kind, diff.of(kind)) for kind in KINDS if diff.of(kind))


def ranges(diff: GraphDiff) -> list[str]:
    """`shop v1 (a1b2c3d4e5f6) → v2 (0f1e2d3c4b5a)` for each source whose commit differs, or that was not compared."""
    return [
        f"{s.name} {_side(s.base_ref, s.base_commit)} → {_side(s.head_ref, s.head_commit)}{_unread(s)}"
        for s in diff.sources
        if s.base_commit != s.head_commit or s.unread
    ]


def visible(text: str) -> str:
    """`text` on one line with nothing in it that a terminal would obey: control characters become `�`."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))


def _unread(source: SourceRange) -> str:
    if not source.unread:
        return ""
    whole = " whole" if source.base_commit and source.head_commit else ""
    return f", which could not be read{whole}: not compared"


def _side(ref: str, commit: str) -> str:
    if not commit:
        return "(none)"
    return f"{ref} ({commit[:12]})" if ref and ref != commit else commit[:12]
