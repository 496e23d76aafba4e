"""Holds a graph against what a perfect reader finds in the sample estate: `python -m tests.estate_expectation GRAPH`.

`differences(graph, section)` gives one line of text for each thing that is missing, unexpected or wrong in a section of
`fixtures/estate/expected.yaml`; an empty tuple when the section is exactly right.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from extractor.model.graph import Call, Context, Finding, Graph, Node, Route, Step, Store
from extractor.model.serialise import from_dict
from tests.estate_rows import Row, at_site, expected, many, match


def _of(repo: str, rows: Iterable[Any]) -> list[Any]:
    return [row for row in rows if row.repo == repo]


# One function for each section: (graph, repository or service, its rows) -> differences


def _tasks(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    facts = [
        (task, service)
        for task in _of(repo, graph.tasks)
        if task.origin == "repo"
        for service in (task.services or ("",))
    ]

    def same(row: Row, fact: Any) -> bool:
        return bool(row["name"] == fact[0].name) and row.get("service") in (None, fact[1])

    def check(row: Row, found: list[Any]) -> Iterable[str]:
        for task, _ in found:
            if task.queue != row["queue"]:
                yield f"queue is {task.queue}"
            if not at_site(repo, row, task):
                yield f"stands at {task.path}:{task.line}"

    return match("task", rows, facts, same, lambda f: f"{f[0].name} in {f[1]} ({f[0].path}:{f[0].line})", check)


def _schedules(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    def check(row: Row, found: list[Any]) -> Iterable[str]:
        for fact in found:
            if fact.task != row["task"]:
                yield f"task is {fact.task}"
            if bool(fact.task_id) != row["resolves"]:
                yield f"task_id is {fact.task_id}"
            shown = f"{fact.cadence}; {fact.note}"
            if missing := [word for word in row["words"] if word.lower() not in shown.lower()]:
                yield f"{shown!r} says nothing of {missing}"
            if row.get("condition", "") not in fact.condition:
                yield f"condition is {fact.condition!r}"

    return match(
        "schedule", rows, _of(repo, graph.schedules), lambda row, fact: row["key"] == fact.key, lambda f: f.key, check
    )


def _enqueues(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    return match(
        "enqueue",
        rows,
        _of(repo, graph.enqueues),
        lambda row, fact: row["task"] == fact.task and at_site(repo, row, fact),
        lambda f: f"{f.path}:{f.line} {f.function} -> {f.task} ({f.how})",
        lambda row, found: (f"function is {f.function}" for f in found if f.function.split(".<")[0] != row["function"]),
        lambda row, fact: at_site(repo, row, fact),
    )


def _none_here(facts: Iterable[Any], what: str, repo: str, rows: Sequence[Row]) -> list[str]:
    return [
        f"false {what}: {fact.path}:{fact.line}, but this is {row['why']}"
        for row in rows
        for fact in _of(repo, facts)
        if at_site(repo, row, fact, near=0)
    ]


def canonical(pattern: str) -> str:
    """A route pattern with nameless parameters and no final slash: the form in which two patterns are compared."""
    return re.sub(r"<[^<>]*>", "<>", pattern).removesuffix("?").rstrip("/") or "/"


def _routes(graph: Graph, where: str, rows: Sequence[Row]) -> list[str]:
    own = [route for route in graph.routes if f"{route.repo}/{route.service}" == where and route.origin == "repo"]
    facts = [route for route in own if not route.pattern.startswith("/admin")]

    def check(row: Row, found: list[Route]) -> Iterable[str]:
        methods = sorted({method for route in found for method in route.methods} - {"HEAD", "OPTIONS"})
        if "methods" in row and methods != row["methods"]:
            yield f"methods are {methods}"

    return match(
        "route",
        rows,
        facts,
        lambda row, fact: canonical(row["pattern"]) == canonical(fact.pattern),
        lambda f: f"{f.pattern} ({f.path}:{f.line})",
        check,
    )


def same_endpoint(wanted: str, url: str) -> bool:
    """Whether a URL template ends in the wanted path; `{}` in the wanted path stands for anything but a slash."""
    path = re.sub(r"^(https?://[^/{}]+|\{[^{}]*\})", "", url)
    path = re.sub(r"\{[^{}]*\}", "{}", path).split("?")[0].rstrip("/")
    pattern = re.escape(wanted.rstrip("/")).replace(r"\{\}", "[^/]+")
    return re.search(f"{pattern}$", path) is not None


def _meets(wanted: str, contexts: Iterable[Context]) -> bool:
    kind, _, name = wanted.partition(" ")
    kinds = {"request", "signal"} if kind == "request" else {kind}
    return any(context.kind in kinds and name in ("", context.name) for context in contexts)


def _calls(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    routes = {route.id: f"{route.repo}/{route.service} {canonical(route.pattern)}" for route in graph.routes}
    drawn = {call_id for flow in graph.flows for call_id in flow.call_ids}

    def same(row: Row, fact: Call) -> bool:
        return (
            at_site(repo, row, fact)
            and ("method" not in row or row["method"] == fact.http_method)
            and ("url" not in row or same_endpoint(row["url"], fact.url))
            and ("system" not in row or fact.system in many(row["system"]))
        )

    def check(row: Row, found: list[Call]) -> Iterable[str]:
        for fact in found:
            if row.get("timeout", fact.timeout) != fact.timeout:
                yield f"timeout is {fact.timeout}"
            if row.get("setting", fact.base_setting) != fact.base_setting:
                yield f"base setting is {fact.base_setting}"
            if "route" in row and routes.get(fact.route_id or "") != (row["route"] and _canonical_route(row["route"])):
                yield f"answered by {routes.get(fact.route_id or '')}"
            if row.get("dead") and fact.id in drawn:
                yield "nothing calls it, and yet it is drawn"
        contexts = [context for fact in found for context in fact.contexts]
        if unmet := [wanted for wanted in many(row.get("contexts")) if not _meets(wanted, contexts)]:
            yield f"not reached from {unmet}, only from {sorted({f'{c.kind} {c.name}' for c in contexts})}"
        if row.get("dead") and any(context.kind != "unknown" for context in contexts):
            yield f"nothing calls it, and yet it is reached from {contexts}"

    return match(
        "call",
        rows,
        _of(repo, graph.calls),
        same,
        lambda f: f"{f.path}:{f.line} {f.via}: {f.http_method} {f.url} -> {f.system}",
        check,
        lambda row, fact: at_site(repo, row, fact),
    )


def _canonical_route(text: str) -> str:
    service, _, pattern = text.partition(" ")
    return f"{service} {canonical(pattern)}"


def _stores(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    def of_orm(fact: Store) -> bool:
        return fact.kind == "database" and "mongo" not in fact.engine.lower()

    sent = [(e.path, e.line) for e in _of(repo, graph.enqueues)]
    facts = [
        fact
        for fact in _of(repo, graph.stores)
        if not of_orm(fact)
        and not (fact.kind == "queue" and any(p == fact.path and fact.line <= at <= fact.end_line for p, at in sent))
    ]

    def check(row: Row, found: list[Store]) -> Iterable[str]:
        services = sorted({fact.service for fact in found})
        if lacking := set(many(row["service"])) - set(services):
            yield f"services are {services}, without {sorted(lacking)}"

    return match(
        "store use",
        rows,
        facts,
        lambda row, f: f.kind in many(row["kind"]) and f.operation == row["operation"] and at_site(repo, row, f),
        lambda f: f"{f.path}:{f.line} {f.via}: {f.operation} {f.kind} {f.system}",
        check,
        lambda row, fact: at_site(repo, row, fact),
    )


def _findings(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    def same(row: Row, fact: Finding) -> bool:
        return fact.rule in many(row["kind"]) and at_site(repo, row, fact)

    return match(
        "finding",
        rows,
        _of(repo, graph.findings),
        same,
        lambda f: f"{f.path}:{f.line} {f.rule}: {f.message}",
        beside=lambda row, fact: at_site(repo, row, fact),
    )


def _settings(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    out = []
    for row in rows:
        found = [setting for setting in _of(repo, graph.settings) if setting.name == row["name"]]
        if not found:
            out.append(f"missing setting: {row['name']}")
        for fact in found:
            for key, wanted in row.items():
                got = bool(fact.read_at) if key == "read" else getattr(fact, key)
                if got != wanted:
                    out.append(f"wrong setting: {row['name']} in {fact.service}: {key} is {got!r}, not {wanted!r}")
    return out


def _orm(graph: Graph, where: str, engine: str) -> list[str]:
    used = {s.engine.lower() for s in graph.stores if f"{s.repo}/{s.service}" == where and s.kind == "database"}
    return [] if any(engine in name for name in used) else [f"missing database use: {where} uses {engine}, not {used}"]


def _skipped(graph: Graph, repo: str, paths: Sequence[str]) -> list[str]:
    got = {skip.path for source in graph.sources if source.name == repo for skip in source.skipped}
    return [f"not skipped: {path}" for path in sorted(set(paths) - got)] + [
        f"skipped for no reason: {path}" for path in sorted(got - set(paths))
    ]


def _arrows(graph: Graph, rows: Sequence[Row]) -> list[str]:
    nodes = {node.id: node for node in graph.nodes}

    def system(node_id: str) -> Node:
        node = nodes[node_id]
        return system(node.parent) if node.parent else node

    drawn: dict[tuple[str, str], set[bool]] = {}
    for flow in graph.flows:
        source, target = system(flow.source), system(flow.target)
        if source.id != target.id and {source.kind, target.kind} <= {"system", "external"}:
            drawn.setdefault((source.name, target.name), set()).add(flow.sync)

    def same(row: Row, pair: tuple[str, str]) -> bool:
        return bool(row["from"] == pair[0]) and pair[1] in many(row["to"])

    def check(row: Row, found: list[tuple[str, str]]) -> Iterable[str]:
        ways = set().union(*(drawn[pair] for pair in found))
        if lacking := set(row["sync"]) - ways:
            yield f"not drawn with sync {sorted(lacking)}"

    return match("arrow", rows, sorted(drawn), same, lambda pair: f"{pair[0]} -> {pair[1]}", check)


def _lost_steps(rows: Sequence[Row], steps: Sequence[Step]) -> Iterable[str]:
    """The rows that no step, behind the step of the row before, stands for."""
    behind = 0
    for row in rows:
        for at in range(behind, len(steps)):
            own = [evidence for evidence in steps[at].evidence if evidence.repo == row["repo"]]
            if steps[at].sync == row["sync"] and any(at_site(row["repo"], row, evidence) for evidence in own):
                behind = at + 1
                break
        else:
            yield f"no step from {row['from']} to {row['to']} (sync={row['sync']}) on {row['path']}: {row['at']}"


def _scenarios(graph: Graph, rows: Sequence[Row]) -> list[str]:
    out = []
    by_title = {scenario.title: scenario for scenario in graph.scenarios}
    for row in rows:
        scenario = by_title.get(row["title"])
        if scenario is None:
            out.append(f"missing scenario: {row['title']}, there are {sorted(by_title)}")
            continue
        wrong = set(scenario.missing) ^ set(row.get("missing", ()))
        out += [f"{row['title']}: step {n} is missing and should not be, or the other way round" for n in sorted(wrong)]
        bare = [step.n for step in scenario.steps if not step.evidence and not step.missing]
        out += [f"{row['title']}: step {n} has no evidence" for n in bare]
        out += [f"{row['title']}: {fault}" for fault in _lost_steps(row["steps"], scenario.steps)]
    return out


def _etl(graph: Graph, rows: Sequence[Row]) -> list[str]:
    out = []
    by_source = {row.source: row for row in graph.etl}
    for row in rows:
        fact = by_source.get(row["source"])
        if fact is None:
            out.append(f"missing ingestion source: {row['source']}, there are {sorted(by_source)}")
            continue
        out += [f"{row['source']}: cadence {fact.cadence!r} without {w}" for w in row["words"] if w not in fact.cadence]
        if row.get("brittle", fact.brittle) != fact.brittle:
            out.append(f"{row['source']}: brittle is {fact.brittle} for {fact.reasons}")
    return out


def _deployment(graph: Graph, repo: str, rows: Sequence[Row]) -> list[str]:
    facts = dict.fromkeys(
        (flow.source, flow.target, evidence)
        for flow in graph.flows
        for evidence in flow.evidence
        if evidence.repo == repo and evidence.role == "runtime"
    )

    def same(row: Row, fact: Any) -> bool:
        return (row["from"], row["to"]) == fact[:2] and at_site(repo, row, fact[2], 0)

    return match("arrow", rows, list(facts), same, lambda f: f"{f[0]} to {f[1]} ({f[2].path}:{f[2].line})")


_BY_REPOSITORY: Mapping[str, Callable[[Graph, str, Any], list[str]]] = {
    "tasks": _tasks,
    "schedules": _schedules,
    "enqueues": _enqueues,
    "no_enqueues": lambda graph, repo, rows: _none_here(graph.enqueues, "enqueue", repo, rows),
    "routes": _routes,
    "calls": _calls,
    "no_calls": lambda graph, repo, rows: _none_here(graph.calls, "call", repo, rows),
    "stores": _stores,
    "orm": _orm,
    "settings": _settings,
    "findings": _findings,
    "no_findings": lambda graph, repo, rows: _none_here(graph.findings, "finding", repo, rows),
    "skipped": _skipped,
    "deployment": _deployment,
}
_WHOLE: Mapping[str, Callable[[Graph, Sequence[Row]], list[str]]] = {
    "arrows": _arrows,
    "scenarios": _scenarios,
    "etl": _etl,
}
SECTIONS = (*_BY_REPOSITORY, *_WHOLE)


def differences(graph: Graph, section: str) -> tuple[str, ...]:
    """What is missing, unexpected or wrong in one section (one of SECTIONS), a line or two each."""
    rows = expected()[section]
    if section in _WHOLE:
        return tuple(_WHOLE[section](graph, rows))
    return tuple(f"{repo}: {text}" for repo, own in rows.items() for text in _BY_REPOSITORY[section](graph, repo, own))


def main(arguments: list[str]) -> int:
    """Prints the differences of a graph.json; 1 when there are any."""
    graph = from_dict(Graph, json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    total = 0
    for section in arguments[1:] or SECTIONS:
        found = differences(graph, section)
        total += len(found)
        print(f"{section}: {len(found)} differences", *found, sep="\n  ")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
