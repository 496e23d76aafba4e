"""Signals: which functions receive them, and which of them a call sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from extractor.evaluate.evaluator import Evaluator, qualified
from extractor.evaluate.values import MADE_AT, DefRef, Ext, Frame, Inst, Param, Text, Unknown, Value, Values
from extractor.link.callgraph import CallGraph, Site
from extractor.program.module import Def
from extractor.rules.django import django_rules
from extractor.summary import Expr
from extractor.summary.expr import Attribute, CallResult, ImportedName, Local, SequenceDisplay, last_name


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal as code speaks of it: the name of the variable that holds it, and what it is, where that is known: the
    line that makes it, or its dotted name outside the code."""

    name: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Receiver:
    """A function that receives signals, and the line that says so."""

    target: Def
    signals: tuple[Signal, ...]
    line: int

    @property
    def source(self) -> str:
        """The signals in words."""
        return ", ".join(dict.fromkeys(signal.name for signal in self.signals)) or "signal"


@dataclass(slots=True)
class Signals:
    """Answers who receives what is sent. A signal that is known is told apart from others of its name."""

    ev: Evaluator
    receivers: Sequence[Receiver]
    _by_key: dict[str, list[Def]] = field(default_factory=dict)
    _by_name: dict[str, list[Def]] = field(default_factory=dict)
    _by_name_alone: dict[str, list[Def]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for receiver in self.receivers:
            for signal in receiver.signals:
                self._by_name.setdefault(signal.name, []).append(receiver.target)
                if signal.key is None:
                    self._by_name_alone.setdefault(signal.name, []).append(receiver.target)
                else:
                    self._by_key.setdefault(signal.key, []).append(receiver.target)

    def reached(self, site: Site, frame: Frame) -> tuple[Def, ...]:
        """The receivers that a call runs in a frame: those of the signals on which it calls `send`."""
        func = site.call.func
        if not isinstance(func, Attribute) or func.name not in django_rules().signal_senders:
            return ()
        name = _name_of(frame.owner, func.base)
        found: list[Def] = []
        values = self.ev.eval(func.base, frame)
        keys = [key for value in values if (key := _key_of(value)) is not None]
        for key in keys:
            found += self._by_key.get(key, ())
        found += (self._by_name_alone if keys else self._by_name).get(name, ())
        return tuple(dict.fromkeys(found))

    def keys_sent(self, site: Site, frame: Frame) -> frozenset[str] | None:
        """The signals that a call sends in a frame; None where it is not known which."""
        func = site.call.func
        if not isinstance(func, Attribute) or func.name not in django_rules().signal_senders:
            return frozenset()
        values = self.ev.eval(func.base, frame)
        if self.is_open(site, values):
            return None
        return frozenset(key for value in values if (key := _key_of(value)) is not None)

    def is_open(self, site: Site, values: Values) -> bool:
        """Whether it is not known what a call sends: any signal, if it is one (whose `send` wants a sender)."""
        call = site.call
        has_sender = len(call.args) == 1 or any(name in ("sender", None) for name, _value in call.kwargs)
        return has_sender and (not values or any(isinstance(value, Param | Unknown) for value in values))

    def own(self) -> dict[Def, frozenset[str]]:
        """The receivers of nothing but signals that the repository makes itself, with these signals."""
        places = {module.name for module in self.ev.index.modules if module.in_repo}
        found: dict[Def, set[str | None]] = {}
        for receiver in self.receivers:
            keys = [signal.key for signal in receiver.signals] or [None]
            known = (key if key is not None and key.rpartition(":")[0] in places else None for key in keys)
            found.setdefault(receiver.target, set()).update(known)
        return {t: frozenset(k for k in keys if k is not None) for t, keys in found.items() if None not in keys}


def signals_of(ev: Evaluator, graph: CallGraph) -> Signals:
    """The signals that functions of the repository receive: by a decorator, or connected by a call."""
    return Signals(ev, (*_decorated(ev), *_connected(ev, graph)))


def _decorated(ev: Evaluator) -> Iterator[Receiver]:
    for module in ev.index.modules:
        if module.in_repo:
            for name, scope in module.summary.scopes.items():
                target = module.define(name)
                if scope.kind == "function" and scope.decorators and target.parent is not None:
                    yield from _by_decorator(ev, target, target.parent)


def _by_decorator(ev: Evaluator, target: Def, parent: Def) -> Iterator[Receiver]:
    found: list[Signal] = []
    is_receiver = False
    for decorator in target.scope.decorators:
        call = parent.scope.calls[decorator.call] if isinstance(decorator, CallResult) else None
        func = call.func if call else decorator
        names = [name for value in ev.eval(func, ev.frame(parent)) if (name := qualified(value))]
        if isinstance(func, Attribute) and func.name == "connect":
            if not any(map(django_rules().startup_decorators.fullmatch, names)):
                is_receiver = True
                found += _signals(ev, parent, func.base)
        elif django_rules().receiver_decorators.intersection(names):
            is_receiver = True
            first = (call.args[0] if call.args else dict(call.kwargs).get("signal")) if call else None
            items = first.items if isinstance(first, SequenceDisplay) else (first,) if first is not None else ()
            found += (signal for item in items for signal in _signals(ev, parent, item))
    if is_receiver:
        yield Receiver(target, tuple(dict.fromkeys(found)), target.scope.def_line)


def _connected(ev: Evaluator, graph: CallGraph) -> Iterator[Receiver]:
    """Receivers registered by a call: `post_save.connect(receiver, ...)`."""
    for owner, sites in graph.sites.items():
        for site in sites:
            func = site.call.func
            if not isinstance(func, Attribute) or func.name != "connect":
                continue
            first = site.call.args[0] if site.call.args else dict(site.call.kwargs).get("receiver")
            for value in ev.eval(first, ev.frame(owner)) if first is not None else ():
                if isinstance(value, DefRef) and value.target.kind != "class":
                    yield Receiver(value.target, tuple(_signals(ev, owner, func.base)), site.call.line)


def _signals(ev: Evaluator, owner: Def, expr: Expr) -> Iterable[Signal]:
    """What an expression says of a signal: one for each that it may be."""
    values = ev.eval(expr, ev.frame(owner))
    keys = [key for value in values if (key := _key_of(value)) is not None]
    name = _name_of(owner, expr) or _short(values) or "signal"
    return [Signal(name, key) for key in keys] or [Signal(name, None)]


def _name_of(owner: Def, expr: Expr) -> str:
    """The name a signal goes by: that of the variable that holds it, wherever it was imported from."""
    named = last_name(expr)
    if named:
        return named
    for index in expr.definitions if isinstance(expr, Local) else ():  # `from x import SIGNAL` inside a function
        value = owner.scope.defs[index][1]
        if isinstance(value, ImportedName | Attribute):
            return value.name
    return ""


def _short(values: Values) -> str:
    paths = [path for value in values if (path := qualified(value))]
    return paths[0].removesuffix("()").rsplit(".", 1)[-1] if paths else ""


def _key_of(value: Value) -> str | None:
    """What tells a signal from others: where it is made, or its dotted name."""
    pairs = value.kwargs if isinstance(value, Ext) else value.bindings if isinstance(value, Inst) else ()
    for name, values in pairs:
        if name == MADE_AT and isinstance(values[0], Text):
            return values[0].literal
    return value.path if isinstance(value, Ext) and not value.path.endswith("()") else None


__all__ = ["Receiver", "Signal", "Signals", "signals_of"]
