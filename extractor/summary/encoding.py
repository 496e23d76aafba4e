"""Summaries as bytes and back: one table of a module's expressions, each once, and scopes that point into it.

A row of the table holds the fields of an expression, its parts by their places in the table, before which they stand.
Equal expressions are one row, and one object when they are read back: what is found out of one is known of all.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable, Sequence
from typing import Any

from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    Closure,
    Comparison,
    Conjunction,
    Constant,
    Declared,
    Defined,
    DictDisplay,
    Element,
    Entered,
    Expr,
    FormattedValue,
    Generated,
    ImportedModule,
    ImportedName,
    JoinedText,
    Local,
    Name,
    Negation,
    Opaque,
    Parameter,
    SequenceDisplay,
    Slice,
    Starred,
    Subscript,
)
from extractor.summary.record import CallExpr, ModuleSummary, Scope

Row = tuple[Any, ...]
Place = Callable[[Expr | None], int]
At = Callable[[int], Any]


def encode(summary: ModuleSummary) -> bytes:
    """A summary as bytes: a SHA-256 digest, then marshal data. Equal summaries give equal bytes."""
    table = _Table()
    scopes = [_scope_row(scope, table.place) for scope in summary.scopes.values()]
    rest = (summary.imports, summary.stars, summary.directives, summary.parser, summary.error)
    body = marshal.dumps((bytes(table.kinds), table.rows, scopes, *rest))
    return hashlib.sha256(body).digest() + body


def decode(data: bytes) -> ModuleSummary | None:
    """The inverse of `encode`, or None when the bytes are damaged."""
    body = memoryview(data)[32:]
    if hashlib.sha256(body).digest() != data[:32]:
        return None
    kinds, rows, scopes, imports, stars, directives, parser, error = marshal.loads(body)
    exprs: list[Expr | None] = [None]
    at = exprs.__getitem__
    for kind, row in zip(kinds, rows, strict=True):
        exprs.append(_READ[kind](at, *row))
    read = [_scope(row, at) for row in scopes]
    return ModuleSummary({scope.name: scope for scope in read}, imports, stars, directives, parser, error)


class _Table:
    """The expressions of a module, each once: their kinds by number, their rows. The first place is that of None."""

    def __init__(self) -> None:
        self.kinds = bytearray()
        self.rows: list[Row] = []
        self._places: dict[tuple[int, Row | str], int] = {}
        self._known = {id(None): 0}  # by the identity of an expression, which the summary holds

    def place(self, expr: Expr | None) -> int:
        """The place of an expression in the table, where it is put when it is new."""
        found = self._known.get(id(expr))
        if found is None:
            kind, write = _WRITE[type(expr)]
            row = write(expr, self.place)
            # 1, 1.0 and True are equal, and not the same.
            told_apart = repr(row) if isinstance(expr, Constant) and not isinstance(expr.value, str) else row
            found = self._known[id(expr)] = self._places.setdefault((kind, told_apart), len(self.rows) + 1)
            if found > len(self.rows):
                self.kinds.append(kind)
                self.rows.append(row)
        return found


# Each kind of expression as a row, and the row as an expression. The number of a kind is its place here.
_CODECS: tuple[tuple[type[Expr], Callable[[Any, Place], Row], Callable[..., Expr]], ...] = (
    (Constant, lambda e, place: (e.value,), lambda at, value: Constant(value)),
    (Name, lambda e, place: (e.name,), lambda at, name: Name(name)),
    (Local, lambda e, place: (e.definitions,), lambda at, definitions: Local(definitions)),
    (Closure, lambda e, place: (e.scope, e.name), lambda at, scope, name: Closure(scope, name)),
    (Parameter, lambda e, place: (e.name,), lambda at, name: Parameter(name)),
    (ImportedModule, lambda e, place: (e.module,), lambda at, module: ImportedModule(module)),
    (ImportedName, lambda e, place: (e.module, e.name), lambda at, module, name: ImportedName(module, name)),
    (Defined, lambda e, place: (e.scope,), lambda at, scope: Defined(scope)),
    (CallResult, lambda e, place: (e.call,), lambda at, call: CallResult(call)),
    (Opaque, lambda e, place: (e.reason,), lambda at, reason: Opaque(reason)),
    (Attribute, lambda e, place: (place(e.base), e.name), lambda at, base, name: Attribute(at(base), name)),
    (
        Subscript,
        lambda e, place: (place(e.base), place(e.index)),
        lambda at, base, index: Subscript(at(base), at(index)),
    ),
    (Slice, lambda e, place: (place(e.base),), lambda at, base: Slice(at(base))),
    (
        JoinedText,
        lambda e, place: (tuple([place(part) for part in e.values]),),
        lambda at, values: JoinedText(tuple(map(at, values))),
    ),
    (
        FormattedValue,
        lambda e, place: (place(e.value), e.conversion, e.spec),
        lambda at, value, conversion, spec: FormattedValue(at(value), conversion, spec),
    ),
    (
        BinaryOperation,
        lambda e, place: (place(e.left), place(e.right), e.operator),
        lambda at, left, right, operator: BinaryOperation(at(left), at(right), operator),
    ),
    (
        SequenceDisplay,
        lambda e, place: (tuple([place(item) for item in e.items]),),
        lambda at, items: SequenceDisplay(tuple(map(at, items))),
    ),
    (
        DictDisplay,
        lambda e, place: (tuple([(place(key), place(value)) for key, value in e.items]), e.lines),
        lambda at, items, lines: DictDisplay(tuple([(at(key), at(value)) for key, value in items]), lines),
    ),
    (Starred, lambda e, place: (place(e.value),), lambda at, value: Starred(at(value))),
    (Generated, lambda e, place: (place(e.value),), lambda at, value: Generated(at(value))),
    (Element, lambda e, place: (place(e.iterable),), lambda at, iterable: Element(at(iterable))),
    (Entered, lambda e, place: (place(e.manager),), lambda at, manager: Entered(at(manager))),
    (Declared, lambda e, place: (place(e.annotation),), lambda at, annotation: Declared(at(annotation))),
    (
        Alternatives,
        lambda e, place: (tuple([place(value) for value in e.values]), e.guard),
        lambda at, values, guard: Alternatives(tuple(map(at, values)), guard),
    ),
    (
        Conjunction,
        lambda e, place: (tuple([place(value) for value in e.values]),),
        lambda at, values: Conjunction(tuple(map(at, values))),
    ),
    (Negation, lambda e, place: (place(e.operand),), lambda at, operand: Negation(at(operand))),
    (
        Comparison,
        lambda e, place: (place(e.left), place(e.right), e.operator),
        lambda at, left, right, operator: Comparison(at(left), at(right), operator),
    ),
)
_WRITE: dict[type, tuple[int, Callable[[Any, Place], Row]]]
_WRITE = {kind: (number, write) for number, (kind, write, _read) in enumerate(_CODECS)}
_READ = tuple(read for _kind, _write, read in _CODECS)


def _scope_row(scope: Scope, place: Place) -> Row:
    """A scope as a row; where it holds an expression, the row holds its place in the table."""
    s = scope
    return (
        (s.name, s.kind, s.line, s.end_line, s.def_line, s.parent, s.names, s.doc),
        [(name, kind, place(default), place(annotation)) for name, kind, default, annotation in s.params],
        [place(decorator) for decorator in s.decorators],
        [place(base) for base in s.bases],
        [(name, place(value)) for name, value in s.keywords],
        [_call_row(call, place) for call in s.calls],
        _columns(s.defs, place),
        {name: place(annotation) for name, annotation in s.annotations.items()},
        [place(value) for value in s.returns],
        place(s.return_annotation),
        [place(value) for value in s.yields],
        [(place(base), name, place(value), line) for base, name, value, line in s.attrs],
        [(place(base), place(key), place(value), line, maybe) for base, key, value, line, maybe in s.subs],
        [(name, place(value), line) for name, value, line in s.global_sets],
        _columns(s.reads, place),
        _columns(s.withs, place),
        [(place(test), holds, line) for test, holds, line in s.guards],
        (s.return_guards, s.ways, s.unsettled),
    )


def _columns(lined: Sequence[tuple[int, Expr]], place: Place) -> Row:
    """Lines, and the places of the expressions on them."""
    return tuple([line for line, _expr in lined]), tuple([place(expr) for _line, expr in lined])


def _call_row(call: CallExpr, place: Place) -> Row:
    args = tuple([place(arg) for arg in call.args])
    kwargs = tuple([(name, place(value)) for name, value in call.kwargs])
    return (call.line, call.end_line, place(call.func), args, kwargs, call.guards)


def _scope(row: Row, at: At) -> Scope:
    """The inverse of `_scope_row`."""
    own, params, decorators, bases, keywords, calls, defs, annotations, returns, return_annotation, yields, *rest = row
    attrs, subs, global_sets, reads, withs, guards, (return_guards, ways, unsettled) = rest
    name, kind, line, end_line, def_line, parent, names, doc = own
    return Scope(
        name,
        kind,
        line,
        end_line,
        def_line,
        parent,
        tuple([(name, kind, at(default), at(annotation)) for name, kind, default, annotation in params]),
        tuple(map(at, decorators)),
        tuple(map(at, bases)),
        tuple([(name, at(value)) for name, value in keywords]),
        tuple([_call(at, *call) for call in calls]),
        tuple(zip(defs[0], map(at, defs[1]), strict=True)),
        names,
        {name: at(annotation) for name, annotation in annotations.items()},
        tuple(map(at, returns)),
        at(return_annotation),
        tuple(map(at, yields)),
        tuple([(at(base), name, at(value), line) for base, name, value, line in attrs]),
        tuple([(at(base), at(key), at(value), line, maybe) for base, key, value, line, maybe in subs]),
        tuple([(name, at(value), line) for name, value, line in global_sets]),
        tuple(zip(reads[0], map(at, reads[1]), strict=True)),
        tuple(zip(withs[0], map(at, withs[1]), strict=True)),
        tuple([(at(test), holds, line) for test, holds, line in guards]),
        return_guards,
        ways,
        unsettled,
        doc,
    )


def _call(at: At, line: int, end_line: int, func: int, args: Row, kwargs: Row, guards: tuple[int, ...]) -> CallExpr:
    named = tuple([(name, at(value)) for name, value in kwargs])
    return CallExpr(line, end_line, at(func), tuple(map(at, args)), named, guards)
