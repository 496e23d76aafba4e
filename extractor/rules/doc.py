"""What a rule says of itself: the words that tables, pages and SARIF print beside a finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleDoc:
    """A rule in words. `severity` is one of `extractor.model.graph.SEVERITIES`; `help_url` is an http(s) URL or ""."""

    id: str
    title: str
    why: str
    remedy: str
    severity: str
    help_url: str = ""
