"""All modules that were read, by name: imports, re-exports, classes and their method resolution order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from extractor.summary import ModuleSummary, Scope


@dataclass(slots=True, eq=False)
class Module:
    """A placed module. `origin` is `repo`, or the distribution it belongs to; `repo` the source that reads it."""

    repo: str
    path: str
    name: str
    package: bool
    origin: str
    summary: ModuleSummary
    _defs: dict[str, Def] = field(default_factory=dict)

    @property
    def in_repo(self) -> bool:
        return self.origin == "repo"

    def define(self, scope: str) -> Def:
        """The handle of a scope of this module, always the same object."""
        found = self._defs.get(scope)
        if found is None:
            found = self._defs[scope] = Def(self, self.summary.scopes[scope])
        return found

    def absolute(self, dotted: str) -> str:
        """A module name as imported here, made absolute (`..x` in package `a.b` is `a.x`)."""
        if not dotted.startswith("."):
            return dotted
        level = len(dotted) - len(dotted.lstrip("."))
        parts = self.name.split(".") if self.name else []
        keep = len(parts) - level + (1 if self.package else 0)
        rest = dotted[level:]
        return ".".join([*parts[: max(keep, 0)], *([rest] if rest else [])])

    def __repr__(self) -> str:
        return f"<Module {self.repo}:{self.name}>"


@dataclass(slots=True, eq=False)
class Def:
    """A module, class, function or lambda, placed. Compared by identity: there is one per scope."""

    module: Module
    scope: Scope

    @property
    def kind(self) -> str:
        return self.scope.kind

    @property
    def qualified(self) -> str:
        """`package.module.Class.method`."""
        return f"{self.module.name}.{self.scope.name}" if self.scope.name else self.module.name

    @property
    def shown(self) -> str:
        """The dotted name inside the module of the nearest named function or class."""
        parts = [part for part in self.scope.name.split(".") if not part.startswith("<lambda>")]
        return ".".join(part.split("#")[0] for part in parts)

    @property
    def parent(self) -> Def | None:
        return self.module.define(self.scope.parent) if self.scope.name else None

    @property
    def owner_class(self) -> Def | None:
        """The class a method is defined in; None for plain functions."""
        parent = self.parent
        return parent if parent is not None and parent.kind == "class" and self.kind != "class" else None

    def __repr__(self) -> str:
        return f"<Def {self.module.repo}:{self.qualified}>"


class World:
    """The modules of one repository and of the libraries it pins, by import name.

    A module is found by its path from the repository's root, by the name its own packages give it (`src/` layouts),
    or, when only one module ends like that, by suffix.
    """

    def __init__(self, repo: str, modules: Iterable[Module]) -> None:
        self.repo = repo
        self.modules: list[Module] = list(modules)
        self.by_name: dict[str, Module] = {}
        self.packages: set[str] = set()
        for module in self.modules:
            self.by_name.setdefault(module.name, module)
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


def module_name(path: str) -> tuple[str, bool]:
    """The dotted name of a file by its path from the root, and whether it is a package."""
    stem = path.removesuffix(".py")
    package = stem == "__init__" or stem.endswith("/__init__")
    if package:
        stem = stem.removesuffix("__init__").rstrip("/")
    return stem.replace("/", "."), package
