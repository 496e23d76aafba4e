"""The Markdown pages: the site's content, every link leading somewhere, hostile text inert."""

from __future__ import annotations

import posixpath
import re

import pytest
from markdown_it import MarkdownIt

from extractor.views import build_views
from renderers.markdown import render_markdown
from renderers.svg import render_svg
from tests.golden_files import check_golden
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph

SAMPLE = sample_graph()
VIEWS = build_views(SAMPLE)
PAGES = render_markdown(SAMPLE, VIEWS)


class TestPages:
    def test_each_system_has_its_pages_and_an_index(self) -> None:
        names = {
            "index",
            "system-context",
            "containers",
            "components",
            "data-flows",
            "tasks",
            "api",
            "dependencies",
            "brittle",
        }
        assert {path for path in PAGES if path.startswith("edx/")} == {f"edx/{name}.md" for name in names}
        assert {"index.md", "unknown.md"} <= set(PAGES)

    def test_the_data_flows_are_those_that_were_looked_at(self) -> None:
        check_golden("data-flows.md", PAGES["edx/data-flows.md"])

    def test_every_link_between_pages_leads_to_one(self) -> None:
        for path, body in PAGES.items():
            for target in re.findall(r"\]\((?!https?:)([^)]+)\)", body):
                assert posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) in PAGES

    def test_an_ingestion_row_has_its_sign_its_reason_and_its_line(self) -> None:
        row = next(line for line in PAGES["edx/data-flows.md"].splitlines() if "MicroMasters (batch" in line)
        assert row.startswith("| ⚠️ **")
        assert "three requests have no timeout" in row
        assert re.search(r"\(https://github.com/example/micromasters/blob/\w{40}/dashboard/\S+#L291-L291\)", row)

    def test_diagrams_can_be_pictures_beside_the_pages(self) -> None:
        pages = render_markdown(SAMPLE, VIEWS, {view.id: render_svg(view, standalone=True) for view in VIEWS})
        assert "](../diagrams/edx-context.svg)" in pages["edx/system-context.md"]
        assert pages["diagrams/edx-context.svg"].startswith("<svg")
        assert not any("```mermaid" in body for path, body in pages.items() if path.endswith(".md"))


class TestHostileText:
    GRAPH = hostile_graph()
    HOSTILE = render_markdown(GRAPH, build_views(GRAPH))

    @pytest.mark.parametrize("path", sorted(HOSTILE))
    def test_no_markup_comes_out_of_scanned_text(self, path: str) -> None:
        html = MarkdownIt("commonmark", {"html": True}).enable("table").render(self.HOSTILE[path])
        assert "<img" not in html
        assert "<script" not in html.lower()
        assert set(re.findall(r"<(\w+)", html)) <= {
            "h1",
            "h2",
            "p",
            "a",
            "code",
            "pre",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "strong",
            "em",
            "ul",
            "li",
        }

    def test_no_link_leads_to_a_script(self) -> None:
        for body in self.HOSTILE.values():
            assert not re.search(r"\]\(\s*javascript:", body)

    def test_a_table_keeps_its_columns(self) -> None:
        for body in self.HOSTILE.values():
            for block in re.findall(r"(?:^\|.*\n?)+", body, re.M):
                assert len({line.count("|") for line in block.splitlines()}) == 1
