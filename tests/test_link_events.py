"""Event buses: which signals a setting sends on to a bus, on which topic, and whether by default."""

from __future__ import annotations

import dataclasses

import pytest

from extractor.deployment.read import read_runtime
from extractor.estate.model import Estate, System
from extractor.graph.arrows import Arrows
from extractor.graph.deployment import deployments
from extractor.graph.timing import timings
from extractor.link import callgraph
from extractor.link.effects import Effects
from extractor.link.events import events_of
from extractor.link.facts import RepoFacts
from extractor.link.settings import SettingBinding, SettingsTable, Where
from extractor.link.targets import Targets
from extractor.model.graph import Call, Context, Gap, Source
from extractor.rules.clients import shipped_rules
from tests.diff_graphs import route
from tests.worlds import REPO, around, evaluator

COMMON = """\
FEATURES = {"TELL": False, "SHOUT": True}
def _tells(settings):
    return settings.FEATURES["TELL"]
class Derived:
    def __init__(self, calculate):
        self.calculate = calculate
EVENT_BUS_PRODUCER_CONFIG = {
    "org.openedx.learning.certificate.created.v1": {"certificates": {"enabled": Derived(_tells)}},
    "org.openedx.learning.user.role.added.v1": {"roles": {"enabled": True}, "audit": {"enabled": False}},
    "org.openedx.content_authoring.block.deleted.v1": {"blocks": {"enabled": False}},
}
"""
PRODUCTION = """\
from shop.common import *
from openedx_events.event_bus import merge_producer_configs
EVENT_BUS_PRODUCER_CONFIG = merge_producer_configs(EVENT_BUS_PRODUCER_CONFIG, overrides)
"""
SENDS = """\
from openedx_events.learning.signals import CERTIFICATE_CREATED, ROLE_ADDED, BLOCK_DELETED, SESSION_ENDED
from openedx_events.learning import signals as events

def award(user):
    CERTIFICATE_CREATED.send_event(certificate=user)

def grow(user):
    events.ROLE_ADDED.send_event(role=user)

def close(user):
    SESSION_ENDED.send_event(user=user)
    BLOCK_DELETED.send_event(user=user)
"""


def read(runs: str = "web", **files: str) -> tuple[list[Call], list[Gap], tuple[SettingBinding, ...]]:
    """The events that go out of a repository, its topics that none does to, and the settings that say so. Its functions
    are views that one of the services `web` and `studio` serves."""
    known = {"shop/__init__.py": "", "shop/common.py": COMMON, "shop/prod.py": PRODUCTION, "shop/a.py": SENDS}
    known |= {name.replace("__", "/") + ".py": text for name, text in files.items()}
    ev = evaluator(known)
    tables = {"web": SettingsTable.build(ev, REPO, ("shop.prod",), "web")}
    ev.setting = tables["web"].value
    graph = callgraph.build(ev)
    views = [(d, f"/{d.scope.name}/", runs) for d in ev.index.defs() if d.kind == "function" and runs]
    targets = Targets(Estate("Shop", ()), shipped_rules(), REPO, tables["web"].value)
    finder = Effects(ev, graph, shipped_rules())
    surroundings = around(ev, finder, targets, views, web="shop.prod", studio="shop.prod")
    found = events_of(graph, tables, surroundings)
    return list(found.calls), list(found.gaps), found.bindings


def test_a_signal_goes_to_the_topics_of_its_type_in_its_domain() -> None:
    sent, _gaps, _bindings = read()
    assert [(call.path, call.line, call.label, call.url) for call in sent] == [
        ("shop/a.py", 5, "certificate created", "certificates"),
        ("shop/a.py", 8, "role added", "roles"),
        ("shop/a.py", 8, "role added", "audit"),
    ]
    assert {call.system for call in sent} == {"event-bus"}


def test_an_event_says_when_it_is_sent() -> None:
    told = {call.url: call.condition for call in read()[0]}
    config, none = "EVENT_BUS_PRODUCER_CONFIG enables org.openedx.learning", "names a producer (none by default)"
    assert told == {
        "certificates": f"{config}.certificate.created.v1 (off by default) and EVENT_BUS_PRODUCER {none}",
        "roles": f"{config}.user.role.added.v1 (on by default) and EVENT_BUS_PRODUCER {none}",
        "audit": f"{config}.user.role.added.v1 (off by default) and EVENT_BUS_PRODUCER {none}",
    }


def test_a_backend_named_in_settings_carries_events() -> None:
    prod = PRODUCTION + 'EVENT_BUS_PRODUCER = "edx_event_bus_redis.create_producer"\n'
    sent, _gaps, bindings = read(shop__prod=prod)
    assert sent[0].condition.endswith(" and EVENT_BUS_PRODUCER is edx_event_bus_redis.create_producer")
    assert [(j.setting, j.where.line) for j in bindings if j.role == "producer"] == [("EVENT_BUS_PRODUCER", 4)]


def test_a_flag_that_is_on_enables_its_topic() -> None:
    sent, _gaps, _bindings = read(shop__common=COMMON.replace('FEATURES["TELL"]', 'FEATURES["SHOUT"]'))
    assert "(on by default)" in sent[0].condition


def test_of_two_types_that_end_alike_a_signal_is_of_the_one_named_as_it_is() -> None:
    more = COMMON.replace(
        '    "org.openedx.learning.user',
        '    "org.openedx.learning.old.certificate.created.v1": '
        '{"old": {"enabled": False}},\n    "org.openedx.learning.user',
    )
    assert [call.url for call in read(shop__common=more)[0]] == ["certificates", "roles", "audit"]


def test_a_topic_to_which_nothing_goes_is_told() -> None:
    [gap] = read()[1]
    assert (gap.kind, gap.path, gap.line) == ("event", "shop/common.py", 7)
    assert gap.what == "org.openedx.content_authoring.block.deleted.v1 to the topic blocks"


def test_events_of_code_that_only_another_service_runs_are_not_this_one_s() -> None:
    assert read(runs="studio")[0] == []
    assert len(read(runs="")[0]) == 3


def test_without_the_setting_signals_stay_in_the_process() -> None:
    assert read(shop__common="", shop__prod="") == ([], [], ())


def facts(**rows: object) -> RepoFacts:
    base = RepoFacts(Source("shop", "", "main", "s" * 40, 1), routes=(route(repo="shop"),))
    return dataclasses.replace(base, **rows)  # type: ignore[arg-type]


def test_an_event_is_an_arrow_that_nobody_waits_for_with_the_setting_beside_the_line() -> None:
    sent, _gaps, bindings = read()
    request = (Context("request", "/award/", ("web",)),)
    known = {
        "shop": facts(calls=(dataclasses.replace(sent[0], contexts=request, confidence="certain"),), bindings=bindings)
    }
    estate = Estate("Test", (System("shop", "Shop", kind="system"),))
    [flow] = Arrows(estate, known, timings(known), deployments(estate, known)).flows()
    assert (flow.source, flow.target, flow.sync, flow.protocol) == ("shop/web", "event-bus", False, "event bus")
    assert [(e.path, e.line, e.role) for e in flow.evidence] == [
        ("shop/a.py", 5, "call"),
        ("shop/common.py", 7, "setting"),
    ]
    assert "off by default" in flow.condition


@pytest.mark.parametrize(
    ("rows", "label", "line"),
    [
        (
            {
                "bindings": (
                    SettingBinding("", "consumer", "EVENT_BUS_CONSUMER", Where("shop/prod.py", 9, 9), "event-bus"),
                )
            },
            "events",
            "shop/prod.py",
        ),
        (
            {"runtime": read_runtime({"Procfile": b"web: gunicorn a && ./manage.py consume_events -t roles -g x\n"})},
            "events of roles",
            "Procfile",
        ),
    ],
)
def test_a_service_takes_events_where_a_setting_or_a_unit_says_so(
    rows: dict[str, object], label: str, line: str
) -> None:
    known = {"shop": facts(**rows)}
    [link] = deployments(Estate("Test", (System("shop", "Shop", kind="system"),)), known)["shop"].links
    assert (link.source, link.target, link.label, link.sync) == ("event-bus", "shop/web", label, False)
    assert link.evidence[0].path == line
