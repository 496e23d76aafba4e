"""The page of the rules: generated, up to date, and whole."""

from __future__ import annotations

from c4trace.query.catalogue import catalogue
from extractor.files.shipped import rules_dir
from extractor.rules.clients import shipped_rules


def test_the_page_is_what_the_rules_give() -> None:
    """After a change of a rule run `python -m c4trace.query.catalogue`."""
    assert (rules_dir() / "README.md").read_text(encoding="utf-8") == catalogue(shipped_rules())


def test_every_rule_and_every_system_has_a_line() -> None:
    page = catalogue(shipped_rules())
    for client in shipped_rules().clients:
        assert f"\n| [{client.id}](clients/{client.id}.yaml) |" in page
    for system in shipped_rules().vendors:
        assert f"\n| {system} |" in page


def test_every_field_of_a_call_is_explained() -> None:
    from extractor.files.shipped import read_schema

    page = catalogue(shipped_rules())
    for field in read_schema("client")["$defs"]["call"]["properties"]:
        assert f"`{field}`" in page
