"""`c4trace baseline`: accept a breach with a reason and a date, or take out what was mended."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from c4trace.compare.gate import BASELINE, empty_base, policy_of
from c4trace.console import Console
from extractor.errors import UserError
from extractor.gate.baseline import Acceptance, Baseline, accept, dump_baseline, prune, read_baseline
from extractor.gate.policy import Policy, found_breaches, standing_fingerprints
from extractor.model.graph import Graph

DETAILS = """\
examples:
  c4trace baseline --update
  c4trace baseline --accept 0f1e2d3c4b5a6978 --reason "the vendor mends it in May" --expires 2027-05-31

`c4trace gate` prints the fingerprint of each breach in brackets. Nothing enters the baseline by itself.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `baseline`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--update", action="store_true", help="take out what was mended")
    what.add_argument("--accept", metavar="FINGERPRINT", help="accept one breach")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why it may stand (with --accept)")
    parser.add_argument("--expires", metavar="DATE", default="", help="the last day on which it may (with --accept)")
    parser.add_argument("--from", dest="graph", metavar="FILE", type=Path, default=Path("out/graph.json"))
    parser.add_argument("--estate", metavar="FILE", help="the estate file, or the name of a shipped one [estate.yaml]")
    parser.add_argument("--baseline", metavar="FILE", type=Path, default=BASELINE, help="[c4trace-baseline.yaml]")


def run(options: argparse.Namespace, console: Console) -> int:
    """Change the baseline file; the exit status."""
    from c4trace.query.graph_file import load_graph
    from extractor.estate.file import find_estate, load_estate

    policy = policy_of(load_estate(find_estate(options.estate)))
    head = load_graph(options.graph)
    before = read_baseline(options.baseline)
    after = _updated(before, head, policy) if options.update else _grown(before, head, policy, options)
    try:
        options.baseline.write_text(dump_baseline(after), "utf-8")
    except OSError as error:
        raise UserError(f"{options.baseline} cannot be written: {error.strerror}", "name another file") from error
    gone = len(before.accepted) - len(after.accepted)
    cleared = f"{gone} mended, taken out; " if options.update else ""
    console.note(f"{options.baseline}: {cleared}{len(after.accepted)} accepted")
    return 0


def _updated(baseline: Baseline, head: Graph, policy: Policy) -> Baseline:
    from extractor.diff import diff_graphs

    return prune(baseline, standing_fingerprints(diff_graphs(empty_base(head), head), head, policy))


def _grown(baseline: Baseline, head: Graph, policy: Policy, options: argparse.Namespace) -> Baseline:
    from extractor.diff import diff_graphs

    # Against nothing a call that lost its route looks like a new one; the fingerprint is the same.
    wide = dataclasses.replace(policy, unanswered=policy.unanswered or policy.removed_routes)
    breaches = found_breaches(diff_graphs(empty_base(head), head), head, wide)
    breach = next((b for b in breaches if b.fingerprint == options.accept), None)
    if breach is None:
        raise UserError(
            f"no breach has the fingerprint {options.accept!r}", f"`c4trace gate {options.graph}` lists them"
        )
    entry = Acceptance(breach.fingerprint, breach.rule, breach.where, options.reason, options.expires)
    return accept(baseline, entry)
