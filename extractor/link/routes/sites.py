"""Sites that gather URLs by themselves: Django's admin and Wagtail's admin and API, as far as the code adds to them.

What the frameworks serve on their own is not listed; what the repository's code serves through them is. Sources:
`ModelAdmin.get_urls` (Django admin reference), Wagtail's `register_admin_urls` and `construct_admin_api` hooks, and
`wagtail.api.v2.views.BaseAPIViewSet.get_urlpatterns`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference
from extractor.evaluate.values import DefRef, Ext, Inst, Text, Value
from extractor.link.routes.views import decorators
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, CallResult, Defined

_ADMIN_SITES = ("django.contrib.admin.site", "django.contrib.admin.sites.site")
_ADMIN_REGISTER = ("django.contrib.admin.register", "django.contrib.admin.decorators.register")
WAGTAIL_ADMIN = ("wagtail.admin.urls", "wagtail.wagtailadmin.urls")
ADMIN_PAGES = (
    ("changelist_view", ""),
    ("add_view", "add/"),
    ("change_view", "<path:object_id>/change/"),
    ("delete_view", "<path:object_id>/delete/"),
    ("history_view", "<path:object_id>/history/"),
)


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
        return any(name.endswith(".AdminSite") for name in ev.classes.mro(value.cls)[1])
    return isinstance(value, Ext) and value.path in _ADMIN_SITES


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
        if name in _ADMIN_REGISTER and call is not None:
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


def hooks(ev: Evaluator, name: str) -> Iterator[Def]:
    """The functions of the repository under `@hooks.register(name)` of Wagtail."""
    for target in ev.index.defs():
        if target.kind == "function" and target.scope.decorators and target.module.in_repo:
            for decorator, call, frame in decorators(ev, target):
                if call is not None and decorator.startswith("wagtail") and decorator.endswith("hooks.register"):
                    args, _kwargs = arguments(ev, call, frame)
                    if args and any(isinstance(v, Text) and v.literal == name for v in args[0]):
                        yield target


def endpoints(ev: Evaluator, place: Reference) -> Iterator[tuple[str, str, str, Value]]:
    """What `router.register_endpoint(name, viewset)` serves: (path, URL name, method of the viewset, the viewset)."""
    call = place.call
    args = arguments(ev, call, place.frame)[0] if call is not None else ()
    if len(args) < 2:
        return
    for name in args[0]:
        for viewset in args[1]:
            if isinstance(name, Text) and name.literal and isinstance(viewset, DefRef | Ext):
                for path, url_name, method in _api_pages(ev, viewset):
                    yield f"{name.literal}/{path}", url_name, method, viewset


def _api_pages(ev: Evaluator, viewset: DefRef | Ext) -> Iterator[tuple[str, str, str]]:
    yield "", "listing", "listing_view"
    yield "<int:pk>/", "detail", "detail_view"
    yield "find/", "find", "find_view"
    names = ev.classes.mro(viewset.target)[1] if isinstance(viewset, DefRef) else (viewset.path,)
    if any(name.endswith("PagesAdminAPIViewSet") for name in names):
        yield "<int:pk>/action/<str:action_name>/", "action", "action_view"
