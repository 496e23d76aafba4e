"""What becomes of a signature: which sender of the same function it reaches, through what, and to which queue.

Source for queues: `celery.canvas`. What a sender gives goes before what the signature holds; a group and a chord hand
it to all that they are made of, a chain to its first task.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Ext, Piped
from extractor.link.celery.given import UNTOLD, QueueSource, of_call
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Attribute,
    BinaryOperation,
    CallResult,
    Closure,
    Comparison,
    DictDisplay,
    FormattedValue,
    JoinedText,
    Local,
    Negation,
    Parameter,
    SequenceDisplay,
    Subscript,
    last_name,
    literal_text,
    parts,
)

_SENDERS = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit", "send"})
_SIGNATURES = frozenset({"s", "si", "signature", "subtask", "chunks", "map", "starmap"})
_LINKS = frozenset({"link", "link_error", "on_error", "replace", "add_to_chord", "error_callback"})
_CANVAS = frozenset({"group", "chain", "chord", "chunks", "xmap", "xstarmap", "signature", "subtask", "Signature"})
_QUEUED_WHEN_CALLED = frozenset({"group", "chain", "chord", "chunks"})  # a plain signature runs where it is called
_INLINE = frozenset({"apply"})
_ADDS = frozenset({"append", "add", "extend", "insert", "appendleft"})
_TIMETABLES = frozenset({"add_periodic_task"})  # what these are given is queued by beat, and by nobody else

Queues = tuple[QueueSource, ...]


@dataclass(frozen=True, slots=True)
class Sending:
    """How a signature is sent, in words, and what may give its queue, the strongest first."""

    how: str
    queues: Queues = ()


@dataclass(slots=True)
class Canvas:
    """The calls of one scope, by what they reach. `sent` tells how each call's result is sent; `returned` are those
    that leave by what the function gives back, `given` those that leave as arguments, by the number of that call;
    `kept` leave in another way."""

    owner: Def
    sent: dict[int, Sending] = field(default_factory=dict)
    returned: set[int] = field(default_factory=set)
    given: dict[int, list[int]] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    inline: set[int] = field(default_factory=set)

    def fate(self, number: int) -> tuple[Sending, bool] | None:
        """How the signature made by call `number` is sent, and whether that is sure; None when it is not sent."""
        if number in self.sent:
            return self.sent[number], True
        if number not in self.inline and (number in self.returned or number in self.given or number in self.kept):
            return Sending("handed on"), False
        return None

    def leads_to_signature(self, expr: Expr) -> bool:
        """The expression is, or holds, a signature or a canvas made in this scope."""
        scope = self.owner.scope
        return any(isinstance(one, int) and _makes(scope.calls[one]) for one, _t, _q in _reached(self.owner, expr))

    def handed_in(self, expr: Expr, queues: Queues) -> Iterator[tuple[Expr, Queues]]:
        """What a canvas holds that others hand in, and what gives it a queue when the canvas is sent with `queues`."""
        for one, _through, own in _reached(self.owner, expr, (), queues):
            if not isinstance(one, int):
                yield one, own


def read_flow(ev: Evaluator, owner: Def) -> Canvas:
    """The flow of one scope."""
    return _CanvasReader(ev, owner).read()


def is_called_canvas(ev: Evaluator, owner: Def, func: Expr) -> bool:
    """Whether calling an expression queues what it is made of: a group, a chain, a chord, signatures in a pipe."""
    for value in ev.eval(func, ev.frame(owner)):
        if isinstance(value, Piped):
            return True
        if isinstance(value, Ext) and value.path.endswith("()"):
            head, _, last = value.path[:-2].rpartition(".")
            if last in _QUEUED_WHEN_CALLED and (head.startswith("celery") or last == "chunks"):
                return True
    return False


def may_be_called(func: Expr) -> bool:
    """Whether what is called is a value and no name: what another call or an operation gave."""
    return isinstance(func, CallResult | Local | Closure | BinaryOperation | Subscript)


def _makes(call: CallExpr) -> bool:
    name = last_name(call.func)
    return name in _CANVAS or (isinstance(call.func, Attribute) and name in _SIGNATURES)


class _CanvasReader:
    def __init__(self, ev: Evaluator, owner: Def) -> None:
        self.ev = ev
        self.owner = owner
        self.flow = Canvas(owner)

    def read(self) -> Canvas:
        scope = self.owner.scope
        for call in scope.calls:
            func = call.func
            beside = [*call.args, *(v for _n, v in call.kwargs)]
            if isinstance(func, Attribute) and func.name in _SENDERS:
                self._mark([func.base], f".{func.name}()", of_call(call))
                self._mark(beside, f".{func.name}()")
            elif isinstance(func, Attribute) and func.name in _LINKS:
                self._mark(beside, f".{func.name}()")
            elif may_be_called(func) and is_called_canvas(self.ev, self.owner, func):
                self._mark([func, *call.args], "()", of_call(call))
            elif (isinstance(func, Attribute) and func.name in _INLINE) or may_be_called(func):
                self._run_here(func.base if isinstance(func, Attribute) else func)
        for inner in self.owner.module.summary.scopes.values():
            if inner.parent == scope.name and inner.name != scope.name and inner.kind in ("lambda", "function"):
                self._from_inside(self.owner.module.define(inner.name))
        self._leaving()
        return self.flow

    def _from_inside(self, inner: Def) -> None:
        """A nested function or lambda that sends a signature of this scope."""
        for call in inner.scope.calls:
            if isinstance(call.func, Attribute) and call.func.name in _SENDERS:
                for name in _outer_names(call.func.base, self.owner.scope.name):
                    for index in self.owner.scope.names.get(name, ()):
                        self._mark([self.owner.scope.defs[index][1]], f".{call.func.name}()", of_call(call))

    def _mark(self, exprs: list[Expr], how: str, queues: Queues = ()) -> None:
        for expr in exprs:
            for number, names, given in _reached(self.owner, expr, (), queues):
                if isinstance(number, int):
                    through = " in ".join(dict.fromkeys(names)) if names else ""
                    shown = f"{through} {how}".strip() if through else how
                    self.flow.sent.setdefault(number, Sending(shown, given))

    def _run_here(self, expr: Expr) -> None:
        self.flow.inline.update(n for n, _names, _queues in _reached(self.owner, expr) if isinstance(n, int))

    def _leaving(self) -> None:
        """Signatures returned, yielded, kept on an object, or given to a function that is not Celery's."""
        scope, flow = self.owner.scope, self.flow
        for expr in (*scope.returns, *scope.yields):
            flow.returned.update(_numbers(self.owner, expr))
        for _base, _name, kept, _line in scope.attrs:
            flow.kept.update(_numbers(self.owner, kept))
        for _base, _key, kept, *_rest in scope.subs:
            flow.kept.update(_numbers(self.owner, kept))
        for at, call in enumerate(scope.calls):
            name = last_name(call.func)
            if _makes(call) or name in _TIMETABLES:
                continue
            if isinstance(call.func, Attribute) and name in _ADDS:
                if not _is_made_here(scope, call.func.base):
                    flow.kept.update(n for value in call.args for n in _numbers(self.owner, value))
                continue
            for value in (*call.args, *(v for _n, v in call.kwargs)):
                for number in _numbers(self.owner, value):
                    flow.given.setdefault(number, []).append(at)


def _numbers(owner: Def, expr: Expr) -> Iterator[int]:
    return (number for number, _names, _queues in _reached(owner, expr) if isinstance(number, int))


def _is_made_here(scope: Scope, base: Expr) -> bool:
    """Whether a list is a variable of the function that it makes itself, and none that it was given."""
    return isinstance(base, Local) and not any(isinstance(scope.defs[i][1], Parameter) for i in base.definitions)


def _outer_names(expr: Expr, scope: str) -> Iterator[str]:
    if isinstance(expr, Closure) and expr.scope == scope:
        yield expr.name
    elif isinstance(expr, Attribute | Subscript):
        yield from _outer_names(expr.base, scope)


Reached = tuple["int | Expr", tuple[str, ...], Queues]


def _reached(
    owner: Def, expr: Expr, through: tuple[str, ...] = (), queues: Queues = (), seen: set[object] | None = None
) -> Iterator[Reached]:
    """The calls whose results are in a value, by number, and what of it others hand in: with the names of the canvas
    calls around each, and what gives it a queue."""
    seen = set() if seen is None else seen
    if isinstance(expr, Local):
        for index in expr.definitions:
            if index not in seen:
                seen.add(index)
                own = (*queues, *_set_on(owner.scope, index))
                yield from _reached(owner, owner.scope.defs[index][1], through, own, seen)
                yield from _added(owner, index, through, queues, seen)
    elif isinstance(expr, CallResult):
        if expr not in seen:
            seen.add(expr)
            yield expr.call, through, queues
            yield from _inside(owner, owner.scope.calls[expr.call], through, queues, seen)
    elif isinstance(expr, Parameter | Closure):
        yield expr, through, queues
    elif isinstance(expr, Subscript):
        yield from _reached(owner, expr.base, through, queues, seen)
    elif isinstance(expr, DictDisplay):
        for _key, value in expr.items:
            yield from _reached(owner, value, through, queues, seen)
    elif isinstance(expr, BinaryOperation) and expr.operator == "|":
        yield from _reached(owner, expr.left, through, queues, seen)
        yield from _reached(owner, expr.right, through, queues if _is_group(owner, expr.left) else (), seen)
    elif not isinstance(expr, JoinedText | FormattedValue | Comparison | Negation):
        for part in parts(expr):
            yield from _reached(owner, part, through, queues, seen)


def _inside(
    owner: Def, call: CallExpr, through: tuple[str, ...], queues: Queues, seen: set[object]
) -> Iterator[Reached]:
    """What the result of a call is made of: what a method is called on, and the arguments."""
    func, name = call.func, last_name(call.func)
    inside = (*through, f"{name}(...)") if name in _CANVAS else through
    of_base = (*queues, *of_call(call)) if name == "set" else queues
    if isinstance(func, Attribute | CallResult):
        yield from _reached(owner, func.base if isinstance(func, Attribute) else func, inside, of_base, seen)
    if name in _LINKS:
        queues = ()
    elif name in _CANVAS:
        queues = (*queues, *of_call(call))
    for at, value in enumerate(_links(call) if name == "chain" else call.args):
        own = _in_chain(owner, value, at, queues) if name == "chain" else queues
        yield from _reached(owner, value, inside, own, seen)
    for _name, value in call.kwargs:
        yield from _reached(owner, value, inside, queues, seen)


def _links(chain: CallExpr) -> tuple[Expr, ...]:
    """What a chain is made of: its arguments, or the items of the list that is its only one."""
    only = chain.args[0] if len(chain.args) == 1 else None
    return only.items if isinstance(only, SequenceDisplay) else chain.args


def _in_chain(owner: Def, link: Expr, at: int, queues: Queues) -> Queues:
    """What a chain's queue comes to for one of its links: the first task takes it. Which task of a list that is not
    written out comes first is not told."""
    if not queues or at > 0:
        return ()
    made = _value_of(owner, link)
    return queues if isinstance(made, CallResult) and _makes(owner.scope.calls[made.call]) else (UNTOLD,)


def _value_of(owner: Def, expr: Expr) -> Expr:
    """What a variable of the function holds, where only one line binds it."""
    if isinstance(expr, Local) and len(expr.definitions) == 1:
        return owner.scope.defs[expr.definitions[0]][1]
    return expr


def _is_group(owner: Def, expr: Expr) -> bool:
    expr = _value_of(owner, expr)
    return isinstance(expr, CallResult) and last_name(owner.scope.calls[expr.call].func) in ("group", "chunks")


def _set_on(scope: Scope, index: int) -> Queues:
    """The queues that are set on the signature which a definition holds: `sig.set(queue="fast")`,
    `sig.options["queue"] = "fast"`."""
    found: list[QueueSource] = []
    for call in scope.calls:
        base = call.func.base if isinstance(call.func, Attribute) and call.func.name == "set" else None
        if isinstance(base, Local) and index in base.definitions and (own := of_call(call)):
            found += (UNTOLD,) if call.guards else own
    for base, key, value, _line, _maybe, guards in scope.subs:
        held = base.base if isinstance(base, Attribute) and base.name == "options" else None
        if isinstance(held, Local) and index in held.definitions and literal_text(key) == "queue":
            found.append(UNTOLD if guards else QueueSource(value))
    return tuple(found)


def _added(owner: Def, index: int, through: tuple[str, ...], queues: Queues, seen: set[object]) -> Iterator[Reached]:
    """What `.append(...)` and its like put into the variable of a definition."""
    for call in owner.scope.calls:
        func = call.func
        if isinstance(func, Attribute) and func.name in _ADDS and isinstance(func.base, Local):
            for value in call.args if index in func.base.definitions else ():
                yield from _reached(owner, value, through, queues, seen)
