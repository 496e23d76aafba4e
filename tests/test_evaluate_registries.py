"""Registries and wrappers: tables that decorators, subclasses, metaclasses and calls fill, and decorators that change
what a function is given."""

from __future__ import annotations

import pytest

from extractor.estate.model import Service
from tests.linked import linked, sent
from tests.test_replay_contexts import SETTINGS, views

SENDERS = """
import requests
class Swift:
    def send(self):
        requests.post("https://swift.example/", timeout=5)
class Card:
    def send(self):
        requests.post("https://card.example/", timeout=5)
"""
SWIFT, CARD = "POST https://swift.example/", "POST https://card.example/"


def found(code: str, *names: str, settings: str = "", **more: str) -> dict[str, set[str]]:
    """What the views of a shop send, and from where; `code` is that of the views."""
    files = SETTINGS | {"shop/views.py": code, "shop/urls.py": views(*names), "shop/senders.py": SENDERS}
    files["shop/settings.py"] += settings
    return sent(linked(files | {f"shop/{name}.py": text for name, text in more.items()}))


LOOK_UP = """
from shop.table import KNOWN
def pay(request):
    KNOWN["card"]().send()
def any_of(request, kind):
    KNOWN[kind]().send()
"""

FILLED = {
    "by statements": "KNOWN = {}\nKNOWN['swift'] = Swift\nKNOWN['card'] = Card\n",
    "by calls": "KNOWN = {}\ndef keep(name, cls):\n    KNOWN[name] = cls\nkeep('swift', Swift)\nkeep('card', Card)\n",
    "by update": "KNOWN = {}\nKNOWN.update({'swift': Swift, 'card': Card})\n",
    "by setdefault": "KNOWN = {'swift': Swift}\ndef keep(cls):\n    KNOWN.setdefault('card', cls)\nkeep(Card)\n",
    "by a decorator": """
KNOWN = {}
def keep(name):
    def inner(cls):
        KNOWN[name] = cls
        return cls
    return inner
@keep("swift")
class S(Swift): ...
@keep("card")
class C(Card): ...
""",
    "by a decorator that is called": """
KNOWN = {}
def keep(name):
    def inner(cls):
        KNOWN[name] = cls
        return cls
    return inner
keep("swift")(Swift)
keep("card")(Card)
""",
    "in a loop over a table": """
KNOWN = {}
def keep(name, cls):
    KNOWN[name] = cls
def fill():
    keep("swift", Swift)
    keep("card", Card)
fill()
""",
}


@pytest.mark.parametrize("filled", FILLED.values(), ids=FILLED)
def test_a_table_holds_what_is_put_into_it(filled: str) -> None:
    table = f"from shop.senders import Card, Swift\n{filled}"
    assert found(LOOK_UP, "pay", "any_of", table=table) == {CARD: {"/pay/", "/any_of/"}, SWIFT: {"/any_of/"}}


LISTS = {
    "a dictionary of lists": "KNOWN = defaultdict(list)\ndef on(event, cls):\n    KNOWN[event].append(cls)\n",
    "lists made where missing": "KNOWN = {}\ndef on(event, cls):\n    KNOWN.setdefault(event, []).append(cls)\n",
}


@pytest.mark.parametrize("filled", LISTS.values(), ids=LISTS)
def test_what_is_added_to_the_list_under_a_key_stands_there(filled: str) -> None:
    table = (
        "from collections import defaultdict\nfrom shop.senders import Card, Swift\n"
        f"{filled}on('paid', Card)\non('paid', Swift)\non('lost', Swift)\n"
    )
    view = (
        "from shop.table import KNOWN\ndef both(request):\n    for kind in KNOWN['paid']:\n        kind().send()\n"
        "def one(request):\n    for kind in KNOWN['lost']:\n        kind().send()\n"
    )
    assert found(view, "both", "one", table=table) == {CARD: {"/both/"}, SWIFT: {"/both/", "/one/"}}


CLASSES = {
    "by __init_subclass__": """
class Base:
    KNOWN = {}
    def __init_subclass__(cls, name=None, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.KNOWN[name] = cls
class S(Base, Swift, name="swift"): ...
class C(Base, Card, name="card"): ...
""",
    "by __init_subclass__ and an attribute": """
class Base:
    KNOWN = {}
    def __init_subclass__(cls, **kwargs):
        Base.KNOWN[cls.name] = cls
class S(Base, Swift):
    name = "swift"
class C(Base, Card):
    name = "card"
""",
    "by a metaclass": """
class Meta(type):
    def __init__(cls, name, bases, attrs):
        super().__init__(name, bases, attrs)
        Base.KNOWN[name.lower()] = cls
class Base:
    KNOWN = {}
class Swift_(Base, Swift, metaclass=Meta): ...
class Card(Base, Card, metaclass=Meta): ...
""",
    "by a static method as a decorator": """
class Base:
    KNOWN = {}
    @staticmethod
    def named(name):
        def keep(cls):
            Base.KNOWN[name] = cls
            return cls
        return keep
@Base.named("swift")
class S(Swift): ...
@Base.named("card")
class C(Card): ...
""",
}


@pytest.mark.parametrize("filled", CLASSES.values(), ids=CLASSES)
def test_a_table_of_a_class_holds_what_is_put_into_it(filled: str) -> None:
    table = f"from shop.senders import Card, Swift\n{filled}"
    view = "from shop.table import Base\ndef pay(request):\n    Base.KNOWN['card']().send()\n"
    assert found(view, "pay", table=table)[CARD] == {"/pay/"}


def test_what_is_put_into_another_table_is_not_in_this_one() -> None:
    table = (
        "from shop.senders import Card, Swift\nclass A:\n    KNOWN = {'card': Card}\nclass B:\n    KNOWN = {}\n"
        "def keep(cls):\n    B.KNOWN['card'] = cls\nkeep(Swift)\n"
    )
    view = "from shop.table import A\ndef pay(request):\n    A.KNOWN['card']().send()\n"
    assert found(view, "pay", table=table) == {CARD: {"/pay/"}, SWIFT: {""}}


def test_what_a_function_keeps_to_give_it_back_is_no_registry() -> None:
    view = (
        "from shop.senders import Card\nKEPT = {}\ndef made(kind):\n    KEPT[kind] = Card()\n    return KEPT[kind]\n"
        "def pay(request):\n    made('x').send()\n"
    )
    assert found(view, "pay")[CARD] == {"/pay/"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("GATEWAY = 'card'\n", {CARD}),
        ("import os\nGATEWAY = os.environ.get('GATEWAY', 'card')\n", {CARD, SWIFT}),  # a deployment may choose another
    ],
)
def test_a_setting_that_nothing_outside_decides_picks_the_entry(settings: str, expected: set[str]) -> None:
    view = (
        "from django.conf import settings\nfrom shop.senders import Card, Swift\n"
        "KNOWN = {'card': Card, 'swift': Swift}\n"
        "def pay(request):\n    KNOWN[settings.GATEWAY]().send()\n"
    )
    assert {name for name, by in found(view, "pay", settings=settings).items() if by == {"/pay/"}} == expected


WRAPPED = """
from functools import wraps
from shop.senders import Card, Swift
KNOWN = {"card": Card, "swift": Swift}
def by_name(func):
    @wraps(func)
    def inner(name, *args, **kwargs):
        return func(KNOWN[name](), *args, **kwargs)
    return inner
@by_name
def start(sender):
    sender.send()
@by_name
def given(sender):
    return sender
def pay(request):
    start("card")
def take(request):
    given("swift").send()
"""


def test_a_decorator_that_makes_an_object_of_a_name_hands_that_on() -> None:
    assert found(WRAPPED, "pay", "take") == {CARD: {"/pay/"}, SWIFT: {"/take/"}}


def test_a_decorator_that_hands_on_what_it_is_given_changes_nothing() -> None:
    view = """
        from functools import wraps
        from shop.senders import Card
        def logged(func):
            @wraps(func)
            def inner(*args, **kwargs):
                return func(*args, **kwargs)
            return inner
        @logged
        def start(sender, other=None):
            sender.send()
        def pay(request):
            start(Card())
    """
    assert found(view, "pay")[CARD] == {"/pay/"}


def test_settings_that_nothing_names_are_those_that_set_what_only_settings_do() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/settings/__init__.py": "",
        "shop/settings/common.py": "INSTALLED_APPS = ['shop']\nROOT_URLCONF = 'shop.urls'\nSTOCK_URL = 'https://old.acmestock.io/'\n",
        "shop/settings/dev.py": "from shop.settings.common import *\nSTOCK_URL = 'https://dev.acmestock.io/'\n",
        "shop/settings/production.py": "from shop.settings.common import *\nSTOCK_URL = 'https://api.acmestock.io/'\n",
        "shop/urls.py": views("pay"),
        "shop/views.py": (
            "import requests\nfrom django.conf import settings\n"
            "def pay(request):\n    requests.get(settings.STOCK_URL, timeout=5)\n"
        ),
    }
    [call] = linked(files, Service("web", "Web", urlconf="shop.urls")).calls
    assert call.system == "api.acmestock.io"
