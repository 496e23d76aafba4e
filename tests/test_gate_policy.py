"""The gate: given a policy, a base and a head, these breaches and no others; given a baseline, these accepted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from extractor.diff import diff_graphs
from extractor.errors import UserError
from extractor.files.shipped import read_schema
from extractor.gate.baseline import Acceptance, Baseline
from extractor.gate.policy import Policy, Verdict, check, load_policy
from extractor.model.graph import Graph, Schedule
from tests.diff_graphs import call, evidence, finding, flow, graph, node, nodes, route, scenario, schedule, step

TODAY = "2026-03-01"


def policy(**forbid: Any) -> Policy:
    rules = {name.replace("_", "-"): value for name, value in forbid.items()}
    return load_policy({"forbid": rules}, read_schema("policy"), ("shop", "campus", "mailer"))


def verdict(base: Graph, head: Graph, rules: Policy, *accepted: Acceptance) -> Verdict:
    return check(diff_graphs(base, head), head, rules, Baseline(accepted), TODAY)


def acceptance(fingerprint: str, expires: str = "2026-12-31") -> Acceptance:
    return Acceptance(fingerprint, "new-brittle-links", "shop/a.py:1", "known, being mended", expires)


def test_a_new_brittle_link_at_the_severity_breaks_the_rule_and_says_where_and_how_to_mend() -> None:
    found = verdict(graph(), graph(findings=[finding()]), policy(new_brittle_links="medium"))
    [breach] = found.breaches
    assert (breach.rule, breach.where) == ("new-brittle-links", "shop/orders/api.py:10")
    assert "Pass timeout=" in str(breach)
    assert "\n" not in str(breach)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ([], [finding(severity="low")]),
        ([], [finding(suppressed="read once, by hand")]),
        ([finding()], [finding(path="moved.py", line=99)]),
        ([finding()], []),
    ],
    ids=["below the severity", "ignored in code", "moved", "mended"],
)
def test_what_is_no_new_brittle_link(base: list[Any], head: list[Any]) -> None:
    assert verdict(graph(findings=base), graph(findings=head), policy(new_brittle_links="medium")).passed


@pytest.mark.parametrize("before", [finding(severity="low"), finding(suppressed="a reason")], ids=["grew", "bared"])
def test_an_old_finding_that_grew_worse_or_lost_its_ignore_counts_as_new(before: Any) -> None:
    found = verdict(graph(findings=[before]), graph(findings=[finding()]), policy(new_brittle_links="medium"))
    assert len(found.breaches) == 1


def test_findings_are_matched_by_identity_never_by_count() -> None:
    base, head = graph(findings=[finding("f1")]), graph(findings=[finding("f2")])
    assert [b.fingerprint for b in verdict(base, head, policy(new_brittle_links="low")).breaches] == ["f2"]


def test_a_new_synchronous_call_between_named_systems_is_a_breach_wherever_in_them_it_starts() -> None:
    ban = [{"from": "shop", "to": "campus", "because": "checkout must not wait"}]
    found = verdict(graph(), graph(flows=[flow()]), policy(new_synchronous_calls=ban))
    [breach] = found.breaches
    assert "checkout must not wait" in breach.message


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ([], [flow(sync=False)]),
        ([flow()], [flow(evidence=(evidence(line=80),))]),
        ([], [flow("campus.web", "shop.web")]),
    ],
    ids=["asynchronous", "old", "the other way"],
)
def test_what_is_no_new_synchronous_call(base: list[Any], head: list[Any]) -> None:
    rules = policy(new_synchronous_calls=[{"from": "shop", "to": "campus"}])
    assert verdict(graph(flows=base), graph(flows=head), rules).passed


def test_an_arrow_that_turned_synchronous_is_a_breach() -> None:
    rules = policy(new_synchronous_calls=[{"from": "*", "to": "campus"}])
    found = verdict(graph(flows=[flow(sync=False)]), graph(flows=[flow()]), rules)
    assert [b.rule for b in found.breaches] == ["new-synchronous-calls"]


def test_closing_a_ring_of_systems_is_a_breach_and_an_old_ring_is_none() -> None:
    back = flow("campus.web", "shop.web", label="webhook")
    open_, closed = graph(flows=[flow()]), graph(flows=[flow(), back])
    [breach] = verdict(open_, closed, policy(new_cycles=True)).breaches
    assert "Campus → Shop → Campus" in breach.message
    assert verdict(closed, closed, policy(new_cycles=True)).passed


def test_removing_a_route_that_a_call_needs_is_a_breach_at_the_call() -> None:
    base = graph(calls=[call()], routes=[route(), route(id="r2", pattern="/other/")])
    head = graph(calls=[call(route_id=None)], routes=[route(id="r2", pattern="/other/")])
    [breach] = verdict(base, head, policy(removed_routes_in_use=True)).breaches
    assert breach.where == "shop/orders/api.py:10"
    assert "Campus no longer serves" in breach.message
    assert verdict(base, head, policy(unanswered_calls=True)).passed


def test_a_new_call_that_the_target_does_not_serve_is_a_breach_of_its_own_rule() -> None:
    other = route(id="r2", pattern="/other/")
    base, head = graph(routes=[other]), graph(calls=[call(route_id=None)], routes=[other])
    [breach] = verdict(base, head, policy(unanswered_calls=True)).breaches
    assert "does not serve" in breach.message
    assert verdict(base, head, policy(removed_routes_in_use=True)).passed


def dangling() -> Schedule:
    return schedule(task_id=None, unresolved="missing")


def test_states_of_the_head_are_breaches_even_when_they_are_old() -> None:
    missing = step(n=2, label="sync grades", missing=True, evidence=())
    stranger = node("tracker.example", kind="external", scope="external")
    head = graph(
        schedules=[dangling()],
        scenarios=[scenario(step(), missing)],
        nodes=[*nodes(), stranger],
    )
    rules = policy(schedules_without_task=True, missing_scenario_steps=True, unknown_systems=True)
    found = verdict(head, head, rules)
    assert [b.rule for b in found.breaches] == ["missing-scenario-steps", "schedules-without-task", "unknown-systems"]


def test_missing_steps_can_be_forbidden_for_named_scenarios_only() -> None:
    head = graph(scenarios=[scenario(step(missing=True, evidence=()))])
    assert len(verdict(head, head, policy(missing_scenario_steps=["checkout"])).breaches) == 1
    assert verdict(head, head, policy(missing_scenario_steps=["another"])).passed


def test_an_empty_policy_forbids_nothing() -> None:
    head = graph(findings=[finding(severity="high")], schedules=[dangling()], flows=[flow()])
    assert verdict(graph(), head, Policy()).passed


def test_an_acceptance_takes_one_breach_out_until_its_day_is_over() -> None:
    head, rules = graph(findings=[finding("f1"), finding("f2")]), policy(new_brittle_links="low")
    found = verdict(graph(), head, rules, acceptance("f1", TODAY), acceptance("f2", "2026-02-28"))
    assert [b.fingerprint for b in found.accepted] == ["f1"]
    assert [b.fingerprint for b in found.breaches] == ["f2"]
    assert [a.fingerprint for a in found.expired] == ["f2"]


def test_an_acceptance_of_an_old_finding_is_used_and_one_of_a_mended_finding_is_not() -> None:
    head = graph(findings=[finding("f1")])
    found = verdict(head, head, policy(new_brittle_links="low"), acceptance("f1"), acceptance("mended"))
    assert found.passed
    assert [a.fingerprint for a in found.unused] == ["mended"]


def test_stale_acceptances_can_be_forbidden() -> None:
    [breach] = verdict(graph(), graph(), policy(stale_acceptances=True), acceptance("mended")).breaches
    assert "--update" in breach.remedy


def test_a_breach_keeps_its_fingerprint_when_its_code_moves() -> None:
    rules = policy(new_synchronous_calls=[{"from": "shop", "to": "campus"}], schedules_without_task=True)
    head = graph(flows=[flow()], schedules=[dangling()])
    moved = graph(
        flows=[flow(evidence=(evidence(path="z.py", line=5),))],
        schedules=[dataclasses.replace(dangling(), path="z.py", line=1)],
    )
    assert {b.fingerprint for b in verdict(graph(), head, rules).breaches} == {
        b.fingerprint for b in verdict(graph(), moved, rules).breaches
    }


def test_all_faults_of_a_policy_come_in_one_error_with_the_nearest_known_key() -> None:
    with pytest.raises(UserError) as error:
        load_policy({"forbid": {"new-cycle": True, "new-brittle-links": "grave"}}, read_schema("policy"), ())
    assert "did you mean 'new-cycles'?" in str(error.value)
    assert "grave" in str(error.value)


@pytest.mark.parametrize("unresolved", ["built-in", "unknown", "unread", "elsewhere"])
def test_a_schedule_whose_task_may_exist_is_no_breach(unresolved: str) -> None:
    head = graph(schedules=[schedule(task_id=None, unresolved=unresolved)])
    assert verdict(head, head, policy(schedules_without_task=True)).passed
