"""The output formats: a graph in, the files of an output directory out. What each is made of stands in one table."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.errors import UserError
from extractor.files.cache import FileCache
from extractor.model.graph import Graph
from extractor.model.order import as_read
from extractor.rules.doc import RuleDoc
from extractor.views.view import View
from extractor.workers import worker_pool

if TYPE_CHECKING:
    from renderers.svg import Pictures

Files = dict[str, str | bytes]

_LAYOUTS = 1000  # files of some 10 KB: the pictures of several estates


def _shipped_rules() -> tuple[RuleDoc, ...]:
    from extractor.rules.findings import rule_docs

    return rule_docs()


def kept_layouts(cache_dir: Path | None) -> FileCache:
    """Where placed diagrams are kept below a cache directory; nowhere for None."""
    return FileCache(cache_dir / "layouts" if cache_dir is not None else None, _LAYOUTS)


@dataclass(frozen=True)
class Material:
    """What formats are made of: the graph, and its views and pictures, which are made once, when first needed.

    `rules` are all rules in words (those that ship with c4trace); `pages` further pages of the site: name to title and
    HTML body. `layouts` keeps placed diagrams from run to run, `jobs` processes draw them.
    """

    graph: Graph
    rules: tuple[RuleDoc, ...] = field(default_factory=_shipped_rules)
    pages: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    layouts: FileCache = field(default_factory=lambda: kept_layouts(None))
    jobs: int = 1

    def __post_init__(self) -> None:
        # What a scan holds and what its graph.json gives back are told in one order.
        object.__setattr__(self, "graph", as_read(self.graph))

    @functools.cached_property
    def views(self) -> tuple[View, ...]:
        """The diagrams of the graph."""
        from extractor.views import build_views

        return build_views(self.graph)

    @functools.cached_property
    def opened(self) -> dict[str, dict[str, View]]:
        """The diagrams with one collapsed group open, by the id of the view and that of the group's box."""
        from extractor.views import opened_views

        return opened_views(self.graph, self.views)

    @functools.cached_property
    def pictures(self) -> Pictures:
        """Each view drawn, for a page (opened ones too) and to stand alone, in as many processes as there are jobs."""
        from renderers.svg import render_pictures

        if self.jobs <= 1 or "fork" not in multiprocessing.get_all_start_methods():
            return render_pictures(self.views, self.opened, self.layouts)
        with worker_pool(self.jobs, "fork") as pool:
            return render_pictures(self.views, self.opened, self.layouts, pool)


@dataclass(frozen=True, slots=True)
class Format:
    """An output format: what it is, what makes its files (relative path to content), whether it is made unasked."""

    summary: str
    render: Callable[[Material], Files]
    default: bool = True


def render_outputs(material: Material, formats: Iterable[str]) -> Files:
    """The files of the named formats; graph.json is always among them, as the others can be made again from it.

    Raises UserError for a name that is no format.
    """
    chosen = check_formats(formats)
    files: Files = {}
    for name in FORMATS:
        if name in chosen:
            files.update(FORMATS[name].render(material))
    return files


def check_formats(formats: Iterable[str]) -> frozenset[str]:
    """The names of formats, with `graph`. Raises UserError for a name that is no format, or one not installed."""
    chosen = frozenset(formats)
    for name in sorted(chosen - FORMATS.keys()):
        raise UserError(f"there is no output format {name!r}", f"one of {', '.join(FORMATS)}")
    if "png" in chosen:
        from renderers.diagrams.png import PngError, check_png

        with _told(PngError):
            check_png()
    return chosen | {"graph"}


@contextlib.contextmanager
def _told(error: type[Exception]) -> Iterator[None]:
    """Turns the error of a renderer that is an option into one for the user."""
    try:
        yield
    except error as trouble:
        raise UserError(str(trouble)) from trouble


def kroki_files(url: str, material: Material) -> tuple[Files, UserError | None]:
    """The pictures that a Kroki server draws of the C4-PlantUML sources; or none, and why there are none."""
    from c4trace.output.kroki import kroki_pictures

    sources = {name: str(text) for name, text in _puml(material).items()}
    try:
        return dict(kroki_pictures(url, sources)), None
    except UserError as trouble:
        return {}, trouble


def evidence_links(graph: Graph) -> dict[str, str]:
    """For each flow, by its id, the web address of its first line of evidence, where its source has a web host."""
    from renderers.links import code_url

    sources = {source.name: source for source in graph.sources}
    firsts = {flow.id: flow.evidence[0] for flow in graph.flows if flow.evidence}
    links = {i: code_url(sources.get(e.repo), e.commit, e.path, e.line, e.end_line) for i, e in firsts.items()}
    return {ident: link for ident, link in links.items() if link}


def _graph(material: Material) -> Files:
    from renderers.data.graph_json import render_graph_json

    return {"graph.json": render_graph_json(material.graph)}


def _sarif(material: Material) -> Files:
    from renderers.data.sarif import render_sarif

    return {"findings.sarif": render_sarif(material.graph, material.rules)}


def _etl(material: Material) -> Files:
    from renderers.data.etl_csv import render_etl_csv

    return {"etl.csv": render_etl_csv(material.graph)}


def _site(material: Material) -> Files:
    from renderers.site import render_site

    drawn = material.pictures.inline
    files = render_site(material.graph, material.views, drawn, material.pages or None, material.opened)
    return {f"site/{name}": content for name, content in files.items()}


def _svg(material: Material) -> Files:
    return {f"svg/{name}.svg": text for name, text in material.pictures.alone.items()}


def _png(material: Material) -> Files:
    from renderers.diagrams.png import PngError, render_pngs

    with _told(PngError):
        return {f"png/{name}.png": picture for name, picture in render_pngs(material.pictures.alone).items()}


def _markdown(material: Material) -> Files:
    from renderers.markdown import render_markdown

    pages = render_markdown(material.graph, material.views, material.pictures.alone)
    return {f"markdown/{name}": text for name, text in pages.items()}


def _puml(material: Material) -> Files:
    from renderers.diagrams.plantuml import render_puml

    flows = evidence_links(material.graph)
    files: Files = {}
    for view in material.views:
        links = {edge.id: flows[flow] for edge in view.edges for flow in edge.flow_ids[:1] if flow in flows}
        files[f"puml/{view.id}.puml"] = render_puml(view, links)
    return files


def _mermaid(material: Material) -> Files:
    from renderers.diagrams.mermaid import render_mermaid

    return {f"mermaid/{view.id}.md": render_mermaid(view) for view in material.views}


def _structurizr(material: Material) -> Files:
    from renderers.diagrams.structurizr import render_structurizr

    return {"structurizr/workspace.dsl": render_structurizr(material.graph)}


def _likec4(material: Material) -> Files:
    from renderers.diagrams.likec4 import render_likec4

    return {"likec4/estate.c4": render_likec4(material.graph, material.views)}


def _d2(material: Material) -> Files:
    from renderers.diagrams.d2 import render_d2

    return {f"d2/{view.id}.d2": render_d2(view) for view in material.views}


# In the order they are made; the site last, as it is the slowest.
FORMATS: dict[str, Format] = {
    "graph": Format("graph.json: everything found", _graph),
    "sarif": Format("findings.sarif: findings for code scanning (SARIF 2.1.0)", _sarif),
    "etl": Format("etl.csv: the ingestion table", _etl),
    "puml": Format("puml/: diagrams as C4-PlantUML", _puml),
    "mermaid": Format("mermaid/: diagrams as Markdown with Mermaid", _mermaid),
    "svg": Format("svg/: diagrams as pictures that stand alone", _svg),
    "png": Format("png/: the same as PNG", _png, default=False),
    "markdown": Format("markdown/: pages for MkDocs, Zensical and their kin", _markdown, default=False),
    "structurizr": Format("structurizr/: the graph as Structurizr DSL", _structurizr),
    "likec4": Format("likec4/: the graph as a LikeC4 model", _likec4),
    "d2": Format("d2/: diagrams as D2", _d2),
    "site": Format("site/: the pages; open site/index.html", _site),
}
DEFAULT_FORMATS = tuple(name for name, kind in FORMATS.items() if kind.default)
