"""Effects: the lines that cause requests, as seen from where they happen and from who decides about them."""

from __future__ import annotations

import textwrap

import pytest

from extractor.evaluate.folding import show
from extractor.link import callgraph
from extractor.link.effects import Effects
from extractor.rules.clients import shipped_rules
from tests.worlds import evaluator

HEAD = "import requests\nimport functools\nfrom django.conf import settings\n"


def sent(source: str, libraries: dict[str, dict[str, str]] | None = None) -> set[tuple[str, str, str, str]]:
    """Requests that the module causes: (function, method, URL, time-out)."""
    ev = evaluator({"m.py": HEAD + textwrap.dedent(source)}, libraries)
    effects = Effects(ev, callgraph.build(ev), shipped_rules()).find()
    return {
        (effect.site.owner.shown, "|".join(request.methods), "|".join(map(show, request.urls)), request.timeout)
        for effect in effects
        for request in effect.requests
    }


CLIENT = """
import requests
def fetch(path, timeout=None):
    return requests.get("https://lms/" + path, timeout=timeout)
class Api:
    def __init__(self, base):
        self.base = base
        self.session = requests.Session()
    def grades(self, user):
        return self.session.post(self.base + "/grades", json={"user": user}, timeout=9)
    def prepared(self, user):
        return requests.Request("GET", self.base + "/grades")
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    requests.get('https://a/x', timeout=5)", {("f", "GET", "https://a/x", "yes")}),
        ("def f():\n    requests.request('put', settings.BASE + '/x')", {("f", "PUT", "{setting:BASE}/x", "no")}),
        ("def f():\n    requests.Session().delete(url='https://a/x')", {("f", "DELETE", "https://a/x", "no")}),
        # A function handed over, or chosen by its name.
        ("def f():\n    send = requests.post\n    send('https://a/x')", {("f", "POST", "https://a/x", "no")}),
        ("def f():\n    getattr(requests, 'patch')('https://a/x')", {("f", "PATCH", "https://a/x", "no")}),
        (
            "def f():\n    functools.partial(requests.get, timeout=3)('https://a/x')",
            {("f", "GET", "https://a/x", "yes")},
        ),
        # Sessions made by a factory, or held by an object.
        (
            "def make():\n    return requests.Session()\ndef f():\n    make().get('https://a/x')",
            {("f", "GET", "https://a/x", "no")},
        ),
        (
            "class C:\n    s = requests.Session()\n    def f(self):\n        self.s.get('https://a/x')",
            {("C.f", "GET", "https://a/x", "no")},
        ),
        # Nothing is sent by code that only prepares, or that speaks of something else.
        ("def f():\n    return requests.Session()", set()),
        ("def f():\n    return requests.Request('GET', 'https://a/x').prepare()", set()),
        ("def f():\n    return requests.get", set()),
        ("def f(cache):\n    return {'https://a': 1}.get('https://a/x')", set()),
        ("def f():\n    return settings.BASE + '/x'", set()),
    ],
)
def test_what_a_line_sends(source: str, expected: set[tuple[str, str, str, str]]) -> None:
    assert sent(source) == expected


def test_a_session_class_of_one_s_own_may_set_the_time_out_of_every_request() -> None:
    session = """
        class S(requests.Session):
            def request(self, method, url, **kwargs):
                {}
                return super().request(method, url, **kwargs)
        def f():
            S().get("https://a/x")
        """
    limited, unlimited = (session.format(line) for line in ('kwargs.setdefault("timeout", 5)', "print(url)"))
    assert ("f", "GET", "https://a/x", "yes") in sent(limited)
    assert ("f", "GET", "https://a/x", "no") in sent(unlimited)


def test_a_wrapper_s_callers_say_which_endpoint() -> None:
    found = sent(
        """
        def call(path, method="get"):
            return requests.request(method, settings.BASE + path, timeout=5)
        def users():
            return call("/users/")
        def remove(name):
            return call(f"/users/{name}/", method="delete")
        """
    )
    assert ("users", "GET", "{setting:BASE}/users/", "yes") in found
    assert ("remove", "DELETE", "{setting:BASE}/users/{name}/", "yes") in found
    assert {row[0] for row in found} == {"call", "users", "remove"}


def test_a_wrapper_around_a_wrapper_is_settled_where_the_url_is() -> None:
    found = sent(
        """
        def low(url):
            return requests.get(url)
        def middle(path):
            return low("https://a" + path)
        def top():
            return middle("/x")
        """
    )
    assert ("top", "GET", "https://a/x", "no") in found


@pytest.mark.parametrize(
    "caller",
    [
        "def f():\n    run(requests.post, 'https://a/x')",
        "def f():\n    run(function=requests.post, url='https://a/x')",
        "def f():\n    run(functools.partial(requests.post), 'https://a/x')",
    ],
)
def test_a_function_handed_over_sends_where_it_is_called_and_for_who_hands_it_over(caller: str) -> None:
    found = sent(f"def run(function, url):\n    return function(url, timeout=2)\n{caller}\n")
    assert ("f", "POST", "https://a/x", "yes") in found
    assert {row[0] for row in found} == {"f", "run"}


def test_a_client_handed_over_sends_where_it_is_used() -> None:
    found = sent("def use(client):\n    return client.get('https://a/x')\ndef f():\n    use(requests.Session())\n")
    assert found == {("use", "GET", "https://a/x", "no")}


def test_libraries_are_followed_inside_and_stand_at_the_line_that_enters_them() -> None:
    source = """
    from lms import client
    def f():
        client.fetch("users/")
    def g():
        client.Api(settings.LMS).grades("me")
    def h():
        return client.Api(settings.LMS)
    def i():
        return client.Api(settings.LMS).prepared("me")
    """
    assert sent(source, {"lms": {"lms/__init__.py": "", "lms/client.py": CLIENT}}) == {
        ("f", "GET", "https://lms/users/", "unknown"),  # the library takes a time-out somewhere
        ("g", "POST", "{setting:LMS}/grades", "yes"),
    }


def test_what_a_library_calls_on_its_own_class_may_be_overridden_by_the_repository() -> None:
    library = """
    import requests
    class Client:
        def __init__(self, url):
            self.url = url
        def login(self):
            requests.get(self.url + "/login")
        def send(self, path):
            requests.put(self.url + path)
        def stop(self, build):
            self.login()
            return self.send(f"/builds/{build}/stop")
    """
    source = """
    from client import Client
    class Own(Client):
        def __init__(self, url=None):
            super().__init__(url or settings.CI_URL)
        def login(self):
            requests.get(self.url + "/own")
        def send(self, path):
            return super().send(path)
    def halt(build):
        Own().stop(build)
    """
    found = sent(source, {"client": {"client.py": library}})
    assert ("halt", "PUT", "{setting:CI_URL}/builds/{build}/stop", "no") in found
    assert not any(function == "halt" and url.endswith("/own") for function, _method, url, _timeout in found)
    # What a subclass hands up is known wherever its object is met.
    assert ("Own.login", "GET", "{url}/own|{setting:CI_URL}/own", "no") in found


def test_a_class_that_a_framework_sends_requests_for_says_where_to() -> None:
    source = """
    from social_core.backends.oauth import BaseOAuth2
    class Login(BaseOAuth2):
        ACCESS_TOKEN_URL = settings.LMS + "/oauth2/access_token"
    class Other:
        ACCESS_TOKEN_URL = settings.LMS + "/other"
    """
    found = sent(source)
    assert ("Login", "POST", "{setting:LMS}/oauth2/access_token") in {row[:3] for row in found}
    assert {row[0] for row in found} == {"Login"}


def test_wrappers_that_call_each_other_end() -> None:
    found = sent(
        "def a(u):\n    requests.get(u)\n    b(u + 'x')\ndef b(u):\n    a(u + 'y')\ndef f():\n    a('https://h/')\n"
    )
    assert ("f", "GET", "https://h/", "no") in found


BRANCHING = """
    class Directory:
        def __init__(self, base):
            self.base = base
        def request(self, method, path, page=None):
            if method.lower() == "get":
                return requests.get(self.base + path)
            elif method.lower() in ("post", "put"):
                return requests.post(self.base + path)
            elif not method:
                return None
            while True:
                if page:
                    page = requests.delete(self.base + path + page)
                page = requests.patch(self.base + path)
        def users(self):
            return self.request("GET", "/users")
        def add(self):
            return self.request("POST", "/users")
        def drop(self):
            return self.request("DELETE", "/users")
        def any(self, method):
            return self.request(method, "/any")
    """


@pytest.mark.parametrize(
    ("function", "methods"),
    [
        # What a caller gives decides between branches.
        ("Directory.users", {"GET"}),
        ("Directory.add", {"POST"}),  # the branch returns: nothing after it runs
        # What a loop binds on its way round decides nothing.
        ("Directory.drop", {"DELETE", "PATCH"}),
        # What nobody settles leaves every branch open, to callers and at the lines that send.
        ("Directory.any", {"GET", "POST", "DELETE", "PATCH"}),
        ("Directory.request", {"GET", "POST", "DELETE", "PATCH"}),
    ],
)
def test_a_caller_takes_the_branch_that_its_arguments_choose(function: str, methods: set[str]) -> None:
    assert {method for owner, method, _url, _timeout in sent(BRANCHING) if owner == function} == methods


def test_who_hands_a_client_over_says_more_of_a_call_than_its_property_does() -> None:
    source = """
        class Partner:
            @property
            def api_session(self):
                return requests.Session()
        def push(run, base):
            return run.api_session.post(base + "/runs")
        def nobody(run):
            return run.api_session.get(run.url)
        def caller(partner: Partner):
            push(partner, "https://lms")
        """
    assert {row[:3] for row in sent(source)} == {
        ("push", "POST", "https://lms/runs"),
        ("nobody", "GET", "{run.url}"),
    }


def test_a_part_that_is_empty_until_it_is_found_is_shown_open() -> None:
    source = """
        def tags(url):
            owner = ""
            for found in patterns:
                owner = found.match(url).group(1)
            return requests.get("https://api.example.org/repos/{}/tags".format(owner))
        """
    [(_function, _method, url, _timeout)] = sent(source)
    assert url.count("//") == 1
