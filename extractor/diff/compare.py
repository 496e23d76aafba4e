"""Comparing two graphs: rows are paired by identity, and what is left over or differs becomes the diff."""

from __future__ import annotations

from extractor.diff.contracts import contract_changes
from extractor.diff.document import KINDS, SCHEMA_VERSION, Change, FieldChange, GraphDiff, SourceRange, change_order
from extractor.diff.pairing import Pair, pair_rows
from extractor.diff.rows import Field, Row, reader, rows_of
from extractor.model import Graph, Source


def diff_graphs(base: Graph, head: Graph) -> GraphDiff:
    """What `head` changes against `base`, by meaning. Pure; `diff_graphs(g, g)` is empty."""
    names = renamed_tasks(base, head)
    before, after = reader(base, names), reader(head, names)
    changes = [change for kind in KINDS for change in _compare(rows_of(kind, before), rows_of(kind, after))]
    return GraphDiff(
        SCHEMA_VERSION,
        head.version,
        head.estate,
        _ranges(base.sources, head.sources),
        contract_changes(base, head),
        tuple(sorted(changes, key=change_order)),
    )


def renamed_tasks(base: Graph, head: Graph) -> dict[str, str]:
    """For each task renamed between the sides, both names -> one of them, so that what names it is no change too."""
    pairs, _, _ = pair_rows(rows_of("tasks", reader(base, {})), rows_of("tasks", reader(head, {})))
    names: dict[str, str] = {}
    for old, new in pairs:
        if old.title != new.title:
            names[old.title] = names[new.title] = min(old.title, new.title)
    return names


def _compare(base: list[Row], head: list[Row]) -> list[Change]:
    pairs, lost, found = pair_rows(base, head)
    changed = [change for change in map(_changed, pairs) if change]
    return changed + [_one_sided(row, "removed") for row in lost] + [_one_sided(row, "added") for row in found]


def _changed(pair: Pair) -> Change | None:
    old, new = pair
    fields = tuple(
        FieldChange(a.name, a.shown, b.shown) for a, b in zip(old.fields, new.fields, strict=True) if a.same != b.same
    )
    if not fields:
        return None
    old_title = old.title if old.title != new.title else ""
    ids = (old.id, new.id)
    repo = max(old.repo, new.repo)
    return Change(new.kind, "changed", new.title, repo, ids, fields, old.evidence, new.evidence, old_title)


def _one_sided(row: Row, status: str) -> Change:
    if status == "added":
        return Change(row.kind, status, row.title, row.repo, ("", row.id), _filled(row.fields, 1), (), row.evidence)
    return Change(row.kind, status, row.title, row.repo, (row.id, ""), _filled(row.fields, 0), row.evidence, ())


def _filled(fields: tuple[Field, ...], side: int) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(f.name, *(("", f.shown) if side else (f.shown, ""))) for f in fields if f.shown)


def _ranges(base: tuple[Source, ...], head: tuple[Source, ...]) -> tuple[SourceRange, ...]:
    old, new = {s.name: s for s in base}, {s.name: s for s in head}
    ranges = []
    for name in sorted(old.keys() | new.keys()):
        a, b = old.get(name), new.get(name)
        web = (b.web if b else None) or (a.web if a else None)
        ranges.append(
            SourceRange(name, a.ref if a else "", a.commit if a else "", b.ref if b else "", b.commit if b else "", web)
        )
    return tuple(ranges)
