"""From definitions to scenarios: each step is the best arrow its query matches, or is missing and says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from extractor.graph.index import GraphIndex
from extractor.graph.scenarios.definition import Definition, StepQuery
from extractor.graph.scenarios.match import StepCandidate, candidates
from extractor.model.graph import CONFIDENCES, Evidence, Graph, Scenario, Step
from extractor.model.query import in_words

# Lines shown for a step: of rows that make the arrow, and in all.
MAX_PRIMARY = 4
MAX_EVIDENCE = 10


def scenarios(graph: Graph, definitions: Sequence[Definition]) -> tuple[Scenario, ...]:
    """The scenarios of a graph, in the order given. A step that matches nothing is `missing` and has no evidence."""
    index = GraphIndex(graph)
    return tuple(_scenario(index, definition) for definition in definitions)


def _scenario(index: GraphIndex, definition: Definition) -> Scenario:
    steps = tuple(_step(index, n, query) for n, query in enumerate(definition.steps, 1))
    missing = tuple(step.n for step in steps if step.missing)
    return Scenario(
        definition.id, definition.title, definition.description, steps, missing, definition.system, definition.sync
    )


def _step(index: GraphIndex, n: int, query: StepQuery) -> Step:
    found = list(candidates(index, query))
    placed = [fit for one in found if (fit := _placed(index, query, one)) is not None]
    if not placed:
        return _missing(index, n, query, found)
    ranked = sorted(placed, key=lambda pair: (CONFIDENCES.index(pair[1].confidence), _where(pair[1])))
    ends, best = ranked[0]
    same = [one for pair, one in ranked if pair == ends]
    lines = _evidence(same)
    note = "rests on a match that is only possible" if best.confidence == "possible" else best.note
    flow = _flow(index, ends, same, lines)
    return Step(n, *ends, query.label or best.label, best.sync, lines, note=note, flow_id=flow)


def _placed(index: GraphIndex, query: StepQuery, one: StepCandidate) -> tuple[tuple[str, str], StepCandidate] | None:
    """The candidate with its ends as the step has them; None when they are others, or no nodes of the graph."""
    source, target = _end(index, query.source, one.source), _end(index, query.target, one.target)
    if source is None or target is None or source == target or query.sync not in (None, one.sync):
        return None
    return (source, target), one


def _end(index: GraphIndex, wanted: str, found: str) -> str | None:
    """The node of one end. Where code tells the system only, a step may say which of its containers is meant."""
    if fnmatchcase(found, wanted):
        return found if found in index.nodes else None
    node = index.nodes.get(wanted)
    return wanted if node is not None and node.parent == found else None


def _where(one: StepCandidate) -> tuple[str, str, int]:
    first = one.evidence[0]
    return first.repo, first.path, first.line


def _evidence(found: Sequence[StepCandidate]) -> tuple[Evidence, ...]:
    """The lines that make the arrow first, what explains the first of them after."""
    primary = list(dict.fromkeys(one.evidence[0] for one in found))[:MAX_PRIMARY]
    explaining = [line for one in found[:MAX_PRIMARY] for line in one.evidence[1:]]
    return tuple(dict.fromkeys([*primary, *explaining]))[:MAX_EVIDENCE]


def _flow(
    index: GraphIndex, ends: tuple[str, str], found: Iterable[StepCandidate], lines: Sequence[Evidence]
) -> str | None:
    """The flow between these ends that shares most with the step: its rows first, then its lines.

    A person's flow stands for every use of a service, so that any of theirs will do.
    """
    person = ends[0] in index.nodes and index.nodes[ends[0]].kind == "person"
    rows, labels = {one.row for one in found}, {one.flow for one in found if one.flow}
    best: tuple[int, int, int, str] | None = None
    for flow in index.graph.flows:
        if (flow.source, flow.target) != ends:
            continue
        own = {flow.id, *flow.call_ids, *flow.task_ids, *flow.schedule_ids, *flow.route_ids}
        shared = (-len(rows & own), -len(set(lines) & set(flow.evidence)), -(flow.label in labels), flow.id)
        if (person or any(shared[:3])) and (best is None or shared < best):
            best = shared
    return best[3] if best else None


def _missing(index: GraphIndex, n: int, query: StepQuery, found: Sequence[StepCandidate]) -> Step:
    ends = [next(iter(index.like(end)), end) for end in (query.source, query.target)]
    label = query.label or in_words(query.kind, query.queries[query.kind])
    waits = query.kind not in ("enqueue", "schedule", "task") and index.blocks(ends[0])
    sync = waits if query.sync is None else query.sync
    return Step(n, ends[0], ends[1], label, sync, (), missing=True, note=_why(index, query, found))


def _why(index: GraphIndex, query: StepQuery, found: Sequence[StepCandidate]) -> str:
    """Which query failed, and the nearest thing that there was."""
    asked = " and ".join(in_words(kind, fields) for kind, fields in query.queries.items())
    if query.context:
        asked += f" reached from {' or '.join(query.context)}"
    if query.repo:
        asked += f" in {query.repo}"
    if not found:
        return f"nothing that an entry point reaches matches {asked}"
    unknown = [end for end in (query.source, query.target) if not index.like(end)]
    if unknown:
        return f"{asked} is there, but {' and '.join(unknown)} is no node of the graph"
    pairs = sorted({f"{one.source} to {one.target}{'' if one.sync else ' (asynchronous)'}" for one in found})
    more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
    wanted = {True: " (synchronous)", False: " (asynchronous)", None: ""}[query.sync]
    return f"{asked} does not lead from {query.source} to {query.target}{wanted}, but from {'; '.join(pairs[:3])}{more}"
