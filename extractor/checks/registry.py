"""Runs every check of one repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from extractor.checks import credentials, outbound, scraping, tls
from extractor.checks.context import CheckContext
from extractor.checks.contracts import unresolved_schedules
from extractor.checks.diagnostics import Diagnostic, findings
from extractor.model.graph import Finding, Schedule
from extractor.rules.findings import FindingRule, shipped_finding_rules


def find(
    program: CheckContext, schedules: Iterable[Schedule] = (), rules: Mapping[str, FindingRule] | None = None
) -> tuple[Finding, ...]:
    """The findings of one repository, sorted by place; ignores are applied later, over all repositories."""
    known = rules or shipped_finding_rules()
    return findings(program.repo, _diagnostics(program, schedules, known), known)


def _diagnostics(
    program: CheckContext, schedules: Iterable[Schedule], rules: Mapping[str, FindingRule]
) -> Iterator[Diagnostic]:
    yield from outbound.no_timeout(program, rules["no-timeout"])
    yield from outbound.hardcoded(program, rules["hardcoded-url"], rules["hardcoded-host"])
    yield from outbound.plain_http(program, rules["plain-http"])
    yield from tls.tls_verify_disabled(program, rules["tls-verify-disabled"])
    yield from scraping.html_scrape(program, rules["html-scrape"])
    yield from scraping.token_scrape(program, rules["token-scrape"])
    yield from credentials.in_requests(program, rules["hardcoded-credential"])
    yield from credentials.in_settings(program, rules["hardcoded-credential"])
    yield from unresolved_schedules(schedules, rules["schedule-unresolved"])
