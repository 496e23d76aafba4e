"""Ignores as the scanned code writes them: `# c4trace: ignore[rule] reason`, by the line they speak for."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.program.index import ModuleIndex


@dataclass(frozen=True, slots=True)
class PlacedDirective:
    """An ignore: the line of code it speaks for, the rules it names and the reason it gives ("" for none)."""

    repo: str
    path: str
    line: int
    rules: tuple[str, ...]
    reason: str


def directives_of(index: ModuleIndex) -> tuple[PlacedDirective, ...]:
    """The ignores in a repository's own modules, by place."""
    found = [
        PlacedDirective(module.repo, module.path, line, rules, reason)
        for module in index.modules
        if module.in_repo
        for line, rules, reason in module.summary.directives
    ]
    return tuple(sorted(found, key=lambda d: (d.repo, d.path, d.line, d.rules)))
