"""What the evidence panel shows of a flow: everything known of it, with links, as data for the browser.

Details are kept in script files of moderate size beside the pages; a page loads one when the reader opens an arrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from extractor.model.graph import Call, Evidence, Finding, Flow, Hop, Schedule
from renderers.links import code_url
from renderers.site.estate import SiteIndex, row_anchor
from renderers.site.script import data_script, to_json

_SHARD = 250_000


def detail_files(estate: SiteIndex) -> dict[str, str]:
    """The script files: `data/flows-index.js` (flow id -> number of its file) and `data/flows-<n>.js`."""
    calls = {call.id: call for call in estate.graph.calls}
    schedules = {item.id: item for item in estate.graph.schedules}
    shards: list[dict[str, Any]] = [{}]
    index: dict[str, int] = {}
    size = 0
    for flow in sorted(estate.graph.flows, key=lambda item: item.id):
        detail = _detail(estate, flow, calls, schedules)
        size += len(to_json(detail))
        if size > _SHARD and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][flow.id] = detail
        index[flow.id] = len(shards) - 1
    files = {f"data/flows-{n}.js": data_script(f"flows-{n}", shard) for n, shard in enumerate(shards)}
    return {"data/flows-index.js": data_script("flows-index", index), **files}


def evidence_rows(estate: SiteIndex, items: Iterable[Evidence]) -> list[list[Any]]:
    """Evidence as rows: role, repository, `path:line`, address or "", code text."""
    return [
        [e.role, e.repo, f"{e.path}:{e.line}", _url(estate, e.repo, e.commit, e.path, e.line, e.end_line), e.text]
        for e in items
    ]


def _detail(
    estate: SiteIndex, flow: Flow, calls: Mapping[str, Call], schedules: Mapping[str, Schedule]
) -> dict[str, Any]:
    mine = [calls[call_id] for call_id in flow.call_ids if call_id in calls]
    return {
        "source": estate.full_name(flow.source),
        "target": estate.full_name(flow.target),
        "label": flow.label,
        "data": flow.data if flow.data != flow.label else "",
        "sync": flow.sync,
        "protocol": flow.protocol,
        "trigger": flow.trigger,
        "cadence": flow.cadence,
        "condition": flow.condition,
        "confidence": flow.confidence,
        "why": flow.why,
        "evidence": evidence_rows(estate, flow.evidence),
        "chain": _chain(estate, flow.chain),
        "findings": [_finding(estate, finding) for finding in _findings(estate, flow)],
        "calls": [_call(estate, call) for call in mine],
        "schedules": [_schedule(estate, schedules[i]) for i in flow.schedule_ids if i in schedules],
    }


def _url(estate: SiteIndex, repo: str, commit: str, path: str, line: int, end_line: int) -> str:
    return code_url(estate.sources.get(repo), commit, path, line, end_line)


def _chain(estate: SiteIndex, hops: Sequence[Hop]) -> list[list[str]]:
    """Hops as rows: how, function, repository, `path:line`, address or ""."""
    return [
        [h.how, h.function, h.repo, f"{h.path}:{h.line}", _url(estate, h.repo, "", h.path, h.line, h.line)]
        for h in hops
    ]


def _findings(estate: SiteIndex, flow: Flow) -> list[Finding]:
    named = {finding.id: finding for finding in estate.flow_findings.get(flow.id, ())}
    named.update({i: estate.findings[i] for i in flow.finding_ids if i in estate.findings})
    return [named[key] for key in sorted(named)]


def _finding(estate: SiteIndex, finding: Finding) -> list[str]:
    url = _url(estate, finding.repo, "", finding.path, finding.line, finding.end_line)
    where = f"{finding.path}:{finding.line}"
    return [finding.rule, finding.severity, finding.message, finding.remedy, where, url, finding.suppressed]


def _call(estate: SiteIndex, call: Call) -> list[str]:
    """A call as a row: method and address template, timeout, authentication, its row in the table of calls."""
    page = estate.owner(call.repo, call.service).page("calls")
    request = f"{call.http_method or ''} {call.url}".strip()
    return [request, call.timeout, call.auth, f"{page}#{row_anchor(call.id)}", call.via]


def _schedule(estate: SiteIndex, item: Schedule) -> list[str]:
    """A schedule as a row: key, cadence in words, its row in the timetable, what contradicts it."""
    page = estate.owner(item.repo, item.service).page("tasks")
    return [item.key, item.cadence or item.schedule, f"{page}#{row_anchor(item.id)}", item.note]
