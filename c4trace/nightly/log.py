"""The log of a run: one line for each thing that happened, for a person or (as JSON) for a machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

LEVELS = ("info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Log:
    """Writes lines to `stream`, each stamped by `now`; `as_json` makes each one a JSON object."""

    stream: TextIO
    now: Callable[[], datetime]
    as_json: bool = False
    quiet: bool = False

    def say(self, level: str, event: str, message: str, **fields: str | int | float | list[str]) -> None:
        """One line. `event` is a word for machines, `message` a sentence for people, `fields` go into the JSON only.

        Names out of scanned repositories may hold anything: control characters are written as escapes, so that a line
        stays one line and a terminal is not driven.
        """
        if self.quiet and level == "info":
            return
        time = self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if self.as_json:
            line = json.dumps({"time": time, "level": level, "event": event, "message": message, **fields})
        else:
            line = f"{time} {level.upper():7} {printable(message)}"
        print(line, file=self.stream, flush=True)


def printable(text: str) -> str:
    """`text` with every character that is not printable written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
