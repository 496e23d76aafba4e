"""Queues and workers: which worker takes what, and the queues that nobody takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from c4trace.cli import main
from extractor.deployment.consumers import queues_taken
from extractor.deployment.read import read_runtime
from tests.git_repository import make_repository

SHOP = {
    "manage.py": "",
    "shop/__init__.py": "from shop.celery import app\n",
    "shop/celery.py": """
import os
from celery import Celery
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
""",
    "shop/settings.py": """
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "shop.urls"
CELERY_BROKER_URL = "redis://redis:6379/0"
CELERY_TASK_ROUTES = {"shop.tasks.count": {"queue": "slow"}}
CELERY_BEAT_SCHEDULE = {"count": {"task": "shop.tasks.count", "schedule": 60, "options": {"queue": "nightly"}}}
""",
    "shop/tasks.py": """
from celery import shared_task

@shared_task
def send(): ...

@shared_task
def count(): ...
""",
    "shop/views.py": """
from shop.tasks import count, send

def page(request):
    send.delay()
    send.apply_async(queue="fast")
    count.delay()
""",
    "shop/urls.py": "from django.urls import path\nfrom shop.views import page\nurlpatterns = [path('page/', page)]\n",
}


def scan(here: Path, files: Mapping[str, str]) -> dict[str, Any]:
    make_repository(here / "shop", {**SHOP, **files})
    arguments = ["--quiet", "--offline", "--jobs=1", "--no-cache", "--format=graph", f"--out={here}/out"]
    assert main(["scan", f"--source=shop={here}/shop", *arguments]) == 0
    graph: dict[str, Any] = json.loads((here / "out/graph.json").read_text())
    return graph


def carried(graph: Mapping[str, Any]) -> dict[str, str]:
    """The tasks that go from queues to workers, by the label of the arrow."""
    return {f["label"]: f["data"] for f in graph["flows"] if f["source"].endswith("-queue")}


def untaken(graph: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """The places of findings of queues that nobody takes, by queue."""
    rows = [row for row in graph["findings"] if row["rule"] == "queue-not-consumed"]
    return {row["message"].split("queue ")[1].split(",")[0]: (row["path"], row["line"]) for row in rows}


ALL = {
    "tasks of queue celery": "send",
    "tasks of queue fast": "send",
    "tasks of queue slow": "count",
    "tasks of queue nightly": "count",
}


def test_each_queue_that_something_is_sent_to_has_its_arrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = scan(tmp_path, {"Procfile": "worker: celery -A shop worker\n"})
    assert (carried(graph), untaken(graph)) == (ALL, {})


def test_a_queue_that_nobody_takes_is_told_where_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = scan(tmp_path, {"Procfile": "worker: celery -A shop worker -Q celery\nother: celery -A shop worker -Q x\n"})
    assert carried(graph) == {"tasks of queue celery": "send"}
    assert untaken(graph) == {
        "fast": ("shop/views.py", 6),  # at the call
        "slow": ("shop/settings.py", 5),  # where the task is routed
        "nightly": ("shop/settings.py", 6),  # in the beat entry
    }
    [worker] = [node for node in graph["nodes"] if node["role"] == "worker"]
    assert worker["description"].startswith("Runs 1 tasks from celery.")


def test_a_worker_of_another_repository_may_take_a_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_repository(tmp_path / "shop", {**SHOP, "Procfile": "worker: celery -A shop worker -Q celery,slow,nightly\n"})
    make_repository(tmp_path / "crew", {"crew.py": "", "Procfile": "worker: celery -A crew worker -Q fast\n"})
    arguments = ["--quiet", "--offline", "--jobs=1", "--no-cache", "--format=graph", "--out=out"]
    assert main(["scan", "--source=shop=shop", "--source=crew=crew", *arguments]) == 0
    assert untaken(json.loads(Path("out/graph.json").read_text())) == {}


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        ({"Procfile": "a: celery -A s worker -Q one,two\nb: celery -A s worker --queues=three\n"}, "one three two"),
        ({"Procfile": "web: gunicorn s.wsgi\nbeat: celery -A s beat\nworker: celery -A s worker -Q one\n"}, "one"),
        ({"docker-compose.yml": "services:\n  tasks:\n    image: s\n    command: celery -A s worker -Q one\n"}, "one"),
        # Not known.
        ({"Procfile": "web: gunicorn s.wsgi\n"}, None),
        ({"Procfile": "a: celery -A s worker -Q one\nb: celery -A s worker\n"}, None),
        ({"Procfile": "a: celery -A s worker -Q one\nb: celery -A s worker -Q $QUEUES\n"}, None),
        ({"Procfile": "a: celery -A s worker -Q one\nslow-worker: ./start-it\n"}, None),
        ({"Procfile": "a: celery -A s worker -X one\n"}, None),
        # What developers and tests run says nothing of the deployment.
        (
            {
                "Procfile": "a: celery -A s worker -Q one\n",
                "docker-compose.dev.yml": "services:\n  tasks:\n    image: s\n    command: celery -A s worker\n",
            },
            "one",
        ),
        ({"docker-compose.test.yml": "services:\n  t:\n    image: s\n    command: celery -A s worker -Q one\n"}, None),
    ],
)  # fmt: skip
def test_queues_are_known_where_every_worker_names_them(files: Mapping[str, str], taken: str | None) -> None:
    found = queues_taken(read_runtime({path: text.encode() for path, text in files.items()}).units)
    assert (None if found is None else " ".join(sorted(found))) == taken
