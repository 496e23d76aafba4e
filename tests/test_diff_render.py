"""A diff in each of its formats: complete, safe against hostile names, and within the reader's limits."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from typing import Any

import jsonschema
import pytest

from extractor.diff import GraphDiff, diff_graphs
from extractor.diff import document as nouns
from extractor.diff.document import Commit
from extractor.files.shipped import read_schema
from extractor.model.graph import Evidence, Graph
from extractor.model.serialise import from_dict, to_dict
from extractor.views import build_views
from extractor.views.merged import merge, merged_views
from renderers.diff.html import render_diff_html
from renderers.diff.json import render_diff_json
from renderers.diff.markdown import MARK, diff_mermaid, render_diff_markdown
from renderers.diff.sarif import render_diff_sarif
from renderers.diff.terminal import render_diff_terminal
from renderers.svg import render_svg
from tests.diff_graphs import call, finding, flow, graph, route, schedule, setting
from tests.hostile_graph import HOSTILE, hostile_graph
from tests.sample_graph import sample_graph


def thinned(source: Graph) -> Graph:
    """The graph without some of its rows."""
    return dataclasses.replace(
        source,
        flows=source.flows[3:],
        tasks=source.tasks[1:],
        calls=source.calls[2:],
        routes=source.routes[2:],
        findings=source.findings[1:],
        settings=source.settings[1:],
        nodes=source.nodes[1:],
    )


@pytest.fixture(scope="module")
def rich() -> GraphDiff:
    return diff_graphs(thinned(sample_graph()), sample_graph())


def test_json_keeps_to_its_schema_and_is_read_back(rich: GraphDiff) -> None:
    commit = Commit("a" * 40, "2026-01-01T00:00:00+00:00", "Add it")
    told = dataclasses.replace(rich, changes=(dataclasses.replace(rich.changes[0], commit=commit), *rich.changes[1:]))
    text = render_diff_json(told)
    jsonschema.Draft202012Validator(read_schema("diff")).validate(json.loads(text))
    assert from_dict(GraphDiff, json.loads(text)) == told


def test_the_schema_names_every_field_of_the_document_and_no_other() -> None:
    schema = read_schema("diff")
    pairs = {
        "source": nouns.SourceRange,
        "contract": nouns.Contract,
        "change": nouns.Change,
        "field": nouns.FieldChange,
        "commit": nouns.Commit,
        "evidence": Evidence,
    }
    for name, kind in pairs.items():
        assert set(schema["$defs"][name]["properties"]) == {f.name for f in dataclasses.fields(kind)}
    assert set(schema["properties"]) == set(to_dict(diff_graphs(graph(), graph())))


def test_the_terminal_names_every_change_and_its_place(rich: GraphDiff) -> None:
    text = render_diff_terminal(rich)
    assert all(change.title in text for change in rich.changes)
    assert "\x1b" not in text
    assert "\x1b[32m" in render_diff_terminal(rich, colour=True)


def test_nothing_in_scanned_names_reaches_the_terminal_as_a_command() -> None:
    evil = "x\x1b]0;owned\x07\r\n\u202ey"
    text = render_diff_terminal(diff_graphs(graph(), graph(flows=[flow(label=evil)])), breaches=[evil])
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)


def test_contracts_and_settings_to_set_come_before_the_details() -> None:
    other = route(id="r2", pattern="/other/")
    head = graph(routes=[other], calls=[call(route_id=None)], settings=[setting("NEW_KEY", default=None)])
    diff = diff_graphs(graph(routes=[other]), head)
    for text in (render_diff_terminal(diff), render_diff_markdown(diff)):
        places = [text.index(part) for part in ("serves no such route", "To be set before deploying", "Calls")]
        assert places == sorted(places)


def test_a_schedule_is_told_in_words_in_the_comment() -> None:
    diff = diff_graphs(graph(schedules=[schedule()]), graph(schedules=[schedule(cadence="hourly")]))
    assert "cadence: daily at 03:00 UTC → hourly" in html.unescape(render_diff_markdown(diff).replace("\\", ""))


def test_a_comment_can_be_found_again_and_fits_its_limit(rich: GraphDiff) -> None:
    whole = render_diff_markdown(rich, ["new-cycles: the estate: a ring"])
    assert whole.startswith(MARK)
    short = render_diff_markdown(rich, limit=1500)
    assert len(short) <= 1500
    assert "too long for a comment" in short
    assert "too long" not in whole


def test_hostile_names_are_text_in_the_comment_and_in_its_picture() -> None:
    text = render_diff_markdown(diff_graphs(thinned(hostile_graph()), hostile_graph()), HOSTILE)
    assert "<img" not in text
    assert "</script>" not in text
    assert "](javascript:" not in text
    picture = diff_mermaid(diff_graphs(graph(), graph(flows=[flow(label='a"]\nclick n0 "javascript:x"')])).changes)
    assert "\nclick" not in picture
    assert len(picture.splitlines()) == 5


def test_sarif_tells_new_updated_unchanged_and_absent() -> None:
    base = graph(findings=[finding("same"), finding("worse", severity="low"), finding("gone", rule="old-rule")])
    head = graph(findings=[finding("same", line=90), finding("worse", severity="high"), finding("new")])
    log = json.loads(render_diff_sarif(base, head, diff_graphs(base, head), ()))
    run = log["runs"][0]
    states = {r["partialFingerprints"]["c4traceFinding/v1"]: r["baselineState"] for r in run["results"]}
    assert states == {"same": "unchanged", "worse": "updated", "new": "new", "gone": "absent"}
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


def test_a_merged_view_holds_both_sides_and_says_which_without_colour() -> None:
    base, head = build_views(thinned(sample_graph())), build_views(sample_graph())
    merged = merged_views(base, head)
    assert merged
    for one in merged:
        status = dict(one.status)
        for edge in one.view.edges:
            assert edge.label.startswith({"added": "+ ", "removed": "− ", "changed": "~ "}.get(status[edge.id], ""))
    assert {s for one in merged for _, s in one.status} >= {"added", "same"}
    assert merged_views(head, head) == ()


def test_a_box_that_only_lost_its_arrows_was_not_removed() -> None:
    base, head = sample_graph(), dataclasses.replace(sample_graph(), flows=sample_graph().flows[3:])
    standing = frozenset(node.id for node in base.nodes)
    statuses: list[Any] = [dict(view.status) for view in merged_views(build_views(base), build_views(head), standing)]
    nodes = {node.id for view in build_views(base) for node in view.nodes}
    assert not any(status.get(ident) in ("added", "removed") for status in statuses for ident in nodes & standing)


def test_merging_no_view_at_all_is_refused() -> None:
    with pytest.raises(ValueError):
        merge(None, None)


def test_the_page_shows_both_sides_stands_alone_and_marks_what_changed(rich: GraphDiff) -> None:
    base, head = thinned(sample_graph()), sample_graph()
    views = merged_views(build_views(base), build_views(head))[:2]
    page = render_diff_html(rich, views, render_svg, ["new-cycles: x: y"])
    assert 'class="edge sync diff-added"' in page or 'class="edge async diff-added"' in page
    assert "diff-same" in page
    assert not re.search(r"""(?:src|@import|url\()\s*=?\s*["']?https?:""", page)
    assert page == render_diff_html(rich, views, render_svg, ["new-cycles: x: y"])


def test_hostile_names_are_text_on_the_page() -> None:
    base, head = thinned(hostile_graph()), hostile_graph()
    views = merged_views(build_views(base), build_views(head))[:2]
    page = render_diff_html(diff_graphs(base, head), views, render_svg, HOSTILE)
    assert "<img" not in page
    assert page.count("</script>") == 1
    assert 'href="javascript:' not in page
