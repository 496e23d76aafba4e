"""Coverage: what a repository declares, how much of it was understood, and why the rest was not."""

from __future__ import annotations

from extractor.link.coverage.rows import CoverageInput, coverage_of, unread_clients

__all__ = ["CoverageInput", "coverage_of", "unread_clients"]
