"""Evaluation across modules: names through imports, members through classes, values through calls and settings."""

from __future__ import annotations

import pytest

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.folding import show
from extractor.evaluate.values import (
    DefRef,
    Env,
    Ext,
    Inst,
    ModuleRef,
    Param,
    Query,
    QueryMethod,
    SettingRef,
    Text,
    Unknown,
    Value,
)
from extractor.summary.expr import Name, Parameter
from tests.worlds import evaluator


def told(value: Value) -> str:
    """A value in few words."""
    if isinstance(value, DefRef):
        return value.target.qualified
    if isinstance(value, Inst):
        return f"{value.cls.qualified}()"
    if isinstance(value, ModuleRef):
        return f"module {value.module.name}"
    if isinstance(value, Ext):
        return f"outside {value.path}"
    if isinstance(value, Env):
        return f"env {value.name}={'|'.join(map(show, value.default))}{' required' if value.required else ''}"
    if isinstance(value, SettingRef):
        return "setting " + ".".join((value.name, *value.path))
    if isinstance(value, Query):
        return f"query {value.cls.scope.name}"
    if isinstance(value, QueryMethod):
        return f"query {value.cls.scope.name}.{value.name}"
    return show(value) if isinstance(value, Text) else f"{value}"


def names(ev: Evaluator, module: str, name: str) -> list[str]:
    found = ev.index.find(module)
    assert found is not None
    return [told(value) for value in ev.module_name(found, name)]


PACKAGE = {
    "shop/__init__.py": "",
    "shop/urls.py": "BASE = 'https://a'\n_PRIVATE = 'p'\ndef make(): return BASE\n",
    "shop/api/__init__.py": "from .client import Client as ApiClient\nfrom ..urls import *\n",
    "shop/api/client.py": "from shop import urls as u\nfrom . import errors\nclass Client:\n    base = u.BASE\n",
    "shop/api/errors.py": "CODE = 'e'\n",
}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from shop.urls import BASE as R", ["https://a"]),
        ("import shop.urls\nR = shop.urls.BASE", ["https://a"]),
        ("import shop.urls as urls\nR = urls.make()", ["https://a"]),
        ("from shop import api\nR = api.ApiClient", ["shop.api.client.Client"]),
        ("from shop.api import ApiClient\nR = ApiClient.base", ["https://a"]),
        ("from shop.api import BASE as R", ["https://a"]),
        ("from shop.api import client\nR = client.errors.CODE", ["e"]),
        ("from shop import api as R", ["module shop.api"]),
        ("from requests import get as R", ["outside requests.get"]),
        ("import requests.adapters\nR = requests.adapters.HTTPAdapter", ["outside requests.adapters.HTTPAdapter"]),
        (
            "try:\n    from fast import loads as R\nexcept ImportError:\n    from json import loads as R",
            ["outside fast.loads", "outside json.loads"],
        ),
        ("from shop.urls import missing as R", ["outside shop.urls.missing"]),
    ],
)
def test_names_are_followed_through_imports(source: str, found: list[str]) -> None:
    assert names(evaluator({**PACKAGE, "main.py": source}), "main", "R") == found


def test_imports_in_a_circle_end() -> None:
    files = {
        "a.py": "from b import two\none = two + '!'\nfrom b import *\n",
        "b.py": "from a import one as seen\ntwo = 'x'\nthree = seen\nfrom a import *\n",
    }
    ev = evaluator(files)
    assert names(ev, "a", "one") == ["x!"]
    assert names(ev, "a", "two") == ["x"]
    assert names(ev, "b", "absent") == []


def test_a_name_that_a_function_sets_by_global_is_the_module_s() -> None:
    source = "CLIENT = None\ndef setup():\n    global CLIENT\n    CLIENT = 'made'\n"
    assert names(evaluator({"m.py": source}), "m", "CLIENT") == ["made"]


CLASSES = """
from dataclasses import dataclass
from collections import namedtuple
from functools import cached_property
import requests

class Base:
    path = "/base/"
    host = None
    def __init__(self, root, size=5):
        self.root = root
        self.session = requests.Session()
    def url(self):
        return self.root + self.path
    @property
    def shown(self):
        return f"<{self.root}>"
    @classmethod
    def made(cls):
        return cls("https://made")
    @staticmethod
    def fixed():
        return "fixed"
    def __enter__(self):
        return self.shown
    def __call__(self, more):
        return self.root + more
    def __getitem__(self, key):
        return key

class Child(Base):
    path = "/child/"
    host = "h"
    def __init__(self, root):
        super().__init__(root + "/c")
    def url(self):
        return super().url() + "?q"
    @cached_property
    def later(self):
        return self.url()

class Grandchild(Child):
    pass

@dataclass
class Place:
    host: str
    port: int = 80
    client: "Base" = None

Row = namedtuple("Row", ["host", "path"])
def build(kind):
    if kind:
        return Base("https://b")
    return Child("https://b")
def typed(client: Base, other: "Child | None" = None): ...
def annotated() -> Child:
    return unknown_thing()
def opened():
    with Base("r") as text:
        return text
"""


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("Base('https://r').url()", ["https://r/base/"]),
        ("Child('https://r').url()", ["https://r/c/child/?q"]),
        ("Grandchild('https://r').url()", ["https://r/c/child/?q"]),
        ("Child('https://r').later", ["https://r/c/child/?q"]),
        ("Base(root='r').shown", ["<r>"]),
        ("Child.made().shown", ["<https://made/c>"]),
        ("Base.fixed()", ["fixed"]),
        ("Base('r').session.get", ["outside requests.Session().get"]),
        ("Base('r')('/more')", ["r/more"]),
        ("Base('r')['key']", ["key"]),
        ("opened()", ["<r>"]),
        ("Place('h').host", ["h"]),
        ("Place(host='h').host + Place('i').host", ["hi"]),
        ("Row('h', '/p').path", ["/p"]),
        ("Row(host='h', path='/p').host", ["h"]),
        ("build(1)", ["m.Base()"]),
        ("build(unknown_thing())", ["m.Base()", "m.Child()"]),
        ("build(unknown_thing()).path", ["/base/", "/child/"]),
        ("annotated()", ["m.Child()"]),
        ("getattr(Child, 'path')", ["/child/"]),
        ("getattr(Child('r'), 'u' + 'rl')()", ["r/c/child/?q"]),
        ("getattr(Child, 'absent', 'default')", ["default"]),
        ("type(Child('r')).path", ["/child/"]),
        ("Base.host", ["h"]),
        ("Child.__name__", ["Child"]),
        ("Place('h').client.path", ["/base/", "/child/"]),
    ],
)
def test_members_are_those_that_python_finds(expression: str, found: list[str]) -> None:
    assert names(evaluator({"m.py": CLASSES + f"\nR = {expression}\n"}), "m", "R") == found


def test_a_parameter_is_what_its_annotation_says_until_it_is_bound() -> None:
    ev = evaluator({"m.py": CLASSES})
    typed = ev.index.modules[0].define("typed")
    frame = ev.frame(typed)
    assert [[told(v) for v in ev.eval(Parameter(name), frame)] for name in ("client", "other")] == [
        ["m.Base()"],
        ["m.Child()"],
    ]


def test_subclasses_and_the_order_in_which_members_are_looked_for() -> None:
    ev = evaluator({"m.py": CLASSES + "\nclass Mixed(Grandchild, dict): ...\n"})
    module = ev.index.modules[0]
    order, outside = ev.classes.mro(module.define("Mixed"))
    assert [cls.scope.name for cls in order] == ["Mixed", "Grandchild", "Child", "Base"]
    assert outside == ("builtins.dict",)
    assert {c.scope.name for c in ev.classes.subclasses(module.define("Child"))} == {"Grandchild", "Mixed"}


def test_a_class_that_is_its_own_base_ends() -> None:
    ev = evaluator({"m.py": "class A(B): ...\nclass B(A): ...\nR = A().x\n"})
    assert len(ev.classes.mro(ev.index.modules[0].define("A"))[0]) == 2
    assert len(names(ev, "m", "R")) == 1


ENV = """
import os
import environ
from decouple import config
from django.conf import settings
from django.utils.module_loading import import_string
from conf.envs import get_string, get_int
env = environ.Env(DEBUG=(bool, False))
"""


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("os.environ['A']", ["env A= required"]),
        ("os.environ.get('A')", ["env A="]),
        ("os.environ.get('A', 'x')", ["env A=x"]),
        ("os.getenv('A', default='x')", ["env A=x"]),
        ("env('A')", ["env A= required"]),
        ("env.str('A', default='x')", ["env A=x"]),
        ("env.db()", ["env DATABASE_URL= required"]),
        ("config('A', default='x')", ["env A=x"]),
        ("get_string(name='A', default='x', description='d')", ["env A=x"]),
        ("get_string('A', 'x')", ["env A=x"]),
        ("settings.BASE", ["setting BASE"]),
        ("settings.APIS['lms']['url']", ["setting APIS.lms.url"]),
        ("getattr(settings, 'BASE', None)", ["setting BASE"]),
        ("import_string('conf.envs.get_int')", ["conf.envs.get_int"]),
        ("import_string('elsewhere.thing')", ["outside elsewhere.thing"]),
        ("os.environ[later]", ["outside os.environ[]"]),
    ],
)
def test_settings_and_the_environment_keep_their_names(expression: str, found: list[str]) -> None:
    envs = "import os\ndef get_string(name, default): return os.environ.get(name, default)\ndef get_int(name): ...\n"
    assert names(evaluator({"conf/envs.py": envs, "m.py": f"{ENV}R = {expression}\n"}), "m", "R") == found


def test_a_name_to_import_may_be_made_of_settings() -> None:
    source = """
    from django.conf import settings
    from django.utils.module_loading import import_string
    WHOLE = import_string(settings.BACKEND)
    PART = import_string(f"backs.{settings.KIND}.Api")
    OPEN = import_string(settings.ABSENT)
    """
    backs = {"backs/__init__.py": "", "backs/git.py": "class Api: ...\n"}
    ev = evaluator({**backs, "m.py": source})
    given = {"BACKEND": (Env("BACKEND", (Text(("backs.git.Api",)),)),), "KIND": (Env("KIND", (Text(("git",)),)),)}
    ev.setting = lambda name: given.get(name, ())
    assert names(ev, "m", "WHOLE") == names(ev, "m", "PART") == ["backs.git.Api"]
    assert names(ev, "m", "OPEN") == [str(Unknown("import by a name known only at run time"))]


def test_what_an_annotation_says_of_a_backend_that_only_a_setting_names() -> None:
    source = """
    from django.conf import settings
    from django.utils.module_loading import import_string
    class Backend: ...
    def backend(shop) -> Backend:
        return import_string(settings.BACKEND)(shop)
    R = backend(1)
    """
    assert names(evaluator({"m.py": source}), "m", "R") == ["m.Backend()"]


MODELS = """
from django.db import models
from django.contrib.auth import get_user_model
class Busy(models.QuerySet):
    def late(self):
        return self.filter(late=True)
class Course(models.Model):
    objects = models.Manager()
class Run(models.Model):
    course = models.ForeignKey(Course, on_delete=models.CASCADE)
    again = models.ForeignKey("Course", on_delete=models.CASCADE)
    title = models.CharField()
    objects = Busy.as_manager()
    def path(self):
        return "/run"
"""


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("Course.objects", ["query Course"]),
        ("Course.objects.filter(a=1).exclude(b=2)", ["query Course"]),
        ("Course.objects.get(a=1)", ["m.Course()"]),
        ("Run.objects.filter(a=1).first().path()", ["/run"]),
        ("[run for run in Run.objects.all()][0]", ["m.Run()"]),
        ("Run.objects.get_or_create(a=1)[0]", ["m.Run()"]),
        ("Run.objects.first().course", ["m.Course()"]),
        ("Run.objects.first().again", ["m.Course()"]),
        ("Course.objects.filter", ["query Course.filter"]),
    ],
)
def test_query_sets_give_instances_of_their_model(expression: str, found: list[str]) -> None:
    assert names(evaluator({"m.py": f"{MODELS}\nR = {expression}\n"}), "m", "R") == found


def test_decorators_go_by_their_qualified_names() -> None:
    source = "import celery\nfrom celery import shared_task as job\n@job(bind=True)\n@celery.decorator\ndef f(): ...\n"
    ev = evaluator({"m.py": source})
    assert ev.decorator_names(ev.index.modules[0].define("f")) == ("celery.shared_task", "celery.decorator")


def test_dotted_text_names_modules_classes_and_methods() -> None:
    ev = evaluator({**PACKAGE, "m.py": CLASSES})
    for dotted, found in {
        "shop.api": "module shop.api",
        "m.Child": "m.Child",
        "m.Child.url": "m.Child.url",
        "shop.api.ApiClient": "shop.api.client.Client",
    }.items():
        assert [told(v) for v in ev.by_dotted(dotted)] == [found]
    assert ev.by_dotted("m.absent") == ()
    assert ev.by_dotted("nowhere.at.all") == ()


def test_a_function_that_calls_itself_ends() -> None:
    source = "def f(n):\n    return f(n) + 'x'\ndef g(n):\n    return h(n)\ndef h(n):\n    return g(n)\n"
    ev = evaluator({"m.py": source + "R = f(1)\nS = g(1)\n"})
    assert all("x" * 40 not in text for text in names(ev, "m", "R"))
    assert len(names(ev, "m", "S")) <= 1


def test_libraries_are_seen_through() -> None:
    library = {"client/api.py": "class Api:\n    def __init__(self, base):\n        self.base = base + '/api'\n"}
    ev = evaluator({"m.py": "from client.api import Api\nR = Api('https://h').base\n"}, {"client": library})
    assert names(ev, "m", "R") == ["https://h/api"]


def test_a_source_folder_is_no_part_of_a_module_s_name() -> None:
    files = {"src/shop/__init__.py": "", "src/shop/urls.py": "A = 'a'\n", "m.py": "from shop.urls import A as R\n"}
    ev = evaluator(files)
    assert names(ev, "m", "R") == ["a"]


FILLED = """
import later

def gather(name):
    found = {}
    for slug in later.slugs():
        address = later.HOSTS[slug]
        if address not in found:
            found[address] = []
        found["fixed"] = [slug]
    for key, rows in found.items():
        visit(key)

def visit(key):
    return key

def untouched():
    found = {}
    return found.get("x", "none")

def emptied():
    found = {"a": "b"}
    found[later.KEY] = "c"
    return found["a"]
"""


def test_a_dictionary_that_a_function_fills_holds_the_keys_it_put_in() -> None:
    ev = evaluator({"m/__init__.py": "", "m/a.py": FILLED})
    module = ev.index.find("m.a")
    assert module is not None
    owner = module.define("gather")
    [call] = [call for call in owner.scope.calls if call.func == Name("visit")]
    assert [told(value) for value in ev.eval(call.args[0], ev.frame(owner))] == ["outside later.HOSTS[]", "fixed"]


@pytest.mark.parametrize(("function", "value"), [("untouched", "none"), ("emptied", "b")])
def test_other_dictionaries_hold_what_is_written_in_them(function: str, value: str) -> None:
    ev = evaluator({"m/__init__.py": "", "m/a.py": FILLED, "m/b.py": f"from m.a import {function}\nX = {function}()\n"})
    assert names(ev, "m.b", "X") == [value]


@pytest.mark.parametrize(("asked", "path"), [("given.get('url')", "[url]"), ("given.get('a').get('b')", "[a].get()")])
def test_a_key_of_a_parameter_is_known_one_deep(asked: str, path: str) -> None:
    """What a loop walks down, keys of keys, would double with every round."""
    ev = evaluator({"m.py": f"def f(given):\n    return {asked}\n"})
    function = ev.index.modules[0].define("f")
    found = [value for expr in function.scope.returns for value in ev.eval(expr, ev.frame(function))]
    assert found == [Param(function, "given", path)]
