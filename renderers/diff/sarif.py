"""A diff as SARIF 2.1.0: the findings of both sides in one run, each with its `baselineState` (§3.27.24)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from extractor.diff.document import GraphDiff
from extractor.model.graph import Graph
from extractor.rules.doc import RuleDoc
from renderers.data.sarif import render_sarif

_PRINT = "c4traceFinding/v1"


def render_diff_sarif(base: Graph, head: Graph, diff: GraphDiff, rules: Sequence[RuleDoc]) -> str:
    """The head's findings as `new`, `updated` or `unchanged`, then those only the base had, as `absent`.

    `diff` is the diff of `base` and `head`, or of graphs of which these hold some of the findings. Rules are those of
    both sides; the run's other properties are the head's.
    """
    log, before = json.loads(render_sarif(head, rules)), json.loads(render_sarif(base, rules))
    run, old_run = log["runs"][0], before["runs"][0]
    old, new = ({f.id: f.fingerprint for f in side.findings} for side in (base, head))
    states = {new.get(c.ids[1], ""): "new" for c in diff.of("findings", "added")}
    states |= {new.get(c.ids[1], ""): "updated" for c in diff.of("findings", "changed")}
    absent = {old.get(c.ids[0], "") for c in diff.of("findings", "removed")}
    for result in run["results"]:
        result["baselineState"] = states.get(_mark(result), "unchanged")
    index = _with_rules_of(run, old_run)
    for result in old_run["results"]:
        if _mark(result) in absent:
            # Places in the base's text mean nothing in the head's; SARIF viewers only list what is absent.
            run["results"].append({**result, "baselineState": "absent", "ruleIndex": index[result["ruleId"]]})
    bases = run["originalUriBaseIds"]
    for name, value in old_run["originalUriBaseIds"].items():
        bases.setdefault(name, value)
    return json.dumps(log, indent=1) + "\n"


def _mark(result: dict[str, Any]) -> str:
    return str(result["partialFingerprints"][_PRINT])


def _with_rules_of(run: dict[str, Any], old_run: dict[str, Any]) -> dict[str, int]:
    """Add the rules that only the base's findings name; rule id -> its index in the run."""
    rules = run["tool"]["driver"]["rules"]
    known = {rule["id"] for rule in rules}
    rules += [rule for rule in old_run["tool"]["driver"]["rules"] if rule["id"] not in known]
    return {rule["id"]: at for at, rule in enumerate(rules)}
