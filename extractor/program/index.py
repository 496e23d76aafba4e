"""All modules that were read of one repository and its libraries, found by the names they are imported by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.program.module import Def, Module, module_name


class ModuleIndex:
    """The modules of one repository and of the libraries it pins, by import name.

    A module is found by its name, by its path from the repository's root, by the name its own packages give it, or,
    when only one module ends like that, by suffix.
    """

    def __init__(self, repo: str, modules: Iterable[Module]) -> None:
        self.repo = repo
        self.modules: list[Module] = list(modules)
        self.by_name: dict[str, Module] = {}
        self.packages: set[str] = set()
        for module in self.modules:
            self.by_name.setdefault(module.name, module)
        for module in self.modules:
            self.by_name.setdefault(module_name(module.path)[0], module)
        for module in self.modules:
            parts = module.name.split(".")
            self.packages.update(".".join(parts[:n]) for n in range(1, len(parts)))
        self._add_short_names()

    def _add_short_names(self) -> None:
        """Lets `src/app/models.py` be imported as `app.models`: the outermost folder without `__init__` is a root."""
        packages = {m.name for m in self.modules if m.package}
        for module in self.modules:
            parts = module.name.split(".")
            last = len(parts) if module.package else len(parts) - 1
            start = last
            while start > 0 and ".".join(parts[:start]) in packages:
                start -= 1
            for first in range(start, 0, -1):
                short = ".".join(parts[first:])
                if short and first in (start, 1) and short not in self.packages:
                    self.by_name.setdefault(short, module)

    def find(self, dotted: str) -> Module | None:
        """The module of an absolute import name, or None when it was not read."""
        return self.by_name.get(dotted)

    def defs(self) -> Iterator[Def]:
        """Every scope of every module, in order."""
        for module in self.modules:
            for name in module.summary.scopes:
                yield module.define(name)
