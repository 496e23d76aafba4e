"""Contracts as Django serves them: given the shop's code and the stock's URLs, which route answers what is asked."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from extractor.estate.model import Estate, Repository, Service, System
from extractor.model.graph import Call, Finding, Graph
from extractor.options import ScanOptions
from extractor.pipeline.scan import scan_estate
from tests.finding_examples import tree

HOST = "stock.acmeshop.io"
URLS = """
from django.urls import include, path, re_path
from django.conf.urls.i18n import i18n_patterns
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.viewsets import ViewSet
def items(request): ...
def level(request, sku): ...
class Widgets(ViewSet):
    def list(self, request): ...
router = DefaultRouter()
router.register("widgets", Widgets, basename="widget")
plain = SimpleRouter()
plain.register("plans", Widgets, basename="plan")
urlpatterns = [
    path("api/v1/items/", items),
    path("api/v1/things", items),
    path("api/v1/levels/<int:sku>/", level),
    re_path(r"^api/v1/reports(?:/(?P<kind>json|csv))?/?$", items),
    path("api/", include(router.urls)),
    path("plain/", include(plain.urls)),
]
urlpatterns += i18n_patterns(path("contact/form/", items), prefix_default_language=False)
urlpatterns += i18n_patterns(path("about/us/", items))
"""


def scanned(code: str, settings: str) -> Graph:
    head = "import requests\nfrom urllib.parse import urljoin\nfrom django.conf import settings\n"
    urls = "from django.urls import path\nfrom shop.views import ask\nurlpatterns = [path('ask/', ask)]\n"
    files = {
        "shop": {
            "shop/__init__.py": "",
            "shop/settings.py": f"import os\nINSTALLED_APPS = ['shop']\nROOT_URLCONF = 'shop.urls'\n{settings}\n",
            "shop/urls.py": urls,
            "shop/views.py": f"{head}{textwrap.dedent(code)}",
        },
        "stock": {
            "stock/__init__.py": "",
            "stock/settings.py": "INSTALLED_APPS = ['stock']\nROOT_URLCONF = 'stock.urls'\n",
            "stock/urls.py": URLS,
        },
    }
    systems = tuple(
        System(
            name,
            name,
            kind="system",
            repository=Repository(""),
            hosts=(HOST,) if name == "stock" else (),
            services=(Service("web", name, settings_modules=(f"{name}.settings",), urlconf=f"{name}.urls"),),
        )
        for name in files
    )
    options = ScanOptions(stamp="", version="0", jobs=1, cache_dir=Path("/nonexistent"), offline=True)
    return scan_estate(Estate("Test", systems), {name: tree(name, held) for name, held in files.items()}, options)


def asked(url: str, settings: str = "", method: str = "get") -> tuple[Call, list[Finding], Graph]:
    """What the shop asks for, the findings on it, and the graph."""
    graph = scanned(f"def ask(request):\n    requests.{method}({url}, timeout=5)\n", settings)
    [call] = [call for call in graph.calls if call.repo == "shop"]
    return call, [f for f in graph.findings if f.repo == "shop"], graph


def answer(url: str, settings: str = "", method: str = "get") -> str | None:
    """The pattern of the route that answers."""
    call, _findings, graph = asked(url, settings, method)
    return next((route.pattern for route in graph.routes if route.id == call.route_id), None)


BASES = {
    "a base that ends with a slash": ("settings.STOCK + 'api/v1/items/'", f"https://{HOST}/"),
    "a base with a path": ("f'{settings.STOCK}/items/'", f"https://{HOST}/api/v1"),
    "a base with a path, joined": ("urljoin(settings.STOCK + '/', 'items/')", f"https://{HOST}/api/v1"),
    "a base alone": ("f'{settings.STOCK}/api/v1/items/'", f"https://{HOST}"),
    "a host": ("f'https://{settings.STOCK}/api/v1/items/'", HOST),
    "a host with a port": ("f'https://{settings.STOCK}/api/v1/items/'", f"{HOST}:8443"),
}


@pytest.mark.parametrize(("url", "held"), BASES.values(), ids=BASES)
def test_what_a_setting_holds_by_default_is_part_of_what_is_asked(url: str, held: str) -> None:
    assert answer(url, f"STOCK = os.environ.get('STOCK', '{held}')") == "/api/v1/items/"


def test_a_base_with_another_path_is_answered_by_nobody() -> None:
    call, findings, _graph = asked("f'{settings.STOCK}/items/'", f"STOCK = 'https://{HOST}/api/v2'")
    assert (call.route_id, call.asked, [f.rule for f in findings]) == (None, "/api/v2/items/", ["unserved-endpoint"])


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("api/v1/reports", True),
        ("api/v1/reports/", True),
        ("api/v1/reports/csv", True),
        ("api/v1/reports/csv/", True),
        ("api/v1/rapports/", False),
        ("api/widgets.json", True),
        ("api/widgets/", True),
        ("plain/plans.json", False),
        ("contact/form/", True),
        ("de/contact/form/", True),
        ("contact/formular/", False),
        ("de/about/us/", True),
        ("about/us/", False),  # every language has its prefix
        ("api/v1/things", True),
        ("api/v1/things/", False),  # a slash too much
        ("api/v1/levels/7/", True),
        ("api/v1/levels/7", True),  # a redirect answers
    ],
)
def test_which_paths_are_served(path: str, served: bool) -> None:
    call, findings, _graph = asked(f"'https://{HOST}/{path}'")
    assert (call.route_id is not None, [f.rule for f in findings if f.rule == "unserved-endpoint"]) == (
        served,
        [] if served else ["unserved-endpoint"],
    )


@pytest.mark.parametrize(
    ("method", "path", "rules"),
    [
        ("post", "api/v1/items", ["redirected-request"]),
        ("post", "api/v1/items/", []),
        ("get", "api/v1/items", []),
        ("post", "api/v1/things", []),
        ("post", "api/v1/reports", []),  # the slash is optional
    ],
)
def test_a_request_that_a_redirect_empties_is_told(method: str, path: str, rules: list[str]) -> None:
    _call, findings, _graph = asked(f"'https://{HOST}/{path}'", method=method)
    assert [finding.rule for finding in findings if "hardcoded" not in finding.rule] == rules
