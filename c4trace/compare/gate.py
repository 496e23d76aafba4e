"""The gate on the command line: the estate's policy, the baseline file, the day, and what they come to."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from c4trace.console import Console
from extractor.diff.document import GraphDiff
from extractor.estate.model import Estate
from extractor.files.shipped import read_schema
from extractor.gate.baseline import read_baseline
from extractor.gate.policy import Policy, Verdict, check, load_policy
from extractor.model.graph import Graph

BASELINE = Path("c4trace-baseline.yaml")


def today() -> str:
    """The day (UTC, ISO 8601) by which acceptances end; `SOURCE_DATE_EPOCH` pins it as it pins the stamp."""
    pinned = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(pinned), UTC) if pinned.isdigit() else datetime.now(UTC)
    return now.date().isoformat()


def policy_of(estate: Estate) -> Policy:
    """The estate's policy. Raises UserError when it is wrong."""
    return load_policy(estate.policy, read_schema("policy"), (name for s in estate.systems for name in (s.id, s.name)))


def judge(diff: GraphDiff, head: Graph, policy: Policy, baseline_path: Path) -> Verdict:
    """What of `head` breaks the policy and is not accepted by the baseline file."""
    return check(diff, head, policy, read_baseline(baseline_path), today())


def tell(verdict: Verdict, baseline: Path, console: Console) -> int:
    """Print each breach on a line of its own, and what is amiss with the baseline; the exit status (0 or 1)."""
    for breach in verdict.breaches:
        console.result(str(breach))
    for entry in verdict.expired:
        console.note(f"{baseline}: {entry.where} was accepted until {entry.expires} ({entry.rule})")
    for entry in verdict.unused:
        console.note(f"{baseline}: {entry.where} is mended ({entry.rule}); run `c4trace baseline --update`")
    accepted = f", {len(verdict.accepted)} accepted by {baseline}" if verdict.accepted else ""
    console.note(f"{len(verdict.breaches)} breaches of the policy{accepted}")
    return 0 if verdict.passed else 1


def empty_base(head: Graph) -> Graph:
    """A graph of nothing: against it, all that stands in `head` is new."""
    return Graph(head.schema, head.version, "", head.estate)
