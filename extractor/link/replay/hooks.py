"""Hooks: methods that run without being called by name in the repository, by the class of the object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Inst, Mapping, Seq, Value
from extractor.link.callgraph import GIVES_CLASS
from extractor.program.module import Def
from extractor.rules.django import django_rules
from extractor.summary import Expr, Scope
from extractor.summary.expr import Attribute, CallResult, Constant, Local, Name, Parameter

MAX_OVERRIDES = 12


class Hooks:
    """Answers which methods of a class its framework, or Python itself, may call."""

    # What Python calls by itself when an object is iterated, indexed, tested, shown.
    protocol = ("__iter__", "__next__", "__getattr__", "__getitem__", "__bool__", "__len__", "__del__", "__str__")

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._called = _called_names(ev)
        self._properties: frozenset[str] | None = None
        self._of_class: dict[Def, tuple[Def, ...]] = {}

    def members(self, inst: Inst, names: Iterable[str]) -> Iterator[DefRef]:
        """The functions that an object has under these names, bound to it."""
        for name in names:
            member = self._ev.classes.member(inst.cls, name)
            for value in member[1] if member else ():
                if isinstance(value, DefRef) and value.target.kind == "function":
                    yield DefRef(value.target, inst, value.frame)

    def overrides(self, func: DefRef) -> Iterator[Def]:
        """The methods of subclasses that a call of a method may mean, where the object's own class is not known."""
        if not isinstance(func.self, Inst) or func.target.owner_class is None:
            return
        name = func.target.scope.name.rsplit(".", 1)[-1]
        for sub in self._ev.classes.subclasses(func.self.cls)[:MAX_OVERRIDES]:
            nested = f"{sub.scope.name}.{name}"
            if name in sub.scope.names and nested in sub.module.summary.scopes:
                yield sub.module.define(nested)

    def of_object(self, inst: Inst) -> Iterator[DefRef]:
        """The methods that code which was not read may call on an object of the repository: those that override what
        it has."""
        for method in self._overriding(inst.cls):
            yield DefRef(method, inst)

    def of_framework(self, cls: Def, every: bool = False) -> Iterator[DefRef]:
        """The methods that a framework may call on a class that it makes objects of: those that override something,
        and those that the class does not call itself; `every` one where the framework's interface is wide."""
        me = Inst(cls, (), known=True)
        is_model = self._ev.classes.is_model(cls)
        for owner in self._ev.classes.mro(cls)[0]:
            for name in owner.scope.names:
                nested = f"{owner.scope.name}.{name}"
                if nested in owner.module.summary.scopes and not is_model:
                    method = owner.module.define(nested)
                    if method.kind == "function" and self._is_own(cls, method, name, every):
                        yield DefRef(method, me)

    def classes_named(self, cls: Def) -> Iterator[Def]:
        """The classes of the repository that the body of a class names (`serializer_class = X`), or that a method
        chooses for its framework (`get_serializer_class`)."""
        for owner in self._ev.classes.mro(cls)[0]:
            frame = self._ev.frame(owner)
            for name, indices in owner.scope.names.items():
                nested = f"{owner.scope.name}.{name}"
                if nested in owner.module.summary.scopes:
                    if GIVES_CLASS.fullmatch(name):
                        method = owner.module.define(nested)
                        inner = self._ev.bound_frame(method, (), Inst(cls, (), known=True), None)
                        for expr in method.scope.returns:
                            yield from _classes(v for v in self._ev.eval(expr, inner))
                    continue
                for index in indices:
                    expr = owner.scope.defs[index][1]
                    if not isinstance(expr, Constant):
                        yield from _classes(self._ev.eval(expr, frame))

    def is_property_name(self, name: str) -> bool:
        """Whether some class of what was read has a property of this name."""
        if self._properties is None:
            self._properties = frozenset(
                target.scope.name.rsplit(".", 1)[-1]
                for target in self._ev.index.defs()
                if target.kind == "function"
                and target.scope.decorators
                and target.owner_class is not None
                and self._ev.classes.is_property(target)
            )
        return name in self._properties

    def _is_own(self, cls: Def, method: Def, name: str, every: bool) -> bool:
        """Whether a framework calls a method: it overrides something, or the class does not call what goes by its name.
        A method that a nearer class overrides is left to that one's `super()`."""
        member = self._ev.classes.member(cls, name)
        if member is None or not any(isinstance(v, DefRef) and v.target is method for v in member[1]):
            return False
        if self._is_static(method):
            return False
        return every or _overrides_something(method, name) or name not in self._called

    def _is_static(self, method: Def) -> bool:
        names = self._ev.decorator_names(method) if method.scope.decorators else ()
        return "builtins.classmethod" in names or "builtins.staticmethod" in names

    def _overriding(self, cls: Def) -> tuple[Def, ...]:
        found = self._of_class.get(cls)
        if found is None:
            classes, outside = self._ev.classes.mro(cls)
            names = {name for owner in classes for name in owner.scope.names}
            if not outside:  # it overrides nothing that another could know by name, beside what Python itself calls
                names = {name for name in names if name.startswith("__")}
            methods = (
                value.target
                for name in sorted(names)
                if (member := self._ev.classes.member(cls, name)) is not None
                for value in member[1]
                if isinstance(value, DefRef) and value.target.kind == "function"
                if _overrides_something(value.target, name) and not self._is_static(value.target)
            )
            found = self._of_class[cls] = tuple(dict.fromkeys(methods))
        return found


def _overrides_something(method: Def, name: str) -> bool:
    """Whether a method is one that its framework knows: by its name, or because it hands up to its base."""
    if django_rules().hooks.fullmatch(name):
        return True
    return any(
        isinstance(call.func, Attribute) and call.func.name == name and _is_super(method, call.func.base)
        for call in method.scope.calls
    )


def _is_super(method: Def, base: Expr) -> bool:
    return isinstance(base, CallResult) and method.scope.calls[base.call].func == Name("super")


def _called_names(ev: Evaluator) -> frozenset[str]:
    """The names by which methods of the repository call one another, on `self` or on the class."""
    return frozenset(
        call.func.name
        for module in ev.index.modules
        if module.in_repo
        for scope in module.summary.scopes.values()
        if scope.kind == "function" and scope.params
        for call in scope.calls
        if isinstance(call.func, Attribute) and _is_own_object(scope, call.func.base)
    )


def _is_own_object(scope: Scope, base: Expr) -> bool:
    first = Parameter(scope.params[0][0])
    return (
        isinstance(base, Local)
        and bool(base.definitions)
        and all(scope.defs[index][1] == first for index in base.definitions)
    )


def _classes(values: Iterable[Value]) -> Iterator[Def]:
    for value in values:
        if isinstance(value, DefRef) and value.target.kind == "class" and value.target.module.in_repo:
            yield value.target
        elif isinstance(value, Inst) and value.cls.module.in_repo:
            yield value.cls
        elif isinstance(value, Seq):
            for inner in value.items[:20]:
                yield from _classes(inner)
        elif isinstance(value, Mapping):
            for _keys, inner in value.items[:40]:
                yield from _classes(inner)


__all__ = ["Hooks"]
