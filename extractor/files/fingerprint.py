"""What kept results depend on beside their input: the code that made them, its data, and its libraries."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

_CODE = (".py",)
_DATA = (".yaml", ".json")


def fingerprint(packages: Iterable[str], libraries: Iterable[str], data: Iterable[Path] = ()) -> str:
    """A digest of the interpreter's version, of every module of `packages` (dotted names), of every YAML and JSON file
    below the folders `data` (each by name and bytes), and of the versions of `libraries` (distribution names).

    Raises RuntimeError for a package or folder that holds no such file: a key that covers nothing would never change.
    """
    digest = hashlib.sha256(repr(sys.version_info[:3]).encode())
    for name in libraries:
        digest.update(f"{name} {_version(name)}\0".encode())
    for package in packages:
        for line in _contents(package, _folders(package), _CODE):
            digest.update(line)
    for folder in data:
        for line in _contents(folder.name, (folder,), _DATA):
            digest.update(line)
    return digest.hexdigest()


def _contents(name: str, folders: Iterable[Path], suffixes: tuple[str, ...]) -> Iterator[bytes]:
    found = [(folder, path) for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in suffixes]
    if not found:
        raise RuntimeError(f"{name} holds no {' or '.join(suffixes)}")
    for folder, path in found:
        yield f"{name}/{path.relative_to(folder).as_posix()}\0".encode()
        yield hashlib.sha256(path.read_bytes()).digest()


def _folders(package: str) -> Iterator[Path]:
    """Where a package is, wherever it was moved; nowhere when there is none of that name."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder)


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "is not installed"
