"""Webhooks: who is told what, in which shape, again when it failed, and never with a secret in the log."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from c4trace.nightly import notify
from c4trace.nightly.config import Hook
from c4trace.nightly.notify import Event
from c4trace.snapshots.store import SnapshotStore
from tests.nightly_harness import Nights, make_nights

pytestmark = pytest.mark.slow

SECRET = "s3cr3t-path"


class Receiver(HTTPServer):
    """A webhook on this machine: keeps what it is sent, answers the statuses it is given, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], dict[str, object]]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), json.loads(text)))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Nights:
    made = make_nights(tmp_path, monkeypatch)
    made.environment = {"HOOK": receiver.address, "TOKEN": "t0ken"}
    made.config = dataclasses.replace(made.config, hooks=(Hook("team", "HOOK"),))
    return made


def told(receiver: Receiver) -> list[list[tuple[str, str]]]:
    """Kind and text of the events of each post."""
    return [[(e["kind"], e["text"]) for e in data["events"]] for _, data in receiver.got]  # type: ignore[attr-defined]


def test_a_new_brittle_link_at_or_above_the_severity_is_told_once(nights: Nights, receiver: Receiver) -> None:
    nights.commit(findings="high=old")
    nights.run(0)
    nights.commit(findings="high=old low=small medium=new")
    nights.run(1)
    nights.run(2)
    assert told(receiver) == [[("brittle", "medium: new has no timeout (shop: shop/tasks.py:4)")]]
    data = receiver.got[0][1]
    assert (data["estate"], data["night"]) == ("The shop", "2025-03-11T12:00:00Z")
    assert data["site"] == "https://example.org/architecture"


def test_a_source_that_goes_away_is_told_when_it_goes_and_not_each_night(nights: Nights, receiver: Receiver) -> None:
    nights.run(0)
    (nights.place / "up").unlink()
    nights.run(1)
    nights.run(2)
    (nights.place / "up").touch()
    nights.run(3)
    (nights.place / "up").unlink()
    nights.run(4)
    assert [[kind for kind, _ in events] for events in told(receiver)] == [["stale"], ["stale"]]
    assert told(receiver)[0][0][1].startswith("shop could not be reached: ")


def test_a_breach_of_the_gate_is_told(nights: Nights, receiver: Receiver) -> None:
    nights.run(0)
    nights.gate_words = ("refunds",)
    nights.commit(flows="refunds")
    nights.run(1)
    nights.run(2)
    assert told(receiver) == [[("gate", "no-word: shop: refunds is forbidden. To mend: take it out [fp-refunds]")]]


def test_a_failed_night_is_told(nights: Nights, receiver: Receiver) -> None:
    crashing = dataclasses.replace(nights.parts(), scan=lambda *_: 1 / 0)  # type: ignore[arg-type]
    nights.parts = lambda: crashing  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        nights.run(0)
    ((only,),) = told(receiver)
    assert only == ("failed", "the nightly run failed: ZeroDivisionError: division by zero; the last output stands")


def test_a_damaged_store_is_told_too(nights: Nights, receiver: Receiver) -> None:
    nights.run(0)
    (nights.config.state / "snapshots.db").write_bytes(b"nothing like a database, " * 99)
    for side in ("-wal", "-shm"):
        (nights.config.state / f"snapshots.db{side}").unlink(missing_ok=True)
    with pytest.raises(Exception, match="damaged"):
        nights.run(1)
    assert told(receiver)[0][0][0] == "failed"


def test_a_hook_is_told_only_what_it_asked_for(nights: Nights, receiver: Receiver) -> None:
    hooks = (Hook("all", "HOOK", when=("changed",)), Hook("none", "HOOK", when=("failed",)))
    nights.config = dataclasses.replace(nights.config, hooks=hooks)
    nights.run(0)
    nights.commit(flows="orders refunds")
    nights.run(1)
    assert told(receiver) == [[("changed", "1 flow added")]]


def test_a_webhook_that_is_down_is_told_the_next_night(nights: Nights, receiver: Receiver) -> None:
    nights.run(0)
    receiver.statuses = [503, 500, 429]
    nights.commit(findings="high=new")
    nights.run(1)
    assert "hook team was not told: it answered 429; the next run tries again" in nights.log.getvalue()
    assert nights.slept == [1.0, 4.0]
    assert nights.config.metrics is not None
    assert "c4trace_notices_undelivered 1\n" in nights.config.metrics.read_text()
    receiver.got.clear()
    nights.run(2)
    nights.run(3)
    assert [[kind for kind, _ in events] for events in told(receiver)] == [["brittle"]]


def test_a_refusal_is_not_tried_again_the_same_night(nights: Nights, receiver: Receiver) -> None:
    nights.run(0)
    receiver.statuses = [404]
    nights.commit(findings="high=new")
    nights.run(1)
    assert len(receiver.got) == 1
    assert nights.slept == []


def test_after_a_week_a_notice_is_old_news(nights: Nights, receiver: Receiver) -> None:
    nights.run(0)
    receiver.statuses = [400]
    nights.commit(findings="high=new")
    nights.run(1)
    receiver.got.clear()
    nights.run(9)
    assert receiver.got == []


def test_a_notice_written_before_a_kill_is_delivered_by_the_next_night(nights: Nights, receiver: Receiver) -> None:
    nights.run(0)
    nights.commit(findings="high=new")
    environment = nights.environment
    nights.environment = {}
    nights.run(1)
    nights.environment = environment
    nights.run(2)
    assert len(receiver.got) == 1


def test_what_was_delivered_is_not_kept(nights: Nights) -> None:
    nights.run(0)
    nights.commit(findings="high=new")
    nights.run(1)
    with SnapshotStore(nights.config.state / "snapshots.db") as store:
        assert store.connection.execute("SELECT body FROM notice").fetchall() == [("",)]


@pytest.mark.parametrize(
    "address", ["https://[bad", "ftp://example.org/" + SECRET, SECRET, "http://127.0.0.1:1/" + SECRET, "http://\ud800/"]
)
def test_why_a_post_failed_never_holds_the_address(address: str) -> None:
    reason = notify.deliver(Hook("h", "HOOK"), "{}", {"HOOK": address}, lambda _: None)
    assert reason
    assert SECRET not in reason


def test_a_token_goes_into_the_header_and_nowhere_else(nights: Nights, receiver: Receiver) -> None:
    nights.config = dataclasses.replace(nights.config, hooks=(Hook("team", "HOOK", token_env="TOKEN"),))
    nights.run(0)
    nights.commit(findings="high=new")
    nights.run(1)
    headers, data = receiver.got[0]
    assert headers["Authorization"] == "Bearer t0ken"
    kept = b"".join(path.read_bytes() for path in nights.config.state.iterdir()).decode("latin-1")
    everything = nights.log.getvalue() + json.dumps(data) + kept
    assert "t0ken" not in everything
    assert SECRET not in everything


def test_a_token_that_is_not_set_sends_nothing(receiver: Receiver) -> None:
    hook = Hook("h", "HOOK", token_env="TOKEN")
    assert notify.deliver(hook, "{}", {"HOOK": receiver.address}, lambda _: None).endswith("TOKEN is not set")
    assert receiver.got == []


def slack(*events: Event) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(notify.body(Hook("h", "X", shape="slack"), "E & <F>", "", "t", "", events))
    return data


def test_a_slack_message_has_text_and_blocks() -> None:
    events = (Event("gate", "one"), Event("stale", "two"))
    text = notify.body(Hook("h", "X", shape="slack"), "Estate", "", "1 flow added", "https://example.org/a", events)
    assert json.loads(text) == {
        "text": "Estate: 1 flow added",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Estate: 1 flow added"}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "• one\n• two\n<https://example.org/a|Open the site>"},
            },
        ],
    }


def test_slack_is_given_no_mention_link_or_markup_out_of_scanned_text() -> None:
    section = slack(Event("gate", "<!channel> <http://x|y> *bold*"))["blocks"][1]
    assert section["text"]["text"] == "• &lt;!channel&gt; &lt;http://x|y&gt; \u200b*\u200bbold\u200b*\u200b"


def test_slack_texts_keep_to_slacks_limits() -> None:
    message = slack(*(Event("gate", "x" * 5000) for _ in range(40)))
    sections = message["blocks"]
    assert isinstance(sections, list)
    assert all(len(block["text"]["text"]) <= 3000 for block in sections)
    assert len(sections) <= 50
    assert sections[-1]["text"]["text"].endswith("and 20 more")
