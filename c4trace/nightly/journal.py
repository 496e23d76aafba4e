"""What the nights told: changes (for the feed and the page), breaches, and notices to webhooks; beside the snapshots.

A notice is written together with the change it tells, and crossed out once it was delivered: a night that is killed
in between, or finds the webhook down, leaves it to the next night. A webhook may so hear of a thing twice, never not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from c4trace.snapshots.store import SnapshotStore, stamp

# A notice that could not be delivered for so long is old news.
GIVE_UP_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change between two good snapshots. `key` is made of both; `summary` is HTML, `noted` ISO 8601 (UTC)."""

    key: str
    noted: str
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What the hook named `hook` is to be told: `body` is the JSON text to post. `key` makes it one of a kind."""

    key: str
    hook: str
    body: str


def note(
    store: SnapshotStore,
    snapshot: int,
    change: ChangeRow | None,
    breaches: Iterable[str],
    notices: Iterable[Notice],
    now: datetime,
) -> None:
    """Write down a change, the breaches (fingerprints) and the notices. Told again (same keys), nothing is added."""
    with store.transaction():
        store.connection.execute("DELETE FROM breach")
        store.connection.executemany("INSERT OR IGNORE INTO breach VALUES (?)", [(mark,) for mark in breaches])
        if change is not None:
            store.connection.execute(
                "INSERT OR IGNORE INTO change VALUES (?, ?, ?, ?, ?)",
                (change.key, snapshot, change.noted, change.title, change.summary),
            )
        keep(store, notices, now)


def keep(store: SnapshotStore, notices: Iterable[Notice], now: datetime) -> None:
    """Write down notices that are to be delivered; one that is known already is not added."""
    with store.transaction():
        store.connection.executemany(
            "INSERT OR IGNORE INTO notice (key, noted, hook, body) VALUES (?, ?, ?, ?)",
            [(notice.key, stamp(now), notice.hook, notice.body) for notice in notices],
        )


def changes(store: SnapshotStore, limit: int) -> tuple[ChangeRow, ...]:
    """The last changes told, newest first."""
    query = "SELECT key, noted, title, summary FROM change ORDER BY noted DESC, key LIMIT ?"
    with store.guard():
        return tuple(ChangeRow(*row) for row in store.connection.execute(query, (limit,)))


def last_change(store: SnapshotStore) -> int | None:
    """The id of the snapshot that the last change told led to."""
    with store.guard():
        row = store.connection.execute("SELECT snapshot FROM change ORDER BY noted DESC, key LIMIT 1").fetchone()
    return int(row[0]) if row else None


def breaches(store: SnapshotStore) -> frozenset[str]:
    """The fingerprints of the gate's breaches as of the last good night: they were told and are no news."""
    with store.guard():
        return frozenset(row[0] for row in store.connection.execute("SELECT fingerprint FROM breach"))


def undelivered(store: SnapshotStore, now: datetime) -> tuple[Notice, ...]:
    """The notices still to deliver, oldest first; those older than GIVE_UP_AFTER are left out."""
    query = "SELECT key, hook, body FROM notice WHERE delivered IS NULL AND noted >= ? ORDER BY id"
    with store.guard():
        return tuple(Notice(*row) for row in store.connection.execute(query, (stamp(now - GIVE_UP_AFTER),)))


def delivered(store: SnapshotStore, notice: Notice, now: datetime) -> None:
    """Cross out a notice; what it said is not kept."""
    with store.transaction():
        store.connection.execute("UPDATE notice SET delivered = ?, body = '' WHERE key = ?", (stamp(now), notice.key))
