"""Coverage: what is declared is counted by itself, what was understood by the rows, and the rest has a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from c4trace.cli import main
from c4trace.sources import coverage_lines
from extractor.link.coverage import declared
from extractor.model.graph import Coverage, Graph
from tests.git_repository import make_repository
from tests.worlds import evaluator

SETTINGS = """
import os
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
PUSH_URL = os.environ.get("PUSH_URL")
PUSH_TOKEN = os.environ.get("PUSH_TOKEN")
PAGE_SIZE = 20
"""
MANAGE = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
"""
URLS = """
from django.urls import include, path
from shop import views
urlpatterns = [path("sell/", views.sell, name="sell"), path("api/", include("shop.api_urls"))]
"""
API_URLS = """
from django.urls import path
from shop import views
urlpatterns = [path("books/", views.books)]
"""


def urls_in(source: str) -> list[int]:
    ev = evaluator({"m/__init__.py": "", "m/urls.py": source})
    return sorted(one.line for one in declared.urls(ev.index.modules))


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("from django.urls import path\nx = [path('a/', f)]\n", [2]),
        ("from django.urls import re_path as path\nx = [path('a/', f)]\n", [2]),
        ("from django import urls\nx = [urls.re_path('a/', f)]\n", [2]),
        ("from django.conf.urls import url\nx = []\nif f:\n    x.append(url('a/', f))\n", [4]),
        ("from rest_framework import routers\nrouter = routers.SimpleRouter()\nrouter.register('a', V)\n", [3]),
        # What includes other URLs declares none, and what is called alike declares none either.
        ("from django.urls import include, path\nx = [path('a/', include('b.urls'))]\n", []),
        ("from django.urls import path\nx = [path('admin/', admin.site.urls)]\n", []),
        ("from os import path\nx = path('a/', f)\n", []),
        ("from django.contrib import admin\nadmin.site.register(A, B)\n", []),
        ("from django.urls import path\nx = path('a')\n", []),
    ],
)
def test_a_declaration_of_a_url_is_told_by_its_name_alone(source: str, lines: list[int]) -> None:
    assert urls_in(source) == lines


def test_tasks_and_receivers_are_told_by_their_decorators() -> None:
    source = """
from celery import shared_task
@shared_task
def a(): pass
@app.task(bind=True)
def b(self): pass
@receiver(post_save)
def c(sender, **kwargs): pass
@property
def d(self): pass
"""
    modules = evaluator({"m/__init__.py": "", "m/a.py": source}).index.modules
    assert [one.end_line for one in declared.tasks(modules)] == [4, 6]
    assert [one.end_line for one in declared.receivers(modules)] == [8]


def scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    base = {"manage.py": MANAGE, "shop/__init__.py": "", "shop/settings.py": SETTINGS}
    make_repository(tmp_path / "shop", {**base, **files})
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out"
    args = ["scan", "--source", f"shop={tmp_path / 'shop'}", "--offline", "--jobs", "1", "--format", "site"]
    assert main([*args, "--out", str(out)]) == 0
    loaded: dict[str, list[dict[str, Any]]] = json.loads((out / "graph.json").read_text())
    return loaded


def rows(graph: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[int, int]]:
    return {row["kind"]: (row["declared"], row["understood"]) for row in graph["coverage"]}


VIEWS = "def sell(request): pass\ndef books(request): pass\n"


def test_urls_that_no_service_serves_are_declared_and_not_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"shop/urls.py": URLS.replace(', path("api/", include("shop.api_urls"))', ""), "shop/views.py": VIEWS}
    graph = scanned(tmp_path, monkeypatch, {**files, "shop/api_urls.py": API_URLS})
    assert rows(graph)["URL declarations"] == (2, 1)
    (row,) = (row for row in graph["coverage"] if row["kind"] == "URL declarations")
    assert "shop/api_urls.py" in row["reasons"][0]
    assert "2 URL declarations, 1 understood" in capsys.readouterr().err
    assert "What was understood" in (tmp_path / "out/site/index.html").read_text()


def test_urls_that_are_included_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = scanned(tmp_path, monkeypatch, {"shop/urls.py": URLS, "shop/api_urls.py": API_URLS, "shop/views.py": VIEWS})
    assert rows(graph)["URL declarations"] == (2, 2)
    assert rows(graph)["settings modules"] == (1, 1)


def test_every_zero_and_every_shortfall_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"shop/urls.py": URLS, "other/settings.py": "INSTALLED_APPS = []\n", "shop/b.py": "import flask\n"}
    graph = scanned(tmp_path, monkeypatch, files)
    short = [row for row in graph["coverage"] if row["understood"] < row["declared"] or row["declared"] == 0]
    assert {"tasks", "commands", "settings modules", "frameworks"} <= {row["kind"] for row in short}
    assert [row["kind"] for row in short if not row["reasons"]] == []


@pytest.mark.parametrize(
    ("made", "is_told"),
    [
        ("Client(settings.PUSH_URL)", True),
        ("Client('acme', token=settings.PUSH_TOKEN)", True),
        ("Client('https://push.acmepush.io/v1')", True),
        ("Client(os.environ['PUSH_URL'])", True),
        # Neither an address nor a secret: nothing says that it talks to anybody.
        ("Client(settings.PAGE_SIZE)", False),
        ("Client('acme', key='left')", False),
        ("Client()", False),
    ],
)
def test_a_library_that_is_given_an_address_and_was_not_read_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str, is_told: bool
) -> None:
    head = "import os\nfrom acmepush import Client\nfrom django.conf import settings\n"
    source = f"{head}\ndef tell():\n    {made}.send('a')\n"
    graph = scanned(tmp_path, monkeypatch, {"shop/tell.py": source})
    told = [(gap["path"], gap["line"], gap["what"]) for gap in graph["gaps"] if gap["kind"] == "library"]
    assert told == ([("shop/tell.py", 6, "acmepush.Client")] if is_told else [])
    (row,) = (row for row in graph["coverage"] if row["kind"] == "third-party packages")
    assert "acmepush" in " ".join(row["reasons"])


@pytest.mark.parametrize(
    "source", ["import requests\nrequests.Session()\n", "import pytz\npytz.timezone('https://x.acme.io')\n"]
)
def test_a_library_that_a_rule_speaks_of_or_that_asks_nobody_is_no_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    graph = scanned(tmp_path, monkeypatch, {"shop/tell.py": source})
    assert [gap for gap in graph["gaps"] if gap["kind"] == "library"] == []


def test_the_terminal_tells_where_not_all_was_understood() -> None:
    graph = Graph(
        "1.0", "", "", "", coverage=(Coverage("shop", "tasks", 3, 3), Coverage("shop", "commands", 2, 0, ("x",)))
    )
    assert coverage_lines(graph) == ["shop: 3 tasks; 2 commands, 0 understood"]
