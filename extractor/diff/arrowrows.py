"""Rows of what is drawn and counted: elements, flows, cycles, scenario steps, ingestion, what is not understood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from extractor.diff.coderows import asked
from extractor.diff.cycles import system_cycles
from extractor.diff.identity import call_key, canonical_condition
from extractor.diff.row import (
    ComparedRow,
    Field,
    GraphReader,
    at_place,
    field_of,
    fields_of,
    first_place,
    set_of,
    sync_words,
    twice,
)
from extractor.model.graph import Flow, Step


def nodes(source: GraphReader) -> Iterator[ComparedRow]:
    for n in source.graph.nodes:
        fields = fields_of(
            name=n.name, kind=n.kind, technology=n.technology, parent=source.name(n.parent or ""), scope=n.scope
        )
        yield ComparedRow("nodes", (n.id,), f"{n.kind} {n.name}", n.repo or "", n.id, fields, n.evidence)


def flows(source: GraphReader) -> Iterator[ComparedRow]:
    for f in source.graph.flows:
        parts = tuple(_parts(f, source))
        told = any(field.items for field in parts)
        fields = (
            # What an arrow is called is made of what it is made of: another word for the same calls is no change.
            field_of("label", f.label, "" if told else f.label),
            *fields_of(sync=sync_words(f.sync), protocol=f.protocol),
            *parts,
            field_of("trigger", f.trigger, ""),
        )
        requests = _requests(f, source)
        yield ComparedRow(
            "flows",
            (f.source, f.target, f.label, sync_words(f.sync), f.protocol),
            f"{source.name(f.source)} → {source.name(f.target)}: {f.label}",
            f.evidence[0].repo if f.evidence else "",
            f.id,
            fields,
            f.evidence,
            near=(f.trigger, *first_place(f.evidence)),
            family=(f.source, f.target, *_queued(f, source)),
            # What is asked for counts twice: two arrows between the same ends have all the rest in common.
            traits=(f.label, sync_words(f.sync), f.protocol, *first_place(f.evidence)[:1], requests, requests),
        )


def _requests(flow: Flow, source: GraphReader) -> str:
    """What the calls of a flow ask for, without who sends it to whom."""
    found = (source.calls[i] for i in flow.call_ids if i in source.calls)
    return " ".join(sorted({" ".join(call_key(call)[2:]) for call in found}))


def _parts(f: Flow, source: GraphReader) -> Iterator[Field]:
    """What a flow is made of. Its own summaries are bounded texts, and who sets it off is told by entry point."""
    calls = [source.calls[i] for i in f.call_ids if i in source.calls]
    tasks = [] if calls else [source.tasks[i] for i in f.task_ids if i in source.tasks]
    timed = [source.schedules[i] for i in f.schedule_ids if i in source.schedules]
    yield set_of("calls", ((" ".join(call_key(c)), asked(c)) for c in calls))
    yield set_of("tasks", ((source.names.get(t.name, t.name), t.name) for t in tasks))
    yield set_of("cadence", twice(s.cadence or s.schedule for s in timed))
    yield set_of("answered by", twice(source.route(i) for i in f.route_ids))
    conditions = [c.condition for c in calls] or [f.condition]
    yield set_of("condition", twice(canonical_condition(" ".join(conditions)).split()) if all(conditions) else ())


def _queued(flow: Flow, source: GraphReader) -> tuple[str, ...]:
    """The tasks that a flow of messages carries: one that carries others is another flow, however alike its label."""
    names = (source.tasks[i].name for i in flow.task_ids if i in source.tasks)
    return () if flow.call_ids else tuple(sorted(source.names.get(name, name) for name in names))


def cycles(source: GraphReader) -> Iterator[ComparedRow]:
    for cycle in system_cycles(source.graph):
        title = " → ".join(source.name(n) for n in (*cycle.systems, cycle.systems[0]))
        fields = fields_of(synchronous="throughout" if cycle.sync else "in part")
        yield ComparedRow("cycles", cycle.systems, title, "", "", fields, cycle.evidence)


def steps(source: GraphReader) -> Iterator[ComparedRow]:
    for scenario in source.graph.scenarios:
        for s in scenario.steps:
            ends = (source.name(s.source), source.name(s.target))
            yield ComparedRow(
                "steps",
                (scenario.id, s.source, s.target, s.label),
                f"{scenario.title}: {ends[0]} → {ends[1]}: {s.label}",
                s.evidence[0].repo if s.evidence else "",
                scenario.id,
                fields_of(label=s.label, sync=sync_words(s.sync), evidence=_state(s)),
                s.evidence,
                near=("missing" if s.missing else "", *first_place(s.evidence)),
                family=(scenario.id, s.source, s.target),
                traits=(s.label,),
            )


def _state(step: Step) -> str:
    if step.missing:
        return "not linked in code" if step.flow_id else "missing"
    return "declared" if step.declared else "found"


def etl(source: GraphReader) -> Iterator[ComparedRow]:
    for e in source.graph.etl:
        place = e.evidence or at_place(source, e.source_of_truth)
        fields = fields_of(
            transport=e.transport,
            cadence=e.cadence,
            data=e.data,
            brittle="yes: " + "; ".join(e.reasons) if e.brittle else "no",
        )
        repo = e.source_of_truth.repo
        family, traits = (e.system,), (e.source, e.data, e.transport, e.consumer)
        yield ComparedRow(
            kind="etl",
            key=(e.system, e.source),
            title=e.source,
            repo=repo,
            id="",
            fields=fields,
            evidence=place,
            near=(e.data,),
            family=family,
            traits=traits,
        )


def gaps(source: GraphReader) -> Iterator[ComparedRow]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for gap in source.graph.gaps:
        counts[(gap.repo, gap.kind)] += 1
    for (repo, kind), count in counts.items():
        yield ComparedRow(
            "gaps", (repo, kind), f"not understood in {repo}: {kind}", repo, "", fields_of(places=str(count)), ()
        )
