"""Checks across repositories: endpoints that nobody serves or that are on their way out; schedules of no task."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from extractor.checks.diagnostics import Diagnostic, findings
from extractor.diff.identity import canonical_url, url_path
from extractor.model.graph import Call, Finding, Gap, Route, Schedule
from extractor.rules.findings import FindingRule, shipped_finding_rules

_UNDER = re.compile(r" under (/\S*)")
_MIN_LITERAL = 2  # segments of a path that must be known before one says that nobody serves it


def contracts(
    calls: Sequence[Call],
    routes: Sequence[Route],
    served_by: Mapping[str, str],
    gaps: Sequence[Gap] = (),
    rules: Mapping[str, FindingRule] | None = None,
) -> tuple[Finding, ...]:
    """Findings about calls into the estate's own systems.

    `calls` have their `route_id` set where a route answers; `served_by` names the repository scanned for each system;
    `gaps` tell of URLs that were not read. A call of which too little is known to say that no route answers it, or
    whose path may lead into URLs that were not read, gives no finding (it is a gap).
    """
    known = rules or shipped_finding_rules()
    by_repo: dict[str, list[Diagnostic]] = {}
    for call in calls:
        by_repo.setdefault(call.repo, [])
    for draft_repo, diagnostic in _contract_drafts(calls, routes, served_by, gaps, known):
        by_repo[draft_repo].append(diagnostic)
    return tuple(f for repo in sorted(by_repo) for f in findings(repo, by_repo[repo], known))


def _contract_drafts(
    calls: Sequence[Call],
    routes: Sequence[Route],
    served_by: Mapping[str, str],
    gaps: Sequence[Gap],
    rules: Mapping[str, FindingRule],
) -> Iterator[tuple[str, Diagnostic]]:
    by_id = {route.id: route for route in routes}
    heads: dict[str, list[str]] = {}
    for served in routes:
        heads.setdefault(served.repo, []).append(_literal_path(served.pattern))
    answered = {(c.repo, c.path, c.line) for c in calls if c.route_id or c.route_candidates}
    for call in calls:
        if not any(context.kind != "unknown" for context in call.contexts):
            continue
        route = by_id.get(call.route_id or "")
        if route is not None and route.deprecated:
            yield call.repo, _deprecated(call, route, rules["deprecated-endpoint"])
        repo = served_by.get(call.system or "")
        if repo is None or (call.repo, call.path, call.line) in answered or repo not in heads:
            continue
        unread = [gap for gap in gaps if gap.repo == repo and gap.kind == "route"]
        if _is_unserved(call, heads[repo]) and not any(_may_serve(gap, call) for gap in unread):
            at_root = any(_prefix(gap) == "/" for gap in unread)
            yield call.repo, _unserved(call, repo, at_root, rules["unserved-endpoint"])


def _is_unserved(call: Call, heads: Iterable[str]) -> bool:
    """True when enough of the path is known, and what may stand in its last hole answers no route either."""
    path = url_path(call.url)
    known = [part for part in path.split("/") if part and part != "{}"]
    if not path.startswith("/") or len(known) < _MIN_LITERAL or re.search(r"[^/{]\{\}|\{\}[^/]", path):
        return False
    if "{}" not in path:
        return True
    head = path[: path.index("{}")]
    return not path.rstrip("/").endswith("{}") or not any(h.startswith(head) for h in heads)


def _literal_path(pattern: str) -> str:
    return pattern[: pattern.index("<")] if "<" in pattern else pattern


def _deprecated(call: Call, route: Route, rule: FindingRule) -> Diagnostic:
    asked = f"{call.http_method or 'a call'} {canonical_url(call.url)}"
    message = f"{asked} is answered by {route.pattern}, which {route.repo} marks as deprecated: {route.deprecated}"
    return _at_call(call, rule, message)


def _unserved(call: Call, repo: str, at_root: bool, rule: FindingRule) -> Diagnostic:
    """`at_root` says that URLs of the target were not read that may stand anywhere: then the finding is a hint."""
    asked = f"{call.http_method or 'a call to'} {canonical_url(call.url)}"
    diagnostic = _at_call(call, rule, f"no route of {repo}, at the commit scanned, answers {asked}")
    if not at_root:
        return diagnostic
    message = f"{diagnostic.message} (libraries of {repo} that were not read serve URLs too)"
    return dataclasses.replace(diagnostic, severity="low", message=message)


def _prefix(gap: Gap) -> str:
    """The prefix under which URLs were not read ("" when the gap tells of none)."""
    found = _UNDER.search(gap.what)
    return found[1] if found else ""


def _may_serve(gap: Gap, call: Call) -> bool:
    """True when the path of a call lies under URLs that were not read; those at the root say nothing of any path."""
    prefix = [part for part in _prefix(gap).split("/") if part]
    path = [part for part in url_path(call.url).split("/") if part]
    return (
        bool(prefix)
        and len(path) >= len(prefix)
        and all(want == have or "<" in want or "{}" in have for want, have in zip(prefix, path, strict=False))
    )


def _at_call(call: Call, rule: FindingRule, message: str) -> Diagnostic:
    return Diagnostic(
        rule.id,
        rule.severity_for(call.contexts),
        message,
        call.path,
        call.line,
        call.end_line,
        call.function,
        f"{call.system} {call.http_method or ''} {url_path(call.url)}",
        (call.id,),
    )


def unresolved_schedules(schedules: Iterable[Schedule], rule: FindingRule) -> Iterator[Diagnostic]:
    """Beat entries that name no task: the message is sent, and every worker refuses it."""
    for row in schedules:
        if row.task_id is None:
            message = f"the schedule {row.key} names the task {row.task}, which does not exist"
            yield Diagnostic(rule.id, rule.severity, message, row.path, row.line, row.end_line, "", row.key)
