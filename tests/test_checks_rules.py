"""The rules of findings: each has one check, a hit that is found where it says, and a near miss that is not."""

from __future__ import annotations

import pytest

from extractor.checks import (
    CheckContext,
    FindingRule,
    checks,
    load_finding_rules,
    rule_docs,
    shipped_finding_rules,
    tls,
)
from extractor.checks.check import check
from extractor.files.shipped import rules_dir
from extractor.model.graph import SEVERITIES
from extractor.rules.clients import ClientRule, shipped_rules
from extractor.rules.findings import FindingExample
from tests.finding_examples import found_in

RULES = shipped_finding_rules()
HITS = [pytest.param(rule, hit, id=f"{rule.id}-{n}") for rule in RULES.values() for n, hit in enumerate(rule.hits)]
MISSES = [pytest.param(rule, row, id=f"{rule.id}-{n}") for rule in RULES.values() for n, row in enumerate(rule.misses)]


def found(rule: FindingRule, example: FindingExample) -> list[tuple[int, str]]:
    return [(row.line, row.severity) for row in found_in(example) if row.rule == rule.id]


def test_the_files_keep_to_the_schema() -> None:
    assert load_finding_rules(rules_dir()) == RULES


def test_a_file_is_named_after_its_rule() -> None:
    assert sorted(path.stem for path in (rules_dir() / "findings").glob("*.yaml")) == list(RULES)


def test_every_rule_has_a_check_and_every_check_a_rule() -> None:
    assert list(checks()) == list(RULES)


def test_a_second_check_of_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tls, "again", check("no-timeout", CheckContext)(lambda _program, _rule: iter(())), raising=False
    )
    with pytest.raises(ValueError, match="two checks find no-timeout"):
        checks.__wrapped__()


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_every_rule_has_a_hit_and_a_miss(rule: FindingRule) -> None:
    assert rule.hits
    assert rule.misses


@pytest.mark.parametrize(("rule", "hit"), HITS)
def test_a_hit_is_found(rule: FindingRule, hit: FindingExample) -> None:
    assert found(rule, hit) == list(hit.expect)


@pytest.mark.parametrize(("rule", "miss"), MISSES)
def test_a_near_miss_is_not_found(rule: FindingRule, miss: FindingExample) -> None:
    assert found(rule, miss) == [], miss.why


@pytest.mark.parametrize("client", shipped_rules().clients, ids=lambda client: client.id)
def test_the_examples_of_a_client_say_where_certificates_are_not_checked(client: ClientRule) -> None:
    rule = RULES["tls-verify-disabled"]
    for example in client.hits:
        lines = [line for line, _severity in found(rule, FindingExample(example.code))]
        assert sorted(set(lines)) == list(example.unverified)
    assert [miss.code for miss in client.misses if found(rule, FindingExample(miss.code))] == []
    shown = "".join(example.code for example in client.hits if example.unverified)
    assert [switch.name for switch in client.tls if switch.name not in shown] == []


def test_every_rule_is_told_in_words() -> None:
    docs = rule_docs()
    assert [doc.id for doc in docs] == list(RULES)
    assert all(doc.title and doc.why and doc.remedy and doc.severity in SEVERITIES for doc in docs)
    assert all(doc.help_url.startswith("https://") for doc in docs)
