"""Calls told hop by hop for the terminal: who is reached, what answers, and the lines from entry point to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.model.graph import Call, Graph, Hop, Route
from renderers.diff.words import visible

_FIRST = {"route": "request", "schedule": "task", "call": "command or start-up", "signal": "signal"}


def select_calls(graph: Graph, query: str) -> tuple[Call, ...]:
    """The calls a query means: part of an endpoint, system, setting, function, task, route or place (`path:line`), or
    the id of a flow or call; sorted by place."""
    wanted = query.lower()
    routes = {route.id: route for route in graph.routes}
    of_flows = {c for flow in graph.flows if flow.id == query for c in flow.call_ids}
    found = [c for c in graph.calls if c.id == query or c.id in of_flows or wanted in _words(c, routes)]
    return tuple(sorted(found, key=lambda c: (c.repo, c.path, c.line, c.url, c.id)))


def _words(call: Call, routes: Mapping[str, Route]) -> str:
    route = routes.get(call.route_id or "")
    parts = [
        f"{call.http_method or ''} {call.url}",
        call.system or "",
        call.base_setting or "",
        call.via,
        call.label,
        call.function,
        f"{call.path}:{call.line}",
        route.pattern if route else "",
        *(f"{context.kind} {context.name}" for context in call.contexts),
    ]
    return "\n".join(parts).lower()


def render_trace(graph: Graph, calls: Sequence[Call], limit: int) -> str:
    """The calls with their chains, at most `limit` of them; the rest is counted."""
    routes = {route.id: route for route in graph.routes}
    blocks = ["\n".join(_call(call, routes)) for call in calls[:limit]]
    if len(calls) > limit:
        blocks.append(f"and {len(calls) - limit} more calls: narrow the query, or give --limit")
    return "\n\n".join(blocks) + "\n" if blocks else "No call matches.\n"


def _call(call: Call, routes: Mapping[str, Route]) -> list[str]:
    what = f"{call.http_method or ''} {call.url}".strip() or call.via
    lines = [
        f"{visible(what)} -> {visible(call.system or 'a system that is not known')}",
        f"  {visible(call.repo)}:{visible(call.path)}:{call.line}  in {visible(call.function or 'the module')}",
        f"  through {visible(call.via)}",
        f"  {call.confidence}{': ' + visible(call.why) if call.why else ''}; timeout: {call.timeout}",
    ]
    if call.condition:
        lines.append(f"  only when {visible(call.condition)}")
    route = routes.get(call.route_id or "")
    if route is not None:
        served = f"{route.repo}/{route.service}" if route.service else route.repo
        lines.append(f"  answered by {visible(served)} {visible(route.pattern)}  ({visible(route.path)}:{route.line})")
    lines.append(
        f"  reached from {len(call.contexts)} entry points"
        if call.contexts[0].kind != "unknown"
        else "  reached from no entry point that was found"
    )
    for chain in call.chains:
        lines += _chain(chain)
    return lines


def _chain(chain: Sequence[Hop]) -> list[str]:
    first = _FIRST.get(chain[0].how, chain[0].how) if chain else ""
    out = [f"    {first}:"]
    for depth, hop in enumerate(chain):
        how = "" if depth == 0 else f"  ({hop.how})"
        out.append(f"    {'  ' * depth}{visible(hop.path)}:{hop.line}  {visible(hop.function or 'module')}{how}")
    return out
