"""Every output format, made of a hostile graph and read by what reads it: scanned text stays text in all of them."""

from __future__ import annotations

import functools
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

import pytest

from c4trace.output.formats import FORMATS, Files, Material
from extractor.model.graph import Graph
from extractor.model.serialise import from_dict
from renderers.history.changes import ChangeNote, render_changes_page
from renderers.history.feed import Feed, FeedEntry, render_feed
from renderers.svg import Pictures
from tests.format_readers import READERS, UNSHOWN, Shapes, read, read_html
from tests.hostile_graph import HOSTILE, hostile_graph

# Formats that are drawn: one hostile graph is enough for those, as their texts are many and drawing takes a second.
DRAWN = ("svg", "png", "site")
TURNS = range(0, len(HOSTILE), 3)  # the shortest lists of the sample have three rows


@functools.cache
def material(turn: int | None, drawn: bool) -> Material:
    """The plain graph for None; else the hostile one whose fields get the hostile texts from the `turn`th on."""
    texts = ("Plain",) if turn is None else (*HOSTILE[turn:], *HOSTILE[:turn])
    made = Material(hostile_graph(texts, ids=True))
    if not drawn:
        made.__dict__["pictures"] = Pictures({}, {})
    return made


@functools.cache
def files(form: str, turn: int | None) -> Files:
    made = material(turn, form in DRAWN)
    if form == "png":  # a second for each: one of a few kinds
        few = Material(made.graph)
        few.__dict__["pictures"] = Pictures({}, dict(sorted(made.pictures.alone.items())[::8]))
        made = few
    return FORMATS[form].render(made)


def hostile_files(form: str) -> Iterator[Files]:
    return (files(form, turn) for turn in (TURNS[:1] if form in DRAWN else TURNS))


def shapes(form: str, made: Iterable[tuple[str, str | bytes]]) -> Shapes:
    return set().union(*(read(form, name, content) for name, content in made))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_hostile_text_adds_nothing_but_its_words(form: str) -> None:
    assert form in READERS or form == "png", "say in format_readers.py what reads the format"
    plain = shapes(form, files(form, None).items())
    assert plain
    for hostile in hostile_files(form):
        assert shapes(form, hostile.items()) - plain == set()


@pytest.mark.slow
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "png"])
def test_nothing_is_written_raw_that_cannot_be_seen_or_turns_the_line_around(form: str) -> None:
    found: dict[str, None] = {}
    for name, content in ((name, content) for made in hostile_files(form) for name, content in made.items()):
        text = content if isinstance(content, str) else content.decode()
        found |= {f"{name}: {text[m.start() - 40 : m.end()]!a}": None for m in UNSHOWN.finditer(text)}
    assert list(found)[:5] == []


def test_the_graph_is_read_back_with_every_hostile_text_as_it_was() -> None:
    graph = hostile_graph(ids=True)
    text = files("graph", 0)["graph.json"]
    assert shapes_of(from_dict(Graph, json.loads(text))) == shapes_of(graph)


def shapes_of(graph: Graph) -> dict[str, list[object]]:
    """The rows of each list, in one order."""
    return {name: sorted(getattr(graph, name), key=repr) for name in ("tasks", "flows", "nodes", "calls", "findings")}


def feed(texts: Iterable[str]) -> str:
    entries = [FeedEntry(f"urn:{n}", text, "2025-01-01T00:00:00Z", f"<p>{n}</p>") for n, text in enumerate(texts)]
    return render_feed(Feed("urn:feed", "Feed", "c4trace", "2025-01-01T00:00:00Z"), entries)


def test_the_feed_is_atom_whatever_a_change_is_called() -> None:
    plain, hostile = (ET.fromstring(feed(texts)) for texts in (["Plain"] * len(HOSTILE), HOSTILE))
    assert [(part.tag, part.attrib) for part in hostile.iter()] == [(part.tag, part.attrib) for part in plain.iter()]


def test_the_page_of_changes_is_the_same_page_whatever_a_change_is_called() -> None:
    def page(texts: Iterable[str]) -> str:
        notes = [ChangeNote(f"c{n}", "2025-01-02T00:00:00Z", text, "<p>a</p>") for n, text in enumerate(texts)]
        return render_changes_page(notes, {text: text for text in texts}, "feed.atom")

    assert read_html(page(HOSTILE)) == read_html(page(("Plain",)))


# Of each format, texts that its reader must notice where they are not escaped.
BREAKS = {
    "graph": ['"', "\\", "\n"],
    "sarif": ['"', "\\", "\n"],
    "etl": ['"', "\n", "=1", ","],
    "puml": ['"', "\n!include x", '%getenv("X")', "$var", "[[x]]", "<b>", "**", "//", "\\n"],
    "mermaid": ['"', "\n", "]", "`", "|", "<img>", "\nclick n0 href", "%%{init}%%", "](javascript:x)"],
    "svg": ["<g>", "&", "</text>", '<a href="javascript:x">x</a>', "]]>", "<!--", "\0"],
    "markdown": ["<img>", "|", "`", "\n\n# x", "<!-- x", "[x](javascript:y)", "<script>"],
    "structurizr": ['"', "\n", "\\", "${x}"],
    "likec4": ['"', "\n", "\\"],
    "d2": ['"', "\n", "\\", "${x}"],
    "site": ["<img>", "</script>", "<svg onload=x>", "<!--", "</td>", '"'],
}


@pytest.mark.slow
@pytest.mark.parametrize(("form", "text"), [(form, text) for form, texts in BREAKS.items() for text in texts])
def test_what_is_not_escaped_is_noticed(form: str, text: str) -> None:
    raw = [
        (name, content.replace("Plain", text))
        for name, content in files(form, None).items()
        if isinstance(content, str) and "Plain" in content
    ] or [
        (name, content.decode().replace("Plain", text))
        for name, content in files(form, None).items()
        if isinstance(content, bytes) and name.endswith(".html")
    ]
    assert raw
    try:
        found = shapes(form, raw)
    except AssertionError:
        return
    assert found - shapes(form, files(form, None).items())


def test_every_text_format_says_what_would_break_it() -> None:
    assert set(BREAKS) == set(READERS) == set(FORMATS) - {"png"}


def test_every_hostile_text_is_in_the_words_of_a_box_or_an_arrow() -> None:
    for ids in (False, True):
        graph = hostile_graph(ids=ids)
        words = [text for node in graph.nodes for text in (node.name, node.technology, node.description)]
        words += [text for flow in graph.flows for text in (flow.label, flow.protocol, flow.cadence)]
        assert [bad for bad in HOSTILE if not any(text.startswith(bad) for text in words)] == []
