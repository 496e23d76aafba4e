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
class Diagnostic:
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


def findings(repo: str, diagnostics: Iterable[Diagnostic], rules: Mapping[str, FindingRule]) -> tuple[Finding, ...]:
    """The rows of drafts, sorted by place; drafts of one rule, subject and place become one row."""
    merged: dict[tuple[str, str, int, int, str], Diagnostic] = {}
    for diagnostic in sorted(diagnostics, key=_order):
        key = (diagnostic.path, diagnostic.rule, diagnostic.line, diagnostic.end_line, diagnostic.subject)
        merged[key] = _joined(merged[key], diagnostic) if key in merged else diagnostic
    counts: dict[tuple[str, str], int] = {}
    out = []
    for diagnostic in merged.values():
        ordinal = counts.get((diagnostic.rule, diagnostic.subject), 0)
        counts[diagnostic.rule, diagnostic.subject] = ordinal + 1
        out.append(_finding(repo, diagnostic, ordinal, rules[diagnostic.rule]))
    return tuple(out)


def _joined(first: Diagnostic, other: Diagnostic) -> Diagnostic:
    """One draft for one cause: the worse severity, the calls of both."""
    worse = min(first.severity, other.severity, key=SEVERITIES.index)
    calls = tuple(sorted({*first.call_ids, *other.call_ids}))
    return dataclasses.replace(first, severity=worse, call_ids=calls)


def _order(diagnostic: Diagnostic) -> tuple[str, int, int, str, str, str]:
    return (
        diagnostic.path,
        diagnostic.line,
        diagnostic.end_line,
        diagnostic.rule,
        diagnostic.subject,
        diagnostic.message,
    )


def _finding(repo: str, diagnostic: Diagnostic, ordinal: int, rule: FindingRule) -> Finding:
    mark = fingerprint(diagnostic.rule, repo, diagnostic.subject, ordinal)
    return Finding(
        id=row_id("finding", mark),
        rule=diagnostic.rule,
        severity=diagnostic.severity,
        message=diagnostic.message,
        repo=repo,
        path=diagnostic.path,
        line=diagnostic.line,
        end_line=diagnostic.end_line,
        fingerprint=mark,
        flow_ids=(),
        function=diagnostic.function,
        remedy=rule.remedy,
        call_ids=diagnostic.call_ids,
    )
