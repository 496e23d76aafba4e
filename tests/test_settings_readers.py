"""Given settings that read the environment through a library: which variable each is, and its default."""

from __future__ import annotations

import pytest

from extractor.link.settings import SettingsTable
from tests.linked import linked
from tests.worlds import evaluator


def read(source: str, name: str = "TAX") -> tuple[str | None, str | None]:
    """The variable and the default of a setting."""
    found = SettingsTable.build(evaluator({"shop/settings.py": source}), "shop", ("shop.settings",), "web")
    return found.env(name), found.default(name)


PREFIXED = {
    "a block": "from environs import Env\nenv = Env()\nwith env.prefixed('SHOP_'):\n    TAX = env.str('TAX', 'x')\n",
    "a block in a block": "import environs\nenv = environs.Env()\nwith env.prefixed('SH'):\n"
    "    with env.prefixed('OP_'):\n        TAX = env('TAX', default='x')\n",
    "the object that is entered": "from environs import env\nwith env.prefixed('SHOP_') as own:\n"
    "    TAX = own.url('TAX', 'x')\n",
    "a block of a function": "from environs import Env\nenv = Env()\ndef taxes():\n    with env.prefixed('SHOP_'):\n"
    "        return env('TAX', 'x')\nTAX = taxes()\n",
    "the object": "from environs import Env\nenv = Env(prefix='SHOP_')\nTAX = env.str('TAX', 'x')\n",
    "what is set on it": "import environ\nenv = environ.Env()\nenv.prefix = 'SHOP_'\nTAX = env.str('TAX', 'x')\n",
    "starlette's": "from starlette.config import Config\nconfig = Config('.env', env_prefix='SHOP_')\n"
    "TAX = config('TAX', default='x')\n",
}


@pytest.mark.parametrize("source", PREFIXED.values(), ids=PREFIXED.keys())
def test_what_stands_before_the_names_is_part_of_them(source: str) -> None:
    assert read(source) == ("SHOP_TAX", "x")


UNPREFIXED = {
    "behind the block": "from environs import Env\nenv = Env()\nwith env.prefixed('SHOP_'):\n    A = env('A')\n"
    "TAX = env('TAX', 'x')\n",
    "another reader": "import os\nfrom environs import Env\nenv = Env()\nwith env.prefixed('SHOP_'):\n"
    "    TAX = os.environ.get('TAX', 'x')\n",
    "another object's method": "from environs import Env\nfrom own import plan\nenv = Env()\n"
    "with plan.prefixed('SHOP_'):\n    TAX = env('TAX', 'x')\n",
    "a prefix of something else": "import environ\nenv = environ.Env()\nplan = make()\nplan.prefix = 'SHOP_'\n"
    "TAX = env('TAX', default='x')\n",
}


@pytest.mark.parametrize("source", UNPREFIXED.values(), ids=UNPREFIXED.keys())
def test_elsewhere_names_stay_as_they_are(source: str) -> None:
    assert read(source) == ("TAX", "x")


LIBRARIES = {
    "a schema": "import environ\nenv = environ.Env(DEBUG=(bool, False), TAX=(str, 'x'))\nTAX = env('TAX')\n",
    "a schema's method": "import environ\nenv = environ.FileAwareEnv(TAX=(str, 'x'))\nTAX = env.str('TAX')\n",
    "a class that derives": "import environ\nclass Own(environ.Env): pass\nTAX = Own()('TAX', default='x')\n",
    "what it is made into, and a default": "import environ\nenv = environ.Env()\nTAX = env('TAX', str, 'x')\n",
    "decouple": "from decouple import config\nTAX = config('TAX', default='x', cast=str)\n",
    "decouple's own search": "from decouple import AutoConfig\nconfig = AutoConfig('/etc')\nTAX = config('TAX', 'x')\n",
    "decouple's own file": "from decouple import Config, RepositoryEnv\nc = Config(RepositoryEnv('.env'))\n"
    "TAX = c.get('TAX', default='x')\n",
    "prettyconf": "from prettyconf import Configuration\nconfig = Configuration()\nTAX = config('TAX', default='x')\n",
    "prettyconf's own": "from prettyconf import config\nTAX = config('TAX', default='x')\n",
}


@pytest.mark.parametrize("source", LIBRARIES.values(), ids=LIBRARIES.keys())
def test_readers_of_libraries_are_known(source: str) -> None:
    assert read(source) == ("TAX", "x")


def test_a_type_is_no_default() -> None:
    assert read("import environ\nenv = environ.Env(TAX=str)\nTAX = env('TAX', str)\n") == ("TAX", None)


def test_what_reads_a_file_reads_no_variable() -> None:
    source = "import environ\nenv = environ.Env()\nTAX = environ.Env.read_env('TAX')\nOTHER = env.read_env('.env')\n"
    assert (read(source)[0], read(source, "OTHER")[0]) == (None, None)


VALUES = {
    "values.URLValue('x')": ("DJANGO_TAX", "x"),
    "values.Value('x', environ_prefix='SHOP')": ("SHOP_TAX", "x"),
    "values.Value('x', environ_prefix=None)": ("TAX", "x"),
    "values.Value('x', environ_name='TAXES', environ_prefix=None)": ("TAXES", "x"),
    "values.Value('x', environ=False)": (None, "x"),
    "values.DatabaseURLValue('sqlite://')": ("DATABASE_URL", "sqlite://"),
    "values.SecretValue()": ("DJANGO_TAX", None),
}


@pytest.mark.parametrize(("value", "expected"), VALUES.items())
def test_a_value_of_a_configuration_is_the_variable_of_its_setting(
    value: str, expected: tuple[str | None, str | None]
) -> None:
    assert read(f"from configurations import values\nTAX = {value}\n") == expected


VIEW = "import requests\nfrom shop.config import config\ndef index(request):\n    requests.get(config.tax_url + '/a')\n"


@pytest.mark.parametrize(
    ("made", "variable"),
    [
        ("Dynaconf(envvar_prefix='SHOP', settings_files=['settings.toml'])", "SHOP_TAX_URL"),
        ("Dynaconf(envvar_prefix=False)", "TAX_URL"),
        ("Dynaconf()", "DYNACONF_TAX_URL"),
    ],
)
def test_an_attribute_of_a_dynaconf_object_is_a_variable(made: str, variable: str) -> None:
    files = {
        "shop/config.py": f"from dynaconf import Dynaconf\nconfig = {made}\n",
        "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\n",
        "shop/urls.py": "from django.urls import path\nfrom shop import views\nurlpatterns = [path('', views.index)]\n",
        "shop/views.py": VIEW,
    }
    assert [call.base_setting for call in linked(files).calls] == [variable]


@pytest.mark.parametrize(
    ("more", "rules"),
    [("", {"undefined-setting"}), ("import dynaconf\nsettings = dynaconf.DjangoDynaconf(__name__)\n", set())],
)
def test_settings_that_a_library_fills_in_are_not_called_undefined(more: str, rules: set[str]) -> None:
    files = {
        "shop/settings.py": f"ROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = ['shop']\n{more}",
        "shop/urls.py": "from django.urls import path\nfrom shop import views\nurlpatterns = [path('', views.index)]\n",
        "shop/views.py": "import requests\nfrom django.conf import settings\n"
        "def index(request):\n    requests.get(settings.TAX_URL, timeout=5)\n",
    }
    assert {finding.rule for finding in linked(files).findings} == rules
