"""The lock of a nightly run: one at a time, however the last one ended."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UserError


class Busy(Exception):
    """Another run holds the lock. `holder` says in words which, as far as it is known."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is held. `unfinished` is when a run began that never came to its end (killed), or ""."""

    unfinished: str


@contextlib.contextmanager
def hold(path: Path, began: str) -> Iterator[Held]:
    """Hold the lock file at `path` for a run that began at `began` (ISO 8601).

    The kernel lets go of it when the process ends, even by `kill -9`; the note in it stays behind, and so tells the
    next run. Raises Busy when another process holds it, UserError when the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise UserError(f"the lock {path} cannot be made: {error.strerror}", "name another state directory") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid, since = _note(path)
            raise Busy(f"process {pid}, since {since}" if pid else "another process") from error
        _, unfinished = _note(path)
        _write(file.fileno(), json.dumps({"pid": os.getpid(), "began": began}))
        try:
            yield Held(unfinished)
        finally:
            _write(file.fileno(), "")


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.write(descriptor, text.encode())


def _note(path: Path) -> tuple[int, str]:
    """Who wrote the lock file and when it began; zero and "" when it is empty or half written."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return int(note["pid"]), str(note["began"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
