"""The pages of a site, planned: which exist for a graph, and what each of them holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from extractor.text.slugs import slug
from extractor.views.dependencies import Dependencies, dependencies
from extractor.views.view import View
from renderers.site.chains import ChainPages
from renderers.site.diagram import Diagram, Diagrams
from renderers.site.estate import SiteIndex, SiteSystem
from renderers.site.matrix import cycle_notes, matrix_of, neighbours
from renderers.site.nav import Page
from renderers.site.summary import cards, counts, missing_steps
from renderers.site.tables_api import ApiTables
from renderers.site.tables_findings import (
    coverage_table,
    doubts_table,
    etl_table,
    findings_table,
    gaps_table,
    skips_table,
    undrawn_table,
)
from renderers.site.tables_settings import settings_table, stores_table
from renderers.site.tables_tasks import TaskTables, day_names

ExtraPage = str | tuple[str, str]
_EXTRA = {"changes": "What changed", "history": "History"}


class Plan:
    """Makes the pages of one site from what they share: the estate, its diagrams, its auto-scenarios."""

    def __init__(self, estate: SiteIndex, diagrams: Diagrams, chains: ChainPages) -> None:
        self._estate, self._diagrams, self._chains = estate, diagrams, chains
        self._needs: Dependencies = dependencies(estate.graph)

    def pages(self, extra: Mapping[str, ExtraPage]) -> tuple[Page, ...]:
        """All pages in the order of the navigation. Each system's overview stands first among its own."""
        own = [page for system in self._estate.systems for page in self._system(system)]
        return (self._landscape(), *own, *self._whole(), *_extra(extra))

    def _shown(self, views: Sequence[View], page: str) -> tuple[Diagram, ...]:
        return tuple(self._diagrams.show(view, page) for view in views)

    def _landscape(self) -> Page:
        views = [view for view in self._diagrams.views if view.kind == "landscape"]
        graph = self._estate.graph
        context = {
            "cards": cards(self._estate, self._diagrams),
            "counts": counts(self._estate),
            "tables": [coverage_table(self._estate)],
        }
        title = graph.estate or "Landscape"
        return Page("index.html", title, "landscape.html", None, context, self._shown(views, "index.html"))

    def _system(self, system: SiteSystem) -> Iterator[Page]:
        drawn = {"context": "System Context", "container": "Containers", "component": "Components"}
        yield self._overview(system)
        for kind, title in drawn.items():
            views = self._diagrams.of(kind, system.node_id) if system.node_id else []
            if views:
                path = system.page({"container": "containers", "component": "components"}.get(kind, kind))
                yield Page(path, title, "diagrams.html", system, {}, self._shown(views, path))
        yield self._flows(system)
        yield from self._tables(system)
        yield self._scenarios(system)

    def _overview(self, system: SiteSystem) -> Page:
        path = system.page("index")
        sources = [source for source in self._estate.graph.sources if source.name in system.repos]
        mine = [card for card in cards(self._estate, self._diagrams) if card.system is system]
        near = neighbours(self._estate, self._needs, system)
        context = {"sources": sources, "card": mine[0], "neighbours": near, "system": system}
        return Page(path, "Overview", "overview.html", system, context)

    def _flows(self, system: SiteSystem) -> Page:
        path = system.page("flows")
        views = self._diagrams.of("dynamic", system.node_id) if system.node_id else []
        rows = [row for row in self._estate.graph.etl if system.node_id in (row.system, row.consumer)]
        if system.node_id == "":
            known = {s.node_id for s in self._estate.systems}
            rows = [row for row in self._estate.graph.etl if not known.intersection((row.system, row.consumer))]
        told = {"scenario": self._diagrams.scenario, "elsewhere": self._elsewhere(system, views)}
        context = {"tables": [etl_table(self._estate, rows)], **told}
        return Page(path, "Data flows", "flows.html", system, context, self._shown(views, path))

    def _elsewhere(self, system: SiteSystem, shown: Sequence[View]) -> list[tuple[str, str, str]]:
        """Scenarios told on another page in which the system takes part: title, address, what they tell."""
        parts = {node_id for node_id, top in self._estate.tops.items() if top == system.node_id}
        return [
            (view.title, self._diagrams.pages[view.id], view.description)
            for view in self._diagrams.views
            if view.kind == "dynamic" and view not in shown and any(parts.intersection(n.node_ids) for n in view.nodes)
        ]

    def _tables(self, system: SiteSystem) -> Iterator[Page]:
        tasks, api = TaskTables(self._estate, self._chains, system), ApiTables(self._estate, self._chains, system)
        week = {"load": tasks.load(), "days": day_names(), "other": self._entries(system)}
        yield Page(
            system.page("tasks"),
            "Tasks & schedules",
            "tasks.html",
            system,
            {"timetable": tasks.timetable(), "tables": [tasks.tasks(), tasks.enqueues()], **week},
        )
        plain = (
            ("api", "API", [api.routes()], "Every URL that this system serves, and the code known to call it."),
            ("calls", "Calls made", [api.calls()], "Every place in the code that causes a request to another system."),
            (
                "settings",
                "Settings & stores",
                [settings_table(self._estate, system), stores_table(self._estate, system)],
                "What configuration points elsewhere, and which code reads or writes which datastore.",
            ),
        )
        for name, title, tables, lead in plain:
            yield Page(system.page(name), title, "tables.html", system, {"tables": tables, "lead": lead})
        yield self._dependencies(system)
        yield Page(
            system.page("brittle"),
            "Brittle links",
            "tables.html",
            system,
            {
                "tables": [findings_table(self._estate, system)],
                "lead": "Links that are likely to break, each with the line that makes it so and how to mend it.",
            },
        )

    def _entries(self, system: SiteSystem) -> list[tuple[str, str, str]]:
        """Commands, receivers and start-up code that have a diagram of their own: kind, name, address."""
        words = {"command": "command", "signal": "signal receiver", "startup": "start-up"}
        return [
            (words[unit[1]], unit[2], f"scenario.html#entry={view.id}")
            for unit, view in self._chains.of(system)
            if unit[1] in words
        ]

    def _dependencies(self, system: SiteSystem) -> Page:
        path = system.page("dependencies")
        views = self._diagrams.of("dependencies", system.node_id) if system.node_id else []
        context = {
            "matrix": matrix_of(self._estate, self._needs),
            "cycles": cycle_notes(self._estate, self._needs, system),
            "cuts": [(self._estate.name(c.source), self._estate.name(c.target)) for c in self._needs.cuts],
            "neighbours": neighbours(self._estate, self._needs, system),
            "system": system,
        }
        return Page(path, "Dependencies & cycles", "dependencies.html", system, context, self._shown(views, path))

    def _scenarios(self, system: SiteSystem) -> Page:
        data = {"chains": {"name": f"chains-{system.slug}", "files": self._chains.count(system)}}
        return Page(system.page("scenario"), "Auto-scenario", "scenario.html", system, {}, data=data)

    def _whole(self) -> Iterator[Page]:
        homeless = [view for view in self._diagrams.views if self._diagrams.pages[view.id].startswith("flows.html")]
        if homeless:
            context = {"tables": [], "scenario": self._diagrams.scenario, "elsewhere": []}
            yield Page("flows.html", "Data flows", "flows.html", None, context, self._shown(homeless, "flows.html"))
        estate = self._estate
        tables = [gaps_table(estate), doubts_table(estate), skips_table(estate), undrawn_table(estate)]
        context = {"tables": tables, "missing": missing_steps(estate, self._diagrams), "sources": estate.graph.sources}
        yield Page("unknown.html", "What is not known", "unknown.html", None, context)
        yield Page("help.html", "How to read these diagrams", "help.html")


def _extra(extra: Mapping[str, ExtraPage]) -> Iterator[Page]:
    for name, value in sorted(extra.items()):
        stem = slug(name.removesuffix(".html"))
        named = (_EXTRA.get(stem, stem.replace("-", " ").capitalize()), value) if isinstance(value, str) else value
        title, body = named
        # The caller hands over finished markup: a fragment, or a whole document that is kept as it is.
        yield Page(f"{stem}.html", title, "extra.html", None, {"body": Markup(body)})
