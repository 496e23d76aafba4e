"""The site of a graph, built and written to a folder, for tests of the site."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from extractor.model.graph import Graph
from extractor.views import build_views, opened_views
from renderers.site import render_site
from renderers.svg import render_svg


def site_of(graph: Graph, extra: Mapping[str, str | tuple[str, str]] | None = None) -> dict[str, str]:
    """The files of a graph's site, as text."""
    views = build_views(graph)
    opened = opened_views(graph, views)
    parts = [part for groups in opened.values() for part in groups.values()]
    files = render_site(graph, views, {view.id: render_svg(view) for view in (*views, *parts)}, extra, opened)
    return {path: content if isinstance(content, str) else content.decode() for path, content in files.items()}


def write_site(files: Mapping[str, str], folder: Path) -> Path:
    """Write the files; gives the folder."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return folder
