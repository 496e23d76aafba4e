"""graph.json and its schema, etl.csv and SARIF: complete, ordered, safe to open."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from c4trace.query.graph_file import load_graph
from extractor.errors import UserError
from extractor.model.graph import EtlRow, Graph, Place, Source
from extractor.rules.doc import RuleDoc
from renderers.data.etl_csv import render_etl_csv
from renderers.data.graph_json import render_graph_json
from renderers.data.graph_schema import graph_schema, render_graph_schema
from renderers.data.sarif import render_sarif
from tests.golden_files import check_golden
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph

SAMPLE = sample_graph()
SCHEMA = Path(__file__).parent.parent / "rules" / "schema" / "graph.schema.json"
RULES = (
    RuleDoc("http-timeout", "A request without a timeout", "It can block a worker.", "Give a timeout.", "high"),
    RuleDoc("never-fired", "A rule that found nothing", "", "", "low", "https://example.org/never"),
)


class TestGraphJson:
    def test_it_can_be_read_back_whole(self, tmp_path: Path) -> None:
        text = render_graph_json(SAMPLE)
        (tmp_path / "graph.json").write_text(text, "utf-8")
        assert render_graph_json(load_graph(tmp_path / "graph.json")) == text

    def test_the_order_of_the_lists_does_not_matter(self) -> None:
        turned = dataclasses.replace(SAMPLE, flows=SAMPLE.flows[::-1], nodes=SAMPLE.nodes[::-1], etl=SAMPLE.etl[::-1])
        assert render_graph_json(turned) == render_graph_json(SAMPLE)

    def test_a_file_name_that_was_not_utf8_survives_and_changes_nothing_else(self, tmp_path: Path) -> None:
        def named(name: str) -> str:
            return render_graph_json(dataclasses.replace(SAMPLE, sources=(Source(name, "u", "main", "c" * 40, 1),)))

        (tmp_path / "graph.json").write_text(named("a\udcff"), "utf-8")
        assert load_graph(tmp_path / "graph.json").sources[0].name == "a\udcff"
        assert named("a\udcff").replace("\\udcff", "b") == named("ab")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", "is not JSON"),
            ("[]", "is not a graph.json"),
            ('{"schema": "9.0"}', "has schema 9.0"),
            ('{"schema": "1.0"}', "is not a graph.json"),
            ('{"schema": "1.0", "version": "", "generated": "", "estate": "", "flows": [1]}', "is not a graph.json"),
        ],
    )
    def test_what_is_no_graph_is_refused_in_words(self, tmp_path: Path, text: str, message: str) -> None:
        (tmp_path / "graph.json").write_text(text)
        with pytest.raises(UserError, match=message):
            load_graph(tmp_path / "graph.json")


class TestSchema:
    def test_the_published_schema_is_the_one_that_the_document_has(self) -> None:
        assert SCHEMA.read_text(encoding="utf-8") == render_graph_schema(), "run: python -m renderers.data.graph_schema"

    def test_the_schema_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(graph_schema())

    @pytest.mark.parametrize("graph", [SAMPLE, hostile_graph()], ids=["sample", "hostile"])
    def test_a_graph_fits_it(self, graph: Graph) -> None:
        jsonschema.validate(json.loads(render_graph_json(graph)), graph_schema())

    @pytest.mark.parametrize(
        ("where", "value"),
        [
            (("flows", 0, "confidence"), "sure"),
            (("nodes", 0, "kind"), "cloud"),
            (("tasks", 0, "line"), "12"),
            (("flows", 0, "evidence"), None),
        ],
    )
    def test_a_wrong_value_is_refused(self, where: tuple[Any, ...], value: object) -> None:
        data = json.loads(render_graph_json(SAMPLE))
        data[where[0]][where[1]][where[2]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data, graph_schema())

    def test_fields_that_are_not_known_yet_may_stand_beside(self) -> None:
        data = json.loads(render_graph_json(SAMPLE)) | {"later": 1}
        jsonschema.validate(data, graph_schema())


class TestEtlCsv:
    def rows(self, *more: EtlRow) -> list[dict[str, str]]:
        graph = dataclasses.replace(SAMPLE, etl=more) if more else SAMPLE
        return list(csv.DictReader(io.StringIO(render_etl_csv(graph))))

    def test_the_table_is_the_one_that_was_looked_at(self) -> None:
        check_golden("etl.csv", render_etl_csv(SAMPLE))

    def test_a_brittle_row_says_why(self) -> None:
        row = next(r for r in self.rows() if r["source"].startswith("MicroMasters (batch"))
        assert (row["brittle"], row["reasons"]) == ("yes", "three requests have no timeout")
        assert row["source_of_truth"] == "micromasters:dashboard/api_edx_cache.py:291"

    @pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
    def test_a_cell_is_never_a_formula(self, start: str) -> None:
        row = EtlRow(start, start, start, start, Place("r", "p", 1), False, (start,))
        cells = list(self.rows(row)[0].values())
        assert [c for c in cells if c.strip() and c.lstrip(" \t\r\n")[:1] in tuple("=+-@＝")] == []

    def test_quotes_and_commas_stay_in_their_cell_and_lines_become_one(self) -> None:
        row = EtlRow('a "b"', "x\r\ny", "", "a,b", Place("r", "p", 1), False, ())
        found = self.rows(row)[0]
        assert (found["source"], found["transport"], found["data"]) == ('a "b"', "x y", "a,b")


class TestSarif:
    RUN = json.loads(render_sarif(SAMPLE, RULES))["runs"][0]

    def test_all_rules_are_listed_fired_or_not(self) -> None:
        listed = {rule["id"]: rule for rule in self.RUN["tool"]["driver"]["rules"]}
        assert {rule.id for rule in RULES} | {f.rule for f in SAMPLE.findings} == set(listed)
        assert listed["never-fired"]["helpUri"] == "https://example.org/never"
        assert "helpUri" not in listed["http-timeout"]

    def test_every_finding_is_a_result_that_points_at_its_rule(self) -> None:
        rules = self.RUN["tool"]["driver"]["rules"]
        assert len(self.RUN["results"]) == len(SAMPLE.findings)
        assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in self.RUN["results"])

    def test_results_keep_their_fingerprints(self) -> None:
        found = {r["partialFingerprints"]["c4traceFinding/v1"] for r in self.RUN["results"]}
        assert found == {f.fingerprint for f in SAMPLE.findings}

    def test_a_suppressed_finding_stays_with_its_reason(self) -> None:
        reasons = [r["suppressions"][0]["justification"] for r in self.RUN["results"] if "suppressions" in r]
        assert reasons == [f.suppressed for f in sorted(SAMPLE.findings, key=lambda f: (f.rule, f.id)) if f.suppressed]

    def test_places_are_relative_to_a_repository_that_is_named_with_its_commit(self) -> None:
        bases = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] for r in self.RUN["results"]}
        assert bases <= set(self.RUN["originalUriBaseIds"])
        mapped = {p["mappedTo"]["uriBaseId"]: p["revisionId"] for p in self.RUN["versionControlProvenance"]}
        assert mapped == {s.name: s.commit for s in SAMPLE.sources}

    def test_a_skipped_file_makes_the_run_no_success(self) -> None:
        invocation = self.RUN["invocations"][0]
        assert invocation["executionSuccessful"] is False
        assert "legacy/py2_script.py" in invocation["toolExecutionNotifications"][0]["message"]["text"]

    def test_a_run_that_read_everything_is_a_success(self) -> None:
        whole = dataclasses.replace(SAMPLE, sources=tuple(dataclasses.replace(s, skipped=()) for s in SAMPLE.sources))
        run = json.loads(render_sarif(whole, RULES))["runs"][0]
        assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]

    @pytest.mark.parametrize(
        ("url", "uri"),
        [
            ("https://user:secret@example.org/a/b.git", "https://example.org/a/b.git"),
            ("git@example.org:a/b.git", "ssh://example.org/a/b.git"),
            ("ssh://git@example.org/a/b.git", "ssh://example.org/a/b.git"),
        ],
    )
    def test_a_repositorys_address_never_holds_a_password(self, url: str, uri: str) -> None:
        source = Source("a", url, "main", "c" * 40, 1)
        run = json.loads(render_sarif(dataclasses.replace(SAMPLE, sources=(source,)), RULES))["runs"][0]
        assert run["versionControlProvenance"][0]["repositoryUri"] == uri

    def test_a_local_path_is_no_address(self) -> None:
        source = Source("a", "/srv/checkout", "main", "c" * 40, 1)
        run = json.loads(render_sarif(dataclasses.replace(SAMPLE, sources=(source,)), RULES))["runs"][0]
        assert "versionControlProvenance" not in run

    def test_a_path_is_written_as_a_uri(self) -> None:
        odd = dataclasses.replace(SAMPLE.findings[0], path="a dir/ü#1.py", line=0)
        run = json.loads(render_sarif(dataclasses.replace(SAMPLE, findings=(odd,)), RULES))["runs"][0]
        place = run["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "a%20dir/%C3%BC%231.py"
        assert "region" not in place
