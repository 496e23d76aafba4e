"""The graph indexed for pages: which system owns which rows, what stands at the other end of an id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from extractor.model.graph import Call, Finding, Flow, Graph, Node, Source
from extractor.text.slugs import digest, unique_slugs

OTHER = "other-sources"


class Owned(Protocol):
    """A row of the graph that belongs to a repository."""

    @property
    def repo(self) -> str: ...


_Row = TypeVar("_Row", bound=Owned)


@dataclass(frozen=True, slots=True)
class SiteSystem:
    """A system of the estate as the site knows it. `node_id` is "" for sources that no system claims."""

    slug: str
    node_id: str
    name: str
    description: str
    repos: frozenset[str]
    services: frozenset[str]

    def page(self, name: str) -> str:
        """The path of one of the system's pages from the site's root."""
        return f"systems/{self.slug}/{name}.html"


@dataclass(frozen=True, slots=True)
class SiteIndex:
    """A graph and its look-ups."""

    graph: Graph
    systems: tuple[SiteSystem, ...]
    nodes: Mapping[str, Node]
    tops: Mapping[str, str]
    sources: Mapping[str, Source]
    flows: Mapping[str, Flow]
    findings: Mapping[str, Finding]
    flow_findings: Mapping[str, tuple[Finding, ...]]
    call_flows: Mapping[str, tuple[str, ...]]
    route_calls: Mapping[str, tuple[Call, ...]]

    def name(self, node_id: str | None) -> str:
        """What a node is called; an id that is no node stands for itself."""
        node = self.nodes.get(node_id or "")
        return node.name if node else (node_id or "")

    def full_name(self, node_id: str) -> str:
        """A node's name with that of the system that holds it."""
        node = self.nodes.get(node_id)
        if node is None or not node.parent or node.parent not in self.nodes:
            return self.name(node_id)
        return f"{self.nodes[node.parent].name}: {node.name}"

    def system_of(self, node_id: str) -> SiteSystem | None:
        """The system of the estate that a node is, or lies in."""
        top = self.tops.get(node_id, node_id)
        return next((system for system in self.systems if system.node_id == top and top), None)

    def owner(self, repo: str, service: str = "") -> SiteSystem:
        """The system that a row of a repository belongs to; the service decides when several share the repository."""
        claims = [system for system in self.systems if repo in system.repos]
        by_service = [system for system in claims if service and service in system.services]
        return (by_service or claims or [self.systems[-1]])[0]

    def rows(self, system: SiteSystem, rows: Iterable[_Row]) -> list[_Row]:
        """Those rows that belong to a system, in their order."""
        return [row for row in rows if self.owner(row.repo, getattr(row, "service", "")) is system]


def row_anchor(row_id: str) -> str:
    """The HTML id of a table's row, made of the id of what it shows."""
    return "r" + digest(row_id)


def make_estate(graph: Graph) -> SiteIndex:
    """Index a graph. Repositories that no system claims come under one last entry, so that no row is lost."""
    nodes = {node.id: node for node in graph.nodes}
    tops = {node_id: _top(nodes, node_id) for node_id in nodes}
    flow_findings, call_flows = defaultdict(list), defaultdict(list)
    for finding in graph.findings:
        for flow_id in finding.flow_ids:
            flow_findings[flow_id].append(finding)
    for flow in graph.flows:
        for call_id in flow.call_ids:
            call_flows[call_id].append(flow.id)
    route_calls = defaultdict(list)
    for call in graph.calls:
        if call.route_id:
            route_calls[call.route_id].append(call)
    return SiteIndex(
        graph=graph,
        systems=_systems(graph, nodes, tops),
        nodes=nodes,
        tops=tops,
        sources={source.name: source for source in graph.sources},
        flows={flow.id: flow for flow in graph.flows},
        findings={finding.id: finding for finding in graph.findings},
        flow_findings=_frozen(flow_findings),
        call_flows=_frozen(call_flows),
        route_calls=_frozen(route_calls),
    )


_Key = TypeVar("_Key")
_Item = TypeVar("_Item")


def _frozen(lists: Mapping[_Key, list[_Item]]) -> dict[_Key, tuple[_Item, ...]]:
    return {key: tuple(items) for key, items in lists.items()}


def _top(nodes: Mapping[str, Node], node_id: str) -> str:
    seen = {node_id}
    while (parent := nodes[node_id].parent) and parent in nodes and parent not in seen:
        node_id = parent
        seen.add(parent)
    return node_id


def _systems(graph: Graph, nodes: Mapping[str, Node], tops: Mapping[str, str]) -> tuple[SiteSystem, ...]:
    owned = [node for node in graph.nodes if node.kind == "system" and node.scope == "estate"]
    slugs = unique_slugs([*(node.id for node in owned), OTHER])
    inside: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        inside[tops[node.id]].append(node)
    systems = []
    for node in sorted(owned, key=lambda item: (item.name.lower(), item.id)):
        parts = inside[node.id]
        repos = frozenset(part.repo for part in parts if part.repo)
        services = frozenset(part.service for part in parts if part.service)
        systems.append(SiteSystem(slugs[node.id], node.id, node.name, node.description, repos, services))
    if not systems or _unclaimed(graph, systems):
        text = "Code that was read and that no system of the estate claims."
        systems.append(SiteSystem(slugs[OTHER], "", "Other sources", text, frozenset(), frozenset()))
    return tuple(systems)


def _unclaimed(graph: Graph, systems: Sequence[SiteSystem]) -> bool:
    claimed = frozenset[str]().union(*(system.repos for system in systems))
    rows: tuple[Sequence[Owned], ...] = (graph.tasks, graph.schedules, graph.enqueues, graph.routes, graph.calls)
    more: tuple[Sequence[Owned], ...] = (graph.stores, graph.settings, graph.findings)
    return any(row.repo not in claimed for group in (*rows, *more) for row in group)
