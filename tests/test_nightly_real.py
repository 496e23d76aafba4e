"""Nights with the real scan over a real git history: a change, an outage, a rewritten branch, a kill, two at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from c4trace.cli import main
from tests.git_repository import add_commit, git, make_repository
from tests.killed import killed_at
from tests.nightly_harness import serve_by_ssh
from tests.test_nightly_notify import Receiver

pytestmark = pytest.mark.slow

ATOM = "{http://www.w3.org/2005/Atom}"
ESTATE = """
title: The shop
systems:
  shop:
    name: Shop
    repository: {{url: "ssh://git@example.org{place}/shop", ref: main}}
    services:
      web: {{name: Shop, settings_modules: [main.settings], urlconf: main.urls, celery: main.celery}}
  bank: {{name: Bank, settings: [BANK_URL]}}
"""
CONFIG = """
estate: estate.yaml
out: public/out
state: state
metrics: metrics/c4trace.prom
fetch: {attempts: 1}
notify: [{name: all, url_env: HOOK, when: [changed, brittle, stale, failed], severity: info}]
"""
PROGRAM = ("c4trace", "nightly", "--config", "nightly.yaml", "--jobs", "1")
TASKS = """
import requests
from celery import shared_task
from django.conf import settings


@shared_task
def read_rates():
    return requests.get(f"{settings.BANK_URL}/api/rates/", timeout=5).json()
"""
REFUND = """

@shared_task
def refund(order):
    requests.post(f"{settings.BANK_URL}/api/refunds/", json={"order": order})
"""
FILES = {
    "main/__init__.py": "",
    "main/celery.py": "from celery import Celery\n\napp = Celery('shop')\n",
    "main/settings.py": "import os\n\nBANK_URL = os.environ.get('BANK_URL', 'https://bank.example')\n",
    "main/urls.py": "urlpatterns = []\n",
    "orders/__init__.py": "",
    "orders/tasks.py": TASKS,
}


@dataclass
class Stand:
    """The place of the nights, and the webhook that hears of them."""

    place: Path
    receiver: Receiver
    monkeypatch: pytest.MonkeyPatch

    @property
    def site(self) -> Path:
        return self.place / "public" / "out" / "site"

    def night(self, day: int) -> int:
        """The night of a day, in this process; the exit status."""
        self.monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch(day))
        return main(["nightly", "--config", str(self.place / "nightly.yaml"), "--jobs", "1"])

    def program(self, day: int) -> subprocess.Popen[str]:
        """The same in a process of its own."""
        command = [sys.executable, "-m", *PROGRAM]
        return subprocess.Popen(command, cwd=self.place, env=self.env(day), stderr=subprocess.PIPE, text=True)

    def killed(self, day: int, place: str) -> bool:
        """The same, killed before it first touches a file whose path begins so."""
        return killed_at(1, self.place / place, *PROGRAM, cwd=self.place, env=self.env(day))

    def env(self, day: int) -> dict[str, str]:
        return {**os.environ, "SOURCE_DATE_EPOCH": epoch(day), "PYTHONPATH": str(Path.cwd())}

    def commit(self, subject: str, tasks: str) -> str:
        return add_commit(self.place / "shop", {"orders/tasks.py": tasks}, subject)

    def told(self) -> list[list[str]]:
        """The kinds of event of each message so far, which are then forgotten."""
        got = [[event["kind"] for event in data["events"]] for _, data in self.receiver.got]  # type: ignore[attr-defined]
        self.receiver.got.clear()
        return got

    def feed(self) -> list[tuple[str, str]]:
        """Title and content of the entries, newest first."""
        entries = xml.parse(self.site / "feed.atom").getroot().iter(f"{ATOM}entry")
        return [(e.findtext(f"{ATOM}title") or "", e.findtext(f"{ATOM}content") or "") for e in entries]

    def graph(self) -> dict[str, list[dict[str, object]]]:
        data: dict[str, list[dict[str, object]]] = json.loads((self.site.parent / "graph.json").read_text())
        return data

    def tasks(self) -> list[str]:
        return sorted(str(task["name"]) for task in self.graph()["tasks"])

    def warned(self) -> dict[str, bool]:
        """For each page, whether it says that a source could not be reached."""
        return {page.name: "could not be reached" in page.read_text() for page in self.site.rglob("*.html")}


def epoch(day: int) -> str:
    return str(1741608000 + day * 86400)


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    make_repository(tmp_path / "shop", dict(FILES))
    for key in ("allowFilter", "allowAnySHA1InWant"):
        git(tmp_path / "shop", "config", f"uploadpack.{key}", "true")
    serve_by_ssh(tmp_path, monkeypatch)
    (tmp_path / "estate.yaml").write_text(ESTATE.format(place=tmp_path))
    (tmp_path / "nightly.yaml").write_text(CONFIG)
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("HOOK", receiver.address)
        yield Stand(tmp_path, receiver, monkeypatch)
        receiver.shutdown()
        thread.join()


def test_a_change_is_told_with_the_commit_that_brought_it_though_clones_are_shallow(stand: Stand) -> None:
    assert stand.night(0) == 0
    assert (stand.feed(), stand.told()) == ([], [])
    commit = stand.commit("Refunds go to the bank", TASKS + REFUND)
    stand.commit("Words", TASKS + REFUND + "\n# Nothing more.\n")
    assert stand.night(1) == 0
    [(title, content)] = stand.feed()
    assert "1 task added" in title
    assert f"{commit[:10]} 2024-01-01 Refunds go to the bank" in content
    assert "1 finding added" in title
    assert stand.told() == [["brittle", "changed"]]
    assert stand.night(2) == 0
    assert (len(stand.feed()), stand.told()) == (1, [])


def test_an_outage_is_said_on_every_page_and_what_was_missed_comes_after_it(stand: Stand) -> None:
    stand.night(0)
    stand.commit("Refunds go to the bank", TASKS + REFUND)
    stand.night(1)
    stand.told()
    stand.commit("No rates", TASKS.replace("read_rates", "read_prices") + REFUND)
    (stand.place / "up").unlink()
    assert stand.night(2) == 0
    assert [page for page, warned in stand.warned().items() if not warned] == []
    assert "last-change.html" in stand.warned()
    assert stand.tasks() == ["orders.tasks.read_rates", "orders.tasks.refund"]
    assert 'c4trace_source_stale{source="shop"} 1' in (stand.place / "metrics" / "c4trace.prom").read_text()
    assert stand.told() == [["stale"]]
    assert (stand.night(3), stand.told()) == (0, [])
    (stand.place / "up").touch()
    assert stand.night(4) == 0
    assert not any(stand.warned().values())
    assert stand.tasks() == ["orders.tasks.read_prices", "orders.tasks.refund"]
    assert stand.told() == [["changed"]]
    assert len(stand.feed()) == 2


def test_a_rewritten_branch_is_compared_by_what_it_holds(stand: Stand) -> None:
    first = git(stand.place / "shop", "rev-parse", "HEAD")
    stand.night(0)
    stand.commit("Refunds go to the bank", TASKS + REFUND)
    stand.night(1)
    git(stand.place / "shop", "reset", "--quiet", "--hard", first)
    stand.commit("Refunds, told otherwise", TASKS + "\n# Refunds go to the bank.\n" + REFUND)
    assert stand.night(2) == 0
    assert len(stand.feed()) == 1
    git(stand.place / "shop", "reset", "--quiet", "--hard", first)
    assert stand.night(3) == 0
    assert "1 task removed" in stand.feed()[0][0]
    assert stand.tasks() == ["orders.tasks.read_rates"]


def test_a_night_killed_leaves_the_last_output_and_the_next_tells_what_it_would_have(stand: Stand) -> None:
    stand.night(0)
    stand.commit("Refunds go to the bank", TASKS + REFUND)
    for place in ("cache/repositories", "cache/summaries", "cache/facts", "public/.out.c4trace-new"):
        assert stand.killed(1, place), place
        assert stand.tasks()[0] == "orders.tasks.read_rates"
        assert (stand.site / "index.html").exists()
    assert stand.night(1) == 0
    assert stand.tasks() == ["orders.tasks.read_rates", "orders.tasks.refund"]
    assert len(stand.feed()) == 1


def test_two_runs_at_once_do_the_night_once(stand: Stand) -> None:
    stand.night(0)
    stand.commit("Refunds go to the bank", TASKS + REFUND)
    with stand.program(1) as one, stand.program(1) as other:
        logs = [run.communicate()[1] for run in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0]
    assert any("1 task added" in log for log in logs)
    assert (len(stand.feed()), stand.told()) == (1, [["brittle", "changed"]])


def test_a_failed_night_with_the_webhook_down_is_told_by_the_next_good_one(stand: Stand) -> None:
    stand.night(0)
    stand.monkeypatch.setattr("time.sleep", lambda seconds: None)
    right = (stand.place / "estate.yaml").read_text()
    (stand.place / "estate.yaml").write_text(right.replace("systems:", "sistems:"))
    stand.receiver.statuses = [500, 500, 500]
    assert stand.night(1) == 2
    assert stand.tasks() == ["orders.tasks.read_rates"]
    assert len(stand.told()) == 3
    (stand.place / "estate.yaml").write_text(right)
    assert stand.night(2) == 0
    assert stand.told() == [["failed"]]
    assert (stand.night(3), stand.told()) == (0, [])
