"""Linking repositories in parallel: one process for each, forked, and the timings that they bring back."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence

from extractor.link.facts import RepoFacts
from extractor.options import ScanOptions
from extractor.pipeline.projects import link_projects
from extractor.pipeline.reading import ReadRepository
from extractor.rules.clients import RuleBook, shipped_rules
from extractor.workers import interruptible, interrupts_held, worker_pool

# Readings are handed to the linking processes by fork: they are large, and nothing needs to travel.
_READINGS: list[ReadRepository] = []


def link_all(readings: Sequence[ReadRepository], book: RuleBook, options: ScanOptions) -> list[RepoFacts]:
    """The facts of every reading, in order; the largest is linked first, in as many processes as there are jobs.
    A library of the estate is part of those who use it, and has no facts of its own."""
    facts = [RepoFacts(reading.source) for reading in readings]
    order = [at for at, reading in enumerate(readings) if reading.source.kind != "library"]
    order.sort(key=lambda at: -len(readings[at].collected.modules))
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    if options.jobs > 1 and len(order) > 1 and can_fork:
        linked = _forked(readings, order, options)
    else:
        linked = ((at, link_projects(readings[at], book, options.timing)) for at in order)
    for done, (at, found) in enumerate(linked, 1):
        facts[at] = found
        options.progress("linking", done, len(order))
    return facts


def _forked(
    readings: Sequence[ReadRepository], order: Sequence[int], options: ScanOptions
) -> Iterator[tuple[int, RepoFacts]]:
    """The position and the facts of each reading, as `order` says; the timings are told here."""
    _READINGS.extend(readings)
    try:
        with worker_pool(min(options.jobs, len(order)), "fork") as pool:
            with interrupts_held():
                futures = {at: pool.submit(_link_here, at) for at in order}
            for at in order:
                facts, timings = futures[at].result()
                for stage, seconds in timings:
                    options.timing(stage, seconds)
                yield at, facts
    finally:
        _READINGS.clear()


def _link_here(at: int) -> tuple[RepoFacts, list[tuple[str, float]]]:
    """In a forked process: the facts of a reading, and how long each stage took."""
    timings: list[tuple[str, float]] = []
    with interruptible():
        facts = link_projects(_READINGS[at], shipped_rules(), lambda *timing: timings.append(timing))
    return facts, timings
