"""Summaries kept between runs: one SQLite file, keyed by blob id and by a fingerprint of the code that makes them."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from extractor.files.cache import private_folder, sealed, unsealed
from extractor.files.fingerprint import fingerprint
from extractor.summary import ModuleSummary, decode

_BATCH = 500
# What reading a damaged file raises: a message of SQLite may hold bytes of the file.
_DAMAGE = (sqlite3.Error, UnicodeDecodeError)
_TABLE = "CREATE TABLE IF NOT EXISTS summary (blob TEXT, code TEXT, data BLOB, PRIMARY KEY (blob, code))"
SUMMARY_PACKAGES = ("extractor.syntax", "extractor.summary", "extractor.text")
SUMMARY_LIBRARIES = ("libcst", "msgspec")


@functools.cache
def summary_code() -> str:
    """Changes with the interpreter, the libraries, and any file of the packages that parse and summarise."""
    return fingerprint(SUMMARY_PACKAGES, SUMMARY_LIBRARIES)[:16]


class SummaryCache:
    """Encoded summaries by blob id. A file that is damaged or cannot be written is passed over: it is only a cache."""

    def __init__(self, directory: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        self._decoded: dict[str, ModuleSummary] = {}
        if directory is None:
            return
        with contextlib.suppress(OSError, *_DAMAGE):
            private_folder(directory)
            self._connection = _open(directory / "summaries.sqlite")

    def summaries(self, blobs: Iterable[str]) -> dict[str, ModuleSummary]:
        """What is kept of these blobs, decoded, each once: two states of a tree share most of their files."""
        wanted = set(blobs)
        stored = self.get_many(blob for blob in sorted(wanted) if blob not in self._decoded)
        self._decode(stored)
        return {blob: self._decoded[blob] for blob in wanted if blob in self._decoded}

    def keep(self, fresh: Mapping[str, bytes]) -> dict[str, ModuleSummary]:
        """Keeps encoded summaries, and gives them decoded."""
        self.put_many(fresh)
        self._decode(fresh)
        return {blob: self._decoded[blob] for blob in fresh if blob in self._decoded}

    def _decode(self, rows: Mapping[str, bytes]) -> None:
        self._decoded.update((blob, s) for blob, data in rows.items() if (s := decode(data)) is not None)

    def get_many(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """What is kept of these blobs."""
        found: dict[str, bytes] = {}
        if self._connection is None:
            return found
        wanted = list(blobs)
        with contextlib.suppress(*_DAMAGE):
            for start in range(0, len(wanted), _BATCH):
                part = wanted[start : start + _BATCH]
                placeholders = ",".join("?" * len(part))
                query = f"SELECT blob, data FROM summary WHERE code = ? AND blob IN ({placeholders})"
                rows = self._connection.execute(query, (summary_code(), *part))
                texts = ((blob, data) for blob, data in rows if isinstance(blob, str) and isinstance(data, bytes))
                opened = ((blob, unsealed(blob, data)) for blob, data in texts)
                found.update((blob, data) for blob, data in opened if data is not None)
        return found

    def put_many(self, rows: Mapping[str, bytes]) -> None:
        """Keeps encoded summaries by blob id."""
        if self._connection is None or not rows:
            return
        with contextlib.suppress(*_DAMAGE), self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO summary (blob, code, data) VALUES (?, ?, ?)",
                ((blob, summary_code(), sealed(blob, data)) for blob, data in rows.items()),
            )
            self._connection.execute("DELETE FROM summary WHERE code != ?", (summary_code(),))

    def close(self) -> None:
        """Closes the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _open(path: Path) -> sqlite3.Connection:
    """The database, made anew when the file is no database, or one of another shape.

    A database may hold views and triggers, which are programs: https://www.sqlite.org/security.html.
    """
    for _attempt in range(2):
        connection = sqlite3.connect(path, timeout=10)
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_TABLE)
            shape = connection.execute("SELECT type, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
            if shape == [("table", _TABLE.replace("IF NOT EXISTS ", ""))]:
                path.chmod(0o600)
                return connection
        except _DAMAGE:
            pass
        connection.close()
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
    return sqlite3.connect(":memory:")
