"""What the views show of a graph: which boxes and arrows, how they merge and group, where they lead."""

from __future__ import annotations

import dataclasses
import random
import re
from typing import Any

import pytest

from extractor.model.graph import Context, Evidence, Flow, Graph, Node, Step
from extractor.text.slugs import slug, unique_slugs
from extractor.views import Chains, View, ViewEdge, ViewNode, build_views, chain_view, opened_views
from extractor.views.components import app_of
from extractor.views.project import MOST_BOXES, join_labels
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph

SAMPLE = sample_graph()
VIEWS = {view.id: view for view in build_views(SAMPLE)}
SPOT = Evidence("mitxonline", "a" * 40, "app/api.py", 3, 3, "call")


def flow(source: str, target: str, label: str, sync: bool = True, confidence: str = "certain", **more: Any) -> Flow:
    made = Flow(
        id=f"{source}>{target}:{label}:{sync}",
        source=source,
        target=target,
        label=label,
        sync=sync,
        protocol="HTTPS",
        data=label,
        trigger="request",
        cadence="",
        confidence=confidence,
        evidence=(SPOT,),
    )
    return dataclasses.replace(made, **more)


def external(name: str, group: str = "") -> Node:
    return Node(
        id=name,
        kind="external",
        name=name.title(),
        technology="REST",
        description="",
        parent=None,
        evidence=(),
        group=group,
        scope="external",
    )


def small(flows: tuple[Flow, ...], *more: Node) -> Graph:
    """A system `shop` with a container `shop.web`, and whatever else is given."""
    nodes = (
        Node("shop", "system", "Shop", "", "Sells", None, ()),
        Node("shop.web", "container", "Web", "Django", "", "shop", (), repo="mitxonline"),
        Node("shop.db", "database", "DB", "PostgreSQL", "", "shop", ()),
    )
    return dataclasses.replace(Graph("1.0", "0", "", "Small"), nodes=nodes + more, flows=flows)


def view_of(graph: Graph, view_id: str, possible: bool = False) -> View:
    return next(view for view in build_views(graph, possible) if view.id == view_id)


def ends(view: View) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in view.edges}


def box(view: View, node_id: str) -> ViewNode:
    return next(node for node in view.nodes if node.id == node_id)


def arrow(view: View, source: str, target: str) -> ViewEdge:
    return next(edge for edge in view.edges if (edge.source, edge.target) == (source, target))


class TestAllViews:
    def test_ids_are_unique_and_safe_as_file_names(self) -> None:
        views = build_views(hostile_graph())
        assert len({view.id for view in views}) == len(views)
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", view.id) for view in views)

    def test_each_system_has_its_context_its_containers_and_its_dependencies(self) -> None:
        assert {
            "landscape",
            "edx-context",
            "edx-containers",
            "mitxonline-context",
            "mitxonline-containers",
            "micromasters-context",
            "micromasters-containers",
            "edx-dependencies",
        } <= set(VIEWS)

    def test_every_arrow_stands_between_boxes_of_its_view_and_on_flows_of_the_graph(self) -> None:
        known = {item.id for item in SAMPLE.flows}
        for view in VIEWS.values():
            boxes = {node.id for node in view.nodes}
            for edge in view.edges:
                assert set(edge.flow_ids) <= known
                assert edge.missing or (edge.source in boxes and edge.target in boxes and edge.flow_ids)

    def test_every_link_leads_to_a_view_that_exists(self) -> None:
        links = {node.link for view in VIEWS.values() for node in view.nodes if node.link}
        assert links
        assert links <= set(VIEWS)

    def test_every_boundary_of_a_box_exists(self) -> None:
        for view in VIEWS.values():
            frames = {frame.id for frame in view.boundaries}
            assert {node.boundary for node in view.nodes if node.boundary} <= frames
            assert {frame.parent for frame in view.boundaries if frame.parent} <= frames

    def test_no_view_has_more_boxes_than_fit(self) -> None:
        assert {view.id: len(view.nodes) for view in VIEWS.values() if len(view.nodes) > MOST_BOXES} == {}

    def test_the_order_of_the_graphs_lists_does_not_matter(self) -> None:
        dice = random.Random(7)
        mixed: dict[str, Any] = {
            name: tuple(dice.sample(getattr(SAMPLE, name), len(getattr(SAMPLE, name))))
            for name in ("nodes", "flows", "findings", "scenarios", "calls", "routes")
        }
        assert build_views(dataclasses.replace(SAMPLE, **mixed)) == tuple(VIEWS.values())


class TestConfidence:
    def test_a_possible_flow_is_not_drawn(self) -> None:
        graph = small((flow("shop.web", "pay", "payment", confidence="possible"),), external("pay"))
        assert ends(view_of(graph, "shop-context")) == set()

    def test_a_possible_flow_is_drawn_when_asked_for(self) -> None:
        graph = small((flow("shop.web", "pay", "payment", confidence="possible"),), external("pay"))
        view = view_of(graph, "shop-context", possible=True)
        assert arrow(view, "shop", "pay").confidence == "possible"

    def test_a_merged_arrow_is_as_sure_as_its_surest_flow(self) -> None:
        flows = (flow("shop.web", "pay", "a", confidence="likely"), flow("shop.web", "pay", "b"))
        assert arrow(view_of(small(flows, external("pay")), "shop-context"), "shop", "pay").confidence == "certain"


class TestMerging:
    def test_parallel_flows_of_one_synchrony_become_one_arrow(self) -> None:
        flows = (
            flow("shop.web", "pay", "charge"),
            flow("shop.web", "pay", "refund"),
            flow("shop.web", "pay", "report", sync=False),
        )
        edges = view_of(small(flows, external("pay")), "shop-context").edges
        assert [(edge.label, edge.sync) for edge in edges] == [("report", False), ("charge, refund", True)]

    def test_a_label_lists_three_things_and_counts_the_rest(self) -> None:
        assert join_labels(["a", "b", "a", "c", "d", "e"]) == "a, b, c, +2 more"

    def test_the_transport_says_the_cadence_when_all_flows_share_it(self) -> None:
        flows = tuple(flow("shop.web", "pay", label, False, cadence="daily") for label in ("a", "b"))
        assert arrow(view_of(small(flows, external("pay")), "shop-context"), "shop", "pay").technology == "HTTPS, daily"

    def test_an_arrow_is_brittle_when_one_of_its_flows_is(self) -> None:
        assert arrow(VIEWS["mitxonline-context"], "micromasters", "mitxonline").brittle
        assert not arrow(VIEWS["mitxonline-context"], "mitxonline", "keycloak").brittle

    def test_a_suppressed_finding_puts_no_sign_on_an_arrow(self) -> None:
        quiet = tuple(dataclasses.replace(f, suppressed="accepted") for f in SAMPLE.findings)
        views = build_views(dataclasses.replace(SAMPLE, findings=quiet))
        assert not any(edge.brittle for view in views for edge in view.edges)


class TestLevels:
    def test_the_context_shows_the_system_as_one_box_and_no_inner_arrow(self) -> None:
        view = VIEWS["mitxonline-context"]
        assert all("mitxonline" in pair for pair in ends(view))
        assert not any("." in node.id for node in view.nodes)

    def test_a_systems_box_leads_to_its_context_and_there_to_its_containers(self) -> None:
        assert box(VIEWS["landscape"], "edx").link == "edx-context"
        assert box(VIEWS["edx-context"], "edx").link == "edx-containers"

    def test_containers_stand_in_the_systems_frame_and_neighbours_outside(self) -> None:
        view = VIEWS["micromasters-containers"]
        assert box(view, "micromasters.worker").boundary == "in:micromasters"
        assert box(view, "edx").boundary == ""
        assert ("micromasters.worker", "edx") in ends(view)

    @pytest.mark.parametrize(
        ("told", "shown"),
        [
            ("Runs tasks. Read from compose.yml: runs python:3.11", "Runs tasks"),
            ("Sells books, e.g. new ones.", "Sells books, e.g. new ones."),
            ("", ""),
        ],
    )
    def test_a_box_holds_the_first_sentence_of_what_is_said(self, told: str, shown: str) -> None:
        view = view_of(small((), Node("shop.w", "container", "W", "Celery", told, "shop", ())), "shop-containers")
        assert box(view, "shop.w").description == shown

    def test_a_store_without_arrows_still_stands_in_the_containers_view(self) -> None:
        assert box(view_of(small(()), "shop-containers"), "shop.db").kind == "database"

    def test_what_the_estate_does_not_own_is_marked_external(self) -> None:
        assert box(VIEWS["mitxonline-context"], "hubspot").external
        assert not box(VIEWS["mitxonline-context"], "edx").external

    def test_the_landscape_holds_systems_that_talk_to_nobody(self) -> None:
        assert box(view_of(small(()), "landscape"), "shop").name == "Shop"

    def test_dependencies_hold_the_systems_that_the_system_is_tied_to_and_nothing_else(self) -> None:
        view = VIEWS["edx-dependencies"]
        assert {node.id for node in view.nodes} == {"edx", "mitxonline", "micromasters"}
        assert {("mitxonline", "edx"), ("edx", "mitxonline"), ("micromasters", "edx")} <= ends(view)


class TestGrouping:
    def crowd(self, count: int) -> Graph:
        names = [(f"mail{n:02}", "E-mail") if n % 2 else (f"crm{n:02}", "") for n in range(count)]
        flows = tuple(flow("shop.web", name, f"to {name}") for name, _ in names)
        return small(flows, *(external(name, group) for name, group in names))

    def test_a_picture_that_fits_is_not_grouped(self) -> None:
        view = view_of(self.crowd(10), "shop-context")
        assert len(view.nodes) == 11
        assert all(len(node.node_ids) == 1 for node in view.nodes)

    def test_externals_of_a_group_collapse_into_one_box_with_their_count(self) -> None:
        view = view_of(self.crowd(24), "shop-context")
        group = next(node for node in view.nodes if node.id.startswith("group:") and "E-mail" in node.name)
        assert group.name == "E-mail (12)"
        assert group.node_ids == tuple(f"mail{n:02}" for n in range(1, 24, 2))
        assert group.description.startswith("Mail01, Mail03")

    def test_ungrouped_externals_collapse_by_kind(self) -> None:
        view = view_of(self.crowd(60), "shop-context")
        assert sorted(node.name for node in view.nodes) == ["E-mail (30)", "Other systems (30)", "Shop"]

    def test_arrows_to_collapsed_boxes_merge_and_keep_all_their_flows(self) -> None:
        view = view_of(self.crowd(60), "shop-context")
        assert len(view.edges) == 2
        assert sum(len(edge.flow_ids) for edge in view.edges) == 60

    def test_few_boxes_with_many_arrows_are_grouped_too(self) -> None:
        callers = tuple(Node(f"shop.w{n}", "container", f"W{n}", "Celery", "", "shop", ()) for n in range(4))
        names = [(f"mail{n}", "E-mail") for n in range(5)] + [(f"store{n}", "Files") for n in range(5)]
        flows = tuple(flow(caller.id, name, "data") for caller in callers for name, _ in names)
        view = view_of(small(flows, *callers, *(external(*name) for name in names)), "shop-containers")
        assert {n.name for n in view.nodes if n.external} == {
            "E-mail (5)",
            "Store0",
            "Store1",
            "Store2",
            "Store3",
            "Store4",
        }
        assert len(view.edges) == 24

    def test_an_external_alone_in_its_group_stands_when_it_is_busy_and_joins_the_others_when_not(self) -> None:
        graph = self.crowd(40)
        quiet, busy = external("quiet", "Rates"), external("busy", "Sign-on")
        more = (flow("shop.web", "quiet", "rates"), flow("shop.web", "busy", "in"), flow("busy", "shop.web", "out"))
        graph = dataclasses.replace(graph, nodes=(*graph.nodes, quiet, busy), flows=(*graph.flows, *more))
        view = view_of(graph, "shop-context")
        assert sorted(node.name for node in view.nodes) == ["Busy", "E-mail (20)", "Other systems (21)", "Shop"]

    def test_what_several_flows_do_to_a_store_is_said_once(self) -> None:
        flows = tuple(flow("shop.web", "shop.db", label) for label in ("reads", "writes", "reads and writes", "locks"))
        assert arrow(view_of(small(flows), "shop-containers"), "shop.web", "shop.db").label == "reads and writes, locks"

    def test_the_containers_of_the_system_itself_never_collapse(self) -> None:
        workers = tuple(Node(f"shop.w{n:02}", "container", f"W{n}", "Celery", "", "shop", ()) for n in range(30))
        view = view_of(small((), *workers), "shop-containers")
        assert {worker.id for worker in workers} <= {node.id for node in view.nodes}

    def test_beside_the_apps_of_a_container_its_many_neighbours_collapse(self) -> None:
        workers = tuple(Node(f"shop.w{n:02}", "container", f"W{n}", "Celery", "", "shop", ()) for n in range(30))
        spots = [dataclasses.replace(SPOT, path=f"app{n % 2}/api.py") for n in range(30)]
        flows = tuple(flow("shop.web", w.id, w.id, evidence=(s,)) for w, s in zip(workers, spots, strict=True))
        view = view_of(small(flows, *workers), "shop-web-components")
        assert [node.name for node in view.nodes if node.kind != "component"] == ["Other containers (30)"]


class TestOpenedGroups:
    GRAPH = TestGrouping().crowd(24)
    CLOSED = view_of(GRAPH, "shop-context")
    OPENED = opened_views(GRAPH, build_views(GRAPH))

    def test_each_group_of_each_view_can_be_opened_and_nothing_else(self) -> None:
        groups = {v.id: {n.id for n in v.nodes if len(n.node_ids) > 1} for v in build_views(self.GRAPH)}
        assert {key: set(parts) for key, parts in self.OPENED.items()} == {k: ids for k, ids in groups.items() if ids}

    def test_the_members_stand_in_a_frame_in_place_of_the_groups_box(self) -> None:
        group = next(n for n in self.CLOSED.nodes if n.name == "E-mail (12)")
        part = self.OPENED["shop-context"][group.id]
        frame = part.boundaries[0]
        assert (frame.name, frame.kind) == ("E-mail (12)", "group")
        assert tuple(n.id for n in part.nodes if n.boundary == frame.id) == group.node_ids
        assert group.id not in {n.id for n in part.nodes}

    def test_each_member_has_its_own_arrows_and_all_others_stay_as_they_were(self) -> None:
        group = next(n for n in self.CLOSED.nodes if n.name == "E-mail (12)")
        part = self.OPENED["shop-context"][group.id]
        kept = {e for e in self.CLOSED.edges if group.id not in (e.source, e.target)}
        assert kept <= set(part.edges)
        assert {e.target for e in set(part.edges) - kept} == set(group.node_ids)
        flows = sorted(i for e in part.edges for i in e.flow_ids)
        assert flows == sorted(i for e in self.CLOSED.edges for i in e.flow_ids)

    def test_its_id_is_safe_as_a_file_name_and_no_other_views(self) -> None:
        ids = [part.id for groups in self.OPENED.values() for part in groups.values()]
        assert len({*ids, *(v.id for v in build_views(self.GRAPH))}) == len(ids) + len(build_views(self.GRAPH))
        assert all(re.fullmatch("[a-z0-9-]+", name) for name in ids)


class TestComponents:
    @pytest.mark.parametrize(
        ("path", "app"),
        [
            ("openedx/api.py", "openedx"),
            ("lms/djangoapps/grades/signals/handlers.py", "grades"),
            ("openedx/core/djangoapps/enrollments/views.py", "enrollments"),
            ("src/shop/orders.py", "shop"),
            ("manage.py", "manage"),
        ],
    )
    def test_the_app_is_told_from_the_path(self, path: str, app: str) -> None:
        assert app_of(path) == app

    def test_apps_stand_in_the_containers_frame_inside_the_systems(self) -> None:
        view = VIEWS["mitxonline-worker-components"]
        sheets = box(view, "component:mitxonline.worker/sheets")
        assert (sheets.kind, sheets.boundary) == ("component", "in:mitxonline.worker")
        assert next(f for f in view.boundaries if f.id == "in:mitxonline.worker").parent == "in:mitxonline"
        assert ("component:mitxonline.worker/sheets", "drive") in ends(view)

    def test_a_container_with_one_app_has_no_components_view(self) -> None:
        graph = small((flow("shop.web", "pay", "charge"),), external("pay"))
        assert [view.kind for view in build_views(graph)] == ["landscape", "context", "container"]

    def test_a_folder_of_deployment_files_is_no_app(self) -> None:
        spots = [dataclasses.replace(SPOT, path=f"{folder}/nginx.conf", role="runtime") for folder in ("config", "ops")]
        found = tuple(flow("shop.web", f"p{n}", "requests", evidence=(spot,)) for n, spot in enumerate(spots))
        graph = small(found, external("p0"), external("p1"))
        assert "component" not in {view.kind for view in build_views(graph)}


class TestScenarios:
    def test_steps_keep_their_numbers_and_a_missing_one_is_marked(self) -> None:
        edges = VIEWS["flow-enrollment-sync"].edges
        assert [edge.n for edge in edges] == [1, 2, 3, 4, 5, 6, 7]
        assert [edge.n for edge in edges if edge.missing] == [7]

    def test_a_box_that_only_a_missing_step_names_is_not_drawn(self) -> None:
        scenario = SAMPLE.scenarios[0]
        step = Step(8, "mitxonline.web", "hubspot", "deals", True, (), True)
        changed = dataclasses.replace(scenario, steps=(*scenario.steps, step), missing=(7, 8))
        view = view_of(dataclasses.replace(SAMPLE, scenarios=(changed,)), "flow-enrollment-sync")
        assert "hubspot" not in {node.id for node in view.nodes}

    def test_a_step_to_what_is_no_node_counts_as_missing(self) -> None:
        scenario = dataclasses.replace(SAMPLE.scenarios[0], steps=(Step(1, "learner", "nowhere", "x", True, ()),))
        view = view_of(dataclasses.replace(SAMPLE, scenarios=(scenario,)), "flow-enrollment-sync")
        assert [edge.missing for edge in view.edges] == [True]
        assert view.nodes == ()

    def test_containers_stand_in_the_frames_of_their_systems(self) -> None:
        view = VIEWS["flow-enrollment-sync"]
        assert {frame.id for frame in view.boundaries} == {"in:edx", "in:mitxonline"}
        assert box(view, "learner").boundary == ""


class TestChains:
    def test_a_scheduled_task_starts_at_beat_and_reaches_what_it_calls_stores_and_queues(self) -> None:
        view = chain_view(SAMPLE, Context("task", "dashboard.tasks.batch_update_user_data"), "micromasters")
        assert view is not None
        steps = [(edge.n, edge.label, edge.sync) for edge in view.edges]
        assert steps == [
            (1, "Fridays, every 6 hours, UTC", False),
            (2, "enrolments, certificates, current grades", True),
            (3, "writes", True),
            (4, "queues (group)", False),
        ]

    def test_a_route_is_followed_through_the_task_that_it_queues(self) -> None:
        view = chain_view(SAMPLE, Context("request", "/api/v1/enrollments/"), "mitxonline")
        assert view is not None
        assert ("entry:mitxonline:task:hubspot_sync.tasks.sync_deal_with_hubspot", "hubspot") in ends(view)

    def test_an_entry_point_that_reaches_nothing_has_no_picture(self) -> None:
        assert chain_view(SAMPLE, Context("request", "/nowhere/"), "mitxonline") is None

    def test_view_ids_of_all_entry_points_are_unique_and_safe(self) -> None:
        chains = Chains(SAMPLE)
        ids = [view.id for entry, repo in chains.entries() if (view := chains.view(entry, repo))]
        assert len(ids) > 10
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[a-z0-9-]+", view_id) for view_id in ids)


class TestSlugs:
    def test_a_slug_is_never_empty_and_never_leaves_its_folder(self) -> None:
        assert slug("../../etc/passwd") == "etc-passwd"
        assert slug("Élan vital") == "elan-vital"
        assert re.fullmatch(r"x[0-9a-f]{10}", slug("☃"))

    def test_long_names_that_start_alike_stay_apart(self) -> None:
        assert slug("a" * 80 + "b") != slug("a" * 80 + "c")
        assert len(slug("a" * 80)) <= 60

    def test_ids_whose_slugs_agree_are_told_apart_whatever_their_order(self) -> None:
        one = unique_slugs(["a.b", "a/b", "c"])
        assert one == unique_slugs(["c", "a/b", "a.b"])
        assert len(set(one.values())) == 3
        assert one["c"] == "c"
