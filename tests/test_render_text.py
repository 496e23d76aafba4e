"""The text formats of views: C4-PlantUML, Mermaid, Structurizr, LikeC4, D2. Golden files, structure, hostile text."""

from __future__ import annotations

import re

import pytest

from extractor.views import View, build_views
from renderers.diagrams.d2 import render_d2
from renderers.diagrams.likec4 import render_likec4
from renderers.diagrams.mermaid import markdown, mermaid_source, quoted, render_mermaid
from renderers.diagrams.plantuml import render_puml, safe
from renderers.diagrams.structurizr import render_structurizr
from renderers.words import identifiers, plain_quoted
from tests.golden_files import check_golden
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph

SAMPLE = sample_graph()
VIEWS = {view.id: view for view in build_views(SAMPLE)}
HOSTILE = build_views(hostile_graph())
BREAKING = 'quote " back \\ dollar ${x} percent %getenv("HOME") new\nline </script> [[http://x]] `tick` {{b}} #fff; end'


def hostile(name: str) -> View:
    return next(view for view in HOSTILE if view.id == name)


@pytest.mark.parametrize("name", ["landscape", "mitxonline-containers", "flow-enrollment-sync"])
class TestGolden:
    def test_plantuml(self, name: str) -> None:
        check_golden(f"{name}.puml", render_puml(VIEWS[name]))

    def test_mermaid(self, name: str) -> None:
        check_golden(f"{name}.md", render_mermaid(VIEWS[name]))

    def test_d2(self, name: str) -> None:
        check_golden(f"{name}.d2", render_d2(VIEWS[name]))


class TestPlantUml:
    def test_the_library_is_plantumls_own_and_fits_the_view(self) -> None:
        includes = {v.kind: "".join(re.findall(r"!include <C4/(\w+)>", render_puml(v))) for v in VIEWS.values()}
        assert includes == {
            "landscape": "C4_Context",
            "context": "C4_Context",
            "dependencies": "C4_Context",
            "container": "C4_Container",
            "component": "C4_Component",
            "dynamic": "C4_Dynamic",
        }

    def test_a_box_that_leads_on_links_to_the_other_picture(self) -> None:
        assert '$link="edx-context.svg"' in render_puml(VIEWS["landscape"])

    def test_an_arrow_can_be_given_an_address(self) -> None:
        view = VIEWS["flow-enrollment-sync"]
        text = render_puml(view, {view.edges[0].id: 'https://example.org/a.py#L3"), !exit'})
        assert '$link="https://example.org/a.py#L3%22%29,%20%21exit"' in text

    def test_asynchronous_arrows_are_dashed_and_steps_keep_their_numbers(self) -> None:
        text = render_puml(VIEWS["flow-enrollment-sync"])
        assert re.search(r'Rel\(.*"current grades".*\$tags="async", \$index=SetIndex\(5\)\)', text)
        assert "SetIndex(7)" not in text
        assert 'AddRelTag("async"' in text
        assert "DashedLine()" in text

    def test_nothing_in_a_text_can_end_its_string_or_call_a_function(self) -> None:
        assert not set(safe(BREAKING)) & set('"\\%$#[]{}`\n!')
        assert "<U+0022>" in safe('"')

    def test_markup_of_two_signs_is_broken_up(self) -> None:
        assert safe("a//b--c") == "a/<U+002F>b-<U+002D>c"

    def test_each_line_of_a_hostile_view_is_still_a_macro(self) -> None:
        for view in HOSTILE:
            for line in render_puml(view).splitlines():
                assert re.match(r"\s*(@|!include <C4/|title |AddRelTag\(|\w+\(.*\)( \{)?$|\}$|$)", line), line


class TestMermaid:
    def test_solid_and_dotted_arrows_and_the_amber_of_the_dotted(self) -> None:
        text = mermaid_source(VIEWS["flow-enrollment-sync"])
        assert (text.count("-->|"), text.count("-.->|")) == (5, 1)
        assert re.search(r"linkStyle \d+ stroke:#b45f06", text)

    def test_every_arrow_is_a_row_and_a_missing_step_says_so(self) -> None:
        rows = [line for line in render_mermaid(VIEWS["flow-enrollment-sync"]).splitlines() if line.startswith("| ")]
        assert len(rows) == 2 + len(VIEWS["flow-enrollment-sync"].edges)
        assert "not found in the code" in rows[-1]

    def test_nothing_in_a_text_can_end_its_string(self) -> None:
        assert re.fullmatch(r"[\w\s,.:()'?+/;#-]*", quoted(BREAKING))

    def test_a_table_cell_stays_one_cell(self) -> None:
        cell = markdown("a | b\n<img src=x> [x](javascript:y) `c`")
        assert not re.search(r"(?<!\\)[|<\[`\n]", cell)

    def test_a_fence_cannot_be_closed_from_inside(self) -> None:
        text = render_mermaid(hostile("flow-enrollment-sync"))
        assert text.count("```") == 2
        assert "<img" not in text


class TestStructurizr:
    TEXT = render_structurizr(SAMPLE)

    def test_the_workspace_is_the_one_that_was_looked_at(self) -> None:
        check_golden("workspace.dsl", self.TEXT)

    def test_braces_are_balanced_even_with_hostile_names(self) -> None:
        for text in (self.TEXT, render_structurizr(hostile_graph())):
            bare = re.sub(r'"[^"\n]*"', '""', text)
            assert bare.count("{") == bare.count("}")
            assert '"' not in bare.replace('""', "")

    def test_every_name_used_is_declared(self) -> None:
        declared = set(re.findall(r"^\s*(n_\w+) = ", self.TEXT, re.M))
        assert set(re.findall(r"\bn_\w+", re.sub(r'"[^"\n]*"', "", self.TEXT))) == declared

    def test_no_two_relations_are_alike(self) -> None:
        relations = re.findall(r'^    (n_\w+ -> n_\w+ "[^"]*")', self.TEXT, re.M)
        assert len(relations) == len(set(relations))

    def test_a_missing_step_is_left_out(self) -> None:
        assert "certificate status" not in self.TEXT


class TestLikeC4:
    TEXT = render_likec4(SAMPLE, tuple(VIEWS.values()))

    def test_the_source_is_the_one_that_was_looked_at(self) -> None:
        check_golden("model.c4", self.TEXT)

    def test_parts_are_named_inside_their_system(self) -> None:
        assert re.search(r"n_mitxonline\.n_mitxonline_worker -\[async\]-> n_edx\.n_edx_lms", self.TEXT)

    def test_views_of_components_are_left_out(self) -> None:
        assert self.TEXT.count("dynamic view ") == 3
        assert "components" not in self.TEXT

    def test_braces_are_balanced_even_with_hostile_names(self) -> None:
        bare = re.sub(r'"[^"\n]*"', '""', render_likec4(hostile_graph(), HOSTILE))
        assert bare.count("{") == bare.count("}")


class TestD2:
    def test_parts_stand_in_their_frame(self) -> None:
        assert re.search(r"^b0\.n\d+ -> ", render_d2(VIEWS["mitxonline-containers"]), re.M)

    def test_strings_cannot_be_left(self) -> None:
        for view in HOSTILE:
            for line in render_d2(view).splitlines():
                assert '"' not in re.sub(r'"(?:\\.|[^"\\])*"', "", line), line


class TestWords:
    def test_a_quoted_string_holds_no_sign_that_ends_it(self) -> None:
        assert plain_quoted(BREAKING)[1:-1].isprintable()
        assert not set(plain_quoted(BREAKING)[1:-1]) & set('"\\')
        assert "${" not in plain_quoted(BREAKING)

    def test_identifiers_are_words_and_unique(self) -> None:
        names = identifiers(["a.b", "a-b", "9", "ünï"])
        assert len(set(names.values())) == 4
        assert all(re.fullmatch(r"n_\w+", name, re.A) for name in names.values())
