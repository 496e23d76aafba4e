"""Which assignment of a setting holds: settings modules laid over one another by star imports, and later changes.

A layer is one module. A name is taken from the first layer that binds it; star imports lie below the module that
makes them, the last one on top, as Python would leave them (a star import is taken to stand above the assignments).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from extractor.program.index import ModuleIndex
from extractor.program.module import Module
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Constant,
    DictDisplay,
    ImportedName,
    Local,
    Name,
    Parameter,
    Subscript,
    last_name,
    literal_text,
    walk,
)
from extractor.text.words import words_of

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_SERVERS = frozenset({"wsgi.py", "asgi.py"})
# What settings are for, by a word of their name.
_WORDS = {
    **dict.fromkeys(("prod", "production", "live", "deploy", "deployment", "aws", "heroku", "staging"), 0),
    **dict.fromkeys(("local", "dev", "devel", "develop", "development", "devstack", "debug", "example", "docker"), 2),
    **dict.fromkeys(("test", "tests", "testing", "ci", "pytest", "travis"), 3),
}
_OF_TESTS = 3


@dataclass(frozen=True, slots=True)
class Binding:
    """A definition of a setting: its module, its value, its line (from 1), and the function that makes it when it runs
    ("" for the module's body)."""

    module: Module
    value: Expr
    line: int
    scope: str = ""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """`NAME[key]... = value` or `NAME[key]....update(value)`: the keys as expressions; `merge` for the second.
    `maybe`: in a branch, so that what stood there before may hold as well."""

    module: Module
    keys: tuple[Expr, ...]
    value: Expr
    line: int
    merge: bool = False
    maybe: bool = False


def settings_modules(index: ModuleIndex, deployed: Iterable[str] = ()) -> tuple[str, ...]:
    """The settings modules of a repository, the one that counts first: of those that are named as
    `DJANGO_SETTINGS_MODULE` the ones that deployment runs (`deployed`), then those of WSGI and ASGI applications, then
    others; where none is, those that set what only settings do. Modules for tests come last, and those for
    production before those for a developer's machine; then those named most often."""
    counts: dict[str, int] = {}
    ranks: dict[str, int] = dict.fromkeys(deployed, 0)
    for module in index.modules:
        if module.in_repo:
            server = posixpath.basename(module.path) in _SERVERS
            for name in _named_in(module):
                counts[name] = counts.get(name, 0) + 1
                ranks[name] = min(ranks.get(name, 2), 1 if server else 2)
    known = [name for name in ranks if index.find(name) is not None]
    if not known:
        known = [module.name for module in index.modules if module.in_repo and _is_settings_module(module)]
        deep = {name: len(layers(index, (name,))) for name in known}
        return tuple(sorted(known, key=lambda name: (_kind(name), -deep[name], name)))
    return tuple(sorted(known, key=lambda n: (_kind(n) == _OF_TESTS, ranks[n], _kind(n), -counts.get(n, 0), n)))


def _named_in(module: Module) -> Iterator[str]:
    """The settings modules that a module names, where it sets `DJANGO_SETTINGS_MODULE`."""
    for scope in module.summary.scopes.values():
        for call in scope.calls:
            texts = _texts(call)
            if len(texts) == 2 and texts[0] == _VARIABLE:
                yield texts[1]
        for _base, key, value, *_rest in scope.subs:
            name = literal_text(value) if literal_text(key) == _VARIABLE else None
            if name is not None:
                yield name


def _is_settings_module(module: Module) -> bool:
    """Whether a module sets what only Django's settings do, itself or by a star import of a module beside it."""
    scope = module.summary.scopes.get("")
    if scope is None or "settings" not in module.name:
        return False
    return "ROOT_URLCONF" in scope.names or "INSTALLED_APPS" in scope.names or bool(module.summary.stars)


def _kind(dotted: str) -> int:
    """For what settings are by their name: 0 for production, 1 for anything, 2 for a developer, 3 for tests."""
    return max((_WORDS.get(word, 1) for word in words_of(dotted) if word in _WORDS), default=1)


def layers(index: ModuleIndex, modules: Iterable[str]) -> tuple[Module, ...]:
    """The settings modules and those they star-import, topmost first, each once. Unread modules are passed over."""
    found: dict[str, Module] = {}
    for name in modules:
        module = index.find(name)
        if module is not None:
            for layer in _with_stars(index, module, set()):
                found.setdefault(layer.name, layer)
    return tuple(found.values())


def _with_stars(index: ModuleIndex, module: Module, seen: set[str]) -> Iterator[Module]:
    if module.name in seen:
        return
    seen.add(module.name)
    yield module
    for dotted in (*reversed(_loaded(index, module)), *reversed(module.summary.stars)):
        below = index.find(module.absolute(dotted))
        if below is not None and (_kind(below.name) < _OF_TESTS or _kind(module.name) == _OF_TESTS):
            yield from _with_stars(index, below, seen)


def _loaded(index: ModuleIndex, module: Module) -> list[str]:
    """Modules of settings that a call names: `import_settings_modules("package.settings")`, whatever the loader, when
    its name speaks of settings; `include("components/database.py")` of django-split-settings."""
    scope = module.summary.scopes.get("")
    found: list[str] = []
    for call in scope.calls if scope is not None else ():
        texts = _texts(call)
        name = last_name(call.func) or _variable(scope, call.func)
        if not texts or name is None:
            continue
        if "settings" in name.lower():
            found += [text for text in texts if index.find(text) is not None]
        elif name == "include":
            folder = posixpath.dirname(module.path)
            globs = [posixpath.normpath(posixpath.join(folder, text)) for text in texts]
            found += [m.name for glob in globs for m in index.modules if m.in_repo and fnmatchcase(m.path, glob)]
    return found


def _variable(scope: Scope | None, func: Expr) -> str | None:
    """The imported name behind a variable."""
    if scope is not None and isinstance(func, Local) and len(func.definitions) == 1:
        value = scope.defs[func.definitions[0]][1]
        return value.name if isinstance(value, ImportedName) else None
    return None


def _texts(call: CallExpr) -> list[str]:
    """The texts among the arguments of a call."""
    return [text for arg in call.args if (text := literal_text(arg)) is not None]


def bindings(module: Module, name: str) -> tuple[Binding, ...]:
    """The definitions of a name that can hold when the module's body has run; () when it binds no such name."""
    scope = module.summary.scopes.get("")
    if scope is None:
        return ()
    return tuple(Binding(module, scope.defs[i][1], scope.defs[i][0]) for i in scope.names.get(name, ()))


def late_bindings(index: ModuleIndex) -> dict[str, list[Binding]]:
    """What functions of the repository assign to the settings that they import or are handed, by name: as
    `AppConfig.ready` or a plugin does (`def plugin_settings(settings): settings.X = ...`)."""
    found: dict[str, list[Binding]] = {}
    for module in index.modules:
        for name, scope in module.summary.scopes.items() if module.in_repo else ():
            for base, attribute, value, line in scope.attrs if scope.kind == "function" else ():
                if attribute.isupper() and _is_settings(module, scope, base):
                    found.setdefault(attribute, []).append(Binding(module, value, line, name))
    return found


def _is_settings(module: Module, scope: Scope, base: Expr) -> bool:
    if isinstance(base, Local) and len(base.definitions) == 1:
        base = scope.defs[base.definitions[0]][1]
    if isinstance(base, Parameter):
        return base.name.endswith("settings")
    if isinstance(base, Name):
        top = module.summary.scopes.get("")
        kept = [top.defs[i][1] for i in top.names.get(base.name, ())] if top is not None else []
        return any(_is_settings(module, scope, one) for one in kept if not isinstance(one, Name))
    return isinstance(base, ImportedName) and (base.module, base.name) == ("django.conf", "settings")


def changes(module: Module) -> dict[str, list[SettingChange]]:
    """Assignments to items of names and `.update(...)` calls on them, in the order of lines, by name."""
    scope = module.summary.scopes.get("")
    if scope is None:
        return {}
    owners = {index: name for name, indices in scope.names.items() for index in indices}
    found: dict[str, list[SettingChange]] = {}
    for base, key, value, line, maybe, _guards in scope.subs:
        name, keys = _root(base, owners)
        if name is not None:
            found.setdefault(name, []).append(SettingChange(module, (*keys, key), value, line, maybe=maybe))
    for call in scope.calls:
        if isinstance(call.func, Attribute) and call.func.name == "update":
            name, keys = _root(call.func.base, owners)
            values = [*call.args[:1], *([_keywords(call.kwargs)] if call.kwargs else [])]
            if name is not None:
                found.setdefault(name, []).extend(SettingChange(module, keys, v, call.line, merge=True) for v in values)
    for rows in found.values():
        rows.sort(key=lambda change: change.line)
    return found


def _keywords(kwargs: tuple[tuple[str | None, Expr], ...]) -> Expr:
    return DictDisplay(tuple((None if name is None else Constant(name), value) for name, value in kwargs))


def _root(expr: Expr, owners: dict[int, str]) -> tuple[str | None, tuple[Expr, ...]]:
    """`NAME[a][b]` as NAME and (a, b); None when the innermost base is no name of the module."""
    keys: list[Expr] = []
    while isinstance(expr, Subscript):
        keys.append(expr.index)
        expr = expr.base
    if isinstance(expr, Name):
        return expr.name, tuple(reversed(keys))
    if isinstance(expr, Local):
        names = {owners[index] for index in expr.definitions if index in owners}
        if len(names) == 1:
            return names.pop(), tuple(reversed(keys))
    return None, ()


def end_line(scope: Scope, value: Expr, line: int) -> int:
    """The last line of a definition as far as the calls in it tell."""
    return max([line, *(scope.calls[part.call].end_line for part in walk(value) if isinstance(part, CallResult))])
