"""The tables of the Markdown pages: ingestion, arrows, tasks, schedules, routes, brittle links, what is not known."""

from __future__ import annotations

from collections.abc import Collection

from extractor.model.graph import Graph, Step
from extractor.text.slugs import unique_slugs
from extractor.views import View
from extractor.views.index import warns
from renderers.markdown.cells import LineLinks, code, table, text
from renderers.words import unresolved_task

_WARN = "⚠️ "


def etl_table(graph: Graph, links: LineLinks, system: str) -> str:
    """*Ingestion sources (ETL)* of a system: brittle rows carry the warning sign and the reasons."""
    rows = [
        (
            f"{_WARN if row.brittle else ''}**{text(row.source)}**",
            text(row.transport),
            text(row.cadence),
            text(row.data) + (f" ({text('; '.join(row.reasons))})" if row.reasons else ""),
            links.at(row.source_of_truth.repo, row.source_of_truth.path, row.source_of_truth.line),
        )
        for row in sorted(graph.etl, key=lambda r: (r.source, r.transport))
        if system in (row.system, row.consumer)
    ]
    header = ("Source", "Transport", "Cadence", "Data", "Source of truth")
    return table(header, rows, "No scheduled or triggered ingestion of this system's data was found.")


def arrow_table(graph: Graph, links: LineLinks, view: View) -> str:
    """The arrows of a diagram in words, each with its first evidence; steps that matched nothing say so."""
    flows = {flow.id: flow for flow in graph.flows}
    steps = {step.n: step for step in _steps_of(graph, view)}
    names = {node.id: node.name for node in graph.nodes} | {node.id: node.name for node in view.nodes}
    rows = []
    for edge in view.edges:
        first = next((flows[key] for key in edge.flow_ids if key in flows), None)
        manner = "not found in the code" if edge.missing else "synchronous" if edge.sync else "asynchronous"
        rows.append(
            (
                f"{_WARN if edge.brittle else ''}{edge.n or ''}",
                text(names.get(edge.source, edge.source)),
                text(names.get(edge.target, edge.target)),
                text(edge.label),
                ", ".join(part for part in (text(edge.technology), manner) if part),
                links.of(steps[edge.n].evidence if edge.n in steps else first.evidence) if first else "",
            )
        )
    return table(("", "From", "To", "What moves", "How", "Evidence"), rows, "No arrows.")


def task_table(graph: Graph, links: LineLinks, repos: Collection[str]) -> str:
    """The Celery tasks of some repositories, with the cadence of those that are scheduled."""
    cadences = {entry.task_id: entry.cadence for entry in graph.schedules if entry.task_id}
    rows = [
        (
            code(t.name),
            text(t.queue or ""),
            text(cadences.get(t.id, "")),
            text(t.summary),
            links.at(t.repo, t.path, t.line),
        )
        for t in sorted(graph.tasks, key=lambda t: (t.repo, t.name))
        if t.repo in repos
    ]
    return table(("Task", "Queue", "Cadence", "What it does", "Where"), rows, "No Celery tasks were found.")


def schedule_table(graph: Graph, links: LineLinks, repos: Collection[str]) -> str:
    """The beat entries of some repositories; one that leads to no task that was found says why."""
    rows = [
        (
            code(s.key),
            f"{code(s.task)} {unresolved_task(s)}".strip(),
            text(s.cadence) + (f" ({text(s.note)})" if s.note else ""),
            links.at(s.repo, s.path, s.line, s.end_line),
        )
        for s in sorted(graph.schedules, key=lambda s: (s.repo, s.key))
        if s.repo in repos
    ]
    return table(("Entry", "Task", "Cadence", "Where"), rows, "No schedules were found.")


def route_table(graph: Graph, links: LineLinks, repos: Collection[str]) -> str:
    """The routes of some repositories, and who of the estate calls each."""
    callers: dict[str, set[str]] = {}
    names = {node.id: node.name for node in graph.nodes}
    for flow in graph.flows:
        for route_id in flow.route_ids:
            callers.setdefault(route_id, set()).add(names.get(flow.source, flow.source))
    rows = [
        (
            code(r.pattern) + (f" only if {text(r.condition)}" if r.condition else ""),
            text(", ".join(r.methods)),
            text(", ".join(sorted(callers.get(r.id, ())))),
            text(r.deprecated),
            links.at(r.repo, r.path, r.line),
        )
        for r in sorted(graph.routes, key=lambda r: (r.repo, r.service, r.pattern, r.id))
        if r.repo in repos
    ]
    return table(("Route", "Methods", "Called by", "Deprecated", "Where"), rows, "No routes were found.")


def brittle_table(graph: Graph, links: LineLinks, repos: Collection[str]) -> str:
    """The brittle links of some repositories, worst first; suppressed and informational findings are left out."""
    order = {"high": 0, "medium": 1, "low": 2}
    rows = [
        (text(f.severity), text(f.rule), text(f.message), text(f.remedy), links.at(f.repo, f.path, f.line, f.end_line))
        for f in sorted(graph.findings, key=lambda f: (order.get(f.severity, 3), f.rule, f.id))
        if f.repo in repos and warns(f)
    ]
    return table(("Severity", "Rule", "What", "How to mend it", "Where"), rows, "No brittle links were found.")


def gap_table(graph: Graph, links: LineLinks) -> str:
    """What was seen and not understood, and what would settle it."""
    rows = [
        (text(g.kind), text(g.what), text(g.reason), text(g.remedy), links.at(g.repo, g.path, g.line))
        for g in sorted(graph.gaps, key=lambda g: (g.kind, g.repo, g.path, g.line, g.id))
    ]
    return table(("Kind", "What", "Why it is not known", "What would settle it", "Where"), rows, "Nothing.")


def skip_table(graph: Graph) -> str:
    """The files that could not be read."""
    rows = [
        (text(source.name), code(skip.path), text(skip.reason)) for source in graph.sources for skip in source.skipped
    ]
    return table(("Source", "File", "Reason"), rows, "Every file was read.")


def _steps_of(graph: Graph, view: View) -> tuple[Step, ...]:
    """The steps that a Dynamic view draws."""
    names = unique_slugs(scenario.id for scenario in graph.scenarios)
    told = (scenario.steps for scenario in graph.scenarios if view.id == f"flow-{names[scenario.id]}")
    return next(told, ()) if view.kind == "dynamic" else ()
