"""What a night adds to the published output: the pages *What changed* and *History*, and the Atom feed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from c4trace.nightly.config import NightlyConfig
from c4trace.nightly.journal import ChangeRow
from c4trace.nightly.parts import Extras
from c4trace.snapshots.store import Snapshot
from extractor.model.graph import Graph
from renderers.history.changes import ChangeNote, render_changes_page
from renderers.history.feed import Feed, FeedEntry, render_feed
from renderers.history.page import render_history_page
from renderers.history.svg import HistoryPoint

FEED = "feed.atom"
CHANGES, HISTORY, DRAWN = "changes", "history", "last-change"


def extras_of(
    config: NightlyConfig,
    graph: Graph,
    history: Sequence[Snapshot],
    changes: Sequence[ChangeRow],
    absent: Mapping[str, str],
    drawn: str,
) -> Extras:
    """The pages and files of a night: `history` oldest first and never empty, `changes` newest first, `absent` the
    sources that could not be reached and why, `drawn` the document that shows the last change, or "".
    """
    more = {DRAWN: ("Last change, drawn", drawn)} if drawn else {}
    link = f"{DRAWN}.html" if drawn else ""
    shown = {source.name for source in graph.sources if not source.lost}  # of the rest every page says so
    stale = {name: why for name, why in absent.items() if name in shown}
    notes = [ChangeNote(f"c{row.key}", row.noted, row.title, row.summary) for row in changes]
    return Extras(
        pages={
            CHANGES: ("What changed", render_changes_page(notes, stale, FEED, link)),
            HISTORY: ("History", render_history_page([point_of(row) for row in history])),
            **more,
        },
        files={f"site/{FEED}": feed_of(config, graph.estate, history[0].taken, changes)},
    )


def feed_of(config: NightlyConfig, estate: str, first: str, changes: Sequence[ChangeRow]) -> str:
    """The Atom feed. Its id is made of the estate's title and an entry's of its change: neither ever moves."""
    base = config.site_url.rstrip("/")
    feed_id = uuid.uuid5(uuid.NAMESPACE_URL, f"c4trace:{estate}")
    entries = [
        FeedEntry(
            uuid.uuid5(feed_id, row.key).urn,
            row.title,
            row.noted,
            row.summary,
            f"{base}/{CHANGES}.html#c{row.key}" if base else "",
        )
        for row in changes
    ]
    address = f"{base}/{FEED}" if base else ""
    title = f"{estate}: what changed"
    return render_feed(Feed(feed_id.urn, title, "c4trace", first, f"{base}/" if base else "", address), entries)


def point_of(row: Snapshot) -> HistoryPoint:
    """A snapshot as a point of the plot."""
    counts = row.counts
    numbers = (counts.flows, counts.tasks, counts.schedules, counts.brittle, counts.unknowns)
    return HistoryPoint(f"#{row.id}", row.taken, row.seen, *numbers)
