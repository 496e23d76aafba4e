"""How long each stage of linking a repository took."""

from __future__ import annotations

import time

from extractor.options import Timing


class Stopwatch:
    """Tells `timing` of each stage of a repository, with the seconds since the one before ended."""

    def __init__(self, repo: str, timing: Timing) -> None:
        self._repo, self._timing = repo, timing
        self._last = time.perf_counter()

    def ended(self, stage: str) -> None:
        """The stage that has just ended."""
        now = time.perf_counter()
        self._timing(f"{self._repo}: {stage}", now - self._last)
        self._last = now
