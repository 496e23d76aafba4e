"""Linked facts kept between runs, as msgpack: a repository in which nothing changed is not linked again.

The key covers all that the facts are made of: every file of the tree, the trees of the estate's own libraries, the
estate, the rules, and the code of the extractor itself. Facts made while a pinned library could not be had stand for no
later run of the same tree, which may have it; those made while a file of the tree could not be had are not kept at all.
Both answer `last_good`: when the source cannot be read at all, what was last read of it stands in.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from extractor.estate.model import Estate
from extractor.files.cache import FileCache
from extractor.files.fingerprint import fingerprint
from extractor.files.shipped import rules_dir
from extractor.link.facts import RepoFacts
from extractor.sources import Tree

# Libraries that decide what a fact says: how code, files of a repository and rules are read, versions compared, and how
# what is kept is written.
FACTS_LIBRARIES = ("libcst", "PyYAML", "jsonschema", "msgspec", "packaging")
KEPT_PER_SOURCE = 4  # a release and its base, a branch and yesterday's
_LACKING = "lacking-"


@functools.cache
def facts_code() -> str:
    """Changes with any module of the extractor, any shipped rule or schema, and the libraries that facts stand on."""
    return fingerprint(("extractor",), FACTS_LIBRARIES, (rules_dir(),))


def facts_key(tree: Tree, estate: Estate, libraries: Mapping[str, Tree]) -> str:
    """What the facts of a tree depend on, as one digest. `libraries` are the estate's own, by name."""
    digest = hashlib.sha256(facts_code().encode())
    digest.update(repr((_without_refs(estate), tree.name, tree.url, tree.ref, tree.commit, tree.web)).encode())
    for one in (tree, *(libraries[name] for name in sorted(libraries))):
        for entry in one.entries:
            digest.update(f"{entry.path}\0{entry.blob}\0".encode("utf-8", "surrogatepass"))
        # Why a file is not read is part of what is told, and differs between clones of one commit.
        for skip in one.skipped:
            digest.update(f"{skip.path}\0{skip.reason}\0".encode("utf-8", "surrogatepass"))
    return _of_estate(estate) + digest.hexdigest()


def _of_estate(estate: Estate) -> str:
    """How the keys of facts begin that were made with an estate, whatever its sources were read at."""
    return hashlib.sha256(repr(_without_refs(estate)).encode()).hexdigest()[:16]


def _without_refs(estate: Estate) -> Estate:
    """An estate whatever its sources are read at: the trees say so."""
    systems = (
        dataclasses.replace(one, repository=dataclasses.replace(one.repository, ref="")) if one.repository else one
        for one in estate.systems
    )
    return dataclasses.replace(estate, systems=tuple(systems))


@functools.cache
def _decoder() -> msgspec.msgpack.Decoder[RepoFacts]:
    """Reads facts by the types of their fields, and nothing else."""
    return msgspec.msgpack.Decoder(RepoFacts)


class FactsCache:
    """Facts by source and key, below a directory that only the user writes to. Damage is passed over."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory / "facts" if directory is not None else None

    def get(self, name: str, key: str) -> RepoFacts | None:
        """The facts kept under a key, or None."""
        body = self._files(name).get(f"{key}.facts")
        with contextlib.suppress(ValueError):  # no facts: the repository is linked anew
            return _decoder().decode(body) if body is not None else None
        return None

    def last_good(self, name: str, estate: Estate) -> tuple[RepoFacts, ...]:
        """What is kept of a source as part of this estate, the last used first."""
        files, found = self._files(name), []
        for key in files.newest_first():
            if key.removeprefix(_LACKING).startswith(_of_estate(estate)):
                with contextlib.suppress(ValueError):
                    found.append(_decoder().decode(files.get(key) or b""))
        return tuple(found)

    def put(self, name: str, key: str, facts: RepoFacts) -> None:
        """Keeps facts, and lets the oldest of the source go."""
        if facts.lacking:
            key = f"{_LACKING}{key}"
        with contextlib.suppress(
            UnicodeEncodeError
        ):  # half a surrogate pair, out of a literal, is not written as UTF-8
            self._files(name).put(f"{key}.facts", msgspec.msgpack.encode(facts))

    def _files(self, name: str) -> FileCache:
        at = self._directory / hashlib.sha256(name.encode()).hexdigest()[:16] if self._directory is not None else None
        return FileCache(at, KEPT_PER_SOURCE)
