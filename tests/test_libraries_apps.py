"""Tasks of pinned libraries: which libraries are read for them, how far, and which service has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from c4trace.cli import main
from extractor.libraries import cache
from extractor.libraries.apps import NamedApps, bringing, named_apps, telling
from extractor.libraries.locks import read_locks
from extractor.libraries.needs import needing
from tests.git_repository import make_repository
from tests.test_libraries_fetch import pin, sha, wheel
from tests.worlds import world

CELERY = frozenset({"celery"})


COMPILED = """
celery==5
    # via
    #   -r base.in
    #   Mailer
mailer==1
    # via post-box
"""
COMPILED_BY_UV = """
celery==5 ; python_version > "3"  # via mailer, -r base.in
mailer[x]==1      # via post.box
"""
TABLES = """
[[package]]
name = "mailer"
version = "1"
dependencies = [{name = "celery", extra = ["redis"]}]
[[package]]
name = "post-box"
version = "1"
dependencies = [{name = "mailer"}]
"""
POETRY = """
[[package]]
name = "mailer"
version = "1"
[package.dependencies]
celery = ">=5"
[[package]]
name = "post-box"
version = "1"
[package.dependencies]
Mailer = {version = "1"}
"""
PDM = """
[[package]]
name = "mailer"
version = "1"
dependencies = ["celery[redis]>=5"]
[[package]]
name = "post-box"
version = "1"
dependencies = ["mailer==1; python_version > '3'"]
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", COMPILED),
        ("requirements.txt", COMPILED_BY_UV),
        ("uv.lock", TABLES),
        ("poetry.lock", POETRY),
        ("pdm.lock", PDM),
    ],
)
def test_a_lock_says_what_needs_celery_directly_or_through_others(name: str, text: str) -> None:
    assert needing(read_locks({name: text.encode()}).needs, CELERY) == {"mailer", "post-box"}


@pytest.mark.parametrize(
    "text", ["celery==5\nmailer==1\n", "celery==5\n    # a comment of several words\n", "# via x\n"]
)
def test_requirements_without_comments_of_a_compiler_say_nothing(text: str) -> None:
    assert needing(read_locks({"requirements.txt": text.encode()}).needs, CELERY) == frozenset()


SETTINGS = """
from importlib.metadata import entry_points
INSTALLED_APPS = ["django.contrib.admin", "shop", "mailer.apps.MailerConfig"]
OPTIONAL_APPS = [("labels", None), ("post_box.core", "shop")]
for app, before in OPTIONAL_APPS:
    INSTALLED_APPS.append(app)
CELERY_IMPORTS = ("polls.tasks",)
PLACES = ["unused"]
"""


def test_settings_name_the_apps_that_they_install_from_elsewhere() -> None:
    named = named_apps(world({"shop/settings.py": SETTINGS, "shop/__init__.py": ""}).modules)
    assert named == NamedApps(
        frozenset({"mailer.apps.MailerConfig", "labels", "post_box.core"}),
        frozenset({"polls.tasks"}),
        by_entry_points=False,
    )


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("INSTALLED_APPS.extend(entry_points(group='shop.apps'))", True),
        ("INSTALLED_APPS += [e.module for e in entry_points(group='shop.apps')]", True),
        ("from edx_django_utils.plugins import get_plugin_apps\nINSTALLED_APPS.extend(get_plugin_apps('shop'))", True),
        ("from shop.plugins import get_apps\nINSTALLED_APPS.extend(get_apps('shop'))", False),
    ],
)
def test_settings_may_ask_what_entry_points_name(line: str, asks: bool) -> None:
    assert named_apps(world({"shop/settings.py": SETTINGS + line}).modules).by_entry_points is asks


NEEDS = {"django-mailer": CELERY, "hidden": frozenset({"django-mailer"}), "labels": frozenset({"django"})}
PINNED = frozenset({"django-mailer", "hidden", "labels", "xblock-polls", "ora2"})


@pytest.mark.parametrize(
    ("apps", "tasks", "by_entry_points", "needs", "expected"),
    [
        ({"mailer.apps.MailerConfig"}, (), False, NEEDS, {"django-mailer"}),
        ({"labels"}, (), False, NEEDS, set()),  # it needs no Celery
        ({"labels", "mailer"}, (), False, {}, {"labels", "django-mailer"}),  # a lock that does not say
        ((), (), True, NEEDS, {"django-mailer", "hidden"}),
        ((), (), True, {}, set()),  # any might: none is read
        ((), {"polls.tasks"}, False, NEEDS, {"xblock-polls"}),  # named as tasks, whatever it says it needs
        ({"openassessment.workflow"}, (), False, {}, {"ora2"}),  # by rules/django.yaml
        ({"mail"}, (), False, NEEDS, set()),
    ],
)
def test_libraries_are_read_that_bring_an_installed_app_with_tasks(
    apps: set[str], tasks: set[str], by_entry_points: bool, needs: Mapping[str, frozenset[str]], expected: set[str]
) -> None:
    named = NamedApps(frozenset(apps), frozenset(tasks), by_entry_points)
    assert bringing(PINNED, needs, named) == expected


def test_of_a_library_the_modules_are_read_that_tell_of_tasks() -> None:
    files = {
        "mailer": b"",
        "mailer.apps": b"class MailerConfig: ...",
        "mailer.tasks": b"from celery import shared_task",
        "mailer.core": b"",
        "mailer.core.mixins": b"from celery import shared_task",
        "mailer.api": b"from mailer.core.mixins import Later",
        "mailer.views": b"from . import api",
        "mailer.models": b"from django.db import models",
    }
    assert set(telling(files)) == files.keys() - {"mailer.models"}


TASK = b"from celery import shared_task\n\n\n@shared_task\ndef send(): ...\n"
MAILER = {
    "mailer/__init__.py": b"",
    "mailer/apps.py": b"class MailerConfig:\n    name = 'mailer'\n",
    "mailer/tasks.py": TASK,
    "mailer/models.py": b"import requests\nrequests.get('https://unread.example/')\n",
    "mailer-1.0.dist-info/entry_points.txt": b"[shop.apps]\nmailer = mailer.apps:MailerConfig\n",
}
REQUIREMENTS = "celery==5\n    # via mailer\nmailer==1.0\n"
APP = """
from celery import Celery
app = Celery("{0}")
app.config_from_object("django.conf:settings", namespace="CELERY")
"""


def scan(here: Path, apps: str, more: Mapping[str, str] | None = None, estate: str = "") -> dict[str, Any]:
    """The graph of a repository of two services, `front` with these settings and `back` with none of its own, that
    pins `mailer`, which stands in the cache."""
    data = wheel(MAILER)
    kept = cache.Kept("mailer-1.0-py3-none-any.whl", "https://index.example/m.whl", sha(data)[7:], True, data)
    cache.keep(here / "cache/libraries", pin("mailer"), kept)
    files = {"requirements.txt": REQUIREMENTS, **(more or {})}
    for name, settings in (("front", f"INSTALLED_APPS = ['front']\n{apps}\n"), ("back", "INSTALLED_APPS = ['back']\n")):
        files |= {f"{name}/__init__.py": "", f"{name}/celery.py": APP.format(name)}
        files |= {f"{name}/settings.py": settings + f"CELERY_TASK_DEFAULT_QUEUE = '{name}'\n"}
    make_repository(here / "shop", files)
    services = "".join(
        f"      {name}: {{name: {name}, settings_modules: [{name}.settings], celery: {name}.celery}}\n"
        for name in ("front", "back")
    )
    text = f"systems:\n  shop:\n    name: Shop\n    repository: shop\n    services:\n{services}{estate}"
    (here / "estate.yaml").write_text(text)
    arguments = ["--quiet", "--offline", "--jobs=1", "--format=graph", f"--cache-dir={here}/cache", f"--out={here}/out"]
    assert main(["scan", f"--estate={here}/estate.yaml", *arguments]) == 0
    found: dict[str, Any] = json.loads((here / "out/graph.json").read_text())
    return found


@pytest.mark.parametrize(
    "apps",
    [
        "INSTALLED_APPS += ['mailer']",
        "for app in ('labels', 'mailer'):\n    INSTALLED_APPS.append(app)",
        "from importlib.metadata import entry_points\nINSTALLED_APPS.extend(entry_points(group='shop.apps'))",
        "CELERY_IMPORTS = ['mailer.tasks']",
    ],
)
def test_a_task_of_a_pinned_library_is_that_of_the_service_which_installs_its_app(
    apps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    view = "from mailer.tasks import send\n\n\ndef later():\n    send.delay()\n\n\nlater()\n"
    graph = scan(tmp_path, apps, {"front/receivers.py": view})
    [task] = graph["tasks"]
    assert (task["name"], task["services"], task["queue"], task["origin"]) == (
        "mailer.tasks.send",
        ["front"],
        "front",
        "mailer",
    )
    assert [(row["task_id"], row["queue"]) for row in graph["enqueues"]] == [(task["id"], "front")]
    assert graph["calls"] == []  # it is read for its tasks alone


def test_a_library_that_nothing_installs_brings_no_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert scan(tmp_path, "INSTALLED_APPS += ['labels']")["tasks"] == []


@pytest.mark.parametrize("declared", ["pyproject.toml", "setup.cfg", "setup.py"])
def test_entry_points_of_a_library_of_the_estate_install_its_apps(
    declared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = {
        "pyproject.toml": '[project.entry-points."shop.apps"]\nstamps = "stamps.apps:StampsConfig"\n',
        "setup.cfg": "[options.entry_points]\nshop.apps =\n    stamps = stamps.apps:StampsConfig\n",
        "setup.py": "import setuptools as s\ns.setup(entry_points={'shop.apps': ['s = stamps.apps:StampsConfig']})\n",
    }[declared]
    stamps: dict[str, str | bytes] = {
        "stamps/__init__.py": "",
        "stamps/apps.py": "class StampsConfig: ...\n",
        "stamps/tasks.py": TASK,
    }
    make_repository(tmp_path / "stamps", stamps | {declared: text})
    graph = scan(
        tmp_path,
        "from importlib.metadata import entry_points\nINSTALLED_APPS.extend(entry_points(group='shop.apps'))",
        {"requirements.txt": "stamps==1.0\n"},
        "  stamps: {name: Stamps, repository: stamps}\nlibraries: [stamps]\n",
    )
    assert [(task["name"], task["services"]) for task in graph["tasks"]] == [("stamps.tasks.send", ["front"])]
