"""Errors by whose fault they are. Each carries one line that says what is wrong and one that says what to mend."""

from __future__ import annotations

SOFTWARE_FAULT = 70  # the exit status of a fault of ours, EX_SOFTWARE of sysexits.h; 1 says that a gate failed


class C4traceError(Exception):
    """Base of the errors c4trace raises on purpose. `exit_code` is the process's exit status."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message, self.remedy = message, remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class UserError(C4traceError):
    """The user's input is wrong: an option, the estate file, a graph.json."""

    exit_code = 2


class SourceError(C4traceError):
    """A source could not be read: no such repository, no such ref, no network."""

    exit_code = 3
