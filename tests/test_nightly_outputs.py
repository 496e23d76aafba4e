"""The feed, the plot, the pages and the metrics file: well-formed, escaped, the same bytes for the same input."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from c4trace.nightly.lock import Busy, hold
from c4trace.nightly.metrics import Metric, render_metrics, write_metrics
from extractor.diff import diff_graphs
from extractor.errors import UserError
from renderers.history.changes import ChangeNote, change_summary, change_title, render_changes_page
from renderers.history.feed import Feed, FeedEntry, render_feed
from renderers.history.page import render_history_page
from renderers.history.svg import SERIES, HistoryPoint, render_history_svg
from renderers.links import line_url
from tests.nightly_samples import COMMIT, finding, graph

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = Feed("urn:uuid:f", "Shop <&>", "c4trace", "2025-01-01T00:00:00Z", "https://e.org/", "https://e.org/feed.atom")


def entry(name: str, updated: str, html: str = "<p>x</p>") -> FeedEntry:
    return FeedEntry(f"urn:uuid:{name}", f"Title {name}", updated, html, f"https://e.org/{name}")


def test_a_feed_has_what_rfc_4287_asks_for() -> None:
    root = xml.fromstring(render_feed(FEED, [entry("a", "2025-01-02T00:00:00Z"), entry("b", "2025-01-03T00:00:00Z")]))
    assert root.tag == f"{ATOM}feed"
    assert root.findtext(f"{ATOM}id") == "urn:uuid:f"
    assert root.findtext(f"{ATOM}title") == "Shop <&>"
    assert root.findtext(f"{ATOM}updated") == "2025-01-03T00:00:00Z"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "c4trace"
    assert {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")} == {
        "self": "https://e.org/feed.atom",
        "alternate": "https://e.org/",
    }
    first, second = root.findall(f"{ATOM}entry")
    assert (first.findtext(f"{ATOM}id"), second.findtext(f"{ATOM}id")) == ("urn:uuid:b", "urn:uuid:a")
    content = first.find(f"{ATOM}content")
    assert content is not None
    assert (content.get("type"), content.text) == ("html", "<p>x</p>")


def test_an_empty_feed_is_a_feed() -> None:
    root = xml.fromstring(render_feed(FEED, []))
    assert root.findtext(f"{ATOM}updated") == "2025-01-01T00:00:00Z"
    assert root.find(f"{ATOM}entry") is None


def test_what_xml_cannot_hold_is_replaced() -> None:
    root = xml.fromstring(render_feed(FEED, [entry("a", "2025-01-02T00:00:00Z", "a\x00b\x1bc\ud800d\U0001f600")]))
    assert root.findtext(f"{ATOM}entry/{ATOM}content") == "a\ufffdb\ufffdc\ufffdd\U0001f600"


def point(day: int, value: int) -> HistoryPoint:
    time = f"2025-01-{day:02}T02:00:00Z"
    return HistoryPoint(
        label=f"#{day}",
        taken=time,
        seen=time,
        flows=value,
        tasks=value * 2,
        schedules=3,
        brittle=0,
        unknowns=100 + value,
    )


def test_the_plot_has_a_panel_for_each_series_and_a_mark_for_each_state() -> None:
    root = xml.fromstring(render_history_svg([point(1, 4), point(3, 8), point(9, 6)]))
    svg = "{http://www.w3.org/2000/svg}"
    panels = root.findall(f"{svg}g")
    assert [panel.get("class") for panel in panels] == [field for field, _, _ in SERIES]
    flows = panels[0]
    assert [t.text for t in flows.iter(f"{svg}title")] == [
        "Flows: 4 (#1, 2025-01-01)",
        "Flows: 8 (#3, 2025-01-03)",
        "Flows: 6 (#9, 2025-01-09)",
    ]
    xs = [float(c.get("cx", "")) for c in flows.iter(f"{svg}circle")]
    # Time is to scale: two days of eight.
    assert (xs[1] - xs[0]) / (xs[2] - xs[0]) == pytest.approx(2 / 8, abs=0.001)
    assert root.get("aria-label") == "History. Now: Flows 6; Tasks 12; Schedules 3; Brittle links 0; Unknowns 106"


@pytest.mark.parametrize("points", [[point(1, 0)], [point(1, 5), point(2, 5)], [point(1, 0), point(2, 100000)]])
def test_the_plot_of_few_or_flat_or_far_points_stays_in_its_frame(points: list[HistoryPoint]) -> None:
    root = xml.fromstring(render_history_svg(points))
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
        assert 0 <= float(circle.get("cx", "")) <= width
        assert 0 <= float(circle.get("cy", "")) <= height


def test_a_history_without_a_point_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        render_history_svg([])


def test_the_history_page_lists_every_state_newest_first_with_what_it_changed() -> None:
    page = render_history_page([point(1, 4), point(3, 8)])
    assert page.count("<svg") == 1
    assert page.index('scope="row">2025-01-03') < page.index('scope="row">2025-01-01')
    assert "8 <small>(+4)</small>" in page
    assert "<small>(0)" not in page


def test_the_title_of_a_change_counts_what_matters() -> None:
    base = graph(flows=("a",), tasks=("t",))
    assert change_title(diff_graphs(base, graph(flows=("a", "b", "c"), tasks=("t",)))) == "2 flows added"
    both = diff_graphs(base, graph(flows=("a",), tasks=(), findings=(finding("x"),)))
    assert change_title(both) == "1 finding added, 1 schedule removed, 1 task removed"


def test_a_summary_lists_so_many_and_counts_the_rest() -> None:
    diff = diff_graphs(graph(flows=()), graph(flows=tuple(f"flow {n:02}" for n in range(15))))
    summary = change_summary(diff)
    assert summary.count("<b>+</b>") == 12
    assert "<li>and 3 more</li>" in summary


def test_evidence_links_are_quoted_and_only_to_the_web() -> None:
    web = "https://e.org/shop/blob/{commit}/{path}#L{line}-L{end_line}"
    assert line_url(web, COMMIT, 'a b/"x".py', 3, 4) == f"https://e.org/shop/blob/{COMMIT}/a%20b/%22x%22.py#L3-L4"
    assert line_url("javascript:{path}", COMMIT, "alert(1)", 1, 1) == ""
    assert line_url(None, COMMIT, "a.py", 1, 1) == ""


def test_the_changes_page_warns_of_stale_sources_first_and_escapes_all() -> None:
    notes = [ChangeNote("c1", "2025-01-02T00:00:00Z", "<b>title</b>", "<p>made by change_summary</p>")]
    page = render_changes_page(notes, {"<i>shop</i>": "no & route"}, "feed.atom")
    assert page.index("&lt;i&gt;shop&lt;/i&gt; could not be reached.") < page.index("&lt;b&gt;title")
    assert "no &amp; route" in page
    assert "<p>made by change_summary</p>" in page
    assert 'href="feed.atom"' in page


def test_metrics_are_prometheus_text() -> None:
    metrics = [Metric("c4trace_x", "What it is.", [({"source": 'a"b\\c\nd'}, 1), ({}, 1741608000.0)])]
    assert render_metrics(metrics) == (
        "# HELP c4trace_x What it is.\n# TYPE c4trace_x gauge\n"
        'c4trace_x{source="a\\"b\\\\c\\nd"} 1\nc4trace_x 1741608000\n'
    )


def test_the_metrics_file_is_replaced_whole_and_readable_to_all(tmp_path: Path) -> None:
    path = tmp_path / "node" / "c4trace.prom"
    write_metrics(path, [Metric("a", "A.", [({}, 1)])])
    write_metrics(path, [Metric("a", "A.", [({}, 2)])])
    assert path.read_text().endswith("a 2\n")
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_a_metrics_file_that_cannot_be_written_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "c4trace.prom").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_metrics(tmp_path / "c4trace.prom", [])
    assert [path.name for path in tmp_path.iterdir()] == ["c4trace.prom"]


def test_a_lock_is_free_again_after_an_error_and_its_note_gone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError), hold(path, "2025-01-01T00:00:00Z"):
        raise RuntimeError
    with hold(path, "2025-01-02T00:00:00Z") as held:
        assert held.unfinished == ""
        with pytest.raises(Busy, match="since 2025-01-02"), hold(path, "later"):
            pass


def test_a_lock_with_rubbish_in_it_is_a_lock(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("[1,")
    with hold(tmp_path / "lock", "2025-01-02T00:00:00Z") as held:
        assert held.unfinished == ""
