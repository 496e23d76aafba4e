"""Ignores: `# c4trace: ignore[rule] reason` in the scanned code takes a finding out of what is reported, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from extractor.checks.diagnostics import Diagnostic, findings
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
    diagnostics = list(_unused(by_file.values(), used, known))
    for repo in sorted({repo for repo, _draft in diagnostics}):
        out += findings(repo, (diagnostic for owner, diagnostic in diagnostics if owner == repo), known)
    return tuple(sorted(out, key=lambda f: (f.repo, f.path, f.line, f.end_line, f.rule, f.fingerprint)))


def _speaks_of(directive: PlacedDirective, row: Finding) -> bool:
    return row.line <= directive.line <= row.end_line and row.rule in directive.rules


def _marked(row: Finding, mine: Sequence[PlacedDirective]) -> Finding:
    reason = next((d.reason for d in mine if d.reason), "")
    if reason:
        return dataclasses.replace(row, suppressed=reason)
    return dataclasses.replace(row, message=row.message + _NO_REASON) if mine else row


def _unused(
    groups: Iterable[Sequence[PlacedDirective]],
    used: set[tuple[PlacedDirective, str]],
    rules: Mapping[str, FindingRule],
) -> Iterator[tuple[str, Diagnostic]]:
    rule = rules["unused-ignore"]
    for directive in (d for group in groups for d in group):
        for name in directive.rules or ("",):
            if (directive, name) in used:
                continue
            why = f"no finding of {name} is here" if name in rules else f"there is no rule {name!r}"
            yield (
                directive.repo,
                Diagnostic(
                    rule.id,
                    rule.severity,
                    f"this ignore is not needed: {why}",
                    directive.path,
                    directive.line,
                    directive.line,
                    "",
                    f"ignore {name}",
                ),
            )
