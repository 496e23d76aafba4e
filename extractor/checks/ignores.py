"""Ignores: `# c4trace: ignore[rule] reason` in the scanned code takes a finding out of what is reported, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from extractor.checks.registry import find
from extractor.checks.unused import IgnoreContext
from extractor.link.directives import PlacedDirective
from extractor.model.graph import Finding
from extractor.rules.findings import FindingRule, shipped_finding_rules

_NO_REASON = " (an ignore stands here, but without a reason it does not count)"


def apply_ignores(
    rows: Sequence[Finding], directives: Iterable[PlacedDirective], rules: Mapping[str, FindingRule] | None = None
) -> tuple[Finding, ...]:
    """All findings of a scan with `suppressed` set to the reason of the ignore that names them, and a finding for each
    ignore that names nothing (any more)."""
    known = rules or shipped_finding_rules()
    by_file: dict[tuple[str, str], list[PlacedDirective]] = {}
    for directive in directives:
        by_file.setdefault((directive.repo, directive.path), []).append(directive)
    used: set[tuple[PlacedDirective, str]] = set()
    out = []
    for row in rows:
        mine = [d for d in by_file.get((row.repo, row.path), ()) if _speaks_of(d, row)]
        used.update((d, row.rule) for d in mine)
        out.append(_marked(row, mine))
    unused: dict[str, list[tuple[PlacedDirective, str]]] = {}
    for directive in (d for group in by_file.values() for d in group):
        names = [name for name in directive.rules or ("",) if (directive, name) not in used]
        unused.setdefault(directive.repo, []).extend((directive, name) for name in names)
    for repo in sorted(unused):
        out += find(IgnoreContext(repo, unused[repo], frozenset(known)), known)
    return tuple(sorted(out, key=lambda f: (f.repo, f.path, f.line, f.end_line, f.rule, f.fingerprint)))


def _speaks_of(directive: PlacedDirective, row: Finding) -> bool:
    return row.line <= directive.line <= row.end_line and row.rule in directive.rules


def _marked(row: Finding, mine: Sequence[PlacedDirective]) -> Finding:
    reason = next((d.reason for d in mine if d.reason), "")
    if reason:
        return dataclasses.replace(row, suppressed=reason)
    return dataclasses.replace(row, message=row.message + _NO_REASON) if mine else row
