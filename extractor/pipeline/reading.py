"""Reading repositories: their modules, libraries and runtime files, each tree once however many states share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.deployment.read import is_runtime_file, read_runtime
from extractor.deployment.units import Runtime
from extractor.estate.model import Estate, Service, services_of
from extractor.libraries.read import Libraries, OwnLibrary, declared_in, read_libraries
from extractor.model.graph import Source
from extractor.options import ScanOptions
from extractor.pipeline.facts_cache import facts_key
from extractor.program.collect import Collected, collect
from extractor.program.summary_cache import SummaryCache
from extractor.rules.clients import RuleBook
from extractor.sources import Tree

# An estate and its sources at a commit, by system id.
State = tuple[Estate, Mapping[str, Tree]]


@dataclass(frozen=True, slots=True)
class UnreadRepository:
    """A repository of a state, to be read and linked. Two of the same `key` have the same facts.

    `libraries` are the sources of the estate that are libraries, by system id.
    """

    key: str
    tree: Tree
    estate: Estate
    libraries: Mapping[str, Tree]


@dataclass(frozen=True, slots=True)
class ReadRepository:
    """All that was read of one repository, before linking."""

    source: Source
    estate: Estate
    services: tuple[Service, ...]
    collected: Collected
    libraries: Libraries
    runtime: Runtime


def repositories_of(state: State) -> dict[str, UnreadRepository]:
    """The repositories of a state, by system id."""
    estate, trees = state
    libraries = {name: tree for name, tree in trees.items() if name in estate.libraries}
    return {
        name: UnreadRepository(facts_key(tree, estate, libraries), tree, estate, libraries)
        for name, tree in trees.items()
    }


def read_all(wanted: Sequence[UnreadRepository], book: RuleBook, options: ScanOptions) -> list[ReadRepository]:
    """What is read of each repository, in order."""
    cache = SummaryCache(options.cache_dir)
    try:
        reader = _Reader(cache, book, options)
        reader.collect(wanted)
        return [reader.read(one) for one in wanted]
    finally:
        cache.close()


class _Reader:
    """Reads repositories; modules of a tree at a commit are collected once."""

    def __init__(self, cache: SummaryCache, book: RuleBook, options: ScanOptions) -> None:
        self._cache, self._options = cache, options
        self._clients = book.libraries()
        self._collected: dict[tuple[str, str, str], Collected] = {}

    def collect(self, wanted: Sequence[UnreadRepository]) -> None:
        """Collects the modules of repositories, and of the estate's libraries that they are read with."""
        for one in wanted:
            for tree in (one.tree, *one.libraries.values()):
                if _identity(tree) not in self._collected:
                    self._collected[_identity(tree)] = collect(tree, self._cache, self._options)

    def read(self, one: UnreadRepository) -> ReadRepository:
        """All that is read of a repository whose modules are collected."""
        tree, estate = one.tree, one.estate
        system = estate.system(tree.name)
        assert system is not None
        collected = self._collected[_identity(tree)]
        own = {name.lower(): self._own(library) for name, library in one.libraries.items()}
        wanted = {*estate.libraries, *self._clients}
        return ReadRepository(
            source=_source(tree, collected, "library" if tree.name in one.libraries else "repository"),
            estate=estate,
            services=services_of(system),
            collected=collected,
            libraries=read_libraries(tree, collected, wanted, own, self._cache, self._options),
            runtime=read_runtime(_runtime_files(tree)),
        )

    def _own(self, library: Tree) -> OwnLibrary:
        declared = (replace(spec, path="", line=0) for spec in declared_in(library))
        return OwnLibrary(self._collected[_identity(library)].modules, tuple(declared))


def _identity(tree: Tree) -> tuple[str, str, str]:
    return tree.name, tree.url, tree.commit


def _runtime_files(tree: Tree) -> dict[str, bytes]:
    """The files that tell how a system is run, by path."""
    wanted = [e for e in tree.entries if is_runtime_file(e.path)]
    found = dict(tree.read_many(dict.fromkeys(e.blob for e in wanted)))
    return {e.path: data for e in wanted if (data := found.get(e.blob)) is not None}


def _source(tree: Tree, collected: Collected, kind: str) -> Source:
    return Source(
        name=tree.name,
        url=tree.url,
        ref=tree.ref,
        commit=tree.commit,
        modules=collected.seen,
        skipped=collected.skipped,
        set_aside=collected.set_aside,
        web=tree.web,
        kind=kind,
    )
