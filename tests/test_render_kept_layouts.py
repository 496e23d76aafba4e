"""Layouts kept between runs: the same picture as without them, and a new one for a changed view or a damaged file."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from c4trace.output.formats import kept_layouts
from extractor.files.cache import FileCache
from extractor.views import View, build_views
from renderers.svg import layout, render_svg
from tests.sample_graph import sample_graph

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def view() -> View:
    return max(build_views(sample_graph()), key=lambda one: len(one.edges))


def test_a_kept_layout_gives_the_same_bytes(view: View, tmp_path: Path) -> None:
    store = kept_layouts(tmp_path)
    fresh = render_svg(view, store=store)
    layout.cache_clear()
    again = render_svg(view, store=kept_layouts(tmp_path))
    assert render_svg(view) == fresh == again
    assert len(list((tmp_path / "layouts").iterdir())) == 1


def test_the_kept_layout_is_what_is_drawn(view: View, tmp_path: Path) -> None:
    store = kept_layouts(tmp_path)
    render_svg(view, store=store)
    (kept,) = (tmp_path / "layouts").iterdir()
    store.put(kept.name, (store.get(kept.name) or b"").replace(b'"width":', b'"width":1', 1))
    assert layout(view, store=kept_layouts(tmp_path)).width != layout(view).width


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"width": 1}'])
def test_a_damaged_layout_is_made_anew(view: View, tmp_path: Path, damage: bytes) -> None:
    render_svg(view, store=kept_layouts(tmp_path))
    (kept,) = (tmp_path / "layouts").iterdir()
    kept.write_bytes(damage)  # no checksum
    assert layout(view, store=kept_layouts(tmp_path)) == layout(view)
    kept_layouts(tmp_path).put(kept.name, damage)  # a checksum, and no layout
    assert layout(view, store=kept_layouts(tmp_path)) == layout(view)


def test_another_text_is_another_layout(view: View, tmp_path: Path) -> None:
    first = view.nodes[0]
    longer = dataclasses.replace(first, name=first.name + " with a longer name")
    changed = dataclasses.replace(view, nodes=(longer, *view.nodes[1:]))
    for one in (view, changed):
        render_svg(one, store=kept_layouts(tmp_path))
    assert len(list((tmp_path / "layouts").iterdir())) == 2
    assert layout(changed, store=kept_layouts(tmp_path)) == layout(changed)


def test_only_the_last_used_files_stay(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, most=2)
    for age, key in enumerate(("a", "b", "c")):
        cache.put(key, key.encode())
        if (tmp_path / key).exists():
            os.utime(tmp_path / key, (age, age))
    assert [cache.get(key) for key in ("a", "b", "c")] == [None, b"b", b"c"]
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_kept_is_not_missed(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = FileCache(blocked / "below", most=2)
    cache.put("a", b"1")
    assert cache.get("a") is None
    assert FileCache(None, most=2).get("a") is None
