"""What libraries do with functions and objects that they are given: the rules, and the code that they are true of."""

from __future__ import annotations

import pytest

from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_yaml
from extractor.rules.python import python_rules
from tests.linked import linked, sent
from tests.test_replay_contexts import SETTINGS, views

URL = "https://stock.acmestock.io/items"


def found(code: str, **more: str) -> dict[str, set[str]]:
    """What a shop sends whose views, with `look` among them, are this code, and from where."""
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": code}
    return sent(linked(files | {f"shop/{name}.py": text for name, text in more.items()}))


def test_the_rules_are_as_their_schema_says() -> None:
    assert read_yaml(rules_dir() / "python.yaml", read_schema("python")).data


def test_each_runner_knows_one_place_of_arguments() -> None:
    for runner in python_rules().runners:
        assert (runner.arguments >= 0) + (runner.each >= 0) + bool(runner.packed) == 1, runner.match


RUN = {
    "pool.submit": "from concurrent.futures import ThreadPoolExecutor\nimport requests\n"
    f"def look(request):\n    with ThreadPoolExecutor() as pool:\n        pool.submit(requests.get, '{URL}')\n",
    "pool.map": "from concurrent.futures import ThreadPoolExecutor\nimport requests\n"
    f"def look(request):\n    with ThreadPoolExecutor() as pool:\n        pool.map(requests.get, ['{URL}'])\n",
    "asyncio.to_thread": "import asyncio\nimport requests\n"
    f"async def look(request):\n    await asyncio.to_thread(requests.get, '{URL}', timeout=5)\n",
    "run_in_executor": "import asyncio\nimport requests\nasync def look(request):\n"
    f"    await asyncio.get_running_loop().run_in_executor(None, requests.get, '{URL}')\n",
    "sync_to_async": "from asgiref.sync import sync_to_async\nimport requests\n"
    f"async def look(request):\n    await sync_to_async(requests.get)('{URL}', timeout=5)\n",
    "threading.Thread": "import threading\nimport requests\n"
    f"def look(request):\n    threading.Thread(target=requests.get, args=('{URL}',)).start()\n",
    "partial": "from concurrent.futures import ThreadPoolExecutor\nfrom functools import partial\nimport requests\n"
    f"def look(request):\n    ThreadPoolExecutor().submit(partial(requests.get, '{URL}', timeout=5))\n",
    "a function of one's own": "import asyncio\nimport requests\ndef ask(url):\n    requests.get(url, timeout=5)\n"
    f"async def look(request):\n    await asyncio.to_thread(ask, '{URL}')\n",
    "a method": "import asyncio\nimport requests\nclass Stock:\n    def ask(self, url):\n"
    "        requests.get(url, timeout=5)\n"
    f"async def look(request):\n    await asyncio.to_thread(Stock().ask, '{URL}')\n",
}


@pytest.mark.parametrize("code", RUN.values(), ids=RUN)
def test_a_function_that_is_handed_over_to_be_run_is_run(code: str) -> None:
    assert found(code)[f"GET {URL}"] == {"/look/"}


def test_a_function_that_is_handed_to_something_else_sends_nothing_that_is_known() -> None:
    code = f"import kept\nimport requests\ndef look(request):\n    kept.remember(requests.get, '{URL}')\n"
    assert found(code) == {}


SESSION = """
from urllib.parse import urljoin
import requests
class Based(requests.Session):
    def __init__(self, base):
        super().__init__()
        self.base = base
    def request(self, method, url, *args, **kwargs):
        return super().request(method, urljoin(self.base, url), *args, **kwargs)
"""


def test_a_session_of_ones_own_is_asked_by_the_methods_of_the_librarys() -> None:
    code = (
        "from shop.sessions import Based\n"
        "def look(request):\n    Based('https://stock.acmestock.io').post('/items', timeout=5)\n"
    )
    assert found(code, sessions=SESSION) == {"POST https://stock.acmestock.io/items": {"/look/"}}


def test_a_session_that_overrides_something_else_is_the_librarys() -> None:
    own = "import requests\nclass Plain(requests.Session):\n    def close(self):\n        super().close()\n"
    code = f"from shop.sessions import Plain\ndef look(request):\n    Plain().get('{URL}', timeout=5)\n"
    assert found(code, sessions=own) == {f"GET {URL}": {"/look/"}}


OPTIONS = {
    "what comes later wins": ("{**BASE, 'method': 'POST', 'url': URL}", "POST"),
    "what is unpacked later wins": ("{'method': 'POST', 'url': URL, **BASE}", "GET"),
    "a union": ("BASE | {'method': 'PUT', 'url': URL}", "PUT"),
}


@pytest.mark.parametrize(("options", "method"), OPTIONS.values(), ids=OPTIONS)
def test_of_two_equal_keys_the_later_counts(options: str, method: str) -> None:
    code = (
        f"import requests\nURL = '{URL}'\nBASE = {{'method': 'GET', 'timeout': 5}}\n"
        f"def look(request):\n    requests.request(**({options}))\n"
    )
    assert found(code) == {f"{method} {URL}": {"/look/"}}


def test_a_loop_over_services_asks_each() -> None:
    code = (
        "import boto3\ndef look(request):\n    for name in ('sesv2', 'sns'):\n        client = boto3.client(name)\n"
        "        client.tag_resource(Tags=[])\n"
    )
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": code}
    assert {call.system for call in linked(files).calls} == {"ses", "sns"}


HANDLER = {"class": "django.utils.log.AdminEmailHandler", "level": "ERROR"}


@pytest.mark.parametrize(
    "settings",
    [
        f"LOGGING = {{'handlers': {{'mail': {HANDLER}}}}}\n",
        f"LOGGING = {{'handlers': {{}}}}\nLOGGING['handlers']['mail'] = {HANDLER}\n",
        f"LOGGING = {{'handlers': {{}}}}\nLOGGING['handlers'].update({{'mail': {HANDLER}}})\n",
    ],
)
def test_a_handler_that_is_put_into_the_settings_acts_as_one_that_stands_there(settings: str) -> None:
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": "def look(request): ...\n"}
    files["shop/settings.py"] += settings
    assert [call.label for call in linked(files).calls] == ["error report"]


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("settings.SHOP['STOCK']['API_URL']", "{setting:SHOP.STOCK.API_URL}"),
        ("'{}{}/'.format(settings.STOCK_URL, request.pk)", "{setting:STOCK_URL}{request.pk}/"),
    ],
)
def test_the_key_and_the_setting_that_hold_an_address_name_the_system(code: str, url: str) -> None:
    view = (
        f"import requests\nfrom django.conf import settings\ndef look(request):\n    requests.get({code}, timeout=5)\n"
    )
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": view}
    files["shop/settings.py"] += (
        "SHOP = {'STOCK': {'API_URL': 'https://api.acmestock.io/'}, 'PAGE': {'API_URL': 'https://page.acmepage.io'}}\n"
        "STOCK_URL = ''\n"
    )
    [call] = linked(files).calls
    assert (call.url, call.system) == (url, "api.acmestock.io" if "SHOP" in url else "stock")


def test_readings_of_one_request_to_nobody_knows_whom_are_one() -> None:
    code = (
        "import requests\ndef owner(thing):\n    if thing.kind == 'a':\n        return thing.crate.store\n"
        "    return thing.store\ndef look(request):\n    requests.post(owner(request.thing).url, timeout=5)\n"
    )
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": code}
    facts = linked(files)
    assert (len(facts.calls), len([gap for gap in facts.gaps if gap.kind == "call"])) == (1, 1)


# plugin hooks ------------------------------------------------------------------------------------------------------

HOOKS = """
import pluggy
import requests
hookimpl = pluggy.HookimplMarker("shop")
class Books:
    @hookimpl(specname="order_paid", trylast=True)
    def enter(self, order):
        requests.post("https://stock.acmestock.io/books", timeout=5)
    @hookimpl
    def order_lost(self, order):
        requests.post("https://stock.acmestock.io/lost", timeout=5)
    def order_found(self, order):
        requests.post("https://stock.acmestock.io/found", timeout=5)
class More(Books):
    pass
@hookimpl
def order_paid(order):
    requests.post("https://stock.acmestock.io/alone", timeout=5)
"""
BOOKS, LOST, FOUND, ALONE = (f"POST https://stock.acmestock.io/{name}" for name in ("books", "lost", "found", "alone"))


def hooked(registers: str, calls: str = "order_paid", project: str = "shop") -> set[str]:
    """What is sent when a view calls a hook of a manager with which this is registered."""
    code = (
        "import pluggy\nfrom shop import hooks\ndef manager():\n"
        f"    made = pluggy.PluginManager({project!r})\n    made.register({registers})\n    return made\n"
        f"def look(request):\n    pm = manager()\n    for line in request.lines:\n        pm.hook.{calls}(order=line)\n"
    )
    return {url for url, entries in found(code, hooks=HOOKS).items() if "/look/" in entries}


@pytest.mark.parametrize("registers", ["hooks.Books()", "hooks.Books", "hooks.More()"])
def test_who_calls_a_hook_runs_what_is_registered_under_its_name(registers: str) -> None:
    assert hooked(registers) == {BOOKS}
    assert hooked(registers, "order_lost") == {LOST}


def test_a_module_is_registered_with_its_functions() -> None:
    assert hooked("hooks") == {ALONE}


@pytest.mark.parametrize("calls", ["order_found", "enter", "order_refunded"])
def test_a_function_that_is_not_marked_or_goes_by_another_name_is_run_by_no_hook(calls: str) -> None:
    assert hooked("hooks.Books()", calls) == set()


def test_what_nobody_registers_is_run_by_no_hook() -> None:
    assert hooked("object()") == set()


def test_managers_of_another_project_run_nothing_of_this_one() -> None:
    assert hooked("hooks.Books()", project="warehouse") == set()
