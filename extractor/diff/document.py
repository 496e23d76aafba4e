"""The diff document: every noun that diff.json holds, as frozen dataclasses.

A diff is told from the head's side and loses nothing of the base's: `mirror` turns the diff of A and B into the diff
of B and A. It carries no line-based fact but evidence. `to_dict` and `from_dict` of the model take it through JSON; the
published schema is `rules/schema/diff.schema.json`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from extractor.model.graph import Evidence

SCHEMA_VERSION = "1.0"

# The kinds of thing compared, in the order in which they are told.
KINDS = (
    "flows",
    "tasks",
    "schedules",
    "settings",
    "routes",
    "calls",
    "reach",
    "enqueues",
    "inbound",
    "stores",
    "findings",
    "cycles",
    "nodes",
    "steps",
    "etl",
    "gaps",
)
STATUSES = ("added", "removed", "changed")
MUST_SET = "must be set"


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that brought a change. `sha` is 40 hex digits, `date` the author's date (ISO 8601)."""

    sha: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after. On an added thing `old` is "", on a removed one `new` is "".

    A field that holds a set (what a flow is made of, what reaches a call) has "" for both, and tells in `removed` and
    `added` what left the set and what came into it, sorted.
    """

    field: str
    old: str
    new: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something added, removed or changed. `ids` are the rows' ids: (base id, head id), "" on the side it lacks.

    `kind` is one of KINDS, `status` one of STATUSES. A change of kind `reach` tells of entry points (requests, tasks,
    commands) that reach other calls, queued tasks and datastores than before; those that differ alike are one change.
    `title` names the thing in words, `old_title` what it was called in the base when that differs. `before` and
    `after` are the evidence on each side; `commit` is what introduced the change, when git knows it.
    """

    kind: str
    status: str
    title: str
    repo: str
    ids: tuple[str, str]
    fields: tuple[FieldChange, ...]
    before: tuple[Evidence, ...]
    after: tuple[Evidence, ...]
    old_title: str = ""
    commit: Commit | None = None

    @property
    def place(self) -> Evidence | None:
        """The first piece of evidence, of the head where there is one."""
        return next(iter(self.after or self.before), None)

    def new(self, field: str) -> str:
        """The head's value of `field`, "" when the field is not part of this change."""
        return next((f.new for f in self.fields if f.field == field), "")

    def old(self, field: str) -> str:
        """The base's value of `field`, "" when the field is not part of this change."""
        return next((f.old for f in self.fields if f.field == field), "")


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract across repositories that broke (`status` is `broken`) or holds again (`mended`).

    `kind` is `call` (a call that `target` serves no route for) or `inbound` (a route that `caller`, a system outside,
    is known to call, and that is served on one side only). `kept` says that the caller stands on both sides: then a
    broken contract means that the route went, else that the call is new. `route` is the route where it is served.
    """

    status: str
    kind: str
    caller: str
    target: str
    method: str
    url: str
    route: str
    kept: bool
    fingerprint: str
    before: tuple[Evidence, ...]
    after: tuple[Evidence, ...]
    commit: Commit | None = None


@dataclass(frozen=True, slots=True)
class SourceRange:
    """A source on both sides; "" where a side lacks it. `web` is the link template of the `Source`. `unread` says that
    one side could not read it: then nothing that has to do with it was compared."""

    name: str
    base_ref: str
    base_commit: str
    head_ref: str
    head_commit: str
    web: str | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """What a head changes against a base. Contracts come first: they are what breaks at run time."""

    schema: str
    version: str
    estate: str
    sources: tuple[SourceRange, ...]
    contracts: tuple[Contract, ...]
    changes: tuple[Change, ...]

    @property
    def empty(self) -> bool:
        """True when nothing changed by meaning, whatever happened to the text."""
        return not self.contracts and not self.changes

    def of(self, kind: str, *statuses: str) -> tuple[Change, ...]:
        """The changes of one kind, of the given statuses (all when none is given), in order."""
        return tuple(c for c in self.changes if c.kind == kind and (not statuses or c.status in statuses))

    def counts(self) -> dict[str, dict[str, int]]:
        """How many of each status by kind; kinds without a change are left out."""
        return {kind: {status: len(self.of(kind, status)) for status in STATUSES} for kind in KINDS if self.of(kind)}

    def must_be_set(self) -> tuple[Change, ...]:
        """Settings that an operator must set before deploying the head, and need not for the base."""
        return tuple(c for c in self.of("settings", "added", "changed") if c.new(MUST_SET))


def contract_order(contract: Contract) -> tuple[object, ...]:
    """Broken contracts first, then by caller, target and what is called."""
    return (contract.status != "broken", contract.caller, contract.target, contract.url, contract.method, contract.kind)


def change_order(change: Change) -> tuple[object, ...]:
    """By kind, then added, removed, changed, then by title; the ids settle what is left."""
    fields = tuple((f.field, f.old, f.new, f.removed, f.added) for f in change.fields)
    places = tuple((e.path, e.line) for e in (*change.after, *change.before))
    rank = (KINDS.index(change.kind), STATUSES.index(change.status))
    return (*rank, change.repo, change.title, change.old_title, fields, change.ids, places)


def mirror(diff: GraphDiff) -> GraphDiff:
    """The same diff told from the base's side: added becomes removed, old becomes new, broken becomes mended.

    `version`, `estate` and the link templates are the teller's and stay. Commits go: they introduced a change, not its
    opposite.
    """
    return dataclasses.replace(
        diff,
        sources=tuple(_mirror_source(s) for s in diff.sources),
        contracts=tuple(sorted((_mirror_contract(c) for c in diff.contracts), key=contract_order)),
        changes=tuple(sorted((_mirror_change(c) for c in diff.changes), key=change_order)),
    )


_OPPOSITE = {"added": "removed", "removed": "added", "changed": "changed", "broken": "mended", "mended": "broken"}


def _mirror_source(s: SourceRange) -> SourceRange:
    return SourceRange(s.name, s.head_ref, s.head_commit, s.base_ref, s.base_commit, s.web, s.unread)


def _mirror_contract(c: Contract) -> Contract:
    return dataclasses.replace(c, status=_OPPOSITE[c.status], before=c.after, after=c.before, commit=None)


def _mirror_change(c: Change) -> Change:
    return dataclasses.replace(
        c,
        status=_OPPOSITE[c.status],
        title=c.old_title or c.title,
        old_title=c.title if c.old_title else "",
        ids=(c.ids[1], c.ids[0]),
        fields=tuple(FieldChange(f.field, f.new, f.old, f.added, f.removed) for f in c.fields),
        before=c.after,
        after=c.before,
        commit=None,
    )
