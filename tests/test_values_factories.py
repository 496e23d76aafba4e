"""Objects made by what settings name, and what their constructors put into them."""

from __future__ import annotations

import pytest

from tests.linked import linked, sent

FACTORY = """
from importlib import import_module
from django.conf import settings
from shop.teller import Teller
def load(path):
    module_path, _, name = path.rpartition('.')
    return getattr(import_module(module_path), name)
def make(engine, options, teller=None):
    class_ = load(engine)
    given = {}
    given.update(options)
    if 'stores' in given:
        given['make'] = make
    return class_(teller=teller or Teller(), **given)
_STORE = None
def store():
    global _STORE
    if _STORE is None:
        _STORE = make(settings.STORES["default"]["ENGINE"], settings.STORES["default"].get("OPTIONS", {}))
    return _STORE
"""
STORES = """
import requests
class One:
    def __init__(self, host, teller=None, **more):
        self.host = host
        self.teller = teller
    def has(self, key):
        return True
    def save(self, key):
        requests.put(f"https://{self.host}/save", timeout=3)
        if self.teller:
            self.teller.tell()
class Mixed:
    def __init__(self, stores, make=None, teller=None, **more):
        self.stores = []
        for one in stores:
            self.stores.append(make(one["ENGINE"], one.get("OPTIONS", {}), teller=teller))
    def _of(self, key):
        for store in self.stores:
            if store.has(key):
                return store
        return self.stores[0]
    def save(self, key):
        store = self._of(key)
        return store.save(key)
"""
TELLER = """
import requests
class Teller:
    def tell(self):
        requests.post("https://teller.acmestock.io/told", timeout=3)
"""
ONE = '{"ENGINE": "shop.stores.One", "OPTIONS": {"host": "one.acmestock.io"}}'
MIXED = f'{{"ENGINE": "shop.stores.Mixed", "OPTIONS": {{"stores": [{ONE}]}}}}'
TOLD = "POST https://teller.acmestock.io/told"


def shop(stores: str, view: str, **more: str) -> dict[str, set[str]]:
    """What a shop sends whose stores are these, and whose two views are this code."""
    files = {
        "shop/__init__.py": "",
        "shop/settings.py": f'INSTALLED_APPS = ["shop"]\nROOT_URLCONF = "shop.urls"\nSTORES = {{"default": {stores}}}',
        "shop/factory.py": FACTORY,
        "shop/stores.py": STORES,
        "shop/teller.py": TELLER,
        "shop/urls.py": "from django.urls import path\nfrom shop import views\n"
        "urlpatterns = [path('a/', views.a), path('b/', views.b)]\n",
        "shop/views.py": view,
    }
    return sent(linked(files | {f"shop/{name}.py": text for name, text in more.items()}))


SAVES = "from shop.factory import store\ndef a(request):\n    store().save('x')\ndef b(request):\n    pass\n"


@pytest.mark.parametrize("stores", [ONE, MIXED], ids=["the class itself", "one that holds others of its kind"])
def test_an_object_of_the_class_that_a_setting_names_is_what_the_factory_makes(stores: str) -> None:
    found = shop(stores, SAVES)
    (saved,) = [entries for url, entries in found.items() if url.startswith("PUT https://{setting:STORES.default.OPT")]
    assert saved == {"/a/"}
    assert "/b/" not in {entry for entries in found.values() for entry in entries}
    assert "/a/" in found[TOLD]


def test_a_setting_that_is_no_name_of_code_stays_the_settings() -> None:
    view = (
        "import requests\nfrom django.conf import settings\ndef a(request):\n"
        "    requests.get(settings.STOCK_URL.split('?')[0])\ndef b(request):\n    pass\n"
    )
    found = shop(ONE + '}\nSTOCK_URL = "https://acmestock.io"\nX = {1: 2', view)
    (asked,) = [url for url, entries in found.items() if "/a/" in entries]
    assert "acmestock" not in asked


LIST = (
    "from shop.stores import One\nclass All:\n    def __init__(self, hosts):\n        self.stores = []\n"
    "        for host in hosts:\n            self.stores.append(One(host))\n"
    "    def save(self):\n        for store in self.stores:\n            store.save('x')\n"
)
TABLE = (
    "from shop.stores import One\nclass All:\n    def __init__(self, hosts):\n        self.stores = {}\n"
    "        for host in hosts:\n            self.stores[host] = One(host)\n"
    "    def save(self):\n        for store in self.stores.values():\n            store.save('x')\n"
)
INHERITED = LIST.replace("class All:", "class Many:") + "class All(Many):\n    pass\n"


@pytest.mark.parametrize("code", [LIST, TABLE, INHERITED], ids=["list", "dictionary", "base class"])
def test_what_a_constructor_puts_into_an_attribute_is_that_of_the_object_it_makes(code: str) -> None:
    view = (
        "from shop.many import All\ndef a(request):\n    All(['a.acmestock.io', 'b.acmestock.io']).save()\n"
        "def b(request):\n    All(['c.acmestock.io']).save()\n"
    )
    found = {url: entries for url, entries in shop(ONE, view, many=code).items() if url != TOLD}
    assert {url: entries - {"One (named in STORES)"} for url, entries in found.items() if "{" not in url} == {
        "PUT https://a.acmestock.io/save": {"/a/"},
        "PUT https://b.acmestock.io/save": {"/a/"},
        "PUT https://c.acmestock.io/save": {"/b/"},
    }


def test_what_another_method_puts_in_is_not_told_of_an_object_that_was_just_made() -> None:
    code = LIST.replace(
        "    def save", "    def add(self, host):\n        self.stores.append(One('late.io'))\n    def save"
    )
    view = "from shop.many import All\ndef a(request):\n    All(['a.acmestock.io']).save()\ndef b(request):\n    pass\n"
    assert not [url for url in shop(ONE, view, many=code) if "late" in url]


# objects that settings modules make --------------------------------------------------------------------------------

KEPT = (
    ONE + '}\nimport requests\nDOOR = requests.Session()\nDOOR_URL = str("https://door.acmestock.io")\n'
    "from shop.teller import Teller\nTELLER = Teller()\nX = {1: 2"
)


@pytest.mark.parametrize(
    ("asks", "sent"),
    [
        ('settings.DOOR.post("https://door.acmestock.io/in")', "POST https://door.acmestock.io/in"),
        ("settings.TELLER.tell()", TOLD),
    ],
    ids=["of a library", "of the repository"],
)
def test_a_client_that_settings_make_is_what_code_asks(asks: str, sent: str) -> None:
    view = f"from django.conf import settings\ndef a(request):\n    {asks}\ndef b(request):\n    pass\n"
    assert "/a/" in shop(KEPT, view)[sent]


def test_text_that_settings_make_by_a_call_goes_by_the_setting() -> None:
    view = (
        "import requests\nfrom django.conf import settings\ndef a(request):\n"
        "    requests.get(settings.DOOR_URL.rstrip('/') + '/in')\ndef b(request):\n    pass\n"
    )
    assert "GET {setting:DOOR_URL}/in" in shop(KEPT, view)
