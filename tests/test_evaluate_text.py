"""Text that code puts together: what a request is sent to, however its URL and its arguments are made."""

from __future__ import annotations

import textwrap

import pytest

from tests.linked import linked, sent
from tests.test_replay_contexts import SETTINGS, views

HEAD = "import requests\nfrom django.conf import settings\n"
ITEMS = "GET {setting:STOCK_URL}/items"
PUT = "PUT {setting:STOCK_URL}/items"


def asked(code: str) -> set[str]:
    """What `look` sends, the one view of a shop whose module of views is this code."""
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": HEAD + textwrap.dedent(code)}
    files["shop/settings.py"] += "STOCK_URL = 'https://stock.acmestock.io'\n"
    return {request for request, by in sent(linked(files)).items() if "/look/" in by}


URLS = {
    "a field's attribute": "'{s.STOCK_URL}/items'.format(s=settings)",
    "a field's key": "'{0[base]}/items'.format({'base': settings.STOCK_URL})",
    "fields by name": "'{base}/{what}'.format(base=settings.STOCK_URL, what='items')",
    "fields of a dictionary": "'{base}/{what}'.format(**{'base': settings.STOCK_URL, 'what': 'items'})",
    "format_map": "'{base}/items'.format_map({'base': settings.STOCK_URL})",
    "percent": "'%(base)s/items' % {'base': settings.STOCK_URL}",
    "join": "'/'.join([settings.STOCK_URL, 'items'])",
    "a template": "string.Template('$base/${what}').substitute(base=settings.STOCK_URL, what='items')",
    "a template and a mapping": "string.Template('$base/items').safe_substitute({'base': settings.STOCK_URL})",
    "urljoin": "urllib.parse.urljoin(settings.STOCK_URL, '/items')",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_a_url_is_known_however_it_is_put_together(url: str) -> None:
    assert asked(f"import string, urllib.parse\ndef look(request):\n    requests.get({url}, timeout=5)\n") == {ITEMS}


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ("urlunparse(('https', 'stock.acmestock.io', '/items', '', '', ''))", "https://stock.acmestock.io/items"),
        ("urlunsplit(('https', 'stock.acmestock.io', 'items', 'a=1', ''))", "https://stock.acmestock.io/items?a=1"),
        ("urlunsplit(('https', 'stock.acmestock.io', '', '', ''))", "https://stock.acmestock.io"),
    ],
)
def test_the_parts_of_a_url_are_put_together(parts: str, url: str) -> None:
    code = (
        f"from urllib.parse import urlunparse, urlunsplit\ndef look(request):\n    requests.get({parts}, timeout=5)\n"
    )
    assert asked(code) == {f"GET {url}"}


def test_a_url_that_takes_scheme_and_host_of_a_setting_is_below_it() -> None:
    code = """
        from urllib.parse import urlparse
        def look(request):
            base = urlparse(settings.STOCK_URL)
            requests.get(f"{base.scheme}://{base.netloc}/items", timeout=5)
    """
    assert asked(code) == {ITEMS}


def test_a_field_takes_an_attribute_of_the_object_that_is_given() -> None:
    code = """
        class Stock:
            base = settings.STOCK_URL
            def items(self):
                return requests.get("{self.base}/items".format(self=self), timeout=5)
        def look(request):
            Stock().items()
    """
    assert asked(code) == {ITEMS}


def test_a_field_of_what_nobody_gives_stays_open() -> None:
    code = "def look(request):\n    requests.get('https://stock.acmestock.io/{item.pk}'.format(), timeout=5)\n"
    assert asked(code) == {"GET https://stock.acmestock.io/{item.pk}"}


OPTIONS = {
    "set anew": "options = {'timeout': 5, 'method': 'GET'}\noptions['method'] = 'PUT'\noptions['url'] = URL",
    "updated by name": "options = dict(timeout=5)\noptions.update(method='PUT', url=URL)",
    "updated by another": "options = {'method': 'GET'}\noptions.update({'method': 'PUT', 'url': URL})",
    "made of another": "options = dict(BASE, method='PUT', url=URL)",
    "set where it is missing": "options = {'url': URL}\noptions.setdefault('method', 'PUT')",
    "left where it is there": "options = {'url': URL, 'method': 'PUT'}\noptions.setdefault('method', 'GET')",
}


@pytest.mark.parametrize("made", OPTIONS.values(), ids=OPTIONS)
def test_a_dictionary_of_arguments_holds_what_is_put_into_it(made: str) -> None:
    body = textwrap.indent(f"URL = settings.STOCK_URL + '/items'\n{made}\nrequests.request(**options)", "    ")
    assert asked(f"BASE = {{'method': 'GET'}}\ndef look(request):\n{body}\n") == {PUT}


def test_what_is_put_into_a_dictionary_in_a_branch_is_one_alternative() -> None:
    code = """
        def look(request):
            options = {"url": "https://stock.acmestock.io/a"}
            if request.user:
                options["url"] = "https://stock.acmestock.io/b"
            requests.get(**options)
    """
    assert asked(code) == {"GET https://stock.acmestock.io/a", "GET https://stock.acmestock.io/b"}


def test_a_default_among_the_keywords_is_set_where_none_is_given() -> None:
    code = """
        def call(**options):
            options.setdefault("method", "PUT")
            requests.request(url=settings.STOCK_URL + "/items", **options)
        def look(request):
            call()
    """
    assert asked(code) == {PUT}


ROWS = "('GET', 'https://a.acme.io/'), ('PUT', 'https://b.acme.io/')"
LOOPS = {
    "zip": "for verb, url in zip(['GET', 'PUT'], ['https://a.acme.io/', 'https://b.acme.io/']):",
    "pairs": f"for verb, url in [{ROWS}]:",
    "enumerate from one": f"for at, (verb, url) in enumerate(({ROWS}), start=1):",
    "enumerate": f"for at, (verb, url) in enumerate(({ROWS})):",
    "values": "for verb, url in {1: ('GET', 'https://a.acme.io/'), 2: ('PUT', 'https://b.acme.io/')}.values():",
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_what_stands_in_one_row_stays_together(loop: str) -> None:
    code = f"def look(request):\n    {loop}\n        requests.request(verb, url, timeout=5)\n"
    assert asked(code) == {"GET https://a.acme.io/", "PUT https://b.acme.io/"}


METHODS = {
    "partialmethod": """
from functools import partialmethod
class Api:
    def call(self, verb, path):
        return requests.request(verb, settings.STOCK_URL + path, timeout=5)
    get = partialmethod(call, "GET")
def look(request):
    Api().get("/items")
""",
    "__getattr__": """
class Api:
    def call(self, verb, path):
        return requests.request(verb, settings.STOCK_URL + path, timeout=5)
    def __getattr__(self, name):
        return lambda path: self.call(name.upper(), path)
def look(request):
    Api().get("/items")
""",
}


@pytest.mark.parametrize("code", METHODS.values(), ids=METHODS)
def test_a_method_that_a_class_makes_is_called(code: str) -> None:
    assert asked(code) == {ITEMS}
