"""Contracts across repositories: which route answers a call, and which routes other systems are known to call."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

from extractor.estate.model import Estate
from extractor.link.addresses import asked_path, bases_of
from extractor.link.facts import RepoFacts
from extractor.link.naming import owner_named
from extractor.link.routes.match import RouteIndex
from extractor.model.graph import Call, Evidence, Inbound, Route
from extractor.model.ids import row_id, with_unique_ids
from extractor.text.words import words_of

_LEAST = 3  # letters of a path that says something
_WEBHOOK = re.compile(r"webhook|callback|/hooks?/|_hook\b", re.IGNORECASE)


def join_contracts(facts: Mapping[str, RepoFacts], estate: Estate) -> dict[str, RepoFacts]:
    """The facts with `Call.route_id` set where a scanned system answers, and the inbound rows that follow."""
    matchers = {
        name: {
            service: RouteIndex(rows, dict(repo.parameters), dict(repo.variants))
            for service, rows in _by_service(repo.routes).items()
        }
        for name, repo in facts.items()
        if repo.routes
    }
    routes = {r.id: r for repo in facts.values() for r in repo.routes}
    joined = {}
    for name, repo in facts.items():
        bases = bases_of(repo.settings)
        asking = (dataclasses.replace(call, asked=asked_path(call, bases)) for call in repo.calls)
        asking = (_named_and_served(call, matchers, estate) for call in asking)
        calls = _answered_elsewhere([_answered(call, matchers, estate) for call in asking])
        joined[name] = dataclasses.replace(repo, calls=calls)
    inbound: dict[str, list[Inbound]] = {}
    for row in _called(joined, routes):
        inbound.setdefault(row.repo, []).append(row)
    out = {}
    for name, repo in joined.items():
        called = inbound.get(name, ())
        out[name] = dataclasses.replace(repo, inbound=with_unique_ids([*called, *_webhooks(repo, called)]))
    return out


def _by_service(rows: Sequence[Route]) -> dict[str, list[Route]]:
    out: dict[str, list[Route]] = {}
    for row in rows:
        out.setdefault(row.service, []).append(row)
    return out


def _answered(call: Call, matchers: Mapping[str, Mapping[str, RouteIndex]], estate: Estate) -> Call:
    """The call with the route that answers it; several that answer equally well stay candidates."""
    path = call.asked
    if call.system is None or call.system not in matchers or not path.strip("/"):
        return call
    found = _matches(call, path, matchers[call.system], estate)
    if not found:
        return call
    indexes = matchers[call.system].values()
    call = dataclasses.replace(call, redirected=not any(i.is_exact(call.http_method, path) for i in indexes))
    if len({(r.service, r.pattern) for r in found}) == 1 or _same_service(found):
        return dataclasses.replace(call, route_id=found[0].id, route_candidates=tuple(r.id for r in found[1:4]))
    return dataclasses.replace(
        call,
        route_candidates=tuple(r.id for r in found[:6]),
        confidence="possible",
        why=f"several services answer: {', '.join(sorted({r.service for r in found}))}",
    )


def _named_and_served(call: Call, matchers: Mapping[str, Mapping[str, RouteIndex]], estate: Estate) -> Call:
    """The call, to the system of the estate that the setting of its base is named after, where that one serves what is
    asked and no other does: a name alone does not tell which of its deployments is meant."""
    path = call.asked
    owner = owner_named(call.base_setting) if call.system is None and call.base_setting else None
    if owner is None or len(path.strip("/")) < _LEAST:
        return call
    serving = [
        name for name, services in matchers.items() if name != call.repo and _matches(call, path, services, estate)
    ]
    plain = owner.replace("-", "")
    if len(serving) != 1 or plain not in _names_of(serving[0], estate):
        return call
    by = f"the name of setting {call.base_setting}, and what it serves"
    return dataclasses.replace(call, system=serving[0], known_by=by, confidence="likely")


def _names_of(system: str, estate: Estate) -> set[str]:
    known = estate.system(system)
    return {"".join(words_of(name)) for name in (system, known.name if known is not None else "")}


def _answered_elsewhere(calls: Sequence[Call]) -> tuple[Call, ...]:
    """The calls, those in doubt whose line may as well send the same to another base, where a route does answer.

    A base that is chosen at run time (`STUDIO_URL if studio else LMS_URL`) gives a line one reading for each choice.
    """

    def what(call: Call) -> tuple[str, int, str, str | None, str | None]:
        return call.path, call.line, call.asked, call.http_method, call.system

    answered = {what(call) for call in calls if call.route_id is not None}
    return tuple(
        dataclasses.replace(call, confidence="possible", why="no route answers at this base, but one at another base")
        if call.route_id is None and not call.route_candidates and what(call) in answered
        else call
        for call in calls
    )


def _same_service(found: Sequence[Route]) -> bool:
    return len({r.service for r in found}) == 1


def _matches(call: Call, path: str, services: Mapping[str, RouteIndex], estate: Estate) -> list[Route]:
    target = estate.of_setting(call.repo, call.base_setting) if call.base_setting else None
    if target is not None and target.service and target.service in services:
        return list(services[target.service].match(call.http_method, path))
    return [route for name in sorted(services) for route in services[name].match(call.http_method, path)]


def _called(facts: Mapping[str, RepoFacts], routes: Mapping[str, Route]) -> Iterable[Inbound]:
    """Routes that a scanned system calls."""
    found: dict[tuple[str, str], list[Evidence]] = {}
    labels: dict[tuple[str, str], str] = {}
    for name, repo in facts.items():
        for call in repo.calls:
            if call.route_id is None or routes[call.route_id].repo == name:
                continue
            key = (call.route_id, name)
            found.setdefault(key, []).append(
                Evidence(name, repo.source.commit, call.path, call.line, call.end_line, "call")
            )
            labels.setdefault(key, call.label)
    for (route_id, caller), evidence in sorted(found.items()):
        route = routes[route_id]
        served = Evidence(route.repo, facts[route.repo].source.commit, route.path, route.line, route.line, "route")
        yield Inbound(
            id=row_id("inbound", route_id, caller),
            repo=route.repo,
            service=route.service,
            route_id=route_id,
            system=caller,
            kind="api",
            label=labels[(route_id, caller)],
            evidence=(served, *evidence[:6]),
        )


def _webhooks(repo: RepoFacts, known: Sequence[Inbound]) -> Iterable[Inbound]:
    """Routes that are webhooks by name and that no scanned system calls: somebody outside does."""
    called = {row.route_id for row in known}
    for route in repo.routes:
        if route.id in called or route.origin != "repo" or not _WEBHOOK.search(f"{route.pattern} {route.view}"):
            continue
        evidence = Evidence(route.repo, repo.source.commit, route.path, route.line, route.line, "route")
        yield Inbound(
            id=row_id("inbound", route.id, "outside"),
            repo=route.repo,
            service=route.service,
            route_id=route.id,
            system="",
            kind="webhook",
            label=f"webhook {route.pattern}",
            evidence=(evidence,),
        )
