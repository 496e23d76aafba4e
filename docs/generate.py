"""Writes what the README says of the commands from the commands themselves: `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from c4trace.commands import COMMANDS

README = Path(__file__).resolve().parent.parent / "README.md"
_TABLE = re.compile(r"(?<=^\| --- \| --- \|\n)(\| `c4trace \w+` \| .*\n)+", re.MULTILINE)


def command_rows() -> str:
    """The rows of the table of commands, in the order of `c4trace --help`."""
    return "".join(f"| `c4trace {name}` | {summary} |\n" for name, summary in COMMANDS.items())


def with_commands(text: str) -> str:
    """A README whose table of commands is up to date. Raises ValueError when it has none."""
    if not _TABLE.search(text):
        raise ValueError("the README has no table of commands")
    return _TABLE.sub(lambda _: command_rows(), text, count=1)


def main() -> int:
    """Rewrite the README."""
    README.write_text(with_commands(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
