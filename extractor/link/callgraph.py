"""The call graph of one world: who may run what, and by which line.

Edges go from a definition to a definition. Most are calls; others are ways in which Python or Django runs code that
nobody calls by name: properties, `with`, decorators, callbacks, classes handed to a framework, signals, queued tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from extractor.evaluate.arguments import arguments
from extractor.evaluate.calls import waits
from extractor.evaluate.evaluator import MAX_STEPS, Evaluator
from extractor.evaluate.values import (
    DefRef,
    Ext,
    Inst,
    Mapping,
    Param,
    Partial,
    QueryMethod,
    Seq,
    Unknown,
    Value,
    Values,
)
from extractor.link.handed import HandedOver, functions_in
from extractor.program.index import ModuleIndex
from extractor.program.module import Def, Module
from extractor.rules.vocabulary import vocabulary
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Attribute,
    BinaryOperation,
    CallResult,
    Constant,
    Defined,
    JoinedText,
    Local,
    SequenceDisplay,
    literal_text,
)

# Methods of Python's own types: an unknown receiver of one of these is not guessed.
_OF_PYTHON = frozenset(name for kind in (str, dict, list, set) for name in dir(kind))
MAX_FAMILY = 12  # methods of one name that an unknown receiver may mean: those of processors or backends, say
# Methods by which a framework asks a view for the class to use: `get_serializer_class`, `get_form_class`.
GIVES_CLASS = re.compile(r"get_\w+_class(es)?")
# Methods that keep a function for a later moment, and do not run it.
MAX_KEPT = 50_000  # frames of which is kept what their expressions are
# Evaluations for the calls of one function, and more for each of them; what is asked after that is asked in few steps.
ALLOWANCE, ALLOWANCE_FOR_CALL, FEW_STEPS = 10_000, 300, 100
KEEPERS = frozenset(("connect", "register", "register_task", "add_url_rule", "append", "add", "setdefault"))
# Methods of a decorated function (a task) that run it here and now.
RUN_INLINE = frozenset(("apply", "run", "__call__", "func", "__wrapped__"))


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` may run `target`. `how` is call, override, property, callback, decorator, signal, any signal (who calls
    the source tells which) or guess."""

    source: Def
    target: Def
    line: int
    how: str


@dataclass(slots=True)
class Site:
    """A call expression and what it may call. `decorates` is the function that it makes a decorator for."""

    owner: Def
    call: CallExpr
    funcs: Values
    decorates: Def | None = None

    @property
    def runner(self) -> Def:
        """What runs when the call does its work: a decorator's work is done when the function runs."""
        return self.decorates or self.owner


@dataclass(slots=True)
class CallGraph:
    """Sites by the definition they stand in, edges both ways. `unresolved` are the definitions that call a method of an
    object which, with their parameters open, is not known, by the method's name; `given_up` those whose calls take
    long to tell: what the last of them lead to was asked in few steps."""

    sites: dict[Def, list[Site]] = field(default_factory=dict)
    callers: dict[Def, list[Edge]] = field(default_factory=dict)
    callees: dict[Def, list[Edge]] = field(default_factory=dict)
    nested: list[Def] = field(default_factory=list)
    unresolved: dict[str, dict[Def, None]] = field(default_factory=dict)
    given_up: list[Def] = field(default_factory=list)
    _seen: set[tuple[Def, Def, str]] = field(default_factory=set)

    def add(self, source: Def, target: Def, line: int, how: str) -> None:
        """Adds an edge; the first line found for a pair and a kind is kept."""
        key = (source, target, how)
        if source is target or key in self._seen:
            return
        self._seen.add(key)
        edge = Edge(source, target, line, how)
        self.callees.setdefault(source, []).append(edge)
        self.callers.setdefault(target, []).append(edge)


def build(ev: Evaluator) -> CallGraph:
    """The call graph of the repository's own modules (edges may lead into libraries, and stop there)."""
    graph = CallGraph()
    properties = _property_names(ev)
    methods = _methods_by_name(ev.index)
    handed = HandedOver(ev)
    for module in ev.index.modules:
        if not module.in_repo:
            continue
        decorated = _decorated(module)
        for name in module.summary.scopes:
            _scope_edges(ev, graph, module.define(name), properties, methods, decorated.get(name, {}), handed)
        ev.forget(MAX_KEPT)
    for inner in graph.nested:
        outer = inner.parent
        if outer is not None and not _is_run_elsewhere(graph, outer, inner):
            graph.add(outer, inner, inner.scope.line, "callback")
    _constructors_nobody_calls(ev, graph)
    return graph


def _constructors_nobody_calls(ev: Evaluator, graph: CallGraph) -> None:
    """A class that is met only as its base (a backend made from a name in the settings) was made by who uses it."""
    for method, edges in list(graph.callers.items()):
        cls = method.owner_class
        users = [edge for edge in edges if edge.how == "override" and edge.source.kind != "class"]
        if cls is None or not users:
            continue
        for made, _how in _members(ev, cls, ("__init__",)):
            if all(edge.how == "override" for edge in graph.callers.get(made, ())):
                for edge in users:
                    graph.add(edge.source, made, edge.line, "override")


def _is_run_elsewhere(graph: CallGraph, outer: Def, inner: Def) -> bool:
    """True for a function that the one around it only makes and gives back, where those who call it were found."""
    if inner not in graph.callers or any(edge.how == "decorator" for edge in graph.callers.get(outer, ())):
        return False
    made = [call for call in outer.scope.calls if call.func == Defined(inner.scope.name)]
    return not made and any(_holds(outer.scope, value, inner.scope.name) for value in outer.scope.returns)


def _holds(scope: Scope, value: Expr, name: str, depth: int = 4) -> bool:
    """True when an expression of the scope is, or holds, the function defined there under this name."""
    inside: Iterable[Expr] = ()
    if isinstance(value, CallResult):
        call = scope.calls[value.call]
        inside = (*call.args, *(given for _name, given in call.kwargs))
    elif isinstance(value, Local):
        inside = (scope.defs[index][1] for index in value.definitions)
    elif isinstance(value, SequenceDisplay):
        inside = value.items
    return value == Defined(name) or (depth > 0 and any(_holds(scope, part, name, depth - 1) for part in inside))


def _property_names(ev: Evaluator) -> frozenset[str]:
    found = set()
    for target in ev.index.defs():
        decorated = target.kind == "function" and target.scope.decorators and target.owner_class is not None
        if decorated and ev.classes.is_property(target):
            found.add(target.scope.name.rsplit(".", 1)[-1])
    return frozenset(found)


def _methods_by_name(index: ModuleIndex) -> dict[str, list[Def]]:
    found: dict[str, list[Def]] = {}
    for target in index.defs():
        if target.module.in_repo and target.kind == "function" and target.owner_class is not None:
            found.setdefault(target.scope.name.rsplit(".", 1)[-1], []).append(target)
    return found


def _scope_edges(
    ev: Evaluator,
    graph: CallGraph,
    owner: Def,
    properties: frozenset[str],
    methods: dict[str, list[Def]],
    decorated: dict[int, Def],
    handed: HandedOver,
) -> None:
    scope, frame = owner.scope, ev.frame(owner)
    sites = graph.sites.setdefault(owner, [])
    allowed = ev.spent + ALLOWANCE + len(scope.calls) * ALLOWANCE_FOR_CALL
    for index, call in enumerate(scope.calls):
        if ev.spent > allowed and ev.most_steps != FEW_STEPS:
            ev.most_steps = FEW_STEPS
            graph.given_up.append(owner)
        funcs = ev.eval(call.func, frame)
        sites.append(Site(owner, call, funcs, decorated.get(index)))
        if index in decorated:  # the function's own edge leads to the decorator
            continue
        for func in funcs:
            if isinstance(func, Partial) and func.curried and waits(func, *arguments(ev, call, frame)):
                continue
            for target, how in _targets(ev, func):
                graph.add(owner, target, call.line, how)
        method = call.func if isinstance(call.func, Attribute) else None
        if method is not None and method.name in RUN_INLINE:
            for run in ev.eval(method.base, frame):
                if isinstance(run, DefRef) and run.target.kind == "function":
                    graph.add(owner, run.target, call.line, "call")
        if method is not None and not any(isinstance(f, DefRef | Ext | Partial) for f in funcs):
            _guess(ev, graph, owner, method.name, call.line, funcs, methods)
            if method.name in methods and any(_only_callers_know(f, owner, call) for f in funcs):
                graph.unresolved.setdefault(method.name, {})[owner] = None
        if owner.kind in ("module", "class") or (method is not None and method.name in KEEPERS):
            continue  # URL tables, registries and receivers keep what they are given for later
        if any(isinstance(func, Ext) and func.path == "collections.namedtuple()" for func in funcs):
            continue  # so does a record
        for argument in (*call.args, *(value for _name, value in call.kwargs)):
            for given in handed.functions(argument, frame):
                graph.add(owner, given.target, call.line, "callback")
    for line, read in scope.reads:
        if read.name in properties:
            for base in ev.eval(read.base, frame):
                _property_edge(ev, graph, owner, base, read.name, line)
    for line, _end_line, value in scope.withs:
        _with_edges(ev, graph, owner, ev.eval(value, frame), line)
    _definition_edges(ev, graph, owner)
    ev.most_steps = MAX_STEPS


def _only_callers_know(func: Value, owner: Def, call: CallExpr) -> bool:
    """True for a method of an object that a function is given. One of a name that Python's types have (`get`) is any
    dictionary's, unless a constructor keeps the object, and it is given what is no key (a path, a text put together, a
    keyword)."""
    if not isinstance(func, Param) or not isinstance(call.func, Attribute):
        return False
    if call.func.name not in _OF_PYTHON:
        return True
    kept = func.owner is not owner and func.owner.scope.name.endswith("__init__")
    first = call.args[0] if call.args else Constant(None)
    is_path = isinstance(first, JoinedText | BinaryOperation) or "/" in (literal_text(first) or "")
    return kept and (is_path or any(name not in (None, "default") for name, _value in call.kwargs))


def _decorated(module: Module) -> dict[str, dict[int, Def]]:
    """The functions that calls decorate: by the name of the scope around them, then by the call's number in it."""
    found: dict[str, dict[int, Def]] = {}
    for name, scope in module.summary.scopes.items():
        if scope.kind == "function":
            for decorator in scope.decorators:
                if isinstance(decorator, CallResult):
                    found.setdefault(scope.parent, {})[decorator.call] = module.define(name)
    return found


def _targets(ev: Evaluator, func: Value) -> Iterator[tuple[Def, str]]:
    """The definitions that calling a value enters."""
    if isinstance(func, Partial):
        yield from _targets(ev, func.func)
    elif isinstance(func, DefRef) and func.target.kind == "class":
        yield func.target, "call"
        yield from _members(ev, func.target, ("__init__", "__post_init__", "__new__"))
    elif isinstance(func, DefRef):
        wrapper = ev.wrappers.of(func)
        if wrapper is not None:
            yield wrapper.target, "call"
        yield func.target, "call"
        yield from _overrides(ev, func)
    elif isinstance(func, Ext) and func.path.endswith("()"):  # made outside from functions: `compose(f, g)(x)`
        for values in func.args:
            for value in values:
                for given in functions_in(value):
                    yield given.target, "callback"
    elif isinstance(func, Inst):
        yield from _members(ev, func.cls, ("__call__",))
    elif isinstance(func, QueryMethod) and func.name.removeprefix("a") in (
        "create",
        "get_or_create",
        "update_or_create",
        "bulk_create",
    ):
        yield from _members(ev, func.cls, ("save",))
        yield func.cls, "save"


def _members(ev: Evaluator, cls: Def, names: tuple[str, ...]) -> Iterator[tuple[Def, str]]:
    for name in names:
        member = ev.classes.member(cls, name)
        for value in member[1] if member else ():
            if isinstance(value, DefRef) and value.target.kind == "function":
                yield value.target, "call"


def _overrides(ev: Evaluator, func: DefRef) -> Iterator[tuple[Def, str]]:
    """A method called on `self`, or on a parameter typed by its base class, may be that of a subclass."""
    cls = func.target.owner_class
    if cls is None or not isinstance(func.self, Inst) or func.self.known:
        return
    name = func.target.scope.name.rsplit(".", 1)[-1]
    for sub in ev.classes.subclasses(func.self.cls)[:12]:
        if name in sub.scope.names:
            nested = f"{sub.scope.name}.{name}"
            if nested in sub.module.summary.scopes:
                yield sub.module.define(nested), "override"


def _guess(
    ev: Evaluator, graph: CallGraph, owner: Def, name: str, line: int, funcs: Values, methods: dict[str, list[Def]]
) -> None:
    """An unknown receiver: a method name that only one or two families of classes define is taken for theirs."""
    candidates = methods.get(name, ())
    if _is_common(name) or name.startswith("__") or not 0 < len(candidates) <= MAX_FAMILY:
        return
    if not all(isinstance(f, Param | Unknown | QueryMethod) for f in funcs):
        return
    if len(candidates) <= 2 or len({_family(ev, method) for method in candidates}) == 1:
        for target in candidates:
            graph.add(owner, target, line, "guess")


def _is_common(method: str) -> bool:
    """True for methods that so many classes have that the name says nothing of the class."""
    return method in _OF_PYTHON or method in vocabulary().common_methods


def _family(ev: Evaluator, method: Def) -> Def:
    """The class furthest up that defines a method of the name: what overrides it is of its family."""
    name = method.scope.name.rsplit(".", 1)[-1]
    assert method.owner_class is not None
    order, _outside = ev.classes.mro(method.owner_class)
    return [cls for cls in order if name in cls.scope.names][-1]


def _property_edge(ev: Evaluator, graph: CallGraph, owner: Def, base: Value, name: str, line: int) -> None:
    if isinstance(base, Inst):
        member = ev.classes.member(base.cls, name)
        for value in member[1] if member else ():
            if isinstance(value, DefRef) and ev.classes.is_property(value.target):
                graph.add(owner, value.target, line, "property")
    elif isinstance(base, Param | Unknown):
        only = ev.classes.only_property(name)
        if only is not None:
            graph.add(owner, only, line, "guess")


def _with_edges(ev: Evaluator, graph: CallGraph, owner: Def, values: Values, line: int) -> None:
    for value in values:
        if isinstance(value, Inst):
            for target, how in _members(ev, value.cls, ("__enter__", "__exit__", "__aenter__", "__aexit__")):
                graph.add(owner, target, line, how)


def _definition_edges(ev: Evaluator, graph: CallGraph, owner: Def) -> None:
    """A definition runs what its decorators wrap around it; a nested function is run through the one around it."""
    scope = owner.scope
    parent = owner.parent
    if scope.kind in ("function", "lambda") and parent is not None and parent.kind in ("function", "lambda"):
        graph.nested.append(owner)
    if scope.kind == "function" and scope.decorators and parent is not None:
        wrapper = ev.wrappers.of(DefRef(owner))
        if wrapper is not None:
            graph.add(wrapper.target, owner, wrapper.target.scope.line, "call")
        frame = ev.frame(parent)
        for decorator in scope.decorators:
            expr = parent.scope.calls[decorator.call].func if isinstance(decorator, CallResult) else decorator
            for value in ev.eval(expr, frame):
                if isinstance(value, DefRef) and value.target.module.in_repo:
                    graph.add(owner, value.target, scope.line, "decorator")
    if GIVES_CLASS.fullmatch(scope.name.rsplit(".", 1)[-1]) and owner.owner_class is not None:
        frame = ev.frame(owner)
        for value in (v for expr in scope.returns for v in ev.eval(expr, frame)):
            if isinstance(value, DefRef) and value.target.kind == "class" and value.target.module.in_repo:
                graph.add(owner, value.target, scope.line, "override")
    if scope.kind == "class":
        _class_edges(ev, graph, owner)


def _class_edges(ev: Evaluator, graph: CallGraph, cls: Def) -> None:
    """A class with bases outside the code is run by its framework: what it overrides may be called.

    Models are the exception: making one runs none of its methods, saving one runs `save` and `clean`.
    """
    order, outside = ev.classes.mro(cls)
    if not outside:
        for target, how in _members(
            ev, cls, ("__iter__", "__next__", "__getattr__", "__getitem__", "__bool__", "__len__", "__del__", "__str__")
        ):
            graph.add(cls, target, target.scope.line, how)
        return
    is_model = ev.classes.is_model(cls)
    for owner in order:
        for name, indices in owner.scope.names.items():
            nested = f"{owner.scope.name}.{name}"
            if nested in owner.module.summary.scopes:
                if not is_model:
                    graph.add(cls, owner.module.define(nested), owner.scope.line, "override")
            elif owner is cls or not is_model:
                _class_references(ev, graph, cls, owner, indices)


def _class_references(ev: Evaluator, graph: CallGraph, cls: Def, owner: Def, indices: tuple[int, ...]) -> None:
    """Classes and functions that a class body names (`serializer_class = X`, `permission_classes = [Y]`, nested
    serializers as fields)."""
    frame = ev.frame(owner)
    for index in indices:
        line, expr = owner.scope.defs[index]
        if isinstance(expr, Constant):
            continue
        for value in ev.eval(expr, frame):
            for target in _named_definitions(value):
                if target.module.in_repo:
                    graph.add(cls, target, line, "override")


def _named_definitions(value: Value) -> Iterator[Def]:
    if isinstance(value, DefRef):
        yield value.target
    elif isinstance(value, Inst):
        yield value.cls
    elif isinstance(value, Seq):
        for values in value.items[:20]:
            for item in values:
                if isinstance(item, DefRef | Inst):
                    yield from _named_definitions(item)
    elif isinstance(value, Mapping):
        for _keys, values in value.items[:40]:
            for item in values:
                if isinstance(item, DefRef | Inst):
                    yield from _named_definitions(item)
