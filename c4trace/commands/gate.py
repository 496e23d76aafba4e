"""`c4trace gate`: what the estate's policy forbids in a head, one line each."""

from __future__ import annotations

import argparse
from pathlib import Path

from c4trace.compare.gate import BASELINE, judge, policy_of, tell
from c4trace.compare.run import REVISIONS, add_revisions, find_revisions
from c4trace.console import Console

DETAILS = f"""\
{REVISIONS}
One side alone is the head, and all that stands in it counts as new: what may stand is in the baseline.

examples:
  c4trace gate out/graph.json                        the whole head, less the baseline
  c4trace gate base/graph.json out/graph.json        only what the head brings
  c4trace gate shop@main..HEAD --source shop=.       this checkout against main

exit status: 0 nothing is forbidden, 1 something is
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `gate`."""
    add_revisions(parser)
    parser.add_argument(
        "--baseline", metavar="FILE", type=Path, default=BASELINE, help="accepted breaches [c4trace-baseline.yaml]"
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Judge and tell; the exit status."""
    from extractor.estate.file import find_estate, load_estate

    policy = policy_of(load_estate(find_estate(options.estate)))
    revisions = find_revisions(options, console, alone=True)
    return tell(judge(revisions.diff, revisions.head, policy, options.baseline), options.baseline, console)
