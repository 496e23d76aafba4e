"""Worker processes: pools that stay silent when a scan is interrupted, and end with it."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


class Terminated(KeyboardInterrupt):
    """The process was told to end (SIGTERM). Its workers and its git commands have been killed already, so whoever
    catches it ends the process by `os._exit`: pools wait forever for a worker that dies while it sends its result."""


def terminate_whole() -> None:
    """From now on SIGTERM ends what this process has started, and raises Terminated in its main thread."""
    owner = os.getpid()

    def end(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != owner:  # a worker so young that it still has its parent's handler
            os._exit(128 + number)
        signal.signal(number, signal.SIG_IGN)
        for child in _children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        raise Terminated

    signal.signal(signal.SIGTERM, end)


def _children() -> Iterator[int]:
    """The processes that this one has started: workers, and on Linux also git (proc_pid_task(5), `children`)."""
    yield from (worker.pid for worker in multiprocessing.active_children() if worker.pid is not None)
    for told in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, told.read_text().split())


@contextmanager
def worker_pool(jobs: int, method: str | None = None) -> Iterator[ProcessPoolExecutor]:
    """A pool of `jobs` processes, started by `method` ("fork", ...; None for the platform's own). After an exception
    what has not begun is dropped, and what is `interruptible` ends at once.

    Workers are never killed: the pool waits forever for a worker that dies while it sends its result.
    """
    # Where a worker is not forked, Python is started for it, and would import from the working directory first: that
    # may be the one that is scanned (https://docs.python.org/3/using/cmdline.html#envvar-PYTHONSAFEPATH).
    os.environ["PYTHONSAFEPATH"] = "1"
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(method), initializer=_begin)
    try:
        yield pool
    except Terminated:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        for worker in multiprocessing.active_children():
            if worker.pid is not None:
                os.kill(worker.pid, signal.SIGINT)
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown(cancel_futures=True)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Interrupts wait until the end of the block. Processes that start in it are born deaf to them: a worker that is
    interrupted before its first own line would tell of it with a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def interruptible() -> Iterator[None]:
    """For long work in a worker: an interrupt raises KeyboardInterrupt here, which the pool takes as a result."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        _ignore_interrupts()


def _begin() -> None:
    """What a worker does first: SIGTERM ends it, and so does the end of its parent, whatever that is (Linux)."""
    _ignore_interrupts()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)


def _ignore_interrupts() -> None:
    """An interrupt is the parent's to tell of."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def uncollected() -> Iterator[None]:
    """No cycle collector: scanning and rendering make millions of small objects that live to the end, hardly a cycle
    among them.

    Looking them over again and again takes a third of the time of linking and finds nothing: the memory at the peak
    is the same without. What was made stays out of the collector's sight afterwards too: else it looks all of that over
    as soon as it is back.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
