"""What a summary holds: scopes, their calls and assignments, and values as they look where they stand.

A `Value` is a nested tuple whose first item is a tag. Nothing in it is resolved: names stay names. The tags:

    ("c", constant)            text, number, True, False, None
    ("n", name)                a name of the module scope (or a builtin)
    ("v", (i, ...))            a local variable: the definitions in `Scope.defs` that can reach this use
    ("x", scope, name)         a variable of the enclosing function `scope`
    ("p", name)                a parameter of this function
    ("m", dotted)              an imported module (leading dots: relative)
    ("mf", dotted, name)       a name imported from a module
    ("g", scope)               a function or class defined in this module, by its dotted name
    ("a", base, attr)          attribute
    ("k", i)                   the result of call `i` of this scope
    ("f", (part, ...))         an f-string
    ("fv", value, conversion, spec)  a part of it with a conversion ("" or r, s, a) or a format specification
    ("b", op, left, right)     a binary operation: + % / | and others by their sign
    ("i", base, index)         subscript
    ("l", (item, ...))         list, tuple or set
    ("d", ((key, value), ...), (line, ...))  dict, a key of None being a ** item; the keys' lines where it is a display
    ("*", value)               a starred item
    ("o", (value, ...))        any of these (conditional expression, `or`)
    ("e", value)               an element of an iterable
    ("each", value)            one of the many values of a comprehension
    ("sl", base)               a slice of a sequence or text
    ("u", "not", value), ("and", values), ("cmp", operator, left, right)   conditions
    ("typed", annotation)      declared with a type and no value
    ("w", value)               what a `with` statement binds
    ("?", reason)              not represented
"""

from __future__ import annotations

import hashlib
import marshal
from dataclasses import dataclass, fields
from typing import Any

Value = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CallExpr:
    """A call expression. `kwargs` holds (name, value); a name of None is `**`. `guards` index `Scope.guards`."""

    line: int
    end_line: int
    func: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str | None, Value], ...]
    guards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """A module, class, function or lambda body.

    `name` is the dotted name inside the module ("" for the module itself). `params` holds (name, kind, default,
    annotation), kind being `pos`, `kw`, `*` or `**`. `names` maps each name bound here to its definitions: those that
    hold at the end of a module or class body, all of them in a function.
    `attrs` holds assignments to attributes (base, attribute, value, line), `subs` those to subscripts, with a truth
    value more: whether in a branch that may not be taken. `reads` are attribute loads that are not called: a property
    may do I/O. `guards` holds (test, holds, line).
    """

    name: str
    kind: str
    line: int
    end_line: int
    def_line: int
    parent: str
    params: tuple[tuple[str, str, Value | None, Value | None], ...]
    decorators: tuple[Value, ...]
    bases: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]
    calls: tuple[CallExpr, ...]
    defs: tuple[tuple[int, Value], ...]
    names: dict[str, tuple[int, ...]]
    annotations: dict[str, Value]
    returns: tuple[Value, ...]
    return_annotation: Value | None
    yields: tuple[Value, ...]
    attrs: tuple[tuple[Value, str, Value, int], ...]
    subs: tuple[tuple[Value, Value, Value, int, bool], ...]
    global_sets: tuple[tuple[str, Value, int], ...]
    reads: tuple[tuple[int, Value], ...]
    withs: tuple[tuple[int, Value], ...]
    guards: tuple[tuple[Value, bool, int], ...]
    doc: str


@dataclass(frozen=True, slots=True)
class ModuleSummary:
    """One module. `imports` lists every module named by an import anywhere in it (dotted, dots for relative).

    `error` says in words why the module could not be read (then `scopes` is empty). `directives` are the
    `# c4trace: ignore[...]` comments as (line, rules, reason). `parser` is `ast` or `libcst`.
    """

    scopes: dict[str, Scope]
    imports: tuple[str, ...]
    stars: tuple[str, ...]
    directives: tuple[tuple[int, tuple[str, ...], str], ...]
    parser: str
    error: str | None = None


_SCOPE_FIELDS = tuple(field.name for field in fields(Scope))
_CALL_FIELDS = tuple(field.name for field in fields(CallExpr))


def encode(summary: ModuleSummary) -> bytes:
    """A summary as bytes: a SHA-256 digest, then marshal data. Equal summaries give equal bytes."""
    scopes = [
        tuple(
            tuple(tuple(getattr(c, f) for f in _CALL_FIELDS) for c in scope.calls)
            if field == "calls"
            else getattr(scope, field)
            for field in _SCOPE_FIELDS
        )
        for scope in summary.scopes.values()
    ]
    data = (scopes, summary.imports, summary.stars, summary.directives, summary.parser, summary.error)
    body = marshal.dumps(data)
    return hashlib.sha256(body).digest() + body


def decode(data: bytes) -> ModuleSummary | None:
    """The inverse of `encode`, or None when the bytes are damaged."""
    body = memoryview(data)[32:]
    if hashlib.sha256(body).digest() != data[:32]:
        return None
    rows, imports, stars, directives, parser, error = marshal.loads(body)
    scopes = {}
    for row in rows:
        calls = tuple([CallExpr(*call) for call in row[10]])
        scopes[row[0]] = Scope(*(*row[:10], calls, *row[11:]))
    return ModuleSummary(scopes, imports, stars, directives, parser, error)


assert _SCOPE_FIELDS[10] == "calls", "decode() relies on the place of `calls`"
