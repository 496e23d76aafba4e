"""Checks across repositories: endpoints that nobody serves, or that are on their way out."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.checks.check import check
from extractor.checks.diagnostics import Diagnostic
from extractor.diff.identity import canonical_url
from extractor.model.graph import Call, Gap, Route
from extractor.rules.findings import FindingRule
from extractor.text.urls import EMPTY, is_hole, path_of, segments

_UNDER = re.compile(r" under (/\S*)")
_MIN_LITERAL = 2  # segments of a path that must be known before one says that nobody serves it


@dataclass(frozen=True)
class ContractContext:
    """The calls of one repository into the estate's own systems, and what those systems serve.

    `calls` have their `route_id` set where a route answers; `routes` are those of all repositories; `served_by` names
    the repository scanned for each system; `gaps` tell of URLs that were not read.
    """

    repo: str
    calls: Sequence[Call]
    routes: Sequence[Route]
    served_by: Mapping[str, str]
    gaps: Sequence[Gap] = ()

    @functools.cached_property
    def live_calls(self) -> tuple[Call, ...]:
        """The calls that an entry point reaches."""
        return tuple(call for call in self.calls if any(context.kind != "unknown" for context in call.contexts))

    @functools.cached_property
    def heads(self) -> Mapping[str, Sequence[str]]:
        """What the routes of each repository start with, up to their first parameter."""
        found: dict[str, list[str]] = {}
        for route in self.routes:
            found.setdefault(route.repo, []).append(_literal_path(route.pattern))
        return found


@check("deprecated-endpoint", ContractContext)
def deprecated_endpoint(estate: ContractContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Calls that a route answers which is on its way out."""
    by_id = {route.id: route for route in estate.routes}
    for call in estate.live_calls:
        route = by_id.get(call.route_id or "")
        if route is not None and route.deprecated:
            yield _deprecated(call, route, rule)


@check("unserved-endpoint", ContractContext)
def unserved_endpoint(estate: ContractContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Calls that no route answers. A call of which too little is known to say so, or whose path may lead into URLs that
    were not read, gives no finding (it is a gap)."""
    answered = {(c.path, c.line) for c in estate.calls if c.route_id or c.route_candidates}
    for call in estate.live_calls:
        repo = estate.served_by.get(call.system or "")
        if (call.http_method or "").upper() in rule.option("of_caches"):
            continue
        if repo is None or (call.path, call.line) in answered or repo not in estate.heads:
            continue
        unread = [gap for gap in estate.gaps if gap.repo == repo and gap.kind == "route"]
        if _is_unserved(call, estate.heads[repo]) and not any(_may_serve(gap, call) for gap in unread):
            at_root = any(_prefix(gap) == "/" for gap in unread)
            yield _unserved(call, repo, at_root, rule)


@check("redirected-request", ContractContext)
def redirected_request(estate: ContractContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Requests with a body that are answered by a redirect."""
    for call in estate.live_calls:
        if call.redirected and call.route_id is not None and call.http_method in ("POST", "PUT", "PATCH"):
            asked = f"{call.http_method} {canonical_url(call.url)}"
            message = f"{asked} lacks the slash at the end of its URL: the redirect that answers loses what was sent"
            yield _at_call(call, rule, message)


def _is_unserved(call: Call, heads: Iterable[str]) -> bool:
    """True when enough of the path is known, and what may stand in its last hole answers no route either."""
    path = call.asked or path_of(call.url, rooted=True)
    known = [part for part in segments(path) if not is_hole(part)]
    if len(known) < _MIN_LITERAL or any(EMPTY in part for part in known):
        return False
    head, hole, _rest = path.partition(EMPTY)
    return not hole or not path.rstrip("/").endswith(EMPTY) or not any(h.startswith(head) for h in heads)


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
    path = segments(call.asked or path_of(call.url))
    return (
        bool(prefix)
        and len(path) >= len(prefix)
        and all(want == have or "<" in want or EMPTY in have for want, have in zip(prefix, path, strict=False))
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
        f"{call.system} {call.http_method or ''} {path_of(call.url)}",
        (call.id,),
    )
