"""The URLs of objects: routers, admin sites, endpoints, hooks of libraries, classes that make their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from extractor.evaluate.arguments import method_frame
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference
from extractor.evaluate.values import DefRef, Ext, Inst
from extractor.link.routes import patterns, sites
from extractor.link.routes.handed import Handed
from extractor.link.routes.routers import Routers
from extractor.link.routes.tree import Found, Ground, Unread, UrlEntry, value_name, why_unread
from extractor.link.routes.views import Endpoint, with_actions
from extractor.program.module import Def, Module
from extractor.rules.routes import HookRule, route_rules
from extractor.summary.expr import Attribute, CallResult


class Walker(Protocol):
    """What walks the URL tree; see `expand.Expander`."""

    ev: Evaluator
    routers: Routers

    @property
    def handed(self) -> Handed:
        """What answers for parameters of functions that the walk entered."""
        ...

    def expand(self, place: Reference, ground: Ground) -> Iterator[Found]:
        """The URLs that an expression makes."""
        ...

    def module(self, module: Module, ground: Ground) -> Iterator[Found]:
        """The URLs of a URLconf module."""
        ...

    def name(self, module: Module, name: str, ground: Ground) -> Iterator[Found]:
        """The URLs of a list that a module binds."""
        ...

    def entry(
        self,
        pattern: patterns.Pattern,
        name: str | None,
        view: Endpoint,
        place: Reference,
        ground: Ground,
        line: int = 0,
    ) -> UrlEntry:
        """A URL that was found."""
        ...

    def unread(self, place: Reference, ground: Ground, what: str, reason: str) -> Unread:
        """A part of the tree that could not be expanded."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectUrls:
    """Answers what the `urls` of an object are, for the walk that met it."""

    walk: Walker

    def urls_of(self, place: Reference, base: Reference, ground: Ground) -> Iterator[Found]:
        """`x.urls` at a place, `x` being the base: of a router, of a module, of an object whose class was read."""
        for found in self.walk.handed.leads(base):
            if isinstance(found, Module):
                yield from self._module_urls(found, ground)
            elif endpoints := self.walk.routers.endpoint_calls(found):
                for call_place in endpoints:
                    yield from self._endpoints(call_place, ground)
            elif self.walk.routers.is_router(found) and not self._own_urls(found):
                for served in self.walk.routers.served(found):
                    made = patterns.from_regex(served.regex)
                    if self.walk.routers.takes_suffixes(found):
                        made = made.with_suffix()
                    pattern = ground.pattern.then(made)
                    yield self.walk.entry(pattern, served.name, served.view, served.place, ground, served.line)
            else:
                yield from self._object_urls(found, place, ground)

    def _endpoints(self, place: Reference, ground: Ground) -> Iterator[Found]:
        """The pages of an endpoint."""
        for path, name, method, viewset in sites.endpoints(self.walk.ev, place):
            pattern = patterns.joined(ground.pattern, path, False)
            if isinstance(viewset, DefRef):
                view = with_actions(self.walk.ev, viewset.target, [("GET", method)])
                yield self.walk.entry(pattern, name, view, place, ground)
            elif isinstance(viewset, Ext):
                yield self.walk.entry(pattern, name, Endpoint(viewset.path, methods=("GET",)), place, ground)

    def hooked(self, rule: HookRule, ground: Ground) -> Iterator[Found]:
        """What the repository's hooks add to a library's URLconf."""
        for hook in sites.hooks(self.walk.ev, rule.decorator, rule.patterns):
            for expr in hook.scope.returns:
                yield from self.walk.expand(Reference(expr, self.walk.ev.frame(hook)), ground.deeper())
        inner = ground.deeper(pattern=patterns.joined(ground.pattern, rule.below, False))
        for hook in sites.hooks(self.walk.ev, rule.decorator, rule.routers):
            for index, call in enumerate(hook.scope.calls):
                if isinstance(call.func, Attribute) and call.func.name in route_rules().endpoints:
                    yield from self._endpoints(Reference(CallResult(index), self.walk.ev.frame(hook)), inner)

    def _admin(self, ground: Ground) -> Iterator[Found]:
        """What the repository's `ModelAdmin`s serve themselves."""
        for pages in sites.model_pages(self.walk.ev):
            front = ground.deeper(pattern=patterns.joined(ground.pattern, pages.mount, False))
            for method, path in route_rules().admin.pages:
                for target in self._own_methods(pages.admin, method):
                    pattern = patterns.joined(front.pattern, path, False)
                    yield self.walk.entry(
                        pattern, None, Endpoint(target.qualified, target), pages.place, front, pages.line
                    )
            for target in self._own_methods(pages.admin, "get_urls"):
                for expr in target.scope.returns:
                    yield from self.walk.expand(Reference(expr, self.walk.ev.frame(target)), front.deeper())

    def _own_methods(self, cls: Def, name: str) -> list[Def]:
        member = self.walk.ev.classes.member(cls, name)
        values = member[1] if member is not None and member[0].module.in_repo else ()
        return [v.target for v in values if isinstance(v, DefRef)]

    def _own_urls(self, router: Reference) -> bool:
        """True for a router class of the repository that makes its own `urls`."""
        for value in self.walk.ev.eval(router.expr, router.frame):
            if isinstance(value, Inst):
                member = self.walk.ev.classes.member(value.cls, "urls")
                return member is not None and member[0].module.in_repo
        return False

    def _module_urls(self, module: Module, ground: Ground) -> Iterator[Found]:
        child = self.walk.ev.index.find(f"{module.name}.urls")
        if child is not None:
            yield from self.walk.module(child, ground)
        else:
            yield from self.walk.name(module, "urls", ground)

    def _object_urls(self, base: Reference, place: Reference, ground: Ground) -> Iterator[Found]:
        for value in self.walk.ev.eval(base.expr, base.frame):
            if sites.is_admin(self.walk.ev, value):
                yield from self._admin(ground)
                continue
            if isinstance(value, Inst):
                classes = self.walk.ev.classes
                member = classes.member(value.cls, "urls") or classes.member(value.cls, "get_urls")
                methods = [v.target for v in member[1] if isinstance(v, DefRef)] if member is not None else []
                for method in methods:
                    frame = method_frame(self.walk.ev, method, value)
                    for expr in method.scope.returns:
                        yield from self.walk.expand(Reference(expr, frame), ground.deeper())
                if methods:
                    continue
            what = f"the URLs of {value_name(value)}"
            yield self.walk.unread(place, ground, what, why_unread(value))
