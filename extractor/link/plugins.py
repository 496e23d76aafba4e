"""Plugin hooks: who calls a hook by its name runs the functions that are registered under it (`rules/python.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Ext, Frame, Inst, ModuleRef, Text, Value
from extractor.link.callgraph import CallGraph, Site
from extractor.program.module import Def, Module
from extractor.rules.python import HookManager, python_rules
from extractor.summary import Expr
from extractor.summary.expr import Attribute, CallResult


@dataclass(frozen=True, slots=True)
class MarkedHook:
    """A function that a marker of a project ("" where that is not known) marks as one of a hook's."""

    target: Def
    hook: str
    project: str


def plugin_edges(ev: Evaluator, graph: CallGraph) -> None:
    """Adds to the graph who runs which functions by a hook. Functions whose object or module nothing is seen to
    register are run by none."""
    for rule in python_rules().plugins:
        marked = list(_marked(ev, rule))
        if not marked:
            continue
        registered = set(_registered(ev, graph, rule))
        held = [one for one in marked if registered & _plugins(ev, one.target)]
        for owner, sites in graph.sites.items():
            for site in sites:
                for one in _called(ev, rule, site, held):
                    graph.add(owner, one.target, site.call.line, "hook")


def _marked(ev: Evaluator, rule: HookManager) -> Iterator[MarkedHook]:
    for module in ev.index.modules:
        for name, scope in module.summary.scopes.items() if module.in_repo else ():
            target = module.define(name)
            if scope.kind == "function" and scope.decorators and target.parent is not None:
                for decorator in scope.decorators:
                    yield from _by_decorator(ev, rule, target, decorator, ev.frame(target.parent))


def _by_decorator(ev: Evaluator, rule: HookManager, target: Def, decorator: Expr, frame: Frame) -> Iterator[MarkedHook]:
    call = frame.owner.scope.calls[decorator.call] if isinstance(decorator, CallResult) else None
    named = dict(call.kwargs).get(rule.name) if call is not None else None
    own = target.scope.name.rpartition(".")[2]
    names = [text for text in _texts(ev, named, frame) if text] if named is not None else [own]
    for value in ev.eval(call.func if call is not None else decorator, frame):
        if isinstance(value, Ext) and value.path == rule.marker:
            yield from (MarkedHook(target, name, _project(value)) for name in names)


def _registered(ev: Evaluator, graph: CallGraph, rule: HookManager) -> Iterator[Def | Module]:
    """The classes whose objects, and the modules that, are registered with a manager."""
    for owner, sites in graph.sites.items():
        for site in sites:
            func = site.call.func
            if not isinstance(func, Attribute) or func.name != rule.register or not site.call.args:
                continue
            frame = ev.frame(owner)
            if any(isinstance(v, Ext) and v.path == rule.manager for v in ev.eval(func.base, frame)):
                for value in ev.eval(site.call.args[0], frame):
                    yield from _plugin(value)


def _plugin(value: Value) -> Iterator[Def | Module]:
    if isinstance(value, ModuleRef):
        yield value.module
    elif isinstance(value, Inst):
        yield value.cls
    elif isinstance(value, DefRef) and value.target.kind == "class":
        yield value.target


def _plugins(ev: Evaluator, target: Def) -> set[Def | Module]:
    """What has to be registered for a function to be: its module; its class, or one that has it from there."""
    owner = target.owner_class
    return {owner, *ev.classes.subclasses(owner)} if owner is not None else {target.module}


def _called(ev: Evaluator, rule: HookManager, site: Site, held: list[MarkedHook]) -> Iterator[MarkedHook]:
    """The functions that a call runs: it calls their hook on a manager of their project."""
    func = site.call.func
    if not isinstance(func, Attribute) or all(one.hook != func.name for one in held):
        return
    for value in ev.eval(func.base, ev.frame(site.owner)):
        if isinstance(value, Ext) and value.path == f"{rule.manager}.{rule.relay}":
            project = _project(value.receiver)
            yield from (one for one in held if one.hook == func.name and (not project or one.project in ("", project)))


def _project(made: Ext | None) -> str:
    """The project that a marker or a manager was made for; "" where it is not known."""
    given = made.args[0] if made is not None and made.args else ()
    return next((value.literal or "" for value in given if isinstance(value, Text)), "")


def _texts(ev: Evaluator, expr: Expr, frame: Frame) -> Iterator[str]:
    yield from (value.literal or "" for value in ev.eval(expr, frame) if isinstance(value, Text))


__all__ = ["plugin_edges"]
