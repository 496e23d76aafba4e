"""Sources that one side could not read, or not without a library of the estate that could not be read: what has to do
with them is compared on neither side, so none of it is told as removed or added."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from extractor.model.graph import Flow, Graph, Node, Source


def unread_on(base: Graph, head: Graph) -> tuple[Source, ...]:
    """The sources that at least one side could not read, or not whole."""
    return tuple(source for side in (base, head) for source in _unread(side))


def _unread(graph: Graph) -> Iterable[Source]:
    """The lost sources, and those that are read with a library that is lost: what they do by it is not known."""
    lost = [source for source in graph.sources if source.lost]
    libraries = {_plain(source.name) for source in lost if source.kind == "library"}
    users = {gap.repo for gap in graph.gaps if gap.kind == "library" and _plain(gap.what) in libraries}
    return (*lost, *(source for source in graph.sources if source.name in users and not source.lost))


def _plain(requirement: str) -> str:
    """The name in a requirement, one for all its spellings.

    See https://packaging.python.org/en/latest/specifications/name-normalization/.
    """
    name = re.match(r"[\w.-]*", requirement)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""


def without(graph: Graph, unread: Iterable[Source]) -> Graph:
    """What of a graph rests on none of these sources. Elements of no source that only their flows lead to go with them,
    and findings that say that something is nowhere which may be in one of them."""
    names = frozenset(source.name for source in unread)
    if not names:
        return graph
    unheld = {rule for source in unread for rule in source.left_open}
    own = {node.id for node in graph.nodes if _belongs(node, names)} | names
    flows = tuple(flow for flow in graph.flows if not _concerns(flow, own, names))
    kept = {flow.id for flow in flows}
    ends = {end for flow in flows for end in (flow.source, flow.target)}
    only_theirs = {end for flow in graph.flows if flow.id not in kept for end in (flow.source, flow.target)} - ends
    return dataclasses.replace(
        graph,
        tasks=tuple(row for row in graph.tasks if row.repo not in names),
        schedules=tuple(row for row in graph.schedules if row.repo not in names),
        enqueues=tuple(row for row in graph.enqueues if row.repo not in names),
        routes=tuple(row for row in graph.routes if row.repo not in names),
        calls=tuple(row for row in graph.calls if row.repo not in names and row.system not in names),
        stores=tuple(row for row in graph.stores if row.repo not in names),
        settings=tuple(row for row in graph.settings if row.repo not in names),
        inbound=tuple(row for row in graph.inbound if row.repo not in names and row.system not in names),
        findings=tuple(
            row
            for row in graph.findings
            if row.repo not in names and row.rule not in unheld and _all_kept(row.flow_ids, kept)
        ),
        gaps=tuple(row for row in graph.gaps if row.repo not in names),
        nodes=tuple(node for node in graph.nodes if node.id not in own and (node.repo or node.id not in only_theirs)),
        processes=tuple(row for row in graph.processes if row.repo not in names),
        flows=flows,
        scenarios=tuple(
            one for one in graph.scenarios if not any(own & {step.source, step.target} for step in one.steps)
        ),
        etl=tuple(row for row in graph.etl if row.source_of_truth.repo not in names and _all_kept(row.flow_ids, kept)),
    )


def _belongs(node: Node, names: frozenset[str]) -> bool:
    return node.repo in names or node.parent in names or node.id.partition("/")[0] in names


def _concerns(flow: Flow, own: Iterable[str], names: frozenset[str]) -> bool:
    return flow.source in own or flow.target in own or any(one.repo in names for one in flow.evidence)


def _all_kept(flow_ids: Iterable[str], kept: Iterable[str]) -> bool:
    return all(ident in kept for ident in flow_ids)
