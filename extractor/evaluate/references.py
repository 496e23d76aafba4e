"""Where a name leads: the expressions that define it, followed through variables, imports and re-exports.

The evaluator says what an expression is worth; a URL pattern also needs the place where it was written, and two routers
made alike must stay two. A place is an expression in a frame; modules end a search as themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor.evaluate.arguments import arguments, entry_frame
from extractor.evaluate.evaluator import Evaluator, qualified
from extractor.evaluate.values import DefRef, Frame, ModuleRef
from extractor.program.module import Def, Module
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    CallResult,
    Closure,
    Constant,
    Defined,
    ImportedModule,
    ImportedName,
    Local,
    Name,
    SequenceDisplay,
    Subscript,
)

MAX_STEPS = 16


@dataclass(frozen=True, slots=True)
class Reference:
    """An expression, and the frame it stands in; where it is what a definition binds, the line of that."""

    expr: Expr
    frame: Frame
    line: int = field(default=0, compare=False)

    @property
    def call(self) -> CallExpr | None:
        """The call expression here, or None."""
        return self.frame.owner.scope.calls[self.expr.call] if isinstance(self.expr, CallResult) else None

    @property
    def key(self) -> tuple[str, str, Expr]:
        """What tells this place from others, whatever the frame's bindings."""
        return self.frame.owner.module.name, self.frame.owner.scope.name, self.expr

    def at(self, expr: Expr) -> Reference:
        """Another expression in the same frame."""
        return Reference(expr, self.frame)


def definition(frame: Frame, index: int) -> Reference:
    """What a definition of the frame's scope binds, by its number there."""
    line, expr = frame.owner.scope.defs[index]
    return Reference(expr, frame, line)


def references(ev: Evaluator, place: Reference, steps: int = 0) -> Iterator[Reference | Module]:
    """The places where a value is written, in order: calls, displays, definitions; or the module it is."""
    expr, frame = place.expr, place.frame
    if steps > MAX_STEPS:
        yield place
    elif isinstance(expr, Local):
        for index in expr.definitions:
            yield from references(ev, definition(frame, index), steps + 1)
    elif isinstance(expr, Name):
        yield from _or_itself(place, named(ev, frame.owner.module, expr.name, steps + 1))
    elif isinstance(expr, Closure):
        yield from _or_itself(place, _closed_over(ev, expr, frame, steps))
    elif isinstance(expr, ImportedModule):
        found = ev.index.find(frame.owner.module.absolute(expr.module))
        yield found if found is not None else place
    elif isinstance(expr, ImportedName):
        yield from _or_itself(place, _from_module(ev, expr, frame, steps))
    elif isinstance(expr, Attribute):
        yield from _or_itself(place, _attribute(ev, expr, frame, steps))
    elif isinstance(expr, Alternatives):
        for part in expr.values:
            yield from references(ev, place.at(part), steps + 1)
    else:
        yield place


def items_of(ev: Evaluator, expr: Subscript, frame: Frame) -> Iterator[Reference]:
    """The places of `x[0]`, where `x` is a display, or a call of a function that returns one."""
    index = expr.index.value if isinstance(expr.index, Constant) else None
    if not isinstance(index, int):
        return
    for base in references(ev, Reference(expr.base, frame)):
        if isinstance(base, Reference):
            for place in (base, *_returned(ev, base)):
                if isinstance(place.expr, SequenceDisplay) and 0 <= index < len(place.expr.items):
                    yield place.at(place.expr.items[index])


def _returned(ev: Evaluator, place: Reference) -> Iterator[Reference]:
    """What the function returns that a place calls."""
    call = place.call
    for value in ev.eval(call.func, place.frame) if call is not None else ():
        if isinstance(value, DefRef) and value.target.kind == "function" and call is not None:
            frame = entry_frame(ev, value, *arguments(ev, call, place.frame))
            for expr in value.target.scope.returns:
                yield Reference(expr, frame)


def named(ev: Evaluator, module: Module, name: str, steps: int = 0) -> Iterator[Reference | Module]:
    """The places behind a name of a module; nothing when the module does not have it."""
    if steps > MAX_STEPS or "" not in module.summary.scopes:
        return
    scope = module.summary.scopes[""]
    indices = scope.names.get(name)
    if indices:
        frame = ev.frame(module.define(""))
        for index in indices:
            yield from references(ev, definition(frame, index), steps + 1)
        return
    for star in module.summary.stars:
        source = ev.index.find(module.absolute(star))
        if source is not None and source is not module:
            found = list(named(ev, source, name, steps + 1))
            if found:
                yield from found
                return
    child = ev.index.find(f"{module.name}.{name}") if module.package else None
    if child is not None:
        yield child


def _or_itself(place: Reference, found: Iterator[Reference | Module]) -> Iterator[Reference | Module]:
    known = list(found)
    yield from known or [place]


def _closed_over(ev: Evaluator, expr: Closure, frame: Frame, steps: int) -> Iterator[Reference | Module]:
    outer = frame.outer
    while outer is not None and outer.owner.scope.name != expr.scope:
        outer = outer.outer
    if outer is None:
        outer = ev.frame(frame.owner.module.define(expr.scope))
    for index in outer.owner.scope.names.get(expr.name, ()):
        yield from references(ev, definition(outer, index), steps + 1)


def _from_module(ev: Evaluator, expr: ImportedName, frame: Frame, steps: int) -> Iterator[Reference | Module]:
    here = frame.owner.module
    dotted = here.absolute(expr.module)
    module = ev.index.find(dotted)
    child = ev.index.find(f"{dotted}.{expr.name}")
    if module is None or (module is here and child is not None):
        if child is not None:
            yield child
        return
    found = list(named(ev, module, expr.name, steps + 1))
    if found:
        yield from found
    elif child is not None:
        yield child


def _attribute(ev: Evaluator, expr: Attribute, frame: Frame, steps: int) -> Iterator[Reference | Module]:
    """An attribute of a module is a name of it; one of a class is what its body (or a base's) binds."""
    for base in references(ev, Reference(expr.base, frame), steps + 1):
        if isinstance(base, Module):
            yield from named(ev, base, expr.name, steps + 1)
        elif isinstance(base.expr, Defined):
            yield from _class_member(ev, base.frame.owner.module.define(base.expr.scope), expr.name, steps)


def _class_member(ev: Evaluator, target: Def, name: str, steps: int) -> Iterator[Reference | Module]:
    if target.kind != "class":
        return
    for owner in ev.classes.mro(target)[0]:
        if name in owner.scope.names:
            frame = ev.frame(owner)
            for index in owner.scope.names[name]:
                yield from references(ev, definition(frame, index), steps + 1)
            return


def module_of(ev: Evaluator, place: Reference) -> Module | None:
    """The module an expression is, or None."""
    for value in ev.eval(place.expr, place.frame):
        if isinstance(value, ModuleRef):
            return value.module
    return None


def names_of(ev: Evaluator, place: Reference) -> tuple[str, ...]:
    """Dotted names of what an expression refers to; of a class that was read, those of its bases follow."""
    out: list[str] = []
    for value in ev.eval(place.expr, place.frame):
        name = qualified(value)
        if name:
            out.append(name)
        if isinstance(value, DefRef) and value.target.kind == "class":
            order, outside = ev.classes.mro(value.target)
            out += [*(cls.qualified for cls in order[1:]), *outside]
    return tuple(dict.fromkeys(out))


def reference_of(ev: Evaluator, value: DefRef) -> Reference:
    """The place of a definition: its name in the scope around it."""
    parent = value.target.parent
    frame = ev.frame(parent if parent is not None else value.target)
    return Reference(Defined(value.target.scope.name), frame)


def line_of(place: Reference) -> int:
    """The line of an expression: that of the call or definition it is, as near as the summary tells."""
    return place.call.line if place.call is not None else place.line or place.frame.owner.scope.line
