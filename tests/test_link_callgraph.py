"""The call graph: an edge for each way in which code runs other code, and none where it does not."""

from __future__ import annotations

import textwrap

import pytest

from extractor.link import callgraph
from tests.linked import linked
from tests.worlds import evaluator

OTHERS = """
class Client:
    def send(self): ...
    def fetch_grades(self): ...
    @property
    def token(self): ...
    def __enter__(self): ...
    def __exit__(self, *a): ...
    def __call__(self): ...
class Loud(Client):
    def __init__(self): ...
    def send(self): ...
class Gateway:
    def charge_card(self): ...
class Visa(Gateway):
    def charge_card(self): ...
    def shout_out(self): ...
class Amex(Gateway):
    def charge_card(self): ...
class Dog:
    def shout_out(self): ...
class Cat:
    def shout_out(self): ...
def plain(): ...
def other(): ...
def wraps(function):
    def inner():
        return function()
    return inner
"""


def edges(source: str) -> set[tuple[str, str, int, str]]:
    """Edges out of the module `m`: (from, to, line, how), names as they stand in the modules."""
    head = "from functools import partial\nfrom o import *\n"
    ev = evaluator({"o.py": OTHERS, "m.py": head + textwrap.dedent(source).lstrip("\n")})
    graph = callgraph.build(ev)
    return {
        (edge.source.scope.name, edge.target.scope.name, edge.line, edge.how)
        for source_, out in graph.callees.items()
        for edge in out
        if source_.module.name == "m" and edge.target.module.name == "o"
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    plain()", {("f", "plain", 4, "call")}),
        ("def f():\n    g = plain\n    g()", {("f", "plain", 5, "call")}),
        ("def f():\n    partial(plain)()", {("f", "plain", 4, "call"), ("f", "plain", 4, "callback")}),
        ("def f():\n    Loud()", {("f", "Loud", 4, "call"), ("f", "Loud.__init__", 4, "call")}),
        ("def f():\n    Client()()", {("f", "Client", 4, "call"), ("f", "Client.__call__", 4, "call")}),
        ("def f():\n    return Client().token", {("f", "Client", 4, "call"), ("f", "Client.token", 4, "property")}),
        (
            "def f():\n    with Client():\n        pass",
            {("f", "Client", 4, "call"), ("f", "Client.__enter__", 4, "call"), ("f", "Client.__exit__", 4, "call")},
        ),
        (
            "def f(c: Client):\n    c.send()",
            {("f", "Client.send", 4, "call"), ("f", "Loud.send", 4, "override"), ("f", "Loud.__init__", 4, "override")},
        ),
        ("def f(c):\n    c.fetch_grades()", {("f", "Client.fetch_grades", 4, "guess")}),
        # Whichever of a family is meant; three that have only the name in common are no family.
        (
            "def f(c):\n    c.charge_card()\n    c.shout_out()",
            {("f", f"{name}.charge_card", 4, "guess") for name in ("Gateway", "Visa", "Amex")},
        ),
        ("def f(pool):\n    pool.run_all(plain)", {("f", "plain", 4, "callback")}),
        (
            "def f(pool):\n    pool.run_all([plain, other])",
            {("f", "plain", 4, "callback"), ("f", "other", 4, "callback")},
        ),
        ("@wraps\ndef f(): ...", {("f", "wraps", 3, "decorator")}),
        ("@wraps(1)\ndef f(): ...", {("f", "wraps", 3, "decorator")}),
        ("plain()", {("", "plain", 3, "call")}),
        # None of these runs anything of the other module.
        ("def f(c):\n    c.send()", set()),
        ("def f():\n    return plain", set()),
        ("def f(c: Client):\n    return c.send", set()),
        ("def f():\n    return 'plain()'", set()),
        ("def f():\n    from nowhere import plain\n    plain()", set()),
    ],
)
def test_an_edge_for_each_way_to_run_code(source: str, expected: set[tuple[str, str, int, str]]) -> None:
    assert {edge for edge in edges(source) if edge[0] or not source.startswith(("def", "@"))} == expected


def test_a_function_inside_another_is_run_through_it() -> None:
    ev = evaluator({"m.py": "def outer():\n    def inner():\n        go()\n    return [lambda: go()]\ndef go(): ...\n"})
    graph = callgraph.build(ev)
    module = ev.index.modules[0]
    outer = {(e.target.scope.name, e.how) for e in graph.callees[module.define("outer")]}
    assert outer == {("outer.inner", "callback"), ("outer.<lambda>1", "callback")}
    assert {e.source.scope.name for e in graph.callers[module.define("go")]} == {"outer.inner", "outer.<lambda>1"}


def test_a_backend_that_only_a_setting_names_is_made_by_who_uses_it() -> None:
    source = """
    class Backend:
        def push(self): ...
    class Git(Backend):
        def __init__(self): ...
        def push(self): ...
    class Own(Backend):
        def __init__(self): ...
        def push(self): ...
    def use(backend: Backend):
        backend.push()
    def make():
        return Own()
    """
    ev = evaluator({"m.py": source})
    graph = callgraph.build(ev)
    module = ev.index.modules[0]
    made_by = {c: {e.source.scope.name for e in graph.callers[module.define(f"{c}.__init__")]} for c in ("Git", "Own")}
    assert made_by == {"Git": {"use"}, "Own": {"make"}}


def test_a_class_of_a_framework_has_its_methods_run_and_a_class_of_one_s_own_has_not() -> None:
    source = """
    from rest_framework.views import APIView
    from rest_framework.serializers import Serializer
    class Reply(Serializer):
        def to_representation(self, row): ...
    class View(APIView):
        serializer_class = Reply
        def get(self, request): ...
    class Own:
        def get(self): ...
    """
    ev = evaluator({"m.py": source})
    graph = callgraph.build(ev)
    module = ev.index.modules[0]
    assert {e.target.scope.name for e in graph.callees[module.define("View")]} == {"View.get", "Reply"}
    assert module.define("Own") not in graph.callees


def test_a_view_that_chooses_its_class_runs_what_it_may_choose() -> None:
    source = """
    from rest_framework.serializers import Serializer
    from rest_framework.viewsets import GenericViewSet
    class Ask(Serializer):
        def create(self, data): ...
    class Change(Serializer):
        def update(self, row, data): ...
    class Requests(GenericViewSet):
        def get_serializer_class(self):
            if self.action == "create":
                return Ask
            return Change
    """
    ev = evaluator({"m.py": source})
    graph = callgraph.build(ev)
    module = ev.index.modules[0]
    chosen = graph.callees[module.define("Requests.get_serializer_class")]
    assert {edge.target.scope.name for edge in chosen} == {"Ask", "Change"}


def test_the_same_pair_is_told_once_for_each_kind_with_its_first_line() -> None:
    assert edges("def f():\n    plain()\n    plain()\n") == {("f", "plain", 4, "call")}


def test_saving_a_model_runs_what_it_overrides() -> None:
    source = """
    from django.db import models
    class Order(models.Model):
        def save(self, *args): ...
    def f():
        Order.objects.create(a=1)
    def g():
        Order.objects.filter(a=1)
    """
    ev = evaluator({"m.py": source})
    graph = callgraph.build(ev)
    module = ev.index.modules[0]
    assert "Order.save" in {e.target.scope.name for e in graph.callees[module.define("f")]}
    assert module.define("g") not in graph.callees


def within(source: str) -> set[tuple[str, str, str]]:
    """Edges of one module: (from, to, how)."""
    graph = callgraph.build(evaluator({"m.py": textwrap.dedent(source)}))
    return {(e.source.scope.name, e.target.scope.name, e.how) for out in graph.callees.values() for e in out}


def test_a_pipeline_made_of_functions_runs_them_where_it_is_called() -> None:
    found = within(
        """
        from toolz import compose, curry
        def extract(): ...
        def transform(rows): ...
        def load(source, rows, prune=False): ...
        loaded = curry(load)
        courses = compose(loaded("ocw", prune=True), transform, extract)
        def task():
            courses()
        def direct(rows):
            loaded("ocw", rows)
        """
    )
    assert found == {
        ("task", "load", "callback"),
        ("task", "transform", "callback"),
        ("task", "extract", "callback"),
        ("direct", "load", "call"),  # a curried function runs when it has all it wants, and not before
    }


def test_a_function_that_is_made_and_given_back_is_run_by_who_calls_it() -> None:
    made = """
        from collections import namedtuple
        from functools import partial
        Steps = namedtuple("Steps", ["extract", "transform"])
        def factory(config):
            def extract():
                pass
            def transform(config, rows):
                pass
            return Steps(extract, partial(transform, config))
        first, second = factory(1)
        {}
        """
    run = within(made.format("def task():\n            return second(first())"))
    assert {("task", "factory.extract", "call"), ("task", "factory.transform", "call")} <= run
    assert ("factory", "factory.extract", "callback") not in run
    # Where nobody is seen to call it, and where it is a decorator's work, it is run through the one around it.
    assert ("factory", "factory.extract", "callback") in within(made.format(""))
    wrapper = "def wraps(f):\n    def inner(): ...\n    return inner\n@wraps\ndef g(): ...\ndef h():\n    wraps(g)()\n"
    assert ("wraps", "wraps.inner", "callback") in within(wrapper)


def test_a_property_that_only_one_class_has_is_known_by_its_name() -> None:
    found = within(
        """
        class Partner:
            @property
            def api_client(self):
                return Client()
            @property
            def name(self):
                return Client()
        class Client:
            def fetch_all(self): ...
        def run(site):
            site.partner.api_client.fetch_all()
            site.partner.name.fetch_all()
        """
    )
    assert ("run", "Partner.api_client", "guess") in found
    assert ("run", "Client.fetch_all", "call") in found
    assert ("run", "Partner.name", "guess") not in found


@pytest.mark.parametrize(("others", "guessed"), [(1, 2), (11, 12), (12, 0)])
def test_a_method_of_a_dozen_classes_of_one_family_is_guessed_and_of_more_is_not(others: int, guessed: int) -> None:
    backends = "class Backend:\n    def push_grades(self): ...\n" + "".join(
        f"class Backend{n}(Backend):\n    def push_grades(self): ...\n" for n in range(others)
    )
    graph = callgraph.build(evaluator({"o.py": backends, "m.py": "def f(backend):\n    backend.push_grades()\n"}))
    found = [edge.how for out in graph.callees.values() for edge in out if edge.source.scope.name == "f"]
    assert found == ["guess"] * guessed


def test_a_function_whose_calls_take_too_long_to_tell_is_a_gap_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("extractor.link.callgraph.ALLOWANCE", 0)
    monkeypatch.setattr("extractor.link.callgraph.ALLOWANCE_FOR_CALL", 1)
    files = {
        "shop/__init__.py": "",
        "shop/settings.py": "INSTALLED_APPS = ['shop']\nROOT_URLCONF = 'shop.urls'\n",
        "shop/urls.py": "from django.urls import path\nfrom shop import views\nurlpatterns = [path('do/', views.do)]\n",
        "shop/views.py": """
            import requests
            def long(value):
                return [value.a().b().c().d(), value.e().f().g(), value.h()]
            def do(request):
                requests.get("https://stock.acmestock.io/", timeout=5)
        """,
    }
    facts = linked(files)
    assert [gap.what for gap in facts.gaps if gap.kind == "not told apart"] == ["the calls in long"]
    assert [call.url for call in facts.calls] == ["https://stock.acmestock.io/"]
    monkeypatch.undo()
    assert not [gap for gap in linked(files).gaps if gap.kind == "not told apart"]
