"""What modules declare, counted by a plain pass over their summaries: it follows nothing, so that it does not overlook
what the readers do not understand."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractor.program.module import Module
from extractor.rules.coverage import coverage_rules
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import Attribute, CallResult, Closure, Defined, ImportedName, Local, Name
from extractor.text.words import words_of

_COMMAND = re.compile(r"(^|/)management/commands/[^_/][^/]*\.py$")
_PACKAGE = "__future__"


@dataclass(frozen=True, slots=True, order=True)
class Declaration:
    """The lines of a file where something is declared."""

    path: str
    line: int
    end_line: int


def urls(modules: Iterable[Module]) -> Iterator[Declaration]:
    """Where a URL of its own is declared: `path(…)` and its kin, and what is registered with a router. What includes
    other URLs declares none."""
    rules = coverage_rules()
    for module in modules:
        packages = {name.partition(".")[0] for name in module.summary.imports}
        if not packages.intersection(rules.url_modules):
            continue
        for scope in module.summary.scopes.values():
            for call in scope.calls:
                name = _last(call.func, scope)
                if (name in rules.urls and len(call.args) > 1 and not _includes(call, scope)) or (
                    name in rules.registers and len(call.args) > 1 and _is_of_router(call.func, scope)
                ):
                    yield Declaration(module.path, call.line, call.end_line)


def tasks(modules: Iterable[Module]) -> Iterator[Declaration]:
    """Functions and classes with a decorator of a task."""
    return _decorated(modules, coverage_rules().tasks)


def receivers(modules: Iterable[Module]) -> Iterator[Declaration]:
    """Functions with a decorator of a signal receiver."""
    return _decorated(modules, coverage_rules().receivers)


def commands(modules: Iterable[Module]) -> Iterator[Declaration]:
    """Modules of management commands."""
    return (Declaration(m.path, 1, 1) for m in modules if _COMMAND.search(m.path))


def settings_modules(modules: Iterable[Module]) -> Iterator[Declaration]:
    """Modules that give a setting a value that every module of settings gives, or builds on one that does."""
    for module in modules:
        top = module.summary.scopes.get("")
        if top is not None and coverage_rules().settings.intersection(top.names):
            yield Declaration(module.path, 1, 1)


def third_party(modules: Iterable[Module], own: frozenset[str]) -> dict[str, str]:
    """The packages of others that modules import, each with the first file that does. `own` are the repository's."""
    found: dict[str, str] = {}
    for module in sorted(modules, key=lambda module: module.path):
        for name in module.summary.imports:
            top = name.partition(".")[0]
            if top and top not in own and top not in sys.stdlib_module_names and top != _PACKAGE:
                found.setdefault(top, module.path)
    return found


def importing(modules: Iterable[Module], packages: Iterable[str]) -> dict[str, str]:
    """Those of the packages that modules import, each with the first file that does."""
    wanted, found = tuple(packages), dict[str, str]()
    for module in sorted(modules, key=lambda module: module.path):
        for name in module.summary.imports:
            for package in wanted:
                if name == package or name.startswith(f"{package}."):
                    found.setdefault(package, module.path)
    return found


def _decorated(modules: Iterable[Module], names: frozenset[str]) -> Iterator[Declaration]:
    for module in modules:
        for scope in module.summary.scopes.values():
            around = module.summary.scopes.get(scope.parent) if scope.name else None
            if around is not None and any(_last(one, around) in names for one in scope.decorators):
                yield Declaration(module.path, scope.line, max(scope.line, scope.def_line))


def _last(expr: Expr, scope: Scope) -> str:
    """The last name of what is called or decorates, as it is written; "" for what has none."""
    if isinstance(expr, CallResult):
        return _last(scope.calls[expr.call].func, scope)
    if isinstance(expr, Attribute | Name | ImportedName | Closure):
        return expr.name
    if isinstance(expr, Defined):
        return expr.scope.rpartition(".")[2]
    if isinstance(expr, Local):
        return next((name for name, at in scope.names.items() if set(at) & set(expr.definitions)), "")
    return ""


def _includes(call: CallExpr, scope: Scope) -> bool:
    """True for `path("x/", include(…))` and `path("admin/", site.urls)`."""
    for arg in call.args[1:2]:
        if isinstance(arg, CallResult) and _last(arg, scope) in coverage_rules().includes:
            return True
        if isinstance(arg, Attribute) and arg.name == "urls":
            return True
    return False


def _is_of_router(func: Expr, scope: Scope) -> bool:
    if not isinstance(func, Attribute):
        return False
    base = func.base
    name = _last(base, scope) if not isinstance(base, CallResult) else _last(scope.calls[base.call].func, scope)
    return bool(coverage_rules().routers.intersection(words_of(name)))


__all__ = [
    "Declaration",
    "commands",
    "importing",
    "receivers",
    "settings_modules",
    "tasks",
    "third_party",
    "urls",
]
