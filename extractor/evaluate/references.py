"""Where a name leads: the expressions that define it, followed through variables, imports and re-exports.

The evaluator says what an expression is worth; a URL pattern also needs the place where it was written, and two routers
made alike must stay two. A place is an expression in a frame; modules end a search as themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments, entry_frame
from extractor.evaluate.evaluator import Evaluator, qualified
from extractor.evaluate.values import DefRef, Frame, ModuleRef
from extractor.program.module import Module
from extractor.summary import CallExpr
from extractor.summary import Value as Expr

MAX_STEPS = 16


@dataclass(frozen=True, slots=True)
class Reference:
    """An expression, and the frame it stands in."""

    expr: Expr
    frame: Frame

    @property
    def call(self) -> CallExpr | None:
        """The call expression here, or None."""
        return self.frame.owner.scope.calls[self.expr[1]] if self.expr[0] == "k" else None

    @property
    def key(self) -> tuple[str, str, Expr]:
        """What tells this place from others, whatever the frame's bindings."""
        return self.frame.owner.module.name, self.frame.owner.scope.name, self.expr

    def at(self, expr: Expr) -> Reference:
        """Another expression in the same frame."""
        return Reference(expr, self.frame)


def references(ev: Evaluator, place: Reference, steps: int = 0) -> Iterator[Reference | Module]:
    """The places where a value is written, in order: calls, displays, definitions; or the module it is."""
    tag, expr, frame = place.expr[0], place.expr, place.frame
    if steps > MAX_STEPS:
        yield place
    elif tag == "v":
        for index in expr[1]:
            yield from references(ev, place.at(frame.owner.scope.defs[index][1]), steps + 1)
    elif tag == "n":
        yield from _or_itself(place, named(ev, frame.owner.module, expr[1], steps + 1))
    elif tag == "x":
        yield from _or_itself(place, _closed_over(ev, place, steps))
    elif tag == "m":
        found = ev.index.find(frame.owner.module.absolute(expr[1]))
        yield found if found is not None else place
    elif tag == "mf":
        yield from _or_itself(place, _from_module(ev, place, steps))
    elif tag == "a":
        yield from _or_itself(place, _attribute(ev, place, steps))
    elif tag == "o":
        for part in expr[1]:
            yield from references(ev, place.at(part), steps + 1)
    else:
        yield place


def items_of(ev: Evaluator, place: Reference) -> Iterator[Reference]:
    """The places of `x[0]`, where `x` is a display, or a call of a function that returns one."""
    index = place.expr[2]
    if index[0] != "c" or not isinstance(index[1], int):
        return
    for base in references(ev, place.at(place.expr[1])):
        if isinstance(base, Reference):
            for display in (base, *_returned(ev, base)):
                if display.expr[0] == "l" and 0 <= index[1] < len(display.expr[1]):
                    yield display.at(display.expr[1][index[1]])


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
            yield from references(ev, Reference(scope.defs[index][1], frame), steps + 1)
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


def _closed_over(ev: Evaluator, place: Reference, steps: int) -> Iterator[Reference | Module]:
    outer = place.frame.outer
    while outer is not None and outer.owner.scope.name != place.expr[1]:
        outer = outer.outer
    if outer is None:
        outer = ev.frame(place.frame.owner.module.define(place.expr[1]))
    scope = outer.owner.scope
    for index in scope.names.get(place.expr[2], ()):
        yield from references(ev, Reference(scope.defs[index][1], outer), steps + 1)


def _from_module(ev: Evaluator, place: Reference, steps: int) -> Iterator[Reference | Module]:
    here = place.frame.owner.module
    dotted = here.absolute(place.expr[1])
    module = ev.index.find(dotted)
    child = ev.index.find(f"{dotted}.{place.expr[2]}")
    if module is None or (module is here and child is not None):
        if child is not None:
            yield child
        return
    found = list(named(ev, module, place.expr[2], steps + 1))
    if found:
        yield from found
    elif child is not None:
        yield child


def _attribute(ev: Evaluator, place: Reference, steps: int) -> Iterator[Reference | Module]:
    """An attribute of a module is a name of it; one of a class is what its body (or a base's) binds."""
    for base in references(ev, place.at(place.expr[1]), steps + 1):
        if isinstance(base, Module):
            yield from named(ev, base, place.expr[2], steps + 1)
        elif base.expr[0] == "g":
            yield from _class_member(ev, base, place.expr[2], steps)


def _class_member(ev: Evaluator, base: Reference, name: str, steps: int) -> Iterator[Reference | Module]:
    target = base.frame.owner.module.define(base.expr[1])
    if target.kind != "class":
        return
    for owner in ev.classes.mro(target)[0]:
        if name in owner.scope.names:
            frame = ev.frame(owner)
            for index in owner.scope.names[name]:
                yield from references(ev, Reference(owner.scope.defs[index][1], frame), steps + 1)
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
    return Reference(("g", value.target.scope.name), frame)


def line_of(place: Reference) -> int:
    """The line of an expression: that of the call or definition it is, as near as the summary tells."""
    if place.call is not None:
        return place.call.line
    for line, expr in place.frame.owner.scope.defs:
        if expr is place.expr:
            return line
    return place.frame.owner.scope.line
