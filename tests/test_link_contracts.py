"""Contracts across repositories: given calls and the routes of the systems they reach, who answers which."""

from __future__ import annotations

import dataclasses

from extractor.estate.model import Estate, Service, SettingHint, System
from extractor.link.contracts import join_contracts
from extractor.link.facts import RepoFacts
from extractor.model.graph import Call, Source
from tests.diff_graphs import call, route

STUDIO = call(id="studio", url="{setting:STUDIO_URL}/api/runs/clone/", base_setting="STUDIO_URL", route_id=None)
LMS = dataclasses.replace(STUDIO, id="lms", url="{setting:LMS_URL}/api/runs/clone/", base_setting="LMS_URL")
CAMPUS = System(
    "campus",
    "Campus",
    kind="system",
    services=tuple(Service(n, n, settings=(SettingHint(f"{n.upper()}_URL"),)) for n in ("lms", "studio")),
)
ESTATE = Estate("Test", (CAMPUS, System("shop", "Shop", kind="system")))


def source(name: str) -> Source:
    return Source(name, "", "main", name[0] * 40, 1)


def joined(*calls: Call, pattern: str = "/api/runs/clone/") -> list[Call]:
    """The calls of a shop, joined with a campus whose studio serves one route."""
    served = route(id="clone", repo="campus", service="studio", pattern=pattern, methods=("POST",))
    facts = {
        "campus": dataclasses.replace(RepoFacts(source("campus")), routes=(route(service="lms"), served)),
        "shop": dataclasses.replace(RepoFacts(source("shop")), calls=calls),
    }
    return list(join_contracts(facts, ESTATE)["shop"].calls)


def test_the_route_that_answers_is_named() -> None:
    assert [one.route_id for one in joined(STUDIO, LMS)] == ["clone", None]
    assert [one.route_id for one in joined(STUDIO, pattern="/api/runs/")] == [None]


def test_a_base_without_the_path_is_in_doubt_where_another_base_of_the_same_line_serves_it() -> None:
    answered, other = joined(STUDIO, LMS)
    assert (answered.confidence, other.confidence) == ("certain", "possible")
    assert other.why == "no route answers at this base, but one at another base"


def test_another_line_or_another_path_is_another_matter() -> None:
    for over in ({"line": 99}, {"url": "{setting:LMS_URL}/api/runs/"}, {"http_method": "GET"}):
        assert [one.confidence for one in joined(STUDIO, dataclasses.replace(LMS, **over))] == ["certain", "certain"]


def test_without_any_answer_nothing_is_held_against_either() -> None:
    assert [one.confidence for one in joined(STUDIO, LMS, pattern="/other/")] == ["certain", "certain"]


def test_an_unknown_part_of_a_path_is_not_taken_for_its_query() -> None:
    one = dataclasses.replace(STUDIO, url="{setting:STUDIO_URL}/api/runs/{?element}/clone/?deep=1")
    assert [found.route_id for found in joined(one, pattern="/api/runs/<id>/clone/")] == ["clone"]


CAMPUS_URL = dataclasses.replace(
    STUDIO, url="{setting:CAMPUS_URL}/api/runs/clone/", base_setting="CAMPUS_URL", system=None, known_by=""
)


def test_a_setting_named_after_a_system_that_alone_serves_the_path_means_it() -> None:
    (one,) = joined(CAMPUS_URL)
    assert (one.system, one.route_id, one.confidence) == ("campus", "clone", "likely")
    assert one.known_by == "the name of setting CAMPUS_URL, and what it serves"


def test_neither_the_name_nor_the_path_alone_tells_whom_a_setting_means() -> None:
    assert [one.system for one in joined(CAMPUS_URL, pattern="/other/")] == [None]
    other = dataclasses.replace(CAMPUS_URL, url="{setting:DEPOT_URL}/api/runs/clone/", base_setting="DEPOT_URL")
    assert [one.system for one in joined(other)] == [None]
    root = dataclasses.replace(CAMPUS_URL, url="{setting:CAMPUS_URL}/")
    assert [one.system for one in joined(root, pattern="/")] == [None]
