"""`c4trace diff`, `gate` and `baseline` as a user runs them, on graph.json files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from c4trace.cli import main
from c4trace.compare.revisions import parse_range
from extractor.diff import GraphDiff
from extractor.model.serialise import from_dict
from renderers.data.graph_json import render_graph_json
from tests.diff_graphs import finding, flow, graph, schedule, task

BASE = graph(tasks=[task()], schedules=[schedule()], findings=[finding("old")])
HEAD = graph(
    tasks=[task(queue="slow")],
    schedules=[schedule(cadence="hourly")],
    findings=[finding("old"), finding("f" * 32, severity="high")],
    flows=[flow()],
)
ESTATE: dict[str, Any] = {
    "title": "Test estate",
    "systems": {"shop": {"name": "Shop"}, "campus": {"name": "Campus"}, "mailer": {"name": "Mailer"}},
    "policy": {"forbid": {"new-brittle-links": "medium"}},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with both sides and an estate file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")  # 2026-01-01
    for name, side in (("base.json", BASE), ("head.json", HEAD)):
        (tmp_path / name).write_text(render_graph_json(side), "utf-8")
    (tmp_path / "estate.yaml").write_text(yaml.safe_dump(ESTATE), "utf-8")
    return tmp_path


def test_the_diff_is_told_on_the_terminal_and_ends_well(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "base.json", "head.json"]) == 0
    output = capsys.readouterr().out
    assert "cadence: daily at 03:00 UTC → hourly" in output
    assert "queue: default → slow" in output
    assert "shop: orders/tasks.py:20" in output


def test_a_side_may_be_a_directory_that_holds_a_graph(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "out").mkdir()
    (place / "base.json").rename(place / "out" / "graph.json")
    assert main(["diff", "out", "out"]) == 0
    assert capsys.readouterr().out == "No change of architecture.\n"


def test_one_run_writes_every_format(place: Path) -> None:
    names = ["d.md", "d.json", "d.sarif", "d.html", "d.txt"]
    written = [word for name in names for word in ("--write", name)]
    assert main(["diff", "base.json", "head.json", *written]) == 0
    diff: GraphDiff = from_dict(GraphDiff, json.loads((place / "d.json").read_text("utf-8")))
    assert [c.kind for c in diff.changes] == ["flows", "tasks", "schedules", "findings"]
    assert json.loads((place / "d.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert "```mermaid" in (place / "d.md").read_text("utf-8")
    assert 'data-show="before"' in (place / "d.html").read_text("utf-8")


def test_the_gate_fails_with_one_line_for_each_breach(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "base.json", "head.json"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("new-brittle-links: shop/orders/api.py:10: ")
    assert "To mend: Pass timeout=." in lines[0]
    assert main(["diff", "base.json", "head.json", "--gate"]) == 1
    assert main(["gate", "head.json", "head.json"]) == 0


def test_a_head_alone_is_held_against_the_baseline_only(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "head.json"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
    for mark in ("old", "f" * 32):
        accepting = [
            "baseline",
            "--from",
            "head.json",
            "--accept",
            mark,
            "--reason",
            "known",
            "--expires",
            "2026-06-30",
        ]
        assert main(accepting) == 0
    assert main(["gate", "head.json"]) == 0


def test_an_acceptance_ends_and_what_is_mended_leaves_the_baseline(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accepting = [
        "baseline",
        "--from",
        "head.json",
        "--accept",
        "f" * 32,
        "--reason",
        "known",
        "--expires",
        "2026-06-30",
    ]
    assert main(accepting) == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798761600")  # 2027-01-01
    assert main(["gate", "base.json", "head.json"]) == 1
    assert "was accepted until 2026-06-30" in capsys.readouterr().err
    assert main(["baseline", "--update", "--from", "base.json"]) == 0
    assert "f" * 32 not in (place / "c4trace-baseline.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["diff", "base.json"], "one side was given"),
        (["diff", "shop@v1.."], "'shop@v1..' is no whole range of refs"),
        (["diff", "base.json", "head.json", "--write", "nowhere/d.md"], "there is no directory nowhere"),
        (["diff", "base.json", "nowhere.json"], "no graph.json"),
        (["diff", "shop@v1..v2", "base.json"], "is no graph.json"),
        (["diff", "base.json", "head.json", "--write", "d.docx"], "no format"),
        (["baseline", "--accept", "nope", "--from", "head.json"], "no breach"),
        (["baseline", "--accept", "f" * 32, "--from", "head.json"], "needs a reason"),
        (["diff", "shop@v1..v2"], "give --source"),
    ],
)
def test_wrong_input_is_one_line_that_says_what_to_mend(
    place: Path, arguments: list[str], output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert output in capsys.readouterr().err


def test_a_range_names_a_source_and_two_refs() -> None:
    found = parse_range("shop@v1.162.4..v1.162.8")
    assert found is not None
    assert (found.name, found.base, found.head) == ("shop", "v1.162.4", "v1.162.8")
    assert parse_range("out/graph.json") is None
    assert parse_range("shop@0f1e2d3c") is None
