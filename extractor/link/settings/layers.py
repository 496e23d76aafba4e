"""Which assignment of a setting holds: settings modules laid over one another by star imports, and later changes.

A layer is one module. A name is taken from the first layer that binds it; star imports lie below the module that
makes them, the last one on top, as Python would leave them (a star import is taken to stand above the assignments);
beside one for production those for a developer's machine lie below: where it is deployed they are not made.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractor.link.settings.named_modules import (
    OF_DEVELOPERS,
    OF_TESTS,
    kind_of,
    loaded_modules,
    named_by,
    set_to,
    texts_of,
)
from extractor.program.index import ModuleIndex
from extractor.program.module import Module
from extractor.summary import Expr, Scope
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
    literal_text,
    walk,
)

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_SERVERS = frozenset({"wsgi.py", "asgi.py"})


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
            for name in _named_in(index, module):
                counts[name] = counts.get(name, 0) + 1
                ranks[name] = min(ranks.get(name, 2), 1 if is_server(module) else 2)
    known = [name for name in ranks if index.find(name) is not None]
    if not known:
        known = [module.name for module in index.modules if module.in_repo and _is_settings_module(module)]
        deep = {name: len(layers(index, (name,))) for name in known}
        return tuple(sorted(known, key=lambda name: (kind_of(name), -deep[name], name)))
    return tuple(sorted(known, key=lambda n: (kind_of(n) == OF_TESTS, ranks[n], kind_of(n), -counts.get(n, 0), n)))


def is_server(module: Module) -> bool:
    """Whether a module is that of a WSGI or ASGI application."""
    return posixpath.basename(module.path) in _SERVERS


def _named_in(index: ModuleIndex, module: Module) -> Iterator[str]:
    """The settings modules that a module names, where it sets `DJANGO_SETTINGS_MODULE`; all that fit where only a run
    knows a part of the name."""
    for scope in module.summary.scopes.values():
        texts = [text for call in scope.calls for text in set_to(call, _VARIABLE, scope)]
        for _base, key, value, *_rest in scope.subs:
            texts += texts_of(value, scope) if literal_text(key) == _VARIABLE else []
        for text in texts:
            known = index.find(text)
            yield from [text] if known is not None else [found.name for found in named_by(index, module, text)]


def _is_settings_module(module: Module) -> bool:
    """Whether a module sets what only Django's settings do, itself or by a star import of a module beside it."""
    scope = module.summary.scopes.get("")
    if scope is None or "settings" not in module.name:
        return False
    return "ROOT_URLCONF" in scope.names or "INSTALLED_APPS" in scope.names or bool(module.summary.stars)


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
    stars = [below for dotted in module.summary.stars if (below := index.find(module.absolute(dotted))) is not None]
    stars.reverse()
    if any(kind_of(below.name) == 0 for below in stars):  # each under a test of its own
        stars.sort(key=lambda below: kind_of(below.name) == OF_DEVELOPERS)
    for below in (*reversed(loaded_modules(index, module)), *stars):
        if kind_of(below.name) < OF_TESTS or kind_of(module.name) == OF_TESTS:
            yield from _with_stars(index, below, seen)


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
