"""Runs every check of one repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from extractor.checks import credentials, outbound, scraping, tls
from extractor.checks.context import Scene
from extractor.checks.contracts import unresolved_schedules
from extractor.checks.diagnostics import Draft, findings
from extractor.model.graph import Finding, Schedule
from extractor.rules.findings import FindingRule, shipped_finding_rules


def find(
    scene: Scene, schedules: Iterable[Schedule] = (), rules: Mapping[str, FindingRule] | None = None
) -> tuple[Finding, ...]:
    """The findings of one repository, sorted by place; ignores are applied later, over all repositories."""
    known = rules or shipped_finding_rules()
    return findings(scene.repo, _drafts(scene, schedules, known), known)


def _drafts(scene: Scene, schedules: Iterable[Schedule], rules: Mapping[str, FindingRule]) -> Iterator[Draft]:
    yield from outbound.no_timeout(scene, rules["no-timeout"])
    yield from outbound.hardcoded(scene, rules["hardcoded-url"], rules["hardcoded-host"])
    yield from outbound.plain_http(scene, rules["plain-http"])
    yield from tls.tls_verify_disabled(scene, rules["tls-verify-disabled"])
    yield from scraping.html_scrape(scene, rules["html-scrape"])
    yield from scraping.token_scrape(scene, rules["token-scrape"])
    yield from credentials.in_requests(scene, rules["hardcoded-credential"])
    yield from credentials.in_settings(scene, rules["hardcoded-credential"])
    yield from unresolved_schedules(schedules, rules["schedule-unresolved"])
