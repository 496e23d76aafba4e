"""What `diff` and `gate` share: their arguments for the two revisions, and the revisions that these mean."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from c4trace.compare.revisions import Revisions, parse_range, read_graph, read_revisions, scan_revisions
from c4trace.console import Console
from c4trace.snapshots.spec import default_store
from extractor.diff import diff_graphs
from extractor.errors import UserError

REVISIONS = """\
a side is a graph.json (or a directory that holds one) or a stored snapshot (`yesterday`, `2025-03-31`, `#12`);
instead of two sides, ranges of refs (NAME@BASE..HEAD, several at once) are scanned on the spot.
"""


def add_revisions(parser: argparse.ArgumentParser) -> None:
    """Declare the revisions and how ranges of refs are scanned."""
    parser.add_argument("revisions", nargs="+", metavar="SIDE", help="BASE HEAD, or NAME@BASE..HEAD ...")
    parser.add_argument("--estate", metavar="FILE", help="the estate file, or the name of a shipped one [estate.yaml]")
    parser.add_argument(
        "--source",
        metavar="NAME=PATH_OR_URL",
        action="append",
        default=[],
        help="read a system from here, with ranges of refs; may be given for several",
    )
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="read only this system's repository"
    )
    parser.add_argument("--store", metavar="FILE", type=Path, help="the snapshot store [$C4TRACE_STATE or .c4trace]")
    parser.add_argument("--offline", action="store_true", help="use no network")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="processes [all cores]")
    parser.add_argument(
        "--cache-dir", metavar="DIR", type=Path, help="clones and summaries [$C4TRACE_CACHE or ~/.cache]"
    )


def find_revisions(options: argparse.Namespace, console: Console, alone: bool = False) -> Revisions:
    """The revisions that the arguments name. With `alone`, one may stand for the head, against nothing."""
    ranges = [parse_range(text) for text in options.revisions]
    if any(ranges) and not any(Path(text).exists() for text in options.revisions):
        if not all(ranges):
            raise UserError("ranges of refs and other sides do not mix", "give ranges only, or BASE and HEAD")
        return _scanned(options, console)
    store = options.store or default_store()
    if len(options.revisions) == 2:
        return read_revisions(options.revisions[0], options.revisions[1], store)
    if alone and len(options.revisions) == 1:
        from c4trace.compare.gate import empty_base

        head = read_graph(options.revisions[0], store)
        base = empty_base(head)
        return Revisions(base, head, diff_graphs(base, head))
    half = next((text for text in options.revisions if "@" in text and ".." in text and not parse_range(text)), "")
    if half:
        raise UserError(f"{half!r} is no whole range of refs", "give NAME@BASE..HEAD, the source's id and both refs")
    count = "one side was" if len(options.revisions) == 1 else f"{len(options.revisions)} sides were"
    raise UserError(f"{count} given", "give BASE and HEAD, or ranges NAME@BASE..HEAD")


def _scanned(options: argparse.Namespace, console: Console) -> Revisions:
    from c4trace.sources import cache_directory, choose_estate
    from c4trace.version import stamp, version
    from extractor.options import ScanOptions

    estate = choose_estate(options.estate, options.source, options.only)
    cache_dir = cache_directory(options.cache_dir)
    ranges = [found for text in options.revisions if (found := parse_range(text))]
    # The scanner is the heaviest import of all, so it comes when the input is known to be right.
    from extractor.pipeline.scan import scan_states

    with console.progress() as progress:
        scan_options = ScanOptions(stamp(), version(), options.jobs, cache_dir, options.offline, progress=progress)
        return scan_revisions(estate, ranges, cache_dir, scan_options, scan_states)
