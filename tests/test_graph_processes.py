"""Processes: what a service runs and what starts it: servers, workers, commands, consumers, programs, scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from c4trace.cli import main
from c4trace.query.graph_file import load_graph
from extractor.model.graph import Flow, Graph, Process
from tests.git_repository import make_repository

BASE = {
    "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
    "shop/__init__.py": "",
    "shop/settings.py": 'ROOT_URLCONF = "shop.urls"\nINSTALLED_APPS = ["shop"]\n',
    "shop/urls.py": "from django.urls import path\nfrom shop.views import home\nurlpatterns = [path('', home)]\n",
    "shop/views.py": "def home(request): ...\n",
    "shop/client.py": "import requests\ndef pull():\n    requests.get('https://stock.example.net/items', timeout=5)\n",
}
COMMAND = """
from django.core.management.base import BaseCommand
from shop.client import pull
class Command(BaseCommand):
    def handle(self, *args, **options):
        pull()
"""
PULLS = {"shop/management/__init__.py": "", "shop/management/commands/__init__.py": ""}
PULLS |= {"shop/management/commands/pull_prices.py": COMMAND}


Scan = Callable[..., Graph]


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Scans the shop with more files, and more arguments."""

    def run(files: dict[str, str], *more: str) -> Graph:
        make_repository(tmp_path / "shop", {**BASE, **files})
        monkeypatch.chdir(tmp_path)
        given = ["--source", "shop=shop", "--offline", "--jobs", "1", "--no-cache", "--format", "graph", "--out", "out"]
        assert main(["scan", *given, *more]) == 0
        return load_graph(tmp_path / "out/graph.json")

    return run


def process(graph: Graph, kind: str) -> Process:
    """The one process of a kind."""
    [found] = [one for one in graph.processes if one.kind == kind]
    return found


def sources(graph: Graph) -> set[str]:
    """The elements from which arrows go to the stock system."""
    return {flow.source for flow in graph.flows if flow.target == "stock.example.net"}


def flow(graph: Graph) -> Flow:
    [found] = [flow for flow in graph.flows if flow.target == "stock.example.net"]
    return found


def test_a_service_runs_its_web_server_and_what_deployment_says_starts_it(scan: Scan) -> None:
    graph = scan({"Procfile": "web: gunicorn shop.wsgi\n"})
    web = process(graph, "web")
    assert (web.id, web.service, web.entries) == ("shop/web", "web", ("/",))
    assert web.started_by == ("Procfile: gunicorn shop.wsgi",)
    assert [(e.path, e.line, e.role) for e in web.evidence] == [
        ("Procfile", 1, "runtime"),
        ("shop/urls.py", 3, "route"),
    ]


def test_a_worker_takes_the_queues_its_command_line_names(scan: Scan) -> None:
    tasks = "from celery import shared_task\n@shared_task(queue='mail')\ndef tell(): ...\n"
    graph = scan({"shop/tasks.py": tasks, "Procfile": "worker: celery -A shop worker -Q mail,bulk\n"})
    worker = process(graph, "worker")
    assert (worker.queues, worker.entries) == (("bulk", "mail"), ("shop.tasks.tell",))


def test_a_beat_runs_its_schedules(scan: Scan) -> None:
    settings = BASE["shop/settings.py"] + (
        "CELERY_BEAT_SCHEDULE = {'tell-daily': {'task': 'shop.tasks.tell', 'schedule': 86400}}\n"
    )
    celery = "from celery import Celery\napp = Celery('shop')\n"
    celery += "app.config_from_object('django.conf:settings', namespace='CELERY')\napp.autodiscover_tasks()\n"
    tasks = "from celery import shared_task\n@shared_task\ndef tell(): ...\n"
    graph = scan({"shop/settings.py": settings, "shop/celery.py": celery, "shop/tasks.py": tasks})
    assert process(graph, "beat").entries == ("tell-daily",)


def test_a_command_that_nothing_is_seen_to_start_is_listed_with_no_starter(scan: Scan) -> None:
    graph = scan(PULLS)
    command = process(graph, "command")
    assert (command.id, command.name, command.started_by) == ("shop/web-command-pull_prices", "pull_prices", ())
    assert sources(graph) == {"shop/web"}


def test_a_command_that_deployment_runs_on_and_on_is_a_consumer(scan: Scan) -> None:
    graph = scan({**PULLS, "Procfile": "prices: python manage.py pull_prices\n"})
    assert process(graph, "consumer").started_by == ("Procfile: python manage.py pull_prices",)
    assert sources(graph) == {"shop/web-command-pull_prices"}


HELM = """
cronjobs:
  prices:
    schedule: "15 2 * * *"
    command: ["python", "manage.py", "pull_prices"]
"""
HELM_LIST = """
jobs:
  - name: prices
    schedule: "15 2 * * *"
    containers:
      - image: shop
        args: ["python", "manage.py", "pull_prices"]
"""


@pytest.mark.parametrize("values", [HELM, HELM_LIST])
def test_a_schedule_beside_a_command_in_values_of_a_chart_is_its_cadence(scan: Scan, values: str) -> None:
    graph = scan({**PULLS, "deploy/values.yaml": values})
    assert process(graph, "command").started_by == ("daily at 02:15 UTC",)
    assert (flow(graph).source, flow(graph).cadence) == ("shop/web-command-pull_prices", "daily at 02:15 UTC")


def test_words_that_are_no_times_are_no_schedule(scan: Scan) -> None:
    values = HELM.replace('"15 2 * * *"', "nightly")
    assert process(scan({**PULLS, "deploy/values.yaml": values}), "consumer").started_by


CRONJOBS = BASE["shop/settings.py"] + "CRONJOBS = [('*/5 * * * *', 'shop.client.pull')]\n"


def test_a_function_that_a_setting_schedules_is_a_process_of_its_own(scan: Scan) -> None:
    graph = scan({"shop/settings.py": CRONJOBS})
    assert process(graph, "command").started_by == ("every 5 minutes UTC",)
    arrow = flow(graph)
    assert (arrow.source, arrow.trigger, arrow.sync) == (
        "shop/web-command-shop.client.pull",
        "command shop.client.pull",
        False,
    )
    assert ("shop/settings.py", 3, "runtime") in [(e.path, e.line, e.role) for e in arrow.evidence]


def test_a_command_that_a_setting_schedules_is_run_as_if_by_cron(scan: Scan) -> None:
    job = "('0 4 * * *', 'django.core.management.call_command', ['pull_prices'])"
    graph = scan({**PULLS, "shop/settings.py": BASE["shop/settings.py"] + f"CRONJOBS = [{job}]\n"})
    assert flow(graph).cadence == "daily at 04:00 UTC"


def test_a_list_of_another_name_schedules_nothing(scan: Scan) -> None:
    graph = scan({"shop/settings.py": CRONJOBS.replace("CRONJOBS", "OLDJOBS")})
    assert {one.kind for one in graph.processes} == {"web"}


PYPROJECT = '[project]\nname = "shop"\n[project.scripts]\nshop-pull = "shop.client:pull"\n'
SETUP_CFG = "[options.entry_points]\nconsole_scripts =\n    shop-pull = shop.client:pull\n"
SETUP_PY = """from setuptools import setup
setup(name="shop", entry_points={"console_scripts": ["shop-pull=shop.client:pull"]})
"""


@pytest.mark.parametrize(
    ("name", "text", "line"), [("pyproject.toml", PYPROJECT, 4), ("setup.cfg", SETUP_CFG, 3), ("setup.py", SETUP_PY, 2)]
)
def test_a_console_script_is_a_process_that_its_declaration_installs(
    scan: Scan, name: str, text: str, line: int
) -> None:
    graph = scan({name: text})
    assert sources(graph) == {"shop/web-command-shop-pull"}
    assert (name, line) in [(e.path, e.line) for e in process(graph, "command").evidence]


def test_an_entry_point_of_another_group_is_no_program(scan: Scan) -> None:
    graph = scan({"pyproject.toml": PYPROJECT.replace("[project.scripts]", '[project.entry-points."shop.plugins"]')})
    assert sources(graph) == set()


GUARDED = "from shop.client import pull\nif __name__ == '__main__':\n    pull()\n"
BARE = "from shop.client import pull\npull()\n"
SHEBANG = f"#!/usr/bin/env python3\n{BARE}"


@pytest.mark.parametrize(
    ("path", "text"), [("tools_of_ours/report.py", GUARDED), ("scripts/report.py", BARE), ("bin/report", SHEBANG)]
)
def test_a_script_that_no_service_loads_is_listed_and_drawn_on_request(scan: Scan, path: str, text: str) -> None:
    graph = scan({path: text})
    assert process(graph, "script").entries == (path,)
    assert sources(graph) == set()


def test_scripts_are_drawn_on_request(scan: Scan) -> None:
    graph = scan({"scripts/report.py": BARE}, "--scripts")
    assert sources(graph) == {"shop/script:scripts/report.py"}
    [node] = [node for node in graph.nodes if node.id == "shop/script:scripts/report.py"]
    assert (node.name, node.role, node.parent) == ("Report", "script", "shop")


@pytest.mark.parametrize(
    ("path", "text"),
    [("shop/report.py", BARE), ("bin/report", BARE), ("bin/report", SHEBANG.replace("python3", "bash"))],
)
def test_other_files_are_no_scripts(scan: Scan, path: str, text: str) -> None:
    assert "script" not in {one.kind for one in scan({path: text}).processes}


def test_a_module_among_scripts_that_code_imports_is_no_script(scan: Scan) -> None:
    views = "from scripts.report import shown\ndef home(request):\n    shown()\n"
    graph = scan({"scripts/__init__.py": "", "scripts/report.py": f"{BARE}def shown(): ...\n", "shop/views.py": views})
    assert "script" not in {one.kind for one in graph.processes}
