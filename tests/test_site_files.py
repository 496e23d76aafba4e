"""The site as files: every link leads somewhere, nothing leaves the folder, hostile text stays text."""

from __future__ import annotations

import dataclasses
import json
import posixpath
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from extractor.model.graph import Graph
from renderers.links import code_url, relative, web_url
from renderers.site.script import data_script, to_json
from renderers.site.table import packed
from tests.hostile_graph import HOSTILE, hostile_graph
from tests.sample_graph import sample_graph
from tests.site_files import site_of

_PAGES = ("api", "brittle", "calls", "containers", "context", "dependencies", "flows", "index", "scenario", "settings")


class _Page(HTMLParser):
    """The tags of a page with their attributes, and the ids it defines."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return site_of(sample_graph(), {"changes": "<p>Nothing changed.</p>", "history": ("Past", "<p>Old.</p>")})


@pytest.fixture(scope="module")
def hostile() -> dict[str, str]:
    return site_of(hostile_graph())


def _html(files: dict[str, str]) -> dict[str, _Page]:
    return {path: _Page(text) for path, text in files.items() if path.endswith(".html")}


def test_each_system_has_its_pages(files: dict[str, str]) -> None:
    for system in ("edx", "micromasters", "mitxonline"):
        for page in (*_PAGES, "tasks", "components"):
            assert f"systems/{system}/{page}.html" in files
    assert {"index.html", "unknown.html", "help.html", "changes.html", "history.html"} <= set(files)


def test_every_link_leads_to_a_file_and_every_anchor_to_an_id(files: dict[str, str]) -> None:
    pages = _html(files)
    broken = []
    for path, page in pages.items():
        for url in [*page.values("href"), *page.values("src")]:
            if re.match(r"https?://|data:", url):
                continue
            target, _, anchor = url.partition("#")
            where = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            if where not in files or (anchor and "=" not in anchor and anchor not in pages[where].values("id")):
                broken.append((path, url))
    assert broken == []


def test_search_results_lead_to_rows_that_are_there(files: dict[str, str]) -> None:
    pages = _html(files)
    entries = json.loads(files["data/search.js"].removeprefix('c4trace.put("search",').removesuffix(");\n"))
    assert {"system", "task", "route", "setting", "call", "finding", "schedule", "diagram"} <= {e[0] for e in entries}
    for _, name, _, href in entries:
        path, _, anchor = href.partition("#")
        assert path in files, name
        assert not anchor or anchor in pages[path].values("id"), name


def test_pages_ask_nothing_of_the_network(files: dict[str, str]) -> None:
    for path, page in _html(files).items():
        for tag, attrs in page.tags:
            loaded = attrs.get("src") or (attrs.get("href") if tag == "link" else "") or ""
            assert not re.match(r"(https?:)?//", loaded), path
        assert "default-src 'none'" in files[path]
    assert "fetch(" not in re.sub(r"//.*", "", files["assets/site.js"])


def test_a_code_link_names_the_commit_and_the_line(files: dict[str, str]) -> None:
    commit = "0f1e2d3c" * 5
    link = f'href="https://github.com/example/micromasters/blob/{commit}/micromasters/settings.py#L431-L436"'
    assert link in files["systems/micromasters/tasks.html"]


def test_the_week_of_a_schedule_is_told_in_words_too(files: dict[str, str]) -> None:
    assert "Fri at 00:00, 06:00, 12:00, 18:00" in files["systems/micromasters/tasks.html"]


def test_a_missing_step_is_listed_and_not_in_the_picture(files: dict[str, str]) -> None:
    page = files["systems/mitxonline/flows.html"]
    assert "Not found in the code, so not drawn" in page
    assert "nothing matches: from mitxonline.worker to edx.lms" in page
    assert 'data-n="7"' not in page
    assert "nothing matches" in files["unknown.html"]


def test_an_empty_table_says_why(files: dict[str, str]) -> None:
    assert "No beat schedule was found" in files["systems/edx/tasks.html"]
    empty = site_of(Graph("1.0", "0.1", "", ""))
    assert "All 0 Python modules were read." in empty["unknown.html"]


def test_a_stale_source_is_named_on_every_page(files: dict[str, str]) -> None:
    assert all("micromasters could not be reached" in files[path] for path in files if path.endswith(".html"))


def test_extra_pages_stand_in_the_frame_and_the_navigation(files: dict[str, str]) -> None:
    assert "<p>Nothing changed.</p>" in files["changes.html"]
    assert '<a href="changes.html">What changed</a>' in files["index.html"]
    assert '<a href="../../history.html">Past</a>' in files["systems/edx/index.html"]
    whole = "<!doctype html><title>Mine</title>"
    assert site_of(sample_graph(), {"diff": whole})["diff.html"] == whole


def test_hostile_text_makes_no_element_attribute_or_script(hostile: dict[str, str]) -> None:
    for path, page in _html(hostile).items():
        assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "embed")], path
        for tag, attrs in page.tags:
            assert not [name for name in attrs if name.startswith("on")], (path, tag)
            assert not re.match(r"\s*javascript:", attrs.get("href") or "", re.I), (path, tag)
        inline = re.findall(r"<script(?![^>]*src=)([^>]*)>(.*?)</script>", hostile[path], re.S)
        assert [attributes.strip() for attributes, _ in inline] == ['type="application/json" id="page-data"'], path
        json.loads(inline[0][1])


def test_a_data_file_is_one_call_with_json(hostile: dict[str, str]) -> None:
    for path, text in hostile.items():
        if path.startswith("data/"):
            call = re.fullmatch(r"c4trace\.put\((.*)\);\n", text)
            assert call, path
            name, data = json.loads(f"[{call[1]}]")
            assert path == f"data/{name}.js"
            assert data is not None


def test_half_characters_in_names_are_shown_as_replaced() -> None:
    graph = sample_graph()
    task = dataclasses.replace(graph.tasks[0], path="caf\udce9/tasks.py")
    files = site_of(dataclasses.replace(graph, tasks=(task, *graph.tasks[1:])))
    assert "caf\ufffd/<wbr>tasks.<wbr>py" in files["systems/edx/tasks.html"]


def test_a_source_with_a_hostile_address_is_not_linked() -> None:
    graph = hostile_graph()
    bad = graph.sources[1]
    assert (bad.web or "").startswith("javascript:")
    assert code_url(bad, "c", "a.py", 1, 1) == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//host/x", "data:text/html,x", "https://", "http://[", "x"])
def test_only_web_addresses_are_followed(url: str) -> None:
    assert web_url(url) == ""


def test_holes_of_a_link_template_are_filled_once() -> None:
    source = dataclasses.replace(sample_graph().sources[0], web="https://h/{commit}/{path}#L{line}-L{end_line}")
    assert code_url(source, "abc", "a {line}/ü?#.py", 3, 2) == "https://h/abc/a%20%7Bline%7D/%C3%BC%3F%23.py#L3-L3"


def test_json_for_scripts_is_the_same_data() -> None:
    value = {"key": [*HOSTILE, "\u2028</script><!--", 1, None]}
    text = to_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028") & set(text)
    assert data_script("x", "\u2028<") == 'c4trace.put("x","\\u2028<");\n'


def test_paths_between_pages_are_relative() -> None:
    assert relative("index.html", "systems/a/index.html") == "systems/a/index.html"
    assert relative("systems/a/api.html", "index.html") == "../../index.html"


def test_rows_of_a_repository_that_no_system_claims_are_kept() -> None:
    graph = sample_graph()
    stray = dataclasses.replace(graph.tasks[0], id="stray:task", repo="stray", name="stray.task")
    files = site_of(dataclasses.replace(graph, tasks=(*graph.tasks, stray)))
    assert "stray" in files["systems/other-sources/tasks.html"]


def unpacked(script: str) -> str:
    """The rows of a script file, its marks undone."""
    rows, marks = json.loads(script[script.index(",") + 1 : script.rindex(")")])
    for mark, whole in reversed(marks):
        rows = rows.replace(mark, whole)
    return str(rows)


def test_rows_come_back_from_their_file_as_they_were_whatever_characters_they_hold() -> None:
    rows = f'<tr id="r1"><td>{"".join(map(chr, range(0xE000, 0xE020)))}<wbr>x</td><td>https://h/a</td></tr>\n'
    made, marks = packed(rows, ["https://h/"])
    assert unpacked(f"put(1,{json.dumps([made, marks])});") == rows
    assert len(str(made)) < len(rows)


def test_a_long_table_rides_in_files_beside_its_page() -> None:
    graph = sample_graph()
    route = graph.routes[0]
    many = tuple(dataclasses.replace(route, id=f"r{n}", pattern=f"/api/v{n}/") for n in range(3000))
    files = site_of(dataclasses.replace(graph, routes=(*graph.routes, *many)))
    page = files["systems/edx/api.html"]
    shards = [text for path, text in files.items() if path.startswith("data/rows-systems-edx-api-routes-")]
    rows = page.count('<tr id="r') + sum(unpacked(text).count('<tr id="r') for text in shards)
    assert rows == 3000 + sum(1 for r in graph.routes if r.repo == route.repo)
    assert max(len(text.encode()) for text in files.values()) < 2_000_000
    assert len(page.encode()) < 400_000


@pytest.mark.slow
def test_the_same_graph_gives_the_same_bytes_under_any_hash_seed() -> None:
    program = (
        "import hashlib, json; from tests.sample_graph import sample_graph; from tests.site_files import site_of;"
        "print(hashlib.sha256(json.dumps(site_of(sample_graph())).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[1],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
