"""A scan of the sample estate finds what a perfect reader finds, list by list (fixtures/estate/expected.yaml)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from c4trace.cli import main
from extractor.model.graph import Graph
from extractor.model.serialise import from_dict
from tests.build_estate import ESTATE, build_estate
from tests.estate_expectation import SECTIONS, differences

pytest.importorskip("extractor.pipeline.scan")


# Stands in the sample as a password; what c4trace writes must not spread it.
SECRET = b"correct-horse-battery"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `c4trace scan` writes of the sample estate, offline and with an empty cache."""
    where = tmp_path_factory.mktemp("sample")
    sources = [f"--source={name}={path}" for name, path in build_estate(where / "repositories").items()]
    places = [f"--estate={ESTATE / 'estate.yaml'}", f"--cache-dir={where / 'cache'}", f"--out={where / 'out'}"]
    assert main(["scan", "--quiet", "--offline", *places, *sources]) == 0
    return where / "out"


@pytest.fixture(scope="module")
def graph(out: Path) -> Graph:
    """The graph among it."""
    found: Graph = from_dict(Graph, json.loads((out / "graph.json").read_text(encoding="utf-8")))
    return found


def test_what_is_rendered_of_a_graph_is_what_its_scan_wrote(out: Path, tmp_path: Path) -> None:
    assert main(["render", "--quiet", f"--from={out / 'graph.json'}", f"--out={tmp_path / 'again'}"]) == 0
    files = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    again = tmp_path / "again"
    assert len(files) > 50
    assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("section", SECTIONS)
def test_the_scan_finds_what_a_perfect_reader_finds(graph: Graph, section: str) -> None:
    found = differences(graph, section)
    assert not found, "\n" + "\n".join(found)


def test_every_arrow_stands_on_a_line_of_code(graph: Graph) -> None:
    assert graph.flows
    assert [flow.id for flow in graph.flows if not flow.evidence] == []
    for flow in graph.flows:
        for evidence in flow.evidence:
            assert 1 <= evidence.line <= evidence.end_line


def test_every_ingestion_row_stands_on_lines_that_can_be_read(graph: Graph) -> None:
    assert graph.etl
    assert [row.source for row in graph.etl if not row.evidence or not all(e.text for e in row.evidence)] == []


def test_a_client_library_is_read_and_is_no_caller_itself(graph: Graph) -> None:
    assert [call for call in graph.calls if call.repo == "campus-api-client"] == []
    answered = {call.path for call in graph.calls if call.route_id and call.via.startswith("campus_api.")}
    assert answered == {"courseware/api.py", "dashboard/api.py"}


def test_a_password_in_the_code_is_told_of_and_not_repeated(out: Path, graph: Graph) -> None:
    assert [finding.path for finding in graph.findings if finding.rule == "hardcoded-credential"] == [
        "reports/management/commands/send_report.py"
    ]
    assert [path.name for path in sorted(out.rglob("*")) if path.is_file() and SECRET in path.read_bytes()] == []
