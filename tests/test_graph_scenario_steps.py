"""Steps of scenarios: which arrow a query means, on which lines it stands, and when a step is missing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from extractor.graph.scenarios import Definition, StepQuery, scenarios
from extractor.model.graph import Graph, Step
from extractor.model.ids import ids_of_service
from extractor.model.query import where
from tests.small_graph import CALLS, CHECKOUT, NOWHERE, call, enqueue, node, small_graph, task


def step(
    graph: Graph,
    source: str,
    target: str,
    context: tuple[str, ...] = (),
    sync: bool | None = None,
    label: str = "",
    **queries: Any,
) -> Step:
    """The one step of a scenario that asks for this."""
    asked = StepQuery(
        source, target, {kind: where(kind, body) for kind, body in queries.items()}, label, sync, "", context
    )
    (scenario,) = scenarios(graph, [Definition("one", "One", "One step.", "shop", "mixed", (asked,))])
    (only,) = scenario.steps
    assert scenario.missing == ((1,) if only.missing else ())
    assert only.missing == (not only.evidence)
    return only


def lines(found: Step) -> list[tuple[str, int, str]]:
    """Where the step's evidence stands, and what it is."""
    return [(e.path, e.line, e.role) for e in found.evidence]


def test_a_call_stands_on_its_line_and_on_the_route_that_answers_it() -> None:
    found = step(small_graph(), "shop/web", "warehouse/api", call="/api/stock/*")
    assert lines(found) == [("shop/api.py", 10, "call"), ("warehouse/urls.py", 3, "route")]
    assert (found.label, found.sync, found.flow_id) == ("stock", True, "flow-1")


def test_what_a_worker_does_nobody_waits_for() -> None:
    found = step(small_graph(), "shop/web-worker", "warehouse/*", call="/api/stock/*")
    assert (found.source, found.target, found.sync) == ("shop/web-worker", "warehouse/api", False)
    assert lines(found)[0] == ("shop/api.py", 30, "call")


def test_a_call_that_no_route_answers_reaches_the_container_that_the_step_names_in_the_called_system() -> None:
    found = step(small_graph(), "shop/web-worker", "warehouse/api", call={"method": "POST"}, task="*.push_order")
    assert found.target == "warehouse/api"
    assert lines(found) == [("shop/api.py", 20, "call"), ("shop/tasks.py", 5, "task")]


def test_a_schedule_beside_a_call_is_one_that_leads_to_it_and_the_enqueue_on_the_way_is_shown() -> None:
    found = step(small_graph(), "shop/web-worker", "warehouse/api", call="*", schedule="poll-*")
    assert lines(found) == [
        ("shop/api.py", 30, "call"),
        ("warehouse/urls.py", 3, "route"),
        ("shop/settings.py", 80, "schedule"),
        ("shop/tasks.py", 17, "enqueue"),
    ]


def test_a_beat_entry_queues_its_task() -> None:
    found = step(small_graph(), "shop/web-beat", "shop/web-queue", schedule="poll-stock")
    assert lines(found) == [("shop/settings.py", 80, "schedule"), ("shop/tasks.py", 15, "task")]
    assert (found.label, found.sync) == ("poll: Fridays, every 6 hours, UTC", False)


def test_an_enqueue_goes_to_the_queue_of_the_task() -> None:
    found = step(small_graph(), "shop/web", "shop/web-queue", enqueue="shop.tasks.push_order", route="/checkout/")
    assert lines(found) == [
        ("shop/views.py", 60, "enqueue"),
        ("shop/tasks.py", 5, "task"),
        ("shop/urls.py", 7, "route"),
    ]
    assert (found.label, found.sync) == ("push_order", False)


def test_a_worker_takes_a_task_from_its_queue() -> None:
    found = step(small_graph(), "shop/web-queue", "shop/web-worker", task="*.poll")
    assert (lines(found), found.sync) == ([("shop/tasks.py", 15, "task")], False)


@pytest.mark.parametrize(("source", "sync"), [("shop/web", True), ("shop/web-worker", False)], ids=["request", "task"])
def test_a_store_is_used_by_every_container_that_reaches_the_line(source: str, sync: bool) -> None:
    found = step(small_graph(), source, "shop/postgres", store={"system": "postgres", "operation": "write"})
    assert (lines(found), found.sync) == ([("shop/models.py", 12, "store")], sync)
    assert found.label == "reads and writes Order"


def test_a_person_asks_for_a_page_on_the_line_of_its_route() -> None:
    found = step(small_graph(), "person:buyer", "shop/web", label="pays", route="/checkout/")
    assert (lines(found), found.label) == ([("shop/urls.py", 7, "route")], "pays")


def test_a_route_alone_does_not_say_that_another_system_calls_it() -> None:
    found = step(small_graph(), "warehouse/api", "shop/web", route="/checkout/")
    assert found.missing
    assert "does not lead from warehouse/api to shop/web" in found.note


def test_a_route_known_to_be_called_from_outside_is_a_step_of_that_system() -> None:
    found = step(small_graph(), "warehouse", "shop/web", route="/hook/")
    assert lines(found) == [("shop/urls.py", 8, "route"), ("shop/views.py", 70, "webhook")]
    assert found.label == "tells of deliveries"


def test_whoever_calls_a_webhook_that_names_nobody_is_said_by_the_scenario_and_the_step_tells_so() -> None:
    (known,) = small_graph().inbound
    graph = small_graph(inbound=(dataclasses.replace(known, system=""),))
    found = step(graph, "bank", "shop/web", route="/hook/")
    assert lines(found) == [("shop/urls.py", 8, "route"), ("shop/views.py", 70, "webhook")]
    assert found.note == "the code says that another system calls here, the scenario says which"
    assert step(graph, "*", "shop/web", route="/hook/").source == "person:buyer"


def test_an_arrow_of_the_graph_may_be_named_by_its_label() -> None:
    found = step(small_graph(), "shop/web", "warehouse/api", flow="sto*")
    assert (lines(found), found.flow_id) == ([("shop/api.py", 10, "call")], "flow-1")


def test_code_that_no_entry_point_reaches_is_no_step() -> None:
    found = step(small_graph(), "shop/web", "warehouse/api", call="/api/old/")
    assert found.missing
    assert found.note == "nothing that an entry point reaches matches call with endpoint /api/old/"


def test_a_step_that_matches_nothing_keeps_its_words_and_says_which_query_failed() -> None:
    found = step(small_graph(), "shop/web", "bank", label="asks", call={"endpoint": "/no/*", "method": "PUT"})
    assert (found.label, found.source, found.target, found.missing) == ("asks", "shop/web", "bank", True)
    assert found.note == "nothing that an entry point reaches matches call with endpoint /no/*, method PUT"


def test_a_match_between_other_ends_is_told_of_and_not_drawn() -> None:
    found = step(small_graph(), "shop/web-worker", "bank", call="/rates")
    assert found.missing
    assert (
        found.note == "call with endpoint /rates does not lead from shop/web-worker to bank, but from shop/web to bank"
    )


def test_an_end_that_is_no_node_is_told_of() -> None:
    found = step(small_graph(), "shop/web", "shop/mysql", store="postgres")
    assert found.note == "store with system postgres is there, but shop/mysql is no node of the graph"


def test_a_step_that_is_not_as_synchronous_as_asked_is_missing() -> None:
    found = step(small_graph(), "shop/web", "warehouse/api", call="/api/stock/*", sync=False)
    assert found.missing
    assert "(asynchronous), but from" in found.note


def test_only_rows_reached_from_the_entry_points_asked_for_count() -> None:
    assert (
        step(small_graph(), "shop/*", "warehouse/*", ("task *.poll_one",), call="/api/stock/*").evidence[0].line == 30
    )
    assert step(small_graph(), "shop/*", "warehouse/*", ("request /che*",), call="/api/stock/*").evidence[0].line == 10
    assert step(small_graph(), "shop/*", "warehouse/*", ("command",), call="/api/stock/*").missing


def test_what_is_certain_goes_before_what_is_possible_and_the_latter_says_so() -> None:
    weak = call("weak", 1, (CHECKOUT,), confidence="possible")
    assert step(small_graph(calls=(weak, *CALLS)), "shop/web", "warehouse/api", call="/api/stock/*").label == "stock"
    alone = step(small_graph(calls=(weak,)), "shop/web", "warehouse/api", call="/api/stock/*")
    assert alone.note == "rests on a match that is only possible"


def test_code_shared_by_services_runs_in_the_one_whose_entry_point_reaches_it() -> None:
    graph = small_graph()
    admin = node("shop/admin", repo="shop", service="admin", role="web")
    shared = call("shared", 90, (CHECKOUT, NOWHERE), service="")
    graph = small_graph(nodes=(admin, *graph.nodes), calls=(shared,))
    assert step(graph, "shop/web", "warehouse/api", call="*").evidence
    assert step(graph, "shop/admin", "warehouse/api", call="*").missing


def test_a_task_of_two_services_is_queued_to_the_one_that_queues_it() -> None:
    graph = small_graph()
    more = [
        node(node_id, repo="shop", service="admin", role=role)
        for role, node_id in ids_of_service("shop", "admin").items()
    ]
    both = (task("index", 35), task("index", 35, ("admin",)))
    graph = small_graph(nodes=(*more, *graph.nodes), tasks=both, enqueues=(enqueue("index", 61, (CHECKOUT,)),))
    assert step(graph, "shop/*", "shop/*", enqueue="*.index").target == "shop/web-queue"
    assert step(graph, "shop/admin-queue", "shop/admin-worker", task="*.index").evidence


def test_a_service_that_is_called_worker_blocks_like_any_other() -> None:
    graph = small_graph()
    mail = node("shop/mail-worker", repo="shop", service="mail-worker", role="web")
    sent = call("sent", 90, (CHECKOUT,), service="mail-worker")
    graph = small_graph(nodes=(mail, *graph.nodes), calls=(sent,))
    assert step(graph, "shop/mail-worker", "warehouse/api", call="*").sync


def test_no_more_lines_than_a_reader_can_take_in() -> None:
    many = tuple(call(f"stock-{n}", n, (CHECKOUT,)) for n in range(1, 30))
    found = step(small_graph(calls=many), "shop/web", "warehouse/api", call="*")
    assert lines(found) == [*(("shop/api.py", n, "call") for n in range(1, 5)), ("warehouse/urls.py", 3, "route")]
