"""Evaluation: what an expression of a summary can be, followed through names, attributes, calls and classes.

Everything is demand-driven, memoised per frame, and bounded: by depth, by the number of alternatives, and by a budget
of steps per question. Beyond a bound the answer is `Unknown`, with the bound as its reason.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from extractor.evaluate import attributes, builtins, calls, readers
from extractor.evaluate.classes import Classes
from extractor.evaluate.expressions import EXPRESSIONS
from extractor.evaluate.feasible import Branches
from extractor.evaluate.folding import LIMIT, bounded
from extractor.evaluate.registries import Registries
from extractor.evaluate.values import (
    Bindings,
    Const,
    DefRef,
    Ext,
    Frame,
    Inst,
    ModuleRef,
    Param,
    Piped,
    Text,
    Unknown,
    Value,
    Values,
    const,
)
from extractor.evaluate.wrappers import Wrappers
from extractor.program.index import ModuleIndex
from extractor.program.module import Def, Module
from extractor.summary import Expr
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Constant,
    Defined,
    ImportedModule,
    ImportedName,
    Local,
    Name,
    Parameter,
)

MAX_DEPTH = 24  # nested evaluations
MAX_NAME_DEPTH = 40  # for names: what a module is called does not depend on how deep it is asked
MAX_STEPS = 10_000  # evaluations for one question
MAX_STEPS_APART = 30_000  # for all questions apart to which one leads
_NAMES = frozenset({Name, ImportedName, ImportedModule})
_NEW: Values = (Unknown("not looked for yet"),)  # told apart by its identity


@dataclass(frozen=True, slots=True)
class _Partly:
    """An answer that a bound cut short, or that leads to itself: it stands for questions from `inline` functions deep,
    and deeper."""

    inline: int
    values: Values


class Evaluator:
    """Answers `what can this expression be?` over one world. Holds the memo; the summaries never change."""

    def __init__(self, world: ModuleIndex) -> None:
        self.index = world
        self.depth = 0
        self.inline = 0
        self.recursion: dict[Def, int] = {}  # functions that are being entered to learn what they return, how often
        self.filled: dict[
            Def, frozenset[int]
        ] = {}  # definitions into whose value the lines of a function put something
        self.cuts = 0  # how often a question was left open
        self._steps = 0  # of the question that is being answered
        self.spent = 0  # steps, of all questions so far
        self.most_steps = MAX_STEPS  # of one question, from now on
        self._apart = 0  # questions apart, one inside the other
        self._steps_apart = 0
        self._names: dict[tuple[Module, str], Values] = {}
        self._busy: set[tuple[Module, str]] = set()
        # By frame, then by the identity of the expression, which is held so that no other can take it on.
        self._memo: dict[Frame, dict[int, Values | _Partly | None]] = {}  # None: it is being looked for
        self._held: list[Expr] = []
        self._constants: dict[tuple[type, object], Values] = {}
        self._globals: dict[Module, dict[str, list[tuple[str, Expr]]]] = {}
        self.classes = Classes(self)
        self.branches = Branches(self)
        self.registries = Registries(self)
        self.wrappers = Wrappers(self)
        # What a setting can be, once the settings of a service were read.
        self.setting: Callable[[str], Values] | None = None
        # The literal text of a setting, where settings are to be read as what they are and not by name.
        self.clients: frozenset[str] = frozenset()  # packages whose objects ask other systems
        self.literal_setting: Callable[[str], str | None] | None = None
        # What a framework is known to pass: (function, parameter) -> values.
        self.given: dict[tuple[Def, str], Values] = {}
        self._symbolic: dict[Def, Frame] = {}
        self._frames: dict[tuple[Def, Bindings, Value | None, Frame | None], Frame] = {}

    def beside(self) -> Evaluator:
        """Another evaluator of the same world and settings, that may assume what this one does not."""
        other = Evaluator(self.index)
        other.setting, other.literal_setting = self.setting, self.literal_setting
        other.clients = self.clients
        other.registries.share(self.registries)
        return other

    # What the modules beside this one answer; they ask one another here, and import only the protocol.
    attribute = attributes.attribute
    item = attributes.item
    elements = attributes.elements
    call_result = calls.call_result
    call_value = calls.call_value
    returned = calls.returned
    entered = calls.entered
    outside = builtins.outside
    environment_read = readers.environment_read

    # frames ----------------------------------------------------------------------------------------------------

    def frame(self, target: Def) -> Frame:
        """The symbolic frame of a scope: parameters open, `self` an instance of the class around it."""
        found = self._symbolic.get(target)
        if found is None:
            outer = target.parent
            enclosing = self.frame(outer) if outer is not None and outer.kind in ("function", "lambda") else None
            me = self.self_of(target)
            found = self._symbolic[target] = Frame(target, (), me, enclosing, is_open=True)
            self._frames[target, (), me, enclosing] = found
        return found

    def bound_frame(self, target: Def, bindings: Bindings, me: Value | None, outer: Frame | None) -> Frame:
        """The frame of a scope with these bindings; the same object every time."""
        key = (target, bindings, me, outer)
        found = self._frames.get(key)
        if found is None:
            if not bindings and target not in self._symbolic:  # it may be the open one
                self.frame(target)
                return self.bound_frame(target, bindings, me, outer)
            found = self._frames[key] = Frame(target, bindings, me, outer)
        return found

    def self_of(self, target: Def) -> Value | None:
        """What the first parameter of a method is when nobody has bound it."""
        cls = target.owner_class
        if cls is None or target.kind != "function":
            return None
        names = self.decorator_names(target)
        if "builtins.staticmethod" in names:
            return None
        if "builtins.classmethod" in names or target.scope.name.endswith((".__new__", ".__init_subclass__")):
            return DefRef(cls)
        return Inst(cls, (), known=False)

    def decorator_names(self, target: Def) -> tuple[str, ...]:
        """The qualified names of a definition's decorators (`@x` and `@x(...)` alike)."""
        out = []
        parent = target.parent
        if parent is None:
            return ()
        frame = self.frame(parent)
        for decorator in target.scope.decorators:
            expr = parent.scope.calls[decorator.call].func if isinstance(decorator, CallResult) else decorator
            out += [name for value in self.eval(expr, frame) if (name := qualified(value))]
        return tuple(out)

    # names -----------------------------------------------------------------------------------------------------

    def module_name(self, module: Module, name: str) -> Values:
        """What a name of a module's scope is: defined there, imported, or brought by a star import."""
        key = (module, name)
        found = self._names.get(key)
        if found is not None:
            return found
        # `X = X + [...]` reads what a star import brought.
        again = key in self._busy or self._is_being_bound(module, name)
        mark = (module, f"*{name}") if again else key
        if mark in self._busy:  # modules that import everything of each other
            return ()
        self._busy.add(mark)
        try:
            found = self._starred(module, name) if again else self._module_name(module, name)
        finally:
            self._busy.discard(mark)
        if again:
            return found
        if found or not (self._busy or self.depth) or self._is_absent(module, name):
            self._names[key] = found
        return found

    def _is_being_bound(self, module: Module, name: str) -> bool:
        """True while what the module's own body binds the name to is being looked for."""
        scope = module.summary.scopes.get("")
        indices = scope.names.get(name) if scope is not None and module.summary.stars else None
        memo = self._memo.get(self.frame(module.define(""))) if indices else None
        if scope is None or not indices or not memo:
            return False
        return any(memo.get(id(scope.defs[index][1]), _NEW) is None for index in indices)

    def _is_absent(self, module: Module, name: str) -> bool:
        """True when nothing can bring the name: a builtin, then, whatever is being looked for above this question."""
        scope = module.summary.scopes.get("")
        own = scope is not None and name in scope.names
        return not own and not module.summary.stars and name not in self._global_sets(module)

    def _module_name(self, module: Module, name: str) -> Values:
        scope = module.summary.scopes.get("")
        if scope is None:
            return ()
        indices = scope.names.get(name)
        if indices is not None:
            frame = self.frame(module.define(""))
            values = bounded(v for i in indices for v in self.eval(scope.defs[i][1], frame))
            values = self.registries.filled(frame.owner, name, values)
            known = [v for v in values if not (isinstance(v, Const) and v.value is None)]
            return tuple(known) + self._set_elsewhere(module, name) or values
        child = self.index.find(f"{module.name}.{name}") if module.package else None
        values = self._starred(module, name)
        if values:
            return values
        return (ModuleRef(child),) if child is not None else self._set_elsewhere(module, name)

    def _starred(self, module: Module, name: str) -> Values:
        """What star imports bring under the name."""
        for star in module.summary.stars:
            source = self.index.find(module.absolute(star))
            if source is not None and source is not module:
                values = self.module_name(source, name)
                if values:
                    return values
        return ()

    def _set_elsewhere(self, module: Module, name: str) -> Values:
        """What functions assign to the name through `global`."""
        out: list[Value] = []
        for scope, value in self._global_sets(module).get(name, ()):
            out += self.eval(value, self.frame(module.define(scope)))
        return bounded(v for v in out if not (isinstance(v, Const) and v.value is None))

    def _global_sets(self, module: Module) -> dict[str, list[tuple[str, Expr]]]:
        """What functions assign through `global`, by name: (scope, value)."""
        found = self._globals.get(module)
        if found is None:
            found = self._globals[module] = {}
            for scope in module.summary.scopes.values():
                for key, value, _line in scope.global_sets:
                    found.setdefault(key, []).append((scope.name, value))
        return found

    def imported(self, dotted: str) -> Values:
        """The module of an absolute name, or an outside path."""
        found = self.index.find(dotted)
        return (ModuleRef(found),) if found is not None else (Ext(dotted),)

    def by_dotted(self, dotted: str, outside: bool = False) -> Values:
        """What dotted text names (`package.module.Class.method`), as `import_string` would find it; () if nothing.

        `outside` keeps objects made by code that was not read (`app = Celery()`).
        """
        parts = dotted.split(".")
        for size in range(len(parts), 0, -1):
            module = self.index.find(".".join(parts[:size]))
            if module is None:
                continue
            values: Values = (ModuleRef(module),)
            for part in parts[size:]:
                values = bounded(v for value in values for v in self.attribute(value, part))
            return tuple(v for v in values if not isinstance(v, Unknown) and (outside or not isinstance(v, Ext)))
        return ()

    # expressions -----------------------------------------------------------------------------------------------

    def eval(self, expr: Expr, frame: Frame) -> Values:
        """The alternatives of an expression in a frame, at most `LIMIT`; () when nothing is known."""
        memo = self._memo.get(frame)
        if memo is None:
            memo = self._memo[frame] = {}
        key = id(expr)
        found = memo.get(key, _NEW)
        if found is not _NEW:
            if found.__class__ is tuple:
                return found
            if found is None:  # it is being looked for, further up
                self.cuts += 1
                return ()
            if found.inline <= self.inline:  # type: ignore[union-attr]
                self.cuts += 1
                return found.values  # type: ignore[union-attr]
        kind = expr.__class__
        if kind is Constant:
            return self._constant(expr.value)  # type: ignore[union-attr]
        if kind is Defined:
            return self._definition(expr.scope, frame)  # type: ignore[union-attr]
        if kind is Parameter:
            return self._parameter(expr.name, frame)  # type: ignore[union-attr]
        if kind is Name and (known := self._names.get((frame.owner.module, expr.name))):  # type: ignore[union-attr]
            return known
        if self.depth == 0:
            self._steps = 0
            if not self._apart:
                self._steps_apart = 0
        self._steps += 1
        self.spent += 1
        deepest = MAX_NAME_DEPTH if kind in _NAMES else MAX_DEPTH
        self._steps_apart += self._apart > 0
        asked_enough = self._steps > self.most_steps or (self._apart > 0 and self._steps_apart > MAX_STEPS_APART)
        if self.depth >= deepest or asked_enough:
            self.cuts += 1
            return ()
        memo[key] = None
        cuts = self.cuts
        self.depth += 1
        try:
            found = EXPRESSIONS[kind](self, expr, frame)
        finally:
            self.depth -= 1
            del memo[key]
        if self.cuts == cuts or self.depth == 0:
            memo[key] = found
        elif found:
            memo[key] = _Partly(self.inline, found)
        if found:
            self._held.append(expr)
        return found

    def forget(self, most: int = 0) -> None:
        """Gives up what expressions are in frames that values tell apart, where there are more than `most` frames: it
        is seldom asked again, and worked out anew. Only between questions."""
        if len(self._memo) > most:
            self._memo = {frame: known for frame, known in self._memo.items() if frame.is_open}
            self.branches.forget()

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """Questions asked inside have depths and steps of their own: they are not part of the one that led here. All
        to which one question leads share a bound, or each could ask as much as the first."""
        before = self.depth, self._steps, self.inline
        self.depth = self._steps = self.inline = 0
        self._apart += 1
        try:
            yield
        finally:
            self.depth, self._steps, self.inline = before
            self._apart -= 1

    def _constant(self, value: object) -> Values:
        key = (type(value), value)
        found = self._constants.get(key)
        if found is None:
            found = (const(value),)
            if not isinstance(value, float):  # 0.0 and -0.0 are equal
                self._constants[key] = found
        return found

    def assume(self, expr: Expr, frame: Frame, values: Values) -> None:
        """Takes an expression to be worth these values in a frame: one round of a loop, say."""
        self._memo.setdefault(frame, {})[id(expr)] = values

    def _definition(self, scope: str, frame: Frame) -> Values:
        target = frame.owner.module.define(scope)
        closure = frame if frame.owner.kind in ("function", "lambda") else None
        return (DefRef(target, None, closure),)

    def _parameter(self, name: str, frame: Frame) -> Values:
        bound = frame.get(name)
        if bound is not None:
            return bound
        passed = self.given.get((frame.owner, name))
        if passed is not None:
            return passed
        params = frame.owner.scope.params
        if frame.self is not None and params and params[0][0] == name:
            return (frame.self,)
        for param, _kind, default, annotation in params:
            if param != name:
                continue
            typed = self.typed(annotation, frame) if annotation is not None else ()
            if typed:
                return typed
            if isinstance(default, Name | Attribute | ImportedName | Local):
                return (Param(frame.owner, name), *self._callable_default(default, frame))
        return (Param(frame.owner, name),)

    def _callable_default(self, default: Expr, frame: Frame) -> Values:
        """The function or class that a parameter stands for when nobody gives another."""
        outer = self.frame(frame.owner.parent) if frame.owner.parent is not None else frame
        return tuple(v for v in self.eval(default, outer) if isinstance(v, DefRef))

    def typed(self, annotation: Expr, frame: Frame) -> Values:
        """Instances of the classes an annotation names (`X | None`, `Optional[X]`, `list[X]` included)."""
        outer = self.frame(frame.owner.parent) if frame.owner.parent is not None else frame
        out: list[Value] = []
        for value in self.eval(annotation, outer):
            out += _instance_of(value)
        return bounded(out)

    def constant_key(self, values: Values) -> str | None:
        """The one literal text among the values, or None."""
        literals = [v.literal for v in values if isinstance(v, Text)]
        return literals[0] if len(literals) == 1 else None


def qualified(value: Value) -> str | None:
    """The dotted name of what a value refers to: `celery.shared_task`, `package.module.function`."""
    if isinstance(value, Ext):
        return value.path
    if isinstance(value, DefRef):
        return value.target.qualified
    if isinstance(value, ModuleRef):
        return value.module.name
    return None


def _instance_of(value: Value) -> list[Value]:
    if isinstance(value, DefRef) and value.target.kind == "class":
        return [Inst(value.target, (), known=False)]
    if isinstance(value, Ext):
        if value.path.startswith("builtins.") or value.path.startswith("typing."):
            return []
        return [Ext(value.path + "()")]
    if isinstance(value, Piped):
        return [v for side in (value.left, value.right) for one in side for v in _instance_of(one)]
    return []


__all__ = ["LIMIT", "Evaluator", "qualified"]
