"""Addresses: the path that a call asks for, below what its base is known to hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from extractor.model.graph import Call, Setting
from extractor.text.urls import after_base, path_of

_BARE_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?(/.*)?")

# What settings hold by default, by name: for each service ("" for all).
Bases = Mapping[str, Mapping[str, str]]


def bases_of(settings: Sequence[Setting]) -> Bases:
    """The defaults of settings that hold an address, by service and name."""
    found: dict[str, dict[str, str]] = {}
    read: dict[tuple[str, str], set[str]] = {}  # what variables give by default: several settings may be made of one
    for row in settings:
        if row.default:
            found.setdefault(row.service, {}).setdefault(row.name, row.default)
            if row.env is not None:
                read.setdefault((row.service, row.env.removeprefix("yaml:")), set()).add(row.default)
    for (service, variable), defaults in read.items():
        if len(defaults) == 1:
            found[service].setdefault(variable, *defaults)
    return found


def asked_path(call: Call, bases: Bases) -> str:
    """The path, `{}` for each hole; "" where it is not known how it begins."""
    based = after_base(call.url)
    held = _held(based[0], call.service, bases) if based is not None else ""
    if based is not None and ("://" in held or _BARE_HOST.fullmatch(held)):
        front = held if "://" in held else f"https://{held}"
        return path_of(f"{front}{based[1]}", rooted=True)
    return path_of(call.url, rooted=True)


def _held(name: str, service: str, bases: Bases) -> str:
    own = (bases.get(service, {}), bases.get("", {}), *bases.values())
    return next((known[name] for known in own if name in known), "")


__all__ = ["Bases", "asked_path", "bases_of"]
