"""Given settings modules, what each setting is: layers, conditions, changes of items, environment, files, places."""

from __future__ import annotations

import pytest

from extractor.evaluate import folding
from extractor.evaluate.values import Env, Mapping, Text
from extractor.link.settings import SettingsTable, Where, setting_reads, settings_modules
from tests.worlds import evaluator

ENVS = """
import os
def get_string(name, default):
    return os.environ.get(name, default)
def get_bool(name, default):
    value = os.environ.get(name)
    if value is None:
        return default
    return value.lower() == "true"
"""


def table(files: dict[str, str], *modules: str, libraries: dict[str, dict[str, str]] | None = None) -> SettingsTable:
    return SettingsTable.build(evaluator(files, libraries), "shop", modules or ("shop.settings",), "web")


def shown(found: SettingsTable, name: str) -> list[str]:
    return [folding.show(value) for value in found.value(name)]


def test_the_last_assignment_wins_over_what_a_star_import_brings() -> None:
    found = table(
        {
            "envs/common.py": "HOST = 'common.example'\nPORT = 1\nURL = 'http://' + HOST",
            "envs/base.py": "from .common import *\nPORT = 2",
            "envs/production.py": "from .base import *\nHOST = 'early.example'\nHOST = 'live.example'",
        },
        "envs.production",
    )
    assert found.names() == ("HOST", "PORT", "URL")
    assert (found.text("HOST"), found.text("PORT")) == ("live.example", "2")
    assert found.text("URL") == "http://common.example"  # made before the override, as Python makes it
    assert found.where("HOST") == Where("envs/production.py", 3, 3)
    assert found.where("PORT") == Where("envs/base.py", 2, 2)


def test_both_branches_of_a_condition_stay() -> None:
    source = "import os\nif os.environ.get('LIVE'):\n    HOST = 'live.example'\nelse:\n    HOST = 'test.example'\n"
    assert shown(table({"shop/settings.py": source}), "HOST") == ["live.example", "test.example"]


def test_a_list_is_extended_over_a_star_import() -> None:
    files = {
        "envs/common.py": "INSTALLED_APPS = ['catalog']",
        "envs/live.py": "from envs.common import *\nINSTALLED_APPS += ['cart']",
        "catalog/__init__.py": "",
        "cart/__init__.py": "",
    }
    found = table(files, "envs.live")
    assert [text for _name, text, _path, _line in found.dotted_texts()] == ["catalog", "cart"]


def test_items_set_and_updated_after_the_assignment_count() -> None:
    source = """
    CACHES = {"default": {"BACKEND": "a.First", "TIMEOUT": 1}}
    CACHES["default"]["BACKEND"] = "b.Second"
    CACHES.update({"more": {"BACKEND": "c.Third"}})
    """
    found = table({"shop/settings.py": source})
    assert found.value("CACHES", ("default", "BACKEND")) == (Text(("b.Second",)),)
    assert found.value("CACHES", ("more", "BACKEND")) == (Text(("c.Third",)),)
    assert [folding.show(v) for v in found.value("CACHES", ("default", "TIMEOUT"))] == ["1"]
    assert found.value("CACHES", ("absent",)) == ()


def test_functions_of_the_settings_are_called() -> None:
    source = """
    from shop.derive import Derived
    ROOT = "http://shop.example"
    API = Derived(lambda settings: settings.ROOT + "/api")
    """
    derive = "class Derived:\n    def __init__(self, calculate):\n        self.calculate = calculate\n"
    found = table({"shop/settings.py": source, "shop/derive.py": derive})
    assert found.text("API") == "{setting:ROOT}/api"
    assert shown(found, "API") == ["http://shop.example/api"]


def test_readers_of_the_environment_give_name_default_and_whether_one_is_needed() -> None:
    source = """
    import os
    import environ
    from decouple import config
    from mitol.common.envs import get_string as remote
    from shop.envs import get_bool, get_string
    env = environ.Env()
    A = os.environ["A_VAR"]
    B = os.getenv("B_VAR", "b")
    C = env("C_VAR")
    D = env.str("D_VAR", default="d")
    E = config("E_VAR", default="e")
    F = remote(name="F_VAR", default="f", description="no matter")
    G = get_string("G_VAR", None)
    H = get_bool("H_VAR", False)
    """
    found = table({"shop/settings.py": source, "shop/envs.py": ENVS})
    assert {n: (found.env(n), found.default(n), found.required(n)) for n in found.names()} == {
        "A": ("A_VAR", None, True),
        "B": ("B_VAR", "b", False),
        "C": ("C_VAR", None, True),
        "D": ("D_VAR", "d", False),
        "E": ("E_VAR", "e", False),
        "F": ("F_VAR", "f", False),
        "G": ("G_VAR", None, False),
        "H": ("H_VAR", "False", False),
    }


def test_a_default_made_of_another_variable_is_put_together() -> None:
    source = """
    import os
    BASE = os.environ.get("BASE", "https://shop.example")
    API = os.environ.get("API", f"{BASE}/api")
    """
    found = table({"shop/settings.py": source})
    assert found.default("API") == "https://shop.example/api"
    assert [env.name for env in found.envs("API")] == ["API", "BASE"]


def test_a_file_that_overrides_settings_is_named() -> None:
    source = """
    import yaml
    with open("/etc/shop.yml") as f:
        TOKENS = yaml.safe_load(f)
    HOST = "early.example"
    MAIL = TOKENS.get("MAIL_HOST", HOST)
    vars().update({key: value for key, value in TOKENS.items()})
    LATE = "fixed"
    """
    found = table({"shop/settings.py": source})
    assert found.env("HOST") == "yaml:HOST"
    assert (found.env("MAIL"), found.default("MAIL")) == ("yaml:MAIL_HOST", "early.example")
    assert found.env("LATE") is None


def test_settings_that_a_loader_or_split_settings_bring_are_there() -> None:
    found = table(
        {
            "shop/settings/__init__.py": (
                "from split_settings.tools import include\n"
                "from kit.loading import import_settings_modules\n"
                'include("parts/*.py")\nimport_settings_modules("kit.settings")\nOWN = 1\n'
            ),
            "shop/settings/parts/mail.py": "MAIL_HOST = 'mail.example'",
            "kit/settings.py": "KIT_URL = 'http://kit.example'",
        }
    )
    assert found.names() == ("KIT_URL", "MAIL_HOST", "OWN")


def test_secrets_are_masked_wherever_they_are_shown() -> None:
    source = """
    import os
    API_TOKEN = os.environ.get("API_TOKEN", "s3cr3t")
    DATABASE_URL = "postgres://shop:hunter2@db.example/shop"
    """
    found = table({"shop/settings.py": source})
    assert (found.text("DATABASE_URL"), found.default("API_TOKEN")) == ("postgres://shop:***@db.example/shop", "***")


def test_texts_that_name_code_are_told_with_their_place() -> None:
    files = {
        "shop/settings.py": (
            "MIDDLEWARE = ['other.Middleware']\nHOOK = 'shop.hooks.Hook.run'\n"
            "NESTED = {'a': [{'class': 'shop.hooks.Hook'}]}\nHOST = 'shop.example.com'\n"
        ),
        "shop/hooks.py": "class Hook:\n    def run(self):\n        return 1\n",
    }
    assert table(files).dotted_texts() == [
        ("HOOK", "shop.hooks.Hook.run", "shop/settings.py", 2),
        ("MIDDLEWARE", "other.Middleware", "shop/settings.py", 1),
        ("NESTED", "shop.hooks.Hook", "shop/settings.py", 3),
    ]


def test_without_an_estate_the_settings_module_that_the_repository_names_is_used() -> None:
    files = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')",
        "shop/wsgi.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'",
        "docs/conf.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.other'",
        "shop/settings.py": "HOST = 'a'",
        "shop/other.py": "HOST = 'b'",
    }
    ev = evaluator(files)
    assert settings_modules(ev.index) == ("shop.settings", "shop.other")
    assert SettingsTable.build(ev, "shop", (), "web").text("HOST") == "a"


def test_unknown_names_and_modules_give_nothing() -> None:
    found = table({"shop/settings.py": "HOST = 'a'"}, "absent.settings")
    assert found.names() == ()
    assert (found.value("HOST"), found.where("HOST"), found.text("HOST"), found.env("HOST")) == ((), None, None, None)


def test_settings_that_name_each_other_in_a_circle_end() -> None:
    source = "A = lambda settings: settings.B\nB = lambda settings: settings.A"
    assert all(not isinstance(v, Mapping | Env) for v in table({"shop/settings.py": source}).value("A"))


def test_every_place_that_reads_a_setting_is_told() -> None:
    source = """
    from django.conf import settings
    import django.conf as conf
    def one():
        return settings.API_URL
    def two():
        return getattr(
            settings, "API_URL", None
        )
    def three(other):
        return conf.settings.API_URL + other.API_URL
    """
    reads = setting_reads(evaluator({"shop/views.py": source}), "c0ffee")
    assert [(e.path, e.line, e.end_line, e.commit) for e in reads["API_URL"]] == [
        ("shop/views.py", 5, 5, "c0ffee"),
        ("shop/views.py", 7, 9, "c0ffee"),
        ("shop/views.py", 11, 11, "c0ffee"),
    ]


PLUGIN = (
    "def plugin_settings(settings):\n    settings.MAIL_URL = 'https://mail.example/'\n    settings.HOST = 'x.example'\n"
)
READY = """
from django.apps import AppConfig
from django.conf import settings
class Shop(AppConfig):
    def ready(self):
        settings.MAIL_URL = 'https://mail.example/'
"""


@pytest.mark.parametrize("source", [PLUGIN, READY])
def test_what_a_function_puts_on_the_settings_is_a_setting(source: str) -> None:
    found = table({"shop/settings.py": "HOST = 'shop.example'\n", "shop/apps.py": source})
    assert shown(found, "MAIL_URL") == ["https://mail.example/"]
    assert shown(found, "HOST") == ["shop.example"]  # that of the settings module is what is told


@pytest.mark.parametrize(
    "source",
    [
        "def made(client):\n    client.MAIL_URL = 'https://mail.example/'\n",
        "class Client:\n    def made(self):\n        self.MAIL_URL = 'https://mail.example/'\n",
        "from mail import settings\ndef made():\n    settings.MAIL_URL = 'https://mail.example/'\n",
    ],
)
def test_what_is_put_on_another_object_is_none(source: str) -> None:
    assert table({"shop/settings.py": "", "shop/apps.py": source}).names() == ()
