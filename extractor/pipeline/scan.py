"""A scan, whole: trees are read, each repository is linked, links are joined across repositories, views get a graph.

trees -> collect (summaries) -> link (rows of each repository) -> join (routes answer calls) -> assemble (graph)
"""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Mapping, Sequence

from extractor.checks import apply_ignores, contracts
from extractor.deployment.read import is_runtime_file, read_runtime
from extractor.estate.file import Estate, services_of
from extractor.graph.arrows import Arrows, with_findings
from extractor.graph.deployment import deployments
from extractor.graph.etl import etl_gaps, etl_rows
from extractor.graph.nodes import nodes
from extractor.graph.scenarios import load_scenarios, scenarios
from extractor.graph.scenarios.definition import Definition
from extractor.graph.timing import timings
from extractor.libraries.read import read_libraries
from extractor.link.contracts import join_contracts
from extractor.link.facts import RepoFacts
from extractor.model.graph import SCHEMA_VERSION, Evidence, Finding, Graph, Source
from extractor.options import ScanOptions
from extractor.pipeline.facts_cache import FactsCache, facts_key
from extractor.pipeline.repository import ReadRepository, link_repository
from extractor.program.collect import Collected, collect
from extractor.program.summary_cache import SummaryCache
from extractor.rules.clients import RuleBook, shipped_rules
from extractor.sources import Tree
from extractor.workers import interruptible, interrupts_held, uncollected, worker_pool

# An estate and its sources at a commit, by system id.
State = tuple[Estate, Mapping[str, Tree]]


def scan_estate(estate: Estate, trees: Mapping[str, Tree], options: ScanOptions) -> Graph:
    """The graph of an estate. `trees` are its sources at a commit, by system id. The same input gives the same graph.

    Raises UserError when a scenario file that the estate names is wrong.
    """
    return scan_states([(estate, trees)], options)[0]


def scan_states(states: Sequence[State], options: ScanOptions) -> tuple[Graph, ...]:
    """The graphs of several states of one estate, which differ in the refs of its sources only, each as by
    `scan_estate`. A source at the same commit in two of them is read and linked once; the rest are linked at once."""
    with uncollected():
        return _scan(states, options)


def _scan(states: Sequence[State], options: ScanOptions) -> tuple[Graph, ...]:
    book = shipped_rules()
    definitions = [load_scenarios(estate) for estate, _ in states]
    kept = FactsCache(options.cache_dir)
    keys = [_facts_keys(state) for state in states]
    known = [{n: f for n, key in of.items() if (f := kept.get(n, key)) is not None} for of in keys]
    readings = _read_states([_without(state, have) for state, have in zip(states, known, strict=True)], book, options)
    # A reading that two states share is one object, and so are its facts.
    own = {id(r): (r, estate) for read, (estate, _) in zip(readings, states, strict=True) for r in read.values()}
    linked = dict(zip(own, _link_all(list(own.values()), book, options), strict=True))
    graphs = []
    for read, state, wanted, have, of in zip(readings, states, definitions, known, keys, strict=True):
        fresh = {name: linked[id(reading)] for name, reading in read.items() if name not in have}
        for name, facts in fresh.items():
            kept.put(name, of[name], facts)
        every = have | fresh
        graphs.append(_graph(state, {name: every[name] for name in sorted(every)}, wanted, book, options))
    return tuple(graphs)


def _facts_keys(state: State) -> dict[str, str]:
    """The key of each tree's facts."""
    estate, trees = state
    libraries = {name: tree for name, tree in trees.items() if name in estate.libraries}
    return {name: facts_key(tree, estate, libraries) for name, tree in trees.items()}


def _without(state: State, known: Mapping[str, RepoFacts]) -> State:
    """A state without the trees whose facts are known; the estate's libraries stay while anything is to be read."""
    estate, trees = state
    missing = {name for name in trees if name not in known}
    return estate, {n: t for n, t in trees.items() if n in missing or (missing and n in estate.libraries)}


def _graph(
    state: State,
    facts: Mapping[str, RepoFacts],
    definitions: Sequence[Definition],
    book: RuleBook,
    options: ScanOptions,
) -> Graph:
    estate, trees = state
    facts = join_contracts(facts, estate)
    graph = _assemble(estate, facts, book, options)
    graph = dataclasses.replace(graph, scenarios=scenarios(graph, definitions))
    graph = dataclasses.replace(graph, etl=etl_rows(graph, estate), gaps=(*graph.gaps, *etl_gaps(graph, estate)))
    return _with_texts(graph, trees)


def _read_states(states: Sequence[State], book: RuleBook, options: ScanOptions) -> list[dict[str, ReadRepository]]:
    cache = SummaryCache(options.cache_dir)
    out: list[dict[str, ReadRepository]] = []
    try:
        for state in states:
            out.append(_read(state, out[-1] if out else {}, book, cache, options))
        return out
    finally:
        cache.close()


def _read(
    state: State, last: Mapping[str, ReadRepository], book: RuleBook, cache: SummaryCache, options: ScanOptions
) -> dict[str, ReadRepository]:
    """The readings of one state; `last` are those of the state before, taken over where nothing changed."""
    estate, trees = state
    same = {name for name, tree in trees.items() if name in last and _is_at(tree, last[name].source)}
    if any(name in estate.libraries for name in trees.keys() - same):
        same = set()  # a library moved, and whoever uses it reads it at its new commit
    collected = {n: last[n].collected if n in same else collect(tree, cache, options) for n, tree in trees.items()}
    libraries = {name.lower(): collected[name] for name in collected if name in estate.libraries}
    wanted = {*estate.libraries, *book.libraries()}
    out = {}
    for name, tree in trees.items():
        if name in same:
            out[name] = last[name]
            continue
        system = estate.system(name)
        assert system is not None
        kind = "library" if name in libraries else "repository"
        found = read_libraries(tree, collected[name], wanted, libraries, cache, options)
        out[name] = ReadRepository(
            _source(tree, collected[name], kind),
            collected[name],
            found,
            read_runtime(_runtime_files(tree)),
            services_of(system),
        )
    return out


def _is_at(tree: Tree, source: Source) -> bool:
    return (tree.url, tree.ref, tree.commit) == (source.url, source.ref, source.commit)


def _runtime_files(tree: Tree) -> dict[str, bytes]:
    """The files that tell how a system is run, by path."""
    wanted = [e for e in tree.entries if is_runtime_file(e.path)]
    found = dict(tree.read_many(dict.fromkeys(e.blob for e in wanted)))
    return {e.path: data for e in wanted if (data := found.get(e.blob)) is not None}


def _source(tree: Tree, collected: Collected, kind: str) -> Source:
    return Source(
        tree.name,
        tree.url,
        tree.ref,
        tree.commit,
        collected.seen,
        collected.skipped,
        collected.set_aside,
        tree.web,
        kind,
    )


# Readings are handed to the linking processes by fork: they are large, and nothing needs to travel.
_READINGS: list[tuple[ReadRepository, Estate]] = []


def _link_all(
    readings: Sequence[tuple[ReadRepository, Estate]], book: RuleBook, options: ScanOptions
) -> list[RepoFacts]:
    """The facts of every reading, in order; the largest is linked first, in as many processes as there are jobs."""
    facts = [RepoFacts(reading.source) for reading, _ in readings]
    order = [at for at, (reading, _) in enumerate(readings) if reading.source.kind != "library"]
    order.sort(key=lambda at: -len(readings[at][0].collected.modules))
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    if options.jobs > 1 and len(order) > 1 and can_fork:
        _READINGS.extend(readings)
        try:
            with worker_pool(min(options.jobs, len(order)), "fork") as pool:
                with interrupts_held():
                    futures = {at: pool.submit(_link_forked, at) for at in order}
                for done, at in enumerate(order, 1):
                    facts[at], laps = futures[at].result()
                    for stage, seconds in laps:
                        options.timing(stage, seconds)
                    options.progress("linking", done, len(order))
        finally:
            _READINGS.clear()
    else:
        for done, at in enumerate(order, 1):
            facts[at] = link_repository(*readings[at], book, options.timing)
            options.progress("linking", done, len(order))
    return facts


def _link_forked(at: int) -> tuple[RepoFacts, list[tuple[str, float]]]:
    laps: list[tuple[str, float]] = []
    with interruptible():
        facts = link_repository(*_READINGS[at], shipped_rules(), lambda stage, s: laps.append((stage, s)))
    return facts, laps


def _assemble(estate: Estate, facts: Mapping[str, RepoFacts], book: RuleBook, options: ScanOptions) -> Graph:
    deployed = deployments(estate, facts)
    arrows = Arrows(estate, facts, timings(facts), deployed).flows()
    used = {end for flow in arrows for end in (flow.source, flow.target)}
    elements = nodes(estate, facts, book.vendors, used, deployed)
    findings = _findings(estate, facts)
    flows = with_findings(arrows, {f.id: f.call_ids for f in findings})
    by_finding: dict[str, list[str]] = {}
    for flow in flows:
        for finding in flow.finding_ids:
            by_finding.setdefault(finding, []).append(flow.id)
    findings = tuple(dataclasses.replace(f, flow_ids=tuple(by_finding.get(f.id, ()))) for f in findings)
    every = list(facts.values())
    return Graph(
        SCHEMA_VERSION,
        options.version,
        options.stamp,
        estate.title,
        tuple(r.source for r in every),
        tuple(t for r in every for t in r.tasks),
        tuple(s for r in every for s in r.schedules),
        tuple(e for r in every for e in r.enqueues),
        tuple(t for r in every for t in r.routes),
        tuple(c for r in every for c in r.calls),
        tuple(s for r in every for s in r.stores),
        tuple(s for r in every for s in r.settings),
        tuple(i for r in every for i in r.inbound),
        findings,
        tuple(g for r in every for g in r.gaps),
        elements,
        flows,
    )


def _findings(estate: Estate, facts: Mapping[str, RepoFacts]) -> tuple[Finding, ...]:
    """Findings of each repository and across them, with the ignores in the code applied."""
    calls = [c for r in facts.values() for c in r.calls]
    routes = [t for r in facts.values() for t in r.routes]
    served = {name: name for name, repo in facts.items() if repo.routes}
    found = [f for r in facts.values() for f in r.findings]
    found += contracts(calls, routes, served, [g for r in facts.values() for g in r.gaps])
    told = apply_ignores(found, [d for r in facts.values() for d in r.directives])
    return tuple(sorted(told, key=lambda f: (f.repo, f.path, f.line, f.rule, f.id)))


def _with_texts(graph: Graph, trees: Mapping[str, Tree]) -> Graph:
    """Evidence with its first line of code, read from the blobs it stands in."""
    wanted: dict[str, set[str]] = {}
    for evidence in _evidence(graph):
        wanted.setdefault(evidence.repo, set()).add(evidence.path)
    lines: dict[tuple[str, str], list[str]] = {}
    for repo, paths in wanted.items():
        tree = trees.get(repo)
        if tree is None:
            continue
        blobs = {e.blob: e.path for e in tree.entries if e.path in paths}
        for blob, data in tree.read_many(sorted(blobs)):
            if data is not None:
                lines[(repo, blobs[blob])] = data.decode("utf-8", "replace").split("\n")

    def text(evidence: Evidence) -> Evidence:
        rows = lines.get((evidence.repo, evidence.path), ())
        if not 0 < evidence.line <= len(rows):
            return evidence
        return dataclasses.replace(evidence, text=shown_line(rows[evidence.line - 1]))

    flows = tuple(dataclasses.replace(f, evidence=tuple(map(text, f.evidence))) for f in graph.flows)
    elements = tuple(dataclasses.replace(n, evidence=tuple(map(text, n.evidence))) for n in graph.nodes)
    told = []
    for scenario in graph.scenarios:
        steps = tuple(dataclasses.replace(s, evidence=tuple(map(text, s.evidence))) for s in scenario.steps)
        told.append(dataclasses.replace(scenario, steps=steps))
    etl = tuple(dataclasses.replace(row, evidence=tuple(map(text, row.evidence))) for row in graph.etl)
    return dataclasses.replace(graph, flows=flows, nodes=elements, scenarios=tuple(told), etl=etl)


def _evidence(graph: Graph) -> list[Evidence]:
    found = [e for f in graph.flows for e in f.evidence] + [e for n in graph.nodes for e in n.evidence]
    found += [e for row in graph.etl for e in row.evidence]
    return found + [e for s in graph.scenarios for step in s.steps for e in step.evidence]


def shown_line(line: str) -> str:
    """A line of code for reports: trimmed, bounded, secrets masked."""
    from extractor.text.masking import masked_text

    return masked_text(line.strip())[:160]
