"""From what a check saw to a row: severity by who waits, a fingerprint that survives moves, one row for one cause."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from extractor.diff.identity import fingerprint
from extractor.model.graph import SEVERITIES, Finding
from extractor.model.ids import row_id
from extractor.rules.findings import FindingRule


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before it has an identity. `subject` says what it is about in terms of the architecture: a URL, a
    setting's name, a schedule's key; never a line, a path or the name of a function."""

    rule: str
    severity: str
    message: str
    path: str
    line: int
    end_line: int
    function: str
    subject: str
    call_ids: tuple[str, ...] = ()


def findings(repo: str, drafts: Iterable[Draft], rules: Mapping[str, FindingRule]) -> tuple[Finding, ...]:
    """The rows of drafts, sorted by place; drafts of one rule, subject and place become one row."""
    merged: dict[tuple[str, str, int, int, str], Draft] = {}
    for draft in sorted(drafts, key=_order):
        key = (draft.path, draft.rule, draft.line, draft.end_line, draft.subject)
        merged[key] = _joined(merged[key], draft) if key in merged else draft
    counts: dict[tuple[str, str], int] = {}
    out = []
    for draft in merged.values():
        ordinal = counts.get((draft.rule, draft.subject), 0)
        counts[draft.rule, draft.subject] = ordinal + 1
        out.append(_finding(repo, draft, ordinal, rules[draft.rule]))
    return tuple(out)


def _joined(first: Draft, other: Draft) -> Draft:
    """One draft for one cause: the worse severity, the calls of both."""
    worse = min(first.severity, other.severity, key=SEVERITIES.index)
    calls = tuple(sorted({*first.call_ids, *other.call_ids}))
    return dataclasses.replace(first, severity=worse, call_ids=calls)


def _order(draft: Draft) -> tuple[str, int, int, str, str, str]:
    return draft.path, draft.line, draft.end_line, draft.rule, draft.subject, draft.message


def _finding(repo: str, draft: Draft, ordinal: int, rule: FindingRule) -> Finding:
    mark = fingerprint(draft.rule, repo, draft.subject, ordinal)
    return Finding(
        id=row_id("finding", mark),
        rule=draft.rule,
        severity=draft.severity,
        message=draft.message,
        repo=repo,
        path=draft.path,
        line=draft.line,
        end_line=draft.end_line,
        fingerprint=mark,
        flow_ids=(),
        function=draft.function,
        remedy=rule.remedy,
        call_ids=draft.call_ids,
    )
