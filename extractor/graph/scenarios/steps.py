"""From definitions to scenarios: each step is the best flow that its query matches and that earlier steps lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from extractor.graph.index import GraphIndex
from extractor.graph.scenarios.definition import Definition, StepQuery
from extractor.graph.scenarios.match import FlowMatch, matches
from extractor.graph.scenarios.opened import Opened, OpenedWay
from extractor.model.graph import CONFIDENCES, Evidence, Graph, Scenario, Step
from extractor.model.query import in_words

# Lines shown for a step: of rows that make the arrow, and in all.
MAX_PRIMARY = 4
MAX_EVIDENCE = 10
UNLINKED = "not linked in code"


@dataclass(frozen=True, slots=True)
class _Fit:
    """A match between the ends that a step asks for, and the way there; None where no earlier step leads there."""

    match: FlowMatch
    way: OpenedWay | None

    @property
    def ends(self) -> tuple[str, str]:
        return self.match.flow.source, self.match.target

    @property
    def rank(self) -> tuple[bool, int, bool, int, int, tuple[str, str, int]]:
        """The best first: reached, sure, on no condition, on the shortest way, from the latest step; then in the order
        of the code."""
        first, opened_by, lines = self.match.evidence[0], 0, 0
        if self.way is not None:
            opened_by, lines = self.way.opened_by, len(self.way.lines)
        sure = CONFIDENCES.index(self.match.confidence)
        return (
            self.way is None,
            sure,
            self.match.condition != "",
            lines,
            -opened_by,
            (first.repo, first.path, first.line),
        )


def scenarios(graph: Graph, definitions: Sequence[Definition]) -> tuple[Scenario, ...]:
    """The scenarios of a graph, in the order given. A step that matches nothing is `missing` and has no evidence; one
    whose flow nothing joins to the steps before it is `missing` and keeps its flow."""
    index = GraphIndex(graph)
    return tuple(_scenario(index, definition) for definition in definitions)


def _scenario(index: GraphIndex, definition: Definition) -> Scenario:
    opened = Opened(index)
    steps = tuple(_step(index, opened, n, query) for n, query in enumerate(definition.steps, 1))
    missing = tuple(step.n for step in steps if step.missing)
    return Scenario(
        definition.id, definition.title, definition.description, steps, missing, definition.system, definition.sync
    )


def _step(index: GraphIndex, opened: Opened, n: int, query: StepQuery) -> Step:
    found = list(matches(index, query))
    fits = [_Fit(one, _way(index, opened, one)) for one in found if _placed(query, one)]
    if not fits:
        return _missing(index, n, query, found)
    ranked = sorted(fits, key=lambda fit: fit.rank)
    best = ranked[0]
    same = [fit for fit in ranked if fit.ends == best.ends and (fit.way is None) == (best.way is None)]
    if best.way is not None:
        for fit in reversed(same):  # the best one's way is the one that later steps go on
            if fit.way is not None:
                opened.add(n, fit.way, fit.match.target, fit.match.opens)
    flow, way = best.match.flow, best.way or OpenedWay("")
    return Step(
        n,
        *best.ends,
        query.label or best.match.label,
        flow.sync,
        _evidence([fit for fit in same if fit.match.flow is flow]),
        missing=best.way is None,
        note=_note(best),
        flow_id=flow.id,
        declared=best.match.declared,
        opened_by=way.opened_by,
        trigger=way.entry,
        cadence=way.cadence,
        condition=best.match.condition or way.condition,
    )


def _placed(query: StepQuery, one: FlowMatch) -> bool:
    """Whether a match has the ends and the synchrony that the step asks for."""
    fitting = fnmatchcase(one.flow.source, query.source) and fnmatchcase(one.target, query.target)
    return fitting and query.sync in (None, one.flow.sync)


def _way(index: GraphIndex, opened: Opened, one: FlowMatch) -> OpenedWay | None:
    """How earlier steps lead to a match, by the latest of them and with the fewest tasks between."""
    if one.begins and not one.entries and (found := opened.at(one.flow.source)) is not None:
        return found
    if one.begins or one.declared:
        entry = one.entries[0] if one.entries else None
        return OpenedWay(f"{entry.kind} {entry.name}" if entry else "", 0, one.cadence, one.condition)
    if not one.entries:
        return opened.at(one.flow.source)
    node = index.nodes[one.flow.target if index.nodes[one.flow.source].role == "queue" else one.flow.source]
    ways = [way for context in one.entries if (way := opened.way(node, context)) is not None]
    return min(ways, key=lambda way: (len(way.lines), -way.opened_by, way.entry), default=None)


def _note(best: _Fit) -> str:
    """What a reader has to know of the step beside its lines."""
    if best.way is None:
        return f"{UNLINKED}: the arrow is there, but no earlier step is seen to lead to it"
    if best.match.confidence == "possible":
        return "rests on a match that is only possible"
    return best.match.note


def _evidence(found: Sequence[_Fit]) -> tuple[Evidence, ...]:
    """The lines that make the arrow first, then the tasks queued on the way, then what explains the first of them."""
    primary = list(dict.fromkeys(one.match.evidence[0] for one in found))[:MAX_PRIMARY]
    queued = found[0].way.lines if found[0].way is not None else ()
    explaining = [line for one in found[:MAX_PRIMARY] for line in one.match.evidence[1:]]
    return tuple(dict.fromkeys([*primary, *queued, *explaining]))[:MAX_EVIDENCE]


def _missing(index: GraphIndex, n: int, query: StepQuery, found: Sequence[FlowMatch]) -> Step:
    ends = [next(iter(index.like(end)), end) for end in (query.source, query.target)]
    label = query.label or in_words(query.kind, query.queries[query.kind])
    source = index.nodes.get(ends[0])
    waits = source is None or source.role not in ("worker", "beat", "queue")
    sync = waits and query.kind != "enqueue" if query.sync is None else query.sync
    return Step(n, ends[0], ends[1], label, sync, (), missing=True, note=_why(index, query, found))


def _why(index: GraphIndex, query: StepQuery, found: Sequence[FlowMatch]) -> str:
    """Which query failed, and the nearest thing that there was."""
    asked = " and ".join(in_words(kind, fields) for kind, fields in query.queries.items())
    if query.context:
        asked += f" reached from {' or '.join(query.context)}"
    if query.repo:
        asked += f" in {query.repo}"
    if not found:
        return f"no arrow matches {asked}"
    unknown = [end for end in (query.source, query.target) if not index.like(end)]
    if unknown:
        return f"{asked} is there, but {' and '.join(unknown)} is no node of the graph"
    pairs = sorted({f"{one.flow.source} to {one.target}{'' if one.flow.sync else ' (asynchronous)'}" for one in found})
    more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
    wanted = {True: " (synchronous)", False: " (asynchronous)", None: ""}[query.sync]
    return f"{asked} does not lead from {query.source} to {query.target}{wanted}, but from {'; '.join(pairs[:3])}{more}"
