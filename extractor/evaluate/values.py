"""What is known of a value: the small model that folding works in.

A value is evaluated to a tuple of alternatives (`Values`), each one of the classes below; an empty tuple means that
nothing is known. Text keeps its holes: `Text(("https://", Hole("setting", "HOST"), "/api/"))`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, TypeVar, Union, dataclass_transform

from extractor.program.module import Def, Module
from extractor.summary.expr import record

_T = TypeVar("_T")
# The argument of a signal, or of an object that keeps things, that tells where a module makes it: two are not the same.
MADE_AT = "#made"


@dataclass_transform(frozen_default=True)
def _value(cls: type[_T]) -> type[_T]:
    """A dataclass that never changes, and computes its hash once and compares it first: values nest deeply, and are
    looked up all the time. Only the type checker holds it to that, as with `extractor.summary.expr.record`."""
    made = dataclass(eq=False)(cls)
    content = attrgetter(*(field.name for field in fields(made)))  # type: ignore[arg-type]

    def __hash__(self: Any) -> int:
        known: int | None = self._hash
        if known is None:
            known = self._hash = hash((cls.__name__, content(self)))
        return known

    def __eq__(self: Any, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not made or hash(self) != hash(other):
            return False
        return bool(content(self) == content(other))

    made._hash = None  # type: ignore[attr-defined]
    made.__hash__ = __hash__  # type: ignore[method-assign]
    made.__eq__ = __eq__  # type: ignore[method-assign]
    return made


@record
class Hole:
    """A part of a text that is not known. `kind` is setting, env, field (of a model: it stands in the database), arg or
    unknown; `name` says which, or why."""

    kind: str
    name: str


@record
class Text:
    """Text with holes."""

    parts: tuple[str | Hole, ...]

    @property
    def literal(self) -> str | None:
        """The whole text when nothing of it is open."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None


@record
class Const:
    """A number, a truth value or None. The type tag keeps True apart from 1."""

    value: int | float | bool | None
    type: str


@_value
class SettingRef:
    """`settings.NAME` of Django; `path` holds keys read from it (`DATABASES["default"]`)."""

    name: str
    path: tuple[str, ...] = ()


@_value
class Env:
    """An environment variable and the default read with it. `required`: absent without a default is an error."""

    name: str
    default: Values = ()
    required: bool = False


@_value
class Ext:
    """Something outside the code that was read, by its access path: `requests.Session().get`.

    `args` and `kwargs` are those of the last call in the path, when the path ends with one; `receiver` is the nearest
    object inside the path that was made with arguments (`boto3.client("s3")` in `boto3.client().put_object`).
    """

    path: str
    args: tuple[Values, ...] = ()
    kwargs: tuple[tuple[str, Values], ...] = ()
    receiver: Ext | None = None

    def extended(self, more: str) -> Ext:
        """The path one step on (`.name` or `[]`), the receiver kept."""
        return Ext(self.path + more, receiver=self if self.args or self.kwargs else self.receiver)


@_value
class ModuleRef:
    """A module that was read."""

    module: Module


@_value
class DefRef:
    """A function or class that was read. `self` is what it is bound to; `frame` the frame it closes over; `is_bare`
    what a decorator is given: the function without its decorators."""

    target: Def
    self: Value | None = None
    frame: Frame | None = None
    is_bare: bool = False


@_value
class Inst:
    """An instance of a class that was read, with what its constructor was given."""

    cls: Def
    bindings: Bindings = ()
    known: bool = True


@_value
class Query:
    """A Django query set or manager of a model; `manager` is the project's own class of it."""

    cls: Def
    manager: Def | None = None


@_value
class QueryMethod:
    """A method of a query set, by name."""

    cls: Def
    name: str


@_value
class Super:
    """`super()`: the rest of the method resolution order after `cls`."""

    cls: Def
    self: Value | None


@_value
class Param:
    """A parameter nobody has bound yet; `path` holds attributes, calls and items taken from it."""

    owner: Def
    name: str
    path: str = ""


@_value
class Partial:
    """`functools.partial(func, *args, **kwargs)`. A curried one runs when it has all that the function wants."""

    func: Value
    args: tuple[Values, ...]
    kwargs: tuple[tuple[str, Values], ...]
    curried: bool = False


@_value
class Seq:
    """A list, tuple or set; `open` when it may hold more, or any number, of these."""

    items: tuple[Values, ...]
    open: bool = False


@_value
class Mapping:
    """A dictionary: (key, value) pairs; `open` when it may hold more."""

    items: tuple[tuple[Values, Values], ...]
    open: bool = False


@_value
class Piped:
    """`left | right`, where neither is a dictionary (Celery chains signatures with it)."""

    left: Values
    right: Values


@_value
class Unknown:
    """Nothing is known, and why."""

    reason: str


Value = Union[  # noqa: UP007  (a class made by _value has no | of its own for the type checker)
    Text,
    Const,
    SettingRef,
    Env,
    Ext,
    ModuleRef,
    DefRef,
    Inst,
    Query,
    QueryMethod,
    Super,
    Param,
    Partial,
    Seq,
    Mapping,
    Piped,
    Unknown,
]
Values = tuple[Value, ...]
Bindings = tuple[tuple[str, Values], ...]
Args = tuple[Values, ...]
Kwargs = tuple[tuple[str, Values], ...]


@dataclass_transform(frozen_default=True)
def _identity(cls: type[_T]) -> type[_T]:
    """A dataclass that never changes and is compared by identity."""
    return dataclass(slots=True, eq=False)(cls)


@_identity
class Frame:
    """Where an expression is evaluated: a scope, what its parameters are bound to, `self`, the enclosing frame.

    Compared by identity: the evaluator keeps one object for each distinct frame, so looking one up costs nothing. It is
    open when nobody has bound anything in it.
    """

    owner: Def
    bindings: Bindings = ()
    self: Value | None = None
    outer: Frame | None = None
    is_open: bool = False

    def get(self, name: str) -> Values | None:
        """What a parameter is bound to, or None when it is not bound."""
        for key, values in self.bindings:
            if key == name:
                return values
        return None


def const(value: object) -> Value:
    """A constant of the source as a value."""
    if isinstance(value, str):
        return Text((value,))
    if isinstance(value, int | float | bool) or value is None:
        return Const(value, type(value).__name__)
    return Unknown("constant")


# Keywords under which an outside object holds the methods that code has put on it: `session.request = limited`.
SET = "#set "
# The binding of an instance that is a task: the function that it runs, so that tasks of one class are told apart.
RUNS = "#runs"
MAX_TEXT = 10_000  # characters and parts: scanned code may double a text again and again


def join(*texts: Text) -> Text:
    """Texts one after the other, neighbouring literals merged; a hole when they are too long."""
    parts: list[str | Hole] = []
    size = 0
    for text in texts:
        for part in text.parts:
            size += len(part) if isinstance(part, str) else 1
            if size > MAX_TEXT:
                return Text((Hole("unknown", "long text"),))
            if part == "" and (parts or len(texts) > 1):
                continue
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)
    return Text(tuple(parts))
