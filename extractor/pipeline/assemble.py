"""Assembling the graph: joined facts become rows, elements, flows, scenarios and the ETL table."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from extractor.checks import apply_ignores, contracts, messages, of_estate, queues, schedules
from extractor.estate.model import Estate
from extractor.graph.arrows import Arrows, with_findings
from extractor.graph.commands import command_processes
from extractor.graph.consumers import Consumers
from extractor.graph.declared import declared_flows, found_in_code
from extractor.graph.deployment import deployments
from extractor.graph.etl import etl_gaps, etl_rows
from extractor.graph.nodes import nodes
from extractor.graph.processes import processes
from extractor.graph.scenarios import scenarios
from extractor.graph.scenarios.definition import Definition
from extractor.graph.timing import timings
from extractor.link.facts import RepoFacts
from extractor.model.graph import SCHEMA_VERSION, Finding, Flow, Graph
from extractor.options import ScanOptions
from extractor.rules.clients import RuleBook


def assemble(
    estate: Estate,
    facts: Mapping[str, RepoFacts],
    definitions: Sequence[Definition],
    book: RuleBook,
    options: ScanOptions,
) -> Graph:
    """The graph of an estate. `facts` are those of its repositories, joined, by system id; `definitions` its
    scenarios."""
    tasks = [task for repo in facts.values() for task in repo.tasks]
    facts = {
        name: dataclasses.replace(repo, schedules=of_estate(repo.schedules, tasks)) for name, repo in facts.items()
    }
    deployed = deployments(estate, facts)
    commands = command_processes(estate, facts, options.scripts)
    made = Arrows(estate, facts, timings(facts), deployed, commands).flows()
    arrows = tuple(sorted((*made, *declared_flows(estate)), key=lambda flow: flow.id))
    used = {end for flow in arrows for end in (flow.source, flow.target)}
    findings = _findings(facts, Consumers(facts).taken)
    flows = with_findings(arrows, {f.id: f.call_ids for f in findings})
    graph = dataclasses.replace(
        _rows(facts.values()),
        version=options.version,
        generated=options.stamp,
        estate=estate.title,
        findings=_with_flows(findings, flows),
        nodes=nodes(estate, facts, book.vendors, used, deployed, commands),
        processes=processes(estate, facts, commands),
        flows=flows,
    )
    graph = dataclasses.replace(graph, scenarios=scenarios(graph, definitions))
    asked = (*etl_gaps(graph, estate), *found_in_code(flows))
    return dataclasses.replace(graph, etl=etl_rows(graph, estate), gaps=(*graph.gaps, *asked))


def _rows(facts: Iterable[RepoFacts]) -> Graph:
    """A graph of nothing but the rows of every repository, in order."""
    every = tuple(facts)
    return Graph(
        schema=SCHEMA_VERSION,
        version="",
        generated="",
        estate="",
        sources=tuple(repo.source for repo in every),
        tasks=tuple(row for repo in every for row in repo.tasks),
        schedules=tuple(row for repo in every for row in repo.schedules),
        enqueues=tuple(row for repo in every for row in repo.enqueues),
        routes=tuple(row for repo in every for row in repo.routes),
        calls=tuple(row for repo in every for row in repo.calls),
        stores=tuple(row for repo in every for row in repo.stores),
        settings=tuple(row for repo in every for row in repo.settings),
        inbound=tuple(row for repo in every for row in repo.inbound),
        gaps=tuple(row for repo in every for row in repo.gaps),
        coverage=tuple(row for repo in every for row in repo.coverage),
    )


def _findings(facts: Mapping[str, RepoFacts], taken: Mapping[str, frozenset[str] | None]) -> tuple[Finding, ...]:
    """Findings of each repository and across them, with the ignores in the code applied. `taken` are the queues that
    workers take, by repository, where that is known."""
    calls = [c for r in facts.values() for c in r.calls]
    routes = [t for r in facts.values() for t in r.routes]
    served = {name: name for name, repo in facts.items() if repo.routes}
    found = [f for r in facts.values() for f in r.findings]
    found += contracts(calls, routes, served, [g for r in facts.values() for g in r.gaps])
    rows = _rows(facts.values())
    found += schedules(rows.schedules)
    found += messages(rows.enqueues, rows.tasks, rows.sources)
    found += queues(rows.tasks, rows.enqueues, rows.schedules, taken)
    told = apply_ignores(found, [d for r in facts.values() for d in r.directives])
    return tuple(sorted(told, key=lambda f: (f.repo, f.path, f.line, f.rule, f.id)))


def _with_flows(findings: Sequence[Finding], flows: Sequence[Flow]) -> tuple[Finding, ...]:
    """The findings with the ids of the flows that they are about."""
    by_finding: dict[str, list[str]] = {}
    for flow in flows:
        for finding in flow.finding_ids:
            by_finding.setdefault(finding, []).append(flow.id)
    return tuple(dataclasses.replace(f, flow_ids=tuple(by_finding.get(f.id, ()))) for f in findings)
