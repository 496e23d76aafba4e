"""The Python sources inside a wheel or an sdist, read in memory: nothing is unpacked, built or run.

Formats: wheel, the "Binary distribution format" page of the packaging specifications (PEP 427); sdist, the "Source
distribution format" page (PEP 517, 625). The archive is untrusted: sizes, counts and names are bounded here.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

MAX_MEMBERS = 20_000
MAX_FILE = 4 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
_NOT_SHIPPED = frozenset(
    ("setup.py", "conftest.py", "noxfile.py", "docs", "doc", "test", "tests", "examples", "example", "benchmarks")
)
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member, an unknown compression
    ValueError,
)


class BadArchive(Exception):
    """The archive cannot be trusted or read; the text says why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Python modules (and `entry_points.txt` of the metadata) by installed path, and the importable top-level names."""

    files: dict[str, bytes]
    top_level: tuple[str, ...]


def read_archive(filename: str, data: bytes) -> Contents:
    """The sources in the archive `data`, told apart by `filename`. Raises BadArchive."""
    try:
        if filename.endswith(".whl"):
            files = _wheel_files(_read(_zip_members(data)))
        else:
            members = _zip_members(data) if filename.endswith(".zip") else _tar_members(filename, data)
            files = _sdist_files(_read(members))
    except _BROKEN as error:
        raise BadArchive(f"the archive cannot be read ({type(error).__name__})") from error
    modules = {path.split("/")[0].removesuffix(".py") for path in files if path.endswith(".py")}
    return Contents(dict(sorted(files.items())), tuple(sorted(modules - {"__init__"})))


class _Member(Protocol):
    @property
    def name(self) -> str: ...

    def read(self, limit: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _ZipMember:
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    name: str

    def read(self, limit: int) -> bytes:
        with self.archive.open(self.info) as stream:
            return stream.read(limit)


@dataclass(frozen=True, slots=True)
class _TarMember:
    archive: tarfile.TarFile
    info: tarfile.TarInfo
    name: str

    def read(self, limit: int) -> bytes:
        stream = self.archive.extractfile(self.info)
        return stream.read(limit) if stream else b""


def _read(members: Iterator[_Member]) -> dict[str, bytes]:
    """The wanted members, checked one by one. The sizes that headers state are not believed."""
    files: dict[str, bytes] = {}
    total = 0
    for count, member in enumerate(members, 1):
        if count > MAX_MEMBERS:
            raise BadArchive(f"the archive holds more than {MAX_MEMBERS} members")
        _check_name(member.name)
        if not _wanted(member.name):
            continue
        data = member.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            continue  # generated tables, not code anyone calls from
        total += len(data)
        if total > MAX_UNPACKED:
            raise BadArchive("the archive unpacks to too much")
        files.setdefault(member.name, data)
    return files


def _check_name(name: str) -> None:
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name or re.match(r"[A-Za-z]:", name):
        raise BadArchive("the archive holds a path that leads out of it")


def _wanted(name: str) -> bool:
    return name.endswith((".py", "/entry_points.txt", ".egg-info/top_level.txt"))


def _zip_members(data: bytes) -> Iterator[_ZipMember]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            link = (info.external_attr >> 16) & 0o170000 == 0o120000
            if not info.is_dir() and not link:
                yield _ZipMember(archive, info, info.filename)


def _tar_members(filename: str, data: bytes) -> Iterator[_TarMember]:
    with tarfile.open(fileobj=_unpacked(filename, data), mode="r|") as archive:
        for info in archive:
            if info.isreg() and not info.issparse():
                yield _TarMember(archive, info, info.name.removeprefix("./"))


def _unpacked(filename: str, data: bytes) -> IO[bytes]:
    """The tar stream inside the compressed `data`, which ends in BadArchive when it grows past MAX_UNPACKED."""
    stream = io.BytesIO(data)
    if filename.endswith((".gz", ".tgz")):
        return io.BufferedReader(_Bounded(gzip.GzipFile(fileobj=stream)))
    if filename.endswith((".bz2", ".tbz")):
        return io.BufferedReader(_Bounded(bz2.BZ2File(stream)))
    if filename.endswith((".xz", ".lzma")):
        return io.BufferedReader(_Bounded(lzma.LZMAFile(stream)))
    return stream


class _Bounded(io.RawIOBase):
    """A raw stream over `inner` that refuses to give more than MAX_UNPACKED bytes."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile) -> None:
        super().__init__()
        self._inner, self._left = inner, MAX_UNPACKED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._inner.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise BadArchive("the archive unpacks to too much")
        buffer[: len(data)] = data
        return len(data)


def _wheel_files(files: dict[str, bytes]) -> dict[str, bytes]:
    """Installed paths: `*.data/purelib` and `platlib` land at the root, scripts and data are not modules."""
    kept: dict[str, bytes] = {}
    for path, data in files.items():
        scheme = re.match(r"[^/]+\.data/([^/]+)/(.+)", path)
        if scheme and scheme.group(1) in ("purelib", "platlib"):
            kept[scheme.group(2)] = data
        elif not scheme:
            kept[path] = data
    return kept


def _sdist_files(files: dict[str, bytes]) -> dict[str, bytes]:
    """Installed paths: the folder `name-version/` is taken off, then the folder that setuptools' egg-info stands in
    (else `src/`, if there is one). `top_level.txt` says what is shipped; without it, build files, docs and tests at
    the root are left out."""
    inner = {path.split("/", 1)[1]: data for path, data in files.items() if "/" in path}
    listing = min((path for path in inner if path.endswith(".egg-info/top_level.txt")), default=None)
    names = frozenset(inner[listing].decode("utf-8", "replace").split()) if listing else frozenset()
    root = listing.rsplit("/", 2)[0] + "/" if listing and listing.count("/") > 1 else ""
    if not listing and any(path.startswith("src/") for path in inner):
        root = "src/"
    kept: dict[str, bytes] = {}
    for path, data in inner.items():
        if not path.startswith(root) or path.endswith("top_level.txt"):
            continue
        installed = path.removeprefix(root)
        first = installed.split("/")[0]
        shipped = first.removesuffix(".py") in names if names else first not in _NOT_SHIPPED
        if shipped or installed.endswith(".egg-info/entry_points.txt"):
            kept[installed] = data
    return kept
