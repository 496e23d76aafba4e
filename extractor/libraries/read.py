"""The modules of the libraries a repository pins: from the estate's own repositories, or from the package index."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.libraries.apps import bringing, brought, named_apps, telling
from extractor.libraries.entry_points import EntryPointSpec, of_ini, of_pyproject
from extractor.libraries.fetch import Distribution, fetch_all
from extractor.libraries.locks import is_lock_file, read_locks
from extractor.libraries.pins import Pin
from extractor.libraries.urlconfs import followed, named_modules, serving
from extractor.model.graph import Gap
from extractor.model.ids import row_id
from extractor.options import ScanOptions
from extractor.program.collect import Collected
from extractor.program.module import Module, module_name
from extractor.program.summarizing import summarize_all
from extractor.program.summary_cache import SummaryCache
from extractor.rules.django import django_rules
from extractor.sources import Tree
from extractor.summary import ModuleSummary


@dataclass(frozen=True, slots=True)
class OwnLibrary:
    """A library that is a source of the estate: its modules, and the entry points that its files declare."""

    modules: tuple[Module, ...]
    entry_points: tuple[EntryPointSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Libraries:
    """Modules of libraries as one repository sees them, which versions they are, and which could not be read.

    `url_modules` are those of libraries that are read for the URLs they serve, and for nothing else, `app_modules`
    those that are read for the tasks that their apps bring; `entry_points` those that the repository and the libraries
    read declare.
    """

    modules: tuple[Module, ...]
    read: tuple[tuple[str, str], ...]
    gaps: tuple[Gap, ...]
    url_modules: tuple[Module, ...] = ()
    app_modules: tuple[Module, ...] = ()
    entry_points: tuple[EntryPointSpec, ...] = ()


def read_libraries(
    tree: Tree,
    collected: Collected,
    wanted: Iterable[str],
    own: Mapping[str, OwnLibrary],
    cache: SummaryCache,
    options: ScanOptions,
) -> Libraries:
    """The pinned libraries of a repository among the wanted ones, those whose URLs it serves, as far as URLs go, and
    those whose apps it installs, as far as tasks go.

    `own` are libraries that are sources of the estate, by distribution name: they are taken from there, at the
    estate's ref.
    """
    whole = {n.lower().replace("_", "-") for n in wanted}
    locks = {e.path: e.blob for e in tree.entries if is_lock_file(e.path)}
    files = {path: data for path, blob in locks.items() if (data := tree.read(blob)) is not None}
    pinned = read_locks(files)
    packages, of_repo = django_rules().url_libraries, [m for m in collected.modules if m.in_repo]
    named, apps = named_modules(of_repo), named_apps(of_repo)
    known = frozenset(pin.name for pin in pinned.pins)
    with_tasks = bringing(known, pinned.needs, apps)
    names, done = whole | serving(named, packages) | with_tasks, set[str]()
    # Where the lock does not say what a distribution needs, most that are looked into bring no tasks.
    missed = with_tasks if not pinned.needs else frozenset()
    reader = _PinReader(tree.name, frozenset(whole), missed - (whole | serving(named, packages)), own, cache, options)
    reader.declared += declared_in(tree)
    while names - done:  # a library may include the URLs of another
        reader.read_pins([pin for pin in pinned.pins if pin.name in names - done], named)
        done |= names
        named |= named_modules((*reader.modules, *reader.served.values()))
        names |= serving(named, packages)
    return reader.libraries(with_tasks | brought(known, apps))


def declared_in(tree: Tree) -> Iterator[EntryPointSpec]:
    """The entry points that files of the repository declare."""
    for entry in tree.entries:
        name = entry.path.rsplit("/", 1)[-1]
        data = tree.read(entry.blob) if name in ("pyproject.toml", "setup.cfg") else None
        if data is not None:
            yield from (
                of_pyproject(data, entry.path)
                if name == "pyproject.toml"
                else of_ini(data, "options.entry_points", entry.path)
            )


class _PinReader:
    """Reads pins of one repository, some at a time, and holds what came of it."""

    def __init__(
        self,
        repo: str,
        whole: frozenset[str],
        may_miss: frozenset[str],
        own: Mapping[str, OwnLibrary],
        cache: SummaryCache,
        options: ScanOptions,
    ) -> None:
        self._repo, self._own, self._cache, self._options = repo, own, cache, options
        self._whole, self._may_miss = whole, may_miss
        self.modules: list[Module] = []
        self.served: dict[str, Module] = {}  # by name
        self.declared: list[EntryPointSpec] = []
        self._read: list[tuple[str, str]] = []
        self._gaps: list[Gap] = []
        self._files: dict[str, _Files] = {}  # of the distributions that are not read whole

    def read_pins(self, pins: Sequence[Pin], named: Iterable[str]) -> None:
        """Reads pins: wanted ones whole, of others what serves the URLs that the names lead to."""
        for pin in pins:
            if pin.name in self._own:
                own = self._own[pin.name]
                self.modules += [_placed(m.path, m.summary, self._repo, pin.name) for m in own.modules]
                self.declared += own.entry_points
                self._read.append((pin.name, pin.version or pin.ref or ""))
        offline = self._options.offline or self._options.cache_dir is None
        fetched = fetch_all([p for p in pins if p.name not in self._own], _directory(self._options), offline)
        for pin, found in sorted(fetched.items(), key=lambda pair: pair[0].name):
            if isinstance(found, Distribution):
                self._read_distribution(found, named)
            elif pin.name not in self._may_miss:
                self._gaps.append(_gap(self._repo, pin, found.reason, found.remedy))

    def _read_distribution(self, found: Distribution, named: Iterable[str]) -> None:
        of_library = _Files(found, self._repo, self._cache, self._options)
        metadata = (data for path, data in found.files.items() if path.endswith("entry_points.txt"))
        self.declared += (spec for data in metadata for spec in of_ini(data))
        if found.name in self._whole:
            self.modules += of_library.all()
        else:
            self._files[found.name] = of_library
            self.served |= {m.name: m for m in followed(of_library.paths, named, of_library.load)}
        self._read.append((found.name, found.version))

    def libraries(self, of_apps: Container[str]) -> Libraries:
        """All that was read, with the modules that tell of the tasks of these distributions."""
        return Libraries(
            tuple(self.modules),
            tuple(sorted(self._read)),
            tuple(self._gaps),
            url_modules=tuple(self.served.values()),
            app_modules=tuple(self._app_modules(of_apps)),
            entry_points=tuple(self.declared),
        )

    def _app_modules(self, of_apps: Container[str]) -> Iterator[Module]:
        chosen = {name: files for name, files in sorted(self._files.items()) if name in of_apps}
        told = set(telling({name: data for files in chosen.values() for name, data in files.sources()}))
        for files in chosen.values():
            yield from files.load(sorted(told & files.paths.keys()))


def _directory(options: ScanOptions) -> Path:
    return (options.cache_dir or Path(".")) / "libraries"


def _gap(repo: str, pin: Pin, reason: str, remedy: str) -> Gap:
    return Gap(
        id=row_id("gap", "library", repo, pin.name),
        kind="library",
        repo=repo,
        path=pin.path,
        line=pin.line,
        what=pin.label,
        reason=reason,
        remedy=remedy,
    )


class _Files:
    """The Python files of a fetched distribution as modules. `paths` gives them by the name they are imported by."""

    def __init__(self, found: Distribution, repo: str, cache: SummaryCache, options: ScanOptions) -> None:
        self._found, self._repo, self._cache, self._options = found, repo, cache, options
        code = [path for path in sorted(found.files) if path.endswith(".py") and _is_code(path)]
        self.paths = {module_name(path.removeprefix("src/"))[0]: path for path in code}
        self._modules: dict[str, Module] = {}  # by path

    def sources(self) -> Iterator[tuple[str, bytes]]:
        """Every file by the name of its module."""
        return ((name, self._found.files[path]) for name, path in self.paths.items())

    def all(self) -> Iterator[Module]:
        """Every module."""
        return self.load(self.paths)

    def load(self, names: Iterable[str]) -> Iterator[Module]:
        """The modules of these names, each the same every time; those that cannot be parsed are left out."""
        paths = sorted(self.paths[name] for name in names)
        files = {path: self._found.files[path] for path in paths if path not in self._modules}
        keys = {path: "lib-" + hashlib.sha256(data).hexdigest() for path, data in files.items()}
        known = self._cache.summaries(keys.values())
        missing = [(keys[path], data) for path, data in files.items() if keys[path] not in known]
        if missing:
            known |= self._cache.keep(summarize_all(missing, self._options))
        for path in files:
            summary = known.get(keys[path])
            if summary is not None and summary.error is None:
                self._modules[path] = _placed(path, summary, self._repo, self._found.name)
        return (self._modules[path] for path in paths if path in self._modules)


def _is_code(path: str) -> bool:
    parts = path.split("/")
    return not any(p in ("tests", "test", "migrations", "testing") or p.startswith("test_") for p in parts)


def _placed(path: str, summary: ModuleSummary, repo: str, origin: str) -> Module:
    name, package = module_name(path.removeprefix("src/"))
    return Module(repo, path, name, package, origin, summary)
