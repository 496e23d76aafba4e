"""A module placed in a repository or a library, and the handles of its scopes: what linking speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    kind: str = field(init=False)
    parent: Def | None = field(init=False)
    owner_class: Def | None = field(init=False)  # the class a method is defined in; None for plain functions

    def __post_init__(self) -> None:
        self.kind = self.scope.kind
        self.parent = around = self.module.define(self.scope.parent) if self.scope.name else None
        self.owner_class = around if around is not None and around.kind == "class" and self.kind != "class" else None

    @property
    def qualified(self) -> str:
        """`package.module.Class.method`."""
        return f"{self.module.name}.{self.scope.name}" if self.scope.name else self.module.name

    @property
    def shown(self) -> str:
        """The dotted name inside the module of the nearest named function or class."""
        parts = [part for part in self.scope.name.split(".") if not part.startswith("<lambda>")]
        return ".".join(part.split("#")[0] for part in parts)

    def __repr__(self) -> str:
        return f"<Def {self.module.repo}:{self.qualified}>"


def module_name(path: str, roots: Sequence[str] = ()) -> tuple[str, bool]:
    """The dotted name of a file by its path from the innermost of `roots` it lies in, and whether it is a package."""
    root = next((root for root in roots if path.startswith(f"{root}/")), "")
    stem = path[len(root) + 1 if root else 0 :].removesuffix(".py")
    package = stem == "__init__" or stem.endswith("/__init__")
    if package:
        stem = stem.removesuffix("__init__").rstrip("/")
    return stem.replace("/", "."), package


def source_roots(paths: Iterable[str], shown: Iterable[str] = ()) -> tuple[str, ...]:
    """The folders from which a repository's modules are imported, beside its root; innermost first.

    They are those that hold a `manage.py` (Django puts its folder on the path) and `src`, where they are no packages
    themselves, and those that the code shows to be (`shown`, see `import_roots`). A folder whose modules would share a
    name with others (two projects side by side) is none.
    """
    return parted_roots(paths, shown)[0]


def parted_roots(paths: Iterable[str], shown: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The folders that are roots, and those that would be but for names that their modules share with others."""
    files = frozenset(paths)
    found = {path.rpartition("/")[0] for path in files if path.endswith("/manage.py")}
    found |= {"src" for path in files if path.startswith("src/")}
    found = {root for root in found if f"{root}/__init__.py" not in files} | set(shown)
    roots = sorted(found, key=lambda root: (-len(root), root))
    owners: dict[str, set[str]] = {}
    for path in files:
        name, _package = module_name(path, roots)
        if "." in name:
            owners.setdefault(name, set()).add(next((root for root in roots if path.startswith(f"{root}/")), ""))
    shared = {root for named in owners.values() if len(named) > 1 for root in named}
    return tuple(root for root in roots if root not in shared), tuple(root for root in roots if root in shared)
