"""The pages of the site and the navigation beside each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from renderers.links import relative
from renderers.site.diagram import Diagram
from renderers.site.estate import SiteSystem


@dataclass(frozen=True, slots=True)
class Page:
    """One page: where it is, what it is called, the template that shows it and what the template is given.

    `data` is what the browser's code is told.
    """

    path: str
    title: str
    template: str
    system: SiteSystem | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    diagrams: tuple[Diagram, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> str:
        """What the names of the files with further rows of its tables begin with."""
        return f"rows-{self.path.removesuffix('.html').replace('/', '-')}"


@dataclass(frozen=True, slots=True)
class NavEntry:
    """An entry of the navigation; `pages` are those below it."""

    title: str
    href: str
    current: bool
    open: bool = False
    pages: tuple[NavEntry, ...] = ()


def navigation(page: Page, pages: Sequence[Page], systems: Sequence[SiteSystem]) -> tuple[NavEntry, ...]:
    """The navigation as seen from `page`: the landscape, each system with its pages, then the pages of the whole."""

    def entry(target: Page, title: str, below: tuple[NavEntry, ...] = (), is_open: bool = False) -> NavEntry:
        return NavEntry(title, relative(page.path, target.path), target is page, is_open, below)

    entries = [entry(p, "Landscape") for p in pages if p.path == "index.html"]
    for system in systems:
        own = [p for p in pages if p.system is system and p.template != "scenario.html"]
        here = page.system is system
        below = tuple(entry(p, p.title) for p in own)
        entries.append(entry(own[0], system.name, below, here))
    entries += [entry(p, p.title) for p in pages if p.system is None and p.path != "index.html"]
    return tuple(entries)
