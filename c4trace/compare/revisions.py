"""The two revisions of a diff: files, stored snapshots, or two refs of sources that are scanned here and now."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from c4trace.compare.introduced import TreeHistory
from c4trace.query.graph_file import load_graph
from c4trace.snapshots.spec import parse_spec
from c4trace.snapshots.store import resolve
from c4trace.sources import open_sources
from extractor.diff import GraphDiff, diff_graphs
from extractor.diff.provenance import with_commits
from extractor.errors import UserError
from extractor.estate.model import Estate
from extractor.model.graph import Graph
from extractor.options import ScanOptions
from extractor.sources.tree import Tree

Scan = Callable[[Sequence[tuple[Estate, Mapping[str, Tree]]], ScanOptions], Sequence[Graph]]

_RANGE = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)@(?P<base>[^.\s][^\s]*?)\.\.(?P<head>[^.\s][^\s]*)")


@dataclass(frozen=True, slots=True)
class RefRange:
    """`NAME@BASE..HEAD`: a source at two refs."""

    name: str
    base: str
    head: str


@dataclass(frozen=True, slots=True)
class Revisions:
    """Both graphs and what they differ in. `ranged` names the sources that were given as ranges of refs, if any."""

    base: Graph
    head: Graph
    diff: GraphDiff
    ranged: tuple[str, ...] = ()


def parse_range(text: str) -> RefRange | None:
    """A range of refs, or None when `text` is none."""
    found = _RANGE.fullmatch(text)
    return RefRange(found["name"], found["base"], found["head"]) if found else None


def read_revisions(base: str, head: str, store: Path) -> Revisions:
    """Two revisions that each are a graph.json (or a directory that holds one) or name a snapshot in `store`."""
    old, new = read_graph(base, store), read_graph(head, store)
    return Revisions(old, new, diff_graphs(old, new))


def read_graph(text: str, store: Path) -> Graph:
    """The graph that `text` names. Raises UserError when there is none."""
    path = Path(text)
    if path.is_dir():
        return load_graph(path / "graph.json")
    if path.exists():
        return load_graph(path)
    now = datetime.now(UTC)
    if parse_spec(text, now) is not None:
        return resolve(text, store, now)
    raise UserError(
        f"{text!r} is no graph.json, no snapshot and no range of refs",
        "give a file, a snapshot such as `yesterday`, or NAME@BASE..HEAD",
    )


def scan_revisions(
    estate: Estate, ranges: Sequence[RefRange], cache_dir: Path, options: ScanOptions, scan: Scan
) -> Revisions:
    """Both refs of each range scanned, the other sources of the estate at their own ref in both.

    `scan` makes both graphs (`scan_states` of the pipeline). The diff says which commits introduced its changes, as far
    as the clones know. Raises UserError for a range of no source.
    """
    _check_ranges(estate, ranges)
    trees: list[dict[str, Tree]] = []
    estates = [_at(estate, {r.name: ref(r) for r in ranges}) for ref in (_base_ref, _head_ref)]
    for revision in estates:
        trees.append(open_sources(revision, cache_dir, options.offline, options.progress))
    old, new = scan(list(zip(estates, trees, strict=True)), options)
    diff = with_commits(diff_graphs(old, new), TreeHistory(trees[0], trees[1]))
    return Revisions(old, new, diff, tuple(sorted(r.name for r in ranges)))


def _base_ref(item: RefRange) -> str:
    return item.base


def _head_ref(item: RefRange) -> str:
    return item.head


def _check_ranges(estate: Estate, ranges: Sequence[RefRange]) -> None:
    known = [spec.name for spec in estate.sources()]
    names = [r.name for r in ranges]
    for name in names:
        if name not in known:
            raise UserError(f"{name!r} is no source of the estate", f"one of {', '.join(known)}, or give --source")
        if names.count(name) > 1:
            raise UserError(f"{name!r} has two ranges", "give one")


def _at(estate: Estate, refs: Mapping[str, str]) -> Estate:
    systems = tuple(
        dataclasses.replace(s, repository=dataclasses.replace(s.repository, ref=refs[s.id]))
        if s.repository and s.id in refs
        else s
        for s in estate.systems
    )
    return dataclasses.replace(estate, systems=systems)
