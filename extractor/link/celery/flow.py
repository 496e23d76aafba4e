"""What becomes of a signature: which sender of the same function it reaches, and through what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Ext, Piped
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Closure,
    Comparison,
    DictDisplay,
    FormattedValue,
    JoinedText,
    Local,
    Negation,
    Subscript,
    last_name,
    parts,
)

_SENDERS = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit", "send"})
_SIGNATURES = frozenset({"s", "si", "signature", "subtask", "chunks", "map", "starmap"})
_LINKS = frozenset({"link", "link_error", "on_error", "replace", "add_to_chord", "error_callback"})
_CANVAS = frozenset({"group", "chain", "chord", "chunks", "xmap", "xstarmap", "signature", "subtask", "Signature"})
_INLINE = frozenset({"apply"})
_ADDS = frozenset({"append", "add", "extend", "insert", "appendleft"})


@dataclass(slots=True)
class Canvas:
    """The calls of one scope, by what they reach. `sent` tells how each call's result is sent."""

    owner: Def
    sent: dict[int, str] = field(default_factory=dict)
    escapes: set[int] = field(default_factory=set)
    inline: set[int] = field(default_factory=set)

    def fate(self, number: int) -> tuple[str, bool] | None:
        """How the signature made by call `number` is sent, and whether that is sure; None when it is not sent."""
        if number in self.sent:
            return self.sent[number], True
        if number in self.escapes and number not in self.inline:
            return "handed on", False
        return None

    def leads_to_signature(self, expr: Expr) -> bool:
        """The expression is, or holds, a signature or a canvas made in this scope."""
        scope = self.owner.scope
        return any(_makes(scope.calls[number]) for number, _names in _reached(self.owner, expr, (), set()))


def read_flow(ev: Evaluator, owner: Def) -> Canvas:
    """The flow of one scope."""
    return _CanvasReader(ev, owner).read()


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
            if isinstance(func, Attribute) and func.name in _SENDERS:
                self._mark([func.base, *call.args, *(v for _n, v in call.kwargs)], f".{func.name}()")
            elif isinstance(func, Attribute) and func.name in _LINKS:
                self._mark([*call.args, *(v for _n, v in call.kwargs)], f".{func.name}()")
            elif isinstance(func, CallResult | Local | Closure) and self._is_canvas(func):
                self._mark([func, *call.args], "()")
            elif isinstance(func, Attribute) and func.name in _INLINE:
                self.flow.inline.update(n for n, _names in _reached(self.owner, func.base, (), set()))
        for inner in self.owner.module.summary.scopes.values():
            if inner.parent == scope.name and inner.name != scope.name and inner.kind in ("lambda", "function"):
                self._from_inside(self.owner.module.define(inner.name))
        self._escaping()
        return self.flow

    def _from_inside(self, inner: Def) -> None:
        """A nested function or lambda that sends a signature of this scope."""
        for call in inner.scope.calls:
            if isinstance(call.func, Attribute) and call.func.name in _SENDERS:
                for name in _outer_names(call.func.base, self.owner.scope.name):
                    for index in self.owner.scope.names.get(name, ()):
                        self._mark([self.owner.scope.defs[index][1]], f".{call.func.name}()")

    def _mark(self, exprs: list[Expr], how: str) -> None:
        for expr in exprs:
            for number, names in _reached(self.owner, expr, (), set()):
                through = " in ".join(dict.fromkeys(names)) if names else ""
                self.flow.sent.setdefault(number, f"{through} {how}".strip() if through else how)

    def _is_canvas(self, func: Expr) -> bool:
        for value in self.ev.eval(func, self.ev.frame(self.owner)):
            if isinstance(value, Piped):
                return True
            if isinstance(value, Ext) and value.path.endswith("()"):
                head, _, last = value.path[:-2].rpartition(".")
                if (last in _CANVAS and head.startswith("celery")) or last in _SIGNATURES:
                    return True
        return False

    def _escaping(self) -> None:
        """Signatures returned, yielded, kept on an object, or given to a function that is not Celery's."""
        scope = self.owner.scope
        given: list[Expr] = [*scope.returns, *scope.yields, *(value for _b, _a, value, _l in scope.attrs)]
        given += [value for _b, _k, value, _l, _maybe in scope.subs]
        for call in scope.calls:
            if not _makes(call) and not (isinstance(call.func, Attribute) and call.func.name in _ADDS):
                given += [*call.args, *(value for _n, value in call.kwargs)]
        for expr in given:
            self.flow.escapes.update(number for number, _names in _reached(self.owner, expr, (), set()))


def _outer_names(expr: Expr, scope: str) -> Iterator[str]:
    if isinstance(expr, Closure) and expr.scope == scope:
        yield expr.name
    elif isinstance(expr, Attribute | Subscript):
        yield from _outer_names(expr.base, scope)


def _reached(
    owner: Def, expr: Expr, through: tuple[str, ...], seen: set[object]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The calls whose results are in a value: (number, names of the canvas calls around it)."""
    if isinstance(expr, Local):
        for index in expr.definitions:
            if index not in seen:
                seen.add(index)
                value = owner.scope.defs[index][1]
                yield from _reached(owner, value, through, seen)
                yield from _added(owner, index, through, seen)
    elif isinstance(expr, CallResult):
        if expr in seen:
            return
        seen.add(expr)
        call = owner.scope.calls[expr.call]
        yield expr.call, through
        name = last_name(call.func)
        inside = (*through, f"{name}(...)") if name in _CANVAS else through
        if isinstance(call.func, Attribute | CallResult):
            made_of = call.func.base if isinstance(call.func, Attribute) else call.func
            yield from _reached(owner, made_of, inside, seen)
        for value in (*call.args, *(v for _n, v in call.kwargs)):
            yield from _reached(owner, value, inside, seen)
    elif isinstance(expr, Subscript):
        yield from _reached(owner, expr.base, through, seen)
    elif isinstance(expr, DictDisplay):
        for _key, value in expr.items:
            yield from _reached(owner, value, through, seen)
    elif not isinstance(expr, JoinedText | FormattedValue | Comparison | Negation):
        for part in parts(expr):
            yield from _reached(owner, part, through, seen)


def _added(
    owner: Def, index: int, through: tuple[str, ...], seen: set[object]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """What `.append(...)` and its like put into the variable of a definition."""
    for call in owner.scope.calls:
        func = call.func
        if isinstance(func, Attribute) and func.name in _ADDS and isinstance(func.base, Local):
            for value in call.args if index in func.base.definitions else ():
                yield from _reached(owner, value, through, seen)
