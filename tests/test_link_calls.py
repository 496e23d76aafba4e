"""Rows of calls: one for each request that a line causes, whichever way it was found."""

from __future__ import annotations

import textwrap

import pytest

from extractor.estate.model import Estate
from extractor.link import callgraph, calls
from extractor.link.effects import Effects
from extractor.link.settings import DeclaredStore, SettingsTable, Where
from extractor.link.targets import Targets
from extractor.model.graph import Call
from extractor.rules.clients import shipped_rules
from tests.linked import linked
from tests.test_replay_contexts import views
from tests.worlds import REPO, around, evaluator

HEAD = "import json\nimport requests\nfrom django.conf import settings\n"
SETTINGS = 'import os\nCI_URL = os.environ.get("CI_URL", "https://ci.acme.io")\n'


def rows(source: str) -> list[Call]:
    """The calls of a module whose text starts in line 4."""
    return list(read(source).calls)


def read(source: str, engine: str = "") -> calls.Rows:
    """What a module whose text starts in line 4 comes to, in a service whose database is of an engine."""
    ev = evaluator({"m/__init__.py": "", "m/settings.py": SETTINGS, "m/a.py": HEAD + textwrap.dedent(source).lstrip()})
    table = SettingsTable.build(ev, REPO, ("m.settings",), "web", ())
    graph = callgraph.build(ev)
    book = shipped_rules()
    where = Where("m/settings.py", 1, 1)
    declared = DeclaredStore("default", "database", engine, engine, "DATABASES", None, where) if engine else None
    finder = Effects(ev, graph, book)
    effects = finder.find()
    targets = Targets(Estate("Shop", ()), book, REPO, table.value)
    surroundings = around(ev, finder, targets, (), lambda _kind, _alias, _service: declared)
    return calls.rows(effects, graph, surroundings)


def told(source: str) -> list[tuple[int, str | None, str]]:
    return [(call.line, call.system, call.url) for call in rows(source)]


def test_a_second_try_reaches_what_the_first_does() -> None:
    source = """
    def ask(url):
        try:
            return requests.get(url)
        except requests.Timeout:
            return requests.get(url)
    def events():
        return ask("https://mail.acme.io/events")
    """
    assert [(line, system) for line, system, _url in told(source)] == [
        (6, "mail.acme.io"),
        (8, "mail.acme.io"),
        (10, "mail.acme.io"),
    ]


def test_a_wrapper_around_a_wrapper_reaches_what_its_callers_do() -> None:
    source = """
    def ask(url):
        return requests.get(url)
    def captions(base):
        return ask(base + "&format=51")
    def sync():
        return captions("https://files.acme.io/p?x=1")
    """
    assert told(source) == [
        (5, "files.acme.io", "{url}"),
        (7, "files.acme.io", "{base}&format=51"),
        (9, "files.acme.io", "https://files.acme.io/p?x=1&format=51"),
    ]


def test_readings_of_one_request_are_one_row() -> None:
    source = """
    class Pipeline:
        query = ""
        def name_it(self, given):
            self.query = "?vars=" + json.dumps(given)
        def pause(self, name):
            requests.put(settings.CI_URL + f"/pipelines/{name}/pause{self.query}")
    """
    assert told(source) == [(9, "ci.acme.io", "{setting:CI_URL}/pipelines/{name}/pause?vars={?dumps}")]


def test_a_base_that_has_a_name_is_preferred_to_the_argument_in_its_place() -> None:
    source = """
    class Api:
        def __init__(self, url=None):
            self.url = url or settings.CI_URL
        def builds(self):
            requests.get(self.url + "/builds")
    """
    assert told(source) == [(8, "ci.acme.io", "{setting:CI_URL}/builds")]


@pytest.mark.parametrize(
    ("base", "dropped"),
    [
        ("settings.CI_URL", True),  # the argument stands for the same address
        ("settings.CI_URL + '/api'", False),  # another path may be another request
    ],
)
def test_an_argument_is_no_second_system_where_it_stands_in_the_place_of_a_base_that_has_a_name(
    base: str, dropped: bool
) -> None:
    source = f"""
    def builds(partner_api):
        requests.get((partner_api.site_url if partner_api else {base}) + "/builds")
    """
    assert ("partner" in [system for _line, system, _url in told(source)]) is not dropped


@pytest.mark.parametrize(
    ("address", "confidence"),
    [
        ("'https://files.acme.io/list/' + json.dumps({})", "likely"),
        ("'https://files.acme.io/list/'", "certain"),
        ("settings.CI_URL", "likely"),  # a default may be another where it runs
    ],
)
def test_only_a_call_whose_whole_address_stands_in_the_code_is_certain(address: str, confidence: str) -> None:
    (call,) = rows(f"requests.get({address})")
    assert (call.contexts[0].kind, call.confidence) == ("startup", confidence)


DRIVER = """
    import psycopg2
    def reset(engine, where):
        psycopg2.connect({}).cursor().execute("DROP DATABASE shop")
    """


@pytest.mark.parametrize(
    ("given", "declared", "drawn"),
    [
        ("**where", "mysql", False),  # a branch for an engine that the settings do not name
        ("database='template1', host=settings.DATABASES['default']['HOST']", "mysql", False),
        ("**where", "postgres", True),
        ("host=settings.CI_URL", "mysql", True),  # another database, with an address of its own
        ("'postgres://reports/db'", "mysql", True),
        ("**where", "mongodb", True),  # no engine of Django's
    ],
)
def test_a_driver_of_another_engine_counts_where_something_says_whom_it_asks(
    given: str, declared: str, drawn: bool
) -> None:
    found = read(DRIVER.format(given), declared)
    assert [store.system for store in found.stores] == ["postgres"] * drawn
    assert [(gap.kind, gap.line) for gap in found.gaps if gap.kind == "store"] == [("store", 6)] * (not drawn)


@pytest.mark.parametrize(
    ("backend", "sent"),
    [
        (
            "anymail.backends.mailgun.EmailBackend",
            ("POST", "https://api.mailgun.net/v3/{sender_domain}/messages", "mailgun"),
        ),
        ("django.core.mail.backends.smtp.EmailBackend", (None, "", "smtp")),
    ],
)
def test_a_message_goes_as_the_backend_of_the_settings_hands_it_over(
    backend: str, sent: tuple[str | None, ...]
) -> None:
    code = "from django.core.mail import send_mail\ndef look(request):\n    send_mail('a', 'b', None, ['c'])\n"
    files = {
        "shop/__init__.py": "",
        "shop/settings.py": f"INSTALLED_APPS = ['shop']\nROOT_URLCONF = 'shop.urls'\nEMAIL_BACKEND = {backend!r}\n",
        "shop/urls.py": views("look"),
        "shop/views.py": code,
    }
    assert [(call.http_method, call.url, call.system) for call in linked(files).calls] == [sent]
