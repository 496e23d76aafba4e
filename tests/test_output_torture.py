"""An estate whose every name is a payload, scanned, rendered by each format, compared, published by night, and opened
in a browser: all of it stays text."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page

from c4trace.cli import main
from c4trace.output.formats import FORMATS
from tests.format_readers import UNSHOWN, read
from tests.hostile_graph import HOSTILE
from tests.site_browser import chromium, chromium_path, troubles_of
from tests.torture_estate import make_torture_estate, tag_of

DIFFS = ("md", "json", "sarif", "html", "txt")
# A mark of some payloads that nothing else writes.
WORDS = ("onerror", "HYPERLINK", "evil.example", "__proto__", "sprite")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the estate was scanned, compared, asked and published by two nights; the words of it all in `said`."""
    place = tmp_path_factory.mktemp("torture")
    estate = make_torture_estate(place / "estate")
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("C4TRACE_CACHE", str(place / "cache"))
        patch.setenv("C4TRACE_STATE", str(place / "state"))

        def run(*arguments: str) -> None:
            done = subprocess.run(
                [sys.executable, "-c", "import sys; from c4trace.cli import main; sys.exit(main())", *arguments],
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            said.append(done.stdout + done.stderr)

        run("scan", "--offline", "--estate", str(estate), "--out", "out", *(f"--format={name}" for name in FORMATS))
        (place / "diff").mkdir()
        run("diff", "shop@first..HEAD", "--estate", str(estate), *(f"--write=diff/it.{kind}" for kind in DIFFS))
        for asked in (("tasks",), ("flows",), ("etl",), ("brittle",), ("trace", "h1.test"), ("flows", "--json")):
            run(*asked, "--from", "out/graph.json")
        (place / "nightly.yaml").write_text(f"{{estate: {estate}, out: night/out, state: state, metrics: night.prom}}")
        (place / "night").mkdir()
        for ref in ("first", "HEAD"):
            run("nightly", "--config", "nightly.yaml", "--source", f"shop={estate.parent}/shop@{ref}")
        run("history")
        (place / "said").write_bytes(b"".join(said))
    yield place
    shutil.rmtree(place)


def texts(place: Path) -> Iterator[tuple[str, str]]:
    """Every file of text that was written, and what was said."""
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        if path.is_file() and not name.startswith(("estate/", "cache/", "state/")) and path.suffix != ".png":
            yield name, path.read_text("utf-8")


@pytest.mark.slow
def test_what_cannot_be_seen_or_turns_the_line_around_is_in_no_file_and_no_word(place: Path) -> None:
    names = [name for name, _ in texts(place)]
    assert len(names) > 150
    found = {name: ascii(text[m.start() - 40 : m.end()]) for name, text in texts(place) if (m := UNSHOWN.search(text))}
    assert found == {}
    assert [name for name in names if UNSHOWN.search(name)] == []


@pytest.mark.slow
def test_the_payloads_are_in_what_is_shown(place: Path) -> None:
    shown = dict(texts(place))
    for name in ("out/graph.json", "out/findings.sarif", "diff/it.json", "diff/it.html", "said"):
        assert [word for word in WORDS if word not in shown[name]] == [], name
    assert [word for word in WORDS if not any(word in t for n, t in shown.items() if n.startswith("out/site/"))] == []


@pytest.mark.slow
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "png"])
def test_each_format_is_read_as_strictly_as_its_description_allows(place: Path, form: str) -> None:
    out = place / "again" / form
    assert main(["render", "-q", "--from", str(place / "out" / "graph.json"), "--out", str(out), "--format", form]) == 0
    made = {str(path.relative_to(out)): path.read_text("utf-8") for path in out.rglob("*") if path.is_file()}
    own = {n: text for n, text in made.items() if (form == "graph" or n != "graph.json") and not n.startswith(".")}
    assert own
    assert set().union(*(read(form, name, text) for name, text in own.items()))


@pytest.mark.slow
def test_the_graph_says_what_was_written(place: Path) -> None:
    graph = json.loads((place / "out" / "graph.json").read_text())
    payloads = [text.encode("utf-8", "backslashreplace").decode() for text in HOSTILE]
    assert {f"{text}{n}" for n, text in enumerate(payloads)} <= {task["name"] for task in graph["tasks"]}
    assert {source["name"]: source["ref"] for source in graph["sources"]}["shop"] == tag_of(payloads)


@pytest.mark.slow
def test_a_diff_a_feed_and_metrics_are_read_by_what_reads_them(place: Path) -> None:
    assert json.loads((place / "diff" / "it.json").read_text())["changes"]
    assert json.loads((place / "diff" / "it.sarif").read_text())["runs"]
    entries = ET.parse(place / "night" / "out" / "site" / "feed.atom").getroot().findall("{*}entry")
    assert len(entries) == 1
    metric = re.compile(r'# (?:HELP|TYPE) \w+ .*|\w+(?:\{\w+="(?:[^"\\\n]|\\["\\n])*"\})? [0-9.e+-]+')
    lines = (place / "night.prom").read_text().splitlines()
    assert [line for line in lines if not metric.fullmatch(line)] == []
    assert list(yaml.safe_load_all((place / "nightly.yaml").read_text()))


@pytest.mark.browser
@pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine: the browser tests need one")
def test_no_page_runs_asks_or_says_anything(place: Path) -> None:
    pages = [path for folder in ("out/site", "night", "diff") for path in sorted((place / folder).rglob("*.html"))]
    assert len(pages) > 40
    with chromium() as browser:
        page = browser.new_page()
        troubles = troubles_of(page)
        for path in pages:
            page.goto(path.as_uri())
            _touch(page)
            assert troubles == [], path
            assert page.locator("img").count() == 0, path


def _touch(page: Page) -> None:
    """Opens what a page opens at a click: panels, groups and the search."""
    for one in page.locator("button[data-flow]").all()[:3]:
        if one.is_visible():
            one.click()
            page.keyboard.press("Escape")
    if page.locator("#search-input").count():
        page.keyboard.press("/")
        page.locator("#search-input").fill("onerror")
        page.keyboard.press("Escape")
