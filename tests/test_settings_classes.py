"""Settings written as classes read like settings written as a module."""

from __future__ import annotations

from extractor.evaluate.evaluator import Evaluator
from extractor.link.celery import schedules, tasks
from extractor.link.settings.class_settings import with_class_settings
from extractor.link.settings.table import SettingsTable
from extractor.program.index import ModuleIndex
from tests.worlds import REPO, world

LOADER = """
import sys
class Loader:
    @classmethod
    def load(cls, name):
        for key in dir(cls):
            setattr(sys.modules[name], key, getattr(cls, key))
"""
BASE = """
import os
from celery.schedules import crontab
from shop.loader import Loader

class Base(Loader):
    HOST = "base.example.org"
    API = f"https://{HOST}/api/"
    CACHE = os.environ.get("CACHE_URL", "redis://cache")
    CELERY_BEAT_SCHEDULE = {
        "nightly": {"task": "orders.tasks.sync", "schedule": crontab(hour=2, minute=0)},
    }

    @property
    def SEARCH(self):
        return {"hosts": self.HOST}

    def helper(self): ...
"""
PRODUCTION = """
from shop.settings.base import Base

NOTE = "of the module"

class Production(Base):
    HOST = "shop.example.org"
    CELERY_BEAT_SCHEDULE = {**Base.CELERY_BEAT_SCHEDULE}
    CELERY_BEAT_SCHEDULE["hourly"] = {"task": "orders.tasks.sync", "schedule": 3600}

Production.load(__name__)
"""
FILES = {
    "shop/loader.py": LOADER,
    "shop/settings/__init__.py": "",
    "shop/settings/base.py": BASE,
    "shop/settings/production.py": PRODUCTION,
    "orders/tasks.py": "from celery import shared_task\n@shared_task\ndef sync(): ...\n",
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings.production')\n",
}


def evaluated(files: dict[str, str]) -> Evaluator:
    return Evaluator(ModuleIndex(REPO, with_class_settings(REPO, world(files).modules)))


def table(ev: Evaluator, module: str) -> SettingsTable:
    return SettingsTable.build(ev, REPO, [module], "web")


def test_a_class_that_fills_its_module_gives_its_settings() -> None:
    found = table(evaluated(FILES), "shop.settings.production")
    assert found.names() == ("API", "CACHE", "CELERY_BEAT_SCHEDULE", "HOST", "NOTE", "SEARCH")
    assert {name: found.default(name) for name in ("HOST", "API", "CACHE", "NOTE")} == {
        "HOST": "shop.example.org",
        "API": "https://base.example.org/api/",  # the base's body ran with the base's own host
        "CACHE": "redis://cache",
        "NOTE": "of the module",
    }
    assert found.env("CACHE") == "CACHE_URL"
    place = found.where("HOST")
    assert place is not None
    assert (place.path, place.line) == ("shop/settings/production.py", 7)


def test_a_property_is_a_setting() -> None:
    (value,) = table(evaluated(FILES), "shop.settings.production").value("SEARCH", ["hosts"])
    assert value.literal == "shop.example.org"  # type: ignore[union-attr]


def test_beat_entries_stand_in_the_body_of_a_class() -> None:
    ev = evaluated(FILES)
    rows = schedules(ev, tasks(ev, REPO).index, REPO).rows
    assert {row.key: (row.path, row.line, row.schedule, row.task_id is not None) for row in rows} == {
        "nightly": ("shop/settings/base.py", 11, "crontab: 0 2 * * *", True),
        "hourly": ("shop/settings/production.py", 9, "every 3600 seconds", True),
    }


CONFIGURED = """
from configurations import Configuration

class Common(Configuration):
    HOST = "common.example.org"
    PORT = 80

class Dev(Common):
    HOST = "dev.example.org"

class Prod(Common):
    HOST = "prod.example.org"
"""


def test_django_configurations_takes_the_class_that_is_named() -> None:
    named = "import os\nos.environ.setdefault('DJANGO_CONFIGURATION', 'Dev')\n"
    found = table(evaluated({"shop/settings.py": CONFIGURED, "manage.py": named}), "shop.settings")
    assert (found.default("HOST"), found.default("PORT")) == ("dev.example.org", "80")
    assert table(evaluated({"shop/settings.py": CONFIGURED}), "shop.settings").default("HOST") == "prod.example.org"


def test_other_modules_stay_as_they_are() -> None:
    files = {"shop/settings.py": "class Options:\n    HOST = 'a'\n", "log.py": "log = get(); log.named(__name__)\n"}
    modules = tuple(world(files).modules)
    assert with_class_settings(REPO, modules) == modules
