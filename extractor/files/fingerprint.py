"""What kept results depend on beside their input: the code that made them, its rules, and its libraries."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
SUMMARY_CODE = (PACKAGE / "syntax", PACKAGE / "summary")
SUMMARY_LIBRARIES = ("libcst",)
# Libraries that decide what a fact says: how files of a repository and rule files are read, versions compared.
FACTS_LIBRARIES = (*SUMMARY_LIBRARIES, "PyYAML", "jsonschema", "packaging", "networkx")


def fingerprint(folders: Iterable[Path], suffixes: Iterable[str], libraries: Iterable[str]) -> str:
    """A digest of the interpreter's version, of every file below `folders` with one of `suffixes` (its name and its
    bytes), and of the versions of `libraries` (distribution names).

    Raises RuntimeError when a folder holds no such file: a key that covers nothing would never change.
    """
    digest = hashlib.sha256(repr(sys.version_info[:3]).encode())
    for name in libraries:
        digest.update(f"{name} {metadata.version(name)}\0".encode())
    wanted = tuple(suffixes)
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix in wanted)
        if not files:
            raise RuntimeError(f"no {' or '.join(wanted)} below {folder}")
        for path in files:
            digest.update(f"{folder.name}/{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
