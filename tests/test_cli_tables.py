"""The table commands: rows of a graph.json on the terminal or as JSON, and which of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from c4trace.cli import main
from c4trace.query.graph_file import load_graph
from extractor.errors import UserError
from extractor.model.graph import Graph
from renderers.data.graph_json import render_graph_json
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return sample_graph()


@pytest.fixture
def source(tmp_path: Path, graph: Graph) -> str:
    (tmp_path / "graph.json").write_text(render_graph_json(graph))
    return str(tmp_path / "graph.json")


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("command", "attribute", "told"),
    [
        ("tasks", "tasks", "name"),
        ("flows", "flows", "label"),
        ("etl", "etl", "source"),
        ("brittle", "findings", "rule"),
    ],
)
def test_a_table_tells_of_every_row(
    source: str, graph: Graph, capsys: pytest.CaptureFixture[str], command: str, attribute: str, told: str
) -> None:
    wanted = [row for row in getattr(graph, attribute) if not getattr(row, "suppressed", "")]
    assert wanted
    assert len(rows(capsys, command, "--from", source)) == len(wanted)
    assert main([command, "--from", source]) == 0
    table = capsys.readouterr().out
    assert "\x1b" not in table
    for row in wanted:
        assert getattr(row, told) in table


def test_rows_of_one_repository(source: str, graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = rows(capsys, "tasks", "--from", source, "--repo", "micromasters")
    assert {task["repo"] for task in tasks} == {"micromasters"}
    assert len(tasks) == sum(task.repo == "micromasters" for task in graph.tasks)
    flows = rows(capsys, "flows", "--from", source, "--repo", "micromasters")
    assert 0 < len(flows) < len(graph.flows)
    assert all("micromasters" in {piece["repo"] for piece in flow["evidence"]} for flow in flows)  # type: ignore[attr-defined]
    etl = rows(capsys, "etl", "--from", source, "--repo", "micromasters")
    assert {row["source_of_truth"]["repo"] for row in etl} == {"micromasters"}  # type: ignore[index]


def test_rows_that_touch_a_system_or_what_is_inside_it(
    source: str, graph: Graph, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = {"edx"} | {node.id for node in graph.nodes if node.parent == "edx"}
    wanted = {flow.id for flow in graph.flows if {flow.source, flow.target} & inside}
    assert 0 < len(wanted) < len(graph.flows)
    for name in ("edx", "open EDX"):
        assert {flow["id"] for flow in rows(capsys, "flows", "--from", source, "--system", name)} == wanted
    findings = rows(capsys, "brittle", "--from", source, "--system", "edx", "--all")
    assert {f["id"] for f in findings} == {f.id for f in graph.findings if wanted & set(f.flow_ids)}


def test_findings_of_a_severity_or_worse(source: str, graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    high = rows(capsys, "brittle", "--from", source, "--severity", "high", "--all")
    assert {finding["severity"] for finding in high} == {"high"}
    assert len(high) == sum(finding.severity == "high" for finding in graph.findings)
    every = rows(capsys, "brittle", "--from", source, "--all")
    assert len(every) == len(graph.findings)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tasks", "--repo", "micromaster"], "no repository 'micromaster' (did you mean 'micromasters'?)"),
        (["flows", "--system", "edxx"], "no system 'edxx' (did you mean 'edx'?)"),
    ],
)
def test_a_name_that_is_not_there_names_its_neighbour(
    source: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main([*arguments, "--from", source]) == 2
    assert words in capsys.readouterr().err


def test_no_graph_says_what_to_do_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["tasks"]) == 2
    assert "there is no out/graph.json (run `c4trace scan` first" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["tasks", "flows", "etl", "brittle"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_names_from_scanned_code_cannot_drive_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, form: list[str]
) -> None:
    (tmp_path / "graph.json").write_text(render_graph_json(hostile_graph()))
    assert main([command, "--from", str(tmp_path / "graph.json"), *form]) == 0
    out = capsys.readouterr().out
    assert not [character for character in out if ord(character) < 32 and character != "\n"]
    assert not set(out) & {"\x7f", "\x9b", "\u202e", "\u2066"}


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(source: str) -> None:
    command = f"{sys.executable} -m c4trace flows --from {source} --json | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[\n", "")


@pytest.mark.slow
def test_a_table_reads_only_its_rows_and_imports_nothing_heavy(source: str) -> None:
    data = json.loads(Path(source).read_text())
    data["calls"] = ["not a call"]
    Path(source).write_text(json.dumps(data))
    with pytest.raises(UserError):
        load_graph(Path(source))
    command = [sys.executable, "-X", "importtime", "-m", "c4trace", "tasks", "--from", source, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "NO_COLOR": "1"})
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"git", "networkx", "libcst", "jinja2", "jsonschema", "yaml", "httpx"}


def test_rules_are_listed_with_their_hits_and_misses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    listed = capsys.readouterr().out.splitlines()
    (line,) = [line for line in listed if line.startswith("requests ")]
    assert re.fullmatch(r"requests +\d+ patterns +\d+ hits? +\d+ miss(es)? +Requests", line)
    assert main(["rules", "requests"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^accepts any certificate by:\n.*requests.*: verify=False$", shown, re.MULTILINE)
    assert "\nhits:\n  import requests\n" in shown
    assert "\nmisses:\n" in shown
    assert [rule["id"] for rule in rows(capsys, "rules", "requests")] == ["requests"]


def test_the_rule_of_a_finding_is_shown_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("no-timeout ")]
    assert re.fullmatch(r"no-timeout +medium finding +\d+ hits? +\d+ miss(es)? +Request without a timeout", line)
    assert main(["rules", "no-timeout"]) == 0
    shown = capsys.readouterr().out
    assert "\nseverity: medium; high where a web request or a signal reaches it; low " in shown
    assert "\nremedy: Give the call a timeout" in shown
    assert "\n  # c4trace: ignore[no-timeout] the reason, in words\n" in shown
    assert "\nhits (line 5, high): None means to wait for ever.\n  import requests\n" in shown
    assert "\nmisses: The timeout is a setting.\n  import requests\n" in shown
    assert main(["rules", "unserved-endpoint"]) == 0
    assert "\n  where campus.example.org serves:\n  from django.urls import path\n" in capsys.readouterr().out
    (row,) = rows(capsys, "rules", "no-timeout")
    assert (row["kind"], row["severity"], row["title"]) == ("finding", "medium", "Request without a timeout")


def test_a_rule_that_is_not_there_names_its_neighbour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "reqests"]) == 2
    assert capsys.readouterr().err == "c4trace: there is no rule 'reqests' (did you mean 'requests'?)\n"
    assert main(["rules", "no-timeouts"]) == 2
    assert capsys.readouterr().err == "c4trace: there is no rule 'no-timeouts' (did you mean 'no-timeout'?)\n"
    assert main(["rules", "--dir", str(tmp_path)]) == 2
    assert "has no rules" in capsys.readouterr().err
