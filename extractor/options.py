"""How a scan is run: what the composition root tells the extractor beside the estate and its trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Called with the stage, how many of its steps are done, and how many there are.
Progress = Callable[[str, int, int], None]
# Called with the stage and the seconds it took.
Timing = Callable[[str, float], None]


def _unheard(stage: str, done: int, total: int) -> None:
    """No one listens to the progress."""


def _untimed(stage: str, seconds: float) -> None:
    """No one asks for timings."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """Options of one scan.

    `jobs` is how many processes read modules; `cache_dir` where summaries and libraries are kept, None to keep none;
    `scripts` draws script files that no service loads;
    `offline` forbids the network; `stamp` (ISO 8601, UTC) and `version` go into the graph as they are.
    """

    stamp: str
    version: str
    jobs: int = 1
    cache_dir: Path | None = None
    offline: bool = False
    scripts: bool = False
    progress: Progress = _unheard
    timing: Timing = _untimed
