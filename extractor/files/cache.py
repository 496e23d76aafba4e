"""Bytes kept between runs, one file for each key, whole or not at all. It is only a cache: damage is passed over."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

_DIGEST = 16


def private_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are not there, for the user alone, whatever the umask is.

    Raises OSError when one cannot be made.
    """
    for one in (*reversed(folder.parents), folder):
        if not one.is_dir():
            one.mkdir(0o700, exist_ok=True)


class FileCache:
    """A directory of kept files, of which the last used are let stand.

    `directory` is None where nothing shall be kept; `most` is the number of files that stay.
    """

    def __init__(self, directory: Path | None, most: int) -> None:
        self._directory, self._most = directory, most

    def get(self, key: str) -> bytes | None:
        """What is kept under a key (of letters and digits), or None: also when the file is damaged."""
        if self._directory is None:
            return None
        try:
            data = (self._directory / key).read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):  # it may be mounted read-only
            os.utime(self._directory / key)
        return unsealed(key, data)

    def newest_first(self) -> list[str]:
        """The keys under which something is kept, the last used first."""
        try:
            found = [(entry.stat().st_mtime_ns, entry.name) for entry in self._kept()]
        except OSError:
            return []
        return [name for _, name in sorted(found, reverse=True)]

    def put(self, key: str, body: bytes) -> None:
        """Keeps a body under a key. What cannot be written is not kept."""
        if self._directory is None:
            return
        with contextlib.suppress(OSError):
            private_folder(self._directory)
            handle, temporary = tempfile.mkstemp(dir=self._directory, prefix=".")
            with os.fdopen(handle, "wb") as file:
                file.write(sealed(key, body))
            try:
                os.replace(temporary, self._directory / key)
            except OSError:
                os.unlink(temporary)
            self._let_go()

    def _let_go(self) -> None:
        kept = self._kept()
        if len(kept) > self._most:
            kept.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
            for old in kept[self._most :]:
                Path(old.path).unlink(missing_ok=True)

    def _kept(self) -> list[os.DirEntry[str]]:
        if self._directory is None:
            return []
        return [entry for entry in os.scandir(self._directory) if not entry.name.startswith(".")]


def sealed(key: str, body: bytes) -> bytes:
    """A body as it is kept under a key: behind a digest of both, which tells damage. It vouches for nobody."""
    return _digest(key, body) + body


def unsealed(key: str, data: bytes) -> bytes | None:
    """The body that was sealed, or None when it is damaged, or was kept under another key."""
    body = data[_DIGEST:]
    return body if _digest(key, body) == data[:_DIGEST] else None


def _digest(key: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST, key=hashlib.sha256(key.encode()).digest()).digest()
