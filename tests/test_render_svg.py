"""The SVG diagrams: what scripts and screen readers rely on, that nothing overlaps, that hostile text stays text."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.graph import Context
from extractor.views import Boundary, View, ViewEdge, ViewNode, build_views, chain_view, opened_views
from extractor.workers import worker_pool
from renderers.svg import DARK, LIGHT, LayoutError, layout, quality, render_pictures, render_svg, style_sheet, text
from renderers.svg.label_placement import placed_labels
from renderers.svg.placed import Curve, Placed, Rect
from renderers.svg.text import width, wrap
from tests.golden_files import check_golden
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph

SVG = "{http://www.w3.org/2000/svg}"
SAMPLE = build_views(sample_graph())
VIEWS = {view.id: view for view in SAMPLE}

# Arrows that cross, and arrows that pass over a text, at most: lower a number when the layout gets better.
CEILINGS = {
    "landscape": (4, 0),
    "edx-containers": (1, 0),
    "edx-lms-components": (4, 0),
    "flow-enrollment-sync": (1, 0),
    "micromasters-containers": (4, 0),
    "micromasters-web-components": (1, 2),
    "micromasters-worker-components": (0, 1),
    "mitxonline-containers": (3, 1),
    "mitxonline-web-components": (1, 0),
    "mitxonline-worker-components": (2, 2),
}


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


def groups(root: ET.Element, word: str) -> list[ET.Element]:
    return [g for g in root.iter(f"{SVG}g") if word in g.get("class", "").split()]


def node(name: str, kind: str = "container", **more: Any) -> ViewNode:
    return dataclasses.replace(ViewNode(name, kind, name, "", "", (name,)), **more)


def edge(source: str, target: str, **more: Any) -> ViewEdge:
    return dataclasses.replace(ViewEdge(f"{source}-{target}", source, target, "data", "", True, ("f",)), **more)


def view(nodes: tuple[ViewNode, ...], edges: tuple[ViewEdge, ...] = (), frames: tuple[Boundary, ...] = ()) -> View:
    return View(
        id="v",
        kind="container",
        title="Title",
        description="Text",
        system="",
        nodes=nodes,
        edges=edges,
        boundaries=frames,
    )


class TestContract:
    ROOT = parsed(render_svg(VIEWS["mitxonline-containers"]))

    def test_every_box_names_its_node_and_kind(self) -> None:
        found = {g.get("data-node"): g.get("data-kind") for g in groups(self.ROOT, "node") if g.get("data-node")}
        assert found == {n.id: n.kind for n in VIEWS["mitxonline-containers"].nodes}

    def test_a_box_that_leads_on_is_a_link_and_others_can_be_focused(self) -> None:
        links = {g.get("data-node"): a.get("href") for a in self.ROOT.iter(f"{SVG}a") for g in a.findall(f"{SVG}g")}
        assert links["mitxonline.worker"] == "view:mitxonline-worker-components"
        plain = [g for g in groups(self.ROOT, "node") if g.get("data-node") == "mitxonline.db"]
        assert plain[0].get("tabindex") == "0"

    def test_every_arrow_names_its_edge_and_its_flows_and_says_what_it_is(self) -> None:
        arrows = {g.get("data-edge"): g for g in groups(self.ROOT, "edge") if g.get("data-edge")}
        assert set(arrows) == {e.id for e in VIEWS["mitxonline-containers"].edges}
        for e in VIEWS["mitxonline-containers"].edges:
            drawn = arrows[e.id]
            assert drawn.get("data-flows", "").split() == list(e.flow_ids)
            assert drawn.get("class", "").split()[1] == ("sync" if e.sync else "async")
            assert ("brittle" in drawn.get("class", "").split()) == e.brittle
            assert (drawn.get("tabindex"), drawn.get("role")) == ("0", "button")

    def test_an_arrows_name_reads_as_a_sentence(self) -> None:
        names = {g.get("aria-label") for g in groups(self.ROOT, "edge")}
        assert "Beat to Broker: scheduled tasks, asynchronous" in names
        assert "MicroMasters to Web: course catalogue, synchronous, brittle" in names

    def test_every_arrow_has_a_wide_path_to_point_at(self) -> None:
        assert all(
            [p.get("class") for p in g.findall(f"{SVG}path")][:2] == ["hit", "line"]
            for g in groups(self.ROOT, "edge")
            if g.get("data-edge")
        )

    def test_the_picture_has_a_title_and_a_description(self) -> None:
        assert self.ROOT.findtext(f"{SVG}title") == "Containers: MITx Online"
        shown = VIEWS["mitxonline-containers"]
        assert f"{len(shown.nodes)} elements, {len(shown.edges)} arrows" in self.ROOT.findtext(f"{SVG}desc", "")

    def test_the_same_view_gives_the_same_bytes_alone_or_among_others(self) -> None:
        together = render_pictures(SAMPLE)
        layout.cache_clear()
        assert list(together.inline) == list(together.alone) == [shown.id for shown in SAMPLE]
        for name in ("landscape", "edx-lms-components"):
            assert render_svg(VIEWS[name]) == together.inline[name]
            assert render_svg(VIEWS[name], standalone=True) == together.alone[name]

    @pytest.mark.slow
    def test_processes_draw_the_same(self) -> None:
        opened = opened_views(sample_graph(), SAMPLE)
        with worker_pool(2) as pool:
            assert render_pictures(SAMPLE, opened, executor=pool) == render_pictures(SAMPLE, opened)

    @pytest.mark.parametrize("name", ["flow-enrollment-sync", "micromasters-containers"])
    def test_the_picture_is_the_one_that_was_looked_at(self, name: str) -> None:
        check_golden(f"{name}.svg", render_svg(VIEWS[name], standalone=True))


class TestDynamic:
    ROOT = parsed(render_svg(VIEWS["flow-enrollment-sync"]))

    def test_steps_carry_their_number_in_a_circle(self) -> None:
        arrows = [g for g in groups(self.ROOT, "edge") if g.get("data-edge")]
        shown = {g.get("data-n"): groups(g, "step")[0].findtext(f"{SVG}text") for g in arrows}
        assert shown == {str(n): str(n) for n in range(1, 7)}

    def test_a_missing_step_is_said_and_not_drawn(self) -> None:
        assert "7" not in {g.get("data-n") for g in groups(self.ROOT, "edge")}
        assert "1 steps matched nothing" in self.ROOT.findtext(f"{SVG}desc", "")


class TestLegend:
    def words(self, shown: View) -> set[str]:
        keys = groups(parsed(render_svg(shown)), "legend")
        return {t.text or "" for g in keys for t in g.iter(f"{SVG}text")} - {"!", "1"}

    def test_it_holds_what_the_picture_holds_and_nothing_else(self) -> None:
        shown = view((node("a", "person"), node("b", "database")), (edge("a", "b"),))
        assert self.words(shown) == {"Person", "Database", "Synchronous: the caller waits"}

    def test_dashes_steps_and_signs_are_explained_where_they_occur(self) -> None:
        shown = view((node("a"), node("b")), (edge("a", "b", sync=False, n=1, brittle=True),))
        assert self.words(shown) == {
            "Container",
            "Asynchronous: queued, scheduled or event-driven",
            "Step, in order",
            "Brittle link",
        }


class TestShapes:
    def test_each_kind_has_a_shape_of_its_own(self) -> None:
        kinds = ("person", "container", "database", "queue", "cache", "search", "storage", "component", "external")
        drawings = set()
        for kind in kinds:
            group = groups(parsed(render_svg(view((node("a", kind),)))), "node")[0]
            outline = [part for part in group if part.tag != f"{SVG}text"]
            drawings.add(tuple((p.tag, p.get("class"), re.sub("[0-9. ]", "", p.get("d", ""))) for p in outline))
        assert len(drawings) == len(kinds)

    def test_a_group_stands_as_a_stack(self) -> None:
        one = groups(parsed(render_svg(view((node("a", "external"),)))), "node")[0]
        many = groups(parsed(render_svg(view((node("a", "external", node_ids=("x", "y")),)))), "node")[0]
        assert len(list(many.iter(f"{SVG}rect"))) == len(list(one.iter(f"{SVG}rect"))) + 2


class TestLayout:
    @pytest.mark.parametrize("name", sorted(VIEWS))
    def test_no_label_lies_on_a_box_or_on_another_label(self, name: str) -> None:
        reading = quality.read(layout(VIEWS[name]))
        assert (reading.label_box, reading.label_label, reading.edge_box) == (0, 0, 0)

    @pytest.mark.parametrize("name", sorted(VIEWS))
    def test_a_picture_does_not_get_harder_to_read(self, name: str) -> None:
        reading = quality.read(layout(VIEWS[name]))
        crossings, over_text = CEILINGS.get(name, (0, 0))
        assert reading.crossings <= crossings
        assert reading.edge_label <= over_text

    @pytest.mark.parametrize("name", sorted(VIEWS))
    def test_boxes_stand_apart_and_inside_their_frames(self, name: str) -> None:
        placed = layout(VIEWS[name])
        frames = {rect.id: rect for rect in placed.frames}
        rects = {rect.id: rect for rect in placed.boxes}
        for box in VIEWS[name].nodes:
            assert not any(rects[box.id].overlap(other) for key, other in rects.items() if key != box.id)
            assert not box.boundary or rects[box.id].within(frames[box.boundary])

    def test_a_ring_of_systems_in_frames_is_laid_out(self) -> None:
        frames = tuple(Boundary(f"f{n}", f"F{n}", "system") for n in range(4))
        nodes = tuple(node(f"n{n}", boundary=f"f{n}") for n in range(4))
        ring = tuple(edge(f"n{n}", f"n{(n + 1) % 4}") for n in range(4))
        assert quality.read(layout(view(nodes, (*ring, edge("n0", "n0")), frames))).clear

    def test_many_arrows_between_two_boxes_keep_their_labels_apart(self) -> None:
        edges = tuple(edge("a", "b", id=f"e{n}", label=f"what moves {n}") for n in range(9))
        assert quality.read(layout(view((node("a"), node("b")), edges))).clear

    def test_a_crowded_picture_is_laid_out_in_bounded_time(self) -> None:
        edges = tuple(edge(f"n{n % 12}", f"n{(n * 7 + 5) % 12}", id=f"e{n}") for n in range(110))
        placed = layout(view(tuple(node(f"n{n}") for n in range(12)), edges))
        assert len(placed.curves) == 110

    def test_an_auto_scenario_is_laid_out_clear(self) -> None:
        chain = chain_view(sample_graph(), Context("task", "dashboard.tasks.batch_update_user_data"), "micromasters")
        assert chain is not None
        assert quality.read(layout(chain)).clear

    def test_an_empty_view_is_a_picture_too(self) -> None:
        assert parsed(render_svg(view(()))).tag == f"{SVG}svg"

    def test_an_engine_that_is_not_there_is_an_error_that_says_so(self) -> None:
        with pytest.raises(LayoutError, match="could not be run"):
            layout(view((node("a"),)), dot="/nonexistent/dot")


class TestMeter:
    def placed(self, *labels: Rect) -> Placed:
        boxes = (Rect("a", 0, 0, 100, 50), Rect("b", 0, 200, 100, 50))
        way = ((50.0, 50.0), (50.0, 100.0), (50.0, 150.0), (50.0, 190.0), (50.0, 200.0))
        across = ((0.0, 120.0), (30.0, 120.0), (60.0, 120.0), (190.0, 120.0), (200.0, 120.0))
        curves = (Curve("e", "a", "b", way), Curve("x", "c", "d", across))
        return Placed(300.0, 250.0, boxes, (), (), curves, labels)

    def test_crossing_arrows_are_counted_once(self) -> None:
        assert quality.read(self.placed()).crossings == 1

    def test_a_label_on_a_box_and_a_label_on_a_label_are_told(self) -> None:
        reading = quality.read(self.placed(Rect("e", 20, 20, 60, 20), Rect("x", 40, 30, 60, 20)))
        assert (reading.label_box, reading.label_label, reading.clear) == (2, 1, False)

    def test_an_arrow_over_anothers_label_is_told(self) -> None:
        assert quality.read(self.placed(Rect("e", 100, 110, 60, 20))).edge_label == 1

    def test_a_label_in_the_way_is_moved_along_its_arrow(self) -> None:
        moved = placed_labels(self.placed(Rect("e", 20, 20, 60, 20)))
        assert quality.read(moved).clear
        assert 50 < moved.labels[0].centre[1] < 200

    def test_a_label_that_is_clear_stays(self) -> None:
        label = Rect("e", 120, 60, 60, 20)
        assert placed_labels(self.placed(label)).labels == (label,)


class TestText:
    @given(st.text(max_size=200), st.sampled_from([40.0, 148.0, 178.0]))
    def test_no_line_is_wider_than_its_room_and_no_letter_is_lost(self, text: str, room: float) -> None:
        lines = wrap(text, room, 12)
        assert all(width(line, 12) <= room for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())

    def test_a_long_name_breaks_at_its_seams(self) -> None:
        assert wrap("openedx.core.djangoapps.enrollments", 100, 12) == ("openedx.core.", "djangoapps.", "enrollments")

    def test_a_text_that_must_be_cut_says_so(self) -> None:
        lines = wrap("word " * 100, 100, 12, most=2)
        assert len(lines) == 2
        assert lines[1].endswith("…")


class TestHostileText:
    @pytest.mark.parametrize("shown", build_views(hostile_graph()), ids=lambda v: v.id)
    def test_markup_in_names_stays_text(self, shown: View) -> None:
        root = parsed(render_svg(shown))
        known = {f"{SVG}{tag}" for tag in ("svg", "title", "desc", "style", "g", "a", "rect", "path", "circle", "text")}
        assert {part.tag for part in root.iter()} <= known
        assert not any(name.startswith("on") for part in root.iter() for name in part.attrib)
        assert all(re.fullmatch(r"view:[a-z0-9-]+", a.get("href", "")) for a in root.iter(f"{SVG}a"))

    def test_characters_that_xml_cannot_hold_are_replaced(self) -> None:
        text = render_svg(view((node("nul\0 esc\x1b[31m half\ud800"),)))
        assert parsed(text.encode("utf-8").decode("utf-8")).tag == f"{SVG}svg"


class TestColours:
    @staticmethod
    def contrast(one: str, two: str) -> float:
        """The contrast ratio of WCAG 2.2 (relative luminance)."""

        def luminance(colour: str) -> float:
            parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
            red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue

        bright, dark = sorted((luminance(one), luminance(two)), reverse=True)
        return (bright + 0.05) / (dark + 0.05)

    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
    def test_text_can_be_read(self, theme: dict[str, str]) -> None:
        pairs = [(theme["on"], theme[fill]) for fill in ("person", "system", "container", "store", "queue", "external")]
        pairs += [(theme["on-component"], theme["component"])]
        pairs += [(theme[ink], theme[back]) for ink in ("ink", "muted") for back in ("bg", "frame-fill")]
        pairs += [(theme["bg"], theme["sync"]), (theme["bg"], theme["async"])]
        assert [pair for pair in pairs if self.contrast(*pair) < 4.5] == []

    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
    def test_lines_can_be_seen(self, theme: dict[str, str]) -> None:
        lines = ("sync", "async", "warn", "frame", "focus", "edge")
        assert [name for name in lines if self.contrast(theme[name], theme["bg"]) < 3] == []

    def test_standing_alone_it_brings_both_themes(self) -> None:
        assert "prefers-color-scheme:dark" in style_sheet(standalone=True)
        assert "prefers-color-scheme" not in style_sheet()


def test_a_name_of_a_hundred_thousand_letters_is_cut_and_each_letter_measured_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = 0

    def counted(char: str, table: tuple[int, ...], real: Any = text._advance) -> int:
        nonlocal measured
        measured += 1
        return int(real(char, table))

    monkeypatch.setattr(text, "_advance", counted)
    name = "x" * 99_999 + "q"
    lines = wrap(name, 180, 12, most=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert measured < 10 * len(name)
