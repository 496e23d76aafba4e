"""Contracts across repositories: calls that no route answers, and routes that an outside caller relies on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from extractor.diff.cycles import systems_of
from extractor.diff.document import Contract, contract_order
from extractor.diff.identity import call_key, fingerprint, route_key
from extractor.model.graph import Call, Evidence, Graph, Inbound, Route
from extractor.text.urls import has_literal, path_of

# A contract is told once, with its first places: a reader needs one line to open, not forty.
_MOST_PLACES = 5

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Contracts:
    """What one graph says of its contracts: by key, the calls made, those of them unanswered, the routes served."""

    calls: dict[Key, list[Call]]
    unanswered: frozenset[Key]
    routes: dict[Key, list[Route]]
    by_id: dict[str, Route]
    inbound: dict[Key, Inbound]
    commits: dict[str, str]
    names: dict[str, str]


def contract_changes(base: Graph, head: Graph) -> tuple[Contract, ...]:
    """Contracts that are broken on one side only, sorted, broken ones first."""
    old, new = _contracts_of(base), _contracts_of(head)
    contracts = [_call_contract("broken", key, old, new) for key in new.unanswered - old.unanswered]
    contracts += [_call_contract("mended", key, old, new) for key in old.unanswered - new.unanswered]
    for key in sorted(old.inbound.keys() | new.inbound.keys()):
        contract = _inbound_contract(key, old, new)
        if contract:
            contracts.append(contract)
    return tuple(sorted(contracts, key=contract_order))


def unanswered_calls(graph: Graph) -> tuple[Contract, ...]:
    """All calls of `graph` that the system called serves no route for, each as a broken contract, sorted."""
    revision, nothing = _contracts_of(graph), _contracts_of(Graph("", "", "", ""))
    return tuple(
        sorted((_call_contract("broken", k, nothing, revision) for k in revision.unanswered), key=contract_order)
    )


def is_unanswered(call: Call, serving: frozenset[str]) -> bool:
    """True when `call` asks a system whose routes are known for a path that none of them answers.

    Calls whose system is only possible, or whose path is not known, are no broken contracts: nothing is known of them.
    """
    if call.route_id is not None or call.route_candidates or call.system not in serving:
        return False
    return has_literal(path_of(call.url)) and call.confidence != "possible"


def serving_systems(graph: Graph) -> frozenset[str]:
    """Ids of the systems whose routes were read: those that own, or whose parts own, a repository with routes."""
    with_routes = {route.repo for route in graph.routes}
    tops = systems_of(graph)
    owners = {n.id for n in graph.nodes if n.repo in with_routes and n.scope != "external"}
    return frozenset(owners | {tops[ident] for ident in owners} | with_routes)


def _contracts_of(graph: Graph) -> _Contracts:
    calls: dict[Key, list[Call]] = defaultdict(list)
    for call in sorted(graph.calls, key=lambda c: (c.path, c.line, c.end_line, c.url, c.route_id or "", c.id)):
        calls[call_key(call)].append(call)
    serving = serving_systems(graph)
    by_id = {route.id: route for route in graph.routes}
    routes: dict[Key, list[Route]] = defaultdict(list)
    for route in sorted(graph.routes, key=lambda r: (r.pattern, r.id)):
        routes[route_key(route)[:-1]].append(route)
    return _Contracts(
        calls,
        frozenset(key for key, group in calls.items() if any(is_unanswered(c, serving) for c in group)),
        routes,
        by_id,
        {(i.system, *route_key(by_id[i.route_id])): i for i in _in_order(graph.inbound) if i.route_id in by_id},
        {s.name: s.commit for s in graph.sources},
        {n.id: n.name for n in graph.nodes},
    )


def _call_contract(status: str, key: Key, old: _Contracts, new: _Contracts) -> Contract:
    revision, other = (new, old) if status == "broken" else (old, new)
    call = revision.calls[key][0]
    kept = key in other.calls
    route = next((other.by_id[c.route_id] for c in other.calls.get(key, ()) if c.route_id in other.by_id), None)
    return Contract(
        status=status,
        kind="call",
        caller=call.repo,
        target=revision.names.get(call.system or "", call.system or ""),
        method=call.http_method or "",
        url=call.url,
        route=route.pattern if route else "",
        kept=kept,
        fingerprint=fingerprint("unanswered-call", call.repo, " ".join(key), 0),
        before=_places(old, old.calls.get(key, ())),
        after=_places(new, new.calls.get(key, ())),
    )


def _inbound_contract(key: Key, old: _Contracts, new: _Contracts) -> Contract | None:
    """A route that an outside system calls and that one side does not serve at all. The caller does not change."""
    served_before, served_after = _serves(old, key), _serves(new, key)
    if served_before == served_after:
        return None
    revision = old if served_before else new
    inbound = revision.inbound[key]
    route = revision.by_id[inbound.route_id]
    return Contract(
        status="broken" if served_before else "mended",
        kind="inbound",
        caller=revision.names.get(inbound.system, inbound.system) or "a system outside",
        target=route.repo,
        method=", ".join(sorted(route.methods)),
        url=route.pattern,
        route=route.pattern,
        kept=True,
        fingerprint=fingerprint("unserved-inbound", route.repo, " ".join(key), 0),
        before=inbound.evidence if served_before else (),
        after=inbound.evidence if served_after else (),
    )


def _serves(revision: _Contracts, key: Key) -> bool:
    """True when the side answers all the methods that the key of an inbound call names; a route without any answers
    every one, and so does a side that answers more than it needs to."""
    wanted = set(filter(None, key[-1].split(",")))
    routes = revision.routes.get(key[1:-1], [])
    known = {method for route in routes for method in route.methods}
    return bool(routes) and (wanted <= known or any(not route.methods for route in routes))


def _in_order(inbound: tuple[Inbound, ...]) -> list[Inbound]:
    return sorted(inbound, key=lambda i: (i.id, i.label, [(e.repo, e.path, e.line) for e in i.evidence]))


def _places(revision: _Contracts, calls: list[Call] | tuple[Call, ...]) -> tuple[Evidence, ...]:
    spots = sorted({(c.repo, c.path, c.line, c.end_line) for c in calls})[:_MOST_PLACES]
    return tuple(Evidence(r, revision.commits.get(r, ""), p, line, end, "call") for r, p, line, end in spots)
