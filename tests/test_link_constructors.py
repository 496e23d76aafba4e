"""Addresses that objects were made with: known where every maker of the class says the same kind of thing."""

from __future__ import annotations

import textwrap

from extractor.evaluate.folding import show
from extractor.link import callgraph
from extractor.link.constructors import with_constructors
from extractor.link.effects import Effects
from extractor.rules.clients import shipped_rules
from tests.worlds import evaluator

HEAD = "import requests\nfrom django.conf import settings\n"
QUEUE = """
    class Queue:
        def __init__(self, url, auth=None):
            self.url = url
            self.session = requests.Session()
        def submit(self, body):
            return self._post(self.url + "/submit/", body)
        def _post(self, url, body):
            return self.session.post(url, data=body)
    """


def urls(makers: str) -> dict[str, list[str]]:
    """The URLs that each function of a module sends to."""
    source = HEAD + textwrap.dedent(QUEUE).lstrip() + textwrap.dedent(makers).lstrip()
    ev = evaluator({"m/__init__.py": "", "m/a.py": source})
    graph = callgraph.build(ev)
    found: dict[str, list[str]] = {}
    for effect in with_constructors(ev, graph, Effects(ev, graph, shipped_rules()).find()):
        found.setdefault(effect.site.owner.shown, []).extend(show(u) for f in effect.requests for u in f.urls)
    return found


def test_a_method_sends_to_what_the_makers_of_its_object_gave() -> None:
    found = urls("class Service:\n    def __init__(self):\n        self.q = Queue(settings.QUEUE['url'], 'me')\n")
    assert found["Queue.submit"] == ["{setting:QUEUE.url}/submit/"]


def test_a_parameter_of_the_method_itself_is_not_the_constructor_s() -> None:
    assert urls("q = Queue(settings.QUEUE['url'])\n")["Queue._post"] == ["{url}"]


def test_several_makers_are_several_addresses() -> None:
    found = urls("a = Queue(settings.A_URL)\nb = Queue(url='https://b.example')\n")
    assert found["Queue.submit"] == ["{setting:A_URL}/submit/", "https://b.example/submit/"]


def test_one_maker_who_does_not_say_leaves_the_address_open() -> None:
    found = urls("a = Queue(settings.A_URL)\ndef make(where):\n    return Queue(where)\n")
    assert found["Queue.submit"] == ["{url}/submit/"]


def test_without_a_maker_the_address_is_open() -> None:
    assert urls("")["Queue.submit"] == ["{url}/submit/"]
