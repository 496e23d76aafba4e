"""One source of an estate that cannot be read: it is told of everywhere, the others are delivered whole, and nothing is
said to be absent, or removed, that it may hold."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from c4trace.cli import main
from c4trace.query.graph_file import load_graph
from extractor.diff import diff_graphs
from extractor.diff.document import mirror
from extractor.model.graph import Graph
from renderers.diff.words import ranges
from tests.git_repository import make_repository

ESTATE = """\
title: Acme
systems:
  shop: {name: Shop, repository: ./shop, hosts: [shop.example]}
  stock: {name: Stock, repository: ./stock, hosts: [stock.example]}
  post: {name: Post, repository: ./post, hosts: [post.example]}
"""
URLS = "from django.urls import path\nfrom {0} import views\nurlpatterns = [path('{1}', views.{2})]\n"
SETTINGS = "import os\nROOT_URLCONF = '{0}.urls'\nINSTALLED_APPS = ['{0}']\n"
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', '{0}.settings')\n"
CELERY = (
    "from celery import Celery\napp = Celery('{0}')\n"
    "app.config_from_object('django.conf:settings', namespace='CELERY')\napp.autodiscover_tasks()\n"
)
SHOP = """\
import requests
from shop.tasks import label

def buy(request):
    requests.get("https://stock.example/api/items/", timeout=5)
    requests.get("https://post.example/api/parcels/", timeout=5)
    requests.get("https://post.example/api/no-such-thing/", timeout=5)
    label.delay()
"""
TASKS = 'from shop.celery import app\n\n@app.task(queue="parcels")\ndef label():\n    """Prints a label."""\n'
# A vendor that only Post asks, and an endpoint of Shop that only Post asks for.
POST = """\
import requests

def parcels(request):
    requests.get("https://shop.example/buy/", timeout=5)
    requests.post("https://api.stripe.com/v1/charges", timeout=5)
"""


def _django(name: str, pattern: str, view: str, views: str) -> dict[str, str]:
    return {
        "manage.py": MANAGE.format(name),
        f"{name}/__init__.py": "",
        f"{name}/settings.py": SETTINGS.format(name),
        f"{name}/urls.py": URLS.format(name, pattern, view),
        f"{name}/views.py": views,
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "estate.yaml").write_text(ESTATE)
    workers = {
        "shop/celery.py": CELERY.format("shop"),
        "shop/tasks.py": TASKS,
        "Procfile": "web: gunicorn shop.wsgi\nworker: celery -A shop worker -Q default\n",
    }
    make_repository(tmp_path / "shop", {**_django("shop", "buy/", "buy", SHOP), **workers})
    make_repository(tmp_path / "stock", _django("stock", "api/items/", "items", "def items(request):\n    pass\n"))
    make_repository(tmp_path / "post", _django("post", "api/parcels/", "parcels", POST))
    return tmp_path


def scan(out: str, *more: str) -> int:
    return main(["scan", "-q", "--offline", "--jobs", "1", "--out", out, *more])


def lose(here: Path, name: str = "post") -> None:
    (here / name).rename(here / f"{name}-gone")


def graph(out: str) -> Graph:
    return load_graph(Path(out) / "graph.json")


def of(whole: Graph, name: str) -> list[object]:
    """Every row of a repository that no other decides."""
    lists = (whole.tasks, whole.routes, whole.settings, whole.stores, whole.enqueues, whole.schedules)
    return [row for rows in lists for row in rows if row.repo == name]


@pytest.fixture
def both(here: Path) -> tuple[Graph, Graph]:
    """The estate whole, and without Post."""
    assert scan("whole") == 0
    lose(here)
    assert scan("less") == 3
    return graph("whole"), graph("less")


def test_the_others_are_delivered_whole(both: tuple[Graph, Graph]) -> None:
    whole, less = both
    for name in ("shop", "stock"):
        assert of(whole, name) == of(less, name) != []
        assert {s for s in whole.sources if s.name == name} == {s for s in less.sources if s.name == name}
    assert len([call for call in less.calls if call.repo == "shop"]) == 3


def test_the_loss_is_told_on_the_terminal_in_the_graph_on_each_page_and_in_the_report(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(here)
    assert scan("out", "--format", "site", "--format", "sarif", "--format", "markdown") == 3
    assert "source post: there is no" in capsys.readouterr().err
    [lost] = [source for source in graph("out").sources if source.lost]
    assert (lost.name, lost.commit, lost.modules) == ("post", "", 0)
    assert lost.lost.startswith("source post: there is no")
    assert [(gap.kind, gap.repo) for gap in graph("out").gaps if gap.kind == "source"] == [("source", "post")]
    pages = list(Path("out/site").rglob("*.html"))
    assert pages
    assert [page for page in pages if "nothing of post could be read" not in page.read_text()] == []
    [run] = json.loads(Path("out/findings.sarif").read_text())["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "post was not read" in json.dumps(run["invocations"])
    assert "not read: source post" in Path("out/markdown/index.md").read_text()


def test_of_what_the_lost_one_may_hold_nothing_is_said_to_be_absent(both: tuple[Graph, Graph]) -> None:
    whole, less = both
    absent = {"queue-not-consumed", "unserved-endpoint"}
    assert {finding.rule for finding in whole.findings} >= absent, "with all sources read, both are known"
    assert {finding.rule for finding in less.findings} & absent == set()


def test_a_comparison_takes_what_was_not_read_for_no_change(both: tuple[Graph, Graph]) -> None:
    whole, less = both
    diff = diff_graphs(whole, less)
    assert (diff.changes, diff.contracts) == ((), ())
    assert [line for line in ranges(diff) if line.endswith("which could not be read: not compared")] == [
        f"post HEAD ({whole.sources[0].commit[:12]}) → (none), which could not be read: not compared"
    ]
    back = diff_graphs(less, whole)
    assert (back.changes, back.contracts) == ((), ())
    assert mirror(diff).sources == back.sources


def test_what_did_change_in_the_others_is_told_beside_a_loss(both: tuple[Graph, Graph]) -> None:
    whole, less = both
    gone = dataclasses.replace(less, routes=tuple(route for route in less.routes if route.repo != "stock"))
    assert [(c.kind, c.status) for c in diff_graphs(whole, gone).changes if c.kind == "routes"] == [
        ("routes", "removed")
    ]


def test_a_source_that_was_taken_out_of_the_estate_is_removed_and_not_lost(here: Path) -> None:
    assert scan("whole") == 0
    assert scan("less", "--only", "shop", "--only", "stock") == 0
    removed = [change for change in diff_graphs(graph("whole"), graph("less")).changes if change.status == "removed"]
    assert {"routes", "calls"} <= {change.kind for change in removed}


def test_an_output_that_has_more_stays_until_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan("out") == 0
    before = Path("out/graph.json").read_bytes()
    lose(here)
    assert scan("out") == 3
    told = capsys.readouterr().err
    assert "out holds what was read of post before, and stays as it is (give --partial" in told
    assert Path("out/graph.json").read_bytes() == before
    assert scan("out", "--partial") == 3
    assert [source.name for source in graph("out").sources if source.lost] == ["post"]
    # There is no more to lose now.
    assert scan("out") == 3
    (here / "post-gone").rename(here / "post")
    assert scan("out") == 0
    assert Path("out/graph.json").read_bytes() == before


def test_an_output_of_which_another_source_is_lost_has_more(here: Path) -> None:
    lose(here, "stock")
    assert scan("out") == 3
    os.rename("stock-gone", "stock")
    lose(here, "post")
    before = Path("out/graph.json").read_bytes()
    assert scan("out") == 3
    assert Path("out/graph.json").read_bytes() == before


def test_where_no_source_can_be_read_nothing_is_delivered(here: Path) -> None:
    for name in ("shop", "stock", "post"):
        lose(here, name)
    assert scan("out", "--partial") == 3
    assert not Path("out").exists()
