"""Objects travel: what is known of an object where it is made is known where a method of it is called."""

from __future__ import annotations

import textwrap

import pytest

from tests.linked import linked, sent
from tests.test_evaluate_registries import SENDERS
from tests.test_replay_contexts import SETTINGS, views

SWIFT, CARD = "POST https://swift.example/", "POST https://card.example/"
ITEMS = "GET https://stock.acmestock.io/items"
HEAD = "import requests\nfrom django.conf import settings\nfrom shop.senders import Card, Swift\n"


def asked(code: str, settings: str = "", **more: str) -> set[str]:
    """What `look` sends, the one view of a shop whose module of views is this code."""
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/senders.py": SENDERS}
    files |= {f"shop/{name}.py": text for name, text in more.items()}
    files["shop/views.py"] = HEAD + textwrap.dedent(code)
    files["shop/settings.py"] += settings
    return {request for request, by in sent(linked(files)).items() if "/look/" in by}


TRANSPORT = """
class Transport:
    def __init__(self, base):
        self.base = base
    def get(self, path):
        return requests.get(self.base + path, timeout=5)
"""

KEPT = {
    "given to a constructor": TRANSPORT
    + """
class Stock:
    def __init__(self, transport):
        self.transport = transport
    def items(self):
        return self.transport.get("/items")
def look(request):
    Stock(Transport("https://stock.acmestock.io")).items()
""",
    "a session given by keyword": """
class Stock:
    def __init__(self, *, session, base):
        self._session, self._base = session, base
    def items(self):
        return self._session.get(f"{self._base}/items", timeout=5)
def look(request):
    with requests.Session() as session:
        Stock(session=session, base="https://stock.acmestock.io").items()
""",
    "made by a field of a dataclass": """
from dataclasses import dataclass, field
@dataclass
class Stock:
    base: str
    session: requests.Session = field(default_factory=requests.Session)
    def items(self):
        return self.session.get(f"{self.base}/items", timeout=5)
def look(request):
    Stock("https://stock.acmestock.io").items()
""",
    "a field of attrs": """
import attr
@attr.s
class Stock:
    base = attr.ib()
    path = attr.ib(default="/items")
    def items(self):
        return requests.get(self.base + self.path, timeout=5)
def look(request):
    Stock("https://stock.acmestock.io").items()
""",
    "one for the whole class": """
class Stock:
    _only = None
    @classmethod
    def only(cls):
        if cls._only is None:
            cls._only = cls()
        return cls._only
    def items(self):
        return requests.get("https://stock.acmestock.io/items", timeout=5)
def look(request):
    Stock.only().items()
""",
    "a client kept on a class": """
class Stock:
    client = None
    @classmethod
    def connected(cls):
        if not cls.client:
            cls.client = requests.Session()
        return cls.client
def look(request):
    Stock.connected().get("https://stock.acmestock.io/items", timeout=5)
""",
    "an attribute made of itself": """
class Stock:
    def __init__(self, base):
        self.url = base.rstrip("/")
        self.url += "/items"
    def items(self):
        return requests.get(self.url, timeout=5)
def look(request):
    Stock("https://stock.acmestock.io/").items()
""",
    "a cached property": """
from functools import cached_property
class Stock:
    @cached_property
    def session(self):
        session = requests.Session()
        session.headers["Accept"] = "text/csv"
        return session
    def items(self):
        return self.session.get("https://stock.acmestock.io/items", timeout=5)
def look(request):
    Stock().items()
""",
    "a closure of a closure": """
def client(base):
    def method(verb):
        def call(path):
            return requests.request(verb, base + path, timeout=5)
        return call
    return method
def look(request):
    client("https://stock.acmestock.io")("GET")("/items")
""",
}


@pytest.mark.parametrize("code", KEPT.values(), ids=KEPT)
def test_an_object_is_known_where_it_is_asked(code: str) -> None:
    assert ITEMS in asked(code)


def test_a_dictionary_that_a_constructor_keeps_is_no_object_of_ones_own() -> None:
    code = TRANSPORT + (
        "class Options:\n    def __init__(self, given):\n        self.given = given\n    def name(self):\n"
        "        return self.given.get('name')\ndef look(request):\n    Options({'name': 'x'}).name()\n"
    )
    assert asked(code) == set()


CHOSEN = {
    "by a member of an enumeration": """
import enum
class Kind(enum.Enum):
    CARD = "card"
    SWIFT = "swift"
MADE_BY = {Kind.CARD: Card, Kind.SWIFT: Swift}
def look(request):
    MADE_BY[Kind.CARD]().send()
""",
    "by the value of a member": """
import enum
class Kind(enum.Enum):
    CARD = "card"
    SWIFT = "swift"
MADE_BY = {Kind.CARD: Card, Kind.SWIFT: Swift}
def look(request):
    MADE_BY[Kind("card")]().send()
""",
    "by the name of a member": """
import enum
class Kind(enum.Enum):
    CARD = "card"
    SWIFT = "swift"
MADE_BY = {Kind.CARD: Card, Kind.SWIFT: Swift}
def look(request):
    MADE_BY[Kind["CARD"]]().send()
""",
    "as the value of a member": """
import enum
class Kind(enum.Enum):
    CARD = Card
    SWIFT = Swift
def look(request):
    Kind.CARD.value().send()
""",
    "from a comprehension": """
class A(Card):
    code = "card"
class B(Swift):
    code = "swift"
KNOWN = {kind.code: kind for kind in (A, B)}
def look(request):
    KNOWN["card"]().send()
""",
    "from the names of a module": """
from shop import senders
def look(request):
    getattr(senders, "Card")().send()
""",
    "by a dotted name taken apart": """
import importlib
def load(dotted):
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)
def look(request):
    load("shop.senders.Card")().send()
""",
    "by __new__": """
class Any:
    def __new__(cls, kind):
        return {"card": Card, "swift": Swift}[kind]()
def look(request):
    Any("card").send()
""",
    "by the class of an object": """
class Paid: ...
class Lost: ...
SENT_BY = {Paid: Card, Lost: Swift}
def tell(event):
    SENT_BY[type(event)]().send()
def look(request):
    tell(Paid())
""",
    "by an attribute of the class": """
class Sender:
    def send(self):
        self.__class__.kind().send()
class A(Sender):
    kind = Card
class B(Sender):
    kind = Swift
def look(request):
    A().send()
""",
    "by match": """
def made(kind):
    match kind:
        case "card":
            return Card()
        case "swift":
            return Swift()
def look(request):
    made("card").send()
""",
}


@pytest.mark.parametrize("code", CHOSEN.values(), ids=CHOSEN)
def test_a_factory_gives_what_its_key_says(code: str) -> None:
    assert asked(code) == {CARD}


REGISTRY = """
class Registry:
    def __init__(self):
        self._known = {}
    def register(self, name):
        def keep(thing):
            self._known[name] = thing
            return thing
        return keep
    def add(self, name, thing):
        self._known[name] = thing
    def find(self, name):
        return self._known[name]
senders = Registry()
others = Registry()
"""


@pytest.mark.parametrize(
    "filled",
    [
        "@senders.register('a')\nclass A(Card): ...\n@others.register('a')\nclass B(Swift): ...\n",
        "senders.add('a', Card)\nothers.add('a', Swift)\n",
    ],
)
def test_what_is_put_into_an_object_of_a_module_is_found_there_and_not_in_another(filled: str) -> None:
    fills = f"from shop.registry import others, senders\nfrom shop.senders import Card, Swift\n{filled}"
    code = "import shop.fills\nfrom shop.registry import senders\ndef look(request):\n    senders.find('a')().send()\n"
    assert asked(code, registry=REGISTRY, fills=fills) == {CARD}


def test_subclasses_that_a_class_tells_of_are_asked_in_turn() -> None:
    code = """
        class Base: ...
        class A(Base, Card): ...
        class B(Base, Swift): ...
        def look(request):
            for kind in Base.__subclasses__():
                kind().send()
    """
    assert asked(code) == {CARD, SWIFT}


HANDLERS = """
class Hooks:
    def on_paid(self):
        Card().send()
    def on_lost(self):
        Swift().send()
    def paid(self):
        requests.get("https://other.example/", timeout=5)
    def run(self, event):
        getattr(self, "on_" + event)()
"""


@pytest.mark.parametrize(("event", "expected"), [("'paid'", {CARD}), ("request.POST['event']", {CARD, SWIFT})])
def test_a_method_by_a_name_put_together_is_one_of_those_that_fit(event: str, expected: set[str]) -> None:
    assert asked(f"{HANDLERS}\ndef look(request):\n    Hooks().run({event})\n") == expected


SETTING = "SENDERS = {'card': {'CLASS': 'shop.senders.Card'}, 'swift': {'CLASS': 'shop.senders.Swift'}}\n"


def test_a_class_that_stands_under_a_key_of_a_setting_is_made_by_it() -> None:
    code = """
        from django.utils.module_loading import import_string
        def look(request):
            import_string(settings.SENDERS["card"]["CLASS"])().send()
    """
    assert asked(code, SETTING) == {CARD}


BASES = "BASES = {'a': 'https://a.acmestock.io', 'b': 'https://b.acmestock.io'}\nLIST = ['https://c.acmestock.io']\n"


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        (
            "for name, base in settings.BASES.items():\n        requests.get(f'{base}/{name}', timeout=5)",
            {("{setting:BASES.a}/a", "a.acmestock.io"), ("{setting:BASES.b}/b", "b.acmestock.io")},
        ),
        (
            "for base in settings.LIST:\n        requests.get(base + '/', timeout=5)",
            {("{setting:LIST.0}/", "c.acmestock.io")},
        ),
        (
            "requests.get(settings.BASES[request.GET['which']], timeout=5)",
            {("{setting:BASES.*}", None)},  # which of them, nobody knows
        ),
    ],
)
def test_a_setting_that_holds_many_addresses_is_asked_for_each(loop: str, expected: set[tuple[str, str]]) -> None:
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/senders.py": SENDERS}
    files["shop/views.py"] = f"{HEAD}def look(request):\n    {loop}\n"
    files["shop/settings.py"] += BASES
    calls = linked(files).calls
    assert {(call.url, call.system) for call in calls if "/look/" in {c.name for c in call.contexts}} == expected


def test_each_call_on_an_object_that_a_function_is_given_is_told() -> None:
    code = """
        import boto3
        def tell(mail):
            mail.send_email(Source="a", Message={})
            for body in ("2", "3"):
                mail.send_email(Source="a", Message={"Body": body})
        def look(request):
            tell(boto3.client("ses"))
    """
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": textwrap.dedent(code).lstrip()}
    assert [call.line for call in linked(files).calls] == [3, 5]
