"""Pieces of markup that many tables share: links to code, buttons that open an arrow's evidence, badges."""

from __future__ import annotations

import html
from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup

from extractor.model.graph import Context, Evidence
from renderers.links import code_url
from renderers.site.estate import SiteIndex

_CONTEXT = {"request": "route", "signal": "signal receiver", "startup": "start-up", "unknown": "entry unknown"}


@lru_cache(maxsize=1 << 16)
def breakable(text: str) -> Markup:
    """Text that may wrap after slashes, dots and underscores; copying it gives the text unchanged."""
    escaped = html.escape(text)
    for mark in ("/", "_", "."):
        escaped = escaped.replace(mark, f"{mark}<wbr>")
    return Markup(escaped)  # Escaped above; only <wbr> was added.


def code_link(estate: SiteIndex, repo: str, path: str, line: int, end_line: int = 0, commit: str = "") -> Markup:
    """`path:line`, linked to the lines at the commit where the repository's web host is known."""
    where = f"{breakable(path)}:{line}"
    url = code_url(estate.sources.get(repo), commit, path, line, end_line or line)
    # Tens of thousands of these stand in a large site: built by hand, each part escaped.
    if not url:
        return Markup(f'<span class="code" title="{html.escape(repo)}">{where}</span>')
    return Markup(f'<a class="code" href="{html.escape(url)}">{where}</a>')


def evidence_link(estate: SiteIndex, item: Evidence) -> Markup:
    """The link of one piece of evidence."""
    return code_link(estate, item.repo, item.path, item.line, item.end_line, item.commit)


def flow_button(flow_id: str, text: str) -> Markup:
    """A button that opens the evidence panel for a flow."""
    flow = html.escape(flow_id)
    return Markup(f'<button type="button" class="open" data-flow="{flow}">{html.escape(text)}</button>')


def flow_buttons(estate: SiteIndex, flow_ids: Iterable[str]) -> list[Markup]:
    """A button for each flow that the graph holds, named by its two ends and what moves."""
    found = (estate.flows[flow_id] for flow_id in flow_ids if flow_id in estate.flows)
    return [flow_button(f.id, f"{estate.name(f.source)} → {estate.name(f.target)}: {f.label}") for f in found]


def badge(kind: str, text: str) -> Markup:
    """A small label; `kind` is its class in the stylesheet."""
    return Markup(f'<span class="badge {html.escape(kind)}">{html.escape(text)}</span>')


def note(text: str) -> Markup:
    """A remark in small type."""
    return Markup(f'<span class="note">{html.escape(text)}</span>')


def link(href: str, text: str | Markup) -> Markup:
    """A link inside the site."""
    return Markup(f'<a href="{html.escape(href)}">{Markup.escape(text)}</a>')


def code(text: str) -> Markup:
    """Text of the scanned code."""
    return Markup(f'<span class="code">{breakable(text)}</span>') if text else Markup("")


def context_words(context: Context) -> str:
    """An entry point in words: `task courses.tasks.sync`."""
    return f"{_CONTEXT.get(context.kind, context.kind)} {context.name}".strip()
