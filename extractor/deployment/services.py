"""Process managers' files, supervisor's and systemd's: the programs that they keep running, as units.

Formats: supervisor's "Configuration File" (`[program:name]`, `command`), systemd's systemd.service(5) (`[Service]`,
`ExecStart`). A line that ends in a backslash, or is followed by an indented one, goes on there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename

from extractor.deployment.commands import Scripts, program, unit_running
from extractor.deployment.units import Unit, UnreadableFile

_MAX_BYTES = 256 * 1024
_SECTION = re.compile(r"\s*\[(?P<name>[^\]]+)\]\s*")
_OPTION = re.compile(r"(?P<name>[\w-]+)\s*=\s*(?P<value>.*)")
_COMMENT = re.compile(r"\s*[;#]")


def is_service_file(path: str) -> bool:
    """Whether the file is one of supervisor's or systemd's by its name or folder."""
    name = basename(path)
    return name.endswith(".service") or ("supervisor" in path.lower() and name.endswith((".conf", ".ini")))


def service_units(path: str, data: bytes, kind: str, scripts: Scripts) -> tuple[Unit, ...]:
    """A unit for each program that the file runs and that is known by its command. Raises UnreadableFile."""
    if len(data) > _MAX_BYTES or b"\0" in data:
        raise UnreadableFile("not a file of a process manager (too large, or binary)")
    units = []
    for name, command, line in _programs(path, data.decode("utf-8", "replace")):
        found = program(command, scripts)
        if found.role:
            units.append(unit_running(found, name, command, path, line, kind))
    return tuple(units)


def _programs(path: str, text: str) -> Iterator[tuple[str, str, int]]:
    """The programs of a file: name, command, the line of the command."""
    section = ""
    for line, row in _rows(text):
        heading, option = _SECTION.fullmatch(row), _OPTION.fullmatch(row.rstrip())
        if heading is not None:
            section = heading["name"].strip()
        elif option is not None and section.startswith("program:") and option["name"] == "command":
            yield section.removeprefix("program:").strip(), option["value"], line
        elif option is not None and section == "Service" and option["name"] == "ExecStart":
            yield basename(path).removesuffix(".service").rstrip("@"), option["value"].lstrip("-@:+!"), line


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file with what goes on in the next ones, each with the number of its first."""
    number, held = 0, ""
    for at, row in enumerate(text.splitlines(), 1):
        if _COMMENT.match(row):
            continue
        goes_on = held.endswith("\\") or (row[:1].isspace() and row.strip() and not held.endswith("]"))
        if held and goes_on:
            held = f"{held.removesuffix(chr(92))} {row.strip()}"
            continue
        if held:
            yield number, held
        number, held = at, row.strip()
    if held:
        yield number, held


__all__ = ["is_service_file", "service_units"]
