"""`c4trace nightly`: one unattended run for cron, a systemd timer or a scheduled workflow."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from c4trace.compare.gate import BASELINE, policy_of, today
from c4trace.compare.introduced import explained
from c4trace.console import Console
from c4trace.nightly.config import NightlyConfig, load_config
from c4trace.nightly.log import Log
from c4trace.nightly.night import run_night
from c4trace.nightly.parts import Extras, Outside, Parts
from c4trace.nightly.report import tell_failure
from c4trace.output.formats import DEFAULT_FORMATS, Material, kept_layouts, render_outputs
from c4trace.output.publish import check_out_dir, publish
from c4trace.snapshots.spec import state_dir
from c4trace.sources import cache_directory, choose_estate
from c4trace.version import stamp, version
from extractor.diff import GraphDiff, diff_graphs
from extractor.errors import SOFTWARE_FAULT, C4traceError
from extractor.estate.model import Estate
from extractor.gate.baseline import read_baseline
from extractor.gate.policy import Breach, check
from extractor.model.graph import Graph
from extractor.options import ScanOptions
from extractor.pipeline.lost import Loss
from extractor.sources import Tree, open_source

DETAILS = """\
Fetches every source (again and again, if need be; one that cannot be reached keeps its last good commit, and the site
says so), scans, stores a snapshot, compares it with the last good one, publishes the site with the pages What changed
and History and an Atom feed, and tells webhooks. Safe to run twice at once and to kill at any point.

examples:
  c4trace nightly                                     ./estate.yaml into ./out, snapshots in ./.c4trace
  c4trace nightly --config nightly.yaml               all else in a file: see docs/nightly.md
  c4trace nightly --config nightly.yaml --log-json    a line of JSON for each thing that happens

exit status: 0 done, or another run is in progress; 1 done, and the gate is breached; 2 the input is wrong;
3 a source was not reached and no copy of it is here: the others were published, with what was last read of it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `nightly`. What is given here goes before what the configuration says."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="the nightly configuration (YAML)")
    parser.add_argument("--estate", metavar="FILE", help="the estate file, or the name of a shipped one [estate.yaml]")
    parser.add_argument(
        "--source",
        metavar="NAME=PATH_OR_URL[@REF]",
        action="append",
        default=[],
        help="read a system from here; may be given for several",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="the directory that is published [out]")
    parser.add_argument("--state", metavar="DIR", type=Path, help="snapshots and lock [$C4TRACE_STATE or .c4trace]")
    parser.add_argument("--cache-dir", metavar="DIR", type=Path, help="clones, summaries [$C4TRACE_CACHE or ~/.cache]")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="processes [all cores]")
    parser.add_argument("--log-json", action="store_true", help="log lines as JSON objects")


def run(options: argparse.Namespace, console: Console) -> int:
    """Do one night; the exit status. What goes wrong in it is in the log, so only the status is left to give."""
    config = _config(options)
    outside = Outside(os.environ, _now, time.sleep)
    log = Log(sys.stderr, _now, options.log_json, console.quiet)
    began = outside.now()
    try:
        parts = _parts(config, options)
    except C4traceError as error:
        tell_failure(config, outside, log, error, began)
        return error.exit_code
    try:
        return run_night(config, parts, outside, log)
    except C4traceError as error:
        return error.exit_code
    except Exception:
        if console.verbose:
            raise
        return SOFTWARE_FAULT


def _config(options: argparse.Namespace) -> NightlyConfig:
    config = load_config(options.config) if options.config else NightlyConfig(state=state_dir())
    given = {key: value for key in ("out", "state") if (value := getattr(options, key)) is not None}
    return dataclasses.replace(config, **given)


def _now() -> datetime:
    """The time; the moment that SOURCE_DATE_EPOCH pins, if it is set."""
    return datetime.fromisoformat(stamp()) if "SOURCE_DATE_EPOCH" in os.environ else datetime.now(UTC)


def _parts(config: NightlyConfig, options: argparse.Namespace) -> Parts:
    """Put the parts together. Raises UserError when the estate, its policy or its baseline is wrong."""
    from_file = str(config.estate) if config.estate else None
    sources = [*options.source, *_not_given(config, options.source)]
    estate = choose_estate(options.estate or from_file, sources, [])
    check_out_dir(config.out)
    cache_dir = cache_directory(options.cache_dir)
    policy = policy_of(estate)
    baseline = read_baseline(config.baseline or estate.directory / BASELINE)

    def gate(diff: GraphDiff, head: Graph) -> tuple[Breach, ...]:
        return check(diff, head, policy, baseline, today()).breaches

    def put_out(graph: Graph, extras: Extras) -> None:
        material = Material(graph, pages=extras.pages, layouts=kept_layouts(cache_dir), jobs=options.jobs)
        publish(config.out, {**render_outputs(material, DEFAULT_FORMATS), **extras.files})

    return Parts(
        specs=estate.sources(),
        opener=lambda spec, offline: open_source(spec, cache_dir, offline),
        scan=lambda trees, lost, before: _scan(estate, trees, Loss(lost, True, before), cache_dir, options.jobs),
        diff=diff_graphs,
        gate=gate,
        explain=lambda diff, base, trees: explained(diff, estate.sources(), base, trees, cache_dir),
        draw=_draw,
        publish=put_out,
    )


def _not_given(config: NightlyConfig, given: list[str]) -> list[str]:
    """The configuration's sources as `--source` has them, but those that the command line replaces."""
    names = {text.partition("=")[0] for text in given}
    return [f"{name}={address}" for name, address in config.sources if name not in names]


def _scan(estate: Estate, trees: Mapping[str, Tree], loss: Loss, cache_dir: Path, jobs: int) -> Graph:
    from extractor.pipeline.scan import scan_estate

    options = ScanOptions(stamp=stamp(), version=version(), jobs=jobs, cache_dir=cache_dir)
    return scan_estate(estate, trees, options, loss)


def _draw(base: Graph, head: Graph, diff: GraphDiff, warnings: Sequence[str]) -> str:
    from extractor.views import build_views
    from extractor.views.merged import merged_views
    from renderers.diff.html import render_diff_html
    from renderers.svg import render_svg

    standing = frozenset(node.id for node in base.nodes) & frozenset(node.id for node in head.nodes)
    views = merged_views(build_views(base), build_views(head), standing)
    return render_diff_html(diff, views, render_svg, warnings=warnings)
