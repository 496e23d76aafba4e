"""A diff as one HTML page: contracts, then both sides in each diagram with a switch, then every change with its place.

The page stands alone: it opens from disk, asks the network for nothing, and shows both sides when scripts are off.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from extractor.diff.document import Change, Commit, Contract, GraphDiff
from extractor.model.graph import Evidence
from extractor.views.merged import MergedView
from extractor.views.view import View
from renderers.diff.words import (
    SIGNS,
    change_text,
    commit_text,
    contract_text,
    field_text,
    headline,
    place_text,
    ranges,
    sections,
    told_fields,
)
from renderers.diff.words import title_of as kind_title
from renderers.links import line_url
from renderers.words import seen

_DIRECTORY = Path(__file__).parent / "page"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_DIRECTORY),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# What render_svg writes for each box and arrow; scanned text cannot look like it, for it is escaped there.
_ELEMENT = re.compile(r'<g class="((?:node|edge) [^"]*)" data-(?:node|edge)="([^"]*)"')
_MOST_PLACES = 3

Webs = Mapping[str, str | None]


def render_diff_html(
    diff: GraphDiff,
    views: Sequence[MergedView],
    draw: Callable[[View], str],
    breaches: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> str:
    """The page. `draw` makes a view's SVG (`renderers.svg.render_svg`); `breaches` are lines of the gate, `warnings`
    what a reader must know first.
    """
    webs = {source.name: source.web for source in diff.sources}
    page = _ENVIRONMENT.get_template("page.html").render(
        diff=diff,
        headline=headline(diff),
        ranges=ranges(diff),
        breaches=breaches,
        warnings=warnings,
        contracts=[_contract(contract, webs) for contract in diff.contracts],
        must_set=[_change(change, webs) for change in diff.must_be_set()],
        views=[{"id": v.view.id, "title": v.view.title, "svg": Markup(_drawn(v, draw))} for v in views],
        sections=[
            {"kind": kind, "title": kind_title(kind), "changes": [_change(change, webs) for change in changes]}
            for kind, changes in sections(diff)
        ],
        style=Markup((_DIRECTORY / "style.css").read_text("utf-8")),
        script=Markup((_DIRECTORY / "script.js").read_text("utf-8")),
    )
    return seen(page)


def _drawn(merged: MergedView, draw: Callable[[View], str]) -> str:
    status = dict(merged.status)

    def told(found: re.Match[str]) -> str:
        name = status.get(html.unescape(found[2]), "same")
        return found[0].replace(found[1], f"{found[1]} diff-{name}", 1)

    return _ELEMENT.sub(told, draw(merged.view))


def _contract(contract: Contract, webs: Webs) -> dict[str, Any]:
    places = _places(contract.after or contract.before, webs)
    word = "Broken" if contract.status == "broken" else "Mended"
    text = contract_text(contract)
    return {"status": contract.status, "word": word, "text": text, "places": places, "commit": _by(contract.commit)}


def _change(change: Change, webs: Webs) -> dict[str, Any]:
    return {
        "status": change.status,
        "sign": SIGNS[change.status],
        "text": change_text(change),
        "fields": [field_text(f) for f in told_fields(change)],
        "places": _places(change.after or change.before, webs),
        "commit": _by(change.commit),
    }


def _places(evidence: Sequence[Evidence], webs: Webs) -> list[dict[str, str]]:
    return [
        {"text": place_text(e), "href": line_url(webs.get(e.repo), e.commit, e.path, e.line, e.end_line)}
        for e in evidence[:_MOST_PLACES]
    ]


def _by(commit: Commit | None) -> str:
    return commit_text(commit) if commit else ""
