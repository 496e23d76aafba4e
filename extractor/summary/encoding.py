"""Summaries as bytes and back: one table of a module's expressions, each once, and scopes that point into it.

A row of the table holds the fields of an expression, its parts by their places in the table, before which they stand.
Equal expressions are one row, and one object when they are read back: what is found out of one is known of all.
The bytes are msgpack, read by types that are written here: data, whoever wrote it. What does not fit them is not read.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any

import msgspec

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

Row = Any
Place = Callable[[Expr | None], int]
At = Callable[[int], Any]
Read = Callable[[At, Iterable[Row]], Iterator[Expr]]

_Ref = Annotated[int, msgspec.Meta(ge=1)]  # the place of an expression in the table
_Maybe = Annotated[int, msgspec.Meta(ge=0)]  # the same, or 0, the place of None
_Index = Annotated[int, msgspec.Meta(ge=0)]  # a place in a list of the scope
_Indices = tuple[_Index, ...]


def encode(summary: ModuleSummary) -> bytes:
    """A summary as msgpack. Equal summaries give equal bytes."""
    table = _Table()
    scopes = [_scope_row(scope, table.place) for scope in summary.scopes.values()]
    rest = (summary.imports, summary.stars, summary.directives, summary.parser, summary.error)
    body = (bytes(table.kinds), table.columns, scopes, *rest)
    try:
        return msgspec.msgpack.encode((False, body))
    except UnicodeEncodeError:  # half a surrogate pair, which a literal may hold and UTF-8 does not
        return msgspec.msgpack.encode((True, _each_text(body, _escaped)))


def decode(data: bytes) -> ModuleSummary | None:
    """The inverse of `encode`, or None when the bytes say what no summary says."""
    try:
        escaped, body = _decoder().decode(data)
        return _summary(*(_each_text(body, _unescaped) if escaped else body))
    except (ValueError, IndexError, StopIteration):
        return None


def _summary(kinds: bytes, columns: Sequence[Any], scopes: Sequence[Row], *rest: Any) -> ModuleSummary:
    exprs: list[Expr | None] = [None]
    at = exprs.__getitem__
    following = [read(at, rows) for read, rows in zip(_READ, columns, strict=True)]
    add = exprs.append
    for kind in kinds:
        add(next(following[kind]))
    read = [_scope(row, at) for row in scopes]
    return ModuleSummary({scope.name: scope for scope in read}, *rest)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Plain data with each text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_each_text(key, change): _each_text(item, change) for key, item in value.items()}
    return type(value)([_each_text(item, change) for item in value]) if isinstance(value, tuple | list) else value


def _escaped(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _unescaped(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogatepass")


class _Table:
    """The expressions of a module, each once: their kinds by number, in the order of their places, and the rows of each
    kind. The first place is that of None."""

    def __init__(self) -> None:
        self.kinds = bytearray()
        self.columns: list[list[Row]] = [[] for _kind in _READ]
        self._places: dict[tuple[int, Row], int] = {}
        self._known = {id(None): 0}  # by the identity of an expression, which the summary holds

    def place(self, expr: Expr | None) -> int:
        """The place of an expression in the table, where it is put when it is new."""
        found = self._known.get(id(expr))
        if found is None:
            kind, write = _WRITE[type(expr)]
            row = write(expr, self.place)
            # 1, 1.0 and True are equal, and not the same.
            told_apart = (repr(row),) if isinstance(expr, Constant) and not isinstance(expr.value, str) else row
            found = self._known[id(expr)] = self._places.setdefault((kind, told_apart), len(self.kinds) + 1)
            if found > len(self.kinds):
                self.kinds.append(kind)
                self.columns[kind].append(row)
        return found


def _constant_row(expr: Constant, place: Place) -> Row:
    """The value itself; an integer that 64 bits do not hold as its digits, in base 16."""
    value = expr.value
    return (hex(value),) if type(value) is int and not -(1 << 63) <= value < 1 << 64 else value


def _constant(value: Any) -> Constant:
    return Constant(int(value[0], 16) if type(value) is tuple else value)


def _alone(make: Callable[[Any], Expr]) -> Read:
    """Rows that are the one field of an expression."""
    return lambda at, rows: map(make, rows)


def _fields(make: Callable[..., Expr]) -> Read:
    """Rows of fields, none of which is an expression."""
    return lambda at, rows: itertools.starmap(make, rows)


def _around(make: Callable[[Any], Expr]) -> Read:
    """Rows that are the place of the one part of an expression."""
    return lambda at, rows: map(make, map(at, rows))


def _several(make: Callable[[Any], Expr]) -> Read:
    """Rows of the places of all that an expression is made of."""
    return lambda at, rows: (make(tuple(map(at, places))) for places in rows)


# Each kind of expression: as a row, the type of the row, and the rows of the kind as expressions, one after the other.
# The number of a kind is its place here.
_CODECS: tuple[tuple[type[Expr], Callable[[Any, Place], Row], Any, Read], ...] = (
    (Constant, _constant_row, bool | int | float | str | tuple[str] | None, _alone(_constant)),
    (Name, lambda e, place: e.name, str, _alone(Name)),
    (Local, lambda e, place: e.definitions, _Indices, _alone(Local)),
    (Closure, lambda e, place: (e.scope, e.name), tuple[str, str], _fields(Closure)),
    (Parameter, lambda e, place: e.name, str, _alone(Parameter)),
    (ImportedModule, lambda e, place: e.module, str, _alone(ImportedModule)),
    (ImportedName, lambda e, place: (e.module, e.name), tuple[str, str], _fields(ImportedName)),
    (Defined, lambda e, place: e.scope, str, _alone(Defined)),
    (CallResult, lambda e, place: e.call, _Index, _alone(CallResult)),
    (Opaque, lambda e, place: e.reason, str, _alone(Opaque)),
    (
        Attribute,
        lambda e, place: (place(e.base), e.name),
        tuple[_Ref, str],
        lambda at, rows: (Attribute(at(base), name) for base, name in rows),
    ),
    (
        Subscript,
        lambda e, place: (place(e.base), place(e.index)),
        tuple[_Ref, _Ref],
        lambda at, rows: (Subscript(at(base), at(index)) for base, index in rows),
    ),
    (Slice, lambda e, place: place(e.base), _Ref, _around(Slice)),
    (JoinedText, lambda e, place: tuple([place(part) for part in e.values]), tuple[_Ref, ...], _several(JoinedText)),
    (
        FormattedValue,
        lambda e, place: (place(e.value), e.conversion, e.spec),
        tuple[_Ref, str, str],
        lambda at, rows: (FormattedValue(at(value), conversion, spec) for value, conversion, spec in rows),
    ),
    (
        BinaryOperation,
        lambda e, place: (place(e.left), place(e.right), e.operator),
        tuple[_Ref, _Ref, str],
        lambda at, rows: (BinaryOperation(at(left), at(right), operator) for left, right, operator in rows),
    ),
    (
        SequenceDisplay,
        lambda e, place: tuple([place(item) for item in e.items]),
        tuple[_Ref, ...],
        _several(SequenceDisplay),
    ),
    (
        DictDisplay,
        lambda e, place: (tuple([(place(key), place(value)) for key, value in e.items]), e.lines),
        tuple[tuple[tuple[_Maybe, _Ref], ...], tuple[int, ...]],
        lambda at, rows: (
            DictDisplay(tuple([(at(key), at(value)) for key, value in items]), lines) for items, lines in rows
        ),
    ),
    (Starred, lambda e, place: place(e.value), _Ref, _around(Starred)),
    (Generated, lambda e, place: place(e.value), _Ref, _around(Generated)),
    (Element, lambda e, place: place(e.iterable), _Ref, _around(Element)),
    (Entered, lambda e, place: place(e.manager), _Ref, _around(Entered)),
    (Declared, lambda e, place: place(e.annotation), _Ref, _around(Declared)),
    (
        Alternatives,
        lambda e, place: (tuple([place(value) for value in e.values]), e.guard),
        tuple[tuple[_Ref, ...], int],
        lambda at, rows: (Alternatives(tuple(map(at, values)), guard) for values, guard in rows),
    ),
    (
        Conjunction,
        lambda e, place: tuple([place(value) for value in e.values]),
        tuple[_Ref, ...],
        _several(Conjunction),
    ),
    (Negation, lambda e, place: place(e.operand), _Ref, _around(Negation)),
    (
        Comparison,
        lambda e, place: (place(e.left), place(e.right), e.operator),
        tuple[_Ref, _Ref, str],
        lambda at, rows: (Comparison(at(left), at(right), operator) for left, right, operator in rows),
    ),
)
_WRITE: dict[type, tuple[int, Callable[[Any, Place], Row]]]
_WRITE = {kind: (number, write) for number, (kind, write, _row, _read) in enumerate(_CODECS)}
_READ = tuple(read for _kind, _write, _row, read in _CODECS)

_Lined: Any = tuple[tuple[int, ...], tuple[_Ref, ...]]
_ScopeRow: Any = tuple[
    tuple[str, str, int, int, int, str, dict[str, _Indices], str],
    tuple[tuple[str, str, _Maybe, _Maybe], ...],
    tuple[_Ref, ...],
    tuple[_Ref, ...],
    tuple[tuple[str, _Ref], ...],
    tuple[tuple[int, int, _Ref, tuple[_Ref, ...], tuple[tuple[str | None, _Ref], ...], _Indices], ...],
    _Lined,
    dict[str, _Ref],
    tuple[_Ref, ...],
    _Maybe,
    tuple[_Ref, ...],
    tuple[tuple[_Ref, str, _Ref, int], ...],
    tuple[tuple[_Ref, _Ref, _Ref, int, bool, _Indices], ...],
    tuple[tuple[str, _Ref, int], ...],
    _Lined,
    tuple[tuple[int, int, _Ref], ...],
    tuple[tuple[_Ref, bool, int], ...],
    tuple[tuple[_Indices, ...], dict[_Indices, tuple[tuple[_Index, _Indices, _Indices], ...]], _Indices],
]


@functools.cache
def _decoder() -> msgspec.msgpack.Decoder[tuple[bool, Any]]:
    """Reads what `encode` packs, and nothing else."""
    columns: Any = tuple.__class_getitem__(
        tuple([list.__class_getitem__(row) for _kind, _write, row, _read in _CODECS])
    )
    texts: Any = tuple[str, ...]
    directives: Any = tuple[tuple[int, tuple[str, ...], str], ...]
    body: Any = tuple[bytes, columns, list[_ScopeRow], texts, texts, directives, str, str | None]
    return msgspec.msgpack.Decoder(tuple[bool, body])


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
        [(place(base), place(key), place(value), *rest) for base, key, value, *rest in s.subs],
        [(name, place(value), line) for name, value, line in s.global_sets],
        _columns(s.reads, place),
        [(line, end_line, place(value)) for line, end_line, value in s.withs],
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
        tuple([(at(base), at(key), at(value), *told) for base, key, value, *told in subs]),
        tuple([(name, at(value), line) for name, value, line in global_sets]),
        tuple(zip(reads[0], map(at, reads[1]), strict=True)),
        tuple([(line, end_line, at(value)) for line, end_line, value in withs]),
        tuple([(at(test), holds, line) for test, holds, line in guards]),
        return_guards,
        ways,
        unsettled,
        doc,
    )


def _call(at: At, line: int, end_line: int, func: int, args: Row, kwargs: Row, guards: tuple[int, ...]) -> CallExpr:
    named = tuple([(name, at(value)) for name, value in kwargs])
    return CallExpr(line, end_line, at(func), tuple(map(at, args)), named, guards)
