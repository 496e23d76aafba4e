"""Laws of the diff, over graphs of every shape: nothing against itself, a mirror when turned, blind to order."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extractor.diff import GraphDiff, diff_graphs, mirror
from extractor.model.graph import Graph
from extractor.model.serialise import from_dict, to_dict
from tests.diff_graphs import graphs
from tests.sample_graph import sample_graph

pytestmark = pytest.mark.slow

# Shrinking a whole graph takes minutes and is no easier to read: the example found is the one shown.
_many = settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


@_many
@given(graphs())
def test_a_graph_does_not_differ_from_itself(graph: Graph) -> None:
    assert diff_graphs(graph, graph).empty


@_many
@given(graphs(), graphs())
def test_turning_the_sides_mirrors_the_diff(base: Graph, head: Graph) -> None:
    assert mirror(diff_graphs(base, head)) == diff_graphs(head, base)


@_many
@given(graphs(), graphs())
def test_mirroring_twice_gives_the_diff_back(base: Graph, head: Graph) -> None:
    diff = diff_graphs(base, head)
    assert mirror(mirror(diff)) == diff


@_many
@given(graphs(), graphs(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(base: Graph, head: Graph, random: Any) -> None:
    def shuffled(graph: Graph) -> Graph:
        lists: dict[str, Any] = {f.name: getattr(graph, f.name) for f in dataclasses.fields(graph)}
        rows = {k: v for k, v in lists.items() if isinstance(v, tuple) and k != "nodes"}
        mixed: dict[str, Any] = {k: tuple(random.sample(v, len(v))) for k, v in rows.items()}
        return dataclasses.replace(graph, **mixed)

    assert diff_graphs(shuffled(base), shuffled(head)) == diff_graphs(base, head)


@_many
@given(graphs(), graphs())
def test_a_diff_survives_json(base: Graph, head: Graph) -> None:
    diff = diff_graphs(base, head)
    assert from_dict(GraphDiff, to_dict(diff)) == diff


def test_an_empty_head_loses_all_that_the_base_held() -> None:
    base = sample_graph()
    head = Graph(base.schema, base.version, base.generated, base.estate)
    diff = diff_graphs(base, head)
    assert {change.status for change in diff.changes} == {"removed"}
    assert len(diff.of("tasks")) == len(base.tasks)
    assert len(diff.of("flows")) == len(base.flows)
