"""Nights over real git repositories: what is published, fed, told and kept when things change, stand still or break."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from c4trace.nightly.config import Hook
from c4trace.nightly.lock import hold
from c4trace.snapshots.retention import Retention
from c4trace.snapshots.store import SnapshotStore
from extractor.errors import SourceError
from tests.git_repository import git
from tests.killed import killed_at, steps_of
from tests.nightly_harness import Nights, make_nights
from tests.nightly_samples import night

pytestmark = pytest.mark.slow

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    return make_nights(tmp_path, monkeypatch)


def entries(nights: Nights) -> list[tuple[str, str, str]]:
    """Id, title and time of the feed's entries."""
    root = xml.fromstring(nights.page("feed.atom"))

    def text_of(entry: xml.Element, tag: str) -> str:
        return entry.findtext(ATOM + tag) or ""

    return [(text_of(e, "id"), text_of(e, "title"), text_of(e, "updated")) for e in root.iter(f"{ATOM}entry")]


def flows(nights: Nights) -> list[str]:
    return [flow["label"] for flow in nights.graph()["flows"]]


def test_the_first_night_publishes_and_has_nothing_to_tell(nights: Nights) -> None:
    assert nights.run(0) == 0
    assert flows(nights) == ["orders"]
    assert entries(nights) == []
    assert "Nothing has changed since the first scan" in nights.page("changes.html")
    assert "published #1: the first snapshot. 1 flows, 1 tasks" in nights.log.getvalue()


def test_a_change_is_told_in_the_feed_and_on_the_page_with_its_evidence(nights: Nights) -> None:
    nights.run(0)
    commit = nights.commit(flows="orders refunds")
    assert nights.run(1) == 0
    assert flows(nights) == ["orders", "refunds"]
    ((identity, title, updated),) = entries(nights)
    assert identity.startswith("urn:uuid:")
    assert title == "1 flow added"
    assert updated == "2025-03-11T12:00:00Z"
    page = nights.page("changes.html")
    assert commit[:12] in page
    assert "refunds" in page
    assert "shop/tasks.py:4" in page


def test_a_night_without_a_change_adds_no_entry_and_keeps_the_old_ones_as_they_are(nights: Nights) -> None:
    nights.run(0)
    nights.commit(flows="orders refunds")
    nights.run(1)
    before = nights.page("feed.atom")
    nights.run(2)
    assert nights.page("feed.atom") == before
    # A commit that changes nothing by meaning is a new state, and no news.
    nights.commit(readme="words")
    nights.run(3)
    assert nights.page("feed.atom") == before
    with SnapshotStore(nights.config.state / "snapshots.db") as store:
        assert [(row.taken[:10], row.seen[:10]) for row in store.history()] == [
            ("2025-03-10", "2025-03-10"),
            ("2025-03-11", "2025-03-12"),
            ("2025-03-13", "2025-03-13"),
        ]


def test_the_last_change_is_drawn_until_the_next_one_or_until_its_graphs_are_dropped(nights: Nights) -> None:
    nights.run(0)
    assert not (nights.out / "site" / "last-change.html").exists()
    nights.commit(flows="orders refunds")
    nights.run(1)
    drawn = nights.page("last-change.html")
    assert "refunds" in drawn
    assert 'href="last-change.html"' in nights.page("changes.html")
    nights.commit(readme="words")
    nights.run(2)
    assert nights.page("last-change.html") == drawn
    nights.config = dataclasses.replace(nights.config, retention=Retention(1, 0, 0))
    nights.run(3)
    nights.run(4)
    assert not (nights.out / "site" / "last-change.html").exists()
    assert "last-change" not in nights.page("changes.html")


def test_a_change_taken_back_and_made_again_is_three_entries(nights: Nights) -> None:
    nights.run(0)
    for number, words in enumerate(("orders refunds", "orders", "orders refunds"), start=1):
        nights.commit(flows=words)
        nights.run(number)
    told = entries(nights)
    assert [title for _, title, _ in told] == ["1 flow added", "1 flow removed", "1 flow added"]
    assert len({identity for identity, _, _ in told}) == 3


def test_the_same_night_run_again_changes_nothing(nights: Nights) -> None:
    nights.run(0)
    nights.commit(flows="orders refunds")
    nights.run(1)
    first = {p.name: p.read_bytes() for p in (nights.out / "site").iterdir()}
    nights.run(1)
    assert {p.name: p.read_bytes() for p in (nights.out / "site").iterdir()} == first


def test_a_source_that_cannot_be_reached_keeps_its_commit_and_the_page_says_so(nights: Nights) -> None:
    nights.run(0)
    good = git(nights.repository, "rev-parse", "HEAD")
    nights.commit(flows="orders refunds")
    (nights.place / "up").unlink()
    assert nights.run(1) == 0
    source = nights.graph()["sources"][0]
    assert (source["stale"], source["commit"], source["ref"]) == (True, good, "main")
    assert flows(nights) == ["orders"]
    assert "<strong>shop could not be reached.</strong>" in nights.page("changes.html")
    assert nights.slept == [2, 4]
    assert f"shop stays at {good[:12]}" in nights.log.getvalue()
    assert entries(nights) == []
    (nights.place / "up").touch()
    assert nights.run(2) == 0
    assert flows(nights) == ["orders", "refunds"]
    assert "could not be reached" not in nights.page("changes.html")
    assert [title for _, title, _ in entries(nights)] == ["1 flow added"]


def test_a_source_that_is_gone_stays_at_the_last_good_night_not_at_what_a_failed_one_fetched(nights: Nights) -> None:
    nights.run(0)
    good = git(nights.repository, "rev-parse", "HEAD")
    nights.commit(flows="orders refunds")
    whole = nights.parts
    crashing = dataclasses.replace(nights.parts(), scan=lambda *_: 1 / 0)  # type: ignore[arg-type]
    nights.parts = lambda: crashing  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        nights.run(1)
    nights.parts = whole  # type: ignore[method-assign]
    (nights.place / "up").unlink()
    assert nights.run(2) == 0
    assert nights.graph()["sources"][0]["commit"] == good
    assert flows(nights) == ["orders"]


def test_a_source_that_comes_back_on_the_second_try_is_not_stale(nights: Nights) -> None:
    nights.run(0)
    (nights.place / "up").unlink()
    nights.while_asleep = (nights.place / "up").touch
    assert nights.run(1) == 0
    assert nights.graph()["sources"][0]["stale"] is False


def test_without_any_copy_of_any_source_the_last_good_state_is_published_again_marked(nights: Nights) -> None:
    """A path is read in place: when it is gone, there is nothing to fall back on but the last graph."""
    nights.urls["shop"] = str(nights.repository)
    assert nights.run(0) == 0
    nights.repository.rename(nights.place / "gone")
    assert nights.run(1) == 3
    assert flows(nights) == ["orders"]
    assert [(s["stale"], s["lost"]) for s in nights.graph()["sources"]] == [(True, "")]
    assert "<strong>shop could not be reached.</strong>" in nights.page("changes.html")
    (nights.place / "gone").rename(nights.repository)
    nights.commit(flows="orders refunds")
    assert nights.run(2) == 0
    assert flows(nights) == ["orders", "refunds"]


def test_a_first_night_without_any_source_fails_and_publishes_nothing(nights: Nights) -> None:
    (nights.place / "up").unlink()
    with pytest.raises(SourceError, match="the first run needs a source that can be read"):
        nights.run(0)
    assert not nights.out.exists()


def test_a_force_push_is_a_change_like_any_other(nights: Nights) -> None:
    nights.run(0)
    nights.commit(flows="orders refunds")
    nights.run(1)
    git(nights.repository, "checkout", "--quiet", "--orphan", "fresh")
    nights.commit(flows="orders ledger")
    git(nights.repository, "branch", "--quiet", "-M", "fresh", "main")
    git(nights.repository, "reflog", "expire", "--expire=now", "--all")
    git(nights.repository, "gc", "--quiet", "--prune=now")
    assert nights.run(2) == 0
    assert flows(nights) == ["ledger", "orders"]
    assert len(entries(nights)) == 2


def test_a_scan_that_crashes_leaves_the_last_output_and_the_next_night_works(nights: Nights) -> None:
    nights.run(0)
    nights.commit(flows="orders refunds")
    crashing = dataclasses.replace(nights.parts(), scan=lambda *_: 1 / 0)  # type: ignore[arg-type]
    working, nights.parts = nights.parts, lambda: crashing  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        nights.run(1)
    assert flows(nights) == ["orders"]
    assert "the run failed: ZeroDivisionError: division by zero; the last output stands" in nights.log.getvalue()
    nights.parts = working  # type: ignore[method-assign]
    assert nights.run(2) == 0
    assert [title for _, title, _ in entries(nights)] == ["1 flow added"]


def test_a_publication_that_fails_is_told_the_next_night_against_the_same_base(nights: Nights) -> None:
    nights.run(0)
    nights.commit(flows="orders refunds")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    broken, working = dataclasses.replace(nights.parts(), publish=full), nights.parts
    nights.parts = lambda: broken  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space left"):
        nights.run(1)
    nights.parts = working  # type: ignore[method-assign]
    assert nights.run(2) == 0
    assert [(title, when[:10]) for _, title, when in entries(nights)] == [("1 flow added", "2025-03-11")]


def test_two_at_once_the_second_says_so_and_does_nothing(nights: Nights) -> None:
    with hold(nights.config.state / "nightly.lock", "2025-03-10T11:59:00Z"):
        assert nights.run(0) == 0
    log = nights.log.getvalue()
    assert f"another run is in progress (process {os.getpid()}, since 2025-03-10T11:59:00Z)" in log
    assert not nights.out.exists()


def test_the_gate_gives_one_and_publishes_all_the_same(nights: Nights) -> None:
    nights.run(0)
    nights.gate_words = ("refunds",)
    nights.commit(flows="orders refunds")
    assert nights.run(1) == 1
    assert flows(nights) == ["orders", "refunds"]
    assert "the gate: no-word: shop: refunds is forbidden" in nights.log.getvalue()


def test_a_clock_that_was_set_back_does_not_hide_the_night(nights: Nights) -> None:
    nights.run(5)
    nights.commit(flows="orders refunds")
    nights.run(1)
    with SnapshotStore(nights.config.state / "snapshots.db") as store:
        assert store.latest_good().counts.flows == 2  # type: ignore[union-attr]


def test_the_log_as_json_is_one_object_a_line(nights: Nights) -> None:
    nights.as_json = True
    nights.run(0)
    lines = [json.loads(line) for line in nights.log.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["source", "published"]
    commit = git(nights.repository, "rev-parse", "HEAD")
    assert lines[1] == {
        "time": "2025-03-10T12:00:00Z",
        "level": "info",
        "event": "published",
        "snapshot": 1,
        "changes": 0,
        "breaches": 0,
        "commits": [f"shop@{commit}"],
        "stale": [],
        "lost": [],
        "seconds": 0.0,
        "message": lines[1]["message"],
    }


def test_metrics_say_how_the_night_went(nights: Nights) -> None:
    nights.commit(flows="orders refunds", findings="high=token")
    nights.run(0)
    (nights.place / "up").unlink()
    nights.run(1)
    assert nights.config.metrics is not None
    samples = dict(
        line.rsplit(" ", 1) for line in nights.config.metrics.read_text().splitlines() if not line.startswith("#")
    )
    assert samples["c4trace_run_success"] == "1"
    assert samples["c4trace_success_timestamp_seconds"] == str(int(night(1).timestamp()))
    assert samples["c4trace_flows"] == "2"
    assert samples['c4trace_findings{severity="high"}'] == "1"
    assert samples['c4trace_source_stale{source="shop"}'] == "1"


def test_metrics_of_a_failed_night_keep_the_last_success(nights: Nights) -> None:
    nights.run(0)
    crashing = dataclasses.replace(nights.parts(), scan=lambda *_: 1 / 0)  # type: ignore[arg-type]
    nights.parts = lambda: crashing  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        nights.run(3)
    assert nights.config.metrics is not None
    text = nights.config.metrics.read_text()
    assert "\nc4trace_run_success 0\n" in text
    assert f"\nc4trace_success_timestamp_seconds {int(night(0).timestamp())}\n" in text
    assert [p.name for p in nights.config.metrics.parent.iterdir()] == ["c4trace.prom"]


def test_thirty_nights_in_random_weather(nights: Nights) -> None:
    """Changes, rest, outages: the feed tells each change once, and the site shows what was last reached."""
    weather = random.Random(7)
    shown: list[str] = []
    told = 0
    for number in range(30):
        if weather.random() < 0.4:
            words = sorted(weather.sample(["orders", "refunds", "ledger", "mail"], 2))
            nights.commit(flows=" ".join(words), readme=str(number))
        up = weather.random() > 0.2 or number == 0
        (nights.place / "up").touch() if up else (nights.place / "up").unlink(missing_ok=True)
        assert nights.run(number) == 0
        now = (nights.repository / "flows.txt").read_text().split() if up else shown
        told += number > 0 and now != shown
        shown = now
        assert flows(nights) == shown
        assert len(entries(nights)) == told
    assert told > 3


def arguments(nights: Nights, day: int) -> tuple[object, ...]:
    return nights.config.state, nights.config.out, nights.place / "cache", nights.urls["shop"], day


def test_a_night_killed_at_any_step_leaves_all_whole_and_the_next_one_works(nights: Nights) -> None:
    nights.run(0)
    nights.commit(flows="orders refunds")
    steps = steps_of(nights.place, "tests.nightly_harness", *arguments(nights, 1))
    words = "orders refunds"
    for day in range(2, 12):
        shown = flows(nights)
        words = "orders refunds" if words == "orders" else "orders"
        nights.commit(flows=words)
        killed_at(1 + steps * (day - 2) // 10, nights.place, "tests.nightly_harness", *arguments(nights, day))
        assert flows(nights) in (shown, words.split())
        with SnapshotStore(nights.config.state / "snapshots.db") as store:
            store.check()
            assert store.latest_good() is not None
        assert nights.run(day) == 0
        assert flows(nights) == words.split()


def test_a_night_says_that_the_one_before_did_not_finish(nights: Nights) -> None:
    nights.run(0)
    (nights.config.state / "nightly.lock").write_text('{"pid": 1, "began": "2025-03-10T23:00:00Z"}')
    nights.run(1)
    assert "the run that began at 2025-03-10T23:00:00Z did not come to its end" in nights.log.getvalue()
    nights.run(2)
    assert "did not come to its end" not in nights.log.getvalue()


def test_hostile_names_stay_text_in_every_output(nights: Nights) -> None:
    nights.run(0)
    bad = "<script>alert(1)</script>\x07\x1b[31m"
    nights.commit(flows=bad)
    nights.config = dataclasses.replace(nights.config, hooks=(Hook("none", "ABSENT", when=("changed",)),))
    assert nights.run(1) == 0
    assert "<script>" not in nights.page("changes.html")
    content = xml.fromstring(nights.page("feed.atom")).find(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert "<script>" not in (content.text or "")
    assert "\x1b" not in nights.log.getvalue()
    assert "hook none was not told: the environment variable ABSENT is not set" in nights.log.getvalue()
