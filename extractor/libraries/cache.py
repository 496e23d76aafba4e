"""Archives kept on disk by their SHA-256, written whole or not at all, and checked again each time they are read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from extractor.files.cache import private_folder
from extractor.libraries.pins import Pin


@dataclass(frozen=True, slots=True)
class Kept:
    """An archive in the cache. `url` is without credentials; `by_index` says that the index stated its hash."""

    filename: str
    url: str
    sha256: str
    by_index: bool
    data: bytes


def find(cache_dir: Path, pin: Pin) -> Kept | None:
    """The archive kept for the pin: one that a hash of the lock names, else the one last fetched for this version."""
    for digest in sorted(h.partition(":")[2] for h in pin.hashes if h.startswith("sha256:")):
        kept = _read(cache_dir, digest)
        if kept is not None:
            return kept
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        digest = str(json.loads(_pointer(cache_dir, pin).read_bytes())["sha256"])
        return _read(cache_dir, digest)
    return None


def keep(cache_dir: Path, pin: Pin, kept: Kept) -> None:
    """Write the archive and the note that the pin is this archive. Raises OSError when the disk says no."""
    note = {name: value for name, value in asdict(kept).items() if name != "data"}
    _write(_blob(cache_dir, kept.sha256), kept.data)
    _write(_blob(cache_dir, kept.sha256).with_suffix(".json"), json.dumps(note, sort_keys=True).encode())
    _write(_pointer(cache_dir, pin), json.dumps({"sha256": kept.sha256}).encode())


def _blob(cache_dir: Path, sha256: str) -> Path:
    return cache_dir / "archives" / sha256[:2] / sha256


def _pointer(cache_dir: Path, pin: Pin) -> Path:
    # Hashed: a version is text out of a scanned file, and no part of a path.
    return cache_dir / "pins" / (hashlib.sha256(pin.label.encode()).hexdigest() + ".json")


def _read(cache_dir: Path, sha256: str) -> Kept | None:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        return None
    blob = _blob(cache_dir, sha256)
    try:
        data = blob.read_bytes()
        note = json.loads(blob.with_suffix(".json").read_bytes())
        kept = Kept(str(note["filename"]), str(note["url"]), sha256, note["by_index"] is True, data)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if hashlib.sha256(data).hexdigest() == sha256 else None


def _write(path: Path, data: bytes) -> None:
    private_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
