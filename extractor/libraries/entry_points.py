"""Entry points that distributions declare: which objects a group names, as `package.module.Class`.

Formats: `entry_points.txt` of installed distributions, `[project.entry-points]`, `[project.scripts]` of pyproject.toml
(https://packaging.python.org/en/latest/specifications/entry-points/), `[options.entry_points]` of setup.cfg, and
`[tool.poetry.plugins]`.
"""

from __future__ import annotations

import configparser
import contextlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class EntryPointSpec:
    """One entry point: its group, its name, and the dotted name of its object. `path` and `line` say where the
    repository declares it ("" and 0 for one of a library)."""

    group: str
    name: str
    target: str
    path: str = ""
    line: int = 0


def of_ini(data: bytes, prefix: str = "", path: str = "") -> Iterator[EntryPointSpec]:
    """The entry points of an `entry_points.txt`; with `prefix` "options.entry_points", of a setup.cfg. Nothing when it
    cannot be read."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    with contextlib.suppress(configparser.Error, UnicodeDecodeError):
        text = data.decode("utf-8")
        parser.read_string(text)
        if prefix:
            groups = parser.items(prefix) if parser.has_section(prefix) else []
            for group, lines in groups:
                for spec in of_lines(group, lines.splitlines(), path):
                    yield replace(spec, line=_line_of(text, spec.name) if path else 0)
        else:
            for group in parser.sections():
                for name, target in parser.items(group):
                    yield EntryPointSpec(group, name, dotted(target), path, _line_of(text, name) if path else 0)


def of_lines(group: str, lines: list[str], path: str = "", at: int = 0) -> Iterator[EntryPointSpec]:
    """The entry points of lines like `name = package.module:Class [extra]`, which stand at a line of a file."""
    for line in lines:
        name, sign, target = line.partition("=")
        if sign and name.strip() and target.strip():
            yield EntryPointSpec(group, name.strip(), dotted(target), path, at)


def of_pyproject(data: bytes, path: str = "") -> Iterator[EntryPointSpec]:
    """The entry points of a pyproject.toml; nothing when it cannot be read."""
    try:
        text = data.decode("utf-8")
        document = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return
    project, tool = _table(document, "project"), _table(document, "tool")
    poetry = _table(tool, "poetry")
    groups = {
        "console_scripts": {**_table(project, "scripts"), **_table(poetry, "scripts")},
        **_table(project, "entry-points"),
        **_table(poetry, "plugins"),
    }
    for group, named in groups.items():
        for name, target in named.items() if isinstance(named, dict) else ():
            if isinstance(target, str):
                yield EntryPointSpec(group, name, dotted(target), path, _line_of(text, name))


def dotted(target: str) -> str:
    """`package.module:Class [extra]` as one dotted name."""
    return target.partition("[")[0].strip().replace(":", ".")


def _table(data: object, key: str) -> dict[str, object]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _line_of(text: str, name: str) -> int:
    """The first line that gives a name a value."""
    starts = (name, f'"{name}"', f"'{name}'")
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if any(bare.startswith(start) and bare[len(start) :].lstrip().startswith("=") for start in starts):
            return number
    return 1


__all__ = ["EntryPointSpec", "dotted", "of_ini", "of_lines", "of_pyproject"]
