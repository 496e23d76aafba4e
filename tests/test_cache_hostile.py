"""The cache holds data: whatever somebody wrote into it is data or is not read, and what is lost is made anew."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import os
import pickle
import sqlite3
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4trace.cli import main
from c4trace.output.formats import kept_layouts
from extractor.estate.options import estate_of, parse_source_override
from extractor.files.cache import FileCache, sealed, unsealed
from extractor.link.facts import RepoFacts
from extractor.model.graph import Graph, Source
from extractor.options import ScanOptions
from extractor.pipeline.facts_cache import FactsCache
from extractor.pipeline.scan import scan_estate
from extractor.program.summary_cache import SummaryCache
from extractor.sources import SourceSpec, open_source
from extractor.summary import ModuleSummary, decode, encode, summarize
from extractor.views import build_views
from renderers.svg import layout
from tests.git_repository import add_commit, git, make_repository
from tests.sample_graph import sample_graph

ROOT = Path(__file__).parent.parent
# Modules of the standard library that make objects, and so calls, out of bytes.
MAKES_CODE = {"pickle", "marshal", "shelve", "dbm", "copyreg"}
TASKS = "from celery import shared_task\n\n@shared_task\ndef sync():\n    return 1\n"


class Runs:
    """What a pickle of it does when it is read: it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.marker),)


def scanned(repository: Path, cache: Path) -> Graph:
    estate = estate_of([parse_source_override(f"shop={repository}")])
    trees = {spec.name: open_source(spec, cache) for spec in estate.sources()}
    return scan_estate(estate, trees, ScanOptions("2026-01-01T00:00:00+00:00", "1", 1, cache, offline=True))


def summary_body(source: str) -> list[Any]:
    return list(msgspec.msgpack.decode(encode(summarize(source.encode()))))


def test_no_module_of_ours_reads_what_could_be_code() -> None:
    for package in ("extractor", "renderers", "c4trace"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not {name.split(".")[0] for name in names} & MAKES_CODE, path


def test_a_planted_pickle_never_runs_and_the_entry_is_made_anew(tmp_path: Path) -> None:
    cache, marker = tmp_path / "cache", tmp_path / "marker"
    make_repository(tmp_path / "shop", {"shop/tasks.py": TASKS, "manage.py": ""})
    before = scanned(tmp_path / "shop", cache)
    body = pickle.dumps(Runs(marker))
    kept = [path for path in (cache / "facts").rglob("*") if path.is_file()]
    for newer in (False, True):
        for path in kept:
            path.write_bytes(sealed(path.name, body) if newer else hashlib.sha256(body).digest() + body)
        assert scanned(tmp_path / "shop", cache) == before
        assert all(body not in path.read_bytes() for path in kept)
    view = build_views(sample_graph())[0]
    drawn = layout(view, store=kept_layouts(cache))
    (one,) = (cache / "layouts").iterdir()
    kept_layouts(cache).put(one.name, body)
    assert layout(view, store=kept_layouts(cache)) == drawn
    assert kept
    assert not marker.exists()


def test_a_layout_with_other_boxes_or_with_text_for_a_number_is_made_anew(tmp_path: Path) -> None:
    view = max(build_views(sample_graph()), key=lambda one: len(one.edges))
    drawn = layout(view, store=kept_layouts(tmp_path))
    (one,) = (tmp_path / "layouts").iterdir()
    good = kept_layouts(tmp_path).get(one.name) or b""
    changes: tuple[Callable[[Any], object], ...] = (
        lambda placed: placed["boxes"].pop(),
        lambda placed: placed["boxes"][0].update(x="0'/><script>"),
        lambda placed: placed["curves"][0].update(points=[]),
        lambda placed: placed["curves"][0].update(source="nobody"),
        lambda placed: placed["labels"].append({"id": "none", "x": 0, "y": 0, "width": 1, "height": 1}),
        lambda placed: placed["titles"].clear(),
        lambda placed: placed["tuning"].update(rankdir=1),
    )
    for change in changes:
        body = msgspec.json.decode(good)
        change(body)
        kept_layouts(tmp_path).put(one.name, msgspec.json.encode(body))
        assert layout(view, store=kept_layouts(tmp_path)) == drawn
        assert kept_layouts(tmp_path).get(one.name) == good


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.data())
def test_what_is_damaged_or_was_kept_under_another_key_is_nothing(body: bytes, data: st.DataObject) -> None:
    whole = sealed("key", body)
    assert unsealed("key", whole) == body
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    assert unsealed("key", whole[:at] + flipped + whole[at + 1 :]) is None
    assert unsealed("key", whole[:at]) is None
    assert unsealed(data.draw(st.text(max_size=4)), whole) is None


def test_what_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a" / "inside").mkdir(parents=True)
    FileCache(tmp_path, 9).put("a", b"body")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_under_another_name_is_nothing(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 9)
    cache.put("a", b"body")
    (tmp_path / "a").rename(tmp_path / "b")
    assert cache.get("b") is None
    (tmp_path / "b").rename(tmp_path / "a")
    assert cache.get("a") == b"body"


def test_a_layout_whose_ids_are_no_utf_8_is_not_kept_and_nothing_breaks(tmp_path: Path) -> None:
    view = build_views(sample_graph())[0]
    ids = {node.id: f"{node.id}\ud800" for node in view.nodes}
    nodes = tuple(dataclasses.replace(node, id=ids[node.id]) for node in view.nodes)
    edges = tuple(
        dataclasses.replace(e, source=ids.get(e.source, ""), target=ids.get(e.target, "")) for e in view.edges
    )
    odd = dataclasses.replace(view, nodes=nodes, edges=edges)
    assert [box.id for box in layout(odd, store=kept_layouts(tmp_path)).boxes] == list(ids.values())
    assert not (tmp_path / "layouts").exists()


@pytest.mark.parametrize(
    "facts", [b"", b"\xc1", msgspec.msgpack.encode([]), msgspec.msgpack.encode({"source": "shop"})]
)
def test_facts_of_another_shape_are_none(tmp_path: Path, facts: bytes) -> None:
    cache = FactsCache(tmp_path)
    cache.put("shop", "k", RepoFacts(Source("shop", "/shop", "HEAD", "c" * 40, 1)))
    assert cache.get("shop", "k") is not None
    (folder,) = (tmp_path / "facts").iterdir()
    FileCache(folder, 4).put("k.facts", facts)
    assert cache.get("shop", "k") is None


def test_facts_with_half_a_surrogate_pair_are_not_kept_and_nothing_breaks(tmp_path: Path) -> None:
    cache = FactsCache(tmp_path)
    cache.put("shop", "k", RepoFacts(Source("shop", "/\ud800", "HEAD", "c" * 40, 1)))
    assert cache.get("shop", "k") is None


@pytest.mark.parametrize(
    "source",
    ["x = '\\ud800'\nclass A:\n    '''\\udfff'''\n", "x = b'\\xff\\x00'\n", "x = f'{y:\\ud800}'\n"],
    ids=["surrogates", "bytes", "surrogate in a format"],
)
def test_text_that_is_no_utf_8_comes_back_as_it_went(source: str) -> None:
    summary = summarize(source.encode())
    assert summary.error is None
    assert decode(encode(summary)) == summary


@pytest.mark.parametrize("number", ["0", "-1", "2**63", "2**64 - 1", "2**64", "-(2**63)", "-(2**63) - 1", "1 << 99999"])
def test_numbers_of_any_size_come_back_as_they_went(number: str) -> None:
    summary = summarize(f"x = {eval(number):#x}\n".encode())
    assert summary.error is None
    assert decode(encode(summary)) == summary


def leads_nowhere(body: list[Any]) -> None:
    body[1][2][0][6][1][-1] = 1_000


def leads_before_the_start(body: list[Any]) -> None:
    body[1][2][0][6][1][-1] = -1


def is_nothing(body: list[Any]) -> None:
    body[1][2][0][6][1][-1] = 0


def is_no_kind(body: list[Any]) -> None:
    body[1][0] = bytes([200]) + body[1][0][1:]


def has_too_few_rows(body: list[Any]) -> None:
    body[1][0] += body[1][0][:1] * 50


def has_another_type(body: list[Any]) -> None:
    body[1][2][0][0][2] = "1"


def has_a_name_for_a_place(body: list[Any]) -> None:
    body[1][1][10] = [["x", "y"] for _row in body[1][1][10]]


@pytest.mark.parametrize(
    "forge",
    [
        leads_nowhere,
        leads_before_the_start,
        is_nothing,
        is_no_kind,
        has_too_few_rows,
        has_another_type,
        has_a_name_for_a_place,
    ],
)
def test_a_forged_summary_is_none(forge: Callable[[list[Any]], None]) -> None:
    source = "import requests\nX = requests.get\nY = X('a')\n"
    body = summary_body(source)
    assert decode(msgspec.msgpack.encode(body)) == summarize(source.encode())
    forge(body)
    assert decode(msgspec.msgpack.encode(body)) is None


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.text(max_size=4) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(_PLAIN, st.data())
def test_whatever_is_forged_is_a_summary_or_none(planted: object, data: st.DataObject) -> None:
    body: Any = summary_body(
        "import a\ndef f(x, *y, k=1, **z):\n    return a.b(x)[k](f'{y}', *y, **z) or {'a': 1 + x}\n"
    )
    at, place = body, 0
    while isinstance(at, list) and at and data.draw(st.booleans() if at is not body else st.just(True)):
        place = data.draw(st.integers(0, len(at) - 1))
        if not isinstance(at[place], list) or not at[place]:
            break
        at = at[place]
    if isinstance(at, list) and at:
        at[min(place, len(at) - 1)] = planted
    found = decode(msgspec.msgpack.encode(body))
    assert found is None or isinstance(found, ModuleSummary)


@pytest.mark.parametrize(
    "script",
    [
        "CREATE VIEW summary AS SELECT 'b' AS blob, 'c' AS code, x'00' AS data",
        "CREATE TABLE summary (blob TEXT, code TEXT, data TEXT)",
        "CREATE TABLE other (x)",
        """CREATE TABLE summary (blob TEXT, code TEXT, data BLOB, PRIMARY KEY (blob, code));
        CREATE TRIGGER t AFTER INSERT ON summary BEGIN DELETE FROM summary; END""",
    ],
    ids=["a view", "another table", "a table more", "a trigger"],
)
def test_a_database_of_another_shape_is_made_anew(tmp_path: Path, script: str) -> None:
    with sqlite3.connect(tmp_path / "summaries.sqlite") as planted:
        planted.executescript(script)
    planted.close()
    summary = encode(summarize(b"x = 1\n"))
    cache = SummaryCache(tmp_path)
    cache.put_many({"b" * 40: summary})
    assert cache.get_many(["b" * 40]) == {"b" * 40: summary}
    cache.close()
    assert (tmp_path / "summaries.sqlite").stat().st_mode & 0o077 == 0


def test_a_row_under_another_id_is_nothing_and_a_message_that_is_no_text_breaks_nothing(tmp_path: Path) -> None:
    rows = {digit * 40: encode(summarize(f"x = {digit}\n".encode())) for digit in "12"}
    cache = SummaryCache(tmp_path)
    cache.put_many(rows)
    cache.close()
    file = tmp_path / "summaries.sqlite"
    content = file.read_bytes()
    swapped = content.replace(b"1" * 40, b"#" * 40).replace(b"2" * 40, b"1" * 40).replace(b"#" * 40, b"2" * 40)
    for damaged in (swapped, content.replace(b"summary", b"s\xcammary").replace(b"TABLE", b"XABLE")):
        assert damaged != content
        file.write_bytes(damaged)
        cache = SummaryCache(tmp_path)
        assert cache.get_many(rows) == {}
        cache.put_many(rows)
        assert cache.get_many(rows) == rows
        cache.close()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_a_damaged_database_costs_what_was_in_it_and_no_more(data: st.DataObject) -> None:
    rows = {f"{number:040x}": encode(summarize(f"x = {number}\n".encode())) for number in range(9)}
    with tempfile.TemporaryDirectory() as folder:
        cache = SummaryCache(Path(folder))
        cache.put_many(rows)
        cache.close()
        file = Path(folder) / "summaries.sqlite"
        content = bytearray(file.read_bytes())
        for at in data.draw(st.lists(st.integers(0, 4095) | st.integers(0, len(content) - 1), max_size=40)):
            content[at] = data.draw(st.integers(0, 255))
        file.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
        cache = SummaryCache(Path(folder))
        assert cache.summaries(rows).keys() <= rows.keys()
        cache.put_many(rows)
        cache.close()


def test_a_row_that_is_no_bytes_is_passed_over(tmp_path: Path) -> None:
    cache = SummaryCache(tmp_path)
    cache.put_many({name: encode(summarize(b"x = 1\n")) for name in "bcd"})
    cache.close()
    with sqlite3.connect(tmp_path / "summaries.sqlite") as planted:
        planted.execute("UPDATE summary SET data = 'text' WHERE blob = 'b'")
        planted.execute("UPDATE summary SET data = 5 WHERE blob = 'c'")
    planted.close()
    cache = SummaryCache(tmp_path)
    assert set(cache.summaries("bcd")) == {"d"}
    cache.close()


def forge_blob(repository: Path, path: str, content: bytes) -> None:
    """Put other bytes under the id of a committed file, as no git would: the loose object is written over."""
    name = git(repository, "rev-parse", f"HEAD:{path}")
    place = repository / ".git" / "objects" / name[:2] / name[2:]
    place.chmod(0o644)
    place.write_bytes(zlib.compress(b"blob %d\0" % len(content) + content))


def test_bytes_that_are_not_what_their_id_says_are_told_of_and_harm_no_later_scan(tmp_path: Path) -> None:
    make_repository(tmp_path / "sound", {"shop/tasks.py": TASKS, "manage.py": ""})
    git(tmp_path, "clone", "--quiet", "--no-hardlinks", str(tmp_path / "sound"), "tampered")
    forge_blob(tmp_path / "tampered", "shop/tasks.py", b"")
    alone, cache = tmp_path / "alone", tmp_path / "cache"
    expected = scanned(tmp_path / "sound", alone).tasks
    tampered = scanned(tmp_path / "tampered", cache)
    assert [(skip.path, skip.reason) for skip in tampered.sources[0].skipped] == [
        ("shop/tasks.py", "the object is not what its id says")
    ]
    assert tampered.tasks == ()
    assert [task.name for task in expected] == ["shop.tasks.sync"]
    # Also at the same address: what is kept is told by what was read.
    (tmp_path / "tampered").rename(tmp_path / "away")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "sound"), "tampered")
    for clone in ("tampered", "sound"):
        assert scanned(tmp_path / clone, cache).tasks == expected


def test_a_forged_file_is_read_no_sooner_than_its_own(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "A = 1\n", "b.py": "B = 2\n"})
    add_commit(tmp_path / "shop", {"c.py": "C = 3\n"}, "Second", 2)
    forge_blob(tmp_path / "shop", "b.py", b"B = 666\n")
    tree = open_source(SourceSpec("shop", str(tmp_path / "shop")), tmp_path / "cache")
    assert tree.whole()
    read = {entry.path: tree.read(entry.blob) for entry in tree.entries}
    assert read == {"a.py": b"A = 1\n", "b.py": None, "c.py": b"C = 3\n"}
    assert not tree.whole()


def in_its_place(place: Path, what: str) -> None:
    """Something else where a file of the cache was."""
    content = place.read_bytes()
    place.unlink()
    if what == "a folder":
        (place / "inside").mkdir(parents=True)
    elif what == "a link to nothing":
        place.symlink_to("nowhere")
    elif what == "a link to a device":
        place.symlink_to(os.devnull)
    elif what != "nothing":
        place.write_bytes({"no byte": b"", "half of it": content[: len(content) // 2], "text": b"#!/bin/sh\n"}[what])


@pytest.mark.slow
@pytest.mark.parametrize(
    "what", ["nothing", "no byte", "half of it", "text", "a folder", "a link to nothing", "a link to a device"]
)
def test_whatever_stands_in_place_of_a_file_of_the_cache_the_scan_is_the_same(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    cache = tmp_path / "cache"
    make_repository(tmp_path / "shop", {"shop/tasks.py": TASKS, "manage.py": ""})
    arguments = ["scan", "-q", "--offline", "--jobs", "1", "--source", f"shop={tmp_path / 'shop'}"]
    arguments += ["--cache-dir", str(cache), "--out", str(tmp_path / "out"), "--format", "mermaid"]

    def outputs() -> dict[str, bytes]:
        assert main(arguments) == 0
        out = tmp_path / "out"
        return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}

    whole = outputs()
    files = sorted(path.relative_to(cache) for path in cache.rglob("*") if path.is_file())
    assert {file.parts[0] for file in files} >= {"facts", "neutral", "summaries.sqlite"}
    for file in files:
        if (cache / file).is_file():  # summaries.sqlite-shm goes with what it belongs to
            in_its_place(cache / file, what)
            assert outputs() == whole, file
