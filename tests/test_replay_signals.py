"""Signals in replay: who sends which runs its receivers; what nobody sends enters nothing."""

from __future__ import annotations

import textwrap

import pytest

from extractor.estate.model import Service
from tests.linked import entered, linked

HANDLERS = """
import requests
from django.dispatch import receiver
from shop import signals
@receiver(signals.paid)
def on_paid(sender, **kwargs):
    requests.post("https://books.example/paid/", timeout=5)
@receiver([signals.lost, signals.found])
def on_lost(sender, **kwargs):
    requests.post("https://books.example/lost/", timeout=5)
"""
SIGNALS = """
from django.dispatch import Signal
paid = Signal()
lost = Signal()
found = Signal()
BY_NAME = {"paid": paid, "lost": lost}
class Loud(Signal):
    def send(self, *args, **kwargs):
        return super().send(*args, **kwargs)
shouted = Loud()
class Hub:
    paid = Signal()
    def tell(self, name):
        BY_NAME[name].send(sender=self)
def tell(signal):
    signal.send(sender=None)
"""
APPS = """
from django.apps import AppConfig
class ShopConfig(AppConfig):
    name = "shop"
    def ready(self):
        from shop import handlers
"""


def told(view: str, handlers: str = HANDLERS) -> dict[str, set[str]]:
    """What a shop whose one view has this body sends, by path, and the entry points that reach it."""
    files = {
        "shop/__init__.py": "",
        "shop/settings.py": 'INSTALLED_APPS = ["shop"]\nROOT_URLCONF = "shop.urls"\n',
        "shop/apps.py": APPS,
        "shop/signals.py": SIGNALS,
        "shop/handlers.py": handlers,
        "shop/urls.py": "from django.urls import path\nfrom shop import views\nurlpatterns = [path('do/', views.do)]\n",
        "shop/views.py": f"from shop import signals\ndef do(request):\n{textwrap.indent(view, '    ')}\n",
    }
    rows = linked(files).calls
    return {call.url.removeprefix("https://books.example"): entered(call) for call in rows}


@pytest.mark.parametrize(
    ("view", "reached"),
    [
        ("signals.paid.send(sender=None)", "/paid/"),
        ("signals.found.send_robust(sender=None)", "/lost/"),
        ("signals.Hub().tell('lost')", "/lost/"),
        ("signals.tell(signals.paid)", "/paid/"),
        ("name = 'paid'\nsignals.BY_NAME.get(name).send(sender=None)", "/paid/"),
    ],
)
def test_what_is_sent_is_received_in_the_same_request_and_nothing_else(view: str, reached: str) -> None:
    rows = told(view)
    assert {url for url, names in rows.items() if "/do/" in names} == {reached}


def test_a_signal_of_our_own_that_nobody_sends_enters_nothing() -> None:
    assert told("signals.Hub().tell('paid')")["/lost/"] == {""}


def test_a_signal_of_the_same_name_is_another() -> None:
    other = HANDLERS.replace("signals.paid", "signals.Hub.paid")
    assert told("signals.paid.send(sender=None)", other)["/paid/"] == {""}


@pytest.mark.parametrize(
    "view",
    [
        "request.bus.send(sender=None)",  # it may be any signal
        "signals.tell(request.signal)",
        "signals.Hub().tell(request.name)",
        "pass",  # who calls `tell` was not found
    ],
)
def test_a_signal_that_may_be_sent_enters_its_receivers(view: str) -> None:
    assert any("on_lost" in name for name in told(view)["/lost/"])


def test_a_signal_of_django_is_sent_by_django() -> None:
    handlers = HANDLERS.replace("signals.paid", "post_save").replace(
        "import requests", "import requests\nfrom django.db.models.signals import post_save"
    )
    assert told("pass", handlers)["/paid/"] == {"post_save: on_paid"}


def test_a_receiver_may_send_the_next_signal() -> None:
    handlers = HANDLERS.replace(
        'requests.post("https://books.example/paid/", timeout=5)', "signals.lost.send(sender=None)"
    )
    assert "/do/" in told("signals.paid.send(sender=None)", handlers)["/lost/"]


TELL = "def tell(signal):\n    signal.send(sender=None)\n"
BOTH = 'INSTALLED_APPS = ["shop"]\n'
URLS = "from django.urls import path\nfrom shop import {views}\nurlpatterns = [path('do/', {views}.do)]\n"


@pytest.mark.parametrize(
    ("back", "services"),
    [
        ("return 1", {"front"}),  # loads the receiver, and sends nothing
        ("signals.paid.send(sender=None)", {"front", "back"}),
        ("signals.tell(signals.paid)", {"front", "back"}),
        ("request.hub.send('lost')", {"front"}),  # whatever that is
    ],
)
def test_a_receiver_is_entered_in_the_services_that_send_the_signal(back: str, services: set[str]) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/front.py": BOTH + 'ROOT_URLCONF = "shop.front_urls"\n',
        "shop/back.py": BOTH + 'ROOT_URLCONF = "shop.back_urls"\n',
        "shop/apps.py": APPS,
        "shop/signals.py": "from django.dispatch import Signal\npaid = Signal()\nlost = Signal()\nfound = Signal()\n"
        + TELL,
        "shop/handlers.py": HANDLERS,
        "shop/front_urls.py": URLS.format(views="front_views"),
        "shop/front_views.py": "from shop import signals\ndef do(request):\n    signals.paid.send(sender=None)\n",
        "shop/back_urls.py": URLS.format(views="back_views"),
        "shop/back_views.py": f"from shop import signals\ndef do(request):\n    {back}\n",
    }
    two = [Service(n, n, settings_modules=(f"shop.{n}",), urlconf=f"shop.{n}_urls") for n in ("front", "back")]
    (call,) = (call for call in linked(files, *two).calls if call.url.endswith("/paid/"))
    assert {service for context in call.contexts for service in context.services} == services
