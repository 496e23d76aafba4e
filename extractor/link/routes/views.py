"""Views: the function or class behind a URL, through `as_view()`, decorators and dotted text, and its HTTP methods.

Sources: Django's class-based view reference, Django REST framework's generic views, viewsets and `api_view`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference, names_of, references
from extractor.evaluate.values import Const, DefRef, Ext, Frame, Mapping, Seq, Text, Values
from extractor.program.module import Def
from extractor.rules.routes import route_rules
from extractor.summary import CallExpr
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Closure,
    Constant,
    Defined,
    DictDisplay,
    JoinedText,
    Local,
    Name,
    SequenceDisplay,
)

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
MAX_WRAPPERS = 8

_DEPRECATED = re.compile(r"(^|\n|\. )\s*(\.\. )?\W{0,2}deprecated\b[^\n]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers a URL. `target` is None when it was not read; `name` is dotted.

    `actions` maps HTTP methods to method names (`as_view({"get": "list"})`); `methods` is empty when any is accepted.
    `wrappers` are the names of functions the view was passed through.
    """

    name: str
    target: Def | None = None
    actions: tuple[tuple[str, str], ...] = ()
    methods: tuple[str, ...] = ()
    handlers: tuple[tuple[str, Def], ...] = ()
    wrappers: tuple[str, ...] = ()


def find_views(ev: Evaluator, place: Reference, prefix: str = "", depth: int = 0) -> tuple[Endpoint, ...]:
    """The views that an argument of `path()` can be, each with its methods; empty when nothing is known.

    `prefix` is put before dotted text (the first argument of the old `patterns()`).
    """
    out: list[Endpoint] = []
    for found in references(ev, place):
        if isinstance(found, Reference):
            call = found.call
            out += _from_call(ev, found, call, depth) if call is not None else _from_value(ev, found, prefix)
    return tuple(dict.fromkeys(out))


def _from_value(ev: Evaluator, place: Reference, prefix: str) -> list[Endpoint]:
    return [view for value in ev.eval(place.expr, place.frame) if (view := _of_value(ev, value, prefix)) is not None]


def _of_value(ev: Evaluator, value: object, prefix: str = "") -> Endpoint | None:
    if isinstance(value, DefRef):
        return described(ev, value.target)
    if isinstance(value, Ext) and not value.path.startswith("builtins."):
        return Endpoint(_shown(value.path), methods=_known_methods((_shown(value.path),)))
    if isinstance(value, Text) and value.literal:
        dotted = ".".join(part for part in (prefix, value.literal) if part)
        named = ev.by_dotted(dotted)
        known = [described(ev, v.target) for v in named if isinstance(v, DefRef)]
        return known[0] if known else Endpoint(dotted)
    return None


def _shown(path: str) -> str:
    """The class of an outside view: `x.RedirectView.as_view()` is `x.RedirectView`."""
    return path.split("()")[0].removesuffix(".as_view")


def _from_call(ev: Evaluator, place: Reference, call: CallExpr, depth: int) -> list[Endpoint]:
    """`X.as_view(...)`, a decorator around a view, or a function that makes one."""
    func = call.func
    if isinstance(func, Attribute) and func.name == "as_view":
        made = [_as_view(ev, value, call, place.frame) for value in ev.eval(func.base, place.frame)]
        return [view for view in made if view is not None]
    if isinstance(func, Attribute) and "view" in func.name and (classes := _view_classes(ev, func, place)):
        return [described(ev, cls) for cls in classes]
    if depth >= MAX_WRAPPERS:
        return []
    names = names_of(ev, place.at(func))
    wrapped = [
        view
        for number, arg in enumerate(call.args)
        if not isinstance(arg, Constant | DictDisplay | SequenceDisplay | JoinedText)
        for view in find_views(ev, place.at(arg), "", depth + 1)
        if view.target is not None or number == 0
    ]
    if wrapped:
        return [replace(view, wrappers=(*view.wrappers, *names[:1])) for view in wrapped]
    return _made_by(ev, place, call, depth)


def _view_classes(ev: Evaluator, func: Attribute, place: Reference) -> list[Def]:
    """The classes whose own method makes a view of them (`Page.as_api_view()`, which calls `as_view`)."""
    found = [v.target for v in ev.eval(func.base, place.frame) if isinstance(v, DefRef) and v.target.kind == "class"]
    return [cls for cls in found if ev.classes.member(cls, func.name) is not None]


def _made_by(ev: Evaluator, place: Reference, call: CallExpr, depth: int) -> list[Endpoint]:
    """A function that was read and returns a view: the view, else the function itself."""
    out: list[Endpoint] = []
    for value in ev.eval(call.func, place.frame):
        if isinstance(value, DefRef) and value.target.kind == "function":
            frame = ev.frame(value.target)
            inner = [
                view
                for expr in value.target.scope.returns
                if isinstance(expr, Defined | CallResult | Name | Local | Closure)
                for view in find_views(ev, Reference(expr, frame), "", depth + 1)
            ]
            out += inner or [described(ev, value.target)]
        elif isinstance(value, DefRef) and value.target.kind == "class":
            out.append(described(ev, value.target))
        elif isinstance(value, Ext) and not value.path.startswith("builtins."):
            out.append(Endpoint(_shown(value.path)))
    return out


def _as_view(ev: Evaluator, value: object, call: CallExpr, frame: Frame) -> Endpoint | None:
    if isinstance(value, Ext):
        return Endpoint(value.path, methods=_known_methods((value.path,)))
    if not isinstance(value, DefRef) or value.target.kind != "class":
        return None
    args, kwargs = arguments(ev, call, frame)
    given = args[0] if args else dict(kwargs).get("actions", ())
    actions = mapping_of(given)
    if not actions:
        return described(ev, value.target)
    return with_actions(ev, value.target, actions)


def mapping_of(values: Values) -> tuple[tuple[str, str], ...]:
    """`{"get": "list"}` as (HTTP method, method name), methods in upper case."""
    out: list[tuple[str, str]] = []
    for value in values:
        if isinstance(value, Mapping):
            for keys, names in value.items:
                key, name = _literal(keys), _literal(names)
                if key and name:
                    out.append((key.upper(), name))
    return tuple(dict.fromkeys(out))


def with_actions(ev: Evaluator, cls: Def, actions: Iterable[tuple[str, str]]) -> Endpoint:
    """The view of a viewset bound to actions."""
    rows = tuple(actions)
    handlers = tuple((verb, method) for verb, name in rows for method in _methods_named(ev, cls, name))
    allowed = _allowed(ev, cls)
    methods = tuple(verb for verb in VERBS if verb in dict(rows) and (not allowed or verb in allowed))
    return Endpoint(cls.qualified, cls, rows, methods, handlers)


def described(ev: Evaluator, target: Def) -> Endpoint:
    """A function or class as a view, with the HTTP methods it answers."""
    if target.kind != "class":
        return Endpoint(target.qualified, target, methods=_function_methods(ev, target))
    handlers: list[tuple[str, Def]] = []
    for verb in VERBS:
        handlers += [(verb, method) for method in _methods_named(ev, target, verb.lower())]
    own = {verb for verb, _method in handlers if verb not in ("HEAD", "OPTIONS", "TRACE")}
    order, outside = ev.classes.mro(target)
    known = {*own, *_known_methods((*outside, *(cls.qualified for cls in order)))}
    allowed = _allowed(ev, target)
    methods = tuple(verb for verb in VERBS if verb in known and (not allowed or verb in allowed))
    return Endpoint(target.qualified, target, methods=methods, handlers=tuple(handlers))


def _known_methods(names: Iterable[str]) -> tuple[str, ...]:
    found = {verb for name in names for verb in route_rules().views.classes.get(name.rsplit(".", 1)[-1], ())}
    return tuple(verb for verb in VERBS if verb in found)


def _methods_named(ev: Evaluator, cls: Def, name: str) -> list[Def]:
    member = ev.classes.member(cls, name)
    values = member[1] if member is not None else ()
    return [v.target for v in values if isinstance(v, DefRef) and v.target.kind == "function"][:1]


def _allowed(ev: Evaluator, cls: Def) -> frozenset[str]:
    """`http_method_names` of a class, in upper case; empty when it does not say."""
    member = ev.classes.member(cls, "http_method_names")
    return frozenset(texts_of(member[1])) if member is not None else frozenset()


def texts_of(values: Values) -> list[str]:
    """The literal texts in a list, in upper case, or a single one."""
    out: list[str] = []
    for value in values:
        if isinstance(value, Seq):
            out += [text.upper() for item in value.items if (text := _literal(item))]
        elif isinstance(value, Text) and value.literal:
            out.append(value.literal.upper())
    return out


def _literal(values: Values) -> str | None:
    found = [v.literal for v in values if isinstance(v, Text) and v.literal is not None]
    return found[0] if found else None


def _function_methods(ev: Evaluator, target: Def) -> tuple[str, ...]:
    """What `api_view`, `require_POST` and their kind say of a function; empty when they say nothing."""
    found: list[str] = []
    for name, call, frame in decorators(ev, target):
        last = name.rsplit(".", 1)[-1]
        rules = route_rules().views
        if last in rules.decorators:
            found += rules.decorators[last]
        elif last in rules.declared and call is not None:
            args, pairs = arguments(ev, call, frame)
            kwargs = dict(pairs)
            given = args[0] if args else kwargs.get("http_method_names", kwargs.get("request_method_list", ()))
            found += texts_of(given) or rules.declared[last]
    return tuple(verb for verb in VERBS if verb in found)


def decorators(ev: Evaluator, target: Def) -> list[tuple[str, CallExpr | None, Frame]]:
    """(dotted name, the call if it has arguments, the frame around) of each decorator, outermost first."""
    parent = target.parent
    if parent is None:
        return []
    frame = ev.frame(parent)
    out: list[tuple[str, CallExpr | None, Frame]] = []
    for expr in target.scope.decorators:
        call = parent.scope.calls[expr.call] if isinstance(expr, CallResult) else None
        names = names_of(ev, Reference(call.func if call is not None else expr, frame))
        out.append((names[0] if names else "", call, frame))
    return out


def deprecation(ev: Evaluator, view: Endpoint) -> str:
    """What marks a view as deprecated: a decorator, `deprecated=True`, a docstring; or ""."""
    if view.target is None:
        return ""
    for target in (view.target, *(method for _verb, method in view.handlers)):
        for name, call, frame in decorators(ev, target):
            if "deprecated" in name.rsplit(".", 1)[-1].lower():
                return f"decorated with {name.rsplit('.', 1)[-1]}"
            if call is not None and _says_deprecated(ev, call, frame):
                return "marked deprecated=True in its API schema"
    found = _DEPRECATED.search(view.target.scope.doc)
    return found[0].strip(" .\n*:") if found else ""


def _says_deprecated(ev: Evaluator, call: CallExpr, frame: Frame) -> bool:
    return any(
        name == "deprecated" and any(isinstance(v, Const) and v.value is True for v in ev.eval(expr, frame))
        for name, expr in call.kwargs
    )
