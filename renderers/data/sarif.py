"""findings.sarif: the findings as SARIF 2.1.0 (OASIS Standard, 27 March 2020; sections are cited as §)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from extractor.model.graph import Evidence, Finding, Graph, Source
from extractor.rules.doc import RuleDoc
from extractor.text.words import words_of
from renderers.links import quoted_path
from renderers.words import seen

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"high": "error", "medium": "warning", "low": "note", "info": "note"}  # §3.27.10
_SCP_URL = re.compile(r"^(?P<user>[\w.-]+@)?(?P<host>[\w.-]+):(?P<path>[^/\\].*)$")
_MOST_RELATED = 10


def render_sarif(graph: Graph, rules: Sequence[RuleDoc]) -> str:
    """The findings as one SARIF run, all rules listed whether they fired or not. The same input gives the same bytes.

    A suppressed finding stays in the log with its suppression (§3.27.23); a skipped file is a notification, and makes
    `executionSuccessful` false (§3.20.14): a consumer must not take a partial scan for a clean one.
    """
    known = {rule.id: rule for rule in rules}
    for finding in graph.findings:
        known.setdefault(finding.rule, RuleDoc(finding.rule, finding.rule, "", finding.remedy, finding.severity))
    listed = [known[key] for key in sorted(known)]
    index = {rule.id: n for n, rule in enumerate(listed)}
    sources = sorted(graph.sources, key=lambda s: s.name)
    run: dict[str, Any] = {
        "tool": {"driver": _driver(graph, listed)},
        "invocations": [_invocation(sources)],
        "originalUriBaseIds": {s.name: {"description": {"text": f"Root of {s.name}"}} for s in sources},
        "columnKind": "unicodeCodePoints",
        "results": [_result(graph, f, index) for f in sorted(graph.findings, key=lambda f: (f.rule, f.id))],
    }
    provenance = [_provenance(s) for s in sources if _uri(s.url) and s.commit]
    if provenance:
        run["versionControlProvenance"] = provenance
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return seen(json.dumps(log, indent=1, ensure_ascii=False)) + "\n"


def _driver(graph: Graph, rules: Sequence[RuleDoc]) -> dict[str, Any]:
    return {"name": "c4trace", "version": graph.version, "rules": [_rule(rule) for rule in rules]}


def _rule(rule: RuleDoc) -> dict[str, Any]:
    """A reportingDescriptor (§3.49)."""
    description = rule.why or rule.title
    found: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(map(str.capitalize, words_of(rule.id))),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": description},
        "help": {"text": rule.remedy or description},
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "warning")},
        "properties": {"tags": ["architecture"], "severity": rule.severity},
    }
    if urlsplit(rule.help_url).scheme in ("http", "https"):
        found["helpUri"] = rule.help_url
    return found


def _invocation(sources: Sequence[Source]) -> dict[str, Any]:
    """An invocation (§3.20): each skipped file as a tool execution notification (§3.20.21)."""
    notes: list[dict[str, Any]] = [
        {
            "level": "warning",
            "message": {"text": f"{source.name}: {skip.path} was not read: {skip.reason}"},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(source.name, skip.path)}}],
        }
        for source in sources
        for skip in sorted(source.skipped, key=lambda s: (s.path, s.reason))
    ]
    notes += [
        {"level": "error", "message": {"text": f"{source.name} was not read: {source.lost}"}}
        for source in sources
        if source.lost
    ]
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}


def _result(graph: Graph, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    """A result (§3.27). `partialFingerprints` (§3.27.17) identify it across scans, whatever line it moves to."""
    text = f"{finding.message} {finding.remedy}".strip()
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS.get(finding.severity, "warning"),
        "message": {"text": text or finding.rule},
        "locations": [_finding_location(finding)],
        "partialFingerprints": {"c4traceFinding/v1": finding.fingerprint},
        "properties": {"severity": finding.severity, "flows": list(finding.flow_ids)},
    }
    related = _related(graph, finding)
    if related:
        found["relatedLocations"] = related
    if finding.suppressed:
        kind = "external" if finding.suppressed.startswith("baseline") else "inSource"
        found["suppressions"] = [{"kind": kind, "status": "accepted", "justification": finding.suppressed}]
    return found


def _finding_location(finding: Finding) -> dict[str, Any]:
    location = _location(finding.repo, finding.path, finding.line, finding.end_line)
    if finding.function:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.function, "kind": "function"}]
    return location


def _related(graph: Graph, finding: Finding) -> list[dict[str, Any]]:
    """The evidence of the arrows that the finding spoils (§3.27.22), without its own place."""
    related: dict[tuple[str, str, int], Evidence] = {}
    for flow in graph.flows:
        if flow.id in finding.flow_ids:
            for item in flow.evidence:
                related.setdefault((item.repo, item.path, item.line), item)
    related.pop((finding.repo, finding.path, finding.line), None)
    listed = [related[key] for key in sorted(related)[:_MOST_RELATED]]
    return [
        {"id": n, **_location(e.repo, e.path, e.line, e.end_line), "message": {"text": e.role or "evidence"}}
        for n, e in enumerate(listed, 1)
    ]


def _location(repo: str, path: str, line: int, end_line: int) -> dict[str, Any]:
    """A location (§3.28). A region's lines count from 1 (§3.30.5); a finding about a whole file has none."""
    physical: dict[str, Any] = {"artifactLocation": _artifact(repo, path)}
    if line >= 1:
        physical["region"] = {"startLine": line, "endLine": max(line, end_line)}
    return {"physicalLocation": physical}


def _artifact(repo: str, path: str) -> dict[str, str]:
    """An artifactLocation (§3.4): a relative URI under the repository's base, percent-encoded."""
    return {"uri": quoted_path(path), "uriBaseId": repo}


def _provenance(source: Source) -> dict[str, Any]:
    """A versionControlDetails object (§3.23)."""
    found: dict[str, Any] = {
        "repositoryUri": _uri(source.url),
        "revisionId": source.commit,
        "mappedTo": {"uriBaseId": source.name},
    }
    if source.ref and source.ref != source.commit:
        found["branch"] = source.ref
    return found


def _uri(url: str) -> str:
    """The repository's URL without user and password, or "" for what is none (a local path)."""
    scp = _SCP_URL.match(url) if "://" not in url else None
    if scp:
        return f"ssh://{scp['host']}/{quoted_path(scp['path'])}"
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ssh", "git") or not host:
        return ""
    return urlunsplit((parts.scheme, host, quote(parts.path, safe="/%", errors="replace"), "", ""))
