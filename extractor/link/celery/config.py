"""What a Celery app is configured with: its settings modules, `app.conf`, and values folded down to text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from extractor.estate.model import Service
from extractor.evaluate import folding
from extractor.evaluate.arguments import MORE_KWARGS, arguments
from extractor.evaluate.attributes import SETTINGS
from extractor.evaluate.evaluator import Evaluator
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
from extractor.link.celery.appconf import (
    Written,
    assigned,
    changed_in_code,
    in_code,
    makes_app,
    names_conf,
)
from extractor.link.settings import SettingsTable
from extractor.link.settings.layers import layers, settings_modules
from extractor.program.module import Module
from extractor.summary.expr import Attribute, CallResult

_QUEUE_OBJECTS = frozenset({"kombu.Queue()", "kombu.entity.Queue()"})
MAX_FOLD = 12  # settings that lead to one another


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
    _table: SettingsTable | None = None

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
        """Where a Celery option is set: in the application's code, else in the settings. The last assignment counts."""
        on_app = list(self.on_conf(option, *older))
        return on_app[-1] if on_app else next((written for _name, written in self._in_settings(option, *older)), None)

    def values(self, option: str, *older: str) -> Values:
        """What a Celery option can be, with what is set on it by key afterwards; () when it is not set."""
        names = (option, *older)
        on_app = list(self.on_conf(*names))
        if on_app:
            return changed_in_code(self.ev, self.apps, names, self.ev.eval(on_app[-1].expr, on_app[-1].frame))
        for name, written in self._in_settings(*names):
            if self._table is None:
                self._table = SettingsTable(self.ev, "", self.service, self.chain)
            is_changed = self._table.is_changed(name)
            values = self._table.raw(name) if is_changed else self.ev.module_name(written.module, name)
            return changed_in_code(self.ev, self.apps, names, values)
        return changed_in_code(self.ev, self.apps, names, ())

    def _in_settings(self, option: str, *older: str) -> Iterator[tuple[str, Written]]:
        for name in self.names(option, *older):
            for module in self.chain:
                written = assigned(self.ev, module, name)
                if written is not None:
                    yield name, written

    def on_conf(self, option: str, *older: str) -> Iterator[Written]:
        """Where the application's own code sets an option, the one that holds last."""
        return in_code(self.ev, self.apps, (option, *older))

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
        """The first literal text that the values fold to, or None; of a queue as an object its name."""
        for value in self.fold(values):
            if isinstance(value, Text) and value.literal is not None:
                return value.literal
            if isinstance(value, Ext) and value.path in _QUEUE_OBJECTS:
                return self.text(value.args[0] if value.args else dict(value.kwargs).get("name", ()))
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


def configs(ev: Evaluator, services: Sequence[Service]) -> tuple[Config, ...]:
    """One configuration for each service; where none says what its settings are, those that count in the repository
    are every service's. Never empty."""
    found = celery_modules(ev)
    spaces = _namespaces(ev, found)
    wanted = [(s.id, tuple(s.settings_modules)) for s in services]
    if not any(modules for _id, modules in wanted):
        wanted = [("", settings_modules(ev.index)[:1])]
    out = []
    for service, modules in wanted:
        chain = layers(ev.index, modules)
        out.append(Config(ev, service, chain, _own_apps(found, chain), spaces))
    return tuple(out)


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


def _touches_app(ev: Evaluator, module: Module) -> bool:
    """The module makes an app, or writes to the configuration of one."""
    for frame in _bodies(ev, module):
        for call in frame.owner.scope.calls:
            values = ev.eval(call.func, frame)
            if any(makes_app(ev, v) for v in values):
                return True
            if isinstance(call.func, Attribute) and call.func.name in ("config_from_object", "autodiscover_tasks"):
                return True
        if any(names_conf(base) for base, *_rest in frame.owner.scope.attrs):
            return True
    return False


def _bodies(ev: Evaluator, module: Module) -> Iterator[Frame]:
    """The frames of a module's own body and of its functions."""
    for name, scope in module.summary.scopes.items():
        if scope.kind in ("module", "function"):
            yield ev.frame(module.define(name))


def _namespaces(ev: Evaluator, modules: Sequence[Module]) -> tuple[str, ...]:
    """The words in front of Celery's options in the settings. None where the applications read Django's settings and
    say no namespace: Celery then looks for its options under their own names, of which only those of old are capitals.

    Source: Celery's guide *First steps with Django*, and `celery.app.utils.detect_settings`.
    """
    found: list[str] = []
    bare, open_ = False, False
    for frame in (frame for module in modules for frame in _bodies(ev, module)):
        for call in frame.owner.scope.calls:
            if isinstance(call.func, Attribute) and call.func.name == "config_from_object":
                args, pairs = arguments(ev, call, frame)
                kwargs = dict(pairs)
                given = kwargs.get("namespace", args[3] if len(args) > 3 else None)
                space = ev.constant_key(given) if given is not None else None
                nothing = given is None or all(isinstance(v, Const) and v.value is None for v in given)
                if space:
                    found.append(space)
                elif not nothing or MORE_KWARGS in kwargs:
                    open_ = True
                elif any(_is_django(value) for value in (args[0] if args else kwargs.get("obj", ()))):
                    bare = True
    if bare and not found and not open_:
        return ()
    return tuple(dict.fromkeys([*found, "CELERY"]))


def _is_django(value: Value) -> bool:
    """True for Django's settings, themselves or as the text by which Celery imports them."""
    named = value.literal if isinstance(value, Text) else value.path if isinstance(value, Ext) else None
    return named is not None and named.replace(":", ".") == SETTINGS


def literals(config: Config, values: Values) -> list[str]:
    """The literal texts inside lists and tuples, folded."""
    out: list[str] = []
    for value in config.fold(values):
        if isinstance(value, Seq):
            out += [text for item in value.items for text in literals(config, item)]
        elif isinstance(value, Text) and value.literal is not None:
            out.append(value.literal)
    return out


__all__ = ["Config", "configs", "literals"]
