"""The search index: one line for everything that has a name, with the page and row where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from renderers.site.diagram import Diagrams
from renderers.site.estate import SiteIndex, row_anchor
from renderers.site.script import data_script

Entry = tuple[str, str, str, str]  # kind, name, what tells it from others, address from the site's root


def search_file(estate: SiteIndex, diagrams: Diagrams) -> str:
    """The index as a script file."""
    entries = [*_systems(estate), *_pictures(diagrams), *_rows(estate)]
    return data_script("search", [list(entry) for entry in entries])


def _systems(estate: SiteIndex) -> Iterator[Entry]:
    for system in estate.systems:
        yield "system", system.name, system.description, system.page("index")
    for node in estate.graph.nodes:
        system_of = estate.system_of(node.id)
        if node.kind != "system" or node.scope != "estate":
            page = system_of.page("containers") if system_of else "index.html"
            yield node.kind, node.name, system_of.name if system_of else node.technology, page


def _pictures(diagrams: Diagrams) -> Iterator[Entry]:
    for view in diagrams.views:
        yield "diagram", view.title, view.description, diagrams.pages[view.id]


def _rows(estate: SiteIndex) -> Iterator[Entry]:
    graph = estate.graph

    def at(page: str, repo: str, row_id: str, service: str = "") -> str:
        return f"{estate.owner(repo, service).page(page)}#{row_anchor(row_id)}"

    for task in graph.tasks:
        yield "task", task.name, task.summary or task.repo, at("tasks", task.repo, task.id)
    for item in graph.schedules:
        yield "schedule", item.key, item.cadence, at("tasks", item.repo, item.id, item.service)
    for route in graph.routes:
        about = f"{' '.join(route.methods)} {route.view}".strip()
        yield "route", route.pattern, about, at("api", route.repo, route.id, route.service)
    for setting in graph.settings:
        about = f"{setting.repo} {setting.env or ''}".strip()
        yield "setting", setting.name, about, at("settings", setting.repo, setting.id, setting.service)
    for call in graph.calls:
        name = call.label or f"{call.http_method or ''} {call.url}".strip()
        about = f"{estate.name(call.system) or 'unknown system'} from {call.repo}:{call.function}"
        yield "call", name, about, at("calls", call.repo, call.id, call.service)
    for finding in graph.findings:
        yield "finding", finding.rule, finding.message, at("brittle", finding.repo, finding.id)
