"""Which rows of a graph a table shows: those of a repository, those that touch a system."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from extractor.errors import UserError
from extractor.model.graph import EtlRow, Evidence, Finding, Flow, Graph, Node, Schedule, Task


def check_repo(graph: Graph, repo: str | None) -> None:
    """Refuse the name of a repository that was not scanned, naming the nearest. Raises UserError."""
    names = [source.name for source in graph.sources]
    if repo is not None and repo not in names:
        raise _unknown("repository", repo, names)


def system_nodes(graph: Graph, system: str | None) -> frozenset[str] | None:
    """The ids of a system's node and of all that is inside it; None when no system is asked for.

    A system is named by its node's id or its name. Raises UserError when there is none such.
    """
    if system is None:
        return None
    wanted = system.casefold()
    found = {node.id for node in graph.nodes if wanted in (node.id.casefold(), node.name.casefold())}
    if not found:
        known = [node.id for node in graph.nodes if node.parent is None and node.kind != "person"]
        raise _unknown("system", system, known)
    return _with_inside(found, graph.nodes)


def select_tasks(graph: Graph, repo: str | None) -> tuple[tuple[Task, ...], tuple[Schedule, ...]]:
    """The tasks of a repository (or all), and the beat entries of the same."""
    tasks = tuple(task for task in graph.tasks if repo in (None, task.repo))
    return tasks, tuple(entry for entry in graph.schedules if repo in (None, entry.repo))


def select_flows(graph: Graph, repo: str | None, nodes: frozenset[str] | None) -> tuple[Flow, ...]:
    """The flows with evidence in a repository, into or out of the nodes of a system."""
    return tuple(
        flow
        for flow in graph.flows
        if _seen_in(flow.evidence, repo) and (nodes is None or flow.source in nodes or flow.target in nodes)
    )


def select_etl(graph: Graph, repo: str | None, system: str | None, nodes: frozenset[str] | None) -> tuple[EtlRow, ...]:
    """The ingestion rows whose source of truth is in a repository, and that belong to a system."""
    flows = {flow.id: flow for flow in graph.flows}
    return tuple(
        row
        for row in graph.etl
        if repo in (None, row.source_of_truth.repo)
        and (nodes is None or row.system == system or _ends(row, flows) & nodes)
    )


def select_findings(graph: Graph, repo: str | None, nodes: frozenset[str] | None) -> tuple[Finding, ...]:
    """The findings in a repository, on flows into or out of the nodes of a system."""
    touching = None if nodes is None else {f.id for f in graph.flows if f.source in nodes or f.target in nodes}
    return tuple(
        finding
        for finding in graph.findings
        if repo in (None, finding.repo) and (touching is None or touching.intersection(finding.flow_ids))
    )


def _ends(row: EtlRow, flows: dict[str, Flow]) -> frozenset[str]:
    known = [flows[name] for name in row.flow_ids if name in flows]
    return frozenset(end for flow in known for end in (flow.source, flow.target))


def _seen_in(evidence: Iterable[Evidence], repo: str | None) -> bool:
    return repo is None or any(piece.repo == repo for piece in evidence)


def _with_inside(found: set[str], nodes: Iterable[Node]) -> frozenset[str]:
    """Node ids with those of every node below them."""
    inside: dict[str, list[str]] = {}
    for node in nodes:
        if node.parent is not None:
            inside.setdefault(node.parent, []).append(node.id)
    waiting, reached = list(found), set(found)
    while waiting:
        new = set(inside.get(waiting.pop(), ())) - reached
        reached |= new
        waiting += new
    return frozenset(reached)


def _unknown(what: str, name: str, known: list[str]) -> UserError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(sorted(known)[:12])}"
    return UserError(f"the graph has no {what} {name!r}", remedy)
