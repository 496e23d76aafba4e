"""The page of the rules: generated, up to date, and whole."""

from __future__ import annotations

import re
import textwrap

import pytest

from c4trace.query.catalogue import catalogue
from extractor.files.shipped import read_schema, rules_dir
from extractor.rules.clients import shipped_rules
from extractor.rules.findings import FindingRule, shipped_finding_rules

PAGE = catalogue(shipped_rules(), shipped_finding_rules().values())


def test_the_page_is_what_the_rules_give() -> None:
    """After a change of a rule run `make docs`."""
    assert (rules_dir() / "README.md").read_text(encoding="utf-8") == PAGE


def test_every_file_beside_the_rules_has_a_line() -> None:
    page = (rules_dir() / "README.md").read_text(encoding="utf-8")
    names = [path.name for path in sorted(rules_dir().glob("*.yaml"))]
    assert re.findall(r"^\| `(\w+\.yaml)` \|", page, re.MULTILINE) == names


def test_every_rule_and_every_system_has_a_line() -> None:
    for client in shipped_rules().clients:
        assert f"\n| [{client.id}](clients/{client.id}.yaml) |" in PAGE
    for system in shipped_rules().vendors:
        assert f"\n| {system} |" in PAGE


def test_every_field_of_a_client_is_explained() -> None:
    schema = read_schema("client")
    switch = schema["properties"]["tls"]["items"]["properties"]
    limit = schema["properties"]["limited_by"]["properties"]
    for field in (*schema["$defs"]["call"]["properties"], "tls", "limited_by", *switch, *limit):
        assert f"`{field}`" in PAGE


@pytest.mark.parametrize("rule", shipped_finding_rules().values(), ids=lambda rule: rule.id)
def test_a_finding_has_a_section_that_says_all_of_its_rule(rule: FindingRule) -> None:
    section = PAGE.partition(f"\n### {rule.id}\n")[2].partition("\n### ")[0]
    assert f"Severity: {rule.severity}" in section
    assert all(severity in section for _kind, severity in rule.severity_in)
    assert f"# c4trace: ignore[{rule.id}] " in section
    assert rule.why in section
    assert rule.remedy in section
    for example in (*rule.hits, *rule.misses):
        for code in (example.code, *(code for _host, code in example.serves)):
            assert textwrap.indent(code.rstrip(), "    ") in section


def test_the_severity_is_told_by_who_waits() -> None:
    assert (
        "- Severity: medium; high where a web request or a signal reaches it; "
        "low where the start of a process or a command reaches it.\n"
    ) in PAGE


def test_no_finding_is_called_like_a_client() -> None:
    """`c4trace rules NAME` shows either."""
    assert {client.id for client in shipped_rules().clients}.isdisjoint(shipped_finding_rules())
