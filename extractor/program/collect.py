"""Collecting: every Python module of a tree as a summary, from the cache or read now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.model.graph import Skip
from extractor.options import ScanOptions
from extractor.program.import_roots import import_roots
from extractor.program.module import Module, module_name
from extractor.program.summarizing import summarize_all
from extractor.program.summary_cache import SummaryCache
from extractor.rules.django import django_rules
from extractor.sources import Tree
from extractor.sources.tree import DIED, TreeEntry
from extractor.summary import ModuleSummary
from extractor.summary.expr import literal_text, walk

_PROGRAM = re.compile(r"(^|/)[^/.]+$")
_PROGRAM_FOLDER = re.compile(r"(^|/)s?(bin|scripts?)/")
_MAX_PROGRAM = 256 * 1024
_SHEBANG = re.compile(rb"#![^\n]*\bpython")

_ASIDE: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "tests",
        re.compile(
            r"(^|/)(tests?|testing|test_\w+|\w*_tests?|e2e|spec|fixtures)/|(^|/)(test_[^/]*|[^/]*_tests?"
            r"|conftest|tests|pytest_\w+)\.py$"
        ),
    ),
    # A package of tasks beside the migrations that queue them runs in the worker.
    ("migrations", re.compile(r"(^|/)(\w*migrations)/(?!.*management/)(?!(.*/)?tasks(/|\.py$))")),
    ("documentation", re.compile(r"(^|/)docs?/")),
    ("hidden folders", re.compile(r"(^|/)\.[^/]+/")),
)

_IMPORTABLE = frozenset({"tests", "documentation"})
_TESTED = re.compile(r"(^|[/._])(tests?|testing|ci|pytest)([/._]|$)")  # settings for tests
_OF_CODE = re.compile(  # apps that test the others
    r"(^|\.)((selenium|functional|integration|acceptance|browser|smoke|load|unit|e2e|end_to_end)_)?tests?(\.|$)"
)
_CONFIG = re.compile(r"\.apps\.\w+$")


@dataclass(frozen=True, slots=True)
class Collected:
    """The modules of one tree. `seen` counts the Python files; `set_aside` those not read on purpose, by kind;
    `projects` are folders of projects that share names of modules, each a program of its own."""

    modules: tuple[Module, ...]
    seen: int
    set_aside: tuple[tuple[str, int], ...]
    skipped: tuple[Skip, ...]
    projects: tuple[str, ...] = ()


def collect(tree: Tree, cache: SummaryCache, options: ScanOptions) -> Collected:
    """Summaries of a tree's modules. Tests, migrations, documentation and hidden folders are set aside, unless
    other code imports them. What cannot be read is a Skip, never an error."""
    entries = [e for e in tree.entries if e.path.endswith(".py")]
    entries = sorted((*entries, *_programs(tree)), key=lambda e: e.path)
    aside = {e.path: kind for e in entries if (kind := _aside_kind(e.path))}
    wanted = [e for e in entries if e.path not in aside]
    summaries, reasons = _summaries(tree, wanted, cache, options)
    read = {path: one for path, one in summaries.items() if one.error is None}
    roots, projects = import_roots(read)
    telling = [e for e in _telling_migrations(tree, entries, aside, summaries) if e.path in aside]
    for entry in telling:
        del aside[entry.path]
    found, why = _summaries(tree, telling, cache, options)
    summaries |= found
    reasons |= why
    while True:
        more = [*_imported_aside(entries, aside, summaries, roots), *_installed_aside(entries, aside, summaries, roots)]
        if not more:
            break
        for entry in more:
            del aside[entry.path]
        found, why = _summaries(tree, more, cache, options)
        summaries |= found
        reasons |= why
    modules, skipped = [], list(tree.skipped)
    for entry in entries:
        summary = summaries.get(entry.path)
        if summary is not None and summary.error is None:
            name, package = module_name(entry.path, roots)
            modules.append(Module(tree.name, entry.path, name, package, "repo", summary))
        elif entry.path not in aside:
            skipped.append(Skip(entry.path, (summary and summary.error) or reasons.get(entry.path, "missing object")))
    kinds = sorted(set(aside.values()))
    counted = tuple((kind, sum(1 for k in aside.values() if k == kind)) for kind in kinds)
    told = tuple(sorted(set(skipped), key=lambda s: (s.path, s.reason)))
    return Collected(tuple(modules), len(entries), counted, told, projects)


def _programs(tree: Tree) -> list[TreeEntry]:
    """The programs of Python whose names have no suffix: their first line says what runs them."""
    candidates = [e for e in tree.entries if _PROGRAM.search(e.path) and 0 < e.size <= _MAX_PROGRAM]
    candidates = [e for e in candidates if e.mode & 0o111 or _PROGRAM_FOLDER.search(e.path)]
    data = dict(tree.read_many(dict.fromkeys(e.blob for e in candidates)))
    return [e for e in candidates if _SHEBANG.match(data.get(e.blob) or b"")]


def _aside_kind(path: str) -> str | None:
    return next((kind for kind, pattern in _ASIDE if pattern.search(path)), None)


def _telling_migrations(
    tree: Tree, entries: Iterable[TreeEntry], aside: Mapping[str, str], summaries: Mapping[str, ModuleSummary]
) -> list[TreeEntry]:
    """Migrations that make rows on which an app of the repository acts, as `rules/django.yaml` has them: read though
    others are not."""
    words = [word.encode() for app, word in django_rules().telling_migrations.items() if _installs(app, summaries)]
    migrations = [e for e in entries if aside.get(e.path) == "migrations"] if words else []
    data = dict(tree.read_many(dict.fromkeys(e.blob for e in migrations)))
    return [e for e in migrations if (text := data.get(e.blob)) and any(word in text for word in words)]


def _installs(app: str, summaries: Mapping[str, ModuleSummary]) -> bool:
    """Whether a list of apps in some settings names an app."""
    return any(text.split(".")[0] == app for summary in summaries.values() for text in _apps(summary))


def _apps(summary: ModuleSummary) -> Iterator[str]:
    """The texts in the lists of apps that a module makes."""
    for scope in summary.scopes.values():
        for name in scope.names if scope.kind in ("module", "class") else ():
            if django_rules().app_lists.fullmatch(name):
                lists = [scope.defs[index][1] for index in scope.names[name]]
                yield from (text for part in walk(*lists) if (text := literal_text(part)))


def _installed_aside(
    entries: Iterable[TreeEntry],
    aside: Mapping[str, str],
    summaries: Mapping[str, ModuleSummary],
    roots: Sequence[str],
) -> list[TreeEntry]:
    """Modules of apps that settings install, set aside for the name of the app alone: `docs` of letters, `lab_tests` of
    blood. What is set aside inside such an app stays so, and so do apps that are tests of others (`shop.tests`)."""
    texts = (text for path, one in summaries.items() if not _TESTED.search(path) for text in _apps(one))
    apps = {_CONFIG.sub("", text) for text in texts}
    apps = {app for app in apps if not _OF_CODE.search(app)}
    found = []
    for entry in entries:
        if aside.get(entry.path) in _IMPORTABLE:
            parts = module_name(entry.path, roots)[0].split(".")
            sizes = [size for size in range(1, len(parts) + 1) if ".".join(parts[:size]) in apps]
            if any(_aside_kind("/".join(parts[size:]) + ".py") is None for size in sizes):
                found.append(entry)
    return found


def _imported_aside(
    entries: Iterable[TreeEntry],
    aside: Mapping[str, str],
    summaries: Mapping[str, ModuleSummary],
    roots: Sequence[str],
) -> list[TreeEntry]:
    """Modules set aside as tests or documentation that code which was read imports: they run in production."""
    imported: set[str] = set()
    for path, summary in summaries.items():
        name, package = module_name(path, roots)
        place = Module("", path, name, package, "repo", summary)
        imported.update(place.absolute(target) for target in summary.imports)
    return [e for e in entries if aside.get(e.path) in _IMPORTABLE and module_name(e.path, roots)[0] in imported]


def _summaries(
    tree: Tree, entries: Sequence[TreeEntry], cache: SummaryCache, options: ScanOptions
) -> tuple[dict[str, ModuleSummary], dict[str, str]]:
    """Summaries by path, and the reasons for those that have none."""
    blobs = {e.blob: e.size for e in entries}
    known = cache.summaries(blobs)
    missing = sorted((b for b in blobs if b not in known), key=lambda b: (-blobs[b], b))
    if missing:
        sources = [(blob, data) for blob, data in tree.read_many(missing) if data is not None]
        fresh = summarize_all(sources, options)
        tree.reasons.update((blob, DIED) for blob, _ in sources if blob not in fresh)
        known |= cache.keep(fresh)
    found = {e.path: known[e.blob] for e in entries if e.blob in known}
    reasons = {e.path: tree.reasons.get(e.blob, "missing object") for e in entries if e.blob not in known}
    return found, reasons
