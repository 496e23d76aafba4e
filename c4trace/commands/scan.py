"""`c4trace scan`: sources in, an output directory out."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from c4trace.console import Console
from extractor.errors import SourceError, UserError

if TYPE_CHECKING:
    from extractor.estate.model import Estate
    from extractor.model.graph import Graph
    from extractor.options import ScanOptions
    from extractor.sources import Tree

DETAILS = """\
examples:
  c4trace scan                                      the estate in ./estate.yaml, into ./out
  c4trace scan --estate mit-open-learning           an estate that ships with c4trace
  c4trace scan --source shop=.                      this checkout's HEAD; no estate file needed
  c4trace scan --source shop=../shop@v2.1           with an estate file: another place for one of its systems
  c4trace scan --source shop=git@host:acme/shop.git@main
  c4trace scan --offline --only shop                only what the cache holds, only one system

Only commits are read: what is not committed is not seen. Nothing of what is scanned is imported or run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `scan`."""
    what = parser.add_argument_group("what to scan")
    what.add_argument("--estate", metavar="FILE", help="the estate file, or the name of a shipped one [estate.yaml]")
    what.add_argument(
        "--source",
        metavar="NAME=PATH_OR_URL[@REF]",
        action="append",
        default=[],
        help="read a system from here for this run; may be given for several",
    )
    what.add_argument("--scripts", action="store_true", help="draw what script files reach that no service loads")
    what.add_argument("--only", metavar="NAME", action="append", default=[], help="read only this system's repository")
    where = parser.add_argument_group("where to")
    where.add_argument("--out", metavar="DIR", type=Path, default=Path("out"), help="the output directory [out]")
    where.add_argument(
        "--partial",
        action="store_true",
        help="where a source cannot be read, replace also an output that has more (exit status 3 all the same)",
    )
    where.add_argument("--format", metavar="NAME", action="append", help="write only this format; may be repeated")
    where.add_argument("--kroki", metavar="URL", help="have this Kroki server draw the C4-PlantUML, into kroki/")
    how = parser.add_argument_group("how")
    how.add_argument("--offline", action="store_true", help="use no network: clones and libraries from the cache only")
    how.add_argument("--jobs", metavar="N", type=_positive, default=os.cpu_count() or 1, help="processes [all cores]")
    how.add_argument("--cache-dir", metavar="DIR", type=Path, help="clones and summaries [$C4TRACE_CACHE or ~/.cache]")
    how.add_argument("--no-cache", action="store_true", help="read every module anew and keep no summaries")
    how.add_argument("--timings", action="store_true", help="say how long each stage took")


def run(options: argparse.Namespace, console: Console) -> int:
    """Scan and publish. Of several sources those that can be read are delivered, and the status is 3 when one could
    not. Raises UserError or SourceError before anything of the last output is touched."""
    from c4trace.output.formats import (
        DEFAULT_FORMATS,
        Material,
        check_formats,
        kept_layouts,
        kroki_files,
        render_outputs,
    )
    from c4trace.output.publish import check_out_dir, publish
    from c4trace.sources import (
        all_told,
        cache_directory,
        choose_estate,
        coverage_lines,
        last_line,
        masked_places,
        open_readable,
    )
    from c4trace.version import stamp, version
    from extractor.options import ScanOptions
    from extractor.workers import uncollected

    started = time.monotonic()
    formats = check_formats(options.format or DEFAULT_FORMATS)
    if options.kroki:
        from c4trace.output.kroki import check_kroki

        check_kroki(options.kroki)
    estate = choose_estate(options.estate, options.source, options.only)
    check_out_dir(options.out)
    cache_dir = cache_directory(options.cache_dir)
    clock = _StageClock(console, options.timings)
    with console.progress() as progress:
        scan_options = ScanOptions(
            stamp=stamp(),
            version=version(),
            jobs=options.jobs,
            cache_dir=None if options.no_cache else cache_dir,
            offline=options.offline,
            scripts=options.scripts,
            progress=progress,
            timing=clock.took,
        )
        with clock.stage("open sources"):
            trees, faults = open_readable(estate, cache_dir, options.offline, progress)
        if faults:
            _check_loss(options, trees, all_told(faults, len(trees) + len(faults)), faults)
        for tree in trees.values():
            console.detail(f"{tree.name}: {tree.url} at {tree.ref}, commit {tree.commit}, {len(tree.entries)} files")
        graph = _scan(estate, trees, scan_options, {name: fault.message for name, fault in faults.items()})
        progress("drawing", 0, 0)
        with clock.stage("render"), uncollected():
            material = Material(graph, layouts=kept_layouts(scan_options.cache_dir), jobs=options.jobs)
            files = render_outputs(material, formats)
            drawn, trouble = kroki_files(options.kroki, material) if options.kroki else ({}, None)
        with clock.stage("publish"):
            publish(options.out, {**files, **drawn})
    if "site" in formats:
        console.note(f"open {options.out / 'site' / 'index.html'}")
    for line in coverage_lines(graph):
        console.note(line)
    if hidden := masked_places(files["graph.json"]):
        console.note(hidden)
    console.note(last_line(graph, time.monotonic() - started))
    if trouble:
        raise trouble
    for fault in faults.values():
        console.error(f"{fault}; all else was read")
    return SourceError.exit_code if faults else 0


def _check_loss(
    options: argparse.Namespace, trees: Mapping[str, Tree], error: SourceError, lost: Collection[str]
) -> None:
    """Raises the error where what can be read is nothing, or is less than what stands in the output directory."""
    if not trees:
        raise error
    fuller = [] if options.partial else _read_before(options.out, lost)
    if fuller:
        raise SourceError(
            f"{error}; {options.out} holds what was read of {', '.join(fuller)} before, and stays as it is",
            "give --partial to replace it all the same, or another directory with --out",
        )


def _read_before(out: Path, names: Collection[str]) -> list[str]:
    """The sources that the last output was made from, among `names`."""
    from c4trace.query.graph_file import load_graph

    try:
        graph = load_graph(out / "graph.json", ("sources",))
    except UserError:  # there is none, or none that can be read: nothing is lost
        return []
    return sorted(source.name for source in graph.sources if source.name in names and not source.lost)


def _scan(estate: Estate, trees: Mapping[str, Tree], options: ScanOptions, lost: Mapping[str, str]) -> Graph:
    """The scan itself. What it needs is imported only now, so that a fault of the input is told at once."""
    from extractor.pipeline.lost import Loss
    from extractor.pipeline.scan import scan_estate

    return scan_estate(estate, trees, options, Loss(lost))


class _StageClock:
    """Says how long each stage took, when that was asked for."""

    def __init__(self, console: Console, wanted: bool) -> None:
        self._console, self._wanted = console, wanted

    def took(self, stage: str, seconds: float) -> None:
        """Note the seconds of a stage."""
        if self._wanted:
            self._console.note(f"{seconds:8.2f} s  {stage}")

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens in the block."""
        started = time.monotonic()
        yield
        self.took(name, time.monotonic() - started)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
