"""Procfile and app.json: the processes and add-ons of a Heroku-like platform.

Formats: Heroku's "The Procfile" and "app.json Schema" pages.
"""

from __future__ import annotations

import re
from dataclasses import replace
from posixpath import basename

from extractor.deployment.commands import Scripts, program, unit_running
from extractor.deployment.images import addon_role
from extractor.deployment.units import EnvValue, Unit, UnreadableFile
from extractor.deployment.yaml_nodes import Items, YamlMapping, documents, text_of

_MAX_BYTES = 256 * 1024


def is_procfile(path: str) -> bool:
    """Whether the file is a Procfile by its name: `Procfile`, `Procfile.x`."""
    return re.fullmatch(r"Procfile([-_.].+)?", basename(path)) is not None


def procfile_units(path: str, data: bytes, kind: str, scripts: Scripts) -> tuple[Unit, ...]:
    """A unit for each process type. The process called `web` is the one that gets requests. Raises Unreadable."""
    if len(data) > _MAX_BYTES or b"\0" in data:
        raise UnreadableFile("not a Procfile (too large, or binary)")
    units = []
    for number, row in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        match = re.match(r"([A-Za-z0-9_-]+):\s*(\S.*)$", row.rstrip())
        if match:
            units.append(_process(match.group(1), match.group(2), path, number, kind, scripts))
    return tuple(units)


def _process(name: str, command: str, path: str, line: int, kind: str, scripts: Scripts) -> Unit:
    unit = unit_running(program(command, scripts), name, command, path, line, kind)
    if name == "web":
        return replace(unit, role="web")
    if name == "release" and unit.role == "command":  # it prepares a release, and ends
        return replace(unit, role="other", management="")
    return unit


def app_json_units(path: str, data: bytes, kind: str, processes: frozenset[str]) -> tuple[Unit, ...]:
    """A unit for each add-on, and for each process of `formation` that no Procfile (`processes`) tells. Raises
    Unreadable."""
    units = []
    for root in documents(data):
        if not isinstance(root, YamlMapping):
            raise UnreadableFile("not an app.json (no object)")
        addons = root.get("addons")
        for item in addons.items if isinstance(addons, Items) else ():
            addon = text_of(item.get("plan")) if isinstance(item, YamlMapping) else text_of(item)
            if addon:
                role, technology = addon_role(addon)
                units.append(_plain(addon.partition(":")[0], role or "other", technology, addon, path, item.line, kind))
        for name, replicas, line in formation(root):
            if name not in processes:
                role = "web" if name == "web" else "other"
                units.append(_plain(name, role, "", "", path, line, kind, replicas))
    return tuple(units)


def formation(root: YamlMapping) -> tuple[tuple[str, int | None, int], ...]:
    """The processes that app.json says to run: name, how many, line."""
    table = root.get("formation")
    rows = table.rows.items() if isinstance(table, YamlMapping) else ()
    counted = []
    for name, (value, line) in rows:
        quantity = text_of(value.get("quantity")) if isinstance(value, YamlMapping) else ""
        counted.append((name, int(quantity) if quantity.isascii() and quantity.isdigit() else None, line))
    return tuple(counted)


def _plain(
    name: str, role: str, technology: str, image: str, path: str, line: int, kind: str, replicas: int | None = None
) -> Unit:
    env: tuple[EnvValue, ...] = ()
    return Unit(
        name=name,
        role=role,
        technology=technology,
        command="",
        image=image,
        queues=(),
        app="",
        settings_module="",
        ports=(),
        depends_on=(),
        env=env,
        path=path,
        line=line,
        profile="",
        kind=kind,
        replicas=replicas,
    )
