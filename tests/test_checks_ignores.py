"""Ignores: given a comment in the scanned code, the finding it names is suppressed; a comment too many is told of."""

from __future__ import annotations

from extractor.checks import apply_ignores, find
from extractor.link.directives import directives_of
from extractor.model.graph import Finding
from tests.checked_worlds import program


def checked(comment: str) -> list[Finding]:
    code = f"""
        import requests
        from django.conf import settings

        def view(request):
            return requests.get(  {comment}
                settings.SHOP_URL,
            )
    """
    made = program({"shop/views.py": code})
    return list(apply_ignores(find(made), directives_of(made.ev.index)))


def test_without_a_comment_the_finding_stands() -> None:
    assert [(f.rule, f.suppressed) for f in checked("")] == [("no-timeout", "")]


def test_an_ignore_with_its_reason() -> None:
    assert [(f.rule, f.suppressed) for f in checked("# c4trace: ignore[no-timeout] the gateway limits it")] == [
        ("no-timeout", "the gateway limits it")
    ]


def test_an_ignore_without_a_reason_does_not_count() -> None:
    (finding,) = checked("# c4trace: ignore[no-timeout]")
    assert finding.suppressed == ""
    assert "without a reason" in finding.message


def test_an_ignore_of_another_rule_is_not_needed() -> None:
    found = checked("# c4trace: ignore[plain-http] it is internal")
    assert [(f.rule, f.suppressed, f.line) for f in found] == [("unused-ignore", "", 6), ("no-timeout", "", 6)]
    assert "no finding of plain-http" in found[0].message


def test_an_ignore_of_several_rules_is_used_rule_by_rule() -> None:
    found = checked("# c4trace: ignore[no-timeout, no-such-rule] the gateway limits it")
    assert [(f.rule, f.suppressed) for f in found] == [("unused-ignore", ""), ("no-timeout", "the gateway limits it")]
    assert "there is no rule 'no-such-rule'" in found[0].message


def test_names_that_are_no_rules_are_one_finding_however_many() -> None:
    names = ", ".join(f"x{number}" for number in range(5000))
    found = checked(f"# c4trace: ignore[{names}, no-timeout, plain-http] the gateway limits it")
    assert [(f.rule, f.suppressed) for f in found] == [
        ("unused-ignore", ""),
        ("unused-ignore", ""),
        ("no-timeout", "the gateway limits it"),
    ]
    told = sorted(f.message.partition(": ")[2] for f in found[:2])
    assert told == ["no finding of plain-http is here", "there is no rule 'x0', 'x1', 'x2' and 4,997 more"]


def test_a_name_of_any_length_is_told_of_by_its_beginning() -> None:
    [finding, _] = checked(f"# c4trace: ignore[{'x' * 100_000}] why")
    assert finding.message.endswith(f"there is no rule '{'x' * 40}'")
