"""The pinned libraries whose URLs a repository serves: which they are, and which of their modules tell of the URLs."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from extractor.program.module import Module
from extractor.summary.expr import ImportedName, SequenceDisplay, literal_text

MAX_STEPS = 3  # imports followed from an included URLconf: to those it includes, to their views, to the views' bases
_URLCONF = re.compile(r"(^|/|_)urls?(_\w+)?(/|\.py$)")
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def named_modules(modules: Iterable[Module]) -> frozenset[str]:
    """The dotted names that the URLconfs among the modules import, or give as text (`include("shop.urls")`)."""
    return frozenset(
        name
        for module in modules
        if _URLCONF.search(module.path)
        for name in (*module.summary.imports, *_imported_names(module), *_texts(module))
        if not name.startswith(".")
    )


def _imported_names(module: Module) -> Iterator[str]:
    """`from wagtail.admin import urls` names `wagtail.admin.urls`."""
    for scope in module.summary.scopes.values():
        for _line, value in scope.defs:
            if isinstance(value, ImportedName):
                yield f"{value.module}.{value.name}"


def _texts(module: Module) -> Iterator[str]:
    for scope in module.summary.scopes.values():
        for call in scope.calls:
            for arg in call.args:
                for part in arg.items if isinstance(arg, SequenceDisplay) else (arg,):
                    text = literal_text(part)
                    if text is not None and _DOTTED.fullmatch(text):
                        yield text


def serving(named: Iterable[str], packages: Mapping[str, str]) -> frozenset[str]:
    """The distributions that bring the packages these names lie in; `packages` gives distributions by package."""
    found = set()
    for name in named:
        parts = name.split(".")
        for size in range(1, len(parts) + 1):
            distribution = packages.get(".".join(parts[:size]))
            if distribution is not None:
                found.add(distribution)
    return frozenset(found)


def followed(
    known: Container[str], names: Iterable[str], load: Callable[[Iterable[str]], Iterable[Module]]
) -> tuple[Module, ...]:
    """Of a library's modules, `known` by name, those that the names lead to and what these import, a few steps on.

    `load` reads modules by name; each is asked for once.
    """
    reached: dict[str, Module] = {}
    asked: set[str] = set()
    edge = {found for name in names if (found := _module_in(name, known))}
    for _step in range(MAX_STEPS + 1):
        asked |= edge
        fresh = {module.name: module for module in load(sorted(edge))}
        reached |= fresh
        targets = (_module_in(target, known) for module in fresh.values() for target in _targets(module))
        edge = {target for target in targets if target is not None and target not in asked}
    return tuple(reached[name] for name in sorted(reached))


def _module_in(name: str, known: Container[str]) -> str | None:
    """The module that a dotted name stands in, or is."""
    parts = name.split(".")
    return next((head for size in range(len(parts), 0, -1) if (head := ".".join(parts[:size])) in known), None)


def _targets(module: Module) -> Iterator[str]:
    for name in module.summary.imports:
        yield module.absolute(name)
    for name in _imported_names(module):
        yield module.absolute(name)
    yield from _texts(module)


__all__ = ["followed", "named_modules", "serving"]
