"""Source text through a real scan into a diff: tidying a repository is no change, and what is a change is told once."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from c4trace.compare.revisions import RefRange, Revisions, scan_revisions
from c4trace.sources import open_sources
from extractor.estate.file import load_estate
from extractor.estate.model import Estate
from extractor.link.facts import RepoFacts
from extractor.model.graph import Graph
from extractor.options import ScanOptions
from extractor.pipeline import parallel
from extractor.pipeline.projects import link_projects
from extractor.pipeline.reading import ReadRepository
from extractor.pipeline.scan import scan_estate, scan_states
from tests.git_repository import add_commit, git, make_repository

ESTATE = """
title: Shops
systems:
  shop: {name: Shop, repository: shop}
  bank: {name: Bank, repository: bank}
  crm: {name: CRM, kind: external, hosts: [crm.example]}
"""
FILES = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/settings.py": """
import os
from celery.schedules import crontab
ROOT_URLCONF = 'shop.urls'
INSTALLED_APPS = ['shop']
CRM_URL = os.environ.get('CRM_URL', 'https://crm.example')
CELERY_BEAT_SCHEDULE = {
    'nightly': {'task': 'shop.tasks.tell_all', 'schedule': crontab(minute=0, hour=3)},
}
""",
    "shop/urls.py": """
from django.urls import path
from shop import views
urlpatterns = [path('api/orders/<int:number>/', views.order), path('api/refunds/', views.refund)]
""",
    "shop/views.py": """
from shop import api, tasks

def order(request, number):
    customer = request.user
    api.announce(customer, number)

def refund(request):
    tasks.tell.delay(1)
""",
    "shop/api.py": """
import requests
from django.conf import settings

def announce(customer, number):
    url = f'{settings.CRM_URL}/orders/{number}/'
    return requests.post(url, json={'who': customer.email}, timeout=5)

def customers():
    found = requests.get(settings.CRM_URL + '/customers/')
    return found.json()
""",
    "shop/tasks.py": """
from celery import shared_task
from shop import api

@shared_task
def tell(number):
    api.announce(None, number)

@shared_task
def tell_all():
    for customer in api.customers():
        tell.delay(customer['last'])
""",
}


def unparsed(text: str) -> str:
    """Another layout and other quotes: what any formatter may do."""
    return ast.unparse(ast.parse(text)) + "\n"


def turned(text: str) -> str:
    """The functions of the module in the opposite order, below the rest."""
    tree = ast.parse(text)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    tree.body = [*(node for node in tree.body if node not in functions), *functions[::-1]]
    return ast.unparse(tree) + "\n"


def remarked(text: str) -> str:
    """A comment and a blank line above every statement that stands alone on its line."""
    starts = {node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)}
    starts -= {n.lineno for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) and n.decorator_list}
    lines = [("# why: because\n\n" if at in starts else "") + line for at, line in enumerate(text.split("\n"), 1)]
    return "\n".join(lines)


class _Locals(ast.NodeTransformer):
    """Gives every local of a function but its parameters a new name."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        mine = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and name.id in mine:
                name.id = f"new_{name.id}"
        return node


def relabelled(text: str) -> str:
    """Every local renamed."""
    return ast.unparse(_Locals().visit(ast.parse(text))) + "\n"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A shop at the tag v1 that calls a CRM, and a bank that stays as it is."""
    make_repository(tmp_path / "shop", FILES)
    git(tmp_path / "shop", "tag", "v1")
    make_repository(tmp_path / "bank", {"bank/tasks.py": FILES["shop/tasks.py"]})
    text = ESTATE.replace("repository: ", f"repository: {tmp_path}/")
    (tmp_path / "estate.yaml").write_text(text)
    return load_estate(tmp_path / "estate.yaml")


def options(tmp_path: Path, jobs: int = 1) -> ScanOptions:
    return ScanOptions(stamp="2026-01-01T00:00:00Z", version="0", jobs=jobs, cache_dir=tmp_path / "cache", offline=True)


def against_v1(estate: Estate, tmp_path: Path, files: dict[str, str], jobs: int = 1) -> Revisions:
    add_commit(tmp_path / "shop", files, "Change it", 2)
    git(tmp_path / "shop", "tag", "v2")
    return scan_revisions(
        estate, [RefRange("shop", "v1", "v2")], tmp_path / "cache", options(tmp_path, jobs), scan_states
    )


def told(revisions: Revisions) -> list[tuple[str, str, str]]:
    return [(change.kind, change.status, change.title) for change in revisions.diff.changes]


@pytest.mark.parametrize("tidy", [unparsed, turned, remarked, relabelled])
def test_tidied_source_is_no_change(estate: Estate, tmp_path: Path, tidy: Callable[[str], str]) -> None:
    tidied = {path: tidy(text) for path, text in FILES.items()}
    assert all(tidied[path] != FILES[path] for path in ("shop/api.py", "shop/tasks.py"))
    revisions = against_v1(estate, tmp_path, tidied)
    assert told(revisions) == []
    assert revisions.diff.empty
    graph = revisions.head
    assert (len(graph.tasks), len(graph.schedules), len(graph.routes), len(graph.calls)) == (4, 1, 2, 2)


def test_one_more_entry_point_of_the_same_code_is_one_change(estate: Estate, tmp_path: Path) -> None:
    more = "api.announce(None, request.number)\n    tasks.tell.delay(1)"
    views = FILES["shop/views.py"].replace("tasks.tell.delay(1)", more)
    [change] = against_v1(estate, tmp_path, {"shop/views.py": views}).diff.changes
    assert (change.kind, change.status, change.title) == ("reach", "changed", "request /api/refunds/")
    [reaches] = change.fields
    assert (reaches.field, reaches.removed, reaches.added) == ("reaches", (), ("POST orders",))


def test_a_new_command_is_told_with_all_it_reaches(estate: Estate, tmp_path: Path) -> None:
    command = """
from django.core.management.base import BaseCommand
from shop import api, tasks

class Command(BaseCommand):
    def handle(self, *args, **options):
        api.customers()
        tasks.tell.delay(1)
"""
    path = "shop/management/commands/tell_crm.py"
    revisions = against_v1(estate, tmp_path, {path: command, "shop/management/__init__.py": ""})
    [change] = [c for c in revisions.diff.changes if c.kind == "reach"]
    assert (change.status, change.title) == ("added", "command tell_crm")
    assert {"customers", "queues tell"} <= set(change.fields[0].added)
    assert change.place is not None
    assert (change.place.path, change.commit and change.commit.subject) == (path, "Change it")
    assert not [c for c in revisions.diff.changes if c.kind == "calls"]


def test_a_new_cadence_is_told_in_words(estate: Estate, tmp_path: Path) -> None:
    settings = FILES["shop/settings.py"].replace("hour=3", "hour=4")
    revisions = against_v1(estate, tmp_path, {"shop/settings.py": settings})
    [schedule] = revisions.diff.of("schedules")
    assert (schedule.old("cadence"), schedule.new("cadence")) == ("daily at 03:00 UTC", "daily at 04:00 UTC")


def test_both_sides_at_once_are_the_sides_one_by_one(estate: Estate, tmp_path: Path) -> None:
    apart = scan_estate(estate, open_sources(estate, tmp_path / "cache", True, lambda *_: None), options(tmp_path))
    revisions = against_v1(estate, tmp_path, {"shop/api.py": FILES["shop/api.py"] + "\n"}, jobs=2)
    assert rows(revisions.base) == rows(apart)


def test_a_source_at_one_commit_on_both_sides_is_linked_once_and_its_facts_are_those_of_a_plain_scan(
    estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked: list[str] = []

    def recorded(reading: ReadRepository, *given: Any) -> RepoFacts:
        linked.append(f"{reading.source.name} {reading.source.ref}")
        return link_projects(reading, *given)

    monkeypatch.setattr(parallel, "link_projects", recorded)
    against_v1(estate, tmp_path, {"shop/api.py": FILES["shop/api.py"] + "\n"})
    assert sorted(linked) == ["bank HEAD", "shop v1", "shop v2"]
    scan_estate(estate, open_sources(estate, tmp_path / "cache", True, lambda *_: None), options(tmp_path))
    assert sorted(linked) == ["bank HEAD", "shop HEAD", "shop v1", "shop v2"]


def rows(graph: Graph) -> tuple[object, ...]:
    return (graph.tasks, graph.schedules, graph.routes, graph.calls, graph.findings, graph.enqueues, graph.settings)
