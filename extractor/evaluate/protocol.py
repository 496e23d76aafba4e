"""What attributes, calls, builtins, classes and expressions ask of the evaluator, which alone knows them all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from extractor.evaluate.values import Args, Bindings, DefRef, Ext, Frame, Inst, Kwargs, Value, Values
from extractor.program.index import ModuleIndex
from extractor.program.module import Def, Module
from extractor.summary import CallExpr, Expr


class ClassFacts(Protocol):
    """What is known of classes; see `extractor.evaluate.classes`."""

    def mro(self, cls: Def) -> tuple[tuple[Def, ...], tuple[str, ...]]:
        """The classes that were read, nearest first, and the dotted names of the bases that were not."""

    def is_model(self, cls: Def) -> bool:
        """True for Django models."""

    def subclasses(self, cls: Def) -> list[Def]:
        """The classes that were read and derive from `cls`."""

    def member(self, cls: Def, name: str, after: Def | None = None) -> tuple[Def, Values] | None:
        """A name in the class bodies along the resolution order: the class that has it, and what it is."""

    def assigned(self, cls: Def, name: str) -> list[tuple[Def, Expr]]:
        """Where methods assign `self.name`: (method, value)."""

    def is_property(self, target: Def) -> bool:
        """True for methods that run when the attribute is read."""

    def only_property(self, name: str) -> Def | None:
        """The only property of this name in the repository."""


class TableFacts(Protocol):
    """What is known of tables that other code fills; see `extractor.evaluate.registries`."""

    def filled(self, owner: Def, name: str, values: Values, me: Inst | None = None) -> Values:
        """What a name of a module or a class, or an attribute of an object `me`, is, with what is put into it."""

    def filled_when_made(self, me: Inst, name: str, values: Values) -> Values:
        """What an attribute of an object is, with what its own constructor puts into it."""

    def keeps(self, cls: Def) -> bool:
        """Whether methods of a class put something into what its objects hold."""


class WrapperFacts(Protocol):
    """What is known of decorated functions; see `extractor.evaluate.wrappers`."""

    def of(self, func: DefRef) -> DefRef | None:
        """The function that is called in the place of a decorated one; None where that is as good as itself."""


class BranchFacts(Protocol):
    """What is known of the tests that guard lines; see `extractor.evaluate.feasible`."""

    def is_passed_over(self, guards: tuple[int, ...], frame: Frame) -> bool:
        """True when one of the tests is known to choose another branch in this frame."""

    def reaching(self, definitions: tuple[int, ...], frame: Frame) -> tuple[int, ...]:
        """Those of a variable's definitions that reach a use of it on the ways that its frame takes."""

    def holds(self, place: int, frame: Frame) -> bool | None:
        """Whether the test of a guard of the frame's function holds; None when that is not known for certain."""


class Evaluation(Protocol):
    """An evaluator, as the parts of it see one another: each asks here, and none imports another."""

    cuts: int  # how often a question was left open because it led to itself or beyond a bound
    inline: int  # how many functions were entered inside one another
    recursion: dict[Def, int]  # how often each of them was
    filled: dict[Def, frozenset[int]]  # the definitions of functions into whose value their lines put something

    @property
    def branches(self) -> BranchFacts:
        """What is known of the tests of functions."""

    @property
    def registries(self) -> TableFacts:
        """What is known of tables."""

    @property
    def wrappers(self) -> WrapperFacts:
        """What is known of decorated functions."""

    @property
    def index(self) -> ModuleIndex:
        """The modules that were read."""

    @property
    def classes(self) -> ClassFacts:
        """What is known of classes."""

    @property
    def setting(self) -> Callable[[str], Values] | None:
        """What a setting can be, once the settings of a service were read."""

    @property
    def clients(self) -> frozenset[str]:
        """The packages whose objects ask other systems, by their first names."""

    @property
    def literal_setting(self) -> Callable[[str], str | None] | None:
        """The literal text of a setting, where settings are read as what they are."""

    # expressions and names

    def eval(self, expr: Expr, frame: Frame) -> Values:
        """The alternatives of an expression in a frame."""

    def assume(self, expr: Expr, frame: Frame, values: Values) -> None:
        """Takes an expression to be worth these values in a frame."""

    def apart(self) -> AbstractContextManager[None]:
        """Questions asked inside have bounds of their own."""

    def typed(self, annotation: Expr, frame: Frame) -> Values:
        """Instances of the classes that an annotation names."""

    def module_name(self, module: Module, name: str) -> Values:
        """What a name of a module's scope is."""

    def imported(self, dotted: str) -> Values:
        """The module of an absolute name, or an outside path."""

    def by_dotted(self, dotted: str, outside: bool = False) -> Values:
        """What dotted text names."""

    def decorator_names(self, target: Def) -> tuple[str, ...]:
        """The qualified names of a definition's decorators."""

    def constant_key(self, values: Values) -> str | None:
        """The one literal text among the values, or None."""

    # frames

    def frame(self, target: Def) -> Frame:
        """The symbolic frame of a scope."""

    def bound_frame(self, target: Def, bindings: Bindings, me: Value | None, outer: Frame | None) -> Frame:
        """The frame of a scope with these bindings."""

    def self_of(self, target: Def) -> Value | None:
        """What the first parameter of a method is when nobody has bound it."""

    # attributes, items, elements

    def attribute(self, base: Value, name: str) -> Values:
        """What `base.name` can be."""

    def item(self, base: Value, key: Value) -> Values:
        """What `base[key]` can be."""

    def elements(self, base: Value) -> Values:
        """What iterating over a value gives."""

    # calls

    def call_result(self, call: CallExpr, frame: Frame) -> Values:
        """What a call expression can give back."""

    def call_value(
        self, func: Value, args: Args, kwargs: Kwargs, me: Value | None = None, frame: Frame | None = None
    ) -> Values:
        """What calling a value can give back."""

    def returned(self, func: DefRef, args: Args, kwargs: Kwargs) -> Values:
        """What a function that was read can give back."""

    def entered(self, value: Value) -> Values:
        """What `with value as x` binds."""

    def outside(self, func: Ext, args: Args, kwargs: Kwargs, frame: Frame | None) -> Values:
        """What calling something that was not read gives."""

    def environment_read(self, qualified: str, args: Args, kwargs: Kwargs) -> Values | None:
        """The variable that a function which was read takes from the environment, by its name."""
