"""A diagram on a page: the picture with its links made into pages, its arrows as a table, and the data behind both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from extractor.model.graph import Scenario, Step
from extractor.text.slugs import unique_slugs
from extractor.views.view import BASES, View, ViewEdge, ViewNode
from renderers.links import relative
from renderers.site.details import evidence_rows
from renderers.site.estate import SiteIndex
from renderers.site.script import data_script

# The views in which a group stands open: by the id of the view, by the id of the group's box.
Opened = Mapping[str, Mapping[str, View]]
_VIEW_LINK = re.compile(r'\s(?:xlink:)?href="view:([^"]*)"')
_PAGES = {"context": "context", "container": "containers", "component": "components", "dynamic": "flows"}


@dataclass(frozen=True, slots=True)
class Diagram:
    """What a page needs to show one view. `missing` are steps that matched nothing, with what was looked for."""

    view: View
    svg: Markup
    names: Mapping[str, str]
    drawn: tuple[ViewEdge, ...]
    missing: tuple[tuple[ViewEdge, str], ...]
    data: Mapping[str, Any]

    @property
    def boxes(self) -> list[str]:
        """The names of the boxes, for the filter's menu."""
        return sorted({node.name for node in self.view.nodes})

    @property
    def steps(self) -> bool:
        """Whether the diagram is read step by step."""
        return self.view.kind == "dynamic"


class Diagrams:
    """All views of a scan, where each has its page, and how each is shown."""

    def __init__(self, estate: SiteIndex, views: Sequence[View], svgs: Mapping[str, str], opened: Opened) -> None:
        self._estate, self._svgs, self._opened = estate, svgs, opened
        self.views = tuple(views)
        self.pages = {view.id: self._page(view) for view in views}
        names = unique_slugs(scenario.id for scenario in estate.graph.scenarios)
        self._scenarios = {f"flow-{names[item.id]}": item for item in estate.graph.scenarios}

    def of(self, kind: str, system: str) -> list[View]:
        """The views of a kind that belong to a system (a node id; "" for those of none)."""
        owned = {view.id: self._estate.system_of(view.system) for view in self.views if view.kind == kind}
        return [v for v in self.views if v.id in owned and _node(owned[v.id]) == system]

    def show(self, view: View, page: str) -> Diagram:
        """A view made ready for the page at that path."""
        scenario = self._scenarios.get(view.id)
        steps = {step.n: step for step in scenario.steps} if scenario else {}
        names = {node.id: node.name for node in view.nodes}
        ends = {end for edge in view.edges for end in (edge.source, edge.target)}
        names.update({end: self._estate.full_name(end) for end in ends if end not in names})
        missing = tuple((edge, _note(steps.get(edge.n))) for edge in view.edges if edge.missing)
        drawn = tuple(sorted((e for e in view.edges if not e.missing), key=lambda e: (e.n, e.source, e.target, e.id)))
        data = {
            "kind": view.kind,
            "title": view.title,
            "nodes": {node.id: self._node_data(node, page) for node in view.nodes},
            "edges": {edge.id: self._edge_data(edge, steps.get(edge.n)) for edge in drawn},
            "opens": {group: part.id for group, part in self._opened.get(view.id, {}).items()},
        }
        return Diagram(view, self._svg(view, page), names, drawn, missing, data)

    def opened_files(self) -> dict[str, str]:
        """`data/opened-<view>.js`: a picture with one group open, and the data behind it; read when it is asked for."""
        files = {}
        for view in self.views:
            page = self.pages[view.id].partition("#")[0]
            for group, part in self._opened.get(view.id, {}).items():
                shown = self.show(part, page)
                data = {
                    "svg": str(shown.svg),
                    "group": group,
                    "nodes": shown.data["nodes"],
                    "edges": shown.data["edges"],
                }
                files[f"data/opened-{part.id}.js"] = data_script(f"opened-{part.id}", data)
        return files

    def scenario(self, view: View) -> Scenario | None:
        """The scenario that a Dynamic view tells."""
        return self._scenarios.get(view.id)

    def _page(self, view: View) -> str:
        if view.kind == "landscape":
            return "index.html"
        system = self._estate.system_of(view.system)
        name = _PAGES.get(view.kind, "dependencies")
        page = system.page(name) if system else "flows.html"
        return f"{page}#{view.id}" if name in ("components", "flows") else page

    def _svg(self, view: View, page: str) -> Markup:
        def resolve(match: re.Match[str]) -> str:
            target = self.pages.get(match[1])
            return str(Markup(' href="{}"').format(relative(page, target))) if target else ""

        # The SVG renderer escapes what it draws; here only its own link attributes are exchanged.
        return Markup(_VIEW_LINK.sub(resolve, self._svgs.get(view.id, "")))

    def _node_data(self, node: ViewNode, page: str) -> dict[str, Any]:
        target = self.pages.get(node.link)
        members = [self._estate.nodes[i] for i in node.node_ids if i in self._estate.nodes]
        return {
            "name": node.name,
            "kind": node.kind,
            "tech": node.technology,
            "about": members[0].description if len(members) == 1 else node.description,
            "external": node.external,
            "frame": node.boundary,
            "href": relative(page, target) if target else "",
            "members": [[m.name, m.technology, m.description] for m in members] if len(members) > 1 else [],
            "evidence": evidence_rows(self._estate, members[0].evidence) if len(members) == 1 else [],
        }

    def _edge_data(self, edge: ViewEdge, step: Step | None) -> dict[str, Any]:
        known = [flow_id for flow_id in edge.flow_ids if flow_id in self._estate.flows]
        return {
            "s": edge.source,
            "t": edge.target,
            "label": edge.label,
            "tech": edge.technology,
            "sync": edge.sync,
            "conf": edge.confidence,
            "brittle": edge.brittle,
            "n": edge.n,
            "flows": known,
            "basis": BASES.get(edge.basis, ""),
            "about": _told(step) if step else [],
            "evidence": evidence_rows(self._estate, step.evidence) if step else [],
        }


def _node(system: object) -> str:
    return str(getattr(system, "node_id", ""))


def _told(step: Step) -> list[list[str]]:
    """What a step is reached from, and what else its reader has to know."""
    facts = (
        ("Reached from", f"step {step.opened_by}" if step.opened_by else ""),
        ("Trigger", step.trigger),
        ("Cadence", step.cadence),
        ("Only if", step.condition),
        ("Note", step.note),
    )
    return [[name, words] for name, words in facts if words]


def _note(step: Step | None) -> str:
    return step.note if step and step.note else "nothing in the scanned code matches this step"
