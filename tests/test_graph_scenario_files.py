"""Scenario files: where an estate's names lead, what a file says, how its faults are told, and those that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.estate.file import find_estate, load_estate
from extractor.estate.model import Estate
from extractor.graph.scenarios import StepQuery, load_scenarios, read_scenario
from tests.build_estate import ESTATE

FILE = """
id: {id}
title: Buy
system: shop
description: >
  Somebody
  buys.
sync: mixed
steps:
  - {{from: "person:buyer", to: shop/web, route: /checkout/, label: pays}}
  - from: shop/web-worker
    to: bank
    call: {{endpoint: [/a/*, /b/*], method: POST}}
    task: shop.tasks.pay
    context: task
    sync: false
    repo: shop
"""


def write(path: Path, name: str = "buy", text: str = FILE) -> Path:
    """A scenario file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(id=name))
    return path


def test_all_that_a_file_may_say(tmp_path: Path) -> None:
    found = read_scenario(write(tmp_path / "buy.yaml"))
    assert (found.id, found.title, found.system, found.sync) == ("buy", "Buy", "shop", "mixed")
    assert found.description == "Somebody buys."
    assert found.steps == (
        StepQuery("person:buyer", "shop/web", {"route": {"pattern": ("/checkout/",)}}, "pays"),
        StepQuery(
            "shop/web-worker",
            "bank",
            {"call": {"endpoint": ("/a/*", "/b/*"), "method": ("POST",)}, "task": {"name": ("shop.tasks.pay",)}},
            "",
            False,
            "shop",
            ("task",),
        ),
    )
    assert [step.kind for step in found.steps] == ["route", "call"]


def test_an_estate_names_files_directories_and_shipped_scenarios(tmp_path: Path) -> None:
    write(tmp_path / "one.yaml", "one")
    write(tmp_path / "more" / "b.yaml", "b")
    write(tmp_path / "more" / "a.yaml", "a")
    estate = Estate("T", (), scenarios=("more", "one.yaml", "one.yaml", "mit-open-learning"), directory=tmp_path)
    assert [found.id for found in load_scenarios(estate)][:4] == ["a", "b", "one", "course-authoring-and-publish"]
    assert load_scenarios(Estate("T", ())) == ()


def test_a_name_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither a file nor shipped \(did you mean 'mit-open-learning'\?\)"):
        load_scenarios(Estate("T", (), scenarios=("mit-open-lerning",), directory=tmp_path))


def test_two_scenarios_of_one_id_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "one.yaml")
    write(tmp_path / "two.yaml")
    with pytest.raises(UserError, match=r"two\.yaml: the id 'buy' is that of .*one\.yaml"):
        load_scenarios(Estate("T", (), scenarios=("one.yaml", "two.yaml"), directory=tmp_path))


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("route: /checkout/, ", "", "line 10: steps.0: asks for nothing: add one of call, store"),
        ("route:", "ruote:", "line 10: steps.0.ruote: unknown key (did you mean 'route'?)"),
        ("method: POST", "verb: POST", "line 13: steps.1.call.verb: unknown key"),
        ("sync: mixed", "sync: sometimes", "line 8: sync: must be one of sync, async, mixed"),
    ],
)
def test_faults_are_told_with_their_lines(tmp_path: Path, before: str, after: str, fault: str) -> None:
    assert before in FILE
    with pytest.raises(UserError) as refused:
        read_scenario(write(tmp_path / "buy.yaml", text=FILE.replace(before, after)))
    assert fault in str(refused.value)


@pytest.mark.parametrize("path", [find_estate("mit-open-learning"), ESTATE / "estate.yaml"], ids=["shipped", "sample"])
def test_the_scenarios_that_ship_speak_of_their_estate(path: Path) -> None:
    estate = load_estate(path)
    found = load_scenarios(estate)
    assert len(found) == 4
    known = {system.id for system in estate.systems} | {f"person:{person.id}" for person in estate.people}
    for definition in found:
        assert definition.system in known
        for step in definition.steps:
            assert {step.source.split("/")[0], step.target.split("/")[0]} <= known
