"""Replay: a function is visited once for each set of values it is called with, and does what these let it do."""

from __future__ import annotations

import pytest

from extractor.link.replay.walk import MAX_CONTEXTS
from tests.linked import entered, linked, sent

SETTINGS = {
    "shop/__init__.py": "",
    "shop/settings.py": 'INSTALLED_APPS = ["shop"]\nROOT_URLCONF = "shop.urls"\n',
}


def views(*names: str, module: str = "shop.views") -> str:
    paths = ", ".join(f"path('{name}/', views.{name})" for name in names)
    return f"from django.urls import path\nfrom {module.rpartition('.')[0]} import views\nurlpatterns = [{paths}]\n"


def shop(code: str, *names: str, **more: str) -> dict[str, set[str]]:
    """What a shop with these views sends, and from where."""
    files = SETTINGS | {"shop/views.py": code, "shop/urls.py": views(*names)}
    return sent(linked(files | {f"shop/{name}.py": text for name, text in more.items()}))


def test_a_branch_that_the_arguments_exclude_is_passed_over() -> None:
    code = """
        import requests
        def tell(kind):
            if kind == "letter":
                requests.post("https://post.example/letters/", timeout=5)
                return
            requests.post("https://sms.example/messages/", timeout=5)
        def write(request):
            tell("letter")
        def ring(request):
            tell("message")
    """
    assert shop(code, "write", "ring") == {
        "POST https://post.example/letters/": {"/write/"},
        "POST https://sms.example/messages/": {"/ring/"},
    }


def test_each_round_of_a_loop_over_a_table_is_followed_by_itself() -> None:
    code = """
        import requests
        SHELVES = [("inner", "https://inner.example"), ("outer", "https://outer.example")]
        def count(name, base):
            requests.get(f"{base}/items/", timeout=5)
            if name == "inner":
                return
            requests.get(f"{base}/stamps/", timeout=5)
        def stock(request):
            for name, base in SHELVES:
                count(name, base)
    """
    assert set(shop(code, "stock")) == {
        "GET https://inner.example/items/",
        "GET https://outer.example/items/",
        "GET https://outer.example/stamps/",
    }


def test_methods_are_those_of_the_receivers_own_class() -> None:
    code = """
        import requests
        class Login:
            def begin(self):
                return self.ask()
            def ask(self):
                raise NotImplementedError
        class Green(Login):
            def ask(self):
                return requests.get("https://green.example/", timeout=5)
        class Blue(Login):
            def ask(self):
                return requests.get("https://blue.example/", timeout=5)
        def green(request):
            Green().begin()
        def blue(request):
            Blue().begin()
    """
    assert shop(code, "green", "blue") == {
        "GET https://green.example/": {"/green/"},
        "GET https://blue.example/": {"/blue/"},
    }


def test_making_an_object_runs_its_constructor_and_not_its_methods() -> None:
    code = """
        import requests
        from somewhere import Client
        class Till(Client):
            def __init__(self, base):
                requests.get("https://till.example/hello/", timeout=5)
            @classmethod
            def token(cls, base):
                return requests.post("https://till.example/token/", timeout=5)
            def settle(self):
                requests.post("https://till.example/settle/", timeout=5)
        def orders(request):
            return Till("x")
    """
    assert shop(code, "orders") == {
        "GET https://till.example/hello/": {"/orders/"},
        "POST https://till.example/token/": {""},
        "POST https://till.example/settle/": {""},
    }


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("None", {"GET https://campus.example/list/", "GET https://campus.example/each/"}),
        ("[1, 2]", {"GET https://campus.example/each/"}),
        ("list(request.GET)", {"GET https://campus.example/each/"}),
        ("request.GET", {"GET https://campus.example/list/", "GET https://campus.example/each/"}),  # it may be None
    ],
)
def test_a_list_is_never_none(given: str, asked: set[str]) -> None:
    code = f"""
        import requests
        def read(courses=None):
            if courses is None:
                requests.get("https://campus.example/list/", timeout=5)
            requests.get("https://campus.example/each/", timeout=5)
        def mine(request):
            read({given})
    """
    assert {url for url, who in shop(code, "mine").items() if who != {""}} == asked


def test_a_function_handed_over_is_run_by_whoever_was_handed_it() -> None:
    code = """
        import requests
        def letter():
            requests.post("https://post.example/", timeout=5)
        def parcel():
            requests.post("https://parcel.example/", timeout=5)
        def later(work):
            work()
        def letters(request):
            later(letter)
        def parcels(request):
            later(parcel)
    """
    assert shop(code, "letters", "parcels") == {
        "POST https://post.example/": {"/letters/"},
        "POST https://parcel.example/": {"/parcels/"},
    }


def test_a_function_that_calls_itself_is_visited_a_few_times() -> None:
    branches = "\n".join(f"            if kind == {n}: return find(tree.part{n}, kind + {n})" for n in range(7))
    code = f"""
        import requests
        def find(tree, kind):
{branches}
            return tree.address
        def look(request):
            requests.get(find(request.tree, 1), timeout=5)
    """
    found = shop(code, "look")
    assert set(map(frozenset, found.values())) == {frozenset({"/look/"})}
    assert len(found) <= 8


CELERY = """
    import os
    from celery import Celery
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    app = Celery("shop")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()
"""


def test_a_task_handed_in_is_queued_by_whom_hands_it_in() -> None:
    files = SETTINGS | {
        "shop/celery.py": CELERY,
        "shop/tasks.py": """
            from celery import shared_task
            @shared_task
            def send(): ...
            @shared_task
            def count(): ...
        """,
        "shop/views.py": """
            from shop.tasks import count, send
            def put(task):
                task.delay()
            def parcels(request):
                put(send)
            def stock(request):
                put(count)
        """,
        "shop/urls.py": views("parcels", "stock"),
    }
    assert {row.task: entered(row) for row in linked(files).enqueues} == {
        "shop.tasks.send": {"/parcels/"},
        "shop.tasks.count": {"/stock/"},
    }


def test_a_request_to_an_action_of_a_view_set_runs_that_action_alone() -> None:
    files = SETTINGS | {
        "shop/views.py": """
            import requests
            from rest_framework import viewsets
            from rest_framework.decorators import action
            class Wishes(viewsets.ReadOnlyModelViewSet):
                def get_queryset(self):
                    return requests.get("https://list.example/", timeout=5)
                @action(methods=["post"], detail=False)
                def decline(self, request):
                    requests.post("https://mail.example/", timeout=5)
        """,
        "shop/urls.py": """
            from rest_framework.routers import DefaultRouter
            from shop.views import Wishes
            router = DefaultRouter()
            router.register("wishes", Wishes, basename="wish")
            urlpatterns = router.urls
        """,
    }
    who = sent(linked(files))
    assert who["POST https://mail.example/"] == {"/wishes/decline/"}
    assert {"/wishes/", "/wishes/<pk>/", "/wishes/decline/"} <= who["GET https://list.example/"]


def test_a_chain_begins_in_an_entry_point_that_the_row_names() -> None:
    files = SETTINGS | {
        "shop/rates.py": "import requests\ndef fetch():\n    requests.get('https://rates.example/', timeout=5)\n",
        "shop/views.py": "from shop.rates import fetch\ndef rates(request):\n    fetch()\n",
        "shop/urls.py": views("rates"),
        "shop/management/__init__.py": "",
        "shop/management/commands/__init__.py": "",
        "shop/management/commands/refresh.py": """
            from django.core.management.base import BaseCommand
            from shop.rates import fetch
            class Command(BaseCommand):
                def handle(self, *args, **options):
                    fetch()
        """,
    }
    [call] = linked(files).calls
    begun = {entry.name: chain[0].function for entry, chain in zip(call.entered, call.chains, strict=True)}
    assert begun == {"/rates/": "rates", "refresh": "Command.handle"}


API = """
    import requests
    class Api:
        slash = False
        def __init__(self, base):
            self.base = base
        def url(self, path):
            path = path.strip("/")
            if self.slash:
                path += "/"
            return f"{self.base}/{path}"
        def ask(self, method, url):
            return requests.request(method, url, timeout=5)
    class Campus(Api):
        slash = True
        def retire(self):
            return self.ask("POST", self.url("campus/retire"))
    class Till(Api):
        def retire(self):
            return self.ask("POST", self.url("till/retire"))
"""


def test_a_constant_of_the_class_picks_the_branch_and_one_unknown_base_is_told_once_for_each_caller() -> None:
    code = """
        from shop.api import Campus, Till
        def retire(request):
            Campus(request.base).retire()
            Till(request.other).retire()
    """
    files = SETTINGS | {"shop/views.py": code, "shop/urls.py": views("retire"), "shop/api.py": API}
    facts = linked(files)
    urls = {call.url.rpartition("}/")[2] for call in facts.calls if call.function.endswith("retire")}
    assert urls == {"campus/retire/", "till/retire"}
    assert {gap.line for gap in facts.gaps} == {16, 19}


def test_an_unknown_base_that_some_caller_does_not_tell_is_told_where_it_is_used() -> None:
    code = """
        from shop.api import Api, Till
        def retire(request):
            Till(request.base).retire()
            Api(1).ask(request.m, request.u)
    """
    files = SETTINGS | {"shop/views.py": code, "shop/urls.py": views("retire"), "shop/api.py": API}
    assert 12 in {gap.line for gap in linked(files).gaps if gap.path == "shop/api.py"}


GUESSED = """
import requests
class Stock:
    def refill(self):
        requests.get("https://stock.example/items/", timeout=5)
"""


def test_a_call_that_only_the_name_of_a_method_leads_to_is_told_as_a_guess() -> None:
    files = SETTINGS | {
        "shop/stock.py": GUESSED,
        "shop/views.py": "def look(request, stock):\n    stock.refill()\n",
        "shop/urls.py": views("look"),
    }
    [call] = linked(files).calls
    assert (call.confidence, "guessed" in call.why, entered(call)) == ("likely", True, {"/look/"})


def test_a_call_on_an_object_that_is_known_is_no_guess() -> None:
    files = SETTINGS | {
        "shop/stock.py": GUESSED,
        "shop/views.py": "from shop.stock import Stock\ndef look(request):\n    Stock().refill()\n",
        "shop/urls.py": views("look"),
    }
    [call] = linked(files).calls
    assert call.confidence == "certain"


def test_a_database_is_used_where_the_branch_that_uses_it_is_taken() -> None:
    code = """
        from shop.models import Order
        import requests
        def tell(kind):
            if kind == "letter":
                requests.post("https://post.example/letters/", timeout=5)
                return
            Order.objects.all().count()
        def write(request):
            tell("letter")
        def count(request):
            tell("count")
    """
    database = "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'shop'}}\n"
    files = SETTINGS | {
        "shop/settings.py": SETTINGS["shop/settings.py"] + database,
        "shop/models.py": "from django.db import models\nclass Order(models.Model):\n    pass\n",
        "shop/views.py": code,
        "shop/urls.py": views("write", "count"),
    }
    [store] = linked(files).stores
    assert {context.name for context in store.contexts} == {"/count/"}


def test_a_command_is_entered_by_its_handle_and_not_by_its_other_methods() -> None:
    command = """
        from django.core.management.base import BaseCommand
        import requests
        class Command(BaseCommand):
            def tell(self, kind):
                if kind == "letter":
                    requests.post("https://post.example/letters/", timeout=5)
                else:
                    requests.post("https://sms.example/messages/", timeout=5)
            def handle(self, *args, **options):
                self.tell("letter")
    """
    files = SETTINGS | {"shop/urls.py": "urlpatterns = []\n", "shop/management/commands/tell.py": command}
    assert sent(linked(files)) == {
        "POST https://post.example/letters/": {"tell"},
        "POST https://sms.example/messages/": {""},  # nothing that was read takes this branch
    }


@pytest.mark.parametrize(
    ("given", "told"), [("opaque.Key({n}).parent", False), ("'{n}'", True)], ids=["object", "text"]
)
def test_objects_of_packages_that_no_rule_speaks_of_do_not_tell_calls_apart(given: str, told: bool) -> None:
    """Thirty-five calls of one function: with as many texts, which may be parts of URLs, they are too many."""
    calls = "\n".join(f"    ask({given.format(n=n)})" for n in range(35))
    code = (
        "import opaque\nimport requests\ndef ask(key):\n    requests.get('https://stock.acmestock.io/', timeout=5)\n"
        f"def look(request):\n{calls}\n"
    )
    facts = linked(SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": code})
    assert [gap.what for gap in facts.gaps if gap.kind == "not told apart"] == (["the callers of ask"] if told else [])
    assert sent(facts) == {"GET https://stock.acmestock.io/": {"/look/"}}


def test_what_row_a_function_is_given_does_not_tell_its_visits_apart() -> None:
    names = [f"view{number}" for number in range(MAX_CONTEXTS + 2)]
    told = "".join(
        f"""
        def {name}(request):
            tell(User.objects.get(email="a@shop.example").{name}, "letter")
        """
        for name in names
    )
    code = f"""
        import requests
        from django.contrib.auth.models import User
        def tell(profile, kind):
            if kind == "letter":
                requests.post("https://post.example/letters/", timeout=5)
                return
            requests.post("https://sms.example/messages/", timeout=5)
        def ring(request):
            tell(request.user.profile, "message")
        {told}
    """
    assert shop(code, *names, "ring") == {
        "POST https://post.example/letters/": {f"/{name}/" for name in names},
        "POST https://sms.example/messages/": {"/ring/"},
    }


def test_a_session_that_a_function_is_given_does_tell_its_visits_apart() -> None:
    code = """
        import requests
        from requests_oauthlib import OAuth2Session
        def ask(session):
            return session.get("https://stock.example/items/")
        def plain(request):
            ask(requests.Session())
        def signed(request):
            ask(OAuth2Session("shop"))
    """
    replayed = linked(SETTINGS | {"shop/views.py": code, "shop/urls.py": views("plain", "signed")})
    assert sent(replayed) == {"GET https://stock.example/items/": {"/plain/", "/signed/"}}


def test_an_object_that_a_framework_is_given_back_has_no_methods_that_it_knows_by_name() -> None:
    code = """
        import requests
        from rest_framework import serializers, viewsets
        class Thread:
            def retrieve(self):
                return self
            def perform_removal(self):
                requests.delete("https://forum.example/threads/", timeout=5)
        class ThreadSerializer(serializers.Serializer):
            def create(self, validated_data):
                requests.post("https://forum.example/threads/", timeout=5)
                return Thread()
        class Threads(viewsets.ModelViewSet):
            serializer_class = ThreadSerializer
    """
    urls = """
        from rest_framework.routers import DefaultRouter
        from shop.views import Threads
        router = DefaultRouter()
        router.register("threads", Threads, basename="thread")
        urlpatterns = router.urls
    """
    found = sent(linked(SETTINGS | {"shop/views.py": code, "shop/urls.py": urls}))
    assert found["POST https://forum.example/threads/"] >= {"/threads/", "/threads/<pk>/"}
    assert found["DELETE https://forum.example/threads/"] == {""}  # nothing that was found
