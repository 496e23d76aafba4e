"""What a Celery app is configured with: its settings modules, `app.conf`, and values folded down to text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from extractor.estate.model import Service
from extractor.evaluate import folding
from extractor.evaluate.arguments import arguments
from extractor.evaluate.attributes import SETTINGS
from extractor.evaluate.evaluator import Evaluator, qualified
from extractor.evaluate.values import (
    Const,
    DefRef,
    Env,
    Ext,
    Frame,
    Hole,
    Inst,
    Seq,
    SettingRef,
    Text,
    Unknown,
    Value,
    Values,
    join,
)
from extractor.program.module import Module
from extractor.summary import Expr
from extractor.summary.expr import Attribute, CallResult, literal_text

MAX_FOLD = 12  # settings that lead to one another
_APP = re.compile(
    r"^celery(\.\w+)*\.(Celery\(\)|current_app|get_current_app\(\)|app_or_default\(\))(\._get_current_object\(\))?$"
)


def is_app(ev: Evaluator, value: Value) -> bool:
    """True for a Celery application: `Celery(...)`, `current_app`, an instance of a project's subclass of it."""
    if isinstance(value, Ext):
        return _APP.match(value.path) is not None
    if isinstance(value, Inst):
        return any(path.startswith("celery.") and path.endswith(".Celery") for path in ev.classes.mro(value.cls)[1])
    return False


def is_app_member(value: Value, name: str) -> bool:
    """True for `app.name`, where `app` is a Celery application from outside the code that was read."""
    return isinstance(value, Ext) and value.path.endswith("." + name) and bool(_APP.match(value.path[: -len(name) - 1]))


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration value as written: its expression, the frame it stands in, its line, `guards` of the call."""

    expr: Expr
    frame: Frame
    line: int
    guards: tuple[int, ...] = ()

    @property
    def module(self) -> Module:
        return self.frame.owner.module


@dataclass(slots=True)
class Config:
    """The configuration of one service: settings first found along the chain of star imports, then `app.conf`."""

    ev: Evaluator
    service: str
    chain: tuple[Module, ...]
    apps: tuple[Module, ...]
    namespaces: tuple[str, ...]
    _env: dict[str, Values] | None = None
    _settings: dict[str, Values] = field(default_factory=dict)

    def setting(self, name: str) -> Values:
        """What a Django setting can be."""
        found = self._settings.get(name)
        if found is None:
            found = self._settings[name] = self.ev.module_name(self.chain[0], name) if self.chain else ()
        return found

    def evaluated_by(self, ev: Evaluator) -> Config:
        """The same configuration, for an evaluator that takes something to be known."""
        return Config(ev, self.service, self.chain, self.apps, self.namespaces)

    def names(self, option: str, *older: str) -> tuple[str, ...]:
        """The Django settings that hold a Celery option, best first: `CELERY_TASK_ROUTES`, then older names."""
        return tuple(dict.fromkeys([*(f"{space}_{option.upper()}" for space in self.namespaces), *older]))

    def option(self, option: str, *older: str) -> Written | None:
        """Where a Celery option is set: on `app.conf`, else in the settings. The last assignment counts."""
        on_app = list(self.on_conf(option))
        if on_app:
            return on_app[-1]
        for name in self.names(option, *older):
            for module in self.chain:
                written = assigned(self.ev, module, name)
                if written is not None:
                    return written
        return None

    def on_conf(self, option: str) -> Iterator[Written]:
        """Assignments to `app.conf.option` and `app.conf.update(option=...)`, in order."""
        for module in self.apps:
            for name, scope in module.summary.scopes.items():
                if scope.kind not in ("module", "function"):
                    continue
                frame = self.ev.frame(module.define(name))
                for base, attr, value, line in scope.attrs:
                    if attr == option and self._is_conf(base, frame):
                        yield Written(value, frame, line)
                for base, key, value, line, *_rest in scope.subs:
                    if literal_text(key) == option and self._is_conf(base, frame):
                        yield Written(value, frame, line)
                for call in scope.calls:
                    func = call.func
                    if isinstance(func, Attribute) and func.name == "update" and self._is_conf(func.base, frame):
                        for given, value in call.kwargs:
                            if given == option:
                                yield Written(value, frame, call.line, call.guards)

    def _is_conf(self, base: Expr, frame: Frame) -> bool:
        return _names_conf(base) and any(is_app(self.ev, v) for v in self.ev.eval(base.base, frame))

    # folding -----------------------------------------------------------------------------------------------------

    def fold(self, values: Values, depth: int = 0) -> Values:
        """Values with settings, environment defaults and values derived from other settings put in their place."""
        if depth > MAX_FOLD:
            return ()
        out: list[Value] = []
        for value in values:
            if isinstance(value, SettingRef):
                out += self.fold(self._reached(value, depth), depth + 1)
            elif isinstance(value, Env):
                out += self.fold(value.default, depth + 1)
            elif isinstance(value, Text):
                out.append(self._filled(value, depth))
            elif isinstance(value, Inst | Ext) and (derived := self._derived(value)):
                out += self.fold(derived, depth + 1)
            else:
                out.append(value)
        return folding.bounded(out)

    def text(self, values: Values) -> str | None:
        """The first literal text that the values fold to, or None."""
        for value in self.fold(values):
            if isinstance(value, Text) and value.literal is not None:
                return value.literal
        return None

    def _reached(self, value: SettingRef, depth: int) -> Values:
        found = self.setting(value.name)
        for key in value.path:
            folded = self.fold(found, depth + 1)
            found = tuple(v for base in folded for v in folding.lookup(base, Text((key,))))
        return found

    def _filled(self, text: Text, depth: int) -> Text:
        """A text with its holes filled from settings and environment defaults, where they are known."""
        pieces: list[Text] = []
        for part in text.parts:
            if isinstance(part, Hole) and part.kind in ("setting", "env"):
                source = self.setting(part.name) if part.kind == "setting" else self._env_default(part.name)
                known = [v for v in self.fold(source, depth + 1) if isinstance(v, Text | Const)]
                pieces.append(folding.as_text(known[0]) if known else Text((part,)))
            else:
                pieces.append(Text((part,)))
        return join(*pieces)

    def _env_default(self, name: str) -> Values:
        if self._env is None:
            self._env = {}
            for module in self.chain:
                frame = self.ev.frame(module.define(""))
                for index in range(len(frame.owner.scope.calls)):
                    for value in self.ev.eval(CallResult(index), frame):
                        if isinstance(value, Env):
                            self._env.setdefault(value.name, value.default)
        return self._env.get(name, ())

    def _derived(self, value: Inst | Ext) -> Values:
        """`Derived(lambda settings: settings.X)`: a function of the settings, put in the place of a value."""
        given = [v for _name, v in value.bindings] if isinstance(value, Inst) else list(value.args)
        if len(given) != 1:
            return ()
        for func in given[0]:
            if isinstance(func, DefRef) and func.target.kind != "class" and len(func.target.scope.params) == 1:
                found = self.ev.call_value(func, ((Ext(SETTINGS),),), ())
                return tuple(v for v in found if not isinstance(v, Unknown))
        return ()


def assigned(ev: Evaluator, module: Module, name: str) -> Written | None:
    """Where a module's own body last binds a name; None when it does not."""
    scope = module.summary.scopes.get("")
    indices = scope.names.get(name) if scope is not None else None
    if not indices or scope is None:
        return None
    line, expr = scope.defs[indices[-1]]
    return Written(expr, ev.frame(module.define("")), line)


def star_chain(ev: Evaluator, start: Module) -> tuple[Module, ...]:
    """A settings module and those it takes over by star imports, nearest first."""
    chain: list[Module] = []
    pending = [start]
    while pending:
        module = pending.pop(0)
        if module in chain:
            continue
        chain.append(module)
        for star in module.summary.stars:
            source = ev.index.find(module.absolute(star))
            if source is not None:
                pending.append(source)
    return tuple(chain)


def configs(ev: Evaluator, services: Sequence[Service]) -> tuple[Config, ...]:
    """One configuration for each service; for a repository of which no service is known, those its Celery modules
    name as `DJANGO_SETTINGS_MODULE`. Never empty."""
    found = celery_modules(ev)
    spaces = _namespaces(ev, found)
    wanted = [(s.id, list(s.settings_modules)) for s in services]
    if not any(modules for _id, modules in wanted):
        named = _settings_named(ev, found)
        wanted = [("" if len(named) == 1 else name.split(".")[0], [name]) for name in named]
    out = []
    for service, modules in wanted:
        starts = [m for dotted in modules if (m := ev.index.find(dotted)) is not None]
        chain = tuple(dict.fromkeys(m for start in starts for m in star_chain(ev, start)))
        apps = _own_apps(found, chain)
        out.append(Config(ev, service, chain, apps, spaces))
    return tuple(out) or (Config(ev, "", (), found, spaces),)


def _own_apps(found: tuple[Module, ...], chain: tuple[Module, ...]) -> tuple[Module, ...]:
    """The app modules of a service: those under its settings' top package, or all when none is."""
    tops = {module.name.split(".")[0] for module in chain[:1]}
    own = tuple(m for m in found if m.name.split(".")[0] in tops)
    return own or found


def celery_modules(ev: Evaluator) -> tuple[Module, ...]:
    """The repository's modules that import Celery, by path."""
    found = [m for m in ev.index.modules if m.in_repo and any(_is_celery(name) for name in m.summary.imports)]
    modules = [m for m in found if _touches_app(ev, m)]
    return tuple(sorted(modules, key=lambda m: m.path))


def _is_celery(name: str) -> bool:
    return name == "celery" or name.startswith("celery.")


def _names_conf(base: Expr) -> TypeGuard[Attribute]:
    return isinstance(base, Attribute) and base.name == "conf"


def _touches_app(ev: Evaluator, module: Module) -> bool:
    """The module makes an app, or writes to the configuration of one."""
    for frame in _bodies(ev, module):
        for call in frame.owner.scope.calls:
            values = ev.eval(call.func, frame)
            if any(q.startswith("celery.") and q.endswith(".Celery") for v in values if (q := qualified(v))):
                return True
            if isinstance(call.func, Attribute) and call.func.name in ("config_from_object", "autodiscover_tasks"):
                return True
            if any(_is_app_class(ev, v) for v in values):
                return True
        if any(_names_conf(base) for base, *_rest in frame.owner.scope.attrs):
            return True
    return False


def _bodies(ev: Evaluator, module: Module) -> Iterator[Frame]:
    """The frames of a module's own body and of its functions."""
    for name, scope in module.summary.scopes.items():
        if scope.kind in ("module", "function"):
            yield ev.frame(module.define(name))


def _is_app_class(ev: Evaluator, value: Value) -> bool:
    if not isinstance(value, DefRef) or value.target.kind != "class":
        return False
    return any(path.startswith("celery.") and path.endswith(".Celery") for path in ev.classes.mro(value.target)[1])


def _namespaces(ev: Evaluator, modules: Sequence[Module]) -> tuple[str, ...]:
    found = []
    for frame in (frame for module in modules for frame in _bodies(ev, module)):
        for call in frame.owner.scope.calls:
            if isinstance(call.func, Attribute) and call.func.name == "config_from_object":
                args, kwargs = arguments(ev, call, frame)
                space = ev.constant_key(dict(kwargs).get("namespace", args[2] if len(args) > 2 else ()))
                if space:
                    found.append(space)
    return tuple(dict.fromkeys([*found, "CELERY"]))


def _settings_named(ev: Evaluator, modules: Sequence[Module]) -> list[str]:
    """Settings modules that `os.environ.setdefault("DJANGO_SETTINGS_MODULE", ...)` names, Celery's modules first."""
    ends = (("celery.py",), ("manage.py", "wsgi.py"))
    own = [m for m in ev.index.modules if m.in_repo]
    for places in (modules, *([m for m in own if m.path.endswith(names)] for names in ends)):
        found = [name for module in places for name in _named_in(module)]
        known = sorted({name for name in found if ev.index.find(name) is not None})
        if known:
            return known
    return []


def _named_in(module: Module) -> Iterator[str]:
    for scope in module.summary.scopes.values():
        for call in scope.calls:
            if isinstance(call.func, Attribute) and call.func.name == "setdefault" and len(call.args) == 2:
                key, value = map(literal_text, call.args)
                if key == "DJANGO_SETTINGS_MODULE" and value is not None:
                    yield value


def literals(config: Config, values: Values) -> list[str]:
    """The literal texts inside lists and tuples, folded."""
    out: list[str] = []
    for value in config.fold(values):
        if isinstance(value, Seq):
            out += [text for item in value.items for text in literals(config, item)]
        elif isinstance(value, Text) and value.literal is not None:
            out.append(value.literal)
    return out


__all__ = ["Config", "Written", "assigned", "configs", "is_app", "is_app_member", "literals", "star_chain"]
