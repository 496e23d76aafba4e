"""Snapshots: an embedded SQLite store of past graphs, by time and by the commits they were made from.

A snapshot is one state of the estate and the time it was seen in: a night on which nothing changed lengthens the last
snapshot instead of adding one. Counts stay for ever; retention drops only the graphs themselves. A snapshot is *good*
once the night that took it was carried to its end (site published); what an interrupted night left is not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from c4trace.snapshots.retention import Retention, keep
from c4trace.snapshots.spec import SpecKind, parse_spec
from extractor.errors import C4traceError, UserError
from extractor.model.graph import Graph
from extractor.model.serialise import from_dict, to_dict

# "c4tr" in ASCII: SQLite's application id, by which `file` and we tell this store from any other database.
APPLICATION_ID = 0x63347472

# One script for each schema version; a store of version n is brought up to date by running the scripts after n.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE content (digest TEXT PRIMARY KEY, graph BLOB NOT NULL)",
        """CREATE TABLE snapshot (
            id INTEGER PRIMARY KEY AUTOINCREMENT, taken TEXT NOT NULL, seen TEXT NOT NULL, generated TEXT NOT NULL,
            digest TEXT NOT NULL, good INTEGER NOT NULL, flows INTEGER NOT NULL, tasks INTEGER NOT NULL,
            schedules INTEGER NOT NULL, calls INTEGER NOT NULL, routes INTEGER NOT NULL, brittle INTEGER NOT NULL,
            unknowns INTEGER NOT NULL)""",
        "CREATE INDEX snapshot_taken ON snapshot (taken, id)",
        """CREATE TABLE source (
            snapshot INTEGER NOT NULL REFERENCES snapshot (id) ON DELETE CASCADE, name TEXT NOT NULL,
            ref TEXT NOT NULL, "commit" TEXT NOT NULL, stale INTEGER NOT NULL, PRIMARY KEY (snapshot, name))""",
        'CREATE INDEX source_commit ON source (name, "commit")',
    ),
    (
        """CREATE TABLE change (
            key TEXT PRIMARY KEY, snapshot INTEGER NOT NULL, noted TEXT NOT NULL, title TEXT NOT NULL,
            summary TEXT NOT NULL)""",
        """CREATE TABLE notice (
            id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, noted TEXT NOT NULL, hook TEXT NOT NULL,
            body TEXT NOT NULL, delivered TEXT)""",
        "CREATE TABLE breach (fingerprint TEXT PRIMARY KEY)",
    ),
)
SCHEMA = len(MIGRATIONS)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a graph holds, counted. `brittle` are findings that nobody suppressed, `unknowns` the gaps."""

    flows: int
    tasks: int
    schedules: int
    calls: int
    routes: int
    brittle: int
    unknowns: int


COUNTED = tuple(field.name for field in fields(Counts))


@dataclass(frozen=True, slots=True)
class SourceAt:
    """A source as a snapshot saw it. `stale` is set when it could not be reached and its last good commit was read."""

    name: str
    ref: str
    commit: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stored state: first `taken`, last `seen` (ISO 8601, UTC). `kept` is false once retention dropped its graph."""

    id: int
    taken: str
    seen: str
    digest: str
    good: bool
    kept: bool
    counts: Counts
    sources: tuple[SourceAt, ...]


def count(graph: Graph) -> Counts:
    """The counted columns of a graph."""
    return Counts(
        flows=sum(not flow.declared for flow in graph.flows),
        tasks=len(graph.tasks),
        schedules=len(graph.schedules),
        calls=len(graph.calls),
        routes=len(graph.routes),
        brittle=sum(1 for finding in graph.findings if not finding.suppressed and finding.severity != "info"),
        unknowns=len(graph.gaps),
    )


def stamp(when: datetime) -> str:
    """A time as the store writes it: ISO 8601 in UTC, to the second. Raises ValueError for a time without a zone."""
    if when.tzinfo is None:
        raise ValueError("a snapshot's time needs a zone")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unstamp(text: str) -> datetime:
    """The inverse of `stamp`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


class SnapshotStore:
    """An open store; use it as a context manager. Every method raises UserError when the file is damaged.

    `connection` is for the other tables of the same file (`c4trace.nightly.journal`); use it inside `transaction`.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open the store at `path`; make it, folders included, when it is absent and `create` is set.

        Raises UserError when it is absent and not to be made, damaged, of another program, or of a newer version.
        """
        self.path = path
        if not create and not path.is_file():
            raise UserError(f"there is no snapshot store at {path}", "run `c4trace nightly`, or name one with --store")
        with self.guard():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self.connection.close()
                raise

    def __enter__(self) -> SnapshotStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.connection.close()

    def put(self, graph: Graph, when: datetime, *, good: bool = True) -> int:
        """Store `graph` as of `when` and return its id.

        When the snapshot before `when` has the same content (the stamp aside), that one is lengthened to `when` and
        its id returned. With `good` false the snapshot waits for `mark_good`.
        """
        taken, body = stamp(when), _body(graph)
        digest = hashlib.sha256(body).hexdigest()
        with self.transaction():
            before = self._one("taken <= ?", taken)
            if before is not None and before.digest == digest:
                identity = before.id
                self.connection.execute("UPDATE snapshot SET seen = max(seen, ?) WHERE id = ?", (taken, identity))
            else:
                identity = self._insert(graph, taken, digest)
            # Also after retention dropped it: a state that came back is worth keeping again.
            self.connection.execute("INSERT OR IGNORE INTO content VALUES (?, ?)", (digest, zlib.compress(body, 6)))
            if good:
                self.mark_good(identity)
        return identity

    def mark_good(self, identity: int) -> None:
        """Say that the night which took this snapshot was carried to its end; drop what interrupted nights left."""
        with self.transaction():
            self.connection.execute("UPDATE snapshot SET good = 1 WHERE id = ?", (identity,))
            self.connection.execute("DELETE FROM snapshot WHERE good = 0 AND id < ?", (identity,))
            self._sweep()

    def row(self, identity: int) -> Snapshot:
        """The snapshot of an id, good or not. Raises UserError when there is none."""
        found = self._one("id = ?", identity)
        if found is None:
            raise UserError(f"there is no snapshot #{identity} in {self.path}", "`c4trace history` lists them")
        return found

    def latest_good(self) -> Snapshot | None:
        """The last good snapshot whose graph is kept."""
        return self._one("good AND kept")

    def history(self) -> tuple[Snapshot, ...]:
        """All good snapshots, oldest first, those included whose graphs retention dropped."""
        return tuple(reversed(self._many("good")))

    def graph(self, identity: int) -> Graph:
        """The graph of a snapshot. Raises UserError when there is none, it was dropped, or it does not read back."""
        if not self.row(identity).kept:
            raise UserError(f"the graph of snapshot #{identity} was dropped by retention", "its counts remain")
        with self.guard():
            row = self.connection.execute(
                "SELECT generated, digest, graph FROM snapshot JOIN content USING (digest) WHERE id = ?", (identity,)
            ).fetchone()
        return self._decode(identity, *row)

    def at(self, spec: str, now: datetime) -> Snapshot:
        """The kept good snapshot that `spec` names, as of `now`: `latest`, `today`, `yesterday`, `3 days ago`,
        `2025-03-31`, `2025-03-31T12:00:00Z` (the state at that time, or at that day's end, UTC), `#12`, or
        `source@commit` (the last one made from that commit; seven digits or more).

        Raises UserError when it is none of these, or names nothing stored.
        """
        wanted = parse_spec(spec, now)
        if wanted is None:
            raise UserError(f"{spec!r} names no snapshot", "latest, yesterday, 2025-03-31, #12, or source@commit")
        found = self._find(wanted.kind, wanted.value, wanted.name)
        if found is None:
            oldest = self._many("good AND kept")
            have = f"the oldest is #{oldest[-1].id} of {oldest[-1].taken}" if oldest else "none is kept"
            raise UserError(f"no snapshot for {spec!r} in {self.path}", f"{have}; `c4trace history` lists them")
        return found

    def prune(self, retention: Retention) -> int:
        """Drop the graphs that `retention` does not keep; return how many snapshots lost theirs. Counts stay."""
        rows = self._many("good AND kept")
        kept = keep(((row.id, unstamp(row.seen)) for row in rows), retention)
        wanted = {row.digest for row in rows if row.id in kept}
        dropped = [row for row in rows if row.digest not in wanted]
        with self.transaction():
            self.connection.executemany("DELETE FROM content WHERE digest = ?", [(row.digest,) for row in dropped])
        return len(dropped)

    def check(self) -> None:
        """Read the whole file through SQLite's own check. Raises UserError when it is damaged."""
        with self.guard():
            faults = [row[0] for row in self.connection.execute("PRAGMA quick_check(1)")]
        if faults != ["ok"]:
            raise _damaged(self.path, faults[0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, also when the process is killed. May be nested: the outermost one commits."""
        with self.guard():
            if self.connection.in_transaction:
                yield
                return
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self.connection.in_transaction:  # SQLite itself rolls back when the disk is full
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Turn what SQLite and the file system say into one clear UserError."""
        try:
            yield
        except C4traceError:
            raise
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "") or ""
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise UserError(f"the snapshot store {self.path} is in use by another run", "try again") from error
            if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
                raise _damaged(self.path, str(error)) from error
            raise UserError(f"the snapshot store {self.path} cannot be used: {error}", "check the file") from error
        except OSError as error:
            raise UserError(f"the snapshot store {self.path} cannot be used: {error.strerror}", "check it") from error

    def _prepare(self) -> None:
        execute = self.connection.execute
        self.connection.execute("PRAGMA foreign_keys = ON")
        if (version := self._version()) < SCHEMA:
            execute("PRAGMA journal_mode = WAL")
            execute("BEGIN IMMEDIATE")
            # Looked at again under the lock: another process may have just done it.
            for script in MIGRATIONS[self._version() :]:
                for statement in script:
                    execute(statement)
            execute(f"PRAGMA application_id = {APPLICATION_ID}")
            execute(f"PRAGMA user_version = {SCHEMA}")
            execute("COMMIT")
        elif version > SCHEMA:
            raise UserError(
                f"the snapshot store {self.path} is of version {version}; this c4trace knows up to {SCHEMA}",
                "use the newer c4trace that wrote it, or another --store",
            )

    def _version(self) -> int:
        """The store's schema version, 0 for a new file. Raises UserError for another program's database."""
        application = self.connection.execute("PRAGMA application_id").fetchone()[0]
        if application == APPLICATION_ID:
            return int(self.connection.execute("PRAGMA user_version").fetchone()[0])
        if self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise UserError(f"{self.path} is a database of another program", "name another file with --store")
        return 0

    def _insert(self, graph: Graph, taken: str, digest: str) -> int:
        counts = count(graph)
        columns = ", ".join(COUNTED)
        placeholders = ", ".join("?" * (5 + len(COUNTED)))
        row = self.connection.execute(
            f"INSERT INTO snapshot (taken, seen, generated, digest, good, {columns}) VALUES ({placeholders})",
            (taken, taken, graph.generated, digest, 0, *(getattr(counts, name) for name in COUNTED)),
        )
        identity = int(row.lastrowid or 0)
        self.connection.executemany(
            "INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?, ?)",
            [(identity, source.name, source.ref, source.commit, int(source.stale)) for source in graph.sources],
        )
        return identity

    def _find(self, kind: SpecKind, value: str, name: str) -> Snapshot | None:
        if kind is SpecKind.LATEST:
            return self._one("good AND kept")
        if kind is SpecKind.IDENTITY:
            return self._one("good AND kept AND id = ?", value)
        if kind is SpecKind.TIME:
            return self._one("good AND kept AND taken <= ?", value)
        made_from = 'id IN (SELECT snapshot FROM source WHERE name = ? AND substr("commit", 1, ?) = ?)'
        return self._one(f"good AND kept AND {made_from}", name, len(value), value)

    def _one(self, where: str, *values: object) -> Snapshot | None:
        rows = self._many(where, *values, limit=1)
        return rows[0] if rows else None

    def _many(self, where: str, *values: object, limit: int = -1) -> list[Snapshot]:
        """Snapshots for a condition written in this module, newest first."""
        query = f"""SELECT id, taken, seen, digest, good, kept, {", ".join(COUNTED)} FROM
            (SELECT *, digest IN (SELECT digest FROM content) AS kept FROM snapshot)
            WHERE {where} ORDER BY taken DESC, id DESC LIMIT ?"""
        with self.guard():
            rows = self.connection.execute(query, (*values, limit)).fetchall()
            return [self._snapshot(*row) for row in rows]

    def _snapshot(
        self, identity: int, taken: str, seen: str, digest: str, good: int, kept: int, *counts: int
    ) -> Snapshot:
        sources = self._sources(identity)
        return Snapshot(
            id=identity,
            taken=taken,
            seen=seen,
            digest=digest,
            good=bool(good),
            kept=bool(kept),
            counts=Counts(*counts),
            sources=sources,
        )

    def _sources(self, identity: int) -> tuple[SourceAt, ...]:
        query = 'SELECT name, ref, "commit", stale FROM source WHERE snapshot = ? ORDER BY name'
        rows = self.connection.execute(query, (identity,))
        return tuple(SourceAt(name, ref, commit, bool(stale)) for name, ref, commit, stale in rows)

    def _sweep(self) -> None:
        """Drop the graphs that no snapshot points at any more."""
        self.connection.execute("DELETE FROM content WHERE digest NOT IN (SELECT digest FROM snapshot)")

    def _decode(self, identity: int, generated: str, digest: str, packed: bytes) -> Graph:
        try:
            body = zlib.decompress(packed)
        except zlib.error as error:
            raise _damaged(self.path, f"snapshot #{identity}: {error}") from error
        if hashlib.sha256(body).hexdigest() != digest:
            raise _damaged(self.path, f"snapshot #{identity} is not what was stored")
        try:
            graph: Graph = from_dict(Graph, {**json.loads(body), "generated": generated})
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(
                f"snapshot #{identity} of {self.path} does not fit this version of c4trace: {error}",
                "read it with the version that wrote it",
            ) from error
        return graph


def resolve(spec: str, path: Path, now: datetime) -> Graph:
    """The graph that `spec` names (see `SnapshotStore.at`) in the store at `path`. Raises UserError when none does."""
    with SnapshotStore(path, create=False) as store:
        return store.graph(store.at(spec, now).id)


def _body(graph: Graph) -> bytes:
    """A graph as canonical JSON without its stamp, so that equal content has equal bytes."""
    data = {key: value for key, value in to_dict(graph).items() if key != "generated"}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _damaged(path: Path, detail: str) -> UserError:
    return UserError(
        f"the snapshot store {path} is damaged or no snapshot store: {detail}",
        "restore it from a backup, or move it away to start a new history",
    )
