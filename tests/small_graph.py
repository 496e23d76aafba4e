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
CHECKOUT = Context("request", "/checkout/")
PUSH = Context("task", "shop.tasks.push_order")
POLL = Context("task", "shop.tasks.poll")
POLL_ONE = Context("task", "shop.tasks.poll_one")
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
            f"call-{name}",
            "shop",
            "shop/api.py",
            line,
            line + 2,
            f"api.{name}",
            "stock_client.Client.get",
            "warehouse",
            "GET",
            "{setting:WAREHOUSE_URL}/api/stock/{sku}/",
            "WAREHOUSE_URL",
            "route-stock",
            "yes",
            contexts,
            "certain",
            label=name,
            service="web",
        ),
        **more,
    )


def task(name: str, line: int, services: tuple[str, ...] = ("web",), repo: str = "shop") -> Task:
    """A task of the shop."""
    full = f"{repo}.tasks.{name}"
    return Task(
        f"task-{name}-{'-'.join(services)}",
        repo,
        full,
        f"{repo}/tasks.py",
        line,
        line + 1,
        name,
        None,
        services=services,
    )


def enqueue(name: str, line: int, contexts: tuple[Context, ...]) -> Enqueue:
    """A place where the shop queues one of its tasks."""
    return Enqueue(
        f"enqueue-{name}",
        "shop",
        "shop/views.py",
        line,
        line,
        "views.f",
        f"shop.tasks.{name}",
        "delay",
        f"task-{name}-web",
        contexts=contexts,
    )


def route(name: str, repo: str, service: str, pattern: str, line: int) -> Route:
    """A route of a repository."""
    return Route(f"route-{name}", repo, service, pattern, name, f"views.{name}", ("GET",), f"{repo}/urls.py", line)


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
                "schedule-poll",
                "shop",
                "poll-stock",
                "shop.tasks.poll",
                "task-poll-web",
                "crontab: 0 */6 * * 5",
                "Fridays, every 6 hours, UTC",
                "shop/settings.py",
                80,
                83,
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
                "store-order",
                "shop",
                "web",
                "postgres",
                "database",
                "both",
                None,
                "postgresql",
                "shop/models.py",
                12,
                12,
                "models.Order.save",
                (CHECKOUT, PUSH),
                via="Django ORM: Order",
            ),
        ),
        inbound=(
            Inbound(
                "inbound-hook",
                "shop",
                "web",
                "route-hook",
                "warehouse",
                "webhook",
                "tells of deliveries",
                (at("shop", "shop/views.py", 70, 75, "webhook"),),
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
        flows=(
            Flow(
                "flow-1",
                "shop/web",
                "warehouse/api",
                "stock",
                True,
                "HTTPS",
                "",
                "",
                "",
                "certain",
                (at("shop", "shop/api.py", 10, 12, "call"),),
                call_ids=("call-stock",),
            ),
        ),
    )
    return dataclasses.replace(graph, **more)


def finding(call_id: str, severity: str = "high", suppressed: str = "") -> Finding:
    """A finding on a call."""
    return Finding(
        f"finding-{severity}",
        "no-timeout",
        severity,
        f"no timeout ({severity})",
        "shop",
        "shop/api.py",
        30,
        32,
        "f",
        (),
        call_ids=(call_id,),
        suppressed=suppressed,
    )
