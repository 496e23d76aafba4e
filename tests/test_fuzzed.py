"""Damaged input of every kind: code, patterns, settings, deployment files, lock files, estate and rule files, graphs.
Each is read, or refused in words; none ends in a crash."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from c4trace.nightly.config import load_config
from c4trace.query.graph_file import load_graph
from extractor.deployment.read import deployment_values, read_runtime
from extractor.errors import C4traceError
from extractor.estate.file import load_estate
from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_yaml
from extractor.gate.baseline import read_baseline
from extractor.graph.scenarios.definition import read_scenario
from extractor.libraries.locks import read_locks
from extractor.link.routes.match import RouteIndex
from extractor.model.graph import Route
from extractor.rules.clients import load_rules
from extractor.rules.findings import load_finding_rules
from extractor.summary import decode, encode, summarize
from extractor.text.masking import masked_text
from extractor.text.shapes import masked_literal
from extractor.text.urls import parameters_in, password_in, segments
from renderers.data.graph_json import render_graph_json
from tests.build_estate import ESTATE
from tests.linked import linked
from tests.mutated import encoded, fuzzed, mutated
from tests.planted_secrets import DEPLOYED, TASKS, VIEWS
from tests.planted_secrets import SETTINGS as SECRET_SETTINGS
from tests.sample_graph import sample_graph
from tests.syntax_programs import PROGRAMS

ROOT = Path(__file__).parent.parent
SAMPLE = [path.read_bytes().decode("utf-8", "replace") for path in sorted(ESTATE.rglob("*.py"))]
CODE = (*PROGRAMS.values(), TASKS + "    pass\n", VIEWS, *SAMPLE)

SHOP_SETTINGS = """\
import os
from datetime import timedelta
from celery.schedules import crontab
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop", *[f"shop.{name}" for name in ("a", "b")]]
STOCK_URL = os.environ.get("STOCK_URL", "https://stock.example.com/api/v{0}/".format(1))
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.getenv("DB_HOST", "db")}}
CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://%s:6379/0" % "cache"}}
CELERY_TASK_ROUTES = {"shop.tasks.*": {"queue": "slow"}}
CELERY_BEAT_SCHEDULE = {"tell": {"task": "shop.tasks.tell", "schedule": crontab(minute="*/5", hour="1-3,22-2")}}
for one in ("x", "y"):
    CELERY_BEAT_SCHEDULE[one] = {"task": f"shop.tasks.{one}", "schedule": timedelta(minutes=2 * 3)}
if STOCK_URL.startswith("https"):
    LOGGING = {"version": 1, **{"handlers": {}}}
"""
SHOP_URLS = """\
from django.urls import include, path, re_path
from rest_framework.routers import DefaultRouter
from shop import views
router = DefaultRouter()
router.register(r"orders/(?P<shop>[^/.]+)", views.Orders, basename="orders")
urlpatterns = [
    path("buy/<slug:what>/<int:count>/", views.buy, name="buy"),
    re_path(r"^ask/(?P<what>[a-z]{1,3}(?:-\\d+)?)/(.*)$", views.ask),
    path("api/", include(router.urls)),
    path("", include(([path("deep/<path:rest>", views.ask)], "deep"), namespace="x")),
]
urlpatterns += [path(f"many/{n}/", views.buy) for n in range(3)]
"""
SHOP_VIEWS = """\
import requests
from django.conf import settings
from rest_framework import viewsets
from shop.tasks import tell

def url_of(kind, *parts, base=None, **more):
    base = base or settings.STOCK_URL
    return "/".join([base.rstrip("/"), "%s-%d" % (kind, len(parts)), *map(str, parts)]) + "?{a}={b}".format(a=1, **more)

def buy(request, what, count=1):
    if request.method == "POST" and (total := count * 2) > 3:
        tell.delay(url_of(what, count, b="x"))
    return requests.get(url_of(what, *range(count), b=f"{what!r:>4}"), timeout=(1, 2.5))

ask = lambda request, *args, **kwargs: [requests.post(u) for u in (settings.STOCK_URL + a for a in args)][0]

class Orders(viewsets.ModelViewSet):
    def create(self, request, shop=None):
        with requests.Session() as session:
            session.headers.update({"X": shop})
            return getattr(session, "put")(url_of(kind="orders", base="https://x.example.com" or None, b=shop))
"""
SHOP_TASKS = """\
import requests
from celery import chain, group, shared_task

@shared_task(bind=True, name="shop.tasks." + "tell", queue="slow" if 1 else "fast")
def tell(self, url, tries=3):
    try:
        requests.get(url)
    except Exception as error:
        raise self.retry(exc=error, countdown=2 ** tries)
    while tries:
        tries -= 1
    (group(x.s(i) for i in range(3)) | y.si()).apply_async(queue="fast")

@shared_task
def x(i):
    return {"a": [i]}["a"][0]

@shared_task
def y(): chain(x.s(1), y.s())()
"""
SHOP = {
    "shop/settings.py": SHOP_SETTINGS,
    "shop/urls.py": SHOP_URLS,
    "shop/views.py": SHOP_VIEWS,
    "shop/tasks.py": SHOP_TASKS,
}


@fuzzed(400)
@given(mutated(CODE))
def test_code_is_summarised_or_refused_and_its_summary_is_read_back(text: str) -> None:
    summary = summarize(encoded(text))
    assert decode(encode(summary)) == summary


@fuzzed(200)
@given(st.binary(max_size=400))
def test_bytes_are_summarised_or_refused(data: bytes) -> None:
    summary = summarize(data)
    assert decode(encode(summary)) == summary


@pytest.mark.slow
@pytest.mark.parametrize("path", SHOP)
@fuzzed(60)
@given(st.data())
def test_a_repository_with_a_damaged_module_is_linked(path: str, data: st.DataObject) -> None:
    """Settings, patterns of URLs, folding of text and tasks: what is still code is evaluated, wrong as it is."""
    text = data.draw(mutated([SHOP[path]]))
    if summarize(encoded(text)).error is None and "\0" not in text:
        linked({**SHOP, path: text}, hosts={"stock": "stock.example.com"})


PATTERNS = (
    "api/<slug:what>/<int:count>/",
    "^ask/(?P<what>[a-z]{1,3})/(.*)$",
    "orders/{id}/items/{?}",
    "//<path:rest>",
    "<a>-<b>.<c>",
    "https://u:p@h.example.com:80/a/b?c=d&e={f}#g",
    "{setting:BASE}/x/{name}/",
    "",
    "(((",
    "{{}}{",
    "%(a)s/{}",
)


@fuzzed(1500)
@given(mutated(PATTERNS), mutated(PATTERNS), mutated(["[a-z]+", r"\d{1,4}", "(?:a|b)*", ".*", "[^/.]+", "(a+)+$"]))
def test_any_pattern_is_matched_with_any_address(pattern: str, url: str, expression: str) -> None:
    route = Route("r", "shop", "web", pattern, None, "v", (), "p", 1)
    index = RouteIndex([route], {"r": (("what", expression), ("count", expression))}, {"r": ((pattern + "x", ()),)})
    assert index.match("GET", url) in ((), (route,))
    assert index.is_exact("GET", url) in (True, False)
    segments(url), password_in(url), parameters_in(url)


@fuzzed(1500)
@given(mutated([*DEPLOYED.values(), SECRET_SETTINGS]))
def test_masking_ends_and_masks_no_more_the_second_time(text: str) -> None:
    once = masked_literal(text)
    assert masked_literal(once) == once
    assert len(masked_text(text)) <= 4096 + text.count("\n")  # *** is never longer than what it stands for, but `x=y`


@fuzzed(1200)
@given(st.data())
def test_damaged_deployment_files_are_read_or_skipped(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(DEPLOYED)))
    files = {name: encoded(data.draw(mutated([DEPLOYED[name]])))}
    runtime = read_runtime(files)
    assert {skip.path for skip in runtime.skipped} <= {name}
    deployment_values(files)


LOCKS = ("requirements.txt", "uv.lock", "Pipfile.lock", "pyproject.toml")
POETRY = (
    '[[package]]\nname = "boto3"\nversion = "1.0"\n[package.dependencies]\nx = {version = ">=1", optional = true}\n'
)


@fuzzed(1200)
@given(st.sampled_from([*LOCKS, "poetry.lock"]), st.data())
def test_damaged_lock_files_are_read_or_skipped(name: str, data: st.DataObject) -> None:
    text = data.draw(mutated([DEPLOYED.get(name, POETRY)]))
    locks = read_locks({name: encoded(text)})
    assert {skip.path for skip in locks.skipped} <= {name}


NIGHTLY = (ROOT / "integrations" / "nightly" / "nightly.yaml").read_text()
BASELINE = "accepted:\n  - {rule: no-timeout, fingerprint: 0123456789abcdef, reason: known, until: 2030-01-01}\n"
SCENARIO = next(iter(sorted((ESTATE / "scenarios").glob("*.yaml")))).read_text()
ESTATES = [
    (ESTATE / "estate.yaml").read_text(),
    *(p.read_text() for p in sorted((rules_dir() / "estates").glob("*.yaml"))),
]
GRAPH = render_graph_json(sample_graph())
FILES: Mapping[str, tuple[list[str], Callable[[Path], object]]] = {
    "estate.yaml": (ESTATES, load_estate),
    "nightly.yaml": ([NIGHTLY], load_config),
    "baseline.yaml": ([BASELINE], read_baseline),
    "scenario.yaml": ([SCENARIO], read_scenario),
    "graph.json": ([GRAPH, json.dumps(json.loads(GRAPH))[:20000]], load_graph),
}


@pytest.mark.parametrize("name", FILES)
@fuzzed(250)
@given(st.data())
def test_a_damaged_file_of_the_user_is_read_or_its_faults_are_told(name: str, data: st.DataObject) -> None:
    texts, load = FILES[name]
    _told_or_read(name, encoded(data.draw(mutated(texts))), load)


@fuzzed(250)
@given(st.data())
def test_a_graph_with_anything_in_place_of_a_value_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(GRAPH)
    kinds: st.SearchStrategy[object] = st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({})
    )
    for _ in range(data.draw(st.integers(1, 3))):
        where, key = document, data.draw(st.sampled_from(sorted(document)))
        while isinstance(where[key], (dict, list)) and where[key] and data.draw(st.booleans()):
            where = where[key]
            key = data.draw(st.sampled_from(sorted(where) if isinstance(where, dict) else list(range(len(where)))))
        where[key] = data.draw(kinds)
    _told_or_read("graph.json", json.dumps(document).encode(), load_graph)


def _told_or_read(name: str, content: bytes, load: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        path.write_bytes(content)
        told = ""
        try:
            load(path)
        except C4traceError as error:
            told = str(error)
        assert not re.search(r"Traceback|object at 0x", told)


RULES = sorted([*(rules_dir() / "clients").glob("*.yaml"), *(rules_dir() / "findings").glob("*.yaml")])
TABLES = {
    name: rules_dir() / f"{name}.yaml" for name in ("routes", "python", "django", "stores", "systems", "vocabulary")
}


@pytest.mark.parametrize("kind", ["clients", "findings"])
@fuzzed(120)
@given(st.data())
def test_a_damaged_rule_is_read_or_its_faults_are_told(kind: str, data: st.DataObject) -> None:
    shipped = data.draw(st.sampled_from([path for path in RULES if path.parent.name == kind]))
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / kind).mkdir()
        shutil.copy(rules_dir() / "systems.yaml", place)
        (Path(place) / kind / shipped.name).write_bytes(encoded(data.draw(mutated([shipped.read_text()]))))
        told = shipped.name
        try:
            load_rules(Path(place)) if kind == "clients" else load_finding_rules(Path(place))
        except C4traceError as error:
            told = str(error)
        assert shipped.name in told


@pytest.mark.parametrize("name", TABLES)
@fuzzed(60)
@given(st.data())
def test_a_damaged_table_of_rules_is_read_or_its_faults_are_told(name: str, data: st.DataObject) -> None:
    text = data.draw(mutated([TABLES[name].read_text()]))
    _told_or_read(f"{name}.yaml", encoded(text), lambda path: read_yaml(path, read_schema(name)))


def test_the_damage_is_damage() -> None:
    """What the fuzzed tests damage is right as it stands."""
    for text in (*ESTATES, NIGHTLY, SCENARIO):
        assert yaml.safe_load(text)
    assert linked(SHOP, hosts={"stock": "stock.example.com"}).calls
