"""Scenario files: reading them, and what one says (rules/schema/scenario.schema.json)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.estate.model import Estate
from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import Document, Fault, nearest, read_yaml, refuse
from extractor.model.query import Where, where

# What a step can ask for. The first of them that a step names makes the arrow; the others narrow it.
KINDS = ("call", "store", "enqueue", "flow", "schedule", "route", "task")


@dataclass(frozen=True, slots=True)
class StepQuery:
    """A step: the ends (ids or globs of nodes), and queries by kind (see KINDS), of which there is at least one.

    `context` lists entry points as `kind` or `kind name-glob`; `sync` is what the arrow must be, or None for either.
    """

    source: str
    target: str
    queries: Mapping[str, Where]
    label: str = ""
    sync: bool | None = None
    repo: str = ""
    context: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of row that makes the arrow."""
        return next(kind for kind in KINDS if kind in self.queries)


@dataclass(frozen=True, slots=True)
class Definition:
    """A scenario as its file says it."""

    id: str
    title: str
    description: str
    system: str
    sync: str
    steps: tuple[StepQuery, ...]


def load_scenarios(estate: Estate) -> tuple[Definition, ...]:
    """The scenarios that an estate names: files or directories beside its file, or names of shipped ones.

    In the order of the estate file; those of a directory by file name. Raises UserError for a name that leads nowhere,
    for a faulty file, and for two scenarios with one id.
    """
    paths = [path for name in estate.scenarios for path in _files(estate.directory, name)]
    known: dict[str, Path] = {}
    out = []
    for path in dict.fromkeys(paths):
        definition = _read(path, path.stat().st_mtime_ns)
        if definition.id in known:
            remedy = "give each its own id"
            raise UserError(f"{path}: the id {definition.id!r} is that of {known[definition.id]}", remedy)
        known[definition.id] = path
        out.append(definition)
    return tuple(out)


@functools.lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> Definition:
    """A file read once while it stays as it is: both sides of a diff name the same ones."""
    return read_scenario(path)


def read_scenario(path: Path) -> Definition:
    """The scenario of a file. Raises UserError with every fault, each with its line."""
    document = read_yaml(path, read_schema("scenario"))
    refuse(path, list(_aimless(document)))
    data = document.data
    return Definition(
        data["id"],
        data["title"],
        " ".join(data["description"].split()),
        data["system"],
        data["sync"],
        tuple(_step(row) for row in data["steps"]),
    )


def _files(directory: Path, name: str) -> list[Path]:
    shipped = rules_dir() / "scenarios"
    for place in (directory / name, shipped / name, shipped / f"{name}.yaml"):
        if place.is_dir():
            return sorted(place.glob("*.yaml"))
        if place.is_file():
            return [place]
    names = sorted(path.stem for path in shipped.iterdir()) if shipped.is_dir() else []
    remedy = nearest(name, names) or f"a file or directory beside the estate file, or one of {', '.join(names)}"
    raise UserError(f"the estate names the scenario {name!r}, which is neither a file nor shipped", remedy)


def _aimless(document: Document) -> Iterable[Fault]:
    for at, row in enumerate(document.data["steps"]):
        if not any(kind in row for kind in KINDS):
            yield document.fault(("steps", at), f"asks for nothing: add one of {', '.join(KINDS)}")


def _step(row: Mapping[str, Any]) -> StepQuery:
    context = row.get("context", ())
    return StepQuery(
        row["from"],
        row["to"],
        {kind: where(kind, row[kind]) for kind in KINDS if kind in row},
        row.get("label", ""),
        row.get("sync"),
        row.get("repo", ""),
        (context,) if isinstance(context, str) else tuple(context),
    )
