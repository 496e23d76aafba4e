"""The URLs of `rules/routes.yaml`: its examples are served as they say, and what looks alike is not."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.evaluate.evaluator import Evaluator
from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain
from extractor.link.routes import routes
from extractor.link.routes.views import VERBS
from extractor.rules.routes import route_rules
from tests.worlds import world

EXAMPLES = read_plain(rules_dir() / "routes.yaml")["examples"]


def served(row: dict[str, Any]) -> list[str]:
    found = routes(Evaluator(world({**row.get("files", {}), "main/urls.py": row["code"]})), "shop", "web", "main.urls")
    return [f"{' '.join(route.methods) or 'any'} {route.pattern}" for route in found.routes]


@pytest.mark.parametrize("row", EXAMPLES["hits"], ids=lambda row: row["routes"][-1])
def test_an_example_serves_these_routes(row: dict[str, Any]) -> None:
    assert served(row) == row["routes"]


@pytest.mark.parametrize("row", EXAMPLES["misses"], ids=lambda row: row["not"])
def test_a_near_miss_does_not_serve_this_route(row: dict[str, Any]) -> None:
    assert row["not"] not in served(row), row["why"]


def test_the_methods_of_views_are_methods_of_http() -> None:
    rules = route_rules()
    tables = (rules.views.classes, rules.views.decorators, rules.views.declared)
    assert {verb for table in tables for verbs in table.values() for verb in verbs} <= set(VERBS)
    assert {verb for template in rules.routers.templates for verb, _action in template.mapping} <= set(VERBS)


def test_every_action_of_a_mixin_is_served_by_a_template() -> None:
    rules = route_rules().routers
    actions = {action for actions in rules.actions.values() for action in actions}
    assert actions == {action for template in rules.templates for _verb, action in template.mapping}
