"""Several projects in one repository that share names of modules: each is a program of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.estate.model import Service
from extractor.link.facts import RepoFacts
from tests.linked import entered, linked
from tests.test_program_collect import collected

WEB = Service("web", "Web")


def project(root: str, queue: str, url: str, body: str = "return number") -> dict[str, str]:
    files = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')\n",
        "config/__init__.py": "from config.celery import app\n",
        "config/settings.py": "INSTALLED_APPS = ['work']\nROOT_URLCONF = 'config.urls'\n"
        f"CELERY_TASK_DEFAULT_QUEUE = '{queue}'\n",
        "config/celery.py": "import os\nfrom celery import Celery\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')\napp = Celery('x')\n"
        "app.config_from_object('django.conf:settings', namespace='CELERY')\napp.autodiscover_tasks()\n",
        "config/urls.py": "from django.urls import path\nfrom work import views\n"
        f"urlpatterns = [path('{url}', views.start)]\n",
        "work/__init__.py": "",
        "work/views.py": "from work.tasks import pack\ndef start(request):\n    pack.delay(1)\n",
        "work/tasks.py": "from celery import shared_task\nfrom libs import carrier\n"
        f"@shared_task\ndef pack(number):\n    {body}\n",
    }
    return {f"{root}/{path}": text for path, text in files.items()}


def both(url: str = "stock/", body: str = "return number", *services: Service) -> RepoFacts:
    files = project("a/orders", "orders", "orders/", body) | project("a/stock", "stock", url, body)
    carrier = "import requests\ndef send():\n    requests.post('https://carrier.example.net/send', timeout=5)\n"
    files |= {"libs/__init__.py": "", "libs/carrier.py": carrier}
    return linked(files, *(services or (WEB,)), projects=("a/orders", "a/stock"))


def test_each_project_serves_its_urls_and_has_its_tasks_on_its_queue() -> None:
    facts = both()
    assert [(row.pattern, row.path) for row in facts.routes] == [
        ("/orders/", "a/orders/config/urls.py"),
        ("/stock/", "a/stock/config/urls.py"),
    ]
    assert [(row.name, row.queue, row.path) for row in facts.tasks] == [
        ("work.tasks.pack", "orders", "a/orders/work/tasks.py"),
        ("work.tasks.pack", "stock", "a/stock/work/tasks.py"),
    ]


def test_what_has_one_name_in_two_projects_stays_two() -> None:
    facts = both("orders/")
    assert len({row.id for row in facts.routes}) == len({row.id for row in facts.tasks}) == 2
    tasks = {row.id: row.path for row in facts.tasks}
    queued = [(row.path, tasks[row.task_id or ""], entered(row)) for row in facts.enqueues]
    assert queued == [
        ("a/orders/work/views.py", "a/orders/work/tasks.py", {"/orders/"}),
        ("a/stock/work/views.py", "a/stock/work/tasks.py", {"/orders/"}),
    ]


def test_code_outside_the_projects_runs_for_all_that_import_it() -> None:
    facts = both(body="carrier.send()")
    (call,) = facts.calls
    assert call.path == "libs/carrier.py"
    assert entered(call) == {"work.tasks.pack"}
    assert [finding.rule for finding in facts.findings if finding.path == call.path] == ["hardcoded-url"]


def test_code_outside_the_projects_runs_in_the_services_of_all() -> None:
    services = [Service(one, one, settings_modules=(f"a.{one}.config.settings",)) for one in ("orders", "stock")]
    (call,) = both("stock/", "carrier.send()", *services).calls
    assert [context.services for context in call.contexts] == [("orders", "stock")]


def test_a_service_of_the_estate_is_that_of_the_project_whose_settings_it_names() -> None:
    services = [Service(one, one, settings_modules=(f"a.{one}.config.settings",)) for one in ("orders", "stock")]
    facts = both("stock/", "return number", *services)
    assert [(row.service, row.pattern) for row in facts.routes] == [("orders", "/orders/"), ("stock", "/stock/")]
    assert [row.services for row in facts.tasks] == [("orders",), ("stock",)]


def found_projects(tmp_path: Path, files: dict[str, str]) -> tuple[str, ...]:
    return collected(tmp_path, files).projects


def test_projects_that_share_names_and_run_by_themselves_are_told_apart(tmp_path: Path) -> None:
    files = project("a/orders", "x", "x/") | project("a/stock", "x", "x/")
    assert found_projects(tmp_path, files) == ("a/orders", "a/stock")


@pytest.mark.parametrize(
    "files",
    [
        project("a/orders", "x", "x/"),  # one alone
        {"one/shared/a.py": "import shared.b", "one/shared/b.py": "", "two/shared/a.py": "import shared.b"}
        | {"two/shared/b.py": ""},  # nothing that runs by itself
    ],
)
def test_a_repository_that_is_one_program_is_not_parted(tmp_path: Path, files: dict[str, str]) -> None:
    assert found_projects(tmp_path, files) == ()
