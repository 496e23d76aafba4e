"""Coverage rows: declared and understood, per repository and kind, each with the reasons for what is missing.

*Declared* comes of a plain pass (`declared`), *understood* of the rows that the readers made. A zero has its reason.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Env, Ext, Hole, SettingRef, Text, Values
from extractor.link.callgraph import CallGraph, Site
from extractor.link.coverage import declared
from extractor.link.coverage.declared import Declaration
from extractor.link.entrypoints import Reach
from extractor.model.graph import Call, Coverage, Gap, Route, Task
from extractor.model.ids import row_id
from extractor.program.module import Module
from extractor.rules.clients import RuleBook
from extractor.rules.coverage import coverage_rules
from extractor.rules.vocabulary import vocabulary
from extractor.text.masking import is_secret_name
from extractor.text.urls import host_of, is_example, scheme_of
from extractor.text.words import words_of

_SHOWN = 12  # names in one reason


@dataclass(frozen=True, eq=False)
class CoverageInput:
    """What the rows are counted from: the modules of the repository (`own`), the packages of `libraries` that were
    read, the paths of the `settings` modules that services use, and the rows that the readers made."""

    repo: str
    ev: Evaluator
    graph: CallGraph
    reach: Reach
    book: RuleBook
    own: Sequence[Module]
    libraries: Collection[str]
    settings: Collection[str]
    routes: Sequence[Route]
    tasks: Sequence[Task]
    calls: Sequence[Call]
    gaps: Sequence[Gap]

    @functools.cached_property
    def packages(self) -> frozenset[str]:
        """The packages of others that the repository imports."""
        own = {module.name.partition(".")[0] for module in self.own} | {m.path.partition("/")[0] for m in self.own}
        own |= {name.partition(".")[0] for name, module in self.ev.index.by_name.items() if module.in_repo}
        return frozenset(declared.third_party(self.own, frozenset(own)))

    @functools.cached_property
    def unread(self) -> frozenset[str]:
        """The packages that no rule speaks of, that were not read, and that are not known to ask nobody."""
        rules = coverage_rules()
        known = {*rules.quiet, *self.libraries, *self.book.packages()}
        return self.packages - known - {name.partition(".")[0] for name in rules.read}

    @functools.cached_property
    def told(self) -> Mapping[str, tuple[Site, str]]:
        """By unread package: the first call of what it defines that is given an address or a secret, and its path."""
        sites: dict[str, tuple[Site, str]] = {}
        for site in (site for rows in self.graph.sites.values() for site in rows):
            for func in site.funcs:
                path = func.path if isinstance(func, Ext) and "(" not in func.path else ""
                package = path.partition(".")[0]
                if package in self.unread and _is_told(self.ev, site):
                    first = sites.get(package)
                    if first is None or _place(site) < _place(first[0]):
                        sites[package] = (site, path)
        return sites


def coverage_of(found: CoverageInput) -> tuple[Coverage, ...]:
    """The rows of one repository, in a fixed order."""
    return (
        _urls(found),
        _settings(found),
        _libraries(found),
        _frameworks(found),
        _entries(found, "tasks", declared.tasks(found.own), {(t.path, t.line) for t in found.tasks}),
        _entries(found, "commands", declared.commands(found.own), _entered(found, "command")),
        _entries(found, "signal receivers", declared.receivers(found.own), _entered(found, "signal")),
        _calls(found),
    )


def unread_clients(found: CoverageInput) -> tuple[Gap, ...]:
    """The libraries that are given an address or a secret, that no rule speaks of, and whose code was not read."""
    return tuple(
        Gap(
            id=row_id("gap", "library", found.repo, package),
            kind="library",
            repo=found.repo,
            path=site.owner.module.path,
            line=site.call.line,
            what=path,
            reason=f"{package} is given an address or a secret, no rule speaks of it, and its code was not read",
            remedy="pin it in a lock file and name it under libraries: in the estate file, or write a rule for it",
        )
        for package, (site, path) in sorted(found.told.items())
    )


# rows ------------------------------------------------------------------------------------------------------------


def _urls(found: CoverageInput) -> Coverage:
    rows: dict[str, set[int]] = {}
    for route in found.routes:
        rows.setdefault(route.path, set()).add(route.line)
    every = sorted(set(declared.urls(found.own)))
    known = [one for one in every if rows.get(one.path, set()).intersection(range(one.line, one.end_line + 1))]
    whole = {one.path for one in known}
    reasons = [f"{count} × {reason}" for reason, count in _counted(g.reason for g in found.gaps if g.kind == "route")]
    rest = Counter(one.path for one in every if one not in set(known))
    unserved = sorted(path for path in rest if path not in whole)
    if unserved:
        reasons.append(f"{sum(rest[p] for p in unserved)} in files of which no service serves a URL: {_list(unserved)}")
    if partly := sorted(path for path in rest if path in whole):
        reasons.append(f"{sum(rest[p] for p in partly)} in files of which others are served: {_list(partly)}")
    return _row(found, "URL declarations", len(every), len(known), reasons)


def _settings(found: CoverageInput) -> Coverage:
    every = {one.path for one in declared.settings_modules(found.own)} | set(found.settings)
    unused = sorted(every - set(found.settings))
    reasons = [f"no service was found to use {_list(unused)}"] if unused else []
    return _row(found, "settings modules", len(every), len(every) - len(unused), reasons)


def _libraries(found: CoverageInput) -> Coverage:
    unread, sites = found.unread, found.told
    reasons = [
        f"{package} is given an address or a secret ({site.owner.module.path}:{site.call.line}); no rule, not read"
        for package, (site, _path) in sorted(sites.items())
    ]
    if others := sorted(package for package in unread if package not in sites):
        reasons.append(f"no rule, not read: {_list(others)}")
    return _row(found, "third-party packages", len(found.packages), len(found.packages) - len(unread), reasons)


def _frameworks(found: CoverageInput) -> Coverage:
    rules = coverage_rules()
    read = declared.importing(found.own, rules.read)
    unread = declared.importing(found.own, rules.unread)
    reasons = [f"{rules.unread[name]}: what it runs is not read ({path})" for name, path in sorted(unread.items())]
    return _row(found, "frameworks", len(read) + len(unread), len(read), reasons)


def _entries(
    found: CoverageInput, kind: str, every: Iterable[Declaration], known: Collection[tuple[str, int]]
) -> Coverage:
    """Declarations of entry points; those understood are those of which a line is that of an entry point."""
    rows = sorted(set(every))
    missed = [d for d in rows if not any((d.path, line) in known for line in range(d.line, d.end_line + 1))]
    reasons = (
        [f"loaded by no service that was found: {_list([f'{d.path}:{d.line}' for d in missed])}"] if missed else []
    )
    return _row(found, kind, len(rows), len(rows) - len(missed), reasons)


def _calls(found: CoverageInput) -> Coverage:
    places: dict[tuple[str, int], bool] = {}
    for call in found.calls:
        reached = any(context.kind != "unknown" for context in call.contexts)
        places[call.path, call.line] = places.get((call.path, call.line), False) or reached
    missed = sorted(place for place, reached in places.items() if not reached)
    reasons = (
        [f"no entry point that was found reaches {_list([f'{p}:{line}' for p, line in missed])}"] if missed else []
    )
    return _row(found, "calls to other systems", len(places), len(places) - len(missed), reasons)


def _row(found: CoverageInput, kind: str, every: int, understood: int, reasons: Sequence[str]) -> Coverage:
    told = tuple(reasons)
    if not told and every == 0:
        told = (f"the repository has no {kind}, as far as its {len(found.own)} modules were read",)
    return Coverage(found.repo, kind, every, understood, told)


# what was not read -----------------------------------------------------------------------------------------------


def _is_told(ev: Evaluator, site: Site) -> bool:
    """True when an argument is an address, or a setting that holds an address or a secret."""
    args, kwargs = arguments(ev, site.call, ev.frame(site.owner))
    return any(map(_points, (*args, *(values for _name, values in kwargs))))


def _points(values: Values) -> bool:
    for value in values:
        if isinstance(value, SettingRef | Env) and _says(value.name):
            return True
        if isinstance(value, Text) and any(_is_telling(part) for part in value.parts):
            return True
    return False


def _is_telling(part: str | Hole) -> bool:
    if isinstance(part, Hole):
        return part.kind in ("setting", "env") and _says(part.name)
    return bool(scheme_of(part)) and not is_example(host_of(part))


def _says(name: str) -> bool:
    return is_secret_name(name) or bool(vocabulary().addresses.places.intersection(words_of(name)[-2:]))


def _entered(found: CoverageInput, kind: str) -> set[tuple[str, int]]:
    """The lines of definitions that an entry point of a kind enters; for a command, line 1 of its file."""
    out: set[tuple[str, int]] = set()
    for target, entries in found.reach.entries.items():
        if any(entry.context.kind == kind for entry in entries):
            lines = (target.scope.line, target.scope.def_line) if kind != "command" else (1,)
            out.update((target.module.path, line) for line in lines)
    return out


def _place(site: Site) -> tuple[str, int]:
    return site.owner.module.path, site.call.line


def _counted(reasons: Iterable[str]) -> Iterator[tuple[str, int]]:
    yield from sorted(Counter(reasons).items(), key=lambda row: (-row[1], row[0]))


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


__all__ = ["CoverageInput", "coverage_of", "unread_clients"]
