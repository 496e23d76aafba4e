"""The access path of a call as it is written, as if no library had been read: `Client().orders.create`.

What a rule knows of a library is spoken of in such paths. Reading the library may lead elsewhere, or nowhere: into a
table that is filled at run time, say. What the rule knows holds all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.arguments import arguments, entry_frame, method_frame
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Ext, Frame, Inst
from extractor.program.module import Module
from extractor.summary import Expr
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Entered,
    ImportedModule,
    ImportedName,
    Local,
    Name,
    Parameter,
    Subscript,
)

MAX_STEPS = 12  # names of names, attributes of attributes


def as_written(ev: Evaluator, expr: Expr, frame: Frame, steps: int = MAX_STEPS, bare: bool = False) -> Ext | None:
    """The path of an expression that leads to a library, with the arguments of the calls in it; None for others.
    `bare`: without the arguments, which are long to tell."""
    if steps <= 0:
        return None
    if isinstance(expr, ImportedModule):
        return _outside(ev, frame.owner.module.absolute(expr.module))
    if isinstance(expr, ImportedName):
        return _outside(ev, f"{frame.owner.module.absolute(expr.module)}.{expr.name}") or _only(
            ev, _imported(ev, expr, frame), steps, bare
        )
    if isinstance(expr, Name):
        return _only(ev, _named(ev, frame.owner.module, expr.name), steps, bare)
    if isinstance(expr, Local):
        found = ((frame.owner.scope.defs[index][1], frame) for index in expr.definitions)
        return _only(ev, found, steps, bare)
    if isinstance(expr, Entered):
        return as_written(ev, expr.manager, frame, steps - 1, bare)
    if isinstance(expr, Attribute):
        base = as_written(ev, expr.base, frame, steps - 1, bare)
        return base.extended(f".{expr.name}") if base is not None else _only(ev, _kept(ev, expr, frame), steps, bare)
    if isinstance(expr, Subscript):
        base = as_written(ev, expr.base, frame, steps - 1, bare)
        return base.extended("[]") if base is not None else None
    return _called(ev, expr, frame, steps, bare) if isinstance(expr, CallResult) else None


def is_read(ev: Evaluator, path: str) -> bool:
    """Whether an access path leads into a library that was read."""
    names = path.partition("(")[0].split(".")
    found = (ev.index.find(".".join(names[:size])) for size in range(1, len(names) + 1))
    return any(module is not None and not module.in_repo for module in found)


def _only(ev: Evaluator, places: Iterator[tuple[Expr, Frame]], steps: int, bare: bool) -> Ext | None:
    """The one path to which the definitions of a name lead."""
    found = {path for expr, frame in places if (path := as_written(ev, expr, frame, steps - 1, bare)) is not None}
    return found.pop() if len(found) == 1 else None


def _outside(ev: Evaluator, dotted: str) -> Ext | None:
    """A dotted name of something that the repository does not define."""
    head = ev.index.find(dotted.split(".", 1)[0])
    return None if head is not None and head.in_repo else Ext(dotted)


def _called(ev: Evaluator, expr: CallResult, frame: Frame, steps: int, bare: bool) -> Ext | None:
    call = frame.owner.scope.calls[expr.call]
    func = as_written(ev, call.func, frame, steps - 1, bare)
    if func is not None:
        receiver = func if func.args or func.kwargs else func.receiver
        given = ((), ()) if bare else arguments(ev, call, frame)
        return Ext(f"{func.path}()", *given, receiver)
    own = [v for v in ev.eval(call.func, frame) if isinstance(v, DefRef) and v.target.kind == "function"]
    returned = (
        (value, ev.frame(one.target) if bare else entry_frame(ev, one, *arguments(ev, call, frame)))
        for one in own
        if one.target.module.in_repo
        for value in one.target.scope.returns
    )
    return _only(ev, returned, steps, bare)


def _named(ev: Evaluator, module: Module, name: str) -> Iterator[tuple[Expr, Frame]]:
    scope = module.summary.scopes.get("")
    for index in scope.names.get(name, ()) if scope is not None else ():
        yield scope.defs[index][1], ev.frame(module.define(""))  # type: ignore[union-attr]


def _imported(ev: Evaluator, expr: ImportedName, frame: Frame) -> Iterator[tuple[Expr, Frame]]:
    module = ev.index.find(frame.owner.module.absolute(expr.module))
    return _named(ev, module, expr.name) if module is not None and module.in_repo else iter(())


def _kept(ev: Evaluator, expr: Attribute, frame: Frame) -> Iterator[tuple[Expr, Frame]]:
    """What methods keep under an attribute of the object they are called on."""
    base = expr.base
    if isinstance(base, Local) and len(base.definitions) == 1:
        base = frame.owner.scope.defs[base.definitions[0]][1]
    me = frame.self if isinstance(base, Parameter) else None
    if isinstance(me, Inst) and me.cls.module.in_repo:
        for method, value in ev.classes.assigned(me.cls, expr.name):
            yield value, method_frame(ev, method, me)


__all__ = ["as_written", "is_read"]
