"""Expressions as they look where they stand: a record for each kind, and the one walk over what they are made of.

Nothing in an expression is resolved: names stay names. Numbers stand for places in the scope around it: a `Local` for
`Scope.defs`, a `CallResult` for `Scope.calls`. Expressions are compared by what they say, and a module holds each only
once (see `extractor.summary.record`), so that what is known of one is known wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, assert_never, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def record(cls: type[_T]) -> type[_T]:
    """A dataclass that never changes. Only the type checker holds it to that: a frozen one takes three times as long to
    make, and a scan makes a million of them."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


@record
class Constant:
    """A literal: text, number, True, False, None. Bytes are text, decoded as Latin-1."""

    value: str | int | float | bool | None


@record
class Name:
    """A name of the module scope, or a builtin."""

    name: str


@record
class Local:
    """A local variable: the definitions in `Scope.defs` that can reach this use; none when it is not bound yet."""

    definitions: tuple[int, ...]


@record
class Closure:
    """A variable of the enclosing function `scope`, by the dotted name of that function in the module."""

    scope: str
    name: str


@record
class Parameter:
    """A parameter of this function."""

    name: str


@record
class ImportedModule:
    """What `import module` binds. Leading dots: relative."""

    module: str


@record
class ImportedName:
    """What `from module import name` binds. Leading dots of the module: relative."""

    module: str
    name: str


@record
class Defined:
    """A function, class or lambda defined in this module, by the dotted name of its scope."""

    scope: str


@record
class CallResult:
    """What a call gives back: its place in `Scope.calls`."""

    call: int


@record
class Opaque:
    """What is not represented, and why (or the kind of node it is)."""

    reason: str


@record
class Attribute:
    """`base.name`."""

    base: Expr
    name: str


@record
class Subscript:
    """`base[index]`."""

    base: Expr
    index: Expr


@record
class Slice:
    """`base[a:b]`: a part of a sequence or text. Its bounds are not kept."""

    base: Expr


@record
class JoinedText:
    """An f-string: its literal and formatted parts, in order."""

    values: tuple[Expr, ...]


@record
class FormattedValue:
    """A part of an f-string with a conversion ("" or r, s, a) or a format specification (`*` in it: computed)."""

    value: Expr
    conversion: str
    spec: str


@record
class BinaryOperation:
    """`left operator right`, the operator by its sign: + % / | and others; "?" for one that is not told."""

    left: Expr
    right: Expr
    operator: str


@record
class SequenceDisplay:
    """A list, tuple or set that is written out. A comprehension is one with a starred `Generated` item."""

    items: tuple[Expr, ...]


@record
class DictDisplay:
    """A dict that is written out: (key, value), a key of None being a `**` item; `lines` are those of the keys, and
    empty for a comprehension."""

    items: tuple[tuple[Expr | None, Expr], ...]
    lines: tuple[int, ...] = ()


@record
class Starred:
    """`*value` among the items of a display or the arguments of a call."""

    value: Expr


@record
class Generated:
    """One of the many values of a comprehension."""

    value: Expr


@record
class Element:
    """An element of an iterable: what a loop binds."""

    iterable: Expr


@record
class Entered:
    """What `with manager as x` binds."""

    manager: Expr


@record
class Declared:
    """What is declared with a type and no value."""

    annotation: Expr


@record
class Alternatives:
    """Any of these: a conditional expression, or `or`. Of a conditional expression `guard` is the place of its test in
    `Scope.guards`: the first value where it holds, the second where it does not; -1 for `or`."""

    values: tuple[Expr, ...]
    guard: int = -1


@record
class Conjunction:
    """All of these: `and`."""

    values: tuple[Expr, ...]


@record
class Negation:
    """`not operand`."""

    operand: Expr


@record
class Comparison:
    """`left operator right`, the operator by its name in `ast`: Eq, NotIn."""

    left: Expr
    right: Expr
    operator: str


Expr = (
    Constant
    | Name
    | Local
    | Closure
    | Parameter
    | ImportedModule
    | ImportedName
    | Defined
    | CallResult
    | Opaque
    | Attribute
    | Subscript
    | Slice
    | JoinedText
    | FormattedValue
    | BinaryOperation
    | SequenceDisplay
    | DictDisplay
    | Starred
    | Generated
    | Element
    | Entered
    | Declared
    | Alternatives
    | Conjunction
    | Negation
    | Comparison
)


def parts(expr: Expr) -> tuple[Expr, ...]:
    """The expressions that one is directly made of, in the order of the source.

    What a `Local` or a `CallResult` stands for is not part of it: it stands elsewhere in the scope.
    """
    match expr:
        case Constant() | Name() | Local() | Closure() | Parameter() | ImportedModule() | ImportedName():
            return ()
        case Defined() | CallResult() | Opaque():
            return ()
        case Attribute(base=inner) | Slice(base=inner) | Starred(value=inner) | Generated(value=inner):
            return (inner,)
        case Element(iterable=inner) | Entered(manager=inner) | Declared(annotation=inner) | Negation(operand=inner):
            return (inner,)
        case FormattedValue(value=inner):
            return (inner,)
        case Subscript(base=left, index=right):
            return (left, right)
        case BinaryOperation(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case JoinedText(values=inside) | Alternatives(values=inside) | Conjunction(values=inside):
            return inside
        case SequenceDisplay(items=inside):
            return inside
        case DictDisplay(items=pairs):
            return tuple([side for pair in pairs for side in pair if side is not None])
        case _:
            assert_never(expr)


def with_parts(expr: Expr, new: Sequence[Expr]) -> Expr:
    """The same kind of expression made of other parts, as many as `parts` gives of it."""
    match expr:
        case Constant() | Name() | Local() | Closure() | Parameter() | ImportedModule() | ImportedName():
            return expr
        case Defined() | CallResult() | Opaque():
            return expr
        case Attribute(name=name):
            return Attribute(new[0], name)
        case FormattedValue(conversion=conversion, spec=spec):
            return FormattedValue(new[0], conversion, spec)
        case Slice() | Starred() | Generated() | Element() | Entered() | Declared() | Negation():
            return type(expr)(new[0])
        case Subscript():
            return Subscript(new[0], new[1])
        case BinaryOperation(operator=operator) | Comparison(operator=operator):
            return type(expr)(new[0], new[1], operator)
        case JoinedText() | Conjunction() | SequenceDisplay():
            return type(expr)(tuple(new))
        case Alternatives(guard=guard):
            return Alternatives(tuple(new), guard)
        case DictDisplay(items=pairs, lines=lines):
            rest = iter(new)
            return DictDisplay(tuple([(None if key is None else next(rest), next(rest)) for key, _ in pairs]), lines)
        case _:
            assert_never(expr)


def walk(*exprs: Expr) -> Iterator[Expr]:
    """The expressions and all that they are made of, in the order of the source."""
    todo = list(reversed(exprs))
    while todo:
        expr = todo.pop()
        yield expr
        todo.extend(reversed(parts(expr)))


def literal_text(expr: Expr | None) -> str | None:
    """The text that is written out here, or None."""
    return expr.value if isinstance(expr, Constant) and isinstance(expr.value, str) else None


def last_name(expr: Expr) -> str | None:
    """The last name of what is named: `get` of `requests.get`, of `from requests import get`, and of a plain `get`."""
    return expr.name if isinstance(expr, Attribute | ImportedName | Name) else None
