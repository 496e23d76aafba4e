"""What objects are made with: an address that a constructor was given is known where every maker of the class says it.

A method that sends to `self.url` is reached by callers who never saw the address; those who made the object did.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from extractor.evaluate import folding
from extractor.evaluate.arguments import arguments, bind
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, DefRef, Env, Hole, SettingRef, Text, Value, Values, join
from extractor.link.callgraph import CallGraph, Site
from extractor.link.effects import Effect
from extractor.program.module import Def

MAX_CONSTRUCTIONS = 20
_Constructions = dict[int, list[tuple[Def, Site]]]


def with_constructors(ev: Evaluator, graph: CallGraph, effects: Sequence[Effect]) -> list[Effect]:
    """The effects, their URLs filled with what makers of the object give its constructor."""
    constructions: _Constructions = {}
    for owner, sites in graph.sites.items():
        for site in sites:
            for func in site.funcs:
                if isinstance(func, DefRef) and func.target.kind == "class":
                    constructions.setdefault(id(func.target), []).append((owner, site))
    return [_filled(ev, constructions, effect) for effect in effects]


def _filled(ev: Evaluator, constructions: _Constructions, effect: Effect) -> Effect:
    method = effect.site.owner
    cls = method.owner_class
    heads = {h.name for request in effect.requests for url in request.urls if (h := _head(url)) is not None}
    own = {name for name, _kind, _default, _annotation in method.scope.params}
    if cls is None or not heads - own:
        return effect
    given = {name: _given(ev, constructions.get(id(cls), ()), cls, name) for name in sorted(heads - own)}
    made = tuple(
        dataclasses.replace(request, urls=tuple(dict.fromkeys(u for url in request.urls for u in _with(url, given))))
        for request in effect.requests
    )
    return dataclasses.replace(effect, requests=made) if any(given.values()) else effect


def _head(url: Text) -> Hole | None:
    """The argument that a URL starts with, if it starts with one."""
    first = url.parts[0] if url.parts else ""
    return first if isinstance(first, Hole) and first.kind == "arg" else None


def _with(url: Text, given: dict[str, Values]) -> Iterable[Text]:
    head = _head(url)
    values = given.get(head.name, ()) if head is not None else ()
    return [join(folding.as_text(value), Text(url.parts[1:])) for value in values] or [url]


def _given(ev: Evaluator, making: Sequence[tuple[Def, Site]], cls: Def, name: str) -> Values:
    """What the constructor's parameter is given; () unless every maker of the class gives something known."""
    member = ev.classes.member(cls, "__init__")
    constructor = member[1][0] if member is not None and member[1] else None
    if not isinstance(constructor, DefRef) or not 0 < len(making) <= MAX_CONSTRUCTIONS:
        return ()
    out: dict[Value, None] = {}
    for owner, site in making:
        args, kwargs = arguments(ev, site.call, ev.frame(owner))
        bound = dict(bind(ev, constructor.target, args, kwargs, skip_first=True))
        values = [v for v in bound.get(name, ()) if not (isinstance(v, Const) and v.value is None)]
        if not values or not all(_is_known(v) for v in values):
            return ()
        out.update(dict.fromkeys(values))
    return tuple(out)[: folding.LIMIT]


def _is_known(value: Value) -> bool:
    if isinstance(value, Text):
        first = value.parts[0] if value.parts else ""
        return isinstance(first, str) or first.kind in ("setting", "env")
    return isinstance(value, SettingRef | Env)
