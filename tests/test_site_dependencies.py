"""Dependencies between systems: couplings, cycles, and what would break them."""

from __future__ import annotations

from dataclasses import replace

from extractor.model.graph import Evidence, Flow, Graph, Node
from extractor.views.dependencies import dependencies
from tests.sample_graph import sample_graph

_SPOT = (Evidence("r", "c" * 40, "a.py", 1, 1, "call"),)


def _graph(*arrows: str) -> Graph:
    """Systems and flows from arrows such as `a>b`, or `a~b` for an asynchronous one."""
    names = sorted({name for arrow in arrows for name in (arrow[0], arrow[2])})
    nodes = tuple(Node(name, "system", name.upper(), "", "", None, ()) for name in names)
    flows = tuple(
        Flow(
            id=f"{n}",
            source=a[0],
            target=a[2],
            label="data",
            sync=a[1] == ">",
            protocol="HTTPS",
            data="",
            trigger="",
            cadence="",
            confidence="certain",
            evidence=_SPOT,
        )
        for n, a in enumerate(arrows)
    )
    return Graph("1.0", "0", "", "", nodes=nodes, flows=flows)


def test_flows_between_the_same_systems_are_one_coupling() -> None:
    found = dependencies(_graph("a>b", "a~b", "b>c")).couplings
    rows = [(c.source, c.target, c.flow_ids, c.sync) for c in found]
    assert rows == [("a", "b", ("0", "1"), 1), ("b", "c", ("2",), 1)]


def test_a_ring_is_found_once_and_its_thinnest_link_named() -> None:
    found = dependencies(_graph("b>c", "c>a", "a>b", "a>b", "c>a")).cycles
    assert [cycle.systems for cycle in found] == [("a", "b", "c")]
    assert (found[0].weakest.source, found[0].weakest.target) == ("b", "c")
    assert found[0].sync


def test_a_ring_with_an_asynchronous_link_does_not_block_all_the_way_round() -> None:
    assert not dependencies(_graph("a>b", "b~a")).cycles[0].sync


def test_cuts_leave_no_ring() -> None:
    found = dependencies(_graph("a>b", "b>a", "b>c", "c>b", "a>c", "c>a"))
    cut = {(c.source, c.target) for c in found.cuts}
    left = [f"{c.source}>{c.target}" for c in found.couplings if (c.source, c.target) not in cut]
    assert len(found.cycles) == 5
    assert dependencies(_graph(*left)).cycles == ()


def test_a_flow_that_is_only_possible_makes_no_cycle() -> None:
    graph = _graph("a>b", "b>a")
    doubted = replace(graph, flows=(graph.flows[0], replace(graph.flows[1], confidence="possible")))
    assert dependencies(doubted).cycles == ()


def test_containers_count_for_their_systems_and_externals_stand_apart() -> None:
    found = dependencies(sample_graph())
    assert found.systems == ("edx", "micromasters", "mitxonline")
    assert "hubspot" in found.others
    assert "learner" in found.others
    assert [cycle.systems for cycle in found.cycles] == [("edx", "mitxonline")]
    assert found.cuts[0].source == "edx"
