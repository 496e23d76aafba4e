"""PNG pictures: those of the standalone SVG, the same bytes each time, with no font of the machine."""

from __future__ import annotations

import importlib.metadata
import re
import struct
import xml.etree.ElementTree as ET

import pytest

from c4trace.output.formats import DEFAULT_FORMATS, Material, check_formats, render_outputs
from extractor.errors import UserError
from extractor.views import build_views
from renderers.diagrams import png
from renderers.diagrams.png import PngError, plain_svg, render_pngs
from renderers.svg import LIGHT, Pictures, render_svg
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph

VIEWS = {view.id: view for view in build_views(sample_graph())}
FLOW = render_svg(VIEWS["flow-enrollment-sync"], standalone=True)


def size(picture: bytes) -> tuple[int, int]:
    """Width and height, from the header chunk (PNG specification, 11.2.1)."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    png._fonts.cache_clear()
    monkeypatch.setattr(importlib.metadata, "version", missing)


def test_a_picture_is_twice_the_size_of_its_svg() -> None:
    wide, tall = (float(v) for v in re.findall(r'width="([0-9.]+)" height="([0-9.]+)" role', FLOW)[0])
    width, height = size(render_pngs({"flow": FLOW})["flow"])
    assert (abs(width - 2 * wide) <= 1, abs(height - 2 * tall) <= 1) == (True, True)


def test_the_same_view_gives_the_same_bytes() -> None:
    assert render_pngs({"a": FLOW, "b": FLOW})["b"] == render_pngs({"a": FLOW})["a"]


def test_colours_are_written_out_and_nothing_else_is_changed() -> None:
    plain = plain_svg(FLOW)
    assert "var(" not in plain
    assert "@media" not in plain
    assert LIGHT["container"] in plain
    texts = [[t.text for t in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")] for svg in (FLOW, plain)]
    assert texts[0] == texts[1]


def test_letters_are_drawn_though_no_font_of_the_machine_is_used() -> None:
    label = '<text x="10" y="40" style="font-family:Arial, sans-serif;font-size:30px">%s</text>'
    frame = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60">%s</svg>'
    written, blank = render_pngs({"w": frame % label % "MMM", "b": frame % ""}).values()
    assert len(written) > len(blank)


@pytest.mark.slow
def test_hostile_names_are_drawn_like_any_other() -> None:
    graph = hostile_graph()
    drawn = render_pngs({view.id: render_svg(view, standalone=True) for view in build_views(graph)[:2]})
    assert all(size(picture)[0] > 0 for picture in drawn.values())


def test_what_is_no_svg_is_refused() -> None:
    with pytest.raises(PngError, match="could not be drawn"):
        render_pngs({"x": "<svg"})


def test_the_format_writes_a_picture_for_each_view_and_is_made_only_when_asked_for() -> None:
    assert "png" not in DEFAULT_FORMATS
    material = Material(sample_graph())
    material.__dict__["pictures"] = Pictures({}, {"flow": FLOW})
    files = render_outputs(material, ["png"])
    assert [name for name in files if name != "graph.json"] == ["png/flow.png"]


@pytest.mark.usefixtures("nothing_installed")
def test_without_the_extra_the_format_says_what_to_install_before_anything_is_scanned() -> None:
    with pytest.raises(UserError, match=r"resvg-py, which is not installed: pip install resvg-py font-roboto"):
        check_formats(["png"])
