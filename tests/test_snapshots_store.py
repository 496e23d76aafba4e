"""The snapshot store: what is put is found again, what is equal is stored once, what is damaged is said in one line."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import pytest

from c4trace.snapshots import store as snapshots
from c4trace.snapshots.retention import Retention
from c4trace.snapshots.store import SnapshotStore
from extractor.errors import UserError
from tests.nightly_samples import COMMIT, NOON, finding, graph, night


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "snapshots.db"


def test_a_graph_comes_back_as_it_was_put(path: Path) -> None:
    with SnapshotStore(path) as store:
        identity = store.put(graph(), NOON)
    with SnapshotStore(path) as store:
        assert store.graph(identity) == graph()


def test_the_counted_columns(path: Path) -> None:
    accepted = dataclasses.replace(finding("b"), suppressed="known since 2024")
    findings = (finding("a"), finding("c", "info"), accepted, finding("d", "low"))
    with SnapshotStore(path) as store:
        store.put(graph(tasks=("a", "b"), findings=findings), NOON)
        (row,) = store.history()
    assert row.counts == snapshots.Counts(flows=1, tasks=2, schedules=2, calls=0, routes=0, brittle=2, unknowns=1)
    assert row.sources == (snapshots.SourceAt("shop", "main", COMMIT, False),)


def test_the_same_content_is_stored_once_and_its_time_lengthened(path: Path) -> None:
    with SnapshotStore(path) as store:
        first = store.put(graph(), night(0))
        second = store.put(graph(generated="2025-03-11T12:00:00Z"), night(1))
        assert first == second
        (row,) = store.history()
    assert (row.taken, row.seen) == ("2025-03-10T12:00:00Z", "2025-03-11T12:00:00Z")


def test_a_state_that_comes_back_is_a_new_snapshot(path: Path) -> None:
    with SnapshotStore(path) as store:
        ids = [store.put(graph(tasks=names), night(n)) for n, names in enumerate((("a",), ("b",), ("a",)))]
        assert len(set(ids)) == 3
        assert [row.counts.tasks for row in store.history()] == [1, 1, 1]
        assert store.graph(ids[2]).tasks[0].name == "a"


def test_the_state_of_a_day_is_the_last_one_taken_before_it_ended(path: Path) -> None:
    with SnapshotStore(path) as store:
        first, second = store.put(graph(tasks=("a",)), night(0)), store.put(graph(tasks=("b",)), night(3))
        assert store.at("2025-03-10", night(9)).id == first
        assert store.at("2025-03-12", night(9)).id == first
        assert store.at("2025-03-13", night(9)).id == second
        assert store.at("2025-03-13T11:59:59Z", night(9)).id == first
        assert store.at("2025-03-13T13:00:00+01:00", night(9)).id == second


def test_words_and_ids_and_commits_name_a_snapshot(path: Path) -> None:
    with SnapshotStore(path) as store:
        first = store.put(graph(tasks=("a",)), night(0))
        second = store.put(graph(tasks=("b",), commit="beef" * 10), night(1))
        assert store.at("yesterday", night(1)).id == first
        assert store.at("today", night(1)).id == second
        assert store.at("1 day ago", night(1)).id == first
        assert store.at("latest", night(50)).id == second
        assert store.at(f"#{first}", night(1)).id == store.at(str(first), night(1)).id == first
        assert store.at(f"shop@{COMMIT[:9].upper()}", night(1)).id == first


@pytest.mark.parametrize("spec", ["", "last tuesday", "shop@main", "2025-13-01", "../x", "#", "%"])
def test_what_names_no_snapshot_is_the_users_error(path: Path, spec: str) -> None:
    with SnapshotStore(path) as store, pytest.raises(UserError, match="names no snapshot"):
        store.at(spec, NOON)


def test_a_time_before_the_first_snapshot_says_what_there_is(path: Path) -> None:
    with SnapshotStore(path) as store:
        store.put(graph(), NOON)
        with pytest.raises(UserError, match=r"no snapshot for '2024-01-01'.*the oldest is #1 of 2025-03-10"):
            store.at("2024-01-01", NOON)


def test_a_snapshot_is_good_only_when_its_night_was_carried_to_the_end(path: Path) -> None:
    with SnapshotStore(path) as store:
        good = store.put(graph(tasks=("a",)), night(0))
        store.put(graph(tasks=("b",)), night(1), good=False)
        assert store.latest_good() is not None
        assert store.latest_good().id == good  # type: ignore[union-attr]
        assert [row.id for row in store.history()] == [good]
        with pytest.raises(UserError):
            store.at("#2", night(2))
        last = store.put(graph(tasks=("c",)), night(2), good=False)
        store.mark_good(last)
        assert [row.id for row in store.history()] == [good, last]
        assert store.connection.execute("SELECT count(*) FROM content").fetchone() == (2,)


def test_retention_drops_graphs_and_keeps_counts(path: Path) -> None:
    with SnapshotStore(path) as store:
        for number in range(10):
            store.put(graph(tasks=tuple("abcdefghij"[: number + 1])), night(number))
        assert store.prune(Retention(daily=2, weekly=0, monthly=0)) == 8
        assert [row.counts.tasks for row in store.history()] == list(range(1, 11))
        assert [row.kept for row in store.history()] == [False] * 8 + [True] * 2
        with pytest.raises(UserError, match="dropped by retention"):
            store.graph(1)
        assert store.prune(Retention(daily=2, weekly=0, monthly=0)) == 0


def test_a_dropped_state_that_comes_back_is_kept_again(path: Path) -> None:
    with SnapshotStore(path) as store:
        store.put(graph(tasks=("a",)), night(0))
        store.put(graph(tasks=("b",)), night(1))
        store.prune(Retention(1, 0, 0))
        identity = store.put(graph(tasks=("a",)), night(2))
        assert store.graph(identity).tasks[0].name == "a"


def test_resolve_reads_a_graph_by_its_spec(path: Path) -> None:
    with SnapshotStore(path) as store:
        store.put(graph(tasks=("a",)), night(0))
        store.put(graph(tasks=("b",)), night(1))
    assert snapshots.resolve("yesterday", path, night(1)).tasks[0].name == "a"


def test_a_store_that_is_not_there_is_not_made_by_reading(path: Path) -> None:
    with pytest.raises(UserError, match="there is no snapshot store"):
        snapshots.resolve("latest", path, NOON)
    assert not path.exists()


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("not a database, and long enough to have a header of its own: " * 20)
    with pytest.raises(UserError, match="damaged or no snapshot store"):
        SnapshotStore(path)


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    with pytest.raises(UserError, match="another program"):
        SnapshotStore(path)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_a_store_of_a_newer_version(path: Path) -> None:
    with SnapshotStore(path) as store:
        store.connection.execute(f"PRAGMA user_version = {snapshots.SCHEMA + 1}")
    with pytest.raises(UserError, match="newer c4trace"):
        SnapshotStore(path)


def test_a_store_of_the_first_version_is_brought_up_to_date_with_all_it_holds(path: Path) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path)
    for statement in snapshots.MIGRATIONS[0]:
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {snapshots.APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    old.execute(
        "INSERT INTO snapshot VALUES (7, '2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z', '', 'd',"
        " 1, 1, 2, 3, 4, 5, 6, 7)"
    )
    old.commit()
    old.close()
    with SnapshotStore(path) as store:
        assert [(row.id, row.counts.unknowns) for row in store.history()] == [(7, 7)]
        assert store.connection.execute("SELECT count(*) FROM change").fetchone() == (0,)
        assert store.connection.execute("PRAGMA user_version").fetchone() == (snapshots.SCHEMA,)


def test_damage_in_the_middle_of_the_file_is_found(path: Path) -> None:
    with SnapshotStore(path) as store:
        for number in range(40):
            store.put(graph(tasks=tuple(f"t{i}" for i in range(number))), night(number))
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = os.urandom(len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(UserError, match="damaged"), SnapshotStore(path) as store:
        store.check()


def test_a_graph_that_was_altered_in_the_store_is_not_read(path: Path) -> None:
    with SnapshotStore(path) as store:
        identity = store.put(graph(), NOON)
        other = zlib.compress(b"{}")
        store.connection.execute("UPDATE content SET graph = ?", (other,))
        with pytest.raises(UserError, match="is not what was stored"):
            store.graph(identity)


def test_a_busy_store_says_so(path: Path) -> None:
    with SnapshotStore(path) as first, SnapshotStore(path) as second:
        second.connection.execute("PRAGMA busy_timeout = 1")
        with first.transaction(), pytest.raises(UserError, match="in use by another run"):
            second.put(graph(), NOON)


def test_a_time_without_a_zone_is_refused(path: Path) -> None:
    with SnapshotStore(path) as store, pytest.raises(ValueError, match="zone"):
        store.put(graph(), NOON.replace(tzinfo=None))


@pytest.mark.slow
def test_a_writer_killed_before_any_statement_leaves_a_whole_store(path: Path) -> None:
    program = textwrap.dedent(
        """
        import itertools, os, signal, sys
        from pathlib import Path
        from c4trace.snapshots.store import SnapshotStore
        from tests.nightly_samples import graph, night
        with SnapshotStore(Path(sys.argv[1])) as store:
            steps = itertools.count(1)
            last = int(sys.argv[2])
            stop = lambda: os.kill(os.getpid(), signal.SIGKILL)
            store.connection.set_trace_callback(lambda said: next(steps) == last and stop())
            store.put(graph(tasks=(f"t{last}",)), night(last))
        """
    )
    with SnapshotStore(path) as store:
        store.put(graph(tasks=("t0",)), night(0))
    for last in range(1, 50):
        run = subprocess.run([sys.executable, "-c", program, str(path), str(last)], check=False)
        with SnapshotStore(path) as store:
            store.check()
            rows = store.history()
            assert [len(store.graph(row.id).tasks) for row in rows] == [1] * len(rows)
        if run.returncode == 0:
            assert len(rows) == 2
            break
        assert (run.returncode, len(rows)) == (-signal.SIGKILL, 1)
    assert last > 4
