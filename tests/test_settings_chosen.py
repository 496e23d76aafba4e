"""Given several settings modules or classes, which of them are the settings, and which lie on top."""

from __future__ import annotations

import pytest

from extractor.deployment.read import read_runtime
from extractor.evaluate.evaluator import Evaluator
from extractor.link.settings import SettingsTable, settings_modules
from extractor.link.settings.class_settings import chosen_classes, with_class_settings
from extractor.program.index import ModuleIndex
from tests.worlds import REPO, evaluator, world

ENVIRONMENTS = {
    "shop/settings/base.py": "HOST = 'base'\nROOT_URLCONF = 'shop.urls'\n",
    "shop/settings/dev.py": "from .base import *\nHOST = 'dev'\n",
    "shop/settings/prod.py": "from .base import *\nHOST = 'prod'\n",
    "shop/settings/test.py": "from .base import *\nHOST = 'test'\n",
}


def host(start: str, **more: str) -> str | None:
    """What HOST is when `shop/settings/__init__.py` is this source."""
    files = {**ENVIRONMENTS, "shop/settings/__init__.py": start, **more}
    return SettingsTable.build(evaluator(files), REPO, ("shop.settings",), "web").default("HOST")


LOADS = {
    "by a test": "import os\nif os.getenv('E') == 'prod':\n    from .prod import *\nelse:\n    from .dev import *\n",
    "by a test, the other way": "import os\nif os.getenv('E') == 'dev':\n    from .dev import *\nelse:\n"
    "    from .prod import *\n",
    "split settings": "from os import environ\nfrom split_settings.tools import include, optional\n"
    "ENV = environ.get('E') or 'dev'\ninclude('base.py', f'{ENV}.py', optional('local.py'))\n",
    "split settings in a variable": "import os\nfrom split_settings.tools import include\n"
    "parts = ['base.py', '{0}.py'.format(os.environ.get('E', 'dev'))]\ninclude(*parts)\n",
    "split settings by a sign": "import os\nfrom split_settings.tools import include\n"
    "include('base.py', '%s.py' % os.environ['E'])\n",
    "an import by name": "import os\nfrom importlib import import_module\n"
    "own = import_module(f'shop.settings.{os.getenv(\"E\")}')\nglobals().update(vars(own))\n",
    "a relative import by name": "import os\nfrom importlib import import_module\n"
    "for k, v in import_module('.' + os.environ['E'], __package__).__dict__.items():\n    globals()[k] = v\n",
}


@pytest.mark.parametrize("start", LOADS.values(), ids=LOADS.keys())
def test_of_several_environments_production_lies_on_top(start: str) -> None:
    assert host(start) == "prod"


KEPT = {
    "the last of what is written": ("from split_settings.tools import include\ninclude('prod.py', 'dev.py')\n", "dev"),
    "a star that nothing chooses": ("from .base import *\nfrom .dev import *\n", "dev"),
    "its own assignment": ("from .prod import *\nHOST = 'own'\n", "own"),
    "an import that fills nothing": (
        (
            "import os\nfrom importlib import import_module\nfrom .base import *\n"
            "own = import_module(f'shop.settings.{os.getenv(\"E\")}')\n"
        ),
        "base",
    ),
    "a name that is open at its start": (
        (
            "import os\nfrom importlib import import_module\nfrom .base import *\n"
            "globals().update(vars(import_module(os.getenv('E') + '.prod')))\n"
        ),
        "base",
    ),
}


@pytest.mark.parametrize(("start", "expected"), KEPT.values(), ids=KEPT.keys())
def test_what_is_written_out_stays_as_written(start: str, expected: str) -> None:
    assert host(start) == expected


def test_a_name_made_of_the_environment_means_the_settings_for_production() -> None:
    starts = {
        "manage.py": "import os\nenv = os.environ.get('E', 'dev')\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', f'shop.settings.{env}')\n",
        "shop/settings/__init__.py": "",
    }
    named = settings_modules(evaluator({**ENVIRONMENTS, **starts}).index)
    assert (named[0], named[-1]) == ("shop.settings.prod", "shop.settings.test")


CLASSES = """
from configurations import Configuration
class Base(Configuration):
    HOST = 'base'
class Dev(Base):
    HOST = 'dev'
class Live(Base):
    HOST = 'live'
class Prod(Base):
    HOST = 'prod'
"""


def configured(deployed: tuple[str, ...] = (), **named: str) -> str | None:
    files = {"shop/__init__.py": "", "shop/settings.py": CLASSES}
    for path, name in named.items():
        files[f"shop/{path}.py"] = f"import os\nos.environ.setdefault('DJANGO_CONFIGURATION', '{name}')\n"
    modules = with_class_settings(REPO, world(files).modules, deployed)
    ev = Evaluator(ModuleIndex(REPO, modules))
    return SettingsTable.build(ev, REPO, ("shop.settings",), "web").default("HOST")


def test_the_configuration_of_the_server_counts_before_that_of_a_developer() -> None:
    assert configured(manage="Dev", wsgi="Prod") == "prod"
    assert configured(manage="Dev", run="Prod") == "prod"
    assert configured(manage="Dev") == "dev"


def test_the_configuration_that_is_deployed_counts_before_all() -> None:
    files = {
        "docker-compose.yml": b"services:\n  web:\n    image: shop\n    command: gunicorn shop.wsgi\n    environment:\n"
        b"      DJANGO_CONFIGURATION: Live\n",
    }
    assert chosen_classes(read_runtime(files)) == ["Live"]
    assert configured(("Live",), manage="Dev", wsgi="Prod") == "live"
