"""What a scan tells of what it understood: `rules/coverage.yaml`, by its schema."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain


@dataclass(frozen=True, slots=True)
class CoverageRules:
    """The last names by which something is declared, the packages of frameworks, and libraries that ask nobody."""

    urls: frozenset[str]
    url_modules: frozenset[str]
    registers: frozenset[str]
    routers: frozenset[str]
    includes: frozenset[str]
    tasks: frozenset[str]
    receivers: frozenset[str]
    settings: frozenset[str]
    quiet: frozenset[str]
    read: Mapping[str, str]
    unread: Mapping[str, str]


@functools.cache
def coverage_rules() -> CoverageRules:
    """The shipped rules, read once; the tests hold them to their schema."""
    data = read_plain(rules_dir() / "coverage.yaml")
    lists = {name: frozenset(names) for name, names in data.items() if name != "frameworks"}
    return CoverageRules(**lists, read=data["frameworks"]["read"], unread=data["frameworks"]["unread"])


__all__ = ["CoverageRules", "coverage_rules"]
