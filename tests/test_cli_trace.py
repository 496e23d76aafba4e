"""`c4trace trace`: a call told from its entry point to the line that makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4trace.cli import main
from extractor.model.graph import Graph
from renderers.data.graph_json import render_graph_json
from renderers.terminal.trace import select_calls
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return sample_graph()


def told(graph: Graph, directory: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    (directory / "graph.json").write_text(render_graph_json(graph))
    assert main(["trace", *arguments, "--from", str(directory / "graph.json")]) == 0
    return capsys.readouterr().out


def test_an_endpoint_is_told_with_each_line_on_the_way_to_it(
    graph: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = next(c for c in graph.calls if c.chains and c.system)
    out = told(graph, tmp_path, capsys, call.id)
    assert f"{call.path}:{call.line}" in out
    assert all(f"{hop.path}:{hop.line}" in out for hop in call.chains[0])
    assert f"-> {call.system}" in out


def test_a_task_is_told_with_all_that_it_reaches(graph: Graph) -> None:
    name = next(c.name for call in graph.calls for c in call.contexts if c.kind == "task")
    found = select_calls(graph, f"task {name}")
    assert {c.id for c in found} >= {c.id for c in graph.calls if any(x.name == name for x in c.contexts)}


def test_an_arrow_is_told_by_its_calls(graph: Graph) -> None:
    flow = next(f for f in graph.flows if f.call_ids)
    assert {c.id for c in select_calls(graph, flow.id)} == set(flow.call_ids)


def test_a_query_that_matches_nothing_says_so(graph: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(graph, tmp_path, capsys, "no such thing at all") == "No call matches.\n"


def test_more_calls_than_asked_for_are_counted(
    graph: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = told(graph, tmp_path, capsys, "", "--limit", "1")
    assert f"and {len(graph.calls) - 1} more calls" in out


def test_nothing_of_the_scanned_code_reaches_the_terminal_raw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = told(hostile_graph(), tmp_path, capsys, "", "--limit", "1000")
    assert "\x1b" not in out
