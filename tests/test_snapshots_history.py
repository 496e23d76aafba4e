"""`c4trace history`: the table, JSON, CSV, the plot; a state taken out, a graph put in."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from c4trace.cli import main
from c4trace.snapshots.store import SnapshotStore
from renderers.data.graph_json import render_graph_json
from tests.nightly_samples import COMMIT, graph, night


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "snapshots.db"
    with SnapshotStore(path) as made:
        made.put(graph(flows=("a",)), night(0))
        made.put(graph(flows=("a", "b", "c"), stale=True), night(2))
    return path


def history(store: Path, *arguments: object) -> int:
    return main(["history", "--store", str(store), *map(str, arguments)])


def test_the_table_shows_each_state_and_what_it_changed(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(store) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "snapshot",
        "since",
        "(UTC)",
        "flows",
        "tasks",
        "schedules",
        "brittle",
        "unknowns",
        "sources",
    ]
    assert first.split() == ["#1", "2025-03-10T12:00:00Z", "1", "1", "1", "0", "1", f"shop@{COMMIT[:10]}"]
    assert second.split()[2:4] == ["3", "(+2)"]
    assert second.endswith("!")


def test_json(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(store, "--json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["label"], first["flows"], first["kept"]) == ("#1", 1, True)
    assert second["sources"] == [{"name": "shop", "commit": COMMIT, "stale": True}]


def test_csv(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(store, "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["id"], row["flows"], row["sources"]) for row in rows] == [
        ("#1", "1", f"shop@{COMMIT}"),
        ("#2", "3", f"shop@{COMMIT}!"),
    ]


def test_the_plot(store: Path, tmp_path: Path) -> None:
    assert history(store, "--svg", tmp_path / "plot.svg", "-q") == 0
    assert xml.fromstring((tmp_path / "plot.svg").read_text()).tag.endswith("svg")


def test_since_leaves_out_what_ended_before(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(store, "--since", "2025-03-11", "--json") == 0
    assert [row["label"] for row in json.loads(capsys.readouterr().out)] == ["#2"]
    assert history(store, "--since", "2025-04-01") == 2
    assert history(store, "--since", "yesterday") == 2


def test_a_past_state_comes_out_as_a_graph_json(store: Path, tmp_path: Path) -> None:
    assert history(store, "--export", "2025-03-11", "--to", tmp_path / "old.json", "-q") == 0
    assert (tmp_path / "old.json").read_text() == render_graph_json(graph(flows=("a",)))


def test_a_graph_json_goes_in_as_of_when_it_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "graph.json").write_text(render_graph_json(graph(generated="2025-06-01T00:00:00+00:00")))
    assert history(tmp_path / "new.db", "--add", tmp_path / "graph.json", "-q") == 0
    assert history(tmp_path / "new.db", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["taken"] == "2025-06-01T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--export", "nonsense"), "names no snapshot"),
        (("--export", "#99"), "no snapshot for '#99'"),
        (("--to", "x.json"), "--to goes with --export"),
        (("--svg", "/nowhere/at/all.svg"), "cannot be written"),
        (("--add", "/nowhere/at/all.json"), "there is no /nowhere"),
    ],
)
def test_mistakes_are_one_line_and_exit_two(
    store: Path, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert history(store, *arguments) == 2
    message = capsys.readouterr().err
    assert says in message
    assert message.count("\n") == 1


def test_no_store_is_said_and_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(tmp_path / "absent.db") == 2
    assert "there is no snapshot store" in capsys.readouterr().err
    assert not (tmp_path / "absent.db").exists()
