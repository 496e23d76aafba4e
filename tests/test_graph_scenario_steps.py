"""Steps of scenarios: the flow that a query names, the step that leads there, and when a step is missing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from extractor.graph.scenarios import Definition, StepQuery, scenarios
from extractor.model.graph import Context, Enqueue, Evidence, Graph, Scenario, Step
from extractor.model.ids import ids_of_service
from extractor.model.query import where
from extractor.views import UNLINKED, build_views
from renderers.diagrams.mermaid import mermaid_source
from renderers.svg import render_svg
from tests.small_graph import CALLS, CHECKOUT, NOWHERE, POLL, at, call, enqueue, flow, node, small_graph, task


def query(
    source: str,
    target: str,
    context: tuple[str, ...] = (),
    sync: bool | None = None,
    label: str = "",
    **queries: Any,
) -> StepQuery:
    """A step that asks for this."""
    asked = {kind: where(kind, body) for kind, body in queries.items()}
    return StepQuery(source, target, asked, label, sync, "", context)


CHECKS_OUT = query("person:buyer", "shop/web", route="/checkout/")
POLLED = query("shop/web-beat", "shop/web-queue", schedule="poll-stock")


def scenario(graph: Graph, *queries: StepQuery) -> Scenario:
    """The scenario of these steps."""
    (made,) = scenarios(graph, [Definition("one", "One", "Some steps.", "shop", "mixed", queries)])
    assert made.missing == tuple(step.n for step in made.steps if step.missing)
    return made


def step(graph: Graph, source: str, target: str, *context: Any, **more: Any) -> Step:
    """The step that asks for this, after a buyer checked out and the beat queued its poll."""
    return scenario(graph, CHECKS_OUT, POLLED, query(source, target, *context, **more)).steps[-1]


def lines(found: Step) -> list[tuple[str, int, str]]:
    """Where the step's evidence stands, and what it is."""
    return [(e.path, e.line, e.role) for e in found.evidence]


def flow_of(graph: Graph, found: Step) -> tuple[str, str, bool]:
    """The ends and the synchrony of the flow that a step names."""
    (named,) = [one for one in graph.flows if one.id == found.flow_id]
    return named.source, named.target, named.sync


# what a step is ----------------------------------------------------------------------------------------------------


def test_a_call_stands_on_its_line_and_on_the_route_that_answers_it() -> None:
    found = step(small_graph(), "shop/web", "warehouse/api", call="/api/stock/*")
    assert lines(found) == [("shop/api.py", 10, "call"), ("warehouse/urls.py", 3, "route")]
    assert (found.label, found.sync, found.missing) == ("stock", True, False)
    assert (found.opened_by, found.trigger) == (1, "request /checkout/")


@pytest.mark.parametrize(
    "asked",
    [
        query("shop/web", "warehouse/*", call="*"),
        query("shop/web-worker", "warehouse*", call="*"),
        query("shop/web*", "shop/postgres", store="postgres"),
        query("shop/*", "shop/*-queue", enqueue="*"),
        query("shop/*-queue", "shop/*-worker", task="*"),
        POLLED,
    ],
    ids=["call", "call-of-a-worker", "store", "enqueue", "task", "schedule"],
)
def test_a_step_has_the_ends_the_synchrony_and_the_first_line_of_the_flow_that_it_names(asked: StepQuery) -> None:
    graph = small_graph()
    found = scenario(graph, CHECKS_OUT, POLLED, asked).steps[-1]
    assert (found.source, found.target, found.sync) == flow_of(graph, found)
    (named,) = [one for one in graph.flows if one.id == found.flow_id]
    assert (found.evidence[0].path, found.evidence[0].line) == (named.evidence[0].path, named.evidence[0].line)


def test_a_worker_waits_for_its_database_as_its_flow_says() -> None:
    found = step(small_graph(), "shop/web-worker", "shop/postgres", store={"operation": "write"})
    assert (lines(found)[0], found.sync, found.label) == (
        ("shop/models.py", 12, "store"),
        True,
        "reads and writes Order",
    )


def test_a_beat_entry_queues_its_task_and_begins() -> None:
    found = scenario(small_graph(), POLLED).steps[0]
    assert lines(found) == [("shop/settings.py", 80, "schedule"), ("shop/tasks.py", 15, "task")]
    assert (found.label, found.sync) == ("poll: Fridays, every 6 hours, UTC", False)
    assert (found.opened_by, found.cadence) == (0, "Fridays, every 6 hours, UTC")


def test_an_enqueue_goes_to_the_queue_of_the_task() -> None:
    found = step(small_graph(), "shop/web", "shop/web-queue", enqueue="shop.tasks.push_order", route="/checkout/")
    assert lines(found) == [
        ("shop/views.py", 60, "enqueue"),
        ("shop/tasks.py", 5, "task"),
        ("shop/urls.py", 7, "route"),
    ]
    assert (found.label, found.sync) == ("push_order", False)


def test_a_person_asks_for_a_page_on_the_line_of_its_route() -> None:
    found = scenario(small_graph(), query("person:buyer", "shop/web", label="pays", route="/checkout/")).steps[0]
    assert (lines(found), found.label, found.opened_by) == ([("shop/urls.py", 7, "route")], "pays", 0)


def test_a_person_whose_use_goes_through_a_proxy_comes_to_the_service_behind_it() -> None:
    graph = small_graph()
    proxy = node("shop/nginx", repo="shop", role="proxy")
    passes = flow("shop/nginx", "shop/web", "requests", at("shop", "nginx.conf", 4, 4, "runtime"))
    uses = flow("person:buyer", "shop/nginx", "buys", at("shop", "compose.yaml", 9, 9, "runtime"))
    graph = small_graph(nodes=(*graph.nodes, proxy), flows=(*graph.flows[:-2], passes, uses))
    found = scenario(graph, CHECKS_OUT).steps[0]
    assert (found.target, found.flow_id, found.note) == ("shop/web", uses.id, "through Shop/Nginx")
    assert lines(found) == [("shop/urls.py", 7, "route"), ("nginx.conf", 4, "runtime")]


def test_a_person_of_whom_the_estate_says_no_use_asks_for_nothing() -> None:
    graph = small_graph()
    graph = small_graph(flows=tuple(one for one in graph.flows if one.source != "person:buyer"))
    assert scenario(graph, CHECKS_OUT).missing == (1,)


def test_an_arrow_of_the_graph_may_be_named_by_its_label() -> None:
    graph = small_graph()
    found = step(graph, "shop/web", "warehouse/api", flow="sto*")
    assert (lines(found), flow_of(graph, found)) == (
        [("shop/api.py", 10, "call")],
        ("shop/web", "warehouse/api", True),
    )


# what leads to a step ----------------------------------------------------------------------------------------------


def test_a_step_that_no_earlier_one_leads_to_keeps_its_arrow_and_counts_as_missing() -> None:
    found = scenario(small_graph(), query("shop/web", "warehouse/api", call="/api/stock/*"))
    (alone,) = found.steps
    assert found.missing == (1,)
    assert alone.note.startswith("not linked in code")
    assert (lines(alone)[0], alone.flow_id is not None) == (("shop/api.py", 10, "call"), True)


def test_another_page_than_the_one_that_does_it_opens_nothing_for_a_step() -> None:
    asks = query("person:buyer", "shop/web", route="/hook/")
    calls = query("shop/web", "warehouse/api", call="/api/stock/*")
    assert scenario(small_graph(), asks, calls).missing == (2,)
    assert scenario(small_graph(), asks, CHECKS_OUT, calls).missing == ()


def test_steps_may_branch_from_any_step_before_them() -> None:
    found = scenario(
        small_graph(),
        CHECKS_OUT,
        query("shop/web", "warehouse/api", call="/api/stock/*"),
        query("shop/web", "bank", call="/rates"),
    )
    assert [one.opened_by for one in found.steps] == [0, 1, 1]


def test_a_queued_task_is_taken_by_its_worker_and_calls_from_there() -> None:
    found = scenario(
        small_graph(),
        CHECKS_OUT,
        query("shop/web", "shop/web-queue", enqueue="*.push_order"),
        query("shop/web-queue", "shop/web-worker", task="*.push_order"),
        query("shop/web-worker", "warehouse", call={"method": "POST"}),
    )
    assert [(one.opened_by, one.trigger) for one in found.steps[1:]] == [
        (1, "request /checkout/"),
        (2, "task shop.tasks.push_order"),
        (3, "task shop.tasks.push_order"),
    ]


def test_a_worker_takes_no_task_that_no_step_queued() -> None:
    takes = query("shop/web-queue", "shop/web-worker", task="*.push_order")
    assert scenario(small_graph(), POLLED, takes).missing == (2,)
    assert scenario(small_graph(), CHECKS_OUT, takes).missing == ()  # what the buyer asks for queues it


def test_a_task_that_a_task_queues_is_led_to_and_the_line_that_queues_it_is_shown() -> None:
    found = step(small_graph(), "shop/web-worker", "warehouse/api", call="*")
    assert (found.trigger, found.opened_by) == ("task shop.tasks.poll_one", 2)
    assert lines(found) == [
        ("shop/api.py", 30, "call"),
        ("shop/tasks.py", 17, "enqueue"),
        ("warehouse/urls.py", 3, "route"),
    ]


def test_cadence_is_that_of_the_way_and_not_of_all_that_the_arrow_is_made_of() -> None:
    graph = small_graph()
    timed = tuple(dataclasses.replace(one, cadence="hourly; daily") for one in graph.flows)
    graph = small_graph(flows=timed)
    assert step(graph, "shop/web-worker", "warehouse/api", call="*").cadence == "Fridays, every 6 hours, UTC"
    assert step(graph, "shop/web", "warehouse/api", call="*").cadence == ""


def test_a_call_opens_the_route_that_answers_it() -> None:
    graph = small_graph()
    stock = Context("request", "/api/stock/<sku>/", ("api",))
    looks = dataclasses.replace(graph.stores[0], id="store-stock", repo="warehouse", service="api", contexts=(stock,))
    tables = node("warehouse/postgres", "database", "warehouse")
    graph = small_graph(nodes=(*graph.nodes, tables), stores=(*graph.stores, looks))
    reads = query("warehouse/api", "warehouse/postgres", store="postgres")
    calls = query("shop/web", "warehouse/api", call="/api/stock/*")
    assert [one.opened_by for one in scenario(graph, CHECKS_OUT, calls, reads).steps] == [0, 1, 2]
    assert scenario(graph, CHECKS_OUT, reads).missing == (2,)  # the call between them is no step


def test_a_queue_without_code_of_ours_is_led_to_by_the_step_that_comes_to_it() -> None:
    graph = small_graph()
    bus = node("bus", "queue")
    sent = flow("shop/web", "bus", "orders", at("shop", "shop/api.py", 10, 12, "call"), call_ids=("call-stock",))
    takes = flow("bus", "warehouse/api", "orders", at("warehouse", "warehouse/in.py", 3, 3, "consumer"))
    graph = small_graph(nodes=(*graph.nodes, bus), flows=(*graph.flows, sent, takes))
    wanted = query("bus", "warehouse/api", flow="orders")
    assert scenario(graph, CHECKS_OUT, query("shop/web", "bus", flow="orders"), wanted).steps[2].opened_by == 2
    assert scenario(graph, CHECKS_OUT, wanted).missing == (2,)


def test_what_a_system_outside_does_after_a_step_came_to_it_goes_on_from_there() -> None:
    graph = small_graph()
    gate, provider = (dataclasses.replace(node(name, "external"), scope="external") for name in ("gate", "provider"))
    line = at("shop", "gate.yaml", 4, 4, "runtime")
    arrows = (flow("person:buyer", "gate", "signs in", line), flow("gate", "provider", "asks", line))
    graph = small_graph(nodes=(*graph.nodes, gate, provider), flows=(*graph.flows, *arrows))
    comes, asks = query("person:buyer", "gate", flow="*"), query("gate", "provider", flow="*")
    assert [one.opened_by for one in scenario(graph, comes, asks).steps] == [0, 1]
    assert [one.missing for one in scenario(graph, asks).steps] == [False]


def test_a_command_that_is_a_process_of_its_own_begins() -> None:
    graph = small_graph()
    export = node("shop/web-command-export", repo="shop", service="web", role="command")
    sends = call("export", 95, (Context("command", "export", ("web",)),), system="bank", route_id=None)
    arrow = flow(export.id, "bank", "export", at("shop", "shop/api.py", 95, 97, "call"), call_ids=(sends.id,))
    graph = small_graph(
        nodes=(*graph.nodes, export), calls=(sends,), flows=(dataclasses.replace(arrow, cadence="at 3:00"),)
    )
    found = scenario(graph, query("shop/web-command-*", "bank", call="*")).steps[0]
    assert (found.missing, found.opened_by, found.trigger, found.cadence) == (False, 0, "command export", "at 3:00")


# who calls a webhook -----------------------------------------------------------------------------------------------


def test_a_route_alone_does_not_say_that_another_system_calls_it() -> None:
    found = scenario(small_graph(), query("warehouse/api", "shop/web", route="/checkout/")).steps[0]
    assert found.missing
    assert "does not lead from warehouse/api to shop/web" in found.note


def hooked(source: str) -> Graph:
    """The small graph, but that the estate says of another node that it calls the hook."""
    graph = small_graph()
    (hook,) = [one for one in graph.flows if one.label == "tells"]
    return small_graph(flows=(*graph.flows, dataclasses.replace(hook, id="flow-hook", source=source)))


def test_a_webhook_of_a_system_outside_begins_and_opens_its_route() -> None:
    graph = hooked("bank")
    after = dataclasses.replace(graph.nodes[-1], scope="external")
    graph = dataclasses.replace(graph, nodes=(*graph.nodes[:-1], after))
    found = scenario(graph, query("bank", "shop/web", route="/hook/")).steps[0]
    assert lines(found) == [("shop/urls.py", 8, "route"), ("shop/views.py", 70, "view")]
    assert (found.missing, found.declared, found.note) == (False, False, "the estate file says who calls this route")


def test_a_webhook_of_a_system_whose_code_was_read_and_does_not_call_it_is_declared() -> None:
    calls = query("shop/web", "warehouse/api", call="/api/stock/*")
    found = scenario(small_graph(), CHECKS_OUT, calls, query("warehouse/api", "shop/web", route="/hook/")).steps[2]
    assert (found.missing, found.declared, found.opened_by) == (False, True, 0)  # nothing in code leads from the call


def test_an_arrow_that_the_estate_declares_makes_a_declared_step() -> None:
    line = Evidence("", "", "estate.yaml", 40, 40, "declared")
    said = flow("warehouse/api", "bank", "settles", line, declared=True)
    graph = small_graph()
    found = scenario(small_graph(flows=(*graph.flows, said)), query("warehouse/api", "bank", flow="settles")).steps[0]
    assert (found.missing, found.declared, found.evidence) == (False, True, (line,))


# what is missing ---------------------------------------------------------------------------------------------------


def test_code_that_no_entry_point_reaches_is_no_step() -> None:
    found = step(small_graph(), "shop/web", "warehouse/api", call="/api/old/")
    assert (found.missing, found.evidence) == (True, ())
    assert found.note == "no arrow matches call with endpoint /api/old/"


def test_a_step_that_matches_nothing_keeps_its_words_and_says_which_query_failed() -> None:
    found = step(small_graph(), "shop/web", "bank", label="asks", call={"endpoint": "/no/*", "method": "PUT"})
    assert (found.label, found.source, found.target, found.missing) == ("asks", "shop/web", "bank", True)
    assert found.note == "no arrow matches call with endpoint /no/*, method PUT"


def test_a_match_between_other_ends_is_told_of_and_not_drawn() -> None:
    found = step(small_graph(), "shop/web-worker", "bank", call="/rates")
    assert (found.missing, found.flow_id) == (True, None)
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


# which of several --------------------------------------------------------------------------------------------------


def test_only_rows_reached_from_the_entry_points_asked_for_count() -> None:
    def first(context: str) -> int:
        return step(small_graph(), "shop/*", "warehouse/*", (context,), call="/api/stock/*").evidence[0].line

    assert (first("task *.poll_one"), first("request /che*")) == (30, 10)
    assert step(small_graph(), "shop/*", "warehouse/*", ("command",), call="/api/stock/*").missing


def test_a_schedule_beside_a_call_is_one_that_leads_to_it() -> None:
    found = step(small_graph(), "shop/web-worker", "warehouse/api", call="*", schedule="poll-*")
    assert ("shop/settings.py", 80, "schedule") in lines(found)
    assert step(small_graph(), "shop/web-worker", "warehouse/api", call="*", schedule="other").missing


def test_what_is_certain_goes_before_what_is_possible_and_the_latter_says_so() -> None:
    weak = call("weak", 1, (CHECKOUT,), confidence="possible")
    assert step(small_graph(calls=(weak, *CALLS)), "shop/web", "warehouse/api", call="/api/stock/*").label == "stock"
    alone = step(small_graph(calls=(weak,)), "shop/web", "warehouse/api", call="/api/stock/*")
    assert alone.note == "rests on a match that is only possible"


def test_what_is_led_to_goes_before_what_is_not() -> None:
    elsewhere = call("elsewhere", 1, (Context("request", "/other/", ("web",)),))
    found = step(small_graph(calls=(elsewhere, *CALLS)), "shop/web", "warehouse/api", call="/api/stock/*")
    assert (found.label, found.missing) == ("stock", False)


def test_code_shared_by_services_runs_in_the_one_whose_entry_point_reaches_it() -> None:
    graph = small_graph()
    admin = node("shop/admin", repo="shop", service="admin", role="web")
    shared = call("shared", 90, (CHECKOUT, NOWHERE), service="")
    graph = small_graph(nodes=(admin, *graph.nodes), calls=(shared,))
    assert not step(graph, "shop/web", "warehouse/api", call="*").missing
    assert step(graph, "shop/admin", "warehouse/api", call="*").missing


def test_a_task_of_two_services_is_queued_to_the_one_that_queues_it() -> None:
    graph = small_graph()
    more = [
        node(node_id, repo="shop", service="admin", role=role)
        for role, node_id in ids_of_service("shop", "admin").items()
    ]
    both = (*graph.tasks, task("index", 35), task("index", 35, ("admin",)))
    queued: tuple[Enqueue, ...] = (enqueue("index", 61, (CHECKOUT,)),)
    graph = small_graph(nodes=(*more, *graph.nodes), tasks=both, enqueues=queued)
    assert step(graph, "shop/*", "shop/*", enqueue="*.index").target == "shop/web-queue"
    assert not step(graph, "shop/web-queue", "shop/web-worker", task="*.index").missing
    assert step(graph, "shop/admin-queue", "shop/admin-worker", task="*.index").note.startswith("not linked")


def test_a_task_that_queues_itself_again_ends() -> None:
    again = enqueue("poll", 18, (POLL,))
    graph = small_graph(enqueues=(again,))
    assert step(graph, "shop/web-worker", "warehouse/api", call="*").missing


def test_no_more_lines_than_a_reader_can_take_in() -> None:
    many = tuple(call(f"stock-{n}", n, (CHECKOUT,), label="stock") for n in range(1, 30))
    graph = small_graph(calls=many)
    every = dataclasses.replace(graph.flows[0], call_ids=tuple(one.id for one in many))
    found = step(small_graph(calls=many, flows=(every, *graph.flows[-2:])), "shop/web", "warehouse/api", call="*")
    assert lines(found) == [*(("shop/api.py", n, "call") for n in range(1, 5)), ("warehouse/urls.py", 3, "route")]


# as it is drawn ----------------------------------------------------------------------------------------------------


def test_who_answers_a_timed_call_is_not_timed_by_it() -> None:
    graph = small_graph()
    stock = Context("request", "/api/stock/<sku>/", ("api",))
    looks = dataclasses.replace(graph.stores[0], id="store-stock", repo="warehouse", service="api", contexts=(stock,))
    tables = node("warehouse/postgres", "database", "warehouse")
    graph = small_graph(nodes=(*graph.nodes, tables), stores=(*graph.stores, looks))
    calls = query("shop/web-worker", "warehouse/api", call="*")
    steps = scenario(graph, POLLED, calls, query("warehouse/api", "warehouse/postgres", store="postgres")).steps
    assert [one.cadence for one in steps[1:]] == ["Fridays, every 6 hours, UTC", ""]


def test_a_step_that_nothing_leads_to_is_drawn_dotted_and_says_so() -> None:
    graph = small_graph()
    nothing = query("shop/web", "bank", call="/no/*")
    made = scenario(graph, query("shop/web", "warehouse/api", call="/api/stock/*"), nothing)
    (view,) = (view for view in build_views(dataclasses.replace(graph, scenarios=(made,))) if view.kind == "dynamic")
    assert [(edge.basis, edge.missing) for edge in view.edges] == [(UNLINKED, False), ("", True)]
    assert view.edges[0].technology == "HTTPS, not linked in code"
    svg = render_svg(view)
    assert 'class="edge sync unlinked"' in svg
    assert "Not linked in code to earlier steps" in svg
    assert "stroke-dasharray:1 4" in mermaid_source(view)
