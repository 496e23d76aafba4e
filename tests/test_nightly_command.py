"""`c4trace nightly` as a command: estate, gate and publishing put together; only the scan itself is stood in for."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest

from c4trace.cli import main
from tests.git_repository import add_commit, make_repository
from tests.nightly_harness import scan

pytestmark = pytest.mark.slow

ESTATE = """
title: The shop
systems:
  shop:
    name: Shop
    repository: {{url: "{url}", ref: main}}
policy:
  forbid:
    new-brittle-links: high
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_repository(tmp_path / "shop", {"flows.txt": "orders\n"})
    (tmp_path / "estate.yaml").write_text(ESTATE.format(url=tmp_path / "shop"))
    (tmp_path / "nightly.yaml").write_text("estate: estate.yaml\nout: public/out\nstate: state\nmetrics: m/x.prom\n")
    stand_in = types.ModuleType("extractor.pipeline.scan")
    stand_in.scan_estate = lambda estate, trees, options, loss: scan(trees, loss.reasons, None)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "extractor.pipeline.scan", stand_in)
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def nightly(monkeypatch: pytest.MonkeyPatch, day: int, *arguments: str) -> int:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1741608000 + day * 86400))
    return main(["nightly", "--config", "nightly.yaml", "--jobs", "1", *arguments])


def test_two_nights_publish_the_site_with_its_pages_and_feed(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nightly(monkeypatch, 0) == 0
    add_commit(place / "shop", {"flows.txt": "orders\nrefunds\n"}, "Refunds")
    assert nightly(monkeypatch, 1) == 0
    site = place / "public" / "out" / "site"
    assert "1 flow added" in (site / "changes.html").read_text()
    assert "1 flow added" in (site / "feed.atom").read_text()
    assert "c4-history" in (site / "history.html").read_text()
    assert "refunds" in (site / "last-change.html").read_text()
    assert 'href="changes.html"' in (site / "index.html").read_text()
    assert len(json.loads((place / "public" / "out" / "graph.json").read_text())["flows"]) == 2
    assert "c4trace_flows 2" in (place / "m" / "x.prom").read_text()
    assert "2025-03-11T12:00:00Z INFO    published #2: 1 flow added" in capsys.readouterr().err


def test_yesterday_and_today_can_be_compared(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nightly(monkeypatch, 0)
    add_commit(place / "shop", {"flows.txt": "orders\nrefunds\n"}, "Refunds")
    nightly(monkeypatch, 1)
    capsys.readouterr()
    assert main(["diff", "2025-03-10", "2025-03-11", "--store", "state/snapshots.db"]) == 0
    assert "refunds" in capsys.readouterr().out


def test_the_estates_policy_is_the_gate(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nightly(monkeypatch, 0) == 0
    add_commit(place / "shop", {"findings.txt": "high token\n"}, "A token")
    assert nightly(monkeypatch, 1) == 1
    assert nightly(monkeypatch, 2) == 0


def test_a_wrong_estate_is_logged_told_to_the_metrics_and_exit_two(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nightly(monkeypatch, 0) == 0
    (place / "estate.yaml").write_text("title: x\nsystms: {}\n")
    capsys.readouterr()
    assert nightly(monkeypatch, 1, "--log-json") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "failed"
    assert "did you mean 'systems'" in json.loads(line)["message"]
    assert "c4trace_run_success 0" in (place / "m" / "x.prom").read_text()
    assert (place / "public" / "out" / "graph.json").exists()


def test_a_directory_that_is_not_ours_is_refused_before_the_scan(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "public" / "out").mkdir(parents=True)
    (place / "public" / "out" / "thesis.txt").write_text("mine")
    assert nightly(monkeypatch, 0) == 2
    assert [path.name for path in (place / "public" / "out").iterdir()] == ["thesis.txt"]


def test_a_defect_of_ours_is_one_line_and_exit_seventy(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(sys.modules["extractor.pipeline.scan"], "scan_estate", broken)
    assert nightly(monkeypatch, 0) == 70
    lines = capsys.readouterr().err.splitlines()
    assert "the run failed: RuntimeError: a defect; the last output stands" in lines[-1]


def test_the_command_line_goes_before_the_configuration(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(place / "fork", {"flows.txt": "a\nb\nc\n"})
    assert nightly(monkeypatch, 0, "--out", "elsewhere", "--source", f"shop={place / 'fork'}@main") == 0
    assert len(json.loads((place / "elsewhere" / "graph.json").read_text())["flows"]) == 3
    assert not (place / "public").exists()
