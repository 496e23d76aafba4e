"""Arrows: merged from rows, drawn from the container that runs the code, each with the lines that make it."""

from __future__ import annotations

import dataclasses

import pytest

from extractor.estate.model import Estate, Person, RouteHint, Service, System, Target, Use
from extractor.graph.arrows import Arrows, with_findings
from extractor.graph.deployment import deployments
from extractor.graph.nodes import nodes
from extractor.graph.timing import timings
from extractor.link.facts import RepoFacts
from extractor.link.settings import DeclaredStore
from extractor.link.settings.table import Where
from extractor.model.graph import Context, Enqueue, Flow, Hop, Setting, Source, Store
from tests.diff_graphs import call, route, schedule, task

REQUEST = Context("request", "/checkout/", ("web",))
JOB = Context("task", "orders.tasks.sync_grades", ("web",))
PARENT = Context("task", "orders.tasks.parent", ("web",))
UNKNOWN = Context("unknown", "")


def source(name: str, kind: str = "repository") -> Source:
    return Source(name, "", "main", name[0] * 40, 1, kind=kind)


def shop(**rows: object) -> RepoFacts:
    """The facts of the shop: one web service and its worker."""
    return dataclasses.replace(RepoFacts(source("shop")), **rows)  # type: ignore[arg-type]


CAMPUS = dataclasses.replace(RepoFacts(source("campus")), routes=(route(), route(id="r2", pattern="/home/", line=9)))


def flows(repo: RepoFacts, people: tuple[Person, ...] = (), services: tuple[Service, ...] = ()) -> tuple[Flow, ...]:
    """The arrows of an estate of the shop, with its services, and the campus that it calls."""
    systems = (
        System("campus", "Campus", kind="system"),
        System("shop", "Shop", kind="system", services=services),
    )
    facts = {"campus": CAMPUS, "shop": repo}
    estate = Estate("Test", systems, people)
    return Arrows(estate, facts, timings(facts), deployments(estate, facts)).flows()


def enqueue(name: str = "sync_grades", **over: object) -> Enqueue:
    full = f"orders.tasks.{name}"
    row = Enqueue(
        id=f"e-{name}",
        repo="shop",
        path="orders/views.py",
        line=40,
        end_line=40,
        function="checkout",
        task=full,
        how="delay",
        task_id=f"shop:{full}",
        contexts=(REQUEST,),
    )
    return dataclasses.replace(row, **over)  # type: ignore[arg-type]


def store(**over: object) -> Store:
    row = Store(
        id="s1",
        repo="shop",
        service="web",
        system="postgres",
        kind="database",
        operation="read",
        setting="DATABASES",
        engine="PostgreSQL",
        path="orders/models.py",
        line=7,
        end_line=7,
        function="load",
        contexts=(REQUEST,),
    )
    return dataclasses.replace(row, **over)  # type: ignore[arg-type]


def test_calls_of_one_label_and_target_are_one_arrow_with_all_their_lines() -> None:
    [flow] = flows(shop(calls=(call(), call(id="again", line=30, end_line=30, confidence="likely"))))
    assert (flow.source, flow.target, flow.label, flow.sync) == ("shop/web", "campus/web", "POST enrollment", True)
    assert flow.call_ids == ("call", "again")
    assert [(e.repo, e.path, e.line, e.role) for e in flow.evidence] == [
        ("shop", "orders/api.py", 10, "call"),
        ("shop", "orders/api.py", 30, "call"),
        ("campus", "campus/urls.py", 5, "route"),
    ]
    assert (flow.evidence[0].commit, flow.route_ids, flow.confidence) == ("s" * 40, ("r1",), "certain")


def test_labels_and_targets_keep_arrows_apart() -> None:
    found = flows(
        shop(
            calls=(
                call(),
                call(id="b", label="DELETE enrollment"),
                call(id="c", system="stripe", route_id=None),
            )
        )
    )
    assert len(found) == 3
    assert {flow.target for flow in found} == {"campus/web", "stripe"}


def test_workers_do_not_make_anyone_wait() -> None:
    found = flows(shop(calls=(call(contexts=(REQUEST, JOB)),)))
    assert {(flow.source, flow.sync) for flow in found} == {("shop/web", True), ("shop/web-worker", False)}


def test_a_service_that_is_called_worker_is_no_worker() -> None:
    services = (Service("mail-worker", "Mail"), Service("web", "Web"))
    both = dataclasses.replace(task(), services=("mail-worker", "web"))
    request = (Context("request", "/checkout/", ("mail-worker",)),)
    rows = shop(
        calls=(call(service="mail-worker", contexts=request),), tasks=(both,), enqueues=(enqueue(contexts=request),)
    )
    found = flows(rows, services=services)
    assert [(f.source, f.sync) for f in found if f.target == "campus/web"] == [("shop/mail-worker", True)]
    assert [f.target for f in found if f.source == "shop/mail-worker" and f.protocol == "Celery"] == [
        "shop/mail-worker-queue"
    ]


def test_elements_say_what_they_are_to_which_service() -> None:
    services = (Service("mail-worker", "Mail"), Service("web", "Web"))
    estate = Estate("Test", (System("shop", "Shop", kind="system", services=services),))
    both = dataclasses.replace(task(), services=("mail-worker", "web"))
    facts = {"shop": shop(tasks=(both,), schedules=(dataclasses.replace(schedule(), service="web"),))}
    found = nodes(estate, facts, {}, (), deployments(estate, facts))
    assert {(n.id, n.role, n.service) for n in found if n.role} == {
        ("shop/mail-worker", "web", "mail-worker"),
        ("shop/mail-worker-worker", "worker", "mail-worker"),
        ("shop/mail-worker-queue", "queue", "mail-worker"),
        ("shop/web", "web", "web"),
        ("shop/web-worker", "worker", "web"),
        ("shop/web-queue", "queue", "web"),
        ("shop/web-beat", "beat", "web"),
    }
    assert [n.id for n in found if not n.role] == ["shop"]


@pytest.mark.parametrize(
    "rows",
    [
        {"calls": (call(contexts=(UNKNOWN,)),)},
        {"calls": (call(system=None),)},
        {"calls": (call(system="shop", route_id=None),)},
        {"stores": (store(contexts=(UNKNOWN,)),)},
        {"schedules": (schedule(task_id=None),), "tasks": ()},
        {"enqueues": (enqueue(task_id=None),)},
        {"tasks": (task(origin="some-library"),)},
    ],
)
def test_no_arrow_stands_without_code_that_runs_and_a_known_end(rows: dict[str, object]) -> None:
    assert flows(shop(**rows)) == ()


def test_a_task_runs_on_the_schedule_of_the_task_that_queues_it() -> None:
    parent, child = task("orders.tasks.parent"), task("orders.tasks.child")
    facts = shop(
        tasks=(parent, child),
        schedules=(schedule(task=parent.name, task_id=parent.id),),
        enqueues=(enqueue("child", contexts=(PARENT,), line=50, end_line=50),),
        calls=(call(contexts=(Context("task", child.name, ("web",)),)),),
    )
    [flow] = [flow for flow in flows(facts) if flow.call_ids]
    assert flow.cadence == "daily at 03:00 UTC"
    assert [e.role for e in flow.evidence] == ["call", "route", "schedule", "enqueue"]
    assert (flow.task_ids, flow.schedule_ids) == (("shop:orders.tasks.child",), ("shop:nightly",))


def test_a_task_that_only_requests_queue_has_no_cadence() -> None:
    facts = shop(tasks=(task(),), enqueues=(enqueue(),), calls=(call(contexts=(JOB,)),))
    [flow] = [flow for flow in flows(facts) if flow.call_ids]
    assert (flow.cadence, flow.schedule_ids) == ("", ())


def test_tasks_that_queue_each_other_end() -> None:
    one, two = Context("task", "orders.tasks.one", ("web",)), Context("task", "orders.tasks.two", ("web",))
    facts = shop(enqueues=(enqueue("one", contexts=(two,)), enqueue("two", contexts=(one,))))
    assert timings({"shop": facts})["shop"].of(one.name).schedules == ()


def test_celery_s_arrows_lead_from_who_queues_through_the_queue_to_the_worker() -> None:
    found = flows(shop(tasks=(task(),), schedules=(schedule(),), enqueues=(enqueue(),)))
    assert {(f.source, f.target, f.label, f.sync, f.evidence[0].role) for f in found} == {
        ("shop/web", "shop/web-queue", "sync_grades", False, "enqueue"),
        ("shop/web-beat", "shop/web-queue", "sync_grades: daily at 03:00 UTC", False, "schedule"),
        ("shop/web-queue", "shop/web-worker", "tasks of queue default", False, "task"),
    }


def test_stores_are_read_and_written_by_who_runs_the_code() -> None:
    found = flows(shop(stores=(store(), store(id="s2", operation="write", contexts=(JOB,), line=9, end_line=9))))
    assert {(f.source, f.target, f.label, f.protocol) for f in found} == {
        ("shop/web", "shop/postgres", "reads", "SQL"),
        ("shop/web-worker", "shop/postgres", "writes", "SQL"),
    }


def test_a_condition_holds_only_while_no_line_goes_without_it() -> None:
    optional = call(condition="when ENROL is on")
    assert [f.condition for f in flows(shop(calls=(optional,)))] == ["when ENROL is on"]
    assert [f.condition for f in flows(shop(calls=(optional, call(id="always"))))] == [""]


def test_the_shortest_chain_of_the_kind_that_runs_the_arrow_is_told() -> None:
    last = Hop("shop", "orders/api.py", 10, "enrol", "call")
    by_task = (Hop("shop", "orders/tasks.py", 20, "sync", "schedule"), last)
    by_route = (Hop("shop", "orders/views.py", 5, "view", "route"), last)
    row = call(contexts=(REQUEST, JOB), chains=(by_task, by_route), entered=(JOB, REQUEST))
    found = flows(shop(calls=(row,)))
    assert {f.source: f.chain for f in found} == {"shop/web": by_route, "shop/web-worker": by_task}


def test_people_s_arrows_stand_on_a_page_of_the_service_they_use() -> None:
    learner = Person("learner", "Learner", uses=(Use(Target("campus"), "learns"), Use(Target("shop"), "pays")))
    [flow] = flows(shop(), (learner,))
    assert (flow.source, flow.target, flow.label) == ("person:learner", "campus/web", "learns")
    assert [(e.path, e.line) for e in flow.evidence] == [("campus/urls.py", 9)]  # a page before an API


def test_findings_are_on_the_arrows_of_their_calls() -> None:
    arrows = flows(shop(calls=(call(), call(id="b", label="DELETE enrollment"))))
    told = with_findings(arrows, {"f1": ("b",), "f2": ("nowhere",)})
    assert {f.label: f.finding_ids for f in told} == {"POST enrollment": (), "DELETE enrollment": ("f1",)}


def test_every_end_of_an_arrow_is_an_element() -> None:
    facts = {
        "campus": CAMPUS,
        "shop": shop(
            tasks=(task(),),
            schedules=(schedule(),),
            enqueues=(enqueue(),),
            stores=(store(),),
            calls=(call(), call(id="c", system="stripe", route_id=None)),
        ),
    }
    estate = Estate("Test", tuple(System(name, name.title(), kind="system") for name in ("campus", "shop")))
    deployed = deployments(estate, facts)
    found = Arrows(estate, facts, timings(facts), deployed).flows()
    ends = {end for flow in found for end in (flow.source, flow.target)}
    assert ends - {node.id for node in nodes(estate, facts, {}, ends, deployed)} == set()
    assert len({flow.id for flow in found}) == len(found)


def test_a_cache_inside_the_process_is_no_element() -> None:
    declared = tuple(
        ("", DeclaredStore(system, "cache", system, system, "CACHES", None, Where("shop/settings.py", 3, 3)))
        for system in ("locmem", "redis")
    )
    estate = Estate("Test", (System("shop", "Shop", kind="system"),))
    facts = {"shop": shop(declared=declared)}
    drawn = nodes(estate, facts, {}, (), deployments(estate, facts))
    assert [(node.id, node.evidence[0].line) for node in drawn if node.kind == "cache"] == [("shop/redis", 3)]


def test_an_arrow_to_a_store_shows_the_setting_that_names_it() -> None:
    settings = [("DATABASES", "database", 3), ("CACHES", "cache", 8)]
    declared = tuple(
        ("", DeclaredStore("default", kind, "", "postgres", name, None, Where("shop/settings.py", line, line + 1)))
        for name, kind, line in settings
    )
    [flow] = flows(shop(stores=(store(),), declared=declared))
    assert [(e.path, e.line, e.end_line, e.role) for e in flow.evidence] == [
        ("orders/models.py", 7, 7, "store"),
        ("shop/settings.py", 3, 4, "setting"),
    ]


def test_a_store_that_systems_share_is_named_by_the_settings_that_point_at_it() -> None:
    row = Setting(
        id="s",
        repo="shop",
        service="web",
        name="WAREHOUSE_HOST",
        default=None,
        env=None,
        system="warehouse",
        path="shop/settings.py",
        line=12,
    )
    systems = (System("shop", "Shop", kind="system"), System("warehouse", "Warehouse", kind="database"))
    facts = {"shop": shop(stores=(store(system="warehouse"),), settings=(row,))}
    estate = Estate("Test", systems)
    [flow] = Arrows(estate, facts, timings(facts), deployments(estate, facts)).flows()
    assert flow.target == "warehouse"
    assert [(e.line, e.role) for e in flow.evidence] == [(7, "store"), (12, "setting")]


def test_a_route_that_the_estate_says_another_system_calls_is_an_arrow_to_who_serves_it() -> None:
    hook = route(
        id="r3",
        pattern="/hook/enrollment_done/",
        methods=("POST",),
        path="campus/hooks.py",
        line=4,
        view_path="campus/views.py",
        view_line=30,
    )
    hints = (RouteHint("campus", "/hook/*"), RouteHint("unread", "/hook/*"))
    payments = System("stripe", "Stripe", calls=hints)
    estate = Estate("Test", (System("campus", "Campus", kind="system"), payments))
    from_library = dataclasses.replace(hook, id="r4", pattern="/hook/of_a_library/", origin="acme-hooks")
    facts = {"campus": dataclasses.replace(CAMPUS, routes=(*CAMPUS.routes, hook, from_library))}
    [flow] = Arrows(estate, facts, timings(facts), deployments(estate, facts)).flows()
    assert (flow.source, flow.target, flow.label) == ("stripe", "campus/web", "POST enrollment done")
    assert (flow.sync, flow.data, flow.confidence) == (True, "POST /hook/enrollment_done/", "likely")
    assert [(e.path, e.line, e.role) for e in flow.evidence] == [
        ("campus/views.py", 30, "view"),
        ("campus/hooks.py", 4, "route"),
    ]


def test_the_order_of_rows_changes_no_arrow_s_identity() -> None:
    rows = (call(), call(id="b", label="DELETE enrollment"), call(id="c", line=30))
    assert [f.id for f in flows(shop(calls=rows))] == [f.id for f in flows(shop(calls=rows[::-1]))]


def test_what_lies_outside_says_what_it_is_known_by() -> None:
    estate = Estate("Shop", (System("shop", "Shop"),))
    told = {n.id: (n.name, n.description) for n in nodes(estate, {}, {}, ("jobma-reviews", "rates.example.org"), {})}
    assert told == {
        "jobma-reviews": ("Jobma reviews", "Known by the name of what holds its address only"),
        "rates.example.org": ("rates.example.org", "Known by its host name only"),
    }
