"""Opening values of settings: functions of the settings, keys of YAML files, defaults put in for holes of texts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from extractor.evaluate import folding
from extractor.evaluate.attributes import SETTINGS
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.folding import bounded
from extractor.evaluate.values import (
    Const,
    DefRef,
    Env,
    Ext,
    Hole,
    Inst,
    Mapping,
    Seq,
    SettingRef,
    Text,
    Value,
    Values,
    join,
)
from extractor.link.settings.layers import bindings
from extractor.program.module import Module
from extractor.summary import Expr, Scope
from extractor.summary.expr import Attribute, CallResult, Constant, DictDisplay, Name

MAX_NESTING = 6  # mappings in mappings that are opened
_FILE_READ = re.compile(r"(?:yaml|json|toml|tomllib|ruamel\.yaml)\.\w*load\w*\(\)\[\]")
_NAMESPACES = frozenset({"vars", "globals", "locals"})


class SettingExpander:
    """Opens the values of one table: of the modules of `chain`, the one that wins first. `value` is what the table
    says of a setting, or of its item under a path of keys."""

    def __init__(self, ev: Evaluator, chain: Sequence[Module], value: Callable[[str, Sequence[str]], Values]) -> None:
        self._ev, self._chain, self._value = ev, chain, value
        self._env_defaults: dict[str, Values] | None = None
        self._overlays: list[tuple[int, int]] | None = None

    # functions of the settings, keys of files -------------------------------------------------------------------

    def opened(self, values: Iterable[Value], depth: int = 0) -> Values:
        """Values with `Derived(lambda settings: ...)` called and keys of configuration files made environment-like:
        `Env("yaml:NAME")`."""
        return bounded(v for value in values for v in self._open(value, depth))

    def _open(self, value: Value, depth: int) -> Values:
        if depth > MAX_NESTING:
            return (value,)
        function = _function_of_settings(value)
        if function is not None:
            return self.opened(self._ev.returned(function, ((Ext(SETTINGS),),), ()), depth + 1)
        if isinstance(value, Ext) and _FILE_READ.fullmatch(value.path) and value.args:
            key = self._ev.constant_key(value.args[0])
            if key is not None:
                return (Env(f"yaml:{key}", (), True),)
        if isinstance(value, Env):
            return (Env(value.name, self.opened(value.default, depth + 1), value.required),)
        if isinstance(value, Mapping):
            return (Mapping(tuple((k, self.opened(v, depth + 1)) for k, v in value.items), value.open),)
        if isinstance(value, Seq):
            return (Seq(tuple(self.opened(item, depth + 1) for item in value.items), value.open),)
        return (value,)

    # defaults in the place of holes -----------------------------------------------------------------------------

    def folded(self, values: Iterable[Value], depth: int = 0) -> Iterator[Value]:
        """Values with other settings and the defaults of environment variables put in where they are known."""
        for value in values:
            if depth > MAX_NESTING:
                yield value
            elif isinstance(value, SettingRef):
                yield from self._value(value.name, value.path) or (value,)
            elif isinstance(value, Text):
                yield from self._filled(value)
            elif isinstance(value, Env):
                yield Env(value.name, bounded(self.folded(value.default, depth + 1)), value.required)
            elif isinstance(value, Mapping):
                items = tuple((keys, bounded(self.folded(inner, depth + 1))) for keys, inner in value.items)
                yield Mapping(items, value.open)
            elif isinstance(value, Seq):
                items_ = tuple(bounded(self.folded(item, depth + 1)) for item in value.items)
                yield Seq(items_, value.open)
            else:
                yield value

    def _filled(self, text: Text) -> Iterator[Text]:
        choices = [self._part(part)[:3] for part in text.parts]
        for combination in itertools.islice(itertools.product(*choices), folding.LIMIT):
            yield join(*combination)

    def _part(self, part: str | Hole) -> list[Text]:
        if isinstance(part, str):
            return [Text((part,))]
        if part.kind == "setting":
            name, *path = part.name.split(".")
            found = self._value(name, path)
        elif part.kind == "env":
            found = self._default_of(part.name)
        else:
            found = ()
        return [t for value in found for t in _as_texts(value)] or [Text((part,))]

    def _default_of(self, env: str) -> Values:
        if self._env_defaults is None:
            self._env_defaults = {}
            ev = self._ev
            for module in self._chain:
                frame = ev.frame(module.define(""))
                for call in module.summary.scopes[""].calls:
                    for value in ev.call_result(call, frame):
                        if isinstance(value, Env) and value.default:
                            self._env_defaults.setdefault(value.name, value.default)
        return self._env_defaults.get(env, ())

    # environment variables --------------------------------------------------------------------------------------

    def envs(self, value: Value, depth: int = 0) -> Iterator[Env]:
        """The environment variables in a value, outermost first; those of settings it is made of included."""
        if depth > MAX_NESTING:
            return
        if isinstance(value, Env):
            yield value
            parts = [value.default]
        elif isinstance(value, Text):
            for part in value.parts:
                if isinstance(part, Hole) and part.kind == "env":
                    yield Env(part.name, self._default_of(part.name))
            parts = []
        elif isinstance(value, Ext):
            parts = [*value.args, *(values for _name, values in value.kwargs)]
        elif isinstance(value, Mapping):
            parts = [inner for _keys, inner in value.items]
        elif isinstance(value, Seq):
            parts = list(value.items)
        else:
            parts = []
        for values in parts:
            for inner in values:
                yield from self.envs(inner, depth + 1)

    def overlay(self, name: str) -> str | None:
        """`yaml:NAME` when a module fills its namespace from a file after the last assignment of the setting."""
        if self._overlays is None:
            self._overlays = [
                (index, line)
                for index, module in enumerate(self._chain)
                for line in _namespace_updates(module.summary.scopes[""])
            ]
        for index, line in self._overlays:
            above = [b for module in self._chain[:index] for b in bindings(module, name)]
            same = [b for b in bindings(self._chain[index], name) if b.line > line]
            if not above and not same:
                return f"yaml:{name}"
        return None


def _as_texts(value: Value) -> list[Text]:
    if isinstance(value, Text):
        return [value]
    if isinstance(value, Const) and value.value is not None and value.type != "bool":
        return [folding.as_text(value)]
    if isinstance(value, Env):
        return [t for inner in value.default for t in _as_texts(inner)]
    return []


def _function_of_settings(value: Value) -> DefRef | None:
    """The function behind `Derived(lambda settings: ...)`, or the bare lambda: one parameter, named `settings`."""
    if isinstance(value, DefRef) and value.target.kind in ("lambda", "function"):
        params = value.target.scope.params
        return value if len(params) == 1 and params[0][0] == "settings" else None
    given: Iterable[Values] = ()
    if isinstance(value, Inst):
        given = [values for _name, values in value.bindings]
    elif isinstance(value, Ext) and value.args:
        given = value.args[:1]
    for values in given:
        for inner in values:
            if isinstance(inner, DefRef):
                return _function_of_settings(inner)
    return None


def _namespace_updates(scope: Scope) -> list[int]:
    """Lines of `vars().update(...)` and its like with something that is not written out."""
    found = []
    for call in scope.calls:
        base = call.func.base if isinstance(call.func, Attribute) and call.func.name == "update" else None
        if isinstance(base, CallResult) and call.args and not _of_code(call.args[0], scope):
            opener = scope.calls[base.call].func
            if isinstance(opener, Name) and opener.name in _NAMESPACES:
                found.append(call.line)
    return found


def _of_code(expr: Expr, scope: Scope) -> bool:
    """True for a dict whose keys stand in the code, and for the names of a module (`vars(module)`)."""
    if isinstance(expr, CallResult):
        opener = scope.calls[expr.call]
        return isinstance(opener.func, Name) and opener.func.name == "vars" and bool(opener.args)
    if isinstance(expr, Attribute):
        return expr.name == "__dict__"
    return isinstance(expr, DictDisplay) and all(isinstance(key, Constant) for key, _value in expr.items)
