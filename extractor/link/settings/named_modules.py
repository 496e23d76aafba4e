"""Modules that settings load by a text: names and paths as they are written, with `*` for what only a run knows.

`include("base.py", f"environments/{ENV}.py")` of django-split-settings, `import_module(f"shop.settings.{ENV}")`, and
what `DJANGO_SETTINGS_MODULE` is set to.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from extractor.program.index import ModuleIndex
from extractor.program.module import Module
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    FormattedValue,
    ImportedName,
    JoinedText,
    Local,
    SequenceDisplay,
    Starred,
    last_name,
    literal_text,
)
from extractor.text.words import words_of

OF_DEVELOPERS, OF_TESTS = 2, 3
# What settings are for, by a word of their name.
_WORDS = {
    **dict.fromkeys(("prod", "production", "live", "deploy", "deployment", "aws", "heroku", "staging"), 0),
    **dict.fromkeys(
        ("local", "dev", "devel", "develop", "development", "devstack", "debug", "example", "docker"), OF_DEVELOPERS
    ),
    **dict.fromkeys(("test", "tests", "testing", "ci", "pytest", "travis"), OF_TESTS),
}
_IMPORTERS = frozenset({"import_module", "__import__"})
_FILLERS = frozenset({"globals", "vars", "locals", "setattr"})
_READERS = frozenset({"get", "getenv"})
_MAX_DEPTH = 8
_FIELD = re.compile(r"\{[\w.!:]*\}")  # of `str.format`
_OPEN = "\0"  # a part of a text that is not written


def kind_of(dotted: str) -> int:
    """For what settings are by their name: 0 for production, 1 for anything, 2 for a developer, 3 for tests."""
    return max((_WORDS[word] for word in words_of(dotted) if word in _WORDS), default=1)


def loaded_modules(index: ModuleIndex, module: Module) -> list[Module]:
    """The modules that the calls of a settings module load, in their order. Of those that fit a text of which a part is
    open, the one for production."""
    scope = module.summary.scopes.get("")
    found: list[Module] = []
    fills = any(last_name(call.func) in _FILLERS for call in scope.calls) if scope is not None else False
    for call in scope.calls if scope is not None else ():
        name = last_name(call.func) or _variable(scope, call.func)
        if name == "include":
            found += [one for text in _texts(call.args, scope) for one in _by_path(index, module, text)]
        elif name is not None and ("settings" in name.lower() or (fills and name in _IMPORTERS)):
            found += [one for text in _texts(call.args, scope) for one in _chosen(named_by(index, module, text), text)]
    return [one for one in dict.fromkeys(found) if one is not module]


def texts_of(expr: Expr, scope: Scope) -> list[str]:
    """The texts that an expression names something with; see `named_by`."""
    return list(_texts((expr,), scope))


def named_by(index: ModuleIndex, module: Module, text: str) -> list[Module]:
    """The modules that a dotted name means, those that fit where a part of it is open."""
    dotted = module.absolute(text) if text.startswith(".") else text
    if _OPEN not in dotted:
        found = index.find(dotted)
        return [found] if found is not None else []
    parts = re.compile(r"\w+".join(re.escape(part) for part in dotted.split(_OPEN)))
    if not parts.pattern.startswith(r"\w+"):
        return [one for one in index.modules if one.in_repo and parts.fullmatch(one.name)]
    return []


def _by_path(index: ModuleIndex, module: Module, text: str) -> list[Module]:
    """The modules of a path beside a settings module, or that fit a glob."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(module.path), text))
    glob = path.replace(_OPEN, "*")
    return _chosen([one for one in index.modules if one.in_repo and fnmatchcase(one.path, glob)], text)


def _chosen(modules: list[Module], text: str) -> list[Module]:
    if _OPEN not in text:
        return modules
    known = [one for one in modules if kind_of(one.name) < OF_TESTS]
    return sorted(known, key=lambda one: (kind_of(one.name), one.name))[:1]


def _texts(exprs: Iterable[Expr], scope: Scope | None, depth: int = 0) -> Iterator[str]:
    """The texts among arguments: written there, in variables, in sequences, in calls that hand them on (`optional`)."""
    for expr in exprs:
        if depth > _MAX_DEPTH or scope is None:
            return
        if isinstance(expr, SequenceDisplay | Alternatives):
            inner: Iterable[Expr] = expr.items if isinstance(expr, SequenceDisplay) else expr.values
            yield from _texts(inner, scope, depth + 1)
        elif isinstance(expr, Starred):
            yield from _texts((expr.value,), scope, depth + 1)
        elif isinstance(expr, Local):
            yield from _texts((scope.defs[at][1] for at in expr.definitions), scope, depth + 1)
        elif isinstance(expr, CallResult) and last_name(scope.calls[expr.call].func) in ("optional", *_READERS):
            yield from _texts(scope.calls[expr.call].args[-1:], scope, depth + 1)
        elif (text := _pattern(expr, scope)) != _OPEN:
            yield text


def _pattern(expr: Expr, scope: Scope, depth: int = 0) -> str:
    """A text with `_OPEN` for each part that is not written."""
    literal = literal_text(expr)
    if literal is not None:
        return literal
    if depth > _MAX_DEPTH:
        return _OPEN
    if isinstance(expr, JoinedText):
        return "".join(_pattern(part, scope, depth + 1) for part in expr.values)
    if isinstance(expr, FormattedValue):
        return _pattern(expr.value, scope, depth + 1)
    if isinstance(expr, BinaryOperation) and expr.operator == "+":
        return _pattern(expr.left, scope, depth + 1) + _pattern(expr.right, scope, depth + 1)
    if isinstance(expr, BinaryOperation) and expr.operator == "%":
        return re.sub(r"%(\(\w+\))?s", _OPEN, _pattern(expr.left, scope, depth + 1))
    if isinstance(expr, Local) and len(expr.definitions) == 1:
        return _pattern(scope.defs[expr.definitions[0]][1], scope, depth + 1)
    func = scope.calls[expr.call].func if isinstance(expr, CallResult) else None
    if isinstance(func, Attribute) and func.name == "format":
        return _FIELD.sub(_OPEN, _pattern(func.base, scope, depth + 1))
    return _OPEN


def _variable(scope: Scope | None, func: Expr) -> str | None:
    """The imported name behind a variable."""
    if scope is not None and isinstance(func, Local) and len(func.definitions) == 1:
        value = scope.defs[func.definitions[0]][1]
        return value.name if isinstance(value, ImportedName) else None
    return None


def set_to(call: CallExpr, variable: str, scope: Scope) -> list[str]:
    """What a call sets a variable of the environment to: `os.environ.setdefault(variable, text)`."""
    is_set = len(call.args) == 2 and literal_text(call.args[0]) == variable
    return texts_of(call.args[1], scope) if is_set else []


__all__ = ["OF_DEVELOPERS", "OF_TESTS", "kind_of", "loaded_modules", "named_by", "set_to", "texts_of"]
