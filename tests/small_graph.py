"""A small graph for tests of scenarios and of the ingestion table: a shop and the warehouse that it asks."""

from __future__ import annotations

import dataclasses
from typing import Any

from extractor.model.graph import (
    SCHEMA_VERSION,
    Call,
    Context,
    Enqueue,
    Evidence,
    Finding,
    Flow,
    Graph,
    Hop,
    Inbound,
    Node,
    Route,
    Schedule,
    Source,
    Store,
    Task,
)

COMMIT = "c" * 40
WEB = ("web",)
CHECKOUT = Context("request", "/checkout/", WEB)
PUSH = Context("task", "shop.tasks.push_order", WEB)
POLL = Context("task", "shop.tasks.poll", WEB)
POLL_ONE = Context("task", "shop.tasks.poll_one", WEB)
NOWHERE = Context("unknown", "")


def node(
    node_id: str, kind: str = "container", repo: str | None = None, service: str | None = None, role: str = ""
) -> Node:
    """A node whose parent is the system that its id begins with."""
    parent = node_id.split("/")[0] if "/" in node_id else None
    return Node(node_id, kind, node_id.title(), "", "", parent, (), repo=repo, role=role, service=service)


def call(name: str, line: int, contexts: tuple[Context, ...], **more: Any) -> Call:
    """A call of the shop to the warehouse, answered by the stock route unless told otherwise."""
    return dataclasses.replace(
        Call(
            id=f"call-{name}",
            repo="shop",
            path="shop/api.py",
            line=line,
            end_line=line + 2,
            function=f"api.{name}",
            via="stock_client.Client.get",
            system="warehouse",
            http_method="GET",
            url="{setting:WAREHOUSE_URL}/api/stock/{sku}/",
            base_setting="WAREHOUSE_URL",
            route_id="route-stock",
            timeout="yes",
            contexts=contexts,
            confidence="certain",
            label=name,
            service="web",
        ),
        **more,
    )


def task(name: str, line: int, services: tuple[str, ...] = ("web",), repo: str = "shop") -> Task:
    """A task of the shop."""
    full = f"{repo}.tasks.{name}"
    return Task(
        id=f"task-{name}-{'-'.join(services)}",
        repo=repo,
        name=full,
        path=f"{repo}/tasks.py",
        line=line,
        end_line=line + 1,
        function=name,
        queue=None,
        services=services,
    )


def enqueue(name: str, line: int, contexts: tuple[Context, ...]) -> Enqueue:
    """A place where the shop queues one of its tasks."""
    return Enqueue(
        id=f"enqueue-{name}",
        repo="shop",
        path="shop/views.py",
        line=line,
        end_line=line,
        function="views.f",
        task=f"shop.tasks.{name}",
        how="delay",
        task_id=f"task-{name}-web",
        contexts=contexts,
    )


def route(name: str, repo: str, service: str, pattern: str, line: int) -> Route:
    """A route of a repository."""
    return Route(
        id=f"route-{name}",
        repo=repo,
        service=service,
        pattern=pattern,
        name=name,
        view=f"views.{name}",
        methods=("GET",),
        path=f"{repo}/urls.py",
        line=line,
    )


def at(repo: str, path: str, line: int, end_line: int, role: str) -> Evidence:
    """Lines at the commit of every repository here."""
    return Evidence(repo, COMMIT, path, line, end_line, role)


CALLS = (
    call("stock", 10, (CHECKOUT, NOWHERE)),
    call("order", 20, (PUSH,), http_method="POST", url="{setting:WAREHOUSE_URL}/api/orders/", route_id=None),
    call("levels", 30, (POLL_ONE,), chains=((Hop("stock-client", "client.py", 3, "Client.get", "call"),),)),
    call("forgotten", 40, (NOWHERE,), url="{setting:WAREHOUSE_URL}/api/old/", route_id=None),
    call("rates", 50, (CHECKOUT,), system="bank", url="https://bank.example/rates", route_id=None, via="requests.get"),
)


def small_graph(**more: Any) -> Graph:
    """The graph, with some of its lists replaced."""
    graph = Graph(
        SCHEMA_VERSION,
        "0",
        "2026-01-01T00:00:00Z",
        "Trade",
        sources=(
            Source("shop", "https://git.example/shop", "main", COMMIT, 9),
            Source("warehouse", "https://git.example/warehouse", "main", COMMIT, 9),
        ),
        tasks=(task("push_order", 5), task("poll", 15), task("poll_one", 25)),
        schedules=(
            Schedule(
                id="schedule-poll",
                repo="shop",
                key="poll-stock",
                task="shop.tasks.poll",
                task_id="task-poll-web",
                schedule="crontab: 0 */6 * * 5",
                cadence="Fridays, every 6 hours, UTC",
                path="shop/settings.py",
                line=80,
                end_line=83,
                service="web",
            ),
        ),
        enqueues=(
            enqueue("push_order", 60, (CHECKOUT,)),
            dataclasses.replace(enqueue("poll_one", 17, (POLL,)), path="shop/tasks.py"),
        ),
        routes=(
            route("checkout", "shop", "web", "/checkout/", 7),
            route("hook", "shop", "web", "/hook/", 8),
            route("stock", "warehouse", "api", "/api/stock/<sku>/", 3),
        ),
        calls=CALLS,
        stores=(
            Store(
                id="store-order",
                repo="shop",
                service="web",
                system="postgres",
                kind="database",
                operation="both",
                setting=None,
                engine="postgresql",
                path="shop/models.py",
                line=12,
                end_line=12,
                function="models.Order.save",
                contexts=(CHECKOUT, PUSH),
                via="Django ORM: Order",
            ),
        ),
        inbound=(
            Inbound(
                id="inbound-hook",
                repo="shop",
                service="web",
                route_id="route-hook",
                system="warehouse",
                kind="webhook",
                label="tells of deliveries",
                evidence=(at("shop", "shop/views.py", 70, 75, "webhook"),),
            ),
        ),
        nodes=(
            node("person:buyer", "person"),
            node("shop", "system", "shop"),
            node("warehouse", "system", "warehouse"),
            node("shop/web", repo="shop", service="web", role="web"),
            node("shop/web-worker", repo="shop", service="web", role="worker"),
            node("shop/web-beat", repo="shop", service="web", role="beat"),
            node("shop/web-queue", "queue", "shop", "web", "queue"),
            node("shop/postgres", "database", "shop"),
            node("warehouse/api", repo="warehouse", service="api", role="web"),
            node("bank", "external"),
        ),
    )
    graph = dataclasses.replace(graph, **more)
    return graph if "flows" in more else dataclasses.replace(graph, flows=flows_of(graph))


def flows_of(graph: Graph) -> tuple[Flow, ...]:
    """The arrows that the rows of a small graph make, one for each row and container, and those that its estate says:
    the buyer pays, the warehouse calls the hook."""
    routes = {route.id: route for route in graph.routes}
    tasks = {task.id: task for task in graph.tasks}
    made: list[Flow] = []
    for call in graph.calls:
        route = routes.get(call.route_id or "")
        target = f"{route.repo}/{route.service}" if route else call.system or ""
        for source in _containers(call.repo, call.service, call.contexts):
            ids: dict[str, Any] = {
                "call_ids": (call.id,),
                "route_ids": (route.id,) if route else (),
                "confidence": call.confidence,
            }
            made.append(flow(source, target, call.label, at(*_span(call), "call"), **ids))
    for store in graph.stores:
        for source in _containers(store.repo, store.service, store.contexts):
            evidence, target = at(*_span(store), "store"), f"{store.repo}/{store.system}"
            made.append(flow(source, target, "reads and writes", evidence, sync=True, store_ids=(store.id,)))
    for enqueue in graph.enqueues:
        for source in _containers(enqueue.repo, "", enqueue.contexts):
            queue = f"{source.removesuffix('-worker')}-queue"
            ids = {"enqueue_ids": (enqueue.id,), "task_ids": (enqueue.task_id or "",)}
            made.append(flow(source, queue, "task", at(*_span(enqueue), "enqueue"), sync=False, **ids))
    for schedule in graph.schedules:
        ids = {"schedule_ids": (schedule.id,), "task_ids": (schedule.task_id or "",), "cadence": schedule.cadence}
        evidence = at(*_span(schedule), "schedule")
        made.append(flow("shop/web-beat", "shop/web-queue", schedule.key, evidence, sync=False, **ids))
    for task in tasks.values():
        for service in task.services:
            ends = f"{task.repo}/{service}-queue", f"{task.repo}/{service}-worker"
            made.append(flow(*ends, task.name, at(*_span(task), "task"), sync=False, task_ids=(task.id,)))
    buys = flow("person:buyer", "shop/web", "buys", at("shop", "shop/urls.py", 7, 7, "route"))
    calls = flow("warehouse/api", "shop/web", "tells", at("shop", "shop/views.py", 70, 70, "view"))
    said = "the estate file says who calls this route"
    return (*made, buys, dataclasses.replace(calls, route_ids=("route-hook",), why=said))


def flow(source: str, target: str, label: str, evidence: Evidence, sync: bool | None = None, **more: Any) -> Flow:
    """An arrow; what a worker does nobody waits for."""
    waits = not source.endswith("-worker") if sync is None else sync
    name = f"flow-{source}-{target}-{label}"
    plain = Flow(name, source, target, label, waits, "HTTPS", "", "", "", "certain", (evidence,))
    return dataclasses.replace(plain, **more)


def _containers(repo: str, service: str, contexts: tuple[Context, ...]) -> list[str]:
    """The containers in which a row is entered."""
    found = []
    for context in contexts:
        for one in context.services:
            if service in ("", one):
                found.append(f"{repo}/{one}" + ("-worker" if context.kind == "task" else ""))
    return list(dict.fromkeys(found))


def _span(row: Any) -> tuple[str, str, int, int]:
    return row.repo, row.path, row.line, row.end_line


def finding(call_id: str, severity: str = "high", suppressed: str = "") -> Finding:
    """A finding on a call."""
    return Finding(
        id=f"finding-{severity}",
        rule="no-timeout",
        severity=severity,
        message=f"no timeout ({severity})",
        repo="shop",
        path="shop/api.py",
        line=30,
        end_line=32,
        fingerprint="f",
        flow_ids=(),
        call_ids=(call_id,),
        suppressed=suppressed,
    )
