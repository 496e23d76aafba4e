"""The site, whole: a graph, its views and their pictures become files by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from extractor.model.graph import Graph
from extractor.views.view import View
from renderers.links import address_start, relative
from renderers.site.chains import ChainPages
from renderers.site.details import detail_files
from renderers.site.diagram import Diagrams, Opened
from renderers.site.estate import SiteIndex, make_estate
from renderers.site.nav import Page, navigation
from renderers.site.pages import ExtraPage, Plan
from renderers.site.script import data_script, to_json
from renderers.site.search import search_file
from renderers.site.table import Table, packed, rest
from renderers.svg import DARK, LIGHT, style_sheet
from renderers.words import seen

# In the order in which they are joined to one file: each may use what stands before it.
_SCRIPTS = ("core.js", "tables.js", "panel.js", "diagrams.js", "sequences.js", "search.js", "start.js")


def render_site(
    graph: Graph,
    views: Sequence[View],
    svgs: Mapping[str, str],
    extra_pages: Mapping[str, ExtraPage] | None = None,
    opened: Opened | None = None,
) -> dict[str, bytes | str]:
    """The files of the site by path relative to its root; `index.html` is where it opens.

    `svgs` holds the picture of a view by the view's id; a view without one is shown as its table of arrows alone.
    `extra_pages` are finished pages by name (`changes` becomes changes.html, in the navigation): HTML without frame, or
    a title and such HTML; a text that begins with `<!doctype` is a whole document and kept as it is. `opened` are the
    views in which a collapsed group stands open (`extractor.views.opened_views`), their pictures among `svgs`.
    """
    estate = make_estate(graph)
    diagrams, chains = Diagrams(estate, views, svgs, opened or {}), ChainPages(estate)
    pages = Plan(estate, diagrams, chains).pages(extra_pages or {})
    environment = _environment()
    files: dict[str, str] = {**_assets(), **detail_files(estate), **diagrams.opened_files()}
    files["data/search.js"] = search_file(estate, diagrams)
    for system in estate.systems:
        files.update(chains.files(system))
    for page in pages:
        files.update(_table_files(environment, estate, page))
        files[page.path] = _render(environment, estate, page, pages)
    return {path: seen(files[path]).encode() for path in sorted(files)}


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("renderers.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # to_json leaves no character that HTML reads; see renderers.site.script.
    environment.filters["script_json"] = lambda value: Markup(to_json(value))
    return environment


def _assets() -> dict[str, str]:
    folder = resources.files("renderers.site") / "assets"
    style = (folder / "style.css").read_text(encoding="utf-8")
    script = "".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    return {
        "assets/style.css": _themes() + style,
        "assets/site.js": script,
        "assets/theme.js": (folder / "theme.js").read_text(encoding="utf-8"),
    }


def _themes() -> str:
    """The diagrams' style and its colours as variables of the page, for both themes; paper is always light."""

    def rule(selector: str, colours: Mapping[str, str]) -> str:
        return f"{selector}{{{';'.join(f'--c4-{name}:{value}' for name, value in colours.items())}}}\n"

    system, chosen = rule(':root:not([data-theme="light"])', DARK), rule(':root[data-theme="dark"]', DARK)
    return (
        f"{rule(':root', LIGHT)}@media screen and (prefers-color-scheme:dark){{\n{system}}}\n"
        f"@media screen{{\n{chosen}}}\n{style_sheet()}\n"
    )


def _table_files(environment: Environment, estate: SiteIndex, page: Page) -> Iterator[tuple[str, str]]:
    """The rows of long tables that the page does not carry itself."""
    macro = environment.get_template("table.html").module.rows  # type: ignore[attr-defined]
    addresses = [str(Markup.escape(start)) for source in estate.graph.sources if (start := address_start(source))]
    for table in _tables(page):
        for n, rows in enumerate(rest(table)):
            name = f"{page.rows}-{table.id}-{n}"
            yield f"data/{name}.js", data_script(name, packed(str(macro(rows)), addresses))


def _tables(page: Page) -> list[Table]:
    tables: list[Table] = list(page.context.get("tables", ()))
    timetable = page.context.get("timetable")
    return [timetable, *tables] if timetable else tables


def _render(environment: Environment, estate: SiteIndex, page: Page, pages: Sequence[Page]) -> str:
    body = page.context.get("body", "")
    if body[:9].lower() == "<!doctype":
        return str(body)
    return environment.get_template(page.template).render(
        page=page,
        estate=estate,
        graph=estate.graph,
        nav=navigation(page, pages, estate.systems),
        root="../" * page.path.count("/"),
        to=lambda target: relative(page.path, target),
        shards=lambda table: len(rest(table)),
        data={**page.data, "diagrams": {d.view.id: d.data for d in page.diagrams}},
        stale=[source for source in estate.graph.sources if source.stale],
        lost=[source for source in estate.graph.sources if source.lost],
        **page.context,
    )
