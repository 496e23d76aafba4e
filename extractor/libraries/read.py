"""The modules of the libraries a repository pins: from the estate's own repositories, or from the package index."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.libraries.entry_points import EntryPointSpec, of_ini, of_pyproject
from extractor.libraries.fetch import Distribution, fetch_all
from extractor.libraries.locks import is_lock_file, read_locks
from extractor.libraries.pins import Pin
from extractor.libraries.urlconfs import followed, named_modules, serving
from extractor.model.graph import Gap
from extractor.model.ids import row_id
from extractor.options import ScanOptions
from extractor.program.collect import Collected, summarize_all
from extractor.program.module import Module, module_name
from extractor.program.summary_cache import SummaryCache
from extractor.rules.django import django_rules
from extractor.sources import Tree
from extractor.summary import ModuleSummary


@dataclass(frozen=True, slots=True)
class Libraries:
    """Modules of libraries as one repository sees them, which versions they are, and which could not be read.

    `url_modules` are those of libraries that are read for the URLs they serve, and for nothing else; `entry_points`
    those that the repository and the libraries read declare.
    """

    modules: tuple[Module, ...]
    read: tuple[tuple[str, str], ...]
    gaps: tuple[Gap, ...]
    url_modules: tuple[Module, ...] = ()
    entry_points: tuple[EntryPointSpec, ...] = ()


def read_libraries(
    tree: Tree,
    collected: Collected,
    wanted: Iterable[str],
    own: Mapping[str, Collected],
    cache: SummaryCache,
    options: ScanOptions,
) -> Libraries:
    """The pinned libraries of a repository among the wanted ones, and those whose URLs it serves, as far as URLs go.

    `own` are libraries that are sources of the estate, by distribution name: they are taken from there, at the
    estate's ref.
    """
    whole = {n.lower().replace("_", "-") for n in wanted}
    locks = {e.path: e.blob for e in tree.entries if is_lock_file(e.path)}
    files = {path: data for path, blob in locks.items() if (data := tree.read(blob)) is not None}
    pins = read_locks(files).pins if files else ()
    packages = django_rules().url_libraries
    out = Libraries((), (), (), entry_points=tuple(_declared(tree)))
    named = named_modules(m for m in collected.modules if m.in_repo)
    names, done = whole | serving(named, packages), set[str]()
    while names - done:  # a library may include the URLs of another
        new = [pin for pin in pins if pin.name in names - done]
        out = _joined(out, _read_pins(new, tree.name, whole, named, own, cache, options))
        done |= names
        named |= named_modules((*out.modules, *out.url_modules))
        names |= serving(named, packages)
    return out


def _declared(tree: Tree) -> Iterator[EntryPointSpec]:
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


def _read_pins(
    pins: Sequence[Pin],
    repo: str,
    whole: Container[str],
    named: Iterable[str],
    own: Mapping[str, Collected],
    cache: SummaryCache,
    options: ScanOptions,
) -> Libraries:
    modules: list[Module] = []
    served: list[Module] = []
    read: list[tuple[str, str]] = []
    declared: list[EntryPointSpec] = []
    for pin in pins:
        if pin.name in own:
            modules += [_placed(m.path, m.summary, repo, pin.name) for m in own[pin.name].modules]
            read.append((pin.name, pin.version or pin.ref or ""))
    fetched = fetch_all(
        [p for p in pins if p.name not in own], _directory(options), options.offline or options.cache_dir is None
    )
    gaps = []
    for pin, found in sorted(fetched.items(), key=lambda pair: pair[0].name):
        if isinstance(found, Distribution):
            of_library = _Files(found, repo, cache, options)
            metadata = (data for path, data in found.files.items() if path.endswith("entry_points.txt"))
            declared += (spec for data in metadata for spec in of_ini(data))
            if pin.name in whole:
                modules += of_library.all()
            else:
                served += followed(of_library.paths, named, of_library.load)
            read.append((found.name, found.version))
        else:
            gaps.append(_gap(repo, pin, found.reason, found.remedy))
    return Libraries(tuple(modules), tuple(read), tuple(gaps), tuple(served), tuple(declared))


def _joined(one: Libraries, other: Libraries) -> Libraries:
    return Libraries(
        (*one.modules, *other.modules),
        tuple(sorted((*one.read, *other.read))),
        (*one.gaps, *other.gaps),
        (*one.url_modules, *other.url_modules),
        (*one.entry_points, *other.entry_points),
    )


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

    def all(self) -> Iterator[Module]:
        """Every module."""
        return self.load(self.paths)

    def load(self, names: Iterable[str]) -> Iterator[Module]:
        """The modules of these names; those that cannot be parsed are left out."""
        files = {path: self._found.files[path] for path in sorted(self.paths[name] for name in names)}
        keys = {path: "lib-" + hashlib.sha256(data).hexdigest() for path, data in files.items()}
        known = self._cache.summaries(keys.values())
        missing = [(keys[path], data) for path, data in files.items() if keys[path] not in known]
        if missing:
            known |= self._cache.keep(summarize_all(missing, self._options))
        for path in files:
            summary = known.get(keys[path])
            if summary is not None and summary.error is None:
                yield _placed(path, summary, self._repo, self._found.name)


def _is_code(path: str) -> bool:
    parts = path.split("/")
    return not any(p in ("tests", "test", "migrations", "testing") or p.startswith("test_") for p in parts)


def _placed(path: str, summary: ModuleSummary, repo: str, origin: str) -> Module:
    name, package = module_name(path.removeprefix("src/"))
    return Module(repo, path, name, package, origin, summary)
