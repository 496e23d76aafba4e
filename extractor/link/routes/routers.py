"""Routers: what `router.register(prefix, viewset)` serves, of Django REST framework and of those built on it.

The route templates are those of `rules/routes.yaml` unless a router class that was read brings its own `routes`.
Nesting follows drf-nested-routers (`NestedSimpleRouter(parent, prefix, lookup=)`) and drf-extensions
(`register(...).register(..., parents_query_lookups=[...])`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor.evaluate.arguments import arguments
from extractor.evaluate.attributes import instance_attribute
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference, names_of, references
from extractor.evaluate.unroll import unrolled
from extractor.evaluate.values import Const, DefRef, Ext, Inst, Query, Seq, Text, Values
from extractor.link.routes.views import Endpoint, decorators, mapping_of, texts_of, with_actions
from extractor.program.module import Def
from extractor.rules.routes import RouterTemplate, route_rules
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, CallResult, Defined, Local, Name


@dataclass(frozen=True, slots=True)
class Action:
    """A method under `@action`: the methods it answers and the path it adds."""

    name: str
    detail: bool
    url_path: str
    url_name: str
    mapping: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """A `register(prefix, viewset)`. `bare` is the prefix as written; `prefix` has what nesting puts in front of it."""

    place: Reference
    bare: str
    prefix: str
    viewset: Def | None
    shown: str
    basename: str


@dataclass(frozen=True, slots=True)
class Served:
    """A URL a router serves: its regular expression, name and view, and the line that registers it."""

    regex: str
    name: str
    view: Endpoint
    place: Reference
    line: int


@dataclass(slots=True)
class Routers:
    """Answers what a router serves. Registrations are looked for once, in everything that was read."""

    ev: Evaluator
    _by_router: dict[object, list[Reference]] | None = None
    _endpoints: dict[object, list[Reference]] = field(default_factory=dict)
    _children: dict[object, list[Reference]] = field(default_factory=dict)
    _extends: dict[object, list[Reference]] = field(default_factory=dict)

    def is_router(self, place: Reference) -> bool:
        """True for a call that makes a router."""
        return place.call is not None and self._router_names(place) != ()

    def _router_names(self, place: Reference) -> tuple[str, ...]:
        call = place.call
        if call is None or (isinstance(call.func, Attribute) and call.func.name == "register"):
            return ()
        return tuple(
            n
            for n in names_of(self.ev, place.at(call.func))
            if n.rsplit(".", 1)[-1].endswith(route_rules().routers.makers)
        )

    def served(self, router: Reference, depth: int = 0) -> Iterator[Served]:
        """Everything one router serves, registration by registration, the API root last."""
        names, rules = self._router_names(router), route_rules().routers
        slash = self._trailing_slash(router)
        templates = self._templates(router)
        front = self._nesting(router)
        for place in self._registered(router):
            for entry in self._entries(place, front):
                yield from self._of_registration(entry, templates, slash)
        if depth < 4:
            for other in self._extends.get(router.key, ()):
                for served in self.served(other, depth + 1):
                    yield Served(front + served.regex, served.name, served.view, served.place, served.line)
        if any(name.endswith(rules.root_of) for name in names) and not front and router.call is not None:
            yield Served("^$", "api-root", Endpoint(rules.root, methods=("GET",)), router, router.call.line)

    def takes_suffixes(self, router: Reference) -> bool:
        """Whether what a router serves is served with a suffix for the format as well, as its own page is there."""
        return any(name.endswith(route_rules().routers.root_of) for name in self._router_names(router))

    def endpoint_calls(self, router: Reference) -> list[Reference]:
        """The calls that register an endpoint on a router of a library's API."""
        self._registered(router)
        return self._endpoints.get(router.key, [])

    def _registered(self, router: Reference) -> list[Reference]:
        if self._by_router is None:
            self._by_router = {}
            self._index(self._by_router)
        return self._by_router.get(router.key, [])

    def _index(self, by_router: dict[object, list[Reference]]) -> None:
        registering = {"register", "extend", *route_rules().endpoints}
        for module in self.ev.index.modules:
            for name, scope in module.summary.scopes.items():
                for index, call in enumerate(scope.calls):
                    method = call.func
                    if not isinstance(method, Attribute) or method.name not in registering:
                        continue
                    given = _given(call)
                    if not given or (method.name == "register" and len(call.args) + len(call.kwargs) < 2):
                        continue
                    place = Reference(CallResult(index), self.ev.frame(module.define(name)))
                    self._note(place, method, given[0], by_router)

    def _note(self, place: Reference, method: Attribute, arg: Expr, by_router: dict[object, list[Reference]]) -> None:
        base = method.base
        if method.name == "extend":
            inner = base.base if isinstance(base, Attribute) and base.name == "registry" else base
            other = arg.base if isinstance(arg, Attribute) and arg.name in ("registry", "urls") else arg
            for router in self._routers(place.at(inner)):
                self._extends.setdefault(router.key, []).extend(self._routers(place.at(other)))
            return
        for found in references(self.ev, place.at(base)):
            if not isinstance(found, Reference) or found.call is None:
                continue
            if method.name in route_rules().endpoints:
                self._endpoints.setdefault(found.key, []).append(place)
            elif self.is_router(found):
                by_router.setdefault(found.key, []).append(place)
            elif isinstance(found.call.func, Attribute) and found.call.func.name == "register":
                self._children.setdefault(found.key, []).append(place)

    def _routers(self, place: Reference) -> list[Reference]:
        return [p for p in references(self.ev, place) if isinstance(p, Reference) and self.is_router(p)]

    def _entries(self, place: Reference, front: str, parents: tuple[Registration, ...] = ()) -> Iterator[Registration]:
        """The registrations a call makes (several in a loop), then those chained to it (drf-extensions)."""
        for made in self._read(place, front, parents):
            yield made
            if len(parents) < 6:
                for child in self._children.get(place.key, ()):
                    yield from self._entries(child, front, (*parents, made))

    def _read(self, place: Reference, front: str, parents: tuple[Registration, ...]) -> Iterator[Registration]:
        call = place.call
        if call is None:
            return
        for ev in unrolled(self.ev, place.frame, _given(call)):
            yield from self._round(ev, place, call, front, parents)

    def _round(
        self, ev: Evaluator, place: Reference, call: CallExpr, front: str, parents: tuple[Registration, ...]
    ) -> Iterator[Registration]:
        args, pairs = arguments(ev, call, place.frame)
        kwargs = dict(pairs)
        prefixes = _literals(args[0] if args else kwargs.get("prefix", ()))
        viewsets = args[1] if len(args) > 1 else kwargs.get("viewset", ())
        basenames = _literals(args[2] if len(args) > 2 else kwargs.get("basename", kwargs.get("base_name", ())))
        lookups = texts_of_exact(kwargs.get("parents_query_lookups", ()))
        nested = front + self._parent_prefix(parents, lookups)
        for prefix in prefixes:
            for viewset in viewsets:
                cls = viewset.target if isinstance(viewset, DefRef) and viewset.target.kind == "class" else None
                shown = cls.qualified if cls is not None else viewset.path if isinstance(viewset, Ext) else ""
                basename = (basenames or [self._default_name(cls)])[0]
                yield Registration(place, prefix, nested + prefix, cls, shown, basename)

    def _parent_prefix(self, parents: tuple[Registration, ...], lookups: list[str]) -> str:
        """drf-extensions: `parent/(?P<parent_lookup_x>...)/` for the registrations this one is chained to."""
        out = ""
        for parent, lookup in zip(parents, lookups[-len(parents) :] if parents else [], strict=False):
            value = self._class_text(parent.viewset, "lookup_value_regex") or "[^/.]+"
            out += f"{parent.bare}/(?P<parent_lookup_{lookup}>{value})/"
        return out

    def _default_name(self, cls: Def | None) -> str:
        """The model's name in lower case, from the viewset's `queryset`."""
        member = self.ev.classes.member(cls, "queryset") if cls is not None else None
        for value in member[1] if member is not None else ():
            if isinstance(value, Query):
                return value.cls.scope.name.rsplit(".", 1)[-1].lower()
        return ""

    def _of_registration(
        self, entry: Registration, templates: tuple[RouterTemplate, ...], slash: str
    ) -> Iterator[Served]:
        line = entry.place.call.line if entry.place.call is not None else 0
        if entry.viewset is None:
            yield Served(f"^{entry.prefix}{slash}$", entry.basename, Endpoint(entry.shown), entry.place, line)
            return
        have = self._actions_of(entry.viewset)
        extra = self._extra_actions(entry.viewset)
        lookup = self._lookup(entry.viewset)
        for template in templates:
            if template.mapping:
                rows = [("", template.name, tuple((v, n) for v, n in template.mapping if n in have))]
            else:
                rows = [
                    (a.url_path, template.name.replace("{url_name}", a.url_name), a.mapping)
                    for a in extra
                    if a.detail == template.detail
                ]
            for url_path, name, mapping in rows:
                if not mapping:
                    continue
                regex = _filled(template.url, entry.prefix, lookup, url_path, slash)
                view = with_actions(self.ev, entry.viewset, mapping)
                yield Served(regex, name.replace("{basename}", entry.basename), view, entry.place, line)

    def _actions_of(self, cls: Def) -> frozenset[str]:
        """The standard actions a viewset has: defined in what was read, or known of a mixin that was not."""
        order, outside = self.ev.classes.mro(cls)
        found = {name for owner in order for name in owner.scope.names}
        for path in (*outside, *(owner.qualified for owner in order)):
            found.update(route_rules().routers.actions.get(path.rsplit(".", 1)[-1], ()))
        return frozenset(found)

    def _extra_actions(self, cls: Def) -> list[Action]:
        """Methods under `@action`, or `@detail_route` and `@list_route` of old, by name as the framework sorts them."""
        actions: dict[str, Action] = {}
        for owner in self.ev.classes.mro(cls)[0]:
            for name in owner.scope.names:
                if name not in actions:
                    for value in (self.ev.classes.member(cls, name) or (cls, ()))[1]:
                        if isinstance(value, DefRef) and value.target.kind == "function":
                            self._note_action(name, value.target, actions)
        for owner in self.ev.classes.mro(cls)[0]:
            self._add_mappings(owner, actions)
        return [actions[name] for name in sorted(actions)]

    def _note_action(self, name: str, method: Def, actions: dict[str, Action]) -> None:
        for decorator, call, frame in decorators(self.ev, method):
            last = decorator.rsplit(".", 1)[-1]
            if last not in route_rules().routers.decorators or call is None:
                continue
            args, pairs = arguments(self.ev, call, frame)
            kwargs = dict(pairs)
            verbs = texts_of(args[0] if args else kwargs.get("methods", ())) or ["GET"]
            detail = last in route_rules().routers.on_objects or any(
                isinstance(v, Const) and v.value is True for v in kwargs.get("detail", ())
            )
            url_path = (_literals(kwargs.get("url_path", ())) or [name])[0]
            url_name = (_literals(kwargs.get("url_name", ())) or [name.replace("_", "-")])[0]
            actions[name] = Action(name, detail, url_path, url_name, tuple((verb, name) for verb in verbs))

    def _add_mappings(self, owner: Def, actions: dict[str, Action]) -> None:
        """`@name.mapping.post`: one more HTTP method on the same URL."""
        for name, indices in owner.scope.names.items():
            for index in indices:
                expr = owner.scope.defs[index][1]
                if not isinstance(expr, Defined):
                    continue
                for decorator in owner.module.define(expr.scope).scope.decorators:
                    mapped = decorator.base if isinstance(decorator, Attribute) else None
                    if not isinstance(decorator, Attribute) or not isinstance(mapped, Attribute):
                        continue
                    target = _name_of(mapped.base, owner) if mapped.name == "mapping" else ""
                    if target in actions:
                        old = actions[target]
                        mapping = (*old.mapping, (decorator.name.upper(), name))
                        actions[target] = Action(old.name, old.detail, old.url_path, old.url_name, mapping)

    def _lookup(self, cls: Def, prefix: str = "") -> str:
        name = self._class_text(cls, "lookup_url_kwarg") or self._class_text(cls, "lookup_field") or "pk"
        value = self._class_text(cls, "lookup_value_regex") or "[^/.]+"
        return f"(?P<{prefix}{name}>{value})"

    def _class_text(self, cls: Def | None, name: str) -> str:
        member = self.ev.classes.member(cls, name) if cls is not None else None
        return (_literals(member[1]) or [""])[0] if member is not None else ""

    def _trailing_slash(self, router: Reference) -> str:
        """`/`, or "" with `trailing_slash=False`, or what the router's class sets."""
        call = router.call
        _args, pairs = arguments(self.ev, call, router.frame) if call is not None else ((), ())
        given = dict(pairs).get("trailing_slash", ())
        if any(isinstance(v, Const) and v.value is False for v in given):
            return ""
        for value in self.ev.eval(router.expr, router.frame):
            if isinstance(value, Inst):
                for text in _literals(instance_attribute(self.ev, value, "trailing_slash")):
                    return text
        return "/"

    def _templates(self, router: Reference) -> tuple[RouterTemplate, ...]:
        """The `routes` of a router class that was read, else the framework's."""
        for value in self.ev.eval(router.expr, router.frame):
            if isinstance(value, Inst):
                member = self.ev.classes.member(value.cls, "routes")
                if member is not None and member[0].module.in_repo:
                    lists = [v for v in member[1] if isinstance(v, Seq)]
                    found = tuple(made for values in lists for item in values.items for made in _template(item))
                    if found:
                        return found
        return route_rules().routers.templates

    def _nesting(self, router: Reference, depth: int = 0) -> str:
        """drf-nested-routers: the parent's prefix and lookup, outermost first; "" for a plain router."""
        call = router.call
        nested = any(n.rsplit(".", 1)[-1].endswith(route_rules().routers.nested) for n in self._router_names(router))
        if call is None or not nested or depth > 5:
            return ""
        named = dict(call.kwargs)
        parent_expr = call.args[0] if call.args else named.get("parent_router")
        args, pairs = arguments(self.ev, call, router.frame)
        kwargs = dict(pairs)
        prefix = (_literals(args[1] if len(args) > 1 else kwargs.get("parent_prefix", ())) or [""])[0]
        lookup = (_literals(kwargs.get("lookup", args[2] if len(args) > 2 else ())) or ["nested"])[0]
        if parent_expr is None:
            return ""
        for parent in self._routers(router.at(parent_expr)):
            front = self._nesting(parent, depth + 1)
            for entry in (e for p in self._registered(parent) for e in self._read(p, "", ())):
                if entry.bare == prefix and entry.viewset is not None:
                    return f"{front}{prefix}/{self._lookup(entry.viewset, lookup + '_')}/"
            return f"{front}{prefix}/(?P<{lookup}_pk>[^/.]+)/"
        return f"{prefix}/(?P<{lookup}_pk>[^/.]+)/"


def _given(call: CallExpr) -> tuple[Expr, ...]:
    """What a registration is given as prefix and viewset, by place or by name."""
    named = dict(call.kwargs)
    by_name = (named.get(name) for name in ("prefix", "viewset")[len(call.args) :])
    return (*call.args[:2], *(expr for expr in by_name if expr is not None))


def _template(values: Values) -> Iterator[RouterTemplate]:
    for value in values:
        if isinstance(value, Ext) and value.path.endswith("Route()"):
            kwargs = dict(value.kwargs) | dict(zip(("url", "mapping", "name", "detail"), value.args, strict=False))
            url, name = _literals(kwargs.get("url", ())), _literals(kwargs.get("name", ()))
            detail = any(isinstance(v, Const) and v.value is True for v in kwargs.get("detail", ()))
            if url:
                yield RouterTemplate(url[0], (name or [""])[0], detail, mapping_of(kwargs.get("mapping", ())))


def _filled(url: str, prefix: str, lookup: str, url_path: str, slash: str) -> str:
    """The template with its fields; an empty prefix leaves no leading slash behind."""
    for key, text in (("prefix", prefix), ("lookup", lookup), ("url_path", url_path), ("trailing_slash", slash)):
        url = url.replace("{" + key + "}", text)
    return "^" + url[2:] if not prefix and url.startswith("^/") else url


def _literals(values: Values) -> list[str]:
    return [v.literal for v in values if isinstance(v, Text) and v.literal is not None]


def texts_of_exact(values: Values) -> list[str]:
    """The literal texts of a list, as written."""
    return [text for v in values if isinstance(v, Seq) for item in v.items for text in _literals(item)[:1]]


def _name_of(expr: Expr, owner: Def) -> str:
    """The name a local expression refers to, in the class body where it stands."""
    if isinstance(expr, Name):
        return expr.name
    if isinstance(expr, Local):
        for index in expr.definitions:
            value = owner.scope.defs[index][1]
            if isinstance(value, Defined):
                return value.scope.rsplit(".", 1)[-1].split("#")[0]
    return ""
