"""The state of one scope while its body is read: names and their reaching definitions, calls, guards."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from extractor.summary.expr import (
    Alternatives,
    Attribute,
    CallResult,
    Closure,
    Constant,
    Defined,
    Expr,
    Local,
    Name,
    Opaque,
    Parameter,
    SequenceDisplay,
    Starred,
    Subscript,
    parts,
)
from extractor.summary.expressions import value_of
from extractor.summary.record import CallExpr, Scope, Way
from extractor.summary.secrets import under_key, under_name

Names = dict[str, Local]


class ScopeBuilder:
    """Collects what one module, class, function or lambda body says. `parent` is None for the module."""

    def __init__(self, name: str, kind: str, node: ast.AST, parent: ScopeBuilder | None, module: dict[str, Scope]):
        self.name, self.kind, self.parent, self.module = name, kind, parent, module
        self.line = min([getattr(node, "lineno", 1), *[d.lineno for d in getattr(node, "decorator_list", [])]])
        self.def_line, self.end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", None) or 1
        self.env: Names = {}
        self.all_names: dict[str, list[int]] = {}
        self.local_names: frozenset[str] = frozenset()
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()
        self.defs: list[tuple[int, Expr]] = []
        self.calls: list[CallExpr] = []
        self.reads: list[tuple[int, Attribute]] = []
        self.returns: list[Expr] = []
        self.yields: list[Expr] = []
        self.attrs: list[tuple[Expr, str, Expr, int]] = []
        self.subs: list[tuple[Expr, Expr, Expr, int, bool, tuple[int, ...]]] = []
        self.former: dict[tuple[Expr, str], Expr] = {}  # what attributes were that are being assigned
        self.former_read: set[tuple[Expr, str]] = set()
        self.branches = 0  # how many branches deep the statement stands that is being read
        self.global_sets: list[tuple[str, Expr, int]] = []
        self.withs: list[tuple[int, int, Expr]] = []
        self.guards: list[tuple[Expr, bool, int]] = []
        self.guarded: tuple[int, ...] = ()
        self.return_guards: list[tuple[int, ...]] = []
        self.ways: dict[tuple[int, ...], tuple[Way, ...] | None] = {}  # None: they also meet without a test
        self.unsettled: list[int] = []
        self.params: list[tuple[str, str, Expr | None, Expr | None]] = []
        self.annotations: dict[str, Expr] = {}
        self.decorators: tuple[Expr, ...] = ()
        self.bases: tuple[Expr, ...] = ()
        self.keywords: tuple[tuple[str, Expr], ...] = ()
        self.return_annotation: Expr | None = None
        self.doc = ""
        self.lambdas = 0

    # names -----------------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Expr:
        """The value of a name read here, innermost scope first (class scopes are passed over, as Python does)."""
        found = self.env.get(name)
        if found is not None:
            return found
        local = name in self.local_names and name not in self.global_names and name not in self.nonlocal_names
        if local and self.kind not in ("module", "class"):
            return Local(())
        outer = self.parent
        while outer is not None and outer.kind != "module":
            if outer.kind != "class" and (name in outer.env or name in outer.local_names):
                return Closure(outer.name, name)
            outer = outer.parent
        return Name(name)

    def bind(self, name: str, value: Expr, line: int) -> None:
        """Binds a name to a value from here on."""
        value = under_name(name, value)
        if name in self.global_names:
            self.global_sets.append((name, value, line))
            return
        self.defs.append((line, value))
        index = len(self.defs) - 1
        self.env[name] = Local((index,))
        self.all_names.setdefault(name, []).append(index)

    def bind_target(self, target: ast.expr, value: Expr, line: int) -> None:
        """Binds the target of an assignment, loop or `with`: names, attributes, subscripts, tuples of these."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value, line)
        elif isinstance(target, ast.Attribute):
            self.attrs.append((value_of(target.value, self), target.attr, under_name(target.attr, value), line))
        elif isinstance(target, ast.Subscript):
            if not isinstance(target.slice, ast.Slice):
                base, key = value_of(target.value, self), value_of(target.slice, self)
                self.subs.append((base, key, under_key(key, value), line, self.branches > 0, self.guarded))
        elif isinstance(target, ast.Starred):
            self.bind_target(target.value, Opaque("starred target"), line)
        elif isinstance(target, ast.Tuple | ast.List):
            for index, item in enumerate(target.elts):
                self.bind_target(item, _item_of(value, index), line)

    @contextmanager
    def reassigned(self, targets: Iterable[ast.expr]) -> Iterator[None]:
        """What is read inside is the new value of these targets: an attribute that is made of what it was
        (`self.url = join(self.url, "v1")`) is so of what was put there before, which no longer holds afterwards."""
        named = [t for t in targets if isinstance(t, ast.Attribute)] if self.attrs else []
        keys = {(self.lookup(t.value.id), t.attr) for t in named if isinstance(t.value, ast.Name)}
        kept = {key: [at for at, row in enumerate(self.attrs) if row[:2] == key] for key in keys}
        was = {key: tuple(self.attrs[at][2] for at in places) for key, places in kept.items() if places}
        self.former = {key: Alternatives(values) if len(values) > 1 else values[0] for key, values in was.items()}
        self.former_read = set()
        yield
        gone = {at for key in self.former_read for at in kept[key]} if not self.branches else set[int]()
        self.attrs = [row for at, row in enumerate(self.attrs) if at not in gone]
        self.former, self.former_read = {}, set()

    def attribute(self, value: Attribute) -> Expr:
        """The value of an attribute that is read here."""
        return self._former((value.base, value.name)) or value

    def former_value(self, target: ast.expr) -> Expr | None:
        """What the target of an assignment was that is being reassigned; None where that is not known."""
        is_plain = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
        return self._former((self.lookup(target.value.id), target.attr)) if is_plain else None  # type: ignore[attr-defined]

    def _former(self, key: tuple[Expr, str]) -> Expr | None:
        former = self.former.get(key)
        if former is not None:
            self.former_read.add(key)
        return former

    @contextmanager
    def inner_names(self) -> Iterator[None]:
        """Names bound by a comprehension end with it."""
        before = dict(self.env)
        yield
        self.env = before

    # guards ----------------------------------------------------------------------------------------------------

    @contextmanager
    def guard(self, test: Expr, holds: bool, line: int) -> Iterator[int]:
        """What is read inside runs only when `test` is (or is not) true. Gives the guard's place."""
        before = self.guarded
        self.guards.append((test, holds, line))
        self.guarded = (*before, len(self.guards) - 1)
        self.branches += 1
        yield len(self.guards) - 1
        self.branches -= 1
        self.guarded = before

    def guard_rest(self, test: Expr, holds: bool, line: int) -> None:
        """What follows in the block runs only when `test` is (or is not) true: the other way has left it."""
        self.guards.append((test, holds, line))
        self.guarded = (*self.guarded, len(self.guards) - 1)

    def merge(self, left: Names, right: Names, guard: int | None = None) -> Names:
        """The names after two ways have met: where the test of `guard` holds the left one was gone, else the right one;
        without a guard it is not known which."""
        merged = dict(left)
        for name, other in right.items():
            mine = merged.get(name)
            if mine is None:
                merged[name] = other
            elif mine is not other and mine.definitions != other.definitions:
                met = tuple(sorted({*mine.definitions, *other.definitions}))
                merged[name] = Local(met)
                self._meet(met, None if guard is None else (guard, mine.definitions, other.definitions))
        return merged

    def _meet(self, met: tuple[int, ...], way: Way | None) -> None:
        before = self.ways.get(met, ())
        if way is None or before is None:
            self.ways[met] = None
        elif way not in before:
            self.ways[met] = (*before, way)

    def _told_ways(self, names: dict[str, tuple[int, ...]]) -> dict[tuple[int, ...], tuple[Way, ...]]:
        """The ways that are kept: in a module or class body those that lead to what holds at its end."""
        known = {met: ways for met, ways in self.ways.items() if ways is not None}
        if self.kind in ("module", "class"):
            ends = [set(indices) for indices in names.values() if len(indices) > 1]
            known = {met: ways for met, ways in known.items() if any(end.issuperset(met) for end in ends)}
        return known

    @contextmanager
    def repeated(self) -> Iterator[None]:
        """What is read inside may run again, with what it has bound itself: guards that read that are not settled."""
        first_guard, first_definition = len(self.guards), len(self.defs)
        yield
        rebound = {
            name: {index for index in indices if index >= first_definition}
            for name, indices in self.all_names.items()
            if indices[-1] >= first_definition
        }
        for place in range(first_guard, len(self.guards)):
            if place not in self.unsettled and self._reads_one_of(self.guards[place][0], rebound):
                self.unsettled.append(place)

    def _reads_one_of(self, test: Expr, rebound: dict[str, set[int]]) -> bool:
        """Whether a test reads a variable for which there are definitions in the loop that did not reach it yet."""
        variables = [set(part.definitions) for part in self._made_of(test) if isinstance(part, Local)]
        return any(
            found & {*self.all_names[name]} and not inside <= found
            for found in variables
            for name, inside in rebound.items()
        )

    def _made_of(self, test: Expr) -> Iterator[Expr]:
        """A test, what it is made of, and the calls in it."""
        todo = [test]
        while todo:
            expr = todo.pop()
            yield expr
            todo.extend(parts(expr))
            if isinstance(expr, CallResult):
                call = self.calls[expr.call]
                todo.extend((call.func, *call.args, *(value for _name, value in call.kwargs)))

    # nested scopes ---------------------------------------------------------------------------------------------

    def child_name(self, name: str) -> str:
        """The dotted name of a scope defined here; a second one of the same name gets its number."""
        dotted = f"{self.name}.{name}" if self.name else name
        unique, number = dotted, 2
        while unique in self.module:
            unique, number = f"{dotted}#{number}", number + 1
        return unique

    def nested_lambda(self, node: ast.Lambda) -> Expr:
        """Reads a lambda as a scope of its own and gives the reference to it."""
        self.lambdas += 1
        child = ScopeBuilder(self.child_name(f"<lambda>{self.lambdas}"), "lambda", node, self, self.module)
        self.module[child.name] = child.build()
        child.local_names = frozenset(arg.arg for arg in _all_args(node.args))
        child.read_params(node.args, self)
        child.returns.append(value_of(node.body, child))
        child.return_guards.append(())
        self.module[child.name] = child.build()
        return Defined(child.name)

    def read_params(self, args: ast.arguments, outer: ScopeBuilder) -> None:
        """Declares the parameters; defaults and annotations are read in the scope around the function."""
        positional = [*args.posonlyargs, *args.args]
        missing = len(positional) - len(args.defaults)
        defaults = [None] * missing + [value_of(default, outer) for default in args.defaults]
        for arg, default in zip(positional, defaults, strict=True):
            self._param(arg, "pos", default, outer)
        if args.vararg:
            self._param(args.vararg, "*", None, outer)
        for arg, node in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            self._param(arg, "kw", None if node is None else value_of(node, outer), outer)
        if args.kwarg:
            self._param(args.kwarg, "**", None, outer)

    def _param(self, arg: ast.arg, kind: str, default: Expr | None, outer: ScopeBuilder) -> None:
        annotation = annotation_of(arg.annotation, outer)
        default = None if default is None else under_name(arg.arg, default)
        self.params.append((arg.arg, kind, default, annotation))
        self.bind(arg.arg, Parameter(arg.arg), arg.lineno)

    def build(self) -> Scope:
        """The finished record."""
        if self.kind in ("module", "class"):  # what holds when the body has run
            names = {name: local.definitions for name, local in self.env.items()}
        else:  # a closure may run at any time
            names = {name: tuple(indices) for name, indices in self.all_names.items()}
        return Scope(
            self.name,
            self.kind,
            self.line,
            self.end_line,
            self.def_line,
            self.parent.name if self.parent else "",
            tuple(self.params),
            self.decorators,
            self.bases,
            self.keywords,
            tuple(self.calls),
            tuple(self.defs),
            names,
            dict(self.annotations),
            tuple(self.returns),
            self.return_annotation,
            tuple(self.yields),
            tuple(self.attrs),
            tuple(self.subs),
            tuple(self.global_sets),
            _distinct_reads(self.reads),
            tuple(self.withs),
            tuple(self.guards),
            tuple(self.return_guards),
            self._told_ways(names),
            tuple(self.unsettled),
            self.doc,
        )


def annotation_of(node: ast.expr | None, scope: ScopeBuilder) -> Expr | None:
    """An annotation as a value; one written as text is parsed. None when there is none or it cannot be read."""
    if node is None:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    reads, calls = len(scope.reads), len(scope.calls)
    value = value_of(node, scope)
    del scope.reads[reads:]  # an annotation reads nothing at run time
    return value if len(scope.calls) == calls else None


def _all_args(args: ast.arguments) -> list[ast.arg]:
    found = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return found + [arg for arg in (args.vararg, args.kwarg) if arg]


def _item_of(value: Expr, index: int) -> Expr:
    items = value.items if isinstance(value, SequenceDisplay) else ()
    if index < len(items) and not any(isinstance(item, Starred) for item in items):
        return items[index]
    return Subscript(value, Constant(index))


def _distinct_reads(reads: list[tuple[int, Attribute]]) -> tuple[tuple[int, Attribute], ...]:
    seen: dict[Attribute, int] = {}
    for line, value in reads:
        seen.setdefault(value, line)
    return tuple((line, value) for value, line in seen.items())
