"""Which distributions need which, as the lock files say it: tables of dependencies, and `# via` comments of compilers.

Formats: uv.lock, poetry.lock, pdm.lock and pylock.toml list the dependencies of each package; pip-compile and uv write
under each line of a requirements file what it came by (`# via celery`), one or several to a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.libraries.pins import is_name, normalised

Needs = Mapping[str, frozenset[str]]  # the distributions that one needs, by its name

_REQUIREMENT = re.compile(r"(?:-e\s+\S*#egg=)?([A-Za-z0-9][A-Za-z0-9._-]*)")
_VIA = re.compile(r"\s+#\s*(?:via\b)?\s*(.*)$")


def of_packages(packages: list[dict[str, Any]]) -> Needs:
    """What the packages of a lock need: their `dependencies`, as names, as requirements or as tables with a name."""
    found: dict[str, frozenset[str]] = {}
    for package in packages:
        name = package.get("name")
        if isinstance(name, str) and is_name(name):
            own = frozenset(_names(package.get("dependencies")))
            found[normalised(name)] = found.get(normalised(name), frozenset()) | own
    return found if any(found.values()) else {}


def of_requirements(text: str) -> Needs:
    """What the distributions of a compiled requirements file need, read off its comments."""
    found: dict[str, set[str]] = {}
    current = ""
    for row in text.splitlines():
        if row[:1].strip() and not row.startswith("#"):
            match = _REQUIREMENT.match(row)
            current = normalised(match[1]) if match else ""
            for name in _users(row.partition(" #")[2].strip().removeprefix("via")) if current else ():
                found.setdefault(name, set()).add(current)
        elif current and (via := _VIA.match(row.rstrip())):
            for name in _users(via[1]):
                found.setdefault(name, set()).add(current)
    return {name: frozenset(names) for name, names in found.items()}


def needing(needs: Needs, names: frozenset[str]) -> frozenset[str]:
    """The distributions that need one of these, directly or through others; those themselves are not among them."""
    found: set[str] = set()
    grown = True
    while grown:
        new = {name for name, needed in needs.items() if name not in found and needed & (found | names)}
        grown = bool(new)
        found |= new
    return frozenset(found - names)


def _users(text: str) -> Iterator[str]:
    """The distributions among what a line came by, which files (`-r base.in`) are not."""
    for part in text.split(","):
        name = part.strip()
        if name and is_name(name) and "/" not in name:
            yield normalised(name)


def _names(dependencies: object) -> Iterator[str]:
    for item in dependencies if isinstance(dependencies, list | dict) else ():
        text = item.get("name") if isinstance(item, dict) else item
        match = _REQUIREMENT.match(text) if isinstance(text, str) else None
        if match:
            yield normalised(match[1])


__all__ = ["Needs", "needing", "of_packages", "of_requirements"]
