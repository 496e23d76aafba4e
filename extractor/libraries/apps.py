"""The pinned libraries that bring apps with tasks: which they are, and which of their modules tell of the tasks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from extractor.libraries.needs import Needs, needing
from extractor.libraries.urlconfs import serving
from extractor.program.module import Module
from extractor.rules.django import DjangoRules, django_rules
from extractor.summary import Expr, Scope
from extractor.summary.expr import Attribute, CallResult, ImportedModule, ImportedName, Local, Name, literal_text, parts

MAX_STEPS = 3  # imports followed back from a module of tasks that is not looked for by its name
_MAX_WALK = 20_000
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_TASKS = re.compile(rb"\bcelery\b")


@dataclass(frozen=True, slots=True)
class NamedApps:
    """What the settings of a repository install from elsewhere: apps and modules of tasks by dotted names, and whether
    they ask which apps the entry points of installed distributions name."""

    apps: frozenset[str]
    task_modules: frozenset[str]
    by_entry_points: bool


def named_apps(modules: Iterable[Module]) -> NamedApps:
    """What the settings among a repository's modules install that is no module of its own."""
    rules = django_rules()
    own = {"django"}  # the framework's own apps have no tasks
    apps: set[str] = set()
    task_modules: set[str] = set()
    by_entry_points = False
    for module in modules:
        own.add(module.name.split(".")[0])
        for scope in module.summary.scopes.values():
            if scope.kind not in ("module", "class"):
                continue
            lists = [name for name in scope.names if rules.app_lists.fullmatch(name)]
            added = list(_added(scope, lists, rules))
            if lists or added:
                apps.update(_texts(scope, [*_bound(scope, lists), *added]))
                by_entry_points = by_entry_points or any(rules.app_groups.search(called) for called in _called(scope))
            tasks = [name for name in scope.names if rules.task_module_lists.fullmatch(name)]
            task_modules.update(_texts(scope, _bound(scope, tasks)))
    foreign = [frozenset(name for name in names if name.split(".")[0] not in own) for names in (apps, task_modules)]
    return NamedApps(foreign[0], foreign[1], by_entry_points)


def bringing(pinned: Collection[str], needs: Needs, named: NamedApps) -> frozenset[str]:
    """The pinned distributions that may bring tasks of what is installed: those of named modules of tasks, and those of
    apps, by name or by entry points, that need a library of tasks as far as the lock file tells."""
    rules = django_rules()
    carrying = needing(needs, rules.task_libraries) if needs else None
    of_apps, of_tasks = (_distributions(pinned, names) for names in (named.apps, named.task_modules))
    if carrying is None:
        return of_apps | of_tasks
    by_entry_points = carrying & set(pinned) if named.by_entry_points else frozenset()
    return (of_apps & carrying) | of_tasks | by_entry_points


def brought(pinned: Collection[str], named: NamedApps) -> frozenset[str]:
    """The pinned distributions that bring an app or module of tasks which the settings name."""
    return _distributions(pinned, named.apps | named.task_modules)


def telling(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Of the modules of such libraries, by dotted name, those that tell of tasks: where tasks may stand, how apps are
    configured, and what imports modules of tasks that go by another name than those that are looked for."""
    bearing = [name for name, data in files.items() if _TASKS.search(data)]
    chosen = set(bearing) | {name for name in files if name.endswith(".apps")}
    edge = [name for name in bearing if name.rpartition(".")[2] not in django_rules().app_modules]
    for _step in range(MAX_STEPS if edge else 0):
        lasts = b"|".join(sorted({re.escape(name.rpartition(".")[2].encode()) for name in edge}))
        importing = re.compile(rb"^\s*(?:from|import)\s[^\n]*\b(?:" + lasts + rb")\b", re.MULTILINE)
        edge = [name for name, data in files.items() if name not in chosen and importing.search(data)]
        chosen.update(edge)
        if not edge:
            break
    around = {".".join(name.split(".")[:size]) for name in chosen for size in range(1, name.count(".") + 1)}
    return tuple(sorted(chosen | (around & files.keys())))


def _distributions(pinned: Collection[str], names: Collection[str]) -> frozenset[str]:
    rules = django_rules()
    mapped = serving(names, {**rules.url_libraries, **rules.app_libraries})
    tops = {_squeezed(name.split(".")[0]) for name in names}
    alike = {name for name in pinned if not tops.isdisjoint(map(_squeezed, _forms(name, rules)))}
    return frozenset((mapped & set(pinned)) | alike)


def _forms(name: str, rules: DjangoRules) -> Iterator[str]:
    """A distribution's name, and the name without what such names have beside that of the package."""
    yield name
    for affix in rules.affixes:
        bare = name.removesuffix(affix) if affix.startswith("-") else name.removeprefix(affix)
        if bare != name:
            yield bare


def _squeezed(name: str) -> str:
    return re.sub(r"[-_.]", "", name).lower()


# the settings ------------------------------------------------------------------------------------------------------


def _bound(scope: Scope, names: Iterable[str]) -> list[Expr]:
    return [scope.defs[index][1] for name in names for index in scope.names[name]]


def _added(scope: Scope, lists: list[str], rules: DjangoRules) -> Iterator[Expr]:
    """What is put into a list of apps, of this module or of another: `INSTALLED_APPS.append(...)`."""
    owned = {index for name in lists for index in scope.names[name]}
    for call in scope.calls:
        base = call.func.base if isinstance(call.func, Attribute) else None
        is_own = isinstance(base, Local) and not owned.isdisjoint(base.definitions)
        if is_own or (isinstance(base, Name) and rules.app_lists.fullmatch(base.name)):
            yield from call.args


def _texts(scope: Scope, exprs: list[Expr]) -> Iterator[str]:
    """The dotted names that expressions of a scope hold as text."""
    seen: set[int] = set()
    todo = list(exprs)
    while todo and len(seen) < _MAX_WALK:
        expr = todo.pop()
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        text = literal_text(expr)
        if text is not None and _DOTTED.fullmatch(text):
            yield text
        if isinstance(expr, Local):
            todo += [scope.defs[index][1] for index in expr.definitions]
        elif isinstance(expr, CallResult):
            todo += scope.calls[expr.call].args
        else:
            todo += parts(expr)


def _called(scope: Scope) -> Iterator[str]:
    """The outside functions that a scope calls, as `package.function()`."""
    for call in scope.calls:
        name = _dotted(scope, call.func)
        if name:
            yield f"{name}()"


def _dotted(scope: Scope, expr: Expr) -> str:
    if isinstance(expr, Local) and len(expr.definitions) == 1:
        expr = scope.defs[expr.definitions[0]][1]
    if isinstance(expr, ImportedName):
        return f"{expr.module}.{expr.name}"
    if isinstance(expr, ImportedModule):
        return expr.module
    if isinstance(expr, Attribute):
        base = _dotted(scope, expr.base)
        return f"{base}.{expr.name}" if base else ""
    return ""


__all__ = ["NamedApps", "bringing", "brought", "named_apps", "telling"]
