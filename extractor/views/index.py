"""The graph made ready for projection: nodes by id, the flows that may be drawn, which arrows are brittle, slugs."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from extractor.model.graph import CONFIDENCES, Finding, Flow, Graph, Node, Route
from extractor.text.slugs import unique_slugs

DRAWN = ("certain", "likely")


@dataclass(frozen=True, slots=True)
class ViewIndex:
    """A graph and its look-ups. `flows` are those confident enough to draw; `brittle` holds ids of brittle flows."""

    graph: Graph
    nodes: Mapping[str, Node]
    flows: tuple[Flow, ...]
    brittle: frozenset[str]
    slugs: Mapping[str, str]
    routes: Mapping[str, Route]
    all_flows: Mapping[str, Flow]

    def top_of(self, node_id: str) -> str:
        """The id of the outermost element that holds the node: its system, or the node itself."""
        seen: set[str] = set()
        while node_id not in seen:
            seen.add(node_id)
            node = self.nodes.get(node_id)
            if node is None or node.parent is None or node.parent not in self.nodes:
                break
            node_id = node.parent
        return node_id

    def holder(self, node_id: str, inside: Collection[str]) -> str | None:
        """The element of `inside` that is the node or holds it; None when none does."""
        seen: set[str] = set()
        at: str | None = node_id
        while at is not None and at not in seen:
            if at in inside:
                return at
            seen.add(at)
            at = self.nodes[at].parent if at in self.nodes else None
        return None

    def systems(self) -> tuple[Node, ...]:
        """The estate's own systems, by id."""
        return tuple(n for n in self.graph.nodes if n.kind == "system" and n.scope == "estate")

    def flow(self, flow_id: str | None) -> Flow | None:
        """The flow of that id among all flows, drawn or not."""
        return self.all_flows.get(flow_id) if flow_id else None


def make_view_index(graph: Graph, possible: bool = False) -> ViewIndex:
    """Index a graph. Flows of confidence `possible` count as drawn only when `possible` is true.

    A flow with an end that is no node of the graph is left out: there is no box to draw it from.
    """
    nodes = {node.id: node for node in sorted(graph.nodes, key=lambda n: n.id)}
    shown = CONFIDENCES if possible else DRAWN
    flows = tuple(
        sorted(
            (f for f in graph.flows if f.confidence in shown and f.source in nodes and f.target in nodes),
            key=lambda f: f.id,
        )
    )
    ordered = dataclasses.replace(graph, nodes=tuple(nodes.values()))
    routes, all_flows = {route.id: route for route in graph.routes}, {flow.id: flow for flow in graph.flows}
    return ViewIndex(ordered, nodes, flows, brittle_flows(graph), unique_slugs(nodes), routes, all_flows)


def brittle_flows(graph: Graph) -> frozenset[str]:
    """Ids of the flows that a brittle-link finding points at: not informational, not suppressed."""
    warning = {f.id for f in graph.findings if warns(f)}
    named = {flow_id for f in graph.findings if warns(f) for flow_id in f.flow_ids}
    return frozenset(named | {flow.id for flow in graph.flows if warning.intersection(flow.finding_ids)})


def warns(finding: Finding) -> bool:
    """Whether a finding puts a warning sign on what it touches."""
    return finding.severity != "info" and not finding.suppressed
