"""What changed, as HTML: a short summary of one diff (for the feed and the page), and the page of past changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from extractor.diff.document import KINDS, STATUSES, Change, GraphDiff
from extractor.model.graph import Evidence
from renderers.diff.words import (
    SIGNS,
    change_text,
    commit_text,
    contract_text,
    counted,
    field_text,
    place_text,
    ranges,
    sections,
    title_of,
    told_fields,
)
from renderers.links import line_url

# How many changes of one kind a summary lists before it says "and n more".
LISTED = 12

# What a headline names first; the other kinds are named when none of these changed.
_HEADLINE = ("flows", "findings", "schedules", "tasks", "routes", "settings")

_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

_SUMMARY = _ENVIRONMENT.from_string(
    """\
{% if ranges %}<p>{{ ranges | join("; ") }}</p>
{% endif %}
{% for contract in contracts %}
<p><strong>Contract {{ contract.status }}:</strong> {{ contract.text }}</p>
{% endfor %}
{% for section in sections %}
<h3>{{ section.title }}</h3>
<ul>
{% for item in section.items %}
<li><b>{{ item.sign }}</b> {{ item.title }}\
{% for field in item.fields %}; {{ field }}{% endfor %}\
{% if item.place %} (\
{% if item.href %}<a href="{{ item.href }}">{{ item.place }}</a>{% else %}{{ item.place }}{% endif %}){% endif %}\
{% if item.commit %}<br><small>{{ item.commit }}</small>{% endif %}</li>
{% endfor %}
{% if section.more %}<li>and {{ section.more }} more</li>{% endif %}
</ul>
{% endfor %}
"""
)

_PAGE = _ENVIRONMENT.from_string(
    """\
<section class="changes">
{% for source, reason in stale %}
<p class="warning" role="alert"><strong>{{ source }} could not be reached.</strong> It is shown as it was when it was
last read. {{ reason }}</p>
{% endfor %}
<p>{% if drawn %}<a href="{{ drawn }}">The last change, drawn</a> · {% endif %}
<a href="{{ feed }}" type="application/atom+xml">Atom feed</a></p>
{% for note in notes %}
<article id="{{ note.anchor }}">
<h2>{{ note.title }}</h2>
<p><time datetime="{{ note.noted }}">{{ note.noted | replace("T", " ") | replace("Z", " UTC") }}</time></p>
{{ note.summary }}
</article>
{% else %}
<p>Nothing has changed since the first scan.</p>
{% endfor %}
</section>
"""
)


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """A change that was told: an `anchor` (letters, digits, hyphens), when (ISO 8601, UTC), its title and its HTML."""

    anchor: str
    noted: str
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class _Item:
    sign: str
    title: str
    fields: tuple[str, ...]
    place: str
    href: str
    commit: str


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    items: tuple[_Item, ...]
    more: int


def change_title(diff: GraphDiff) -> str:
    """One line for a diff that is not empty: `2 flows added, 1 task removed`, broken contracts first."""
    broken = sum(1 for contract in diff.contracts if contract.status == "broken")
    parts = [f"{broken} contract{'s' if broken > 1 else ''} broken"] if broken else []
    counts = diff.counts()
    for kind in [kind for kind in _HEADLINE if kind in counts] or [kind for kind in KINDS if kind in counts]:
        parts += [f"{counted(n, kind)} {status}" for status in STATUSES if (n := counts[kind][status])]
    return ", ".join(parts) or "contracts mended"


def change_summary(diff: GraphDiff) -> str:
    """The HTML of a diff, short: commits, contracts, and up to LISTED changes of each kind. All text is escaped."""
    webs = {source.name: source.web for source in diff.sources}
    contracts = [{"status": c.status, "text": contract_text(c)} for c in diff.contracts]
    listed = [_section(kind, changes, webs) for kind, changes in sections(diff)]
    return _SUMMARY.render(ranges=ranges(diff), contracts=contracts, sections=listed)


def render_changes_page(notes: Sequence[ChangeNote], stale: Mapping[str, str], feed: str, drawn: str = "") -> str:
    """The page's body: sources that could not be reached (name -> reason), then the changes told, newest first.

    `feed` is the address of the Atom feed, relative to the page; `drawn` that of the page with both sides of the last
    change in one diagram, or "". A note's summary is what `change_summary` made.
    """
    told = [
        {"anchor": note.anchor, "title": note.title, "noted": note.noted, "summary": Markup(note.summary)}
        for note in notes
    ]
    return _PAGE.render(notes=told, stale=sorted(stale.items()), feed=feed, drawn=drawn)


def _link_of(place: Evidence, webs: Mapping[str, str | None]) -> str:
    return line_url(webs.get(place.repo), place.commit, place.path, place.line, place.end_line)


def _section(kind: str, changes: Sequence[Change], webs: Mapping[str, str | None]) -> _Section:
    items = tuple(_item(change, webs) for change in changes[:LISTED])
    return _Section(title_of(kind), items, max(len(changes) - LISTED, 0))


def _item(change: Change, webs: Mapping[str, str | None]) -> _Item:
    place = change.place
    return _Item(
        SIGNS[change.status],
        change_text(change),
        tuple(field_text(field) for field in told_fields(change)),
        place_text(place) if place else "",
        _link_of(place, webs) if place else "",
        commit_text(change.commit) if change.commit else "",
    )
