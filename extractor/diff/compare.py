"""Comparing two graphs: rows are paired by identity, and what is left over or differs becomes the diff."""

from __future__ import annotations

from extractor.diff.contracts import contract_changes
from extractor.diff.document import KINDS, SCHEMA_VERSION, Change, FieldChange, GraphDiff, SourceRange, change_order
from extractor.diff.identity import canonical_pattern
from extractor.diff.pairing import Pair, pair_rows
from extractor.diff.reach import reach_changes
from extractor.diff.regroup import without_regrouped
from extractor.diff.row import ComparedRow, Field, GraphReader, reader
from extractor.diff.rows import rows_of
from extractor.diff.unread import unread_on, without
from extractor.model.graph import Graph, Source


def diff_graphs(base: Graph, head: Graph) -> GraphDiff:
    """What `head` changes against `base`, by meaning. Pure; `diff_graphs(g, g)` is empty. What one side could not read
    is no change."""
    unread = unread_on(base, head)
    sources = _ranges(base.sources, head.sources, unread)
    base, head = without(base, unread), without(head, unread)
    revisions = (reader(base, {}), reader(head, {}))
    names = renamed_tasks(*revisions) | renamed_routes(*revisions) | renamed_settings(*revisions)
    before, after = reader(base, names), reader(head, names)
    kinds = [kind for kind in KINDS if kind != "reach"]
    changes = [change for kind in kinds for change in _compare(kind, rows_of(kind, before), rows_of(kind, after))]
    changes += reach_changes(before, after)
    return GraphDiff(
        SCHEMA_VERSION,
        head.version,
        head.estate,
        sources,
        contract_changes(base, head),
        tuple(sorted(changes, key=change_order)),
    )


def renamed_tasks(base: GraphReader, head: GraphReader) -> dict[str, str]:
    """For each task renamed between the sides, both names -> one of them, so that what names it is no change too."""
    pairs, _, _ = pair_rows(rows_of("tasks", base), rows_of("tasks", head))
    names: dict[str, str] = {}
    for old, new in pairs:
        if old.title != new.title:
            names[old.title] = names[new.title] = min(old.title, new.title)
    return names


def renamed_routes(base: GraphReader, head: GraphReader) -> dict[str, str]:
    """For each pattern that one side serves under another name, both patterns -> one of them."""
    pairs, _, _ = pair_rows(rows_of("routes", base), rows_of("routes", head))
    before, after = ({canonical_pattern(r.pattern) for r in side.graph.routes} for side in (base, head))
    names: dict[str, str] = {}
    for old, new in pairs:
        a, b = old.traits[0], new.traits[0]
        if canonical_pattern(a) not in after and canonical_pattern(b) not in before:
            names[a] = names[b] = min(a, b)
    return names


def renamed_settings(base: GraphReader, head: GraphReader) -> dict[str, str]:
    """For each setting renamed between the sides, both names -> one of them."""
    pairs, _, _ = pair_rows(rows_of("settings", base), rows_of("settings", head))
    named = ((old.traits[0], new.traits[0]) for old, new in pairs)
    return {name: min(pair) for pair in named if pair[0] != pair[1] for name in pair}


def _compare(kind: str, base: list[ComparedRow], head: list[ComparedRow]) -> list[Change]:
    pairs, lost, found = pair_rows(base, head)
    if kind == "findings":
        strangers = [pair for pair in pairs if not _acquainted(*pair)]
        pairs = [pair for pair in pairs if _acquainted(*pair)]
        lost, found = lost + [old for old, _ in strangers], found + [new for _, new in strangers]
    if kind == "flows":
        pairs, lost, found = without_regrouped(pairs, lost, found)
    changed = [change for change in map(_changed, pairs) if change]
    return changed + [_one_sided(row, "removed") for row in lost] + [_one_sided(row, "added") for row in found]


def _acquainted(old: ComparedRow, new: ComparedRow) -> bool:
    """Whether two findings about one thing may be one: they share a path, a function or their words. Where little is
    known of what a request asks for, two that have nothing in common are about one thing all the same."""
    return any(a == b for a, b in zip(old.near[:3], new.near[:3], strict=True))


def _changed(pair: Pair) -> Change | None:
    old, new = pair
    fields = tuple(_field_change(a, b) for a, b in zip(old.fields, new.fields, strict=True) if a.same != b.same)
    if not fields:
        return None
    old_title = old.title if old.title != new.title else ""
    ids = (old.id, new.id)
    repo = max(old.repo, new.repo)
    return Change(
        kind=new.kind,
        status="changed",
        title=new.title,
        repo=repo,
        ids=ids,
        fields=fields,
        before=old.evidence,
        after=new.evidence,
        old_title=old_title,
    )


def _field_change(old: Field, new: Field) -> FieldChange:
    if old.items is None or new.items is None:
        return FieldChange(old.name, old.shown, new.shown)
    if len(old.items) == len(new.items) == 1:
        return FieldChange(old.name, old.shown, new.shown)
    before, after = dict(old.items), dict(new.items)
    return FieldChange(
        old.name,
        "",
        "",
        tuple(sorted(before[key] for key in before.keys() - after.keys())),
        tuple(sorted(after[key] for key in after.keys() - before.keys())),
    )


def _one_sided(row: ComparedRow, status: str) -> Change:
    if status == "added":
        return Change(
            kind=row.kind,
            status=status,
            title=row.title,
            repo=row.repo,
            ids=("", row.id),
            fields=_filled(row.fields, 1),
            before=(),
            after=row.evidence,
        )
    return Change(
        kind=row.kind,
        status=status,
        title=row.title,
        repo=row.repo,
        ids=(row.id, ""),
        fields=_filled(row.fields, 0),
        before=row.evidence,
        after=(),
    )


def _filled(fields: tuple[Field, ...], side: int) -> tuple[FieldChange, ...]:
    nothing = (Field(f.name, "", "", None if f.items is None else ()) for f in fields)
    pairs = ((none, f) if side else (f, none) for none, f in zip(nothing, fields, strict=True) if f.shown)
    return tuple(_field_change(old, new) for old, new in pairs)


def _ranges(base: tuple[Source, ...], head: tuple[Source, ...], unread: tuple[Source, ...]) -> tuple[SourceRange, ...]:
    old, new = {s.name: s for s in base}, {s.name: s for s in head}
    ranges = []
    for name in sorted(old.keys() | new.keys()):
        a, b = old.get(name), new.get(name)
        web = (b.web if b else None) or (a.web if a else None)
        commits = (a.ref if a else "", a.commit if a else "", b.ref if b else "", b.commit if b else "")
        ranges.append(SourceRange(name, *commits, web, any(one.name == name for one in unread)))
    return tuple(ranges)
