"""Nights on which one source of several is gone without a copy: the others are delivered whole, with what was last read
of the lost one, at its commit, where that is kept; nothing of it is told as removed."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import Any

import pytest

from c4trace.cli import main
from c4trace.query.graph_file import load_graph
from c4trace.snapshots.store import SnapshotStore
from extractor.diff import diff_graphs
from extractor.model.graph import Graph
from tests.git_repository import add_commit, git, make_repository

pytestmark = pytest.mark.slow

ATOM = "{http://www.w3.org/2005/Atom}"
ESTATE = """
title: Acme
systems:
  shop: {name: Shop, repository: ./shop, hosts: [shop.example]}
  post: {name: Post, repository: ./post, hosts: [post.example]}
"""
CONFIG = "{estate: estate.yaml, out: public/out, state: state, metrics: nightly.prom, fetch: {attempts: 1}}\n"
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', '{0}.settings')\n"
URLS = "from django.urls import path\nfrom {0} import views\nurlpatterns = [path('{1}', views.{2})]\n"
# Post serves what Shop asks, and is the only one who asks Stripe.
SHOP = "import requests\n\ndef buy(request):\n    requests.get('https://post.example/api/parcels/', timeout=5)\n"
POST = "import requests\n\ndef parcels(request):\n    requests.post('https://api.stripe.com/v1/charges', timeout=5)\n"
REFUND = "    requests.post('https://post.example/api/refunds/', timeout=5)\n"


def django(name: str, pattern: str, view: str, views: str) -> dict[str, str]:
    return {
        "manage.py": MANAGE.format(name),
        f"{name}/__init__.py": "",
        f"{name}/settings.py": f"ROOT_URLCONF = '{name}.urls'\nINSTALLED_APPS = ['{name}']\n",
        f"{name}/urls.py": URLS.format(name, pattern, view),
        f"{name}/views.py": views,
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    Path("estate.yaml").write_text(ESTATE)
    Path("nightly.yaml").write_text(CONFIG)
    make_repository(tmp_path / "shop", django("shop", "buy/", "buy", SHOP))
    make_repository(tmp_path / "post", django("post", "api/parcels/", "parcels", POST))
    return tmp_path


def night(day: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1741608000 + day * 86400))
    return main(["nightly", "--config", "nightly.yaml", "--jobs", "1"])


def lose(name: str = "post") -> None:
    Path(name).rename(f"{name}-gone")


def find(name: str = "post") -> None:
    Path(f"{name}-gone").rename(name)


def graph() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path("public/out/graph.json").read_text())
    return data


def of(name: str, made: dict[str, Any]) -> dict[str, list[Any]]:
    """Every row of a repository, and the arrows that begin at it."""
    kinds = ("tasks", "routes", "calls", "settings", "stores", "inbound")
    rows = {kind: [row for row in made[kind] if row["repo"] == name] for kind in kinds}
    return {**rows, "flows": [flow for flow in made["flows"] if flow["source"].startswith(name)]}


def told() -> list[str]:
    """The titles of the feed's entries."""
    entries = xml.parse("public/out/site/feed.atom").getroot().iter(f"{ATOM}entry")
    return [entry.findtext(f"{ATOM}title") or "" for entry in entries]


def pages() -> dict[str, str]:
    return {page.name: page.read_text() for page in Path("public/out/site").rglob("*.html")}


def test_what_was_last_read_of_the_lost_one_stands_in_at_its_commit(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert night(0, monkeypatch) == 0
    before, commit = graph(), git(here / "post", "rev-parse", "HEAD")
    lose()
    assert night(1, monkeypatch) == 3
    assert of("post", graph()) == of("post", before)
    assert of("shop", graph()) == of("shop", before)
    [post] = [source for source in graph()["sources"] if source["name"] == "post"]
    assert (post["commit"], post["stale"], post["lost"]) == (commit, True, "")
    banner = f"post could not be reached, so its last good commit {commit[:10]} is shown"
    assert [name for name, text in pages().items() if name != "last-change.html" and banner not in text] == []
    assert 'c4trace_source_stale{source="post"} 1' in Path("nightly.prom").read_text()
    assert told() == []


def test_what_changes_in_the_others_on_that_night_is_told_and_nothing_else(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(0, monkeypatch)
    lose()
    add_commit(here / "shop", {"shop/views.py": SHOP + REFUND}, "Refunds")
    assert night(1, monkeypatch) == 3
    [title] = told()
    assert "1 flow added" in title
    assert "removed" not in title
    # Back again, and changed: told as any change, once.
    find()
    add_commit(here / "post", {"post/views.py": POST.replace("charges", "refunds")}, "Refunds")
    assert night(2, monkeypatch) == 0
    assert len(told()) == 2
    assert not any("could not be reached" in text for text in pages().values())


def test_a_first_night_with_a_loss_delivers_the_others_and_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lose()
    assert night(0, monkeypatch) == 3
    assert of("shop", graph())["calls"] != []
    assert {source["name"]: bool(source["lost"]) for source in graph()["sources"]} == {"post": True, "shop": False}
    assert [name for name, text in pages().items() if "nothing of post could be read" not in text] == []
    assert 'c4trace_source_lost{source="post"} 1' in Path("nightly.prom").read_text()
    find()
    # What comes back was not compared with the night before, which knows nothing of it.
    assert night(1, monkeypatch) == 0
    assert told() == []
    assert of("post", graph())["routes"] != []


def test_on_a_first_night_what_an_earlier_scan_has_kept_stands_in(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["scan", "-q", "--jobs", "1", "--estate", str(here / "estate.yaml")]) == 0
    lose()
    assert night(0, monkeypatch) == 3
    assert [source["stale"] for source in graph()["sources"]] == [True, False]
    assert of("post", graph())["routes"] != []


@pytest.mark.parametrize("why", ["the cache was emptied", "the estate has changed"])
def test_where_nothing_is_kept_the_loss_is_no_removal(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], why: str
) -> None:
    night(0, monkeypatch)
    if why == "the cache was emptied":
        shutil.rmtree("cache")
    else:
        Path("estate.yaml").write_text(ESTATE.replace("Post, ", "Post office, "))
    lose()
    assert night(1, monkeypatch) == 3
    assert of("post", graph())["routes"] == []
    assert of("shop", graph())["calls"] != []
    assert told() == []
    with SnapshotStore(Path("state/snapshots.db")) as store:
        assert [row.sources[0].commit for row in store.history()][-1] == ""
    monkeypatch.setenv("C4TRACE_STATE", "state")
    assert main(["history"]) == 0
    assert "post@none" in capsys.readouterr().out
    assert night(2, monkeypatch) == 3
    find()
    assert night(3, monkeypatch) == 0
    assert told() == []


def test_facts_made_without_a_library_stand_in_too_and_for_no_later_scan(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pinned library that cannot be had today may be had tomorrow; for a lost source it is the best there is."""
    (here / "estate.yaml").write_text(ESTATE + "libraries: [acme-kit]\n")
    add_commit(here / "post", {"requirements.txt": "acme-kit==1.0\n"}, "Pin")
    assert main(["scan", "-q", "--offline", "--jobs", "1", "--estate", str(here / "estate.yaml")]) == 0
    [kept] = Path("cache/facts").rglob("lacking-*")
    assert kept.name.endswith(".facts")
    lose()
    assert night(0, monkeypatch) == 3
    assert of("post", graph())["routes"] != []


LIBRARY = ESTATE + "  acme-kit: {name: Kit, repository: ./acme-kit}\nlibraries: [acme-kit]\n"
BY_KIT = "from acme_kit import client\n\ndef buy(request):\n    client.pay()\n"
KIT = {
    "setup.py": "from setuptools import setup\nsetup(name='acme-kit', version='1.0', packages=['acme_kit'])\n",
    "acme_kit/__init__.py": "",
    "acme_kit/client.py": "import requests\n\ndef pay():\n    requests.post('https://post.example/pay/', timeout=5)\n",
}


@pytest.fixture
def with_library(here: Path) -> tuple[Graph, Graph]:
    """The estate whole, and without its library."""
    Path("estate.yaml").write_text(LIBRARY)
    make_repository(here / "acme-kit", KIT)
    add_commit(here / "shop", {"shop/views.py": BY_KIT, "requirements.txt": "Acme.Kit==1.0\n"}, "By the kit")
    assert main(["scan", "-q", "--offline", "--jobs", "1", "--out", "whole"]) == 0
    lose("acme-kit")
    assert main(["scan", "-q", "--offline", "--jobs", "1", "--out", "less"]) == 3
    whole, less = (load_graph(Path(out) / "graph.json") for out in ("whole", "less"))
    return whole, less


def test_what_goes_through_a_lost_library_is_not_told_as_removed(with_library: tuple[Graph, Graph]) -> None:
    whole, less = with_library
    assert [call.url for call in whole.calls if call.repo == "shop"] == ["https://post.example/pay/"]
    assert [call for call in less.calls if call.repo == "shop"] == []
    for diff in (diff_graphs(whole, less), diff_graphs(less, whole)):
        assert (diff.changes, diff.contracts) == ((), ())
        assert [one.name for one in diff.sources if one.unread] == ["acme-kit", "shop"]
