"""Settings written as classes: the attributes of the class become names of its module, as when Django runs.

Two forms: a class that is handed the module's own name to put its attributes there (`Production.load(__name__)`), and
django-configurations, where `DJANGO_CONFIGURATION` names the class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from extractor.deployment.units import Runtime
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef
from extractor.link.settings.layers import is_server, settings_modules
from extractor.link.settings.named_modules import kind_of, set_to
from extractor.program.index import ModuleIndex
from extractor.program.module import Def, Module
from extractor.summary import CallExpr, Expr, ModuleSummary, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    CallResult,
    Defined,
    ImportedName,
    Local,
    Name,
    parts,
    with_parts,
)

_OWN_NAME = Name("__name__")
_VARIABLE = "DJANGO_CONFIGURATION"
_CONFIGURATION = ("configurations.Configuration", "configurations.base.Configuration")


def with_class_settings(repo: str, modules: Iterable[Module], deployed: Sequence[str] = ()) -> tuple[Module, ...]:
    """The modules of a repository, those whose settings stand in classes with these settings as names of their own.
    `deployed` are the classes that deployment files name, of which the first counts.

    A class's bases in the same module come first, as what it overrides; those of another module are brought by a star
    import of it, so that one settings module lies above the other.
    """
    given = tuple(modules)
    if not any(_may_hold(module.summary) for module in given if module.in_repo):
        return given
    ev = Evaluator(ModuleIndex(repo, given))
    named = settings_modules(ev.index)
    starts = sorted(_settings_classes(ev, given, deployed), key=lambda cls: cls.module.name not in named[:1])
    classes: dict[Module, dict[Def, Def]] = {}  # the classes to lift, each with the one that is the settings
    for start in starts:
        for cls in reversed(ev.classes.mro(start)[0]):
            if cls.module.in_repo:
                classes.setdefault(cls.module, {}).setdefault(cls, start)
    return tuple(
        dataclasses.replace(module, summary=_with(module.summary, ev, classes[module]), _defs={})
        if module in classes
        else module
        for module in given
    )


def chosen_classes(runtime: Runtime) -> list[str]:
    """The classes of settings that deployment files name."""
    given = (value for unit in runtime.units for value in unit.env if value.name == _VARIABLE)
    return list(dict.fromkeys(value.value for value in given if value.kind == "deployment"))


def _may_hold(summary: ModuleSummary) -> bool:
    """A cheap look: the module imports django-configurations, or hands its own name to a method."""
    scope = summary.scopes.get("")
    return any(name.partition(".")[0] == "configurations" for name in summary.imports) or (
        scope is not None and any(isinstance(call.func, Attribute) and _OWN_NAME in call.args for call in scope.calls)
    )


def _settings_classes(ev: Evaluator, modules: Iterable[Module], deployed: Sequence[str]) -> Iterator[Def]:
    chosen = [*deployed, *_chosen(modules)]
    for module in modules:
        if module.in_repo and _may_hold(module.summary):
            yield from _loaded(ev, module)
            configured = [cls for cls in _classes(module) if set(ev.classes.mro(cls)[1]) & set(_CONFIGURATION)]
            named = sorted(
                (cls for cls in configured if cls.scope.name in chosen), key=lambda cls: chosen.index(cls.scope.name)
            )
            yield from named[:1] or configured[-1:]


def _loaded(ev: Evaluator, module: Module) -> Iterator[Def]:
    """`Production.load(__name__)`: a class with settings, whose method is handed the name of the module."""
    frame = ev.frame(module.define(""))
    for call in frame.owner.scope.calls:
        if isinstance(call.func, Attribute) and _OWN_NAME in call.args:
            for value in ev.eval(call.func.base, frame):
                if isinstance(value, DefRef) and value.target.kind == "class" and value.target.module is module:
                    yield value.target


def _chosen(modules: Iterable[Module]) -> list[str]:
    """The classes that `os.environ.setdefault("DJANGO_CONFIGURATION", ...)` names: by servers first, and those for
    production before those for a developer's machine."""
    found = [
        (not is_server(module), kind_of(name), name)
        for module in modules
        if module.in_repo
        for scope in module.summary.scopes.values()
        for call in scope.calls
        for name in set_to(call, _VARIABLE, scope)
    ]
    return list(dict.fromkeys(name for _server, _kind, name in sorted(found)))


def _classes(module: Module) -> list[Def]:
    return [module.define(s.name) for s in module.summary.scopes.values() if s.kind == "class" and not s.parent]


def _bases_elsewhere(ev: Evaluator, classes: Iterable[Def]) -> tuple[str, ...]:
    found = [
        value.target.module.name
        for cls in classes
        for base in cls.scope.bases
        for value in ev.eval(base, ev.frame(cls.module.define("")))
        if isinstance(value, DefRef) and value.target.module is not cls.module and value.target.module.in_repo
    ]
    return tuple(dict.fromkeys(reversed(found)))  # the first base lies on top, as the last star import does


def _with(summary: ModuleSummary, ev: Evaluator, classes: Mapping[Def, Def]) -> ModuleSummary:
    body = summary.scopes[""]
    stars = _bases_elsewhere(ev, classes)
    for cls, start in classes.items():
        whole: Expr = (
            Defined(start.scope.name)
            if start.module is cls.module
            else ImportedName(start.module.name, start.scope.name)
        )
        body = _merged(body, cls.scope, list(_properties(ev, cls)), whole)
    scopes = {name: body if name == "" else scope for name, scope in summary.scopes.items()}
    return dataclasses.replace(summary, scopes=scopes, stars=(*summary.stars, *stars))


def _properties(ev: Evaluator, cls: Def) -> Iterator[tuple[str, int]]:
    """The properties of a class that are settings: name and line."""
    for name, scope in cls.module.summary.scopes.items():
        short = name.rpartition(".")[2]
        of_class = scope.parent == cls.scope.name and scope.kind == "function"
        if of_class and short.isupper() and ev.classes.is_property(cls.module.define(name)):
            yield short, scope.def_line


def _merged(body: Scope, inner: Scope, properties: list[tuple[str, int]], whole: Expr) -> Scope:
    """A module's body with that of a class at its end; a property is asked of an instance of the class `whole`."""
    moved = _Moved(len(body.defs), len(body.calls), len(body.guards))
    calls = [*body.calls, *(moved.call(call) for call in inner.calls)]
    defs = [*body.defs, *((line, moved.expr(value)) for line, value in inner.defs)]
    names: dict[str, tuple[int, ...]] = dict(body.names)
    for name, indices in inner.names.items():
        if name.isupper():
            names[name] = tuple(index + moved.defs for index in indices)
    if properties:
        calls.append(CallExpr(inner.line, inner.line, whole, (), (), ()))
    for name, line in properties:
        names[name] = (len(defs),)
        defs.append((line, Attribute(CallResult(len(calls) - 1), name)))
    return dataclasses.replace(
        body,
        calls=tuple(calls),
        defs=tuple(defs),
        names=names,
        subs=(*body.subs, *(moved.sub(sub) for sub in inner.subs)),
        guards=(*body.guards, *((moved.expr(test), holds, line) for test, holds, line in inner.guards)),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Moved:
    """Expressions of one scope as they read in another, behind whose definitions, calls and guards its own are put."""

    defs: int
    calls: int
    guards: int

    def expr(self, value: Expr) -> Expr:
        if isinstance(value, CallResult):
            return CallResult(value.call + self.calls)
        if isinstance(value, Local):
            return Local(tuple(index + self.defs for index in value.definitions))
        if isinstance(value, Alternatives) and value.guard >= 0:
            return Alternatives(tuple(map(self.expr, value.values)), value.guard + self.guards)
        return with_parts(value, [self.expr(part) for part in parts(value)])

    def sub(
        self, sub: tuple[Expr, Expr, Expr, int, bool, tuple[int, ...]]
    ) -> tuple[Expr, Expr, Expr, int, bool, tuple[int, ...]]:
        base, key, value, line, maybe, guards = sub
        inside = tuple(index + self.guards for index in guards)
        return self.expr(base), self.expr(key), self.expr(value), line, maybe, inside

    def call(self, call: CallExpr) -> CallExpr:
        return dataclasses.replace(
            call,
            func=self.expr(call.func),
            args=tuple(self.expr(value) for value in call.args),
            kwargs=tuple((name, self.expr(value)) for name, value in call.kwargs),
            guards=tuple(index + self.guards for index in call.guards),
        )


__all__ = ["chosen_classes", "with_class_settings"]
