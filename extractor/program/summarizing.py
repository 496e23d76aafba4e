"""Summaries of many modules: read in parallel, largest first, by processes that may die without taking more along than
the module that killed them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool

from extractor.options import ScanOptions
from extractor.summary import TOO_DEEP, UNSURE, ModuleSummary, encode, summarize, unread
from extractor.workers import interrupts_held, worker_pool

SERIAL_BELOW = 60  # a pool costs more than it gives for fewer modules than this
_CHUNK_BYTES = 200_000
# A module's key and its bytes.
Source = tuple[str, bytes]


def summarize_all(
    sources: Sequence[Source], options: ScanOptions, executor: Executor | None = None
) -> dict[str, bytes]:
    """Encoded summaries by key: a map over bytes. `executor` may be any of `concurrent.futures`' shape (Dask's, Ray's);
    without one, processes of this machine are used when the work is worth them. A module at which each process dies
    that reads it has no summary."""
    chunks = _chunks(sources)
    if executor is not None:
        return dict(pair for pairs in executor.map(_summarize_chunk, chunks) for pair in pairs)
    if options.jobs <= 1 or len(sources) < SERIAL_BELOW:
        return _here(sources)
    with worker_pool(options.jobs) as pool:
        done, left = _mapped(pool, chunks, options)
    return done | _apart(left)


def _here(sources: Sequence[Source]) -> dict[str, bytes]:
    """In this process: but what `ast` alone does not read, which is left to one that may die."""
    done, left = {}, []
    for key, data in sources:
        summary = summarize(data, parser="ast")
        if summary.error == UNSURE:
            left.append((key, data))
        else:
            done[key] = _encoded(summary)
    return done | _apart(left)


def _mapped(
    pool: Executor, chunks: Sequence[Sequence[Source]], options: ScanOptions
) -> tuple[dict[str, bytes], list[Source]]:
    """What the workers of a pool read, and what they did not, because one of them died."""
    done: dict[str, bytes] = {}
    left: list[Source] = []
    total = sum(map(len, chunks))
    with interrupts_held():
        futures = [pool.submit(_summarize_chunk, chunk) for chunk in chunks]
    for future, chunk in zip(futures, chunks, strict=True):
        try:
            done.update(future.result())
        except BrokenProcessPool:
            left += chunk
        options.progress("reading modules", len(done) + len(left), total)
    return done, left


def _apart(sources: Sequence[Source]) -> dict[str, bytes]:
    """By processes of their own, one after the other: where one dies, half of what it had goes to each of the next two,
    down to the module that kills it."""
    done: dict[str, bytes] = {}
    parts = [list(sources)] if sources else []
    while parts:
        part = parts.pop()
        with worker_pool(1) as pool:
            try:
                with interrupts_held():
                    future = pool.submit(_summarize_chunk, part)
                done.update(future.result())
                continue
            except BrokenProcessPool:
                half = len(part) // 2
        if half:
            parts += [part[half:], part[:half]]
    return done


def _chunks(sources: Sequence[Source]) -> list[list[Source]]:
    chunks: list[list[Source]] = []
    size = 0
    for source in sources:
        if not chunks or size > _CHUNK_BYTES:
            chunks.append([])
            size = 0
        chunks[-1].append(source)
        size += len(source[1])
    return chunks


def _summarize_chunk(chunk: Sequence[Source]) -> list[tuple[str, bytes]]:
    return [(key, _encoded(summarize(data))) for key, data in chunk]


def _encoded(summary: ModuleSummary) -> bytes:
    try:
        return encode(summary)
    except RecursionError:
        return encode(unread(TOO_DEEP))
