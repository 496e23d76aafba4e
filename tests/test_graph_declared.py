"""Declared arrows: what an estate file says of flows that no code shows, and what is said once code does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.estate.file import load_estate
from extractor.graph.declared import declared_flows, found_in_code
from extractor.model.graph import Flow, Graph
from extractor.views import DECLARED, build_views
from renderers.diagrams.mermaid import render_mermaid
from renderers.diagrams.plantuml import render_puml
from renderers.svg import render_svg
from tests.small_graph import at, flow, node, small_graph

FILE = """
systems:
  shop:
    name: Shop
    repository: https://github.com/acme/shop
    services: {web: {name: Web}}
  bank: {name: Bank}
people:
  buyer: {name: Buyer}
declares:
  - from: shop/web
    to: bank
    label: settles
    why: A job of the bank's fetches a file.
    sync: false
"""


def declared(tmp_path: Path, text: str = FILE) -> tuple[Flow, ...]:
    """The flows that an estate file declares."""
    path = tmp_path / "estate.yaml"
    path.write_text(text)
    return declared_flows(load_estate(path))


def test_a_declaration_is_a_flow_on_the_line_of_the_estate_file(tmp_path: Path) -> None:
    (found,) = declared(tmp_path)
    assert (found.source, found.target, found.label, found.sync, found.declared) == (
        "shop/web",
        "bank",
        "settles",
        False,
        True,
    )
    assert [(e.repo, e.path, e.line, e.role) for e in found.evidence] == [("", "estate.yaml", 11, "declared")]
    assert found.why == "A job of the bank's fetches a file."


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("from: shop/web", "from: shop/wbe", "line 11: declares.0.from: 'shop/wbe' is not a system or system/service"),
        ("to: bank", "to: person:buyer", "declares.0.to: 'person:buyer' is not"),
        ("    why: A job of the bank's fetches a file.\n", "", "'why'"),
    ],
    ids=["end", "person-as-target", "no-reason"],
)
def test_a_declaration_that_leads_nowhere_or_gives_no_reason_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(UserError, match=told.replace("(", r"\(")):
        declared(tmp_path, FILE.replace(old, new))


def test_an_arrow_of_the_code_between_the_same_ends_is_told_of_and_both_are_kept(tmp_path: Path) -> None:
    (said,) = declared(tmp_path)
    code = flow("shop/web", "bank", "POST settlements", at("shop", "shop/bank.py", 7, 7, "call"))
    (gap,) = found_in_code((code, said))
    assert (gap.kind, gap.path, gap.line) == ("declaration", "shop/bank.py", 7)
    assert gap.reason == "code has an arrow between these now: POST settlements"
    assert gap.remedy == "if that is the same, take it out of estate.yaml, line 11"


@pytest.mark.parametrize("ends", [("bank", "shop/web"), ("shop/admin", "bank"), ("shop/web", "bank-2")])
def test_an_arrow_between_other_ends_says_nothing_of_it(tmp_path: Path, ends: tuple[str, str]) -> None:
    code = flow(*ends, "settles", at("shop", "shop/bank.py", 7, 7, "call"))
    assert found_in_code((code, *declared(tmp_path))) == ()


@pytest.mark.parametrize("role", ["route", "view"])
def test_a_caller_that_the_estate_file_names_is_no_code_of_it(tmp_path: Path, role: str) -> None:
    hook = flow("shop/web", "bank", "hook", at("bank", "bank/urls.py", 3, 3, role), route_ids=("r",))
    assert found_in_code((hook, *declared(tmp_path))) == ()
    assert len(found_in_code((dataclasses.replace(hook, call_ids=("c",)), *declared(tmp_path)))) == 1


def test_what_a_whole_system_is_said_to_do_is_found_in_any_of_its_parts(tmp_path: Path) -> None:
    said = declared(tmp_path, FILE.replace("from: shop/web", "from: shop"))
    code = flow("shop/web-worker", "bank", "settles", at("shop", "shop/bank.py", 7, 7, "call"))
    assert len(found_in_code((code, *said))) == 1


def drawn(tmp_path: Path) -> Graph:
    """The small graph with a declared arrow beside one of the code between the same boxes."""
    graph = small_graph()
    bank = dataclasses.replace(node("bank", "external"), scope="external")
    nodes = tuple(bank if one.id == "bank" else one for one in graph.nodes)
    return small_graph(nodes=nodes, flows=(*graph.flows, *declared(tmp_path)))


def test_a_declared_arrow_is_drawn_apart_from_those_of_the_code(tmp_path: Path) -> None:
    (view,) = (view for view in build_views(drawn(tmp_path)) if view.id == "shop-containers")
    arrows = {edge.basis: edge for edge in view.edges if (edge.source, edge.target) == ("shop/web", "bank")}
    assert sorted(arrows) == ["", DECLARED]
    assert (arrows[""].label, arrows[DECLARED].label) == ("rates", "settles")
    assert arrows[DECLARED].technology == "declared, not in code"


def test_every_picture_says_of_a_declared_arrow_that_it_is_one(tmp_path: Path) -> None:
    (view,) = (view for view in build_views(drawn(tmp_path)) if view.id == "shop-containers")
    svg = render_svg(view)
    assert 'class="edge async declared"' in svg
    assert "Declared in the estate file, not in code" in svg
    assert "declared, not in code" in render_mermaid(view).replace("#44;", ",")
    assert '$tags="declared"' in render_puml(view)
