"""Counts: the cards of the landing page, the figures of the whole scan, the scenario steps that are missing."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.views.index import warns
from renderers.site.diagram import Diagrams
from renderers.site.estate import SiteIndex, SiteSystem


@dataclass(frozen=True, slots=True)
class Card:
    """A system at a glance: its pages with a figure each (title, address from the root, figure; "" for none)."""

    system: SiteSystem
    pages: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class MissingStep:
    """A scenario step that matched nothing."""

    scenario: str
    href: str
    n: int
    step: str
    note: str


def cards(estate: SiteIndex, diagrams: Diagrams) -> tuple[Card, ...]:
    """A card for each system, in order."""
    return tuple(_card(estate, diagrams, system) for system in estate.systems)


def counts(estate: SiteIndex) -> tuple[tuple[str, str], ...]:
    """The figures of the whole scan: number, what it counts."""
    graph = estate.graph
    brittle = sum(warns(finding) for finding in graph.findings)
    declared = sum(flow.declared for flow in graph.flows)
    found = (
        (sum(source.modules for source in graph.sources), "Python modules read"),
        (sum(not flow.declared for flow in graph.flows), "data flows"),
        *([(declared, "declared, not in code")] if declared else []),
        (len(graph.routes), "routes served"),
        (len(graph.calls), "calls to other systems"),
        (len(graph.tasks), "Celery tasks"),
        (len(graph.schedules), "schedules"),
        (brittle, "brittle links"),
        (len(graph.gaps), "open questions"),
    )
    return tuple((f"{number:,}".replace(",", "\u202f"), words) for number, words in found)


def missing_steps(estate: SiteIndex, diagrams: Diagrams) -> tuple[MissingStep, ...]:
    """The steps of scenarios for which nothing was found, or nothing that joins them to those before."""
    found = []
    for view in diagrams.views:
        scenario = diagrams.scenario(view)
        for step in scenario.steps if scenario else ():
            if step.missing:
                ends = f"{estate.full_name(step.source)} → {estate.full_name(step.target)}: {step.label}"
                found.append(MissingStep(view.title, diagrams.pages[view.id], step.n, ends, step.note))
    return tuple(found)


def _card(estate: SiteIndex, diagrams: Diagrams, system: SiteSystem) -> Card:
    graph = estate.graph
    scenarios = diagrams.of("dynamic", system.node_id) if system.node_id else []
    sources = sum(system.node_id in (row.system, row.consumer) for row in graph.etl)
    told = ", ".join(_plural(n, word) for n, word in ((len(scenarios), "scenario"), (sources, "ingestion source")) if n)
    tasks, schedules = estate.rows(system, graph.tasks), estate.rows(system, graph.schedules)
    findings = [finding for finding in estate.rows(system, graph.findings) if warns(finding)]
    drawn = [
        (title, system.page(name), "")
        for kind, name, title in (("context", "context", "System Context"), ("container", "containers", "Containers"))
        if system.node_id and diagrams.of(kind, system.node_id)
    ]
    pages = (
        *drawn,
        ("Data flows", system.page("flows"), told),
        (
            "Tasks & schedules",
            system.page("tasks"),
            f"{_plural(len(tasks), 'task')}, {_plural(len(schedules), 'schedule')}",
        ),
        ("API", system.page("api"), _plural(len(estate.rows(system, graph.routes)), "route")),
        ("Calls made", system.page("calls"), _plural(len(estate.rows(system, graph.calls)), "call")),
        ("Settings & stores", system.page("settings"), _plural(len(estate.rows(system, graph.settings)), "setting")),
        ("Dependencies & cycles", system.page("dependencies"), ""),
        ("Brittle links", system.page("brittle"), _plural(len(findings), "finding")),
    )
    return Card(system, pages)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}" if count else f"no {word}s"
