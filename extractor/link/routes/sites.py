"""Sites that gather URLs by themselves: Django's admin, and those that `rules/routes.yaml` knows by their hooks and
endpoints, as far as the code adds to them.

What the frameworks serve on their own is not listed; what the repository's code serves through them is. Source:
`ModelAdmin.get_urls` (Django admin reference).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference
from extractor.evaluate.values import DefRef, Ext, Inst, Text, Value
from extractor.link.routes.views import decorators
from extractor.program.module import Def
from extractor.rules.routes import EndpointPage, route_rules
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, CallResult, Defined


@dataclass(frozen=True, slots=True)
class ModelPages:
    """The pages of one model in Django's admin: `mount` is `app/model/`."""

    mount: str
    admin: Def
    place: Reference
    line: int


def is_admin(ev: Evaluator, value: Value) -> bool:
    """True for Django's admin site, or an instance of a subclass that was read."""
    if isinstance(value, Inst):
        return any(name.endswith(route_rules().admin.classes) for name in ev.classes.mro(value.cls)[1])
    return isinstance(value, Ext) and value.path in route_rules().admin.sites


def model_pages(ev: Evaluator) -> Iterator[ModelPages]:
    """Every `@admin.register(Model)` and `admin.site.register(Model, ModelAdmin)` of the repository, in order."""
    for target in ev.index.defs():
        if not target.module.in_repo:
            continue
        if target.kind == "class" and target.scope.decorators:
            yield from _decorated(ev, target)
        for index, call in enumerate(target.scope.calls):
            if isinstance(call.func, Attribute) and call.func.name == "register" and len(call.args) > 1:
                yield from _registered(ev, target, index, call.func.base, call)


def _decorated(ev: Evaluator, cls: Def) -> Iterator[ModelPages]:
    for name, call, frame in decorators(ev, cls):
        if name in route_rules().admin.register and call is not None:
            for values in arguments(ev, call, frame)[0]:
                for model in values:
                    if mount := _mount(model):
                        yield ModelPages(mount, cls, Reference(Defined(cls.scope.name), frame), cls.scope.def_line)


def _registered(ev: Evaluator, owner: Def, index: int, site: Expr, call: CallExpr) -> Iterator[ModelPages]:
    frame = ev.frame(owner)
    if not any(is_admin(ev, value) for value in ev.eval(site, frame)):
        return
    for admin in ev.eval(call.args[1], frame):
        for model in ev.eval(call.args[0], frame):
            mount = _mount(model)
            if mount and isinstance(admin, DefRef) and admin.target.kind == "class":
                yield ModelPages(mount, admin.target, Reference(CallResult(index), frame), call.line)


def _mount(model: Value) -> str:
    """`app/model/`: the application is the package around `models`; "" when it cannot be told."""
    dotted = model.target.qualified if isinstance(model, DefRef) else model.path if isinstance(model, Ext) else ""
    parts = dotted.split(".")
    if "models" not in parts[1:]:
        return ""
    return f"{parts[parts.index('models', 1) - 1]}/{parts[-1]}/".lower()


def hooks(ev: Evaluator, under: re.Pattern[str], name: str) -> Iterator[Def]:
    """The functions of the repository under a decorator whose first argument is the hook's name."""
    for target in ev.index.defs():
        if target.kind == "function" and target.scope.decorators and target.module.in_repo:
            for decorator, call, frame in decorators(ev, target):
                if call is not None and under.fullmatch(decorator):
                    args, _kwargs = arguments(ev, call, frame)
                    if args and any(isinstance(v, Text) and v.literal == name for v in args[0]):
                        yield target


def endpoints(ev: Evaluator, place: Reference) -> Iterator[tuple[str, str, str, Value]]:
    """What an endpoint serves that a call registers: (path, URL name, method of the viewset, the viewset)."""
    call = place.call
    args = arguments(ev, call, place.frame)[0] if call is not None else ()
    if call is None or not isinstance(call.func, Attribute) or len(args) < 2:
        return
    for name in args[0]:
        for viewset in args[1]:
            if isinstance(name, Text) and name.literal and isinstance(viewset, DefRef | Ext):
                for page in _api_pages(ev, call.func.name, viewset):
                    yield f"{name.literal}/{page.path}", page.name, page.method, viewset


def _api_pages(ev: Evaluator, register: str, viewset: DefRef | Ext) -> Iterator[EndpointPage]:
    names = ev.classes.mro(viewset.target)[1] if isinstance(viewset, DefRef) else (viewset.path,)
    for page in route_rules().endpoints.get(register, ()):
        if not page.only or any(name.endswith(page.only) for name in names):
            yield page
