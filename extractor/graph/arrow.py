"""A flow while the rows that make it are merged: its evidence in order, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from extractor.model.graph import Evidence, Flow, Hop
from extractor.model.ids import row_id

MAX_EVIDENCE = 12
MAX_GROUNDS = 4


@dataclass(slots=True)
class Arrow:
    """A flow being merged. Evidence keeps its order: what makes the arrow first, what explains it after, and last the
    `grounds`: settings and deployment files that name what it joins, which are never crowded out."""

    source: str
    target: str
    label: str
    sync: bool
    protocol: str
    primary: dict[Evidence, None] = field(default_factory=dict)
    explaining: dict[Evidence, None] = field(default_factory=dict)
    grounds: dict[Evidence, None] = field(default_factory=dict)
    triggers: dict[str, None] = field(default_factory=dict)
    cadences: dict[str, None] = field(default_factory=dict)
    why: dict[str, None] = field(default_factory=dict)
    conditions: dict[str, None] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)
    routes: dict[str, None] = field(default_factory=dict)
    tasks: dict[str, None] = field(default_factory=dict)
    schedules: dict[str, None] = field(default_factory=dict)
    enqueues: dict[str, None] = field(default_factory=dict)
    stores: dict[str, None] = field(default_factory=dict)
    data: dict[str, None] = field(default_factory=dict)
    confidence: str = "possible"
    unconditional: bool = False
    chain: tuple[Hop, ...] = ()

    def flow(self) -> Flow:
        """The finished arrow."""
        evidence = list(dict.fromkeys((*self.primary, *self.explaining)))[:MAX_EVIDENCE]
        evidence += [e for e in list(self.grounds)[:MAX_GROUNDS] if e not in evidence]
        return Flow(
            id=row_id("flow", self.source, self.target, self.label, str(self.sync), self.protocol),
            source=self.source,
            target=self.target,
            label=self.label,
            sync=self.sync,
            protocol=self.protocol,
            data=_some(self.data, 6),
            trigger=_some(self.triggers, 4),
            cadence=_some(self.cadences, 4),
            confidence=self.confidence,
            evidence=tuple(evidence),
            why=_some(self.why, 2),
            condition="" if self.unconditional else _some(self.conditions, 3),
            call_ids=tuple(self.calls),
            route_ids=tuple(self.routes),
            task_ids=tuple(self.tasks),
            schedule_ids=tuple(self.schedules),
            chain=self.chain,
            enqueue_ids=tuple(self.enqueues),
            store_ids=tuple(self.stores),
        )


def _some(words: Iterable[str], limit: int) -> str:
    found = [w for w in words if w]
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return "; ".join(found[:limit]) + more
