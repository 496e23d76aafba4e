"""The effective settings of one service: values with their alternatives, environment variables, defaults, places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.deployment.units import EnvValue, Runtime
from extractor.estate.model import Service
from extractor.evaluate import folding
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.folding import bounded
from extractor.evaluate.readers import assigned
from extractor.evaluate.values import Const, Env, Ext, Mapping, Seq, Text, Unknown, Value, Values
from extractor.link.settings.expand import SettingExpander
from extractor.link.settings.layers import (
    Binding,
    SettingChange,
    bindings,
    changes,
    end_line,
    late_bindings,
    layers,
    settings_modules,
)
from extractor.program.module import Module
from extractor.rules.django import django_rules
from extractor.rules.python import python_rules
from extractor.summary.expr import last_name
from extractor.text.masking import masked

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_CODE_SETTINGS = re.compile(
    r"INSTALLED_APPS|MIDDLEWARE(_CLASSES)?|AUTHENTICATION_BACKENDS|TEMPLATES|REST_FRAMEWORK|LOGGING|ROOT_URLCONF"
    r"|\w+_PIPELINE"
)
# What puts names into a module that stand nowhere in it.
_FILLS = frozenset(
    {"globals", "vars", "locals", "setattr", "exec", "eval", "import_module", "exec_module", "__import__"}
)
_LINES_APART = 400  # characters: longer texts are no dotted names


@dataclass(frozen=True, slots=True)
class Where:
    """Lines of a file of the repository, from 1."""

    path: str
    line: int
    end_line: int


class SettingsTable:
    """The settings of one service. Make it with `build`; `repo` and `service` are its names."""

    def __init__(
        self, ev: Evaluator, repo: str, service: str, chain: tuple[Module, ...], deployed: Sequence[EnvValue] = ()
    ) -> None:
        self.ev, self.repo, self.service, self.chain = ev, repo, service, chain
        self._deployed = deployed
        self.expander = SettingExpander(ev, chain, self.value)
        self._changes = [(module, changes(module)) for module in chain]
        self._late = late_bindings(ev.index)
        self._raw: dict[str, Values] = {}
        self._folded: dict[str, Values] = {}
        self._busy: set[str] = set()
        self._whole: bool | None = None

    @classmethod
    def build(
        cls, ev: Evaluator, repo: str, modules: Sequence[str], service: str, deployed: Sequence[EnvValue] = ()
    ) -> SettingsTable:
        """The table of a service that uses `modules` (dotted names, the one that wins first); when none is given, the
        one that counts by what the repository says. `deployed` are the values that the repository's deployment files
        give to variables."""
        run = [v.value for v in deployed if v.name == "DJANGO_SETTINGS_MODULE" and v.kind == "deployment"]
        return cls(ev, repo, service, layers(ev.index, modules or settings_modules(ev.index, run)[:1]), deployed)

    # what settings are -----------------------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """Every setting, sorted: a name in capitals that a settings module binds, or that a function sets."""
        found = {
            name
            for module in self.chain
            if "" in module.summary.scopes
            for name in module.summary.scopes[""].names
            if name.isupper() and not name.startswith("_")
        }
        return tuple(sorted(found | self._late.keys()))

    def raw(self, name: str) -> Values:
        """What a setting can be as written: environment variables and other settings stay open. () when absent."""
        found = self._raw.get(name)
        if found is None:
            found = self._raw[name] = self._evaluate(name)
        return found

    def value(self, name: str, path: Sequence[str] = ()) -> Values:
        """What a setting (or the item of it under the keys of `path`) can be.

        Defaults of environment variables and other settings are put in for the holes of texts; an `Env` stays, with
        its default in it. () when there is no such setting.
        """
        found = self._folded.get(name)
        if found is None:
            if name in self._busy:
                return ()
            self._busy.add(name)
            try:
                found = bounded(self.expander.folded(self.raw(name)))
            finally:
                self._busy.discard(name)
            self._folded[name] = found
        for key in path:
            inner = bounded(v for base in found for v in self.ev.item(base, Text((key,))))
            found = tuple(v for v in inner if not isinstance(v, Unknown))
        return found

    def is_changed(self, name: str) -> bool:
        """Whether settings modules set items of a setting, or put more into it, after they bind it."""
        return any(True for _change in self._changes_of(name))

    def _evaluate(self, name: str) -> Values:
        values: list[Value] = []
        for binding in self._bindings(name)[:1]:
            made = self.ev.module_name(binding.module, name) if not binding.scope else self._made(binding)
            values += self.expander.opened(assigned(self.ev, name, value) for value in made)
        for module, change in self._changes_of(name):
            values = [*self._changed(values, module, change)]
        return bounded(values)

    def _made(self, binding: Binding) -> Values:
        return self.ev.eval(binding.value, self.ev.frame(binding.module.define(binding.scope)))

    def _bindings(self, name: str) -> tuple[Binding, ...]:
        """The definitions that may hold: those of settings modules, else those that functions make when they run."""
        for module in self.chain:
            found = bindings(module, name)
            if found:
                return found
        return tuple(self._late.get(name, ()))

    def _changes_of(self, name: str) -> Iterator[tuple[Module, SettingChange]]:
        """Changes made by the layer that binds the name, then by those above it."""
        rows: list[tuple[Module, SettingChange]] = []
        for module, known in self._changes:
            rows[:0] = [(module, change) for change in known.get(name, ())]
            if bindings(module, name):
                break
        yield from rows

    def _changed(self, values: Iterable[Value], module: Module, change: SettingChange) -> Iterator[Value]:
        frame = self.ev.frame(module.define(""))
        keys = [self.ev.eval(key, frame) for key in change.keys]
        new = self.expander.opened(self.ev.eval(change.value, frame))
        done = False
        for value in values:
            if isinstance(value, Mapping):
                yield _put(value, keys, new, change)
                done = True
            elif isinstance(value, Env) and any(isinstance(v, Mapping) for v in value.default):
                default = [_put(v, keys, new, change) if isinstance(v, Mapping) else v for v in value.default]
                yield Env(value.name, tuple(default), value.required)
                done = True
            else:
                yield value
        if not done and keys:
            yield _put(Mapping((), open=True), keys, new, change)

    def changed_with(self, values: Values) -> Values:
        """What is set on items of the names that hold one of these values (`CONFIG = parse(...)`, then
        `CONFIG["KEY"] = ...`): mappings of those items alone."""
        found: list[Value] = []
        for _module, known in self._changes:
            for name in known:
                raw = self.raw(name)
                if set(raw) & set(values):
                    found += [v for v in raw if isinstance(v, Mapping) and v not in values]
        return bounded(found)

    # what is said of them --------------------------------------------------------------------------------------

    def text(self, name: str) -> str | None:
        """The setting as a template for people (`{env:NAME}` where a variable is read), secrets masked; None when it
        is no text."""
        for value in self.raw(name):
            if isinstance(value, Text | Env) or (isinstance(value, Const) and value.value is not None):
                return masked(name, folding.show(value))
        return None

    def default(self, name: str) -> str | None:
        """What a setting is when no environment variable says otherwise, secrets masked; None when it has no default
        or is no text or number."""
        for value in self.value(name):
            for literal in _literals(value):
                return masked(name, literal)
        return None

    def env(self, name: str) -> str | None:
        """The environment variable that a setting is read from (`yaml:NAME`: the key of a YAML file), or None."""
        return next((env.name for env in self.envs(name)), self.expander.overlay(name))

    def envs(self, name: str) -> tuple[Env, ...]:
        """Every environment variable that a setting is made of, outermost first."""
        return tuple(dict.fromkeys(env for value in self.raw(name) for env in self.expander.envs(value)))

    def deployed(self, variable: str) -> tuple[str, ...]:
        """What deployment files give an environment variable, those of deployments before those for developers."""
        found = [value for value in self._deployed if value.name == variable and value.kind != "test"]
        found.sort(key=lambda value: (value.kind != "deployment", value.path, value.line))
        return tuple(dict.fromkeys(value.value for value in found))

    def required(self, name: str) -> bool:
        """True when a service does not start without a value from outside."""
        found = self.envs(name)
        return bool(found) and found[0].required and self.default(name) is None

    def where(self, name: str) -> Where | None:
        """Where the assignment that holds stands; None when there is no such setting."""
        for binding in self._bindings(name)[:1]:
            scope = binding.module.summary.scopes[binding.scope]
            return Where(binding.module.path, binding.line, end_line(scope, binding.value, binding.line))
        return None

    def is_undefined(self, name: str) -> bool:
        """Whether nothing defines a setting: all of the settings were read, and none of them does, nor Django."""
        if not self.chain or self.where(name) is not None or self.expander.overlay(name) is not None:
            return False
        return self._is_whole() and django_rules().global_settings.fullmatch(name) is None

    def _is_whole(self) -> bool:
        """Whether all that the settings are made of was read, and nothing puts names among them that code does not
        write."""
        if self._whole is None:
            scopes = [module.summary.scopes[""] for module in self.chain if "" in module.summary.scopes]
            called = {last_name(call.func) for scope in scopes for call in scope.calls}
            stars = [(module, star) for module in self.chain for star in module.summary.stars]
            self._whole = (
                any(name in scope.names for scope in scopes for name in ("INSTALLED_APPS", "ROOT_URLCONF"))
                and not called & (_FILLS | {name.rpartition(".")[2] for name in python_rules().fills})
                and all(self.ev.index.find(module.absolute(star)) is not None for module, star in stars)
            )
        return self._whole

    def dotted_texts(self) -> list[tuple[str, str, str, int]]:
        """Texts in settings that name code, as (setting, dotted text, path, line), sorted by setting.

        In settings that hold nothing but code (INSTALLED_APPS, MIDDLEWARE, ...) every dotted text counts; elsewhere
        those that name something that was read.
        """
        found: list[tuple[str, str, str, int]] = []
        for name in self.names():
            place = self.where(name)
            if place is None:
                continue
            texts = dict.fromkeys(t for value in self.raw(name) for t in all_texts(value) if len(t) < _LINES_APART)
            found += [(name, text, place.path, place.line) for text in texts if self._names_code(name, text)]
        return found

    def _names_code(self, name: str, text: str) -> bool:
        if _CODE_SETTINGS.fullmatch(name):
            return bool(_DOTTED.fullmatch(text)) or (text.isidentifier() and self.ev.index.find(text) is not None)
        return bool(_DOTTED.fullmatch(text)) and bool(self.ev.by_dotted(text))


def _put(base: Mapping, keys: Sequence[Values], new: Values, change: SettingChange) -> Mapping:
    """A mapping with an item set (or several merged in) under a path of keys; what was there stays an alternative,
    behind the new, where the change may not be made."""
    if not keys:
        more = [item for value in new if isinstance(value, Mapping) for item in value.items]
        kept = [item for item in base.items if not any(set(item[0]) & set(keys_) for keys_, _ in more)]
        return Mapping((*kept, *more), base.open or any(not isinstance(v, Mapping) for v in new))
    head, rest = keys[0], keys[1:]
    same = [values for known, values in base.items if set(known) & set(head)]
    others = tuple(item for item in base.items if not set(item[0]) & set(head))
    if not rest and not change.merge:
        before = (v for values in same for v in values) if change.maybe else ()
        return Mapping((*others, (head, bounded((*new, *before)))), base.open)
    inner = next((v for values in same for v in values if isinstance(v, Mapping)), Mapping((), open=True))
    return Mapping((*others, (head, (_put(inner, rest, new, change),))), base.open)


def _literals(value: Value) -> Iterator[str]:
    """The literal text or number of a value, the default's when it is an environment variable."""
    if isinstance(value, Text):
        yield folding.show(value)
    elif isinstance(value, Const) and value.value is not None:
        yield str(value.value)
    elif isinstance(value, Env):
        for inner in value.default:
            yield from _literals(inner)


def settings_of(ev: Evaluator, repo: str, services: Iterable[Service], runtime: Runtime) -> dict[str, SettingsTable]:
    """The settings of each service of a repository, by service id, as its deployment sets them."""
    deployed = tuple(value for unit in runtime.units for value in unit.env)
    return {
        service.id: SettingsTable.build(ev, repo, service.settings_modules, service.id, deployed)
        for service in services
    }


def undefined_in(tables: Sequence[SettingsTable]) -> Callable[[str], bool]:
    """Tells whether nothing defines a setting, in any of the services."""
    return lambda name: bool(tables) and all(table.is_undefined(name) for table in tables)


def all_texts(value: Value) -> Iterator[str]:
    """Every literal text in a value: items of sequences, keys and values of mappings, arguments, defaults."""
    if isinstance(value, Text):
        if value.literal is not None:
            yield value.literal
        return
    parts: list[Values] = []
    if isinstance(value, Env):
        parts = [value.default]
    elif isinstance(value, Seq):
        parts = list(value.items)
    elif isinstance(value, Mapping):
        parts = [side for item in value.items for side in item]
    elif isinstance(value, Ext):
        parts = [*value.args, *(values for _name, values in value.kwargs)]
    for values in parts:
        for inner in values:
            yield from all_texts(inner)


__all__ = ["SettingsTable", "Where", "all_texts", "settings_of", "undefined_in"]
