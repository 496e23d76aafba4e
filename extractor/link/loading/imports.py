"""What a module imports when it is loaded, and what only its functions import when they run."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.program.index import ModuleIndex
from extractor.program.module import Module
from extractor.summary import Scope
from extractor.summary.expr import ImportedModule, ImportedName


class Imports:
    """Answers which modules are loaded with a module. Each module is looked at once."""

    def __init__(self, index: ModuleIndex) -> None:
        self._index = index
        self._loaded: dict[Module, tuple[Module, ...]] = {}

    def of(self, module: Module) -> tuple[Module, ...]:
        """The modules that a module's own body imports, the packages around them included, in the order of names."""
        found = self._loaded.get(module)
        if found is None:
            late = _late(module)
            names = (module.absolute(name) for name in module.summary.imports if name not in late)
            found = self._loaded[module] = tuple(dict.fromkeys(m for name in names for m in self.named(name)))
        return found

    def everywhere(self, module: Module) -> tuple[Module, ...]:
        """The modules that a module imports anywhere, inside functions too."""
        names = map(module.absolute, module.summary.imports)
        return tuple(dict.fromkeys(m for name in names for m in self.named(name)))

    def named(self, dotted: str) -> Iterator[Module]:
        """The module of an absolute name, after the packages around it; of a name in a module, that module."""
        parts = dotted.split(".")
        for size in range(1, len(parts) + 1):
            found = self._index.find(".".join(parts[:size]))
            if found is not None:
                yield found


def _late(module: Module) -> frozenset[str]:
    """The names that only functions import: they are loaded when, and if, the function runs."""
    inside: set[str] = set()
    outside: set[str] = set(module.summary.stars)
    for scope in module.summary.scopes.values():
        (inside if scope.kind in ("function", "lambda") else outside).update(_imported(scope))
    only = {name for name in inside if name not in outside}
    return frozenset(
        name
        for name in module.summary.imports
        if name in only or (any(name.startswith(f"{one}.") for one in only) and not _within(name, outside))
    )


def _imported(scope: Scope) -> Iterator[str]:
    for _line, value in scope.defs:
        if isinstance(value, ImportedModule):
            yield value.module
        elif isinstance(value, ImportedName):
            yield value.module
            yield f"{value.module}.{value.name}" if value.module.strip(".") else f"{value.module}{value.name}"


def _within(name: str, names: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:size]) in names for size in range(1, len(parts) + 1))


__all__ = ["Imports"]
