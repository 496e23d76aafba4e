"""Worker processes: pools that stay silent when a scan is interrupted, and end at once."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def worker_pool(jobs: int, method: str | None = None) -> Iterator[ProcessPoolExecutor]:
    """A pool of `jobs` processes, started by `method` ("fork", ...; None for the platform's own). An exception ends the
    workers in the middle of what they do: nobody waits for it any more."""
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(method), initializer=_ignore_interrupts)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Interrupts wait until the end of the block. Processes started in it never see any: a worker that is interrupted
    before its first own line would tell of it with a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ignore_interrupts() -> None:
    """An interrupt is the parent's to tell of."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
