"""Expansion of the URL tree: from a root URLconf through `include` to every `path()`, in the order Django tries them.

Patterns are followed as expressions, not as values, so that every entry keeps the line that makes it. Lists, sums,
helper functions that return lists, `append`/`extend`/`insert`, routers and `urls` properties are understood; what is
not is told as `Unread`, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from extractor.link.absvalue import DefRef, Ext, Inst, ModuleRef, Seq, Text, Value, Values
from extractor.link.calling import arguments, entry_frame, method_frame
from extractor.link.evaluate import Evaluator
from extractor.link.rounds import rounds
from extractor.link.routes import conditions, patterns, sites
from extractor.link.routes.places import Place, module_of, named, names_of, places
from extractor.link.routes.routers import Routers
from extractor.link.routes.texts import SettingTexts
from extractor.link.routes.tree import Entry, Found, Ground, PluginSource, Unread
from extractor.link.routes.views import View, find_views, with_actions
from extractor.modules import Def, Module
from extractor.summary import Call
from extractor.summary import Value as Expr

MAX_DEPTH = 30  # includes and lists inside one another
MAX_ENTRIES = 20_000

_PATH = frozenset({"django.urls.path", "django.urls.conf.path"})
_REGEX = frozenset({"django.urls.re_path", "django.urls.conf.re_path", "django.conf.urls.url",
                    "django.conf.urls.re_path", "django.conf.urls.defaults.url"})  # fmt: skip
_INCLUDE = frozenset({"django.urls.include", "django.conf.urls.include", "django.urls.conf.include",
                      "django.conf.urls.defaults.include"})  # fmt: skip
_OLD_LIST = frozenset({"django.conf.urls.patterns", "django.conf.urls.defaults.patterns"})
_LANGUAGE = frozenset({"django.conf.urls.i18n.i18n_patterns"})
_FILES = frozenset({"django.conf.urls.static.static",
                    "django.contrib.staticfiles.urls.staticfiles_urlpatterns"})  # fmt: skip
_THROUGH = frozenset({"rest_framework.urlpatterns.format_suffix_patterns", "builtins.list", "builtins.tuple",
                      "builtins.sorted", "builtins.reversed", "copy.copy", "copy.deepcopy"})  # fmt: skip
_PLUGINS = "edx_django_utils.plugins"


@dataclass(slots=True)
class Expander:
    """Walks a URL tree. `visited` gathers the modules whose patterns were expanded."""

    ev: Evaluator
    routers: Routers
    plugins: PluginSource | None = None
    settings: SettingTexts | None = None
    visited: set[str] = field(default_factory=set)
    count: int = 0
    _seen: set[tuple[int, int, str]] = field(default_factory=set)

    def module(self, module: Module, ground: Ground) -> Iterator[Found]:
        """The URLs of a URLconf module."""
        self.visited.add(module.name)
        if module in ground.modules or ground.depth > MAX_DEPTH:
            return
        inner = ground.deeper(modules=(*ground.modules, module), views="")
        yield from self.name(module, "urlpatterns", inner)

    def name(self, module: Module, name: str, ground: Ground) -> Iterator[Found]:
        """The URLs of a list that a module binds, with what is appended to it later."""
        scope = module.summary.scopes.get("")
        if scope is None:
            return
        indices = scope.names.get(name)
        if not indices:
            for found in named(self.ev, module, name):
                yield from self._found(found, ground)
            return
        frame = self.ev.frame(module.define(""))
        for index in indices:
            yield from self.expand(Place(scope.defs[index][1], frame), ground)
        yield from self._appended(Place(("n", name), frame), indices, ground)

    def _appended(self, place: Place, indices: Iterable[int], ground: Ground) -> Iterator[Found]:
        """What is put into a list after it was made: the list is known by its definitions, or by its name."""
        scope = place.frame.owner.scope
        chain = _chain(scope.defs, indices)
        for call in scope.calls:
            if call.func[0] == "a" and call.func[2] in ("append", "extend", "insert") and call.args:
                base = call.func[1]
                if (base[0] == "v" and chain & set(base[1])) or base == place.expr:
                    yield from self.expand(place.at(call.args[-1]), ground.deeper())

    def _found(self, found: Place | Module, ground: Ground) -> Iterator[Found]:
        if isinstance(found, Module):
            yield from self.module(found, ground)
        else:
            yield from self.expand(found, ground)

    def expand(self, place: Place, ground: Ground) -> Iterator[Found]:
        """The URLs that an expression makes: a list of patterns, or one pattern."""
        if ground.depth > MAX_DEPTH or self.count > MAX_ENTRIES:
            return
        # A variable that grows by `+=` under conditions leads to its first part by many ways: once is enough.
        key = (id(place.expr), id(place.frame), ground.pattern.text)
        if key in self._seen:
            return
        self._seen.add(key)
        tag, expr = place.expr[0], place.expr
        if tag in ("l", "o"):
            for item in expr[1]:
                yield from self.expand(place.at(item), ground.deeper())
        elif tag in ("*", "each", "sl"):
            yield from self.expand(place.at(expr[1]), ground.deeper())
        elif tag == "b" and expr[1] == "+":
            yield from self.expand(place.at(expr[2]), ground)
            yield from self.expand(place.at(expr[3]), ground.deeper())
        elif tag == "k":
            yield from self._call(place, ground)
        elif tag == "e":
            yield from self.expand(place.at(expr[1]), ground.deeper())
        elif tag == "n":
            yield from self._module_list(place, ground)
        elif tag == "v":
            for index in expr[1]:
                yield from self.expand(place.at(place.frame.owner.scope.defs[index][1]), ground)
            yield from self._appended(place, expr[1], ground)
        elif tag == "c" and expr[1] is None:
            return
        elif tag == "a" and expr[2] == "urls":
            yield from self._urls_of(place, ground)
        else:
            yield from self._elsewhere(place, ground)

    def _module_list(self, place: Place, ground: Ground) -> Iterator[Found]:
        module, name = place.frame.owner.module, place.expr[1]
        if name in module.summary.scopes[""].names:
            yield from self.name(module, name, ground.deeper())
        else:
            yield from self._elsewhere(place, ground)

    def _elsewhere(self, place: Place, ground: Ground) -> Iterator[Found]:
        """Names, attributes and the rest: the places they lead to, else what they are worth."""
        if place.expr[0] == "mf":
            here = place.frame.owner.module
            module = self.ev.world.find(here.absolute(place.expr[1]))
            if module is not None and place.expr[2] in module.summary.scopes[""].names:
                yield from self.name(module, place.expr[2], ground.deeper())
                return
        if place.expr[0] == "a":
            owner = module_of(self.ev, place.at(place.expr[1]))
            if owner is not None and place.expr[2] in owner.summary.scopes[""].names:
                yield from self.name(owner, place.expr[2], ground.deeper())
                return
        for found in places(self.ev, place):
            if found == place:
                yield from self._values(self.ev.eval(place.expr, place.frame), place, ground)
            else:
                yield from self._found(found, ground.deeper())

    def _values(self, values: Values, place: Place, ground: Ground) -> Iterator[Found]:
        for value in values:
            if isinstance(value, Seq):
                for item in value.items:
                    yield from self._values(item, place, ground)
            elif isinstance(value, ModuleRef):
                yield from self.module(value.module, ground)
            elif isinstance(value, Ext) and value.path.removesuffix("()") in _PATH | _REGEX:
                yield from self._valued(value, place, ground)
            else:
                if isinstance(value, Ext) and value.path in sites.WAGTAIL_ADMIN:
                    yield from self._wagtail_admin(ground)
                yield self._unread(place, ground, _what(value), _why(value))
        if not values:
            yield self._unread(place, ground, "a list of URL patterns", "nothing is known of its value")

    def _valued(self, value: Ext, place: Place, ground: Ground) -> Iterator[Found]:
        """A `path()` handed through an argument: what it was called with is known, its own line is not."""
        for text in self._texts(value.args[0] if value.args else ()):
            pattern = _joined(ground.pattern, text, value.path.removesuffix("()") in _REGEX)
            for view in value.args[1] if len(value.args) > 1 else ():
                if isinstance(view, DefRef):
                    from_def = find_views(self.ev, _place_of(self.ev, view))
                    for one in from_def:
                        yield self._entry(pattern, None, one, place, ground)

    # calls ---------------------------------------------------------------------------------------------------

    def _call(self, place: Place, ground: Ground) -> Iterator[Found]:
        call = place.call
        assert call is not None
        names = frozenset(names_of(self.ev, place.at(call.func)))
        if names & (_PATH | _REGEX):
            yield from self._pattern(place, call, bool(names & _REGEX), ground)
        elif names & _INCLUDE and call.args:
            yield from self._included(place.at(call.args[0]), ground.deeper())
        elif names & _FILES or any(name.endswith(").get_urls") for name in names):  # the framework's own pages
            return
        elif names & _OLD_LIST:
            yield from self._old_list(place, call, ground)
        elif names & _LANGUAGE:
            prefix = patterns.Pattern("<language>/", (("language", "[a-z]{2}(-[a-z]+)?"),))
            for arg in call.args:
                yield from self.expand(place.at(arg), ground.deeper(pattern=ground.pattern.then(prefix)))
        elif names & _THROUGH and call.args:
            yield from self.expand(place.at(call.args[0]), ground.deeper())
        elif self.plugins is not None and any(n.startswith(_PLUGINS) and n.endswith("url_patterns") for n in names):
            yield from self._plugged(place, call, ground)
        else:
            yield from self._returned(place, call, ground)

    def _pattern(self, place: Place, call: Call, is_regex: bool, ground: Ground) -> Iterator[Found]:
        named_args = dict(call.kwargs)
        first = call.args[0] if call.args else named_args.get("route", named_args.get("regex"))
        second = call.args[1] if len(call.args) > 1 else named_args.get("view")
        if first is None or second is None:
            yield self._unread(place, ground, "a URL pattern", "it is called without a route or a view")
            return
        ground = replace(self._guarded(place, call, ground), site=(place.frame.owner.module, call.line))
        inner = self._include_of(place.at(second))
        for ev in rounds(self.ev, place.frame, (first, second)):
            texts = self._texts(ev.eval(first, place.frame))
            if not texts:
                yield self._unread(place, ground, "a URL pattern", "its text is known only at run time")
            elif inner is not None:
                for text in texts:
                    yield from self._included(inner, ground.deeper(pattern=_joined(ground.pattern, text, is_regex)))
            else:
                made = [_joined(ground.pattern, text, is_regex) for text in texts]
                yield from self._leaf(ev, place, made, second, ground)

    def _texts(self, values: Values) -> list[str]:
        return (self.settings or SettingTexts(self.ev, ())).literals(values)

    def _leaf(
        self, ev: Evaluator, place: Place, made: list[patterns.Pattern], view: Expr, ground: Ground
    ) -> Iterator[Found]:
        call = place.call
        assert call is not None
        _args, kwargs = arguments(ev, call, place.frame)
        given = dict(kwargs).get("name") or (ev.eval(call.args[3], place.frame) if len(call.args) > 3 else ())
        views = find_views(ev, place.at(view), ground.views)
        if not views:
            gap = self._unread(place, ground, "the view of a URL pattern", "nothing is known of it")
            yield replace(gap, mount=made[0].absolute)
        for pattern in made:
            for one in views or (View(""),):
                yield self._entry(pattern, ev.constant_key(given), one, place, ground)

    def _entry(
        self, pattern: patterns.Pattern, name: str | None, view: View, place: Place, ground: Ground, line: int = 0
    ) -> Entry:
        self.count += 1
        at = line or (place.call.line if place.call is not None else place.frame.owner.scope.def_line)
        return Entry(pattern, name, view, place.frame.owner.module, at, ground.conditions)

    def _guarded(self, place: Place, call: Call, ground: Ground) -> Ground:
        told = conditions.of_call(place, call)
        return replace(ground, conditions=tuple(dict.fromkeys((*ground.conditions, *told)))) if told else ground

    def _include_of(self, view: Place) -> Place | None:
        """The place of what is included, when the second argument of `path()` is no view."""
        for found in places(self.ev, view):
            if isinstance(found, Module):
                return view
            call = found.call
            if call is not None and call.args and frozenset(names_of(self.ev, found.at(call.func))) & _INCLUDE:
                return found.at(call.args[0])
            if found.expr[0] == "a" and found.expr[2] == "urls":
                return found
            if found.expr[0] == "l":
                return found
        return None

    def _included(self, place: Place, ground: Ground) -> Iterator[Found]:
        """`include(x)`: dotted text, a module, a list, (list or module, application), a router's URLs."""
        for found in places(self.ev, place):
            if isinstance(found, Module):
                yield from self.module(found, ground)
                continue
            if found.expr[0] == "l" and _is_pair(found, self.ev):
                yield from self._included(found.at(found.expr[1][0]), ground.deeper())
                continue
            texts = [v for v in self.ev.eval(found.expr, found.frame) if isinstance(v, Text)]
            if not texts:
                yield from self.expand(self._list_name(place, found), ground)
            for text in texts:
                yield from self._dotted(text, found, ground)

    def _list_name(self, place: Place, found: Place) -> Place:
        """The name of a list, where there is one: what is appended to the name belongs to it."""
        return place if place.expr[0] in ("n", "mf", "a", "v") and found.expr[0] not in ("k", "a") else found

    def _dotted(self, text: Text, place: Place, ground: Ground) -> Iterator[Found]:
        module = self.ev.world.find(text.literal or "")
        if module is not None:
            yield from self.module(module, ground)
        else:
            what = f"the URLs of {text.literal or 'a module named at run time'}"
            yield self._unread(place, ground, what, "the module was not read")

    def _old_list(self, place: Place, call: Call, ground: Ground) -> Iterator[Found]:
        prefix = self.ev.constant_key(self.ev.eval(call.args[0], place.frame)) if call.args else None
        inner = ground.deeper(views=prefix or "")
        for arg in call.args[1:]:
            if arg[0] == "l" and len(arg[1]) >= 2:  # the oldest form: ('regex', 'view')
                yield from self._tuple(place, arg, call.line, inner)
            else:
                yield from self.expand(place.at(arg), inner)

    def _tuple(self, place: Place, arg: Expr, line: int, ground: Ground) -> Iterator[Found]:
        texts = self._texts(self.ev.eval(arg[1][0], place.frame))
        if not texts:
            yield self._unread(place, ground, "a URL pattern", "its text is known only at run time")
            return
        pattern = _joined(ground.pattern, texts[0], True)
        inner = self._include_of(place.at(arg[1][1]))
        if inner is not None:
            yield from self._included(inner, ground.deeper(pattern=pattern))
            return
        for view in find_views(self.ev, place.at(arg[1][1]), ground.views):
            yield self._entry(pattern, None, view, place, ground, line)

    def _returned(self, place: Place, call: Call, ground: Ground) -> Iterator[Found]:
        """A function that was read and returns (or yields) patterns."""
        args, kwargs = arguments(self.ev, call, place.frame)
        ground = self._guarded(place, call, ground)
        for value in self.ev.eval(call.func, place.frame):
            if isinstance(value, DefRef) and value.target.kind in ("function", "lambda"):
                frame = entry_frame(self.ev, value, args, kwargs)
                scope = value.target.scope
                for expr in (*scope.returns, *scope.yields):
                    yield from self.expand(Place(expr, frame), ground.deeper())
            else:
                yield self._unread(place, ground, f"the URLs that {_what(value)}() makes", _why(value))

    def _urls_of(self, place: Place, ground: Ground) -> Iterator[Found]:
        """`x.urls`: of a router, of a module, of an object whose class was read."""
        base = place.at(place.expr[1])
        for found in places(self.ev, base):
            if isinstance(found, Module):
                yield from self._module_urls(found, ground)
            elif endpoints := self.routers.endpoint_calls(found):
                for call_place in endpoints:
                    yield from self._endpoints(call_place, ground)
            elif self.routers.is_router(found) and not self._own_urls(found):
                for served in self.routers.served(found):
                    pattern = ground.pattern.then(patterns.from_regex(served.regex))
                    yield self._entry(pattern, served.name, served.view, served.place, ground, served.line)
            else:
                yield from self._object_urls(found, place, ground)

    def _endpoints(self, place: Place, ground: Ground) -> Iterator[Found]:
        """Wagtail's API: the pages of an endpoint."""
        for path, name, method, viewset in sites.endpoints(self.ev, place):
            pattern = _joined(ground.pattern, path, False)
            if isinstance(viewset, DefRef):
                view = with_actions(self.ev, viewset.target, [("GET", method)])
                yield self._entry(pattern, name, view, place, ground)
            elif isinstance(viewset, Ext):
                yield self._entry(pattern, name, View(viewset.path, methods=("GET",)), place, ground)

    def _wagtail_admin(self, ground: Ground) -> Iterator[Found]:
        """What the repository's hooks add to Wagtail's admin."""
        for hook in sites.hooks(self.ev, "register_admin_urls"):
            for expr in hook.scope.returns:
                yield from self.expand(Place(expr, self.ev.frame(hook)), ground.deeper())
        inner = ground.deeper(pattern=_joined(ground.pattern, "api/main/", False))
        for hook in sites.hooks(self.ev, "construct_admin_api"):
            for index, call in enumerate(hook.scope.calls):
                if call.func[0] == "a" and call.func[2] == "register_endpoint":
                    yield from self._endpoints(Place(("k", index), self.ev.frame(hook)), inner)

    def _admin(self, ground: Ground) -> Iterator[Found]:
        """What the repository's `ModelAdmin`s serve themselves."""
        for pages in sites.model_pages(self.ev):
            front = ground.deeper(pattern=_joined(ground.pattern, pages.mount, False))
            for method, path in sites.ADMIN_PAGES:
                for target in self._own_methods(pages.admin, method):
                    pattern = _joined(front.pattern, path, False)
                    yield self._entry(pattern, None, View(target.qualified, target), pages.place, front, pages.line)
            for target in self._own_methods(pages.admin, "get_urls"):
                for expr in target.scope.returns:
                    yield from self.expand(Place(expr, self.ev.frame(target)), front.deeper())

    def _own_methods(self, cls: Def, name: str) -> list[Def]:
        member = self.ev.classes.member(cls, name)
        values = member[1] if member is not None and member[0].module.in_repo else ()
        return [v.target for v in values if isinstance(v, DefRef)]

    def _own_urls(self, router: Place) -> bool:
        """True for a router class of the repository that makes its own `urls`."""
        for value in self.ev.eval(router.expr, router.frame):
            if isinstance(value, Inst):
                member = self.ev.classes.member(value.cls, "urls")
                return member is not None and member[0].module.in_repo
        return False

    def _module_urls(self, module: Module, ground: Ground) -> Iterator[Found]:
        child = self.ev.world.find(f"{module.name}.urls")
        if child is not None:
            yield from self.module(child, ground)
        else:
            yield from self.name(module, "urls", ground)

    def _object_urls(self, base: Place, place: Place, ground: Ground) -> Iterator[Found]:
        for value in self.ev.eval(base.expr, base.frame):
            if sites.is_admin(self.ev, value):
                yield from self._admin(ground)
                continue
            if isinstance(value, Inst):
                member = self.ev.classes.member(value.cls, "urls") or self.ev.classes.member(value.cls, "get_urls")
                methods = [v.target for v in member[1] if isinstance(v, DefRef)] if member is not None else []
                for method in methods:
                    frame = method_frame(self.ev, method, value)
                    for expr in method.scope.returns:
                        yield from self.expand(Place(expr, frame), ground.deeper())
                if methods:
                    continue
            what = f"the URLs of {_what(value)}"
            yield self._unread(place, ground, what, _why(value))

    def _plugged(self, place: Place, call: Call, ground: Ground) -> Iterator[Found]:
        assert self.plugins is not None
        args, _kwargs = arguments(self.ev, call, place.frame)
        project = self.ev.constant_key(args[0]) if args else None
        for plugin in self.plugins.plugins(project):
            inner = ground.deeper(pattern=_joined(ground.pattern, plugin.regex, True))
            yield from self._dotted(Text((plugin.urls,)), plugin.place, inner)

    def _unread(self, place: Place, ground: Ground, what: str, reason: str) -> Unread:
        module, line = ground.site or (place.frame.owner.module, _line_of(place))
        remedy = ("list the library under the repository's libraries in the estate file"
                  if "not read" in reason else "write the pattern out as literal text")  # fmt: skip
        return Unread(module, line, what, reason, remedy, ground.pattern.absolute)


def _chain(defs: tuple[tuple[int, Expr], ...], indices: Iterable[int]) -> set[int]:
    """The definitions of a variable, back through `x += ...`."""
    seen: set[int] = set()
    todo = list(indices)
    while todo:
        index = todo.pop()
        if index in seen:
            continue
        seen.add(index)
        expr = defs[index][1]
        while expr[0] == "b":
            expr = expr[2]
        if expr[0] == "v":
            todo += expr[1]
    return seen


def _joined(front: patterns.Pattern, text: str, is_regex: bool) -> patterns.Pattern:
    return front.then(patterns.from_regex(text) if is_regex else patterns.from_path(text))


def _is_pair(place: Place, ev: Evaluator) -> bool:
    """`(patterns, "application")`, as against a list of patterns."""
    items = place.expr[1]
    if len(items) not in (2, 3):
        return False
    last = ev.eval(items[1], place.frame)
    return any(isinstance(v, Text) for v in last) or items[1] == ("c", None)


def _what(value: Value) -> str:
    if isinstance(value, Ext):
        return value.path.replace("()", "")
    if isinstance(value, Inst):
        return value.cls.qualified
    if isinstance(value, DefRef):
        return value.target.qualified
    return "an expression"


def _why(value: Value) -> str:
    return "the library was not read" if isinstance(value, Ext) else "it cannot be followed to a list of URL patterns"


def _place_of(ev: Evaluator, value: DefRef) -> Place:
    parent = value.target.parent
    frame = ev.frame(parent if parent is not None else value.target)
    return Place(("g", value.target.scope.name), frame)


def _line_of(place: Place) -> int:
    """The line of an expression: that of the call or definition it is, as near as the summary tells."""
    if place.call is not None:
        return place.call.line
    for line, expr in place.frame.owner.scope.defs:
        if expr is place.expr:
            return line
    return place.frame.owner.scope.line
