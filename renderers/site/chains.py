"""Auto-scenarios: for each task, route, command or receiver that reaches something, the data of its own picture.

The browser draws these as sequences: thousands of laid-out diagrams would weigh more than the rest of the site.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from extractor.model.graph import Context, Evidence, Graph
from extractor.views.chain import Chains
from extractor.views.view import View, ViewEdge
from renderers.site.details import evidence_rows
from renderers.site.estate import SiteIndex, SiteSystem
from renderers.site.script import data_script

# Chains per script file, roughly; the file of a chain follows from the last digits of its id.
_PER_FILE = 150

Unit = tuple[str, str, str]


class ChainPages:
    """The auto-scenarios of a graph by entry point, and the script files that hold them."""

    def __init__(self, estate: SiteIndex) -> None:
        self._estate = estate
        chains = Chains(estate.graph)
        self._evidence = _edge_evidence(estate.graph)
        self.views: dict[Unit, View] = {}
        for entry, repo in chains.entries():
            view = chains.view(entry, repo)
            if view is not None:
                self.views[repo, entry.kind, entry.name] = view
        self._owners = {unit: estate.owner(unit[0]) for unit in self.views}

    def href(self, repo: str, context: Context) -> str:
        """The address, from the site's root, of an entry point's own scenario; "" when it has none."""
        unit = (repo, context.kind, context.name)
        if unit not in self.views:
            return ""
        return f"{self._owners[unit].page('scenario')}#entry={self.views[unit].id}"

    def of(self, system: SiteSystem) -> list[tuple[Unit, View]]:
        """A system's entry points that have a scenario, sorted."""
        return [(unit, self.views[unit]) for unit in sorted(self.views) if self._owners[unit] is system]

    def files(self, system: SiteSystem) -> dict[str, str]:
        """`data/chains-<system>-<n>.js`: view id -> picture."""
        count = self.count(system)
        shards: list[dict[str, Any]] = [{} for _ in range(count)]
        for _, view in self.of(system):
            shards[shard_of(view.id, count)][view.id] = self._data(view)
        name = f"chains-{system.slug}"
        return {f"data/{name}-{n}.js": data_script(f"{name}-{n}", shard) for n, shard in enumerate(shards)}

    def count(self, system: SiteSystem) -> int:
        """How many script files a system's chains are spread over."""
        return -(-len(self.of(system)) // _PER_FILE)

    def _data(self, view: View) -> dict[str, Any]:
        frames = {frame.id: frame.name for frame in view.boundaries}
        return {
            "title": view.title,
            "about": view.description,
            "nodes": {
                n.id: {
                    "name": n.name,
                    "kind": n.kind,
                    "tech": n.technology,
                    "about": n.description,
                    "frame": frames.get(n.boundary, ""),
                    "external": n.external,
                }
                for n in view.nodes
            },
            "edges": {edge.id: self._edge(edge) for edge in sorted(view.edges, key=lambda e: (e.n, e.id))},
        }

    def _edge(self, edge: ViewEdge) -> dict[str, Any]:
        evidence = self._evidence.get((edge.source, edge.target), ()) if not edge.flow_ids else ()
        return {
            "s": edge.source,
            "t": edge.target,
            "label": edge.label,
            "tech": edge.technology,
            "sync": edge.sync,
            "conf": edge.confidence,
            "brittle": edge.brittle,
            "n": edge.n,
            "flows": list(edge.flow_ids),
            "evidence": evidence_rows(self._estate, evidence),
        }


def shard_of(view_id: str, count: int) -> int:
    """Which file holds a chain: its id ends in a hexadecimal digest, whose last four digits decide."""
    return int(view_id[-4:], 16) % count


def _edge_evidence(graph: Graph) -> Mapping[tuple[str, str], tuple[Evidence, ...]]:
    """Evidence for arrows that stand for no flow: a store's use, an enqueue, a beat entry. By the arrow's ends."""
    commits = {source.name: source.commit for source in graph.sources}
    tasks = {task.id: task for task in graph.tasks}
    found: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for store in graph.stores:
        for context in store.contexts:
            spot = Evidence(store.repo, commits.get(store.repo, ""), store.path, store.line, store.end_line, "store")
            found[_box(store.repo, context), store.system].append(spot)
    for item in graph.enqueues:
        task = tasks.get(item.task_id or "")
        for context in item.contexts if task else ():
            spot = Evidence(item.repo, commits.get(item.repo, ""), item.path, item.line, item.end_line, "enqueue")
            target = _box(task.repo, Context("task", task.name)) if task else ""
            found[_box(item.repo, context), target].append(spot)
    for entry in graph.schedules:
        task = tasks.get(entry.task_id or "")
        if task:
            spot = Evidence(entry.repo, commits.get(entry.repo, ""), entry.path, entry.line, entry.end_line, "schedule")
            found[f"beat:{entry.repo}", _box(task.repo, Context("task", task.name))].append(spot)
    return {key: tuple(items) for key, items in found.items()}


def _box(repo: str, context: Context) -> str:
    """The id of an entry point's box, as `extractor.views.chain` makes it."""
    return f"entry:{repo}:{context.kind}:{context.name}"
