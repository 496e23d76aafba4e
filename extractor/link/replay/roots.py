"""Roots: the frames in which an entry point starts to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Frame, Inst
from extractor.link.entrypoints import EntryPoint
from extractor.link.replay.hooks import Hooks
from extractor.link.replay.walk import Walk
from extractor.link.routes import ServedView
from extractor.program.module import Def
from extractor.rules.django import django_rules

_NARROW = frozenset({"command", "task"})  # entered by `handle` and `run`, whatever other methods there are
MAX_NAMED = 3  # classes named by classes that a framework makes


def roots(
    ev: Evaluator, walk: Walk, entries: Mapping[Def, Iterable[EntryPoint]], views: Iterable[ServedView]
) -> dict[Frame, list[EntryPoint]]:
    """The frames that each entry point starts with: the function itself, or the methods that a framework calls on a
    class; of a view those that answer the route, beside what every request of the class runs."""
    hooks = Hooks(ev)
    answering: dict[tuple[Def, str, str], tuple[Def, ...]] = {}
    answers: dict[Def, set[Def]] = {}
    for view in views:
        if view.handlers:
            key = (view.target, view.pattern, view.service)
            answering[key] = (*answering.get(key, ()), *view.handlers)
            answers.setdefault(view.target, set()).update(view.handlers)
    found: dict[Frame, list[EntryPoint]] = {}
    for target, rows in entries.items():
        for entry in rows:
            own = [h for s in entry.services for h in answering.get((target, entry.context.name, s), ())]
            wide = target not in answers and entry.context.kind not in _NARROW
            for frame in _frames(ev, walk, hooks, target, own, answers.get(target, set()), wide):
                found.setdefault(frame, []).append(entry)
    return found


def _frames(
    ev: Evaluator, walk: Walk, hooks: Hooks, target: Def, own: list[Def], answers: set[Def], wide: bool
) -> Iterator[Frame]:
    """`own` are the methods that answer the route, `answers` those that answer any; `wide`: the framework may call any
    method."""
    if target.kind != "class":
        yield ev.frame(target)
        return
    me = Inst(target, (), known=True)
    for method in own:
        yield walk.frame(DefRef(method, me))
    for hook in hooks.of_framework(target, every=wide):
        if not answers or (hook.target not in answers and not _is_action(ev, hook.target)):
            yield walk.frame(hook)
    for cls in _named(hooks, target):
        for hook in hooks.of_framework(cls):
            yield walk.frame(hook)


def _is_action(ev: Evaluator, method: Def) -> bool:
    """A method of a view that answers requests of its own: named after an HTTP method or an action of a view set."""
    name = method.scope.name.rsplit(".", 1)[-1]
    if django_rules().actions.fullmatch(name):
        return True
    return any(one.endswith((".action", ".detail_route", ".list_route")) for one in _decorators(ev, method))


def _decorators(ev: Evaluator, method: Def) -> tuple[str, ...]:
    return ev.decorator_names(method) if method.scope.decorators else ()


def _named(hooks: Hooks, cls: Def) -> list[Def]:
    """The classes that a class names for its framework, and those that these name, each once."""
    seen = {cls: None}
    level = [cls]
    for _depth in range(MAX_NAMED):
        level = [one for of in level for one in hooks.classes_named(of) if one not in seen]
        seen |= dict.fromkeys(level)
    return list(seen)[1:]


__all__ = ["roots"]
