"""Runs the checks that look across repositories, once every call is held against the routes of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.checks.contracts import ContractContext
from extractor.checks.registry import find
from extractor.model.graph import Call, Finding, Gap, Route
from extractor.rules.findings import FindingRule


def contracts(
    calls: Sequence[Call],
    routes: Sequence[Route],
    served_by: Mapping[str, str],
    gaps: Sequence[Gap] = (),
    rules: Mapping[str, FindingRule] | None = None,
) -> tuple[Finding, ...]:
    """Findings about calls into the estate's own systems: as `ContractContext` has them, of all repositories."""
    by_repo: dict[str, list[Call]] = {}
    for call in calls:
        by_repo.setdefault(call.repo, []).append(call)
    found = (find(ContractContext(repo, by_repo[repo], routes, served_by, gaps), rules) for repo in sorted(by_repo))
    return tuple(finding for rows in found for finding in rows)
