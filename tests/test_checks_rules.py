"""The rules of findings: every file keeps to its schema, every hit is found where it says, every near miss is not."""

from __future__ import annotations

import pytest

from extractor.checks import FindingRule, find, load_finding_rules, rule_docs, shipped_finding_rules
from extractor.files.shipped import rules_dir
from extractor.model.graph import SEVERITIES
from extractor.rules.findings import FindingExample
from tests.checked_worlds import program

RULES = shipped_finding_rules()
# These speak of more than one module's code; tests/test_checks_contracts.py and test_checks_ignores.py specify them.
WITHOUT_EXAMPLES = {
    "deprecated-endpoint",
    "hardcoded-host",
    "schedule-unresolved",
    "unserved-endpoint",
    "unused-ignore",
}

HITS = [pytest.param(rule, hit, id=f"{rule.id}-{n}") for rule in RULES.values() for n, hit in enumerate(rule.hits)]
MISSES = [pytest.param(rule, row, id=f"{rule.id}-{n}") for rule in RULES.values() for n, row in enumerate(rule.misses)]


def found(rule: FindingRule, example: FindingExample) -> list[tuple[int, str]]:
    rows = find(program({"example.py": example.code}))
    return [(row.line, row.severity) for row in rows if row.rule == rule.id]


def test_the_files_keep_to_the_schema() -> None:
    assert load_finding_rules(rules_dir()) == RULES


def test_a_file_is_named_after_its_rule() -> None:
    assert sorted(path.stem for path in (rules_dir() / "findings").glob("*.yaml")) == list(RULES)


def test_every_rule_has_examples_or_is_specified_elsewhere() -> None:
    assert {rule.id for rule in RULES.values() if not (rule.hits and rule.misses)} == WITHOUT_EXAMPLES


@pytest.mark.parametrize(("rule", "hit"), HITS)
def test_a_hit_is_found(rule: FindingRule, hit: FindingExample) -> None:
    assert found(rule, hit) == list(hit.expect)


@pytest.mark.parametrize(("rule", "miss"), MISSES)
def test_a_near_miss_is_not_found(rule: FindingRule, miss: FindingExample) -> None:
    assert found(rule, miss) == [], miss.why


def test_every_rule_is_told_in_words() -> None:
    docs = rule_docs()
    assert [doc.id for doc in docs] == list(RULES)
    assert all(doc.title and doc.why and doc.remedy and doc.severity in SEVERITIES for doc in docs)
    assert all(doc.help_url.startswith("https://") for doc in docs)
