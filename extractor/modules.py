"""A module placed in a repository or a library, and the handles of its scopes: what linking speaks of."""

from __future__ import annotations

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


def module_name(path: str) -> tuple[str, bool]:
    """The dotted name of a file by its path from the root, and whether it is a package."""
    stem = path.removesuffix(".py")
    package = stem == "__init__" or stem.endswith("/__init__")
    if package:
        stem = stem.removesuffix("__init__").rstrip("/")
    return stem.replace("/", "."), package
