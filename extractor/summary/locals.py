"""The names that a function binds: what is local in it, wherever in it the binding stands.

See https://docs.python.org/3/reference/executionmodel.html#binding-of-names.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef


def local_names(node: Function, walrus: bool) -> frozenset[str]:
    """Every name the function binds: its own body, not those of functions, classes and comprehensions inside it.

    `walrus` says whether the module holds a `:=` at all: only then are expressions searched for one.
    """
    names = set(_parameters(node.args))
    pending: list[ast.AST] = list(node.body)
    while pending:
        item = pending.pop()
        kind = type(item)
        if kind in _TARGETS:
            for target in _TARGETS[kind](item):
                _add(target, names)
        for field in _BODIES.get(kind, ()):
            pending.extend(getattr(item, field))
    if walrus:
        names.update(n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
    return frozenset(names)


def _parameters(args: ast.arguments) -> Iterator[str]:
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if arg is not None:
            yield arg.arg


def _add(target: object, names: set[str]) -> None:
    """The names in a target: a name, a name's text, or targets in a tuple, a list or behind a star."""
    if isinstance(target, str):
        names.add(target)
    elif isinstance(target, ast.Name):
        names.add(target.id)
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            _add(part, names)
    elif isinstance(target, ast.Starred):
        _add(target.value, names)


def _captured(case: ast.match_case) -> list[str]:
    """What a pattern binds: https://docs.python.org/3/reference/compound_stmts.html#patterns."""
    named = (getattr(part, "name", None) or getattr(part, "rest", None) for part in ast.walk(case.pattern))
    return [name for name in named if isinstance(name, str)]


_TARGETS: dict[type, Callable[[Any], Iterable[object]]] = {
    ast.FunctionDef: lambda n: (n.name,),
    ast.AsyncFunctionDef: lambda n: (n.name,),
    ast.ClassDef: lambda n: (n.name,),
    ast.Assign: lambda n: n.targets,
    ast.AnnAssign: lambda n: (n.target,),
    ast.AugAssign: lambda n: (n.target,),
    ast.For: lambda n: (n.target,),
    ast.AsyncFor: lambda n: (n.target,),
    ast.With: lambda n: [item.optional_vars for item in n.items],
    ast.AsyncWith: lambda n: [item.optional_vars for item in n.items],
    ast.Import: lambda n: [(alias.asname or alias.name).split(".")[0] for alias in n.names],
    ast.ImportFrom: lambda n: [alias.asname or alias.name for alias in n.names],
    ast.ExceptHandler: lambda n: (n.name,),
    ast.match_case: _captured,
}
_BODIES: dict[type, tuple[str, ...]] = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.AsyncFor: ("body", "orelse"),
    ast.While: ("body", "orelse"),
    ast.With: ("body",),
    ast.AsyncWith: ("body",),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    ast.TryStar: ("body", "handlers", "orelse", "finalbody"),
    ast.ExceptHandler: ("body",),
    ast.Match: ("cases",),
    ast.match_case: ("body",),
}
