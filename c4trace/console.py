"""What a run says: results on standard output, the rest on standard error, and nothing that a terminal would obey."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import TextIO

from extractor.options import Progress

# C0 and C1 controls but the newline, and the marks that turn text around: names in scanned code may hold them.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Text without control characters: each is shown as `\\xNN` or `\\uNNNN`."""
    return _CONTROLS.sub(lambda match: ascii(match[0])[1:-1], text)


class Console:
    """Where a run speaks. `quiet` leaves only results and errors; `verbose` adds detail and tracebacks."""

    def __init__(self, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose

    def result(self, text: str) -> None:
        """Text that was asked for, on standard output."""
        _write(sys.stdout, text)

    def note(self, text: str) -> None:
        """What a person who waits wants to know."""
        if not self.quiet:
            _write(sys.stderr, text)

    def detail(self, text: str) -> None:
        """What only a person who looks for trouble wants to know."""
        if self.verbose and not self.quiet:
            _write(sys.stderr, text)

    def error(self, text: str) -> None:
        """What went wrong."""
        _write(sys.stderr, f"c4trace: {text}")

    @contextlib.contextmanager
    def progress(self) -> Iterator[Progress]:
        """A progress line on a terminal; nothing elsewhere or when quiet."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda stage, done, total: None
            return
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bars

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bars(*columns, console=Terminal(stderr=True), transient=True) as bars:
            line = bars.add_task("", total=None)

            def show(stage: str, done: int, total: int) -> None:
                bars.update(line, description=harmless(stage), completed=done, total=total or None)

            yield show


def _write(stream: TextIO, text: str) -> None:
    print(harmless(text), file=stream, flush=True)
