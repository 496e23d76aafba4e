"""Ignores: `# c4trace: ignore[rule] reason` in the scanned code takes a finding out of what is reported, by name."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    rule that an ignore names for nothing (any more); one for all that are no rules."""
    known = rules or shipped_finding_rules()
    files: dict[tuple[str, str], list[PlacedDirective]] = {}
    for directive in directives:
        files.setdefault((directive.repo, directive.path), []).append(directive)
    placed = {place: _FileIgnores(sorted(group, key=lambda d: d.line)) for place, group in files.items()}
    out = [_marked(row, placed[row.repo, row.path].of(row)) if (row.repo, row.path) in placed else row for row in rows]
    unused: dict[str, list[tuple[PlacedDirective, tuple[str, ...]]]] = {}
    for ignores in placed.values():
        for directive, names in ignores.unused():
            unused.setdefault(directive.repo, []).append((directive, names))
    for repo in sorted(unused):
        out += find(IgnoreContext(repo, unused[repo], frozenset(known)), known)
    return tuple(sorted(out, key=lambda f: (f.repo, f.path, f.line, f.end_line, f.rule, f.fingerprint)))


class _FileIgnores:
    """The ignores of one file, by line, and which of their names were of use."""

    def __init__(self, ordered: Sequence[PlacedDirective]) -> None:
        self._ordered = ordered
        self._lines = [directive.line for directive in ordered]
        self._used: set[tuple[int, str]] = set()

    def of(self, row: Finding) -> list[PlacedDirective]:
        """The ignores that speak of a finding; from now on they are of use."""
        first, end = bisect_left(self._lines, row.line), bisect_right(self._lines, row.end_line)
        mine = [at for at in range(first, end) if row.rule in self._ordered[at].rules]
        self._used.update((at, row.rule) for at in mine)
        return [self._ordered[at] for at in mine]

    def unused(self) -> Iterator[tuple[PlacedDirective, tuple[str, ...]]]:
        """Each ignore that named more than was of use, with those names."""
        for at, directive in enumerate(self._ordered):
            names = dict.fromkeys(directive.rules or ("",))
            if left := tuple(name for name in names if (at, name) not in self._used):
                yield directive, left


def _marked(row: Finding, mine: Sequence[PlacedDirective]) -> Finding:
    reason = next((d.reason for d in mine if d.reason), "")
    if reason:
        return dataclasses.replace(row, suppressed=reason)
    return dataclasses.replace(row, message=row.message + _NO_REASON) if mine else row
