"""Crontabs: the commands that cron runs, and when.

Format: crontab(5), https://man7.org/linux/man-pages/man5/crontab.5.html; tables of the system (`/etc/cron.d`) name a
user before the command.
"""

from __future__ import annotations

import re
from dataclasses import replace
from posixpath import basename

from extractor.deployment.commands import Scripts, program, unit_running
from extractor.deployment.units import Unit, UnreadableFile

_MAX_BYTES = 256 * 1024
_FIELD = r"[\d*/,A-Za-z-]+"
_ROW = re.compile(rf"((?:{_FIELD}\s+){{4}}{_FIELD}|@\w+)\s+(\S.*)$")
_TIMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def is_crontab(path: str) -> bool:
    """Whether the file is a crontab by its name: `crontab`, `x.cron`, `cron.d/x`."""
    name = basename(path)
    return bool(re.fullmatch(r"crontab([-_.]\w+)?|.+\.(cron|crontab)|cron[-_]?jobs?(\.txt)?", name)) or (
        "/cron.d/" in f"/{path}" and "." not in name
    )


def crontab_units(path: str, data: bytes, kind: str, scripts: Scripts) -> tuple[Unit, ...]:
    """A unit for each row that runs a management command. Raises Unreadable."""
    if len(data) > _MAX_BYTES or b"\0" in data:
        raise UnreadableFile("not a crontab (too large, or binary)")
    units = []
    for line, row in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        match = _ROW.match(row.strip()) if not row.lstrip().startswith("#") else None
        found = program(match.group(2), scripts) if match else None
        if match is None or found is None or not found.management:
            continue
        times = " ".join(match.group(1).split())
        unit = unit_running(found, found.management, match.group(2), path, line, kind)
        units.append(replace(unit, schedule=_TIMES.get(times, times)))
    return tuple(units)


__all__ = ["crontab_units", "is_crontab"]
