"""Reach: what entry points (requests, tasks, commands) lead to on each side, told once for all that differ alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from extractor.diff.coderows import asked, operations_of
from extractor.diff.document import Change, FieldChange
from extractor.diff.identity import call_key, canonical_pattern, context_text
from extractor.diff.row import GraphReader
from extractor.model.graph import Call, Context, Enqueue, Evidence, Store

# An entry point is told with its first places, a group of them with its first names.
_MOST_PLACES = 3
_MOST_NAMES = 3

Entry = tuple[str, str]  # repository, entry point in words
Thing = tuple[str, ...]  # what is reached: its kind, repository and identity


@dataclass(slots=True)
class _ReachedThings:
    """What one graph's entry points reach. `known` are those that exist, whether or not they reach anything."""

    reached: dict[Entry, set[Thing]] = field(default_factory=lambda: defaultdict(set))
    shown: dict[Thing, str] = field(default_factory=dict)
    known: set[Entry] = field(default_factory=set)
    homes: dict[Entry, set[Evidence]] = field(default_factory=lambda: defaultdict(set))
    evidence: dict[Thing, set[Evidence]] = field(default_factory=lambda: defaultdict(set))


def reach_changes(before: GraphReader, after: GraphReader) -> list[Change]:
    """One change for the entry points of a repository that reach other things than before, those alike together.

    Where an entry point stands on both sides, a thing that is itself new or gone is no news of the entry point's: the
    change of that thing tells what reaches it.
    """
    old, new = _reached_things(before), _reached_things(after)
    groups: dict[tuple[str, str, tuple[Thing, ...], tuple[Thing, ...]], list[Entry]] = defaultdict(list)
    for entry in sorted(old.reached.keys() | new.reached.keys()):
        status = "added" if entry not in old.known else "removed" if entry not in new.known else "changed"
        gone, came = old.reached.get(entry, set()), new.reached.get(entry, set())
        gone, came = gone - came, came - gone
        if status == "changed":
            gone, came = gone & new.shown.keys(), came & old.shown.keys()
        if gone or came:
            groups[(entry[0], status, tuple(sorted(gone)), tuple(sorted(came)))].append(entry)
    return [_change(key[1], key[2], key[3], entries, old, new) for key, entries in groups.items()]


def _change(
    status: str,
    gone: tuple[Thing, ...],
    came: tuple[Thing, ...],
    entries: list[Entry],
    old: _ReachedThings,
    new: _ReachedThings,
) -> Change:
    names = [name for _, name in entries]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    repo = entries[0][0]
    ident = f"{repo}: {', '.join(names)}"
    reaches = FieldChange("reaches", "", "", _texts(gone, old.shown), _texts(came, new.shown))
    return Change(
        kind="reach",
        status=status,
        title=", ".join(names[:_MOST_NAMES]) + more,
        repo=repo,
        ids=("" if status == "added" else ident, "" if status == "removed" else ident),
        fields=(reaches,),
        before=() if status == "added" else _evidence(entries, gone, old),
        after=() if status == "removed" else _evidence(entries, came, new),
    )


def _texts(things: tuple[Thing, ...], shown: Mapping[Thing, str]) -> tuple[str, ...]:
    return tuple(sorted({shown[thing] for thing in things}))


def _evidence(entries: list[Entry], things: tuple[Thing, ...], revision: _ReachedThings) -> tuple[Evidence, ...]:
    """Where the entry points are, then what they reach."""
    homes = sorted({place for entry in entries for place in revision.homes.get(entry, ())}, key=_place_order)
    evidence = sorted({place for thing in things for place in revision.evidence.get(thing, ())}, key=_place_order)
    return tuple((homes + evidence)[:_MOST_PLACES])


def _place_order(place: Evidence) -> tuple[object, ...]:
    return (place.repo, place.path, place.line, place.end_line, place.role)


def _reached_things(source: GraphReader) -> _ReachedThings:
    revision = _ReachedThings()
    for row, thing, text in _things(source):
        entries = {e for c in row.contexts if (e := _entry(row.repo, c, source))}
        revision.shown[thing] = min(text, revision.shown.get(thing, text))
        revision.evidence[thing].update(source.at(row.repo, row.path, row.line, row.end_line, thing[0]))
        for entry in entries:
            revision.reached[entry].add(thing)
            _home(entry, row, revision, source)
    revision.known.update(revision.reached)
    for route in source.graph.routes:
        entry = (route.repo, f"request {canonical_pattern(source.names.get(route.pattern, route.pattern))}")
        revision.known.add(entry)
        revision.homes[entry].update(source.at(route.repo, route.path, route.line, route.line, "route"))
    for task in source.graph.tasks:
        entry = (task.repo, f"task {source.names.get(task.name, task.name)}")
        revision.known.add(entry)
        revision.homes[entry].update(source.at(task.repo, task.path, task.line, task.end_line, "task"))
    return revision


def _things(source: GraphReader) -> Iterator[tuple[Call | Enqueue | Store, Thing, str]]:
    """Everything that entry points reach: the row, its identity, its words."""
    for c in source.graph.calls:
        yield c, ("call", *call_key(c)), c.label or asked(c)
    for e in source.graph.enqueues:
        if e.task:
            yield e, ("enqueue", e.repo, source.names.get(e.task, e.task)), f"queues {e.task.rpartition('.')[2]}"
    for s in source.graph.stores:
        for operation in operations_of(s):
            yield s, ("store", s.repo, s.service, s.system, operation), f"{operation}s {source.name(s.system)}"


def _entry(repo: str, context: Context, source: GraphReader) -> Entry | None:
    return None if context.kind == "unknown" else (repo, context_text(context, source.names))


def _home(entry: Entry, row: Call | Enqueue | Store, revision: _ReachedThings, source: GraphReader) -> None:
    """A command's file, where a chain or the row itself lies in it; requests and tasks have rows of their own."""
    kind, _, name = entry[1].partition(" ")
    if kind != "command":
        return
    end = f"/commands/{name}.py"
    if row.path.endswith(end):
        revision.homes[entry].update(source.at(row.repo, row.path, row.line, row.end_line, "command"))
    for chain in row.chains if isinstance(row, Call) else ():
        for hop in chain:
            if hop.path.endswith(end):
                revision.homes[entry].update(source.at(hop.repo, hop.path, hop.line, hop.line, "command"))
