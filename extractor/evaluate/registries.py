"""Registries: tables of a module or a class that other code fills, before anything looks something up in them.

A table is filled by statements of modules (`KNOWN["a"] = A`), by decorators, by `__init_subclass__` and metaclasses
when a class is made (https://docs.python.org/3/reference/datamodel.html#customizing-class-creation), and by functions
that are called to do so. Each of these puts is asked for the key and the value in every frame in which it runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments, entry_frame, method_frame
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import (
    DefRef,
    Frame,
    Inst,
    Mapping,
    ModuleRef,
    Param,
    Seq,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.program.index import ModuleIndex
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Closure,
    Defined,
    ImportedName,
    Local,
    Name,
    Parameter,
    Subscript,
    last_name,
)

MAX_PUTS = 200  # that are looked at for one table
MAX_FRAMES = 100  # in which one put runs
MAX_NESTED = 4  # tables that lead to tables
MAX_DEPTH = 2  # calls of functions that call the one that puts
_ADDS = frozenset({"append", "add", "insert", "appendleft"})
_SETS = frozenset({"setdefault", "__setitem__"})
_MERGES = frozenset({"update", "extend"})


_Place = tuple[Def, str, Inst | None]  # a name of a module or class, or an attribute of an object of a class


@dataclass(frozen=True, slots=True)
class Put:
    """A line that puts something into a table: `key` is None for one that is appended, or merged in as a whole. `adds`:
    to the list that stands under the key."""

    owner: Def
    base: Expr
    key: Expr | None
    value: Expr
    merges: bool = False
    adds: bool = False


class TablePuts:
    """What the code of a world puts into tables, by the last name of what it is put into; who keeps, calls and
    decorates what, by name."""

    def __init__(self, world: ModuleIndex) -> None:
        self.puts: dict[str, list[Put]] = {}
        self.calls: dict[str, list[tuple[Def, CallExpr]]] = {}
        self.decorated: dict[str, list[Def]] = {}
        self.keepers: set[Def] = set()
        for target in world.defs():
            for put in _puts_of(target) if target.scope.subs or target.scope.calls else ():
                if isinstance(put.base, Attribute) and (cls := _class_around(target)) is not None:
                    self.keepers.add(cls)
                self.puts.setdefault(_last(target, put.base), []).append(put)
            for call in target.scope.calls:
                self.calls.setdefault(_called_name(target, call.func), []).append((target, call))
            for decorator in target.scope.decorators:
                self.decorated.setdefault(_decorator_name(target, decorator), []).append(target)
        self.puts.pop("", None)


class Registries:
    """Answers what tables hold once the modules are loaded."""

    def __init__(self, ev: Evaluation) -> None:
        self._ev = ev
        self._written: TablePuts | None = None
        self._busy: set[_Place] = set()
        self._known: dict[tuple[_Place, Values], Values] = {}
        self._made: dict[tuple[Def, str], list[Put]] = {}
        self._ran: dict[tuple[Def, int], list[Frame]] = {}
        self._made_by: dict[Def, list[Def]] | None = None  # classes by their metaclass

    def keeps(self, cls: Def) -> bool:
        """Whether methods of a class, or of its bases, put something into an attribute."""
        return not self.written.keepers.isdisjoint(self._ev.classes.mro(cls)[0])

    def filled_when_made(self, me: Inst, name: str, values: Values) -> Values:
        """What an attribute of an object is, with what its own constructor puts into it."""
        makers = self._makers(me.cls, name)
        place = (me.cls, name, me)
        if not makers or place in self._busy or len(self._busy) >= MAX_NESTED:
            self._ev.cuts += bool(makers)
            return values
        self._busy.add(place)
        try:
            return tuple(self._with_own(value, makers, me) for value in values)
        finally:
            self._busy.discard(place)

    def _makers(self, cls: Def, name: str) -> list[Put]:
        """The puts of a class's constructors, its bases' among them, into an attribute of the object itself."""
        found = self._made.get((cls, name))
        if found is None:
            bases = self._ev.classes.mro(cls)[0]
            found = [put for put in self.written.puts.get(name, ()) if put.owner.owner_class in bases and _is_own(put)]
            self._made[cls, name] = found
        return found

    def _with_own(self, value: Value, puts: list[Put], me: Inst) -> Value:
        """A list or dictionary that starts empty, with what is put into it."""
        if not isinstance(value, Seq | Mapping) or value.items:
            return value
        items: list[tuple[Values, Values]] = []
        for put in puts:
            frame = method_frame(self._ev, put.owner, me)
            told = self._ev.eval(put.value, frame) or (Unknown("item"),)
            if put.merges or put.adds:
                return value
            items.append((self._ev.eval(put.key, frame) if put.key is not None else (), told))
        if isinstance(value, Seq):
            return Seq(tuple(told for _key, told in items), open=True)
        return Mapping(tuple((key or (Unknown("key"),), told) for key, told in items), open=True)

    def filled(self, owner: Def, name: str, values: Values, me: Inst | None = None) -> Values:
        """What a name of a module or a class, or an attribute of an object `me` of the class, is, with what is put into
        it; the same where it is no table, or nothing is."""
        if not any(isinstance(value, Mapping | Seq) for value in values):
            return values
        puts = self.written.puts.get(name)
        place = (owner, name, me)
        if not puts or place in self._busy or len(self._busy) >= MAX_NESTED:
            self._ev.cuts += bool(puts)
            return values
        key = (place, values)
        found = self._known.get(key)
        if found is None:
            self._busy.add(place)
            cuts = self._ev.cuts
            try:
                with self._ev.apart():
                    found = tuple(self._with_puts(value, puts, place) for value in values)
            finally:
                self._busy.discard(place)
            if self._ev.cuts == cuts or not self._busy:
                self._known[key] = found
        return found

    def _with_puts(self, value: Value, puts: list[Put], place: _Place) -> Value:
        if not isinstance(value, Mapping | Seq):
            return value
        items: list[tuple[Values, Values]] = []
        added: list[Values] = []
        seen = False
        for put in [put for put in puts if self._may_be(put, place)][:MAX_PUTS]:
            for frame in self._frames(put.owner, MAX_DEPTH):
                if not self._is_place(put.base, frame, place):
                    continue
                seen = True
                told = self._ev.eval(put.value, frame)
                if put.merges:
                    items += [item for one in told if isinstance(one, Mapping) for item in one.items]
                    added += [item for one in told if isinstance(one, Seq) for item in one.items]
                elif put.key is None:
                    added.append(told or (Unknown("item"),))
                elif put.adds:
                    under = self._ev.eval(put.key, frame) or (Unknown("key"),)
                    items.append((under, (Seq((told or (Unknown("item"),),), open=True),)))
                else:
                    items.append((self._ev.eval(put.key, frame) or (Unknown("key"),), told or (Unknown("item"),)))
        if not seen:
            return value
        if isinstance(value, Seq):
            return Seq((*value.items, *added), open=True)
        put_keys = {keys for keys, _values in items}
        kept = tuple(item for item in value.items if item[0] not in put_keys)
        return Mapping((*kept, *items), open=True)

    # what is put, and where -------------------------------------------------------------------------------------

    @property
    def written(self) -> TablePuts:
        """What the code puts, calls and decorates, read once for all evaluators of a world."""
        if self._written is None:
            self._written = TablePuts(self._ev.index)
        return self._written

    def share(self, other: Registries) -> None:
        """Takes what was read of the same code by another."""
        self._written = other.written

    def _may_be(self, put: Put, place: _Place) -> bool:
        """Whether a put may be one into a table, its function's parameters open."""
        frame = self._ev.frame(put.owner)
        if self._is_place(put.base, frame, place):
            return True
        held = self._ev.eval(put.base.base, frame) if isinstance(put.base, Attribute) else ()
        return any(isinstance(value, Param) for value in held)

    def _is_place(self, base: Expr, frame: Frame, place: _Place) -> bool:
        """Whether an expression stands for a name of a module or class, or an attribute of an object."""
        owner, name, me = place
        if me is not None:
            held = self._ev.eval(base.base, frame) if isinstance(base, Attribute) and base.name == name else ()
            return any(isinstance(value, Inst) and self._may_be_same(value, me, frame.owner) for value in held)
        if isinstance(base, Attribute):
            return base.name == name and any(
                _owner_of(self._ev, value, name) is owner for value in self._ev.eval(base.base, frame)
            )
        if isinstance(base, Local):
            at = set(base.definitions)
            return frame.owner is owner and bool(at & set(owner.scope.names.get(name, ())))
        return isinstance(base, Name) and _module_of(self._ev, frame.owner, base.name) is owner

    def _may_be_same(self, one: Inst, me: Inst, here: Def) -> bool:
        """Whether two objects may be one: equal ones, those of which it is not known how they are made, the one that a
        constructor makes; and the one that a method of a base class is called on."""
        if one.cls is not me.cls:
            return not one.known and one.cls is here.owner_class and one.cls in self._ev.classes.mro(me.cls)[0]
        return one == me or not (one.known and me.known) or here.scope.name.endswith(".__init__")

    # where a put runs -------------------------------------------------------------------------------------------

    def _frames(self, owner: Def, depth: int) -> list[Frame]:
        """The frames in which a function runs while modules are loaded, as far as that is seen."""
        if owner.kind in ("module", "class"):
            return [self._ev.frame(owner)]
        known = self._ran.get((owner, depth))
        if known is None:
            cuts = self._ev.cuts
            known = self._looked_for(owner, depth)
            if self._ev.cuts == cuts or len(self._busy) <= 1:
                self._ran[owner, depth] = known
        return known

    def _looked_for(self, owner: Def, depth: int) -> list[Frame]:
        found: dict[Frame, None] = {}
        short = owner.scope.name.rsplit(".", 1)[-1]
        cls = owner.owner_class
        if cls is not None and short == "__init_subclass__":
            found.update(dict.fromkeys(self._of_subclasses(cls, owner)))
        elif cls is not None and short in ("__new__", "__init__") and _is_metaclass(self._ev, cls):
            found.update(dict.fromkeys(self._of_metaclass(cls, owner)))
        elif owner.parent is not None and owner.parent.kind == "function":
            found.update(dict.fromkeys(self._of_decorators(owner, depth)))
        else:
            found.update(dict.fromkeys(self._of_plain_decorators(owner, short)))
            found.update(dict.fromkeys(itertools.islice(self._of_calls(owner, short, depth), MAX_FRAMES)))
        return list(found)

    def _of_subclasses(self, cls: Def, owner: Def) -> Iterator[Frame]:
        for sub in self._ev.classes.subclasses(cls):
            around = self._ev.frame(sub.parent or sub)
            given = tuple(
                sorted((name, self._ev.eval(value, around)) for name, value in sub.scope.keywords if name != "**")
            )
            yield entry_frame(self._ev, DefRef(owner, DefRef(sub)), (), given)

    def _of_metaclass(self, meta: Def, owner: Def) -> Iterator[Frame]:
        """The frames of a metaclass's method that makes classes: what is made is the class itself."""
        if self._made_by is None:
            self._made_by = {}
            for cls in self._ev.index.defs():
                if cls.kind == "class" and (maker := _metaclass_of(self._ev, cls)) is not None:
                    self._made_by.setdefault(maker, []).append(cls)
        for cls in self._made_by.get(meta, ()):
            name = (Text((cls.scope.name.rsplit(".", 1)[-1],)),)
            yield entry_frame(self._ev, DefRef(owner, DefRef(cls)), (name,), ())

    def _of_decorators(self, inner: Def, depth: int) -> Iterator[Frame]:
        """The frames of a function that the one around it gives back, as a decorator or to be called."""
        outer = inner.parent
        assert outer is not None
        short = outer.scope.name.rsplit(".", 1)[-1]
        for target in self.written.decorated.get(short, ()):
            around = target.parent
            for decorator in target.scope.decorators if around is not None else ():
                for value in self._ev.eval(decorator, self._ev.frame(around)) if around is not None else ():
                    if isinstance(value, DefRef) and value.target is inner:
                        yield entry_frame(self._ev, value, ((DefRef(target),),), ())
        for caller, call in self.written.calls.get("", ()):  # `register("a")(A)`
            if isinstance(call.func, CallResult):
                made = caller.scope.calls[call.func.call]
                if _called_name(caller, made.func) == short:
                    frame = self._ev.frame(caller)
                    for value in self._ev.eval(call.func, frame):
                        if isinstance(value, DefRef) and value.target is inner:
                            yield entry_frame(self._ev, value, *arguments(self._ev, call, frame))
        if depth and not any(True for expr in outer.scope.returns):  # it runs where the one around it does
            for frame in self._frames(outer, depth - 1):
                yield self._ev.bound_frame(inner, (), None, frame)

    def _of_plain_decorators(self, owner: Def, short: str) -> Iterator[Frame]:
        for target in self.written.decorated.get(short, ()):
            around = target.parent
            for decorator in target.scope.decorators if around is not None else ():
                for value in self._ev.eval(decorator, self._ev.frame(around)) if around is not None else ():
                    if isinstance(value, DefRef) and value.target is owner:
                        yield entry_frame(self._ev, value, ((DefRef(target),),), ())

    def _of_calls(self, owner: Def, short: str, depth: int) -> Iterator[Frame]:
        if owner.scope.name.rsplit(".", 1)[-1] == "__init__":
            short = owner.owner_class.scope.name.rsplit(".", 1)[-1] if owner.owner_class is not None else short
        for caller, call in self.written.calls.get(short, ()):
            if caller is owner:
                continue
            frames = [self._ev.frame(caller)]
            if caller.kind in ("function", "lambda") and depth and caller.scope.params:
                frames = self._frames(caller, depth - 1) or frames
            for frame in frames:
                for value in self._ev.eval(call.func, frame):
                    if isinstance(value, DefRef) and value.target is owner:
                        yield entry_frame(self._ev, value, *arguments(self._ev, call, frame))
                    elif isinstance(value, DefRef) and value.target is owner.owner_class:
                        given = arguments(self._ev, call, frame)
                        yield entry_frame(self._ev, DefRef(owner, Inst(value.target)), *given)


def _puts_of(target: Def) -> Iterator[Put]:
    kept = {expr.base for expr in target.scope.returns if isinstance(expr, Subscript)}  # what was put is given back
    for base, key, value, *_rest in target.scope.subs:
        if base not in kept:  # no cache
            yield Put(target, base, key, value)
    for call in target.scope.calls:
        func = call.func
        if not isinstance(func, Attribute) or not call.args:
            continue
        if func.name in _ADDS and (under := _under_key(target, func.base)) is not None:
            yield Put(target, *under, call.args[-1], adds=True)
        elif func.name in _ADDS:
            yield Put(target, func.base, None, call.args[-1])
        elif func.name in _SETS and len(call.args) > 1:
            yield Put(target, func.base, call.args[0], call.args[1])
        elif func.name in _MERGES:
            yield Put(target, func.base, None, call.args[0], merges=True)


def _is_own(put: Put) -> bool:
    """Whether a constructor puts something into an attribute of the object that it makes."""
    scope, base = put.owner.scope, put.base
    if scope.name.rpartition(".")[2] != "__init__" or not scope.params or not isinstance(base, Attribute):
        return False
    first, holder = Parameter(scope.params[0][0]), base.base
    return isinstance(holder, Local) and all(scope.defs[index][1] == first for index in holder.definitions)


def _under_key(target: Def, base: Expr) -> tuple[Expr, Expr] | None:
    """The table and the key of a list in it: `KNOWN[event]`, `KNOWN.setdefault(event, [])`."""
    if isinstance(base, Subscript):
        return base.base, base.index
    if isinstance(base, CallResult):
        call = target.scope.calls[base.call]
        if isinstance(call.func, Attribute) and call.func.name == "setdefault" and call.args:
            return call.func.base, call.args[0]
    return None


def _class_around(target: Def) -> Def | None:
    """The class of the method that a function is, or stands in."""
    here: Def | None = target
    while here is not None and here.kind in ("function", "lambda"):
        if here.owner_class is not None:
            return here.owner_class
        here = here.parent
    return None


def _last(target: Def, base: Expr) -> str:
    """The last name of what something is put into; "" where it is nothing that a module or class may hold."""
    if isinstance(base, Attribute | Name):
        return base.name
    if isinstance(base, Local) and target.kind in ("module", "class"):
        at = set(base.definitions)
        return next((name for name, indices in target.scope.names.items() if at & set(indices)), "")
    return ""


def _decorator_name(target: Def, decorator: Expr) -> str:
    around = target.parent
    if isinstance(decorator, CallResult) and around is not None:
        decorator = around.scope.calls[decorator.call].func
    return _called_name(around, decorator) if around is not None else ""


def _called_name(owner: Def, func: Expr) -> str:
    """The last name of what a call calls; "" where it has none: `register("a")(A)`."""
    if isinstance(func, Local) and func.definitions:
        func = owner.scope.defs[func.definitions[0]][1]
    if isinstance(func, Closure):
        return func.name
    return func.scope.rsplit(".", 1)[-1] if isinstance(func, Defined) else last_name(func) or ""


def _owner_of(ev: Evaluation, value: object, name: str) -> Def | None:
    """The module or class whose body has the name that is asked of a value."""
    if isinstance(value, ModuleRef):
        return value.module.define("")
    cls = value.target if isinstance(value, DefRef) else value.cls if isinstance(value, Inst) else None
    if cls is None or cls.kind != "class" or (isinstance(value, Inst) and ev.classes.assigned(cls, name)):
        return None
    return next((owner for owner in ev.classes.mro(cls)[0] if name in owner.scope.names), None)


def _module_of(ev: Evaluation, here: Def, name: str) -> Def | None:
    """The module whose body binds a name that a function reads, followed over an import."""
    module = here.module
    for _step in range(4):
        scope = module.summary.scopes.get("")
        indices = scope.names.get(name, ()) if scope is not None else ()
        if scope is None or not indices:
            return None
        value = scope.defs[indices[-1]][1]
        if not isinstance(value, ImportedName):
            return module.define("")
        found = ev.index.find(module.absolute(value.module))
        if found is None:
            return None
        module, name = found, value.name
    return None


def _is_metaclass(ev: Evaluation, cls: Def) -> bool:
    return "builtins.type" in ev.classes.mro(cls)[1] or any(p.endswith("Meta") for p in ev.classes.mro(cls)[1])


def _metaclass_of(ev: Evaluation, cls: Def) -> Def | None:
    """The metaclass of a class, its own or that of a base."""
    for owner in ev.classes.mro(cls)[0]:
        for name, value in owner.scope.keywords:
            if name == "metaclass":
                around = ev.frame(owner.parent or owner)
                return next((v.target for v in ev.eval(value, around) if isinstance(v, DefRef)), None)
    return None


__all__ = ["Registries"]
