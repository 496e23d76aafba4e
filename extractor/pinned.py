"""The modules of the libraries a repository pins: from the estate's own repositories, or from the package index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.collect import Collected, summarize_all
from extractor.libraries.fetch import Distribution, fetch_all
from extractor.libraries.locks import is_lock_file, read_locks
from extractor.libraries.pins import Pin
from extractor.model import Gap
from extractor.modules import Module, module_name
from extractor.options import ScanOptions
from extractor.rowids import row_id
from extractor.sources import Tree
from extractor.summary import ModuleSummary
from extractor.summarycache import SummaryCache


@dataclass(frozen=True, slots=True)
class Libraries:
    """Modules of libraries as one repository sees them, which versions they are, and which could not be read."""

    modules: tuple[Module, ...]
    read: tuple[tuple[str, str], ...]
    gaps: tuple[Gap, ...]


def read_libraries(
    tree: Tree,
    wanted: Iterable[str],
    own: Mapping[str, Collected],
    cache: SummaryCache,
    options: ScanOptions,
) -> Libraries:
    """The pinned libraries of a repository among the wanted ones. `own` are libraries that are sources of the estate,
    by distribution name: they are taken from there, at the estate's ref."""
    names = {n.lower().replace("_", "-") for n in wanted}
    locks = {e.path: e.blob for e in tree.entries if is_lock_file(e.path)}
    files = {path: data for path, blob in locks.items() if (data := tree.read(blob)) is not None}
    pins = [p for p in read_locks(files).pins if p.name in names] if files else []
    modules: list[Module] = []
    read: list[tuple[str, str]] = []
    for pin in pins:
        if pin.name in own:
            modules += [_placed(m.path, m.summary, tree.name, pin.name) for m in own[pin.name].modules]
            read.append((pin.name, pin.version or pin.ref or ""))
    fetched = fetch_all(
        [p for p in pins if p.name not in own], _directory(options), options.offline or options.cache_dir is None
    )
    gaps = []
    for pin, found in sorted(fetched.items(), key=lambda pair: pair[0].name):
        if isinstance(found, Distribution):
            modules += _distribution_modules(found, tree.name, cache, options)
            read.append((found.name, found.version))
        else:
            gaps.append(_gap(tree.name, pin, found.reason, found.remedy))
    return Libraries(tuple(modules), tuple(sorted(read)), tuple(gaps))


def _directory(options: ScanOptions) -> Path:
    return (options.cache_dir or Path(".")) / "libraries"


def _gap(repo: str, pin: Pin, reason: str, remedy: str) -> Gap:
    return Gap(row_id("gap", "library", repo, pin.name), "library", repo, pin.path, pin.line, pin.label, reason, remedy)


def _distribution_modules(
    found: Distribution, repo: str, cache: SummaryCache, options: ScanOptions
) -> Iterable[Module]:
    files = {path: data for path, data in sorted(found.files.items()) if path.endswith(".py") and _is_code(path)}
    keys = {path: "lib-" + hashlib.sha256(data).hexdigest() for path, data in files.items()}
    known = cache.summaries(keys.values())
    missing = [(keys[path], data) for path, data in files.items() if keys[path] not in known]
    if missing:
        known |= cache.keep(summarize_all(missing, options))
    for path in files:
        summary = known.get(keys[path])
        if summary is not None and summary.error is None:
            yield _placed(path, summary, repo, found.name)


def _is_code(path: str) -> bool:
    parts = path.split("/")
    return not any(p in ("tests", "test", "migrations", "testing") or p.startswith("test_") for p in parts)


def _placed(path: str, summary: ModuleSummary, repo: str, origin: str) -> Module:
    name, package = module_name(path.removeprefix("src/"))
    return Module(repo, path, name, package, origin, summary)
