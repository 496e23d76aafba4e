"""What the expansion of a URL tree gives and carries: entries, parts that were not read, the ground gained so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from extractor.evaluate.references import Reference
from extractor.evaluate.values import DefRef, Ext, Inst, Value
from extractor.link.routes import patterns
from extractor.link.routes.views import Endpoint
from extractor.program.module import Module
from extractor.rules.routes import PluginRule


@dataclass(frozen=True, slots=True)
class Ground:
    """What has been gathered on the way down: the pattern so far, conditions, the prefix of dotted views."""

    pattern: patterns.Pattern = patterns.EMPTY
    conditions: tuple[str, ...] = ()
    views: str = ""
    modules: tuple[Module, ...] = ()
    depth: int = 0
    site: tuple[Module, int] | None = None

    def deeper(self, **changes: object) -> Ground:
        """One step further down, with changes."""
        return replace(self, depth=self.depth + 1, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class UrlEntry:
    """A URL: its pattern, the view, and the line that makes it."""

    pattern: patterns.Pattern
    name: str | None
    view: Endpoint
    module: Module
    line: int
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of the tree that could not be expanded. `mount` is the URL in front of it."""

    module: Module
    line: int
    what: str
    reason: str
    remedy: str
    mount: str = "/"


Found = UrlEntry | Unread


class PluginSource(Protocol):
    """What answers for plugin URLs; see `plugins.Plugins`."""

    def plugins(self, rule: PluginRule, project: str | None) -> Iterable[PluginUrls]:
        """The URLconfs that plugins mount in a project."""
        ...


@dataclass(frozen=True, slots=True)
class PluginUrls:
    """A URLconf that an application mounts by its own configuration: where, and the dotted module."""

    regex: str
    urls: str
    place: Reference


def value_name(value: Value) -> str:
    """What a value is called in a gap."""
    if isinstance(value, Ext):
        return value.path.replace("()", "")
    if isinstance(value, Inst):
        return value.cls.qualified
    if isinstance(value, DefRef):
        return value.target.qualified
    return "an expression"


def why_unread(value: Value) -> str:
    """Why a value was not expanded, for a gap."""
    return "the library was not read" if isinstance(value, Ext) else "it cannot be followed to a list of URL patterns"
