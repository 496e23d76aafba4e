"""The page of a diff as a reader uses it: it opens from disk without a word to the network, and the switch works."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from extractor.diff import diff_graphs
from extractor.views import build_views
from extractor.views.merged import merged_views
from renderers.diff.html import render_diff_html
from renderers.svg import render_svg
from tests.sample_graph import sample_graph

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of a diff in which arrows were added and removed, open from disk."""
    whole = sample_graph()
    base = dataclasses.replace(whole, flows=whole.flows[2:])
    head = dataclasses.replace(whole, flows=whole.flows[:-2])
    views = merged_views(build_views(base), build_views(head))[:1]
    file: Path = tmp_path_factory.mktemp("diff") / "diff.html"
    file.write_text(render_diff_html(diff_graphs(base, head), views, render_svg), "utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        messages: list[str] = []
        opened.on("console", lambda message: messages.append(message.text))
        opened.on("pageerror", lambda error: messages.append(str(error)))
        opened.on("request", lambda request: messages.append(request.url) if request.url != file.as_uri() else None)
        opened.goto(file.as_uri())
        yield opened
        assert messages == []
        browser.close()


def test_the_switch_shows_before_after_and_both(page: Page) -> None:
    added, removed = page.locator(".edge.diff-added").first, page.locator(".edge.diff-removed").first
    assert added.is_visible()
    assert removed.is_visible()
    page.get_by_role("button", name="Before").click()
    assert (added.is_visible(), removed.is_visible()) == (False, True)
    page.get_by_role("button", name="After").click()
    assert (added.is_visible(), removed.is_visible()) == (True, False)
    page.get_by_role("button", name="Both").click()
    assert (added.is_visible(), removed.is_visible()) == (True, True)


def test_the_switch_works_from_the_keyboard_and_says_what_is_chosen(page: Page) -> None:
    after = page.get_by_role("button", name="After")
    after.focus()
    page.keyboard.press("Enter")
    assert after.get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="Both").get_attribute("aria-pressed") == "false"


def test_the_page_is_not_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
