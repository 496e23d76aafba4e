"""The site in a real browser, opened from disk: what a reader does, by mouse and by keyboard."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph
from tests.site_browser import chromium, chromium_path, troubles_of
from tests.site_files import site_of, write_site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine: the browser tests need one"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    graph = sample_graph()
    route = next(r for r in graph.routes if r.repo == "mitxonline")
    many = tuple(dataclasses.replace(route, id=f"many{n}", pattern=f"/api/many/{n}/") for n in range(400))
    graph = dataclasses.replace(graph, routes=(*graph.routes, *many))
    return write_site(site_of(graph, {"changes": "<p>Nothing changed.</p>"}), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page; the test fails when it logs an error or asks for anything but files."""
    made = context.new_page()
    troubles = troubles_of(made)
    yield made
    assert troubles == []


def _open(page: Page, site: Path, path: str) -> None:
    # From about:blank, so that an address that differs only behind the # is a fresh page too.
    page.goto("about:blank")
    page.goto(f"{site.as_uri()}/{path}")


def _paths(site: Path) -> list[str]:
    return sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))


def _text(site: Path, page: str) -> str:
    return (site / f"systems/{page}.html").read_text(encoding="utf-8")


def _box(page: Page, selector: str = "figure.diagram .canvas svg") -> list[float]:
    return [float(n) for n in (page.locator(selector).first.get_attribute("viewBox") or "").split()]


def test_every_page_opens_without_a_word_in_the_console(page: Page, site: Path) -> None:
    for path in _paths(site):
        _open(page, site, path)
        expect(page.locator("h1")).to_have_count(1)
        assert page.evaluate("document.documentElement.classList.contains('live')"), path


def test_hostile_names_run_nothing(page: Page, tmp_path: Path) -> None:
    hostile = write_site(site_of(hostile_graph()), tmp_path)
    for path in _paths(hostile):
        _open(page, hostile, path)
    _open(page, hostile, "systems/mitxonline/calls.html")
    page.locator("button[data-flow]").first.click()
    expect(page.locator("#panel-body .facts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.locator("#search-input").fill("onerror")
    expect(page.locator("#search-results li").first).to_be_visible()
    assert page.locator("img").count() == 0


def test_the_wheel_zooms_a_drag_pans_and_fit_shows_all(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    before = _box(page)
    page.locator(".canvas").hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function("w => document.querySelector('.canvas svg').viewBox.baseVal.width < w", arg=before[2])
    zoomed = _box(page)
    box = page.locator(".canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 90, steps=4)
    page.mouse.up()
    panned = _box(page)
    assert panned[0] > zoomed[0]
    assert panned[1] < zoomed[1]
    assert panned[2:] == zoomed[2:]
    page.get_by_role("button", name="Fit").click()
    assert _box(page)[2] > zoomed[2]


def test_the_keyboard_pans_and_zooms_a_diagram(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    page.locator(".canvas").focus()
    before = _box(page)
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    after = _box(page)
    assert after[2] < before[2]
    assert after[0] > before[0]


def test_a_system_drills_down_to_its_context_and_containers(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    page.locator("a:has(> g[data-node='mitxonline'])").click()
    expect(page).to_have_url(re.compile("systems/mitxonline/context.html"))
    page.locator("a:has(> g[data-node='mitxonline'])").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("systems/mitxonline/containers.html"))


def test_clicking_an_arrow_opens_its_evidence(page: Page, site: Path) -> None:
    _open(page, site, "systems/micromasters/flows.html")
    page.locator("[data-edge][data-n='5'] .label").first.click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("current grades")
    expect(panel).to_contain_text("Fridays, every 6 hours, UTC")
    expect(panel).to_contain_text("Give the client a timeout")
    expect(panel).to_contain_text("From entry point to call")
    link = panel.locator("ul.evidence a").first
    expect(link).to_have_attribute("href", re.compile(r"/blob/(0f1e2d3c){5}/dashboard/api_edx_cache\.py#L291"))


def test_an_arrow_in_focus_shows_evidence_enter_goes_there_and_escape_comes_back(page: Page, site: Path) -> None:
    _open(page, site, "systems/micromasters/flows.html")
    page.locator(".canvas").first.focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.hasAttribute('data-edge')"):
            break
    expect(page.locator("#panel .facts").last).to_be_visible()
    edge = page.evaluate("document.activeElement.dataset.edge")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.edge") == edge


def test_an_arrow_has_an_address_of_its_own(page: Page, site: Path) -> None:
    _open(page, site, "systems/micromasters/flows.html")
    page.locator("[data-edge][data-n='3'] .label").first.click()
    expect(page.locator("#panel .facts").last).to_be_visible()
    _open(page, site, page.url.split(f"{site.as_uri()}/")[1])
    expect(page.locator("#panel")).to_contain_text("enrolments")
    expect(page.locator("[data-edge].chosen")).to_have_attribute("data-n", "3")


def test_a_box_without_a_diagram_lists_its_arrows(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    page.get_by_role("button", name="Fit").click()
    page.locator("g[data-node='learner']").click()
    expect(page.locator("#panel-title")).to_have_text("Learner")
    page.locator("#panel").get_by_role("button", name=re.compile("MicroMasters")).click()
    expect(page.locator("#panel-title")).to_have_text("Learner → MicroMasters")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose landscape folds 25 more vendors into the group Marketing, which has two already."""
    graph = sample_graph()
    flow = next(f for f in graph.flows if f.target == "hubspot")
    vendor = next(n for n in graph.nodes if n.id == "hubspot")
    vendors = tuple(dataclasses.replace(vendor, id=f"vendor{n}", name=f"Vendor {n}") for n in range(25))
    flows = tuple(dataclasses.replace(flow, id=f"to-{n.id}", target=n.id) for n in vendors)
    graph = dataclasses.replace(graph, nodes=(*graph.nodes, *vendors), flows=(*graph.flows, *flows))
    return write_site(site_of(graph), tmp_path_factory.mktemp("crowded"))


def test_a_group_opens_in_the_picture_from_the_keyboard_and_closes_again(page: Page, crowded: Path) -> None:
    _open(page, crowded, "index.html")
    boxes = page.locator("g[data-node]").count()
    assert boxes <= 20
    group = page.get_by_role("button", name=re.compile("^Marketing"))
    expect(group).to_have_attribute("aria-label", re.compile("opens in the picture"))
    group.press("Enter")
    expect(page.locator("g[data-node='vendor24']")).to_have_count(1)
    expect(page.locator("g[data-node]")).to_have_count(boxes - 1 + 27)
    frame = page.get_by_role("button", name=re.compile("open; closes again"))
    expect(frame).to_be_focused()
    assert "g=group" in page.url
    frame.press("Enter")
    expect(page.locator("g[data-node]")).to_have_count(boxes)
    expect(page.get_by_role("button", name=re.compile("^Marketing"))).to_be_focused()
    assert "g=group" not in page.url


def test_an_open_group_has_an_address_its_arrows_their_evidence_and_the_table_its_rows(
    page: Page, crowded: Path
) -> None:
    _open(page, crowded, "index.html")
    arrows = page.locator("table.edges tbody tr").count()
    page.get_by_role("button", name=re.compile("^Marketing")).press("Enter")
    expect(page.locator("table.edges tbody tr")).to_have_count(arrows + 25)
    page.locator("[data-flows='to-vendor7']").press("Enter")
    expect(page.locator("#panel-title")).to_have_text("MITx Online → Vendor 7")
    expect(page.locator("#panel .evidence li")).not_to_have_count(0)
    _open(page, crowded, page.url.split(f"{crowded.as_uri()}/")[1])
    expect(page.locator("g[data-node='vendor7']")).to_have_count(1)
    expect(page.locator("#panel-title")).to_have_text("MITx Online → Vendor 7")
    page.get_by_role("button", name=re.compile("^Close Marketing")).click()
    expect(page.locator("g[data-node='vendor7']")).to_have_count(0)
    expect(page.locator("table.edges tbody tr")).to_have_count(arrows)


def test_filters_hold_while_a_group_is_open(page: Page, crowded: Path) -> None:
    _open(page, crowded, "index.html")
    page.locator(".filters select[name=box]").select_option("Marketing (27)")
    page.get_by_role("button", name=re.compile("^Marketing")).press("Enter")
    expect(page.locator("g[data-node='vendor3']:not(.off)")).to_have_count(1)
    expect(page.locator("g[data-node='micromasters'].off, a [data-node='micromasters'].off")).to_have_count(1)


def test_steps_are_shown_one_at_a_time(page: Page, site: Path) -> None:
    _open(page, site, "systems/micromasters/flows.html")
    figure = page.locator("figure.steps").first
    for _ in range(3):
        figure.get_by_role("button", name="Next step").click()
    expect(figure.locator("output.step")).to_have_text("Step 3 of 6. Worker → LMS: enrolments")
    expect(figure.locator(".edge.now")).to_have_count(1)
    expect(figure.locator(".edge.faded[data-edge]")).to_have_count(5)
    assert "step=3" in page.url
    _open(page, site, page.url.split(f"{site.as_uri()}/")[1])
    expect(figure.locator("output.step")).to_contain_text("Step 3 of 6")
    figure.locator(".canvas").focus()
    page.keyboard.press("]")
    expect(figure.locator("output.step")).to_contain_text("Step 4 of 6")
    figure.get_by_role("button", name="All steps").click()
    expect(figure.locator(".edge.faded")).to_have_count(0)


def test_filters_change_the_diagram_and_its_table_and_stay_in_the_address(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    page.locator(".filters select[name=sync]").select_option("async")
    expect(page.locator(".filters .shown")).to_have_text("7 of 21 arrows")
    expect(page.locator(".edge.sync[data-edge]:not(.off)")).to_have_count(0)
    page.get_by_label("brittle only").check()
    expect(page.locator(".filters .shown")).to_have_text("1 of 21 arrows")
    _open(page, site, page.url.split(f"{site.as_uri()}/")[1])
    expect(page.locator(".filters .shown")).to_have_text("1 of 21 arrows")
    page.get_by_text("The arrows as a table").click()
    expect(page.locator("table.edges tbody tr:visible")).to_have_count(1)


def test_search_finds_a_task_from_the_keyboard_and_goes_to_its_row(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    page.keyboard.press("/")
    page.locator("#search-input").fill("currency rates sync")
    expect(page.locator("#search-results li").first).to_contain_text("sync_currency_exchange_rates")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("systems/micromasters/tasks.html#r"))
    expect(page.locator("tr.target")).to_contain_text("sync_currency_exchange_rates")


def test_search_reaches_a_row_that_the_page_does_not_carry(page: Page, site: Path) -> None:
    _open(page, site, "systems/mitxonline/api.html")
    page.keyboard.press("Control+k")
    page.locator("#search-input").fill("/api/many/399/")
    page.keyboard.press("Enter")
    expect(page.locator("tr.target")).to_contain_text("/api/many/399/")
    expect(page.locator("tr.target")).to_be_in_viewport()


def test_tables_sort_filter_and_export(page: Page, site: Path) -> None:
    _open(page, site, "systems/mitxonline/api.html")
    table = page.locator("section#routes")
    expect(table.locator("tbody tr")).to_have_count(150)
    table.get_by_label("Filter").fill("many 39")
    expect(table.locator(".shown")).to_have_text("14 of 404 rows")
    table.get_by_role("button", name="Pattern").click()
    table.get_by_role("button", name="Pattern").click()
    expect(table.locator("tbody tr:visible").first).to_contain_text("/api/many/399/")
    with page.expect_download() as download:
        table.get_by_role("button", name="Export CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 15
    assert lines[0].startswith('"Methods","Pattern"')
    assert '"/api/many/399/' in lines[1]
    assert "f.routes=many+39" in page.url


def test_export_keeps_a_spreadsheet_from_running_cells(page: Page, tmp_path: Path) -> None:
    graph = sample_graph()
    task = dataclasses.replace(graph.tasks[-1], id="mitxonline:evil", name="=1+1", summary="")
    folder = write_site(site_of(dataclasses.replace(graph, tasks=(*graph.tasks, task))), tmp_path)
    _open(page, folder, "systems/mitxonline/tasks.html")
    with page.expect_download() as download:
        page.locator("section#tasks").get_by_role("button", name="Export CSV").click()
    assert '"\'=1+1"' in Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_a_task_has_a_diagram_of_its_own(page: Page, site: Path) -> None:
    _open(page, site, "systems/micromasters/tasks.html")
    row = page.locator("section#tasks tr", has_text="batch_update_user_data").first
    row.get_by_role("link", name="Its own diagram").click()
    expect(page.locator("#chain-title")).to_contain_text("dashboard.tasks.batch_update_user_data")
    figure = page.locator("#chain-figure")
    expect(figure.locator("svg .edge")).to_have_count(4)
    figure.locator("button[data-open]", has_text="Fridays, every 6 hours, UTC").click()
    expect(page.locator("#panel ul.evidence")).to_contain_text("micromasters/settings.py:431")
    for button in figure.locator("button[data-open]").all():
        button.click()
        expect(page.locator("#panel ul.evidence a.code").first).to_be_visible()


def test_three_clicks_from_the_landing_page_to_the_line_of_the_friday_schedule(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    page.locator(".card", has_text="MicroMasters").get_by_role("link", name="Tasks & schedules").click()
    row = page.locator("section#timetable tr", has_text="Fridays")
    href = row.locator("a.code", has_text="settings.py").get_attribute("href")
    assert re.search(r"/micromasters/blob/\w{40}/micromasters/settings\.py#L431", href or "")


def test_the_theme_is_kept(page: Page, site: Path) -> None:
    _open(page, site, "index.html")
    page.get_by_role("button", name="Theme").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_paper_gets_everything(page: Page, site: Path) -> None:
    _open(page, site, "systems/mitxonline/api.html")
    page.locator("section#routes[data-ready]").wait_for()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("section#routes tbody tr")).to_have_count(404)
    _open(page, site, "systems/mitxonline/containers.html")
    page.locator(".canvas").hover()
    page.mouse.wheel(0, -500)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert _box(page)[:2] == [0, 0]
    expect(page.locator("table.edges")).to_be_visible()
    expect(page.locator("nav.side")).to_be_hidden()
    assert len(page.pdf()) > 20_000


def test_a_phone_has_a_menu_and_no_sideways_scrolling(browser: Browser, site: Path) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    for path in _paths(site):
        _open(page, site, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    _open(page, site, "index.html")
    expect(page.locator("nav.side")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.locator("nav.side").get_by_role("link", name="What is not known").click()
    expect(page.locator("h1")).to_have_text("What is not known")
    phone.close()


def test_without_scripts_the_page_is_still_read(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.as_uri()}/systems/micromasters/tasks.html")
    expect(page.locator("nav.side")).to_be_visible()
    expect(page.locator("section#timetable")).to_contain_text("Fridays, every 6 hours, UTC")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(browser: Browser, site: Path, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    chain = re.search(r'href="\.\./\.\./(systems/[^"]*scenario\.html#entry=[^"]+)"', _text(site, "mitxonline/tasks"))
    assert chain
    kinds = [p for p in _paths(site) if p.startswith("systems/mitxonline") or "/" not in p]
    kinds.append(chain[1])
    found = []
    for path in kinds:
        _open(page, site, path)
        if path.endswith("flows.html"):
            page.locator("[data-edge] .label").first.click()
            expect(page.locator("#panel .facts").last).to_be_visible()
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append((path, violation["id"], violation["nodes"][0]["html"][:160]))
    context.close()
    assert found == []


def test_axe_finds_no_serious_violation_in_an_open_group(context: BrowserContext, crowded: Path) -> None:
    page = context.new_page()
    _open(page, crowded, "index.html")
    page.get_by_role("button", name=re.compile("^Marketing")).press("Enter")
    expect(page.locator("g[data-node='vendor24']")).to_have_count(1)
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert found == []
