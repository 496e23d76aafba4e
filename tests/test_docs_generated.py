"""The generated pages: up to date, and made from what is there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from docs.generate import ROOT, architecture, pages

PAGES = pages()


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path], "run `make docs`"


def test_every_module_that_says_something_is_on_the_page_of_the_architecture() -> None:
    modules = {
        str(path.relative_to(ROOT))
        for package in ("extractor", "renderers", "c4trace")
        for path in (ROOT / package).rglob("*.py")
        if path.read_text(encoding="utf-8").strip()
    }
    told = set(re.findall(r"^- `([\w./]+\.py)`: \S", PAGES["docs/architecture.md"], re.MULTILINE))
    assert told == modules


FILES = {
    "extractor/link/calls.py": """
        '''Calls.'''
        from extractor.evaluate import values
        import extractor.model.graph
    """,
    "extractor/evaluate/values.py": """
        '''Values
        of expressions.

        More.'''
        def f():
            from extractor.model import graph
    """,
    "extractor/model/graph.py": """
        '''Nouns.'''
        import extractor.model.ids
        from renderers import words
    """,
    "extractor/errors.py": """
        '''Errors.'''
    """,
}


def test_the_picture_has_an_arrow_for_each_import_that_no_longer_way_tells(tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    page = architecture(tmp_path)
    picture = page.partition("## extractor\n")[2].partition("```mermaid\n")[2].partition("```")[0]
    arrows = [line.strip() for line in picture.splitlines() if "-->" in line]
    boxes = [line.strip() for line in picture.splitlines() if "[" in line]
    assert arrows == ["evaluate --> model", "link --> evaluate"]
    assert boxes == ["errors[errors]", "evaluate[evaluate]", "link[link]", "model[model]"]
    assert "- `extractor/evaluate/values.py`: Values of expressions.\n" in page
