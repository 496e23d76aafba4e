"""Several projects in one repository whose modules share names: each is a program of its own, linked by itself.

`services/orders` and `services/stock` that both have a package `config` never meet in one process. Each is linked with
the modules below its own folder and those outside any project; their facts are then those of one repository again.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from extractor.estate.model import Service
from extractor.link.entrypoints import together
from extractor.link.facts import RepoFacts
from extractor.model.graph import Coverage
from extractor.options import Timing
from extractor.pipeline.reading import ReadRepository
from extractor.pipeline.repository import link_repository
from extractor.program.module import Module, module_name
from extractor.rules.clients import RuleBook

_OF_ALL = ("third-party packages", "frameworks")  # counted of the repository, not of what is declared in a project


def link_projects(reading: ReadRepository, book: RuleBook, timing: Timing) -> RepoFacts:
    """The facts of one repository, whose projects are programs of their own where they share names."""
    roots = reading.collected.projects
    if len(roots) < 2:
        return link_repository(reading, book, timing)
    return united([link_repository(_project(reading, root, roots), book, timing) for root in roots])


def _project(reading: ReadRepository, root: str, roots: Sequence[str]) -> ReadRepository:
    others = tuple(f"{one}/" for one in roots if one != root)
    modules = tuple(_named(m, root) for m in reading.collected.modules if not m.path.startswith(others))
    names = {module.name for module in modules}
    every = {module_name(module.path)[0] for module in reading.collected.modules}
    names |= {module_name(module.path)[0] for module in modules}
    services = tuple(s for s in reading.services if _runs(s, names, every))
    collected = dataclasses.replace(reading.collected, modules=modules)
    return dataclasses.replace(reading, collected=collected, services=services or reading.services)


def _named(module: Module, root: str) -> Module:
    """A module of a project under the name by which the project imports it."""
    if not module.path.startswith(f"{root}/") or module.name != module_name(module.path)[0]:
        return module
    return dataclasses.replace(module, name=module_name(module.path, (root,))[0], _defs={})


def _runs(service: Service, names: set[str], every: set[str]) -> bool:
    """Whether a service can be one of the project whose modules have these names: what it names is there, or is no
    module of the repository (`every`) by its place."""
    said = [*service.settings_modules, *([service.urlconf] if service.urlconf else [])]
    return all(name in names or name not in every for name in said)


def united(projects: Sequence[RepoFacts]) -> RepoFacts:
    """The facts of several projects as those of their repository: rows of two that have one id get ids of their own."""
    taken: dict[str, tuple[str, int]] = {}
    parts = []
    for at, facts in enumerate(projects, 1):
        new = {row.id: f"{row.id}-{at}" for row in _rows(facts) if taken.get(row.id, _place(row)) != _place(row)}
        facts = _renamed(facts, new) if new else facts
        taken.update((row.id, _place(row)) for row in _rows(facts))
        parts.append(facts)
    joined = {field.name: _joined([getattr(one, field.name) for one in parts]) for field in _lists(parts[0])}
    joined["coverage"] = _counted([row for one in parts for row in one.coverage])
    return dataclasses.replace(parts[0], **joined, lacking=any(one.lacking for one in parts))


def _lists(facts: RepoFacts) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(facts) if isinstance(getattr(facts, field.name), tuple)]


def _rows(facts: RepoFacts) -> Iterable[Any]:
    """The rows that have an id and a place."""
    for field in _lists(facts):
        yield from (row for row in getattr(facts, field.name) if hasattr(row, "id") and hasattr(row, "path"))


def _place(row: Any) -> tuple[str, int]:
    return row.path, row.line


def _renamed(value: Any, new: dict[str, str]) -> Any:
    """A value with ids replaced wherever they stand in it."""
    if isinstance(value, str):
        return new.get(value, value)
    if isinstance(value, tuple):
        return tuple(_renamed(one, new) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field for field in dataclasses.fields(value) if field.init)
        changed = {f.name: _renamed(old, new) for f in fields if (old := getattr(value, f.name)) is not None}
        return dataclasses.replace(value, **{name: one for name, one in changed.items() if one != getattr(value, name)})
    return value


def _joined(lists: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The rows of every project in order, each once; one that several have is entered from the contexts of all."""
    found: dict[Any, Any] = {}
    for row in (row for rows in lists for row in rows):
        key = row.id if hasattr(row, "id") else repr(row)
        known = found.get(key)
        if known is None:
            found[key] = row
        elif hasattr(row, "contexts"):
            found[key] = dataclasses.replace(known, contexts=together((*known.contexts, *row.contexts)))
    rows = tuple(found.values())
    if rows and all(hasattr(row, "path") and hasattr(row, "line") for row in rows):
        return tuple(sorted(rows, key=_place))
    return rows


def _counted(rows: Sequence[Coverage]) -> tuple[Coverage, ...]:
    """What was understood of all projects together."""
    found: dict[str, Coverage] = {}
    for row in rows:
        known = found.get(row.kind)
        add: Callable[[int, int], int] = max if row.kind in _OF_ALL else operator.add
        found[row.kind] = (
            row
            if known is None
            else Coverage(
                row.repo,
                row.kind,
                add(known.declared, row.declared),
                add(known.understood, row.understood),
                tuple(dict.fromkeys((*known.reasons, *row.reasons))),
            )
        )
    return tuple(found.values())


__all__ = ["link_projects", "united"]
