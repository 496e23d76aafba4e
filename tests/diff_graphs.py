"""Graphs for tests of diff and gate: small rows with sensible defaults, and hypothesis strategies for whole graphs."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from extractor.model.graph import (
    CONFIDENCES,
    CONTEXT_KINDS,
    Call,
    Context,
    Enqueue,
    EtlRow,
    Evidence,
    Finding,
    Flow,
    Gap,
    Graph,
    Inbound,
    Node,
    Place,
    Route,
    Scenario,
    Schedule,
    Setting,
    Source,
    Step,
    Store,
    Task,
)

REPOS = ("shop", "campus")
COMMITS = {"shop": "a" * 40, "campus": "b" * 40}


def graph(**rows: Any) -> Graph:
    """A graph of the given rows, over two repositories: `shop` (a caller) and `campus` (which serves routes)."""
    sources = tuple(Source(name, f"https://example.org/{name}.git", "main", COMMITS[name], 10) for name in REPOS)
    base = Graph("1.0", "0.1.0", "2026-01-01T00:00:00Z", "Test estate", sources=sources, nodes=nodes())
    lists: dict[str, Any] = {name: tuple(value) for name, value in rows.items()}
    return dataclasses.replace(base, **lists)


def nodes() -> tuple[Node, ...]:
    """The systems of the test estate, each with a web container, and one external system."""
    return (
        node("shop", repo="shop"),
        node("shop.web", kind="container", parent="shop", repo="shop"),
        node("campus", repo="campus"),
        node("campus.web", kind="container", parent="campus", repo="campus"),
        node("mailer", kind="external", scope="external"),
    )


def node(ident: str, **over: Any) -> Node:
    """A node named like its id, with `kind`, `parent`, `scope`, `repo` by keyword."""
    return dataclasses.replace(Node(ident, "system", ident.title(), "", "", None, ()), **over)


def evidence(repo: str = "shop", path: str = "a.py", line: int = 1, **over: Any) -> Evidence:
    """One line of a repository."""
    return dataclasses.replace(Evidence(repo, COMMITS.get(repo, ""), path, line, line, "call"), **over)


def call(**over: Any) -> Call:
    """A certain call from the shop to the campus."""
    row = Call(
        id="call",
        repo="shop",
        path="orders/api.py",
        line=10,
        end_line=12,
        function="enrol",
        via="requests.post",
        system="campus",
        http_method="POST",
        url="{setting:CAMPUS_URL}/api/enrollment/",
        base_setting="CAMPUS_URL",
        route_id="r1",
        timeout="yes",
        contexts=(Context("request", "/checkout/", ("web",)),),
        confidence="certain",
        label="POST enrollment",
    )
    return dataclasses.replace(row, **over)


def route(**over: Any) -> Route:
    """The route of the campus that answers `call()`."""
    row = Route(
        id="r1",
        repo="campus",
        service="web",
        pattern="/api/enrollment/",
        name="enrollment",
        view="api.views.Enrollment",
        methods=("POST",),
        path="campus/urls.py",
        line=5,
    )
    return dataclasses.replace(row, **over)


def task(name: str = "orders.tasks.sync_grades", **over: Any) -> Task:
    """A task of the shop."""
    last = name.rpartition(".")[2]
    row = Task(
        id=f"shop:{name}",
        repo="shop",
        name=name,
        path="orders/tasks.py",
        line=20,
        end_line=30,
        function=last,
        queue="default",
        summary="Read grades again.",
    )
    return dataclasses.replace(row, **over)


def schedule(**over: Any) -> Schedule:
    """A beat entry of the shop."""
    row = Schedule(
        id="shop:nightly",
        repo="shop",
        key="nightly",
        task="orders.tasks.sync_grades",
        task_id="shop:orders.tasks.sync_grades",
        schedule="crontab: 0 3 * * *",
        cadence="daily at 03:00 UTC",
        path="main/settings.py",
        line=100,
        end_line=104,
    )
    return dataclasses.replace(row, **over)


def setting(name: str = "CAMPUS_URL", **over: Any) -> Setting:
    """A setting of the shop that points at the campus."""
    row = Setting(
        id=f"shop:{name}",
        repo="shop",
        service="web",
        name=name,
        default="https://campus.example",
        env=name,
        system="campus",
        path="main/settings.py",
        line=7,
    )
    return dataclasses.replace(row, **over)


def finding(mark: str = "f1", **over: Any) -> Finding:
    """A finding in the shop, of middling severity, with `mark` as its fingerprint."""
    row = Finding(
        id=mark,
        rule="no-timeout",
        severity="medium",
        message="POST enrollment waits for ever",
        repo="shop",
        path="orders/api.py",
        line=10,
        end_line=12,
        fingerprint=mark,
        flow_ids=(),
        remedy="Pass timeout=.",
    )
    return dataclasses.replace(row, **over)


def flow(source: str = "shop.web", target: str = "campus.web", **over: Any) -> Flow:
    """A synchronous arrow."""
    row = Flow(
        id=f"{source}-{target}",
        source=source,
        target=target,
        label="POST enrollment",
        sync=True,
        protocol="HTTPS",
        data="enrollment",
        trigger="request",
        cadence="",
        confidence="certain",
        evidence=(evidence(),),
    )
    return dataclasses.replace(row, **over)


def step(**over: Any) -> Step:
    """A step of a scenario, with evidence."""
    return dataclasses.replace(Step(1, "shop.web", "campus.web", "POST enrollment", True, (evidence(),)), **over)


def scenario(*steps: Step, **over: Any) -> Scenario:
    """A scenario of the given steps."""
    missing = tuple(s.n for s in steps if s.missing)
    return dataclasses.replace(Scenario("checkout", "Checkout", "", tuple(steps), missing), **over)


# Strategies. Texts come from short lists, so that rows meet: equal keys, near misses and renames are all likely.

_repos = st.sampled_from(REPOS)
_systems = st.sampled_from((None, "campus", "mailer", "shop"))
_paths = st.sampled_from(("a.py", "b/tasks.py", "c/api.py"))
_lines = st.integers(1, 99)
_names = st.sampled_from(("sync_grades", "sync_all_grades", "send_mail", "refund"))
_dotted = st.builds("{}.{}".format, st.sampled_from(("orders.tasks", "mail.tasks")), _names)
_urls = st.sampled_from(
    (
        "{setting:CAMPUS_URL}/api/enrollment/",
        "{setting:CAMPUS_URL}/api/enrollment/{arg:user}/",
        "{setting:CAMPUS_URL}/api/enrollment/{arg:name}/",
        "https://mail.example/send?x={?unknown}",
        "{?unknown}",
        "",
    )
)
_patterns = st.sampled_from(("/api/enrollment/", "/api/enrollment/<user>/", "/api/enrollment/<name>/", "/hook/"))
_contexts = st.lists(st.builds(Context, st.sampled_from(CONTEXT_KINDS), st.one_of(_dotted, _patterns)), max_size=2).map(
    tuple
)
_confidence = st.sampled_from(CONFIDENCES)
_evidence = st.builds(evidence, _repos, _paths, _lines)
_maybe = st.sampled_from(("", "yes"))
_node_ids = st.sampled_from(("shop", "shop.web", "campus", "campus.web", "mailer"))
_route_ids = st.sampled_from((None, "r1", "r2"))

_calls = st.builds(
    call,
    repo=_repos,
    path=_paths,
    line=_lines,
    function=_names,
    system=_systems,
    url=_urls,
    label=_names,
    http_method=st.sampled_from((None, "GET", "POST")),
    route_id=_route_ids,
    contexts=_contexts,
    confidence=_confidence,
    timeout=st.sampled_from(("yes", "no")),
)
_tasks = st.builds(task, _dotted, repo=_repos, path=_paths, queue=st.sampled_from((None, "default", "slow")))
_schedules = st.builds(
    schedule,
    repo=_repos,
    key=_names,
    task=_dotted,
    task_id=st.sampled_from((None, "t")),
    line=_lines,
    cadence=st.sampled_from(("hourly", "daily")),
)
_enqueues = st.builds(
    Enqueue,
    st.just("e"),
    _repos,
    _paths,
    _lines,
    _lines,
    _names,
    st.one_of(st.none(), _dotted),
    st.sampled_from(("delay", "apply_async")),
    contexts=_contexts,
)
_settings = st.builds(
    setting,
    st.sampled_from(("CAMPUS_URL", "CAMPUS_BASE_URL", "MAIL_KEY")),
    repo=_repos,
    line=_lines,
    default=st.sampled_from((None, "", "x")),
    required=st.booleans(),
)
_stores = st.builds(
    Store,
    st.just("s"),
    _repos,
    st.just("web"),
    st.sampled_from(("db", "cache")),
    st.just("database"),
    st.sampled_from(("read", "write", "both")),
    st.none(),
    st.just("sql"),
    _paths,
    _lines,
    _lines,
    _names,
    _contexts,
)
_findings = st.builds(
    finding,
    st.sampled_from(("f1", "f2", "f3")),
    line=_lines,
    severity=st.sampled_from(("high", "low")),
    suppressed=_maybe,
)
_flows = st.builds(
    flow,
    _node_ids,
    _node_ids,
    label=_names,
    sync=st.booleans(),
    cadence=st.sampled_from(("", "daily")),
    confidence=_confidence,
    evidence=st.lists(_evidence, min_size=1, max_size=2).map(tuple),
    trigger=_dotted,
)
_steps = st.builds(
    step,
    n=st.integers(1, 5),
    source=_node_ids,
    target=_node_ids,
    label=_names,
    missing=st.booleans(),
    evidence=st.lists(_evidence, max_size=1).map(tuple),
)
_scenarios = st.builds(lambda steps: scenario(*steps), st.lists(_steps, max_size=3))
_etl = st.builds(
    EtlRow,
    _names,
    st.just("REST"),
    st.sampled_from(("daily", "hourly")),
    _names,
    st.builds(Place, _repos, _paths, _lines),
    st.booleans(),
    st.just(()),
    st.just("campus"),
)
_gaps = st.builds(
    Gap,
    st.just("g"),
    st.sampled_from(("call", "task")),
    _repos,
    _paths,
    _lines,
    _names,
    _names,
    st.just(""),
)
_inbound = st.builds(
    Inbound,
    st.just("i"),
    _repos,
    st.just("web"),
    st.sampled_from(("r1", "r2")),
    st.just("mailer"),
    st.just("webhook"),
    _names,
    st.lists(_evidence, min_size=1, max_size=1).map(tuple),
)


@st.composite
def _routes(draw: st.DrawFn) -> tuple[Route, ...]:
    """Up to two routes, with the ids that calls may name."""
    made = []
    for ident in ("r1", "r2")[: draw(st.integers(0, 2))]:
        pattern, repo, line = draw(_patterns), draw(_repos), draw(_lines)
        made.append(route(id=ident, pattern=pattern, repo=repo, line=line, view=draw(_names), path=draw(_paths)))
    return tuple(made)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A whole graph of a few rows of each kind."""
    rows = {
        "calls": _calls,
        "tasks": _tasks,
        "schedules": _schedules,
        "enqueues": _enqueues,
        "settings": _settings,
        "stores": _stores,
        "findings": _findings,
        "flows": _flows,
        "scenarios": _scenarios,
        "etl": _etl,
        "gaps": _gaps,
        "inbound": _inbound,
    }
    chosen = {name: draw(st.lists(strategy, max_size=3)) for name, strategy in rows.items()}
    return graph(routes=draw(_routes()), **chosen)
