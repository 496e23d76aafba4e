"""Markdown pages for MkDocs and its kin: the site's content, to live inside an existing documentation site.

Diagrams are Mermaid blocks, or images of the SVG files that stand beside the pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from extractor.model.graph import Graph, Node, Source
from extractor.views import View
from extractor.views.index import make_view_index
from renderers.diagrams.mermaid import mermaid_source
from renderers.markdown.cells import LineLinks, code, table, text
from renderers.markdown.tables import (
    arrow_table,
    brittle_table,
    etl_table,
    gap_table,
    route_table,
    schedule_table,
    skip_table,
    task_table,
)

READING = """\
These are [C4 model](https://c4model.com/) diagrams. People are rounded boxes, systems and containers are rectangles;
databases and queues have their own shapes. Each arrow says *what* moves. Solid arrows are **synchronous**: the caller
waits. Dotted or dashed amber arrows are **asynchronous**: queued, scheduled or event-driven. ⚠️ marks a brittle link."""


def render_markdown(graph: Graph, views: Sequence[View], svgs: Mapping[str, str] | None = None) -> dict[str, str]:
    """The pages, by path from the documentation's folder: `index.md`, `unknown.md` and a folder for each system.

    With `svgs` (standalone pictures by view id) diagrams are images, written to `diagrams/`; without, Mermaid blocks.
    """
    index, links = make_view_index(graph), LineLinks(graph)
    pictures = svgs or {}
    files = {f"diagrams/{view.id}.svg": pictures[view.id] for view in views if view.id in pictures}
    systems = [(system, index.slugs[system.id]) for system in index.systems()]
    files["index.md"] = _index(graph, views, pictures, systems)
    files["unknown.md"] = _page(
        "What is not known",
        "## Seen and not understood",
        gap_table(graph, links),
        "## Files that were not read",
        skip_table(graph),
    )
    for system, slug in systems:
        for name, body in _system_pages(graph, views, pictures, links, system, index.slugs).items():
            files[f"{slug}/{name}"] = body
    return files


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {text(title)}", *(part for part in parts if part)]) + "\n"


def _diagram(view: View, pictures: Mapping[str, str], up: str) -> str:
    if view.id in pictures:
        return f"![{text(view.title)}]({up}diagrams/{view.id}.svg)"
    return f"```mermaid\n{mermaid_source(view)}```"


def _state(source: Source) -> str:
    if source.lost:
        return f"not read: {text(source.lost)}"
    return "last good commit" if source.stale else ""


def _index(
    graph: Graph, views: Sequence[View], pictures: Mapping[str, str], systems: Sequence[tuple[Node, str]]
) -> str:
    landscape = [_diagram(view, pictures, "") for view in views if view.kind == "landscape"]
    rows = [(f"[{text(system.name)}]({slug}/index.md)", text(system.description)) for system, slug in systems]
    commits = [
        (text(s.name), text(s.ref), code(s.commit[:12]), str(s.modules), _state(s))
        for s in sorted(graph.sources, key=lambda s: s.name)
    ]
    stamp = f"*Generated {text(graph.generated)} by c4trace {text(graph.version)}.*"
    return _page(
        graph.estate or "Landscape",
        stamp,
        READING,
        *landscape,
        "## Systems",
        table(("System", "What it is"), rows, "No systems."),
        "[What is not known](unknown.md)",
        "## Sources",
        table(("Source", "Ref", "Commit", "Modules", ""), commits, "No sources."),
    )


def _elsewhere(
    views: Sequence[View], mine: Sequence[View], inside: Collection[str], slugs: Mapping[str, str]
) -> list[str]:
    """Links to the scenarios of other systems in which this one takes part."""
    told = [
        f"- [{text(view.title)}](../{slugs[view.system]}/data-flows.md)"
        for view in views
        if view.kind == "dynamic"
        and view not in mine
        and view.system in slugs
        and any(set(inside).intersection(node.node_ids) for node in view.nodes)
    ]
    return ["## Takes part in", "\n".join(told)] if told else []


def _system_pages(
    graph: Graph,
    views: Sequence[View],
    pictures: Mapping[str, str],
    links: LineLinks,
    system: Node,
    slugs: Mapping[str, str],
) -> dict[str, str]:
    mine = [view for view in views if view.system == system.id]
    inside = {node.id for node in graph.nodes if node.parent == system.id} | {system.id}
    repos = {node.repo for node in graph.nodes if node.id in inside and node.repo}

    def drawn(kind: str) -> list[str]:
        parts: list[str] = []
        for view in (v for v in mine if v.kind == kind):
            parts += [f"## {text(view.title)}", text(view.description), _diagram(view, pictures, "../")]
            parts.append(arrow_table(graph, links, view))
        return parts

    pages = {
        "system-context.md": ("System Context", drawn("context")),
        "containers.md": ("Containers", drawn("container")),
        "components.md": ("Components", drawn("component")),
        "data-flows.md": (
            "Data Flows",
            [
                *drawn("dynamic"),
                *_elsewhere(views, mine, inside, slugs),
                "## Ingestion sources (ETL)",
                etl_table(graph, links, system.id),
            ],
        ),
        "tasks.md": (
            "Tasks & schedules",
            ["## Schedules", schedule_table(graph, links, repos), "## Tasks", task_table(graph, links, repos)],
        ),
        "api.md": ("API", [route_table(graph, links, repos)]),
        "dependencies.md": ("Dependencies", drawn("dependencies")),
        "brittle.md": ("Brittle links", [brittle_table(graph, links, repos)]),
    }
    kept = {name: page for name, page in pages.items() if page[1]}
    listed = "\n".join(f"- [{text(title)}]({name})" for name, (title, _) in kept.items())
    found = {name: _page(f"{title}: {system.name}", *parts) for name, (title, parts) in kept.items()}
    return {"index.md": _page(system.name, text(system.description), listed), **found}
