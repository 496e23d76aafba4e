"""What a diff tells and what it leaves out: tidying code is no change, and each change of meaning is told once."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from extractor.diff import diff_graphs
from extractor.diff.document import MUST_SET, FieldChange, GraphDiff
from extractor.diff.identity import canonical_url, fingerprint
from extractor.model.graph import Context, Enqueue, Graph, Inbound
from renderers.diff.words import field_text
from tests.diff_graphs import call, evidence, finding, flow, graph, route, scenario, schedule, setting, step, task
from tests.sample_graph import sample_graph


def told(diff: GraphDiff) -> list[tuple[str, str, str]]:
    return [(c.kind, c.status, c.title) for c in diff.changes]


def enqueue(name: str | None, **over: Any) -> Enqueue:
    row = Enqueue(
        id="e", repo="shop", path="orders/api.py", line=9, end_line=9, function="enrol", task=name, how="delay"
    )
    return dataclasses.replace(row, **over)


def tidied(source: Graph) -> Graph:
    """The graph after every file was renamed, every line shifted and every function and argument given a new name."""

    def place(row: Any) -> Any:
        names = {f.name for f in dataclasses.fields(row)}
        over: dict[str, Any] = {"path": "moved/" + row.path, "line": row.line + 40}
        if "function" in names:
            over["function"] = "renamed." + row.function
        if "url" in names:
            over["url"] = row.url.replace("{arg:", "{arg:new_")
        return dataclasses.replace(row, **over)

    def moved(row: Any) -> Any:
        return dataclasses.replace(row, evidence=tuple(place(e) for e in row.evidence))

    placed = ("tasks", "schedules", "enqueues", "routes", "calls", "stores", "settings", "findings", "gaps")
    lists: dict[str, Any] = {name: tuple(place(row) for row in getattr(source, name)) for name in placed}
    lists |= {name: tuple(moved(row) for row in getattr(source, name)) for name in ("flows", "nodes", "inbound", "etl")}
    return dataclasses.replace(source, **lists)


def test_moving_and_renaming_everything_is_no_change() -> None:
    assert told(diff_graphs(sample_graph(), tidied(sample_graph()))) == []
    assert diff_graphs(sample_graph(), tidied(sample_graph())).empty


def test_two_places_that_make_one_request_may_swap_places() -> None:
    here, there = call(path="a.py", function="f"), call(path="b.py", function="g", line=3)
    swapped = (dataclasses.replace(there, function="f2"), dataclasses.replace(here, path="c.py"))
    assert diff_graphs(graph(calls=[here, there]), graph(calls=swapped)).empty


def test_a_second_place_that_makes_the_same_request_is_one_added_call() -> None:
    diff = diff_graphs(graph(calls=[call()]), graph(calls=[call(), call(path="b.py", function="g")]))
    [change] = diff.changes
    assert (change.kind, change.status) == ("calls", "added")
    assert [e.path for e in change.after] == ["b.py"]


def test_a_schedule_tells_its_old_and_new_cadence_in_words() -> None:
    later = schedule(schedule="crontab: 0 6 * * 5", cadence="Fridays at 06:00 UTC", line=300)
    [change] = diff_graphs(graph(schedules=[schedule()]), graph(schedules=[later])).changes
    assert change.status == "changed"
    assert FieldChange("cadence", "daily at 03:00 UTC", "Fridays at 06:00 UTC") in change.fields
    assert (change.before[0].line, change.after[0].line) == (100, 300)


def test_a_renamed_task_is_one_change_and_what_names_it_is_none() -> None:
    old, new = "orders.tasks.sync_grades", "grades.tasks.sync_grades"

    def around(name: str) -> Graph:
        return graph(
            tasks=[task(name)],
            schedules=[schedule(task=name)],
            enqueues=[enqueue(name)],
            calls=[call(contexts=(Context("task", name),))],
        )

    diff = diff_graphs(around(old), around(new))
    assert told(diff) == [("tasks", "changed", new)]
    assert diff.changes[0].old_title == old


def test_a_task_that_is_unlike_is_removed_and_added() -> None:
    other = task("mail.tasks.send_receipt", summary="Send the receipt.")
    diff = diff_graphs(graph(tasks=[task()]), graph(tasks=[other]))
    assert [(c.status, c.title) for c in diff.changes] == [("added", other.name), ("removed", task().name)]


def test_a_task_on_another_queue_is_changed() -> None:
    [change] = diff_graphs(graph(tasks=[task()]), graph(tasks=[task(queue="slow")])).changes
    assert change.fields == (FieldChange("queue", "default", "slow"),)


def test_a_call_that_lost_its_timeout_is_changed() -> None:
    [change] = diff_graphs(graph(calls=[call()]), graph(calls=[call(timeout="no")])).changes
    assert change.fields == (FieldChange("timeout", "yes", "no"),)


def test_a_route_whose_parameter_was_renamed_is_the_same_and_one_whose_methods_changed_is_not() -> None:
    base = graph(routes=[route(pattern="/users/<id>/")])
    assert diff_graphs(base, graph(routes=[route(pattern="/users/<user_id>/", view="api.New")])).empty
    [change] = diff_graphs(base, graph(routes=[route(pattern="/users/<id>/", methods=("GET", "POST"))])).changes
    assert (change.status, change.fields) == ("changed", (FieldChange("methods", "POST", "GET, POST"),))


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ([], [setting(default=None)], True),
        ([], [setting(default="")], True),
        ([], [setting(required=True)], True),
        ([], [setting()], False),
        ([], [setting(default=None, env=None)], False),
        ([setting()], [setting(required=True)], True),
        ([setting(default=None)], [setting(default=None, line=80)], False),
        ([setting(default=None)], [], False),
    ],
)
def test_settings_that_an_operator_must_set_before_deploying(before: list[Any], after: list[Any], named: bool) -> None:
    found = diff_graphs(graph(settings=before), graph(settings=after)).must_be_set()
    assert [c.title for c in found] == (["CAMPUS_URL (web)"] if named else [])
    assert all(c.new(MUST_SET) == "yes" for c in found)


def test_findings_are_told_by_fingerprint_alone() -> None:
    moved = finding("f1", path="z.py", line=1, message="said in other words")
    diff = diff_graphs(graph(findings=[finding("f1"), finding("f2")]), graph(findings=[moved, finding("f3")]))
    assert [(c.kind, c.status, c.ids) for c in diff.changes] == [
        ("findings", "added", ("", "f3")),
        ("findings", "removed", ("f2", "")),
    ]


def test_a_scenario_step_that_lost_its_evidence_is_changed_and_an_inserted_step_moves_no_other() -> None:
    first, second = step(), step(n=2, label="sync grades")
    lost = graph(scenarios=[scenario(first, dataclasses.replace(second, missing=True, evidence=()))])
    base = graph(scenarios=[scenario(first, second)])
    [change] = diff_graphs(base, lost).changes
    assert change.fields == (FieldChange("evidence", "found", "missing"),)
    inserted = graph(scenarios=[scenario(step(n=1, label="log in"), step(n=2), dataclasses.replace(second, n=3))])
    assert [(c.status, c.kind) for c in diff_graphs(base, inserted).changes] == [("added", "steps")]


def test_an_arrow_with_a_new_label_is_changed_not_replaced() -> None:
    [change] = diff_graphs(graph(flows=[flow()]), graph(flows=[flow(label="POST enrollment v2")])).changes
    assert (change.status, change.old_title) == ("changed", "Shop / Shop.Web → Campus / Campus.Web: POST enrollment")


def test_a_new_call_that_no_route_answers_is_a_broken_contract_with_the_line_of_the_call() -> None:
    served = route(id="r2", pattern="/other/")
    diff = diff_graphs(graph(routes=[served]), graph(routes=[served], calls=[call(route_id=None)]))
    [contract] = diff.contracts
    assert (contract.status, contract.kept, contract.caller, contract.target) == ("broken", False, "shop", "Campus")
    assert [(e.path, e.line) for e in contract.after] == [("orders/api.py", 10)]


def test_a_route_that_went_while_its_caller_stands_is_a_broken_contract_and_its_return_mends_it() -> None:
    other = route(id="r2", pattern="/other/")
    whole = graph(routes=[route(), other], calls=[call()])
    broken = graph(routes=[other], calls=[call(route_id=None)])
    [lost] = diff_graphs(whole, broken).contracts
    assert (lost.status, lost.kept, lost.route) == ("broken", True, "/api/enrollment/")
    [mended] = diff_graphs(broken, whole).contracts
    assert (mended.status, mended.fingerprint) == ("mended", lost.fingerprint)


@pytest.mark.parametrize(
    "unknowable",
    [
        call(route_id=None, system="mailer"),
        call(route_id=None, system=None),
        call(route_id=None, confidence="possible"),
        call(route_id=None, url="{setting:CAMPUS_URL}{?path}"),
        call(route_id=None, route_candidates=("r2",)),
    ],
    ids=["outside", "unknown system", "possible", "unknown path", "ambiguous"],
)
def test_a_call_of_which_too_little_is_known_breaks_no_contract(unknowable: Any) -> None:
    served = route(id="r2", pattern="/other/")
    assert diff_graphs(graph(routes=[served]), graph(routes=[served], calls=[unknowable])).contracts == ()


def test_removing_a_route_that_an_outside_system_calls_breaks_a_contract() -> None:
    hook = route(id="r9", pattern="/hook/")
    inbound = Inbound(
        id="i",
        repo="campus",
        service="web",
        route_id="r9",
        system="mailer",
        kind="webhook",
        label="bounces",
        evidence=(evidence("campus"),),
    )
    diff = diff_graphs(graph(routes=[hook, route()], inbound=[inbound]), graph(routes=[route()]))
    [contract] = diff.contracts
    assert (contract.kind, contract.caller, contract.route) == ("inbound", "Mailer", "/hook/")


def test_the_name_of_an_argument_is_no_part_of_a_url() -> None:
    assert canonical_url("{setting:BASE}/users/{arg:user}/") == canonical_url("{setting:BASE}/users/{arg:u}/")
    assert canonical_url("{setting:A}/x/") != canonical_url("{setting:B}/x/")


def test_a_fingerprint_is_made_of_rule_repository_subject_and_ordinal_only() -> None:
    mark = fingerprint("no-timeout", "shop", "campus POST /api/", 0)
    assert mark == fingerprint("no-timeout", "shop", "campus POST /api/", 0)
    assert len({mark, fingerprint("no-timeout", "shop", "campus POST /api/", 1), fingerprint("a", "b", "c", 0)}) == 3
    assert len(mark) == 32


def test_a_thousand_places_of_one_identity_are_still_themselves_after_a_move() -> None:
    here = [call(path=f"p{n % 7}.py", line=n, function=f"f{n}") for n in range(1000)]
    there = [dataclasses.replace(c, path="moved/" + c.path, function="g" + c.function) for c in here]
    assert diff_graphs(graph(calls=here), graph(calls=there)).empty
    [change] = diff_graphs(graph(calls=here), graph(calls=there[1:])).changes
    assert (change.kind, change.status) == ("calls", "removed")


def test_settings_and_messages_that_only_sound_alike_are_not_one_renamed() -> None:
    account = setting("ACCOUNT_MICROFRONTEND_URL", system=None, default=None)
    library = setting("LIBRARY_AUTHORING_MICROFRONTEND_URL", system=None, default=None)
    diff = diff_graphs(graph(settings=[library]), graph(settings=[account]))
    assert sorted(c.status for c in diff.of("settings")) == ["added", "removed"]
    tasks = [task("tags.tasks.update_course_tags", id="t1"), task("dates.tasks.update_course_dates", id="t2")]
    one, other = (flow(label=t.name.rpartition(".")[2], sync=False, protocol="Celery", task_ids=(t.id,)) for t in tasks)
    diff = diff_graphs(graph(tasks=tasks, flows=[one]), graph(tasks=tasks, flows=[other]))
    assert sorted(c.status for c in diff.of("flows")) == ["added", "removed"]


def test_more_requests_to_the_same_code_are_told_once_and_by_entry_point() -> None:
    ways = [Context("request", f"/page/{n}/") for n in range(8)]
    base = graph(calls=[call(contexts=tuple(ways[:2]))], flows=[flow(trigger="request /page/0/", call_ids=("call",))])
    head = graph(calls=[call(contexts=tuple(ways))], flows=[flow(trigger="eight requests", call_ids=("call",))])
    [change] = diff_graphs(base, head).changes
    assert (change.kind, change.status) == ("reach", "added")
    assert change.title == "request /page/2/, request /page/3/, request /page/4/ and 3 more"
    assert change.fields == (FieldChange("reaches", "", "", (), ("POST enrollment",)),)


def test_a_new_call_tells_what_reaches_it_and_its_old_entry_points_say_nothing() -> None:
    old, new = call(), call(url="{setting:CAMPUS_URL}/api/grades/", label="POST grades", function="grade")
    changes = diff_graphs(graph(calls=[old]), graph(calls=[old, new])).changes
    assert [(c.kind, c.status) for c in changes] == [("calls", "added")]
    assert FieldChange("reached from", "", "", (), ("request /checkout/",)) in changes[0].fields


def test_a_renamed_route_is_no_new_entry_point() -> None:
    served = route(pattern="/checkout/", id="r9", repo="shop")
    base = graph(calls=[call()], routes=[served])
    head = graph(
        calls=[call(contexts=(Context("request", "/checkout/pay/"),))],
        routes=[dataclasses.replace(served, pattern="/checkout/pay/")],
    )
    assert [(c.kind, c.status) for c in diff_graphs(base, head).changes] == [("routes", "changed")]


def test_a_set_is_told_by_what_came_and_what_left_and_no_more_than_five() -> None:
    came = tuple(f"task {n}" for n in range(7))
    shown = field_text(FieldChange("tasks", "", "", ("task 9",), came))
    assert shown == "tasks: + task 0, task 1, task 2, task 3, task 4 and 2 more; − task 9"
