"""Loading: which service's processes load which module, and what that makes of entry points."""

from __future__ import annotations

import pytest

from extractor.libraries.entry_points import EntryPointSpec, of_ini, of_pyproject
from extractor.link import callgraph, entrypoints
from extractor.link.loading import Loading
from extractor.link.signals import signals_of
from tests.worlds import evaluator, loading

# Two services, `till` and `depot`, out of one repository; `parcels` is in the apps of both, `labels` of the depot only.
BASE = {
    "till/__init__.py": "",
    "till/settings.py": 'INSTALLED_APPS = ["parcels", "till.apps.TillConfig"]\nROOT_URLCONF = "till.urls"\n',
    "till/apps.py": "class TillConfig: ...\n",
    "till/urls.py": "from django.urls import include, path\nurlpatterns = [path('x/', include('shelves.urls'))]\n",
    "depot/__init__.py": "",
    "depot/settings.py": 'INSTALLED_APPS = ["parcels"]\nINSTALLED_APPS += ["labels.apps.LabelsConfig"]\n',
    "parcels/__init__.py": "",
    "parcels/tasks.py": "from weights import scale\ndef pack():\n    from glue import tape\n",
    "labels/__init__.py": "",
    "labels/apps.py": "class LabelsConfig:\n    def ready(self):\n        from labels import receivers\n",
    "labels/receivers.py": "",
    "labels/management/__init__.py": "",
    "labels/management/commands/__init__.py": "",
    "labels/management/commands/print_labels.py": "",
    "shelves/__init__.py": "",
    "shelves/urls.py": "from shelves import views\n",
    "shelves/views.py": "",
    "weights.py": "scale = 1\n",
    "glue.py": "tape = 1\n",
}


def two(**more: str) -> Loading:
    files = BASE | {name.replace("__", "/") + ".py": text for name, text in more.items()}
    return loading(evaluator(files), till="till.settings", depot="depot.settings")


def who(of: Loading, path: str) -> set[str]:
    [module] = [m for m in of._ev.index.modules if m.path == path]
    return set(of.services(module))


@pytest.mark.parametrize(
    ("path", "services"),
    [
        ("till/settings.py", {"till"}),
        ("parcels/tasks.py", {"till", "depot"}),  # looked for in each installed app
        ("weights.py", {"till", "depot"}),  # what a loaded module imports
        ("labels/receivers.py", {"depot"}),  # imported by `ready`
        ("labels/management/commands/print_labels.py", {"depot"}),
        ("shelves/views.py", {"till"}),  # through a URLconf that another includes as text
    ],
)
def test_a_service_loads_what_its_settings_install_and_what_that_imports(path: str, services: set[str]) -> None:
    assert who(two(), path) == services


@pytest.mark.parametrize(
    "celery",
    ["Celery('till', include=['extras.tasks'])", "Celery('till').autodiscover_tasks(['other', 'extras'])"],
)
def test_a_celery_application_loads_the_modules_of_tasks_that_it_names(celery: str) -> None:
    app = f"from celery import Celery\napp = {celery}\n"
    of = two(till__urls="from till import celery\n", till__celery=app, extras__tasks="")
    assert who(of, "extras/tasks.py") == {"till"}


def test_what_only_a_function_imports_is_loaded_by_nobody_in_particular() -> None:
    of = two()
    assert who(of, "glue.py") == {"till", "depot"}  # any may
    [glue] = [m for m in of._ev.index.modules if m.path == "glue.py"]
    assert of.starting(glue) == frozenset()


@pytest.mark.parametrize(
    "adds",
    [
        'INSTALLED_APPS.append("extras")',
        'INSTALLED_APPS.extend(["other", "extras"])',
        'for app, _before in [("nowhere", None), ("extras", "parcels")]:\n    INSTALLED_APPS.insert(0, app)',
        "for app in OPTIONAL:\n    try:\n        INSTALLED_APPS.append(app)\n    except ValueError: ...",
        'INSTALLED_APPS = [*INSTALLED_APPS, "extras.apps.ExtrasConfig"]',
    ],
)
def test_apps_are_installed_in_many_ways(adds: str) -> None:
    settings = f'OPTIONAL = ["a", "extras", "c"]\nINSTALLED_APPS = ["parcels"]\n{adds}\n'
    of = two(till__settings=settings, extras____init__="", extras__tasks="")
    assert who(of, "extras/tasks.py") == {"till"}


def test_an_app_is_called_what_its_configuration_says() -> None:
    config = "from django.apps import AppConfig\nclass ExtrasConfig(AppConfig):\n    name = 'inner.extras'\n"
    settings = "INSTALLED_APPS = ['configs.ExtrasConfig']\n"
    of = two(
        till__settings=settings, configs=config, inner____init__="", inner__extras____init__="", inner__extras__tasks=""
    )
    assert who(of, "inner/extras/tasks.py") == {"till"}


SETUP = """
from setuptools import setup
setup(name="shop", entry_points={"till.apps": ["extras = extras.apps:ExtrasConfig"], "depot.apps": ["x = y:Z"]})
"""


@pytest.mark.parametrize(
    ("imports", "adds"),
    [
        (
            "from edx_django_utils.plugins import get_plugin_apps",
            "INSTALLED_APPS.extend(get_plugin_apps('till.apps'))",
        ),
        (
            "from importlib.metadata import entry_points",
            "for one in entry_points(group='till.apps'):\n    INSTALLED_APPS.append(one.value)",
        ),
    ],
)
def test_apps_that_entry_points_name_are_installed(imports: str, adds: str) -> None:
    settings = f"{imports}\nINSTALLED_APPS = []\n{adds}\n"
    of = two(till__settings=settings, setup=SETUP, extras____init__="", extras__apps="", extras__tasks="")
    assert who(of, "extras/tasks.py") == {"till"}


def test_entry_points_are_read_from_every_kind_of_metadata() -> None:
    spec = EntryPointSpec("shop.apps", "labels", "labels.apps.LabelsConfig")
    assert list(of_ini(b"[shop.apps]\nlabels = labels.apps:LabelsConfig [extra]\n")) == [spec]
    assert list(
        of_ini(b"[options.entry_points]\nshop.apps =\n    labels = labels.apps:LabelsConfig\n", "options.entry_points")
    ) == [spec]
    pyproject = b'[project]\nname = "x"\n[project.entry-points."shop.apps"]\nlabels = "labels.apps:LabelsConfig"\n'
    assert list(of_pyproject(pyproject, "pyproject.toml")) == [
        EntryPointSpec("shop.apps", "labels", "labels.apps.LabelsConfig", "pyproject.toml", 4)
    ]
    poetry = b'[tool.poetry.plugins."shop.apps"]\nlabels = "labels.apps:LabelsConfig"\n'
    assert [s.target for s in of_pyproject(poetry)] == [spec.target]


@pytest.mark.parametrize("data", [b"\xff", b"[", b"[x]\n  y", b"= =\n[a]\n="])
def test_metadata_that_cannot_be_read_names_nothing(data: bytes) -> None:
    assert list(of_ini(data)) == []
    assert list(of_pyproject(data)) == []
    assert list(of_pyproject(b"[project]\nscripts = 3\n")) == []


SIGNAL = "from django.dispatch import Signal\nsold = Signal()\n"
RECEIVER = """
from django.dispatch import receiver
from parcels.signals import sold
from work import work
@receiver(sold)
def index(**kw):
    work()
"""


def test_a_receiver_runs_in_the_services_that_load_it() -> None:
    files = BASE | {
        "parcels/signals.py": SIGNAL,
        "labels/receivers.py": RECEIVER,
        "work.py": "def work(): ...\n",
        "sales.py": "from parcels.signals import sold\ndef sell(request):\n    sold.send(sender=None)\n",
    }
    ev = evaluator(files)
    [sell], [work] = ([v.target for v in ev.by_dotted(name)] for name in ("sales.sell", "work.work"))  # type: ignore[union-attr]
    of = loading(ev, till="till.settings", depot="depot.settings")
    views = [(sell, "/till/sell/", "till"), (sell, "/depot/sell/", "depot")]
    graph = callgraph.build(ev)
    reach = entrypoints.reach(ev, graph, of, {}, views, (), (), signals_of(ev, graph))
    assert {(c.name, c.services) for c in reach.contexts(work)} == {
        ("/depot/sell/", ("depot",)),
        ("sold: index", ("depot",)),
    }


def test_a_file_run_by_hand_is_in_no_service() -> None:
    files = BASE | {
        "scripts/count.py": "from weights import weigh\nif __name__ == '__main__':\n    weigh()\n",
        "weights.py": "scale = 1\ndef weigh(): ...\n",
    }
    ev = evaluator(files)
    [weigh] = [v.target for v in ev.by_dotted("weights.weigh")]  # type: ignore[union-attr]
    of = loading(ev, till="till.settings", depot="depot.settings")
    graph = callgraph.build(ev)
    reach = entrypoints.reach(ev, graph, of, {}, (), (), (), signals_of(ev, graph))
    assert [(c.kind, c.name, c.services) for c in reach.contexts(weigh)] == [("command", "scripts/count.py", ())]
