"""Expansion of the URL tree: from a root URLconf through `include` to every `path()`, in the order Django tries them.

Patterns are followed as expressions, not as values, so that every entry keeps the line that makes it. Lists, sums,
helper functions that return lists, `append`/`extend`/`insert`, routers and `urls` properties are understood; what is
not is told as `Unread`, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import (
    Reference,
    definition,
    items_of,
    line_of,
    module_of,
    named,
    names_of,
    reference_of,
)
from extractor.evaluate.unroll import unrolled
from extractor.evaluate.values import DefRef, Ext, Frame, ModuleRef, Seq, Text, Value, Values
from extractor.link.routes import conditions, patterns, prefixes
from extractor.link.routes.handed import Handed, holds_patterns
from extractor.link.routes.objects import ObjectUrls
from extractor.link.routes.routers import Routers
from extractor.link.routes.texts import SettingTexts, unknown_name
from extractor.link.routes.tree import Found, Ground, PluginSource, Unread, UrlEntry, value_name, why_unread
from extractor.link.routes.views import Endpoint, find_views
from extractor.program.module import Module
from extractor.rules.django import django_rules
from extractor.rules.routes import HookRule, PluginRule, route_rules
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    Constant,
    Element,
    Generated,
    ImportedName,
    Local,
    Name,
    SequenceDisplay,
    Slice,
    Starred,
    Subscript,
    parts,
)

MAX_DEPTH = 30  # includes and lists inside one another
MAX_ENTRIES = 20_000


@dataclass(slots=True)
class PatternExpander:
    """Walks a URL tree. `visited` gathers the modules whose patterns were expanded."""

    ev: Evaluator
    routers: Routers
    plugins: PluginSource | None = None
    settings: SettingTexts | None = None
    visited: set[str] = field(default_factory=set)
    count: int = 0
    _seen: set[tuple[int, int, str, tuple[str, ...]]] = field(default_factory=set)
    _handed: Handed | None = None

    @property
    def handed(self) -> Handed:
        """What answers for parameters of functions that the walk entered."""
        if self._handed is None:
            self._handed = Handed(self.ev)
        return self._handed

    @property
    def objects(self) -> ObjectUrls:
        """What answers for the `urls` of objects."""
        return ObjectUrls(self)

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
            yield from self.expand(definition(frame, index), ground)
        yield from self._appended(Reference(Name(name), frame), indices, ground)

    def _appended(self, place: Reference, indices: Iterable[int], ground: Ground) -> Iterator[Found]:
        """What is put into a list after it was made: the list is known by its definitions, or by its name."""
        scope = place.frame.owner.scope
        chain = _chain(scope.defs, indices)
        for call in scope.calls:
            func = call.func
            if isinstance(func, Attribute) and func.name in ("append", "extend", "insert") and call.args:
                grown = isinstance(func.base, Local) and chain.intersection(func.base.definitions)
                if grown or func.base == place.expr:
                    yield from self.expand(place.at(call.args[-1]), ground.deeper())

    def _found(self, found: Reference | Module, ground: Ground) -> Iterator[Found]:
        if isinstance(found, Module):
            yield from self.module(found, ground)
        else:
            yield from self.expand(found, ground)

    def expand(self, place: Reference, ground: Ground) -> Iterator[Found]:
        """The URLs that an expression makes: a list of patterns, or one pattern."""
        if ground.depth > MAX_DEPTH or self.count > MAX_ENTRIES:
            return
        # A variable that grows by `+=` under conditions leads to its first part by many ways: once is enough.
        key = (id(place.expr), id(place.frame), ground.pattern.text, ground.conditions)
        if key in self._seen:
            return
        self._seen.add(key)
        expr = place.expr
        if isinstance(expr, SequenceDisplay | Alternatives | Starred | Generated | Slice | Element):
            for item in parts(expr):
                yield from self.expand(place.at(item), ground.deeper())
        elif isinstance(expr, BinaryOperation) and expr.operator == "+":
            yield from self.expand(place.at(expr.left), ground)
            yield from self.expand(place.at(expr.right), ground.deeper())
        elif isinstance(expr, CallResult):
            yield from self._call(place, ground)
        elif isinstance(expr, Name):
            yield from self._module_list(expr.name, place, ground)
        elif isinstance(expr, Local):
            for index in expr.definitions:
                yield from self.expand(definition(place.frame, index), ground)
            yield from self._appended(place, expr.definitions, ground)
        elif expr == Constant(None):
            return
        elif handed := self.handed.given(place):
            for one in handed:
                yield from self.expand(one, ground.deeper())
        elif isinstance(expr, Subscript) and (items := list(items_of(self.ev, expr, place.frame))):
            for one in items:
                yield from self.expand(one, ground.deeper())
        elif isinstance(expr, Attribute) and expr.name == "urls":
            yield from self.objects.urls_of(place, place.at(expr.base), ground)
        else:
            yield from self._elsewhere(place, ground)

    def _module_list(self, name: str, place: Reference, ground: Ground) -> Iterator[Found]:
        module = place.frame.owner.module
        if name in module.summary.scopes[""].names:
            yield from self.name(module, name, ground.deeper())
        else:
            yield from self._elsewhere(place, ground)

    def _elsewhere(self, place: Reference, ground: Ground) -> Iterator[Found]:
        """Names, attributes and the rest: the places they lead to, else what they are worth."""
        expr, module = place.expr, None
        if isinstance(expr, ImportedName):
            module = self.ev.index.find(place.frame.owner.module.absolute(expr.module))
        elif isinstance(expr, Attribute):
            module = module_of(self.ev, place.at(expr.base))
        if isinstance(expr, ImportedName | Attribute) and module and expr.name in module.summary.scopes[""].names:
            yield from self.name(module, expr.name, ground.deeper())
            return
        for found in self.handed.leads(place):
            if found == place:
                yield from self._values(self.ev.eval(place.expr, place.frame), place, ground)
            else:
                yield from self._found(found, ground.deeper())

    def _values(self, values: Values, place: Reference, ground: Ground) -> Iterator[Found]:
        for value in values:
            if isinstance(value, Seq):
                for item in value.items:
                    yield from self._values(item, place, ground)
            elif isinstance(value, ModuleRef):
                yield from self.module(value.module, ground)
            elif isinstance(value, Ext) and holds_patterns(value):
                yield from self._valued(value, place, ground)
            else:
                for hook in _hook_rules(value):
                    yield from self.objects.hooked(hook, ground)
                yield self.unread(place, ground, value_name(value), why_unread(value))
        if not values:
            yield self.unread(place, ground, "a list of URL patterns", "nothing is known of its value")

    def _valued(self, value: Ext, place: Reference, ground: Ground) -> Iterator[Found]:
        """A `path()` handed through an argument: what it was called with is known, its own line is not."""
        for text in self._texts(value.args[0] if value.args else ()):
            is_regex = value.path.removesuffix("()") in route_rules().functions.regex
            pattern = patterns.joined(ground.pattern, text, is_regex)
            for view in value.args[1] if len(value.args) > 1 else ():
                if isinstance(view, DefRef):
                    from_def = find_views(self.ev, reference_of(self.ev, view))
                    for one in from_def:
                        yield self.entry(pattern, None, one, place, ground)

    # calls ---------------------------------------------------------------------------------------------------

    def _call(self, place: Reference, ground: Ground) -> Iterator[Found]:
        call = place.call
        assert call is not None
        names = frozenset(names_of(self.ev, place.at(call.func)))
        known = route_rules().functions
        if names & (known.path | known.regex):
            yield from self._pattern(place, call, bool(names & known.regex), ground)
        elif names & known.include and call.args:
            yield from self._included(place.at(call.args[0]), ground.deeper())
        elif names & known.files or any(name.endswith(").get_urls") for name in names):  # the framework's own pages
            return
        elif names & known.lists:
            yield from self._old_list(place, call, ground)
        elif names & known.languages:
            prefix = prefixes.language(dict(call.kwargs).get("prefix_default_language") == Constant(False))
            for arg in call.args:
                yield from self.expand(place.at(arg), ground.deeper(pattern=ground.pattern.then(prefix)))
        elif names & known.resolvers and len(call.args) > 1:
            front = prefixes.prefix_of(self.ev, place.at(call.args[0]), self.settings or SettingTexts(self.ev, ()))
            yield from self._included(place.at(call.args[1]), ground.deeper(pattern=ground.pattern.then(front)))
        elif names & known.through and call.args:
            yield from self.expand(place.at(call.args[0]), ground.deeper())
        elif joining := names & known.joining.keys():
            for arg in call.args[max(known.joining[name] for name in joining) :]:
                yield from self.expand(place.at(arg), ground.deeper())
        elif self.plugins is not None and (rule := _plugin_rule(names)) is not None:
            yield from self._plugged(rule, place, call, ground)
        else:
            yield from self._returned(place, call, ground)

    def _pattern(self, place: Reference, call: CallExpr, is_regex: bool, around: Ground) -> Iterator[Found]:
        named_args = dict(call.kwargs)
        first = call.args[0] if call.args else named_args.get("route", named_args.get("regex"))
        second = call.args[1] if len(call.args) > 1 else named_args.get("view")
        if first is None or second is None:
            yield self.unread(place, around, "a URL pattern", "it is called without a route or a view")
            return
        inner = self.handed.included(place.at(second))
        for ev in unrolled(self.ev, place.frame, (first, second)):
            if conditions.is_passed_over(ev, place, call):  # a round of a loop that goes on to the next
                continue
            ground = replace(self._guarded(place, call, around, ev), site=(place.frame.owner.module, call.line))
            values = ev.eval(first, place.frame)
            texts = self._texts(values)
            if not texts:
                yield self.unread(place, ground, "a URL pattern", "its text is known only at run time")
                texts = [] if is_regex else self._open_texts(values)
            made = [patterns.joined(ground.pattern, text, is_regex) for text in texts]
            if inner is not None:
                for pattern in made or [ground.pattern.then(patterns.unknown(unknown_name(values)))]:
                    yield from self._included(inner, ground.deeper(pattern=pattern))
            elif made:
                yield from self._leaf(ev, place, made, second, ground)

    def _texts(self, values: Values) -> list[str]:
        return (self.settings or SettingTexts(self.ev, ())).literals(values)

    def _open_texts(self, values: Values) -> list[str]:
        return (self.settings or SettingTexts(self.ev, ())).with_parts_open(values)

    def _leaf(
        self, ev: Evaluator, place: Reference, made: list[patterns.Pattern], view: Expr, ground: Ground
    ) -> Iterator[Found]:
        call = place.call
        assert call is not None
        _args, kwargs = arguments(ev, call, place.frame)
        given = dict(kwargs).get("name") or (ev.eval(call.args[3], place.frame) if len(call.args) > 3 else ())
        views = find_views(ev, place.at(view), ground.views)
        if not views:
            gap = self.unread(place, ground, "the view of a URL pattern", "nothing is known of it")
            yield replace(gap, mount=made[0].absolute)
        for pattern in made:
            for one in views or (Endpoint(""),):
                yield self.entry(pattern, ev.constant_key(given), one, place, ground)

    def entry(
        self,
        pattern: patterns.Pattern,
        name: str | None,
        view: Endpoint,
        place: Reference,
        ground: Ground,
        line: int = 0,
    ) -> UrlEntry:
        self.count += 1
        at = line or (place.call.line if place.call is not None else place.frame.owner.scope.def_line)
        return UrlEntry(pattern, name, view, place.frame.owner.module, at, ground.conditions)

    def _guarded(self, place: Reference, call: CallExpr, ground: Ground, ev: Evaluator | None = None) -> Ground:
        told = conditions.of_call(ev or self.ev, place, call)
        return replace(ground, conditions=tuple(dict.fromkeys((*ground.conditions, *told)))) if told else ground

    def _included(self, place: Reference, ground: Ground) -> Iterator[Found]:
        """`include(x)`: dotted text, a module, a list, (list or module, application), a router's URLs."""
        if handed := self.handed.given(place):
            for one in handed:
                yield from self._included(one, ground)
            return
        for found in self.handed.leads(place):
            if isinstance(found, Module):
                yield from self.module(found, ground)
                continue
            if isinstance(found.expr, SequenceDisplay) and _is_pair(self.ev, found.expr.items, found.frame):
                yield from self._included(found.at(found.expr.items[0]), ground.deeper())
                continue
            texts = [v for v in self.ev.eval(found.expr, found.frame) if isinstance(v, Text)]
            if not texts:
                yield from self.expand(self._list_name(place, found), ground)
            for text in texts:
                yield from self._dotted(text, found, ground)

    def _list_name(self, place: Reference, found: Reference) -> Reference:
        """The name of a list, where there is one: what is appended to the name belongs to it."""
        named = isinstance(place.expr, Name | ImportedName | Attribute | Local)
        return place if named and not isinstance(found.expr, CallResult | Attribute) else found

    def _dotted(self, text: Text, place: Reference, ground: Ground) -> Iterator[Found]:
        module = self.ev.index.find(text.literal or "")
        own = django_rules().own_urls.get(text.literal or "", {})
        if module is not None:
            yield from self.module(module, ground)
        line = ground.site[1] if ground.site is not None else 0  # of the include
        for route, view in own.items():
            yield self.entry(patterns.joined(ground.pattern, route, False), None, Endpoint(view), place, ground, line)
        if module is None and not own:
            what = f"the URLs of {text.literal or 'a module named at run time'}"
            yield self.unread(place, ground, what, "the module was not read")

    def _old_list(self, place: Reference, call: CallExpr, ground: Ground) -> Iterator[Found]:
        prefix = self.ev.constant_key(self.ev.eval(call.args[0], place.frame)) if call.args else None
        inner = ground.deeper(views=prefix or "")
        for arg in call.args[1:]:
            if isinstance(arg, SequenceDisplay) and len(arg.items) >= 2:  # the oldest form: ('regex', 'view')
                yield from self._tuple(place, arg.items[0], arg.items[1], call.line, inner)
            else:
                yield from self.expand(place.at(arg), inner)

    def _tuple(self, place: Reference, regex: Expr, given: Expr, line: int, ground: Ground) -> Iterator[Found]:
        texts = self._texts(self.ev.eval(regex, place.frame))
        if not texts:
            yield self.unread(place, ground, "a URL pattern", "its text is known only at run time")
            return
        pattern = patterns.joined(ground.pattern, texts[0], True)
        inner = self.handed.included(place.at(given))
        if inner is not None:
            yield from self._included(inner, ground.deeper(pattern=pattern))
            return
        for view in find_views(self.ev, place.at(given), ground.views):
            yield self.entry(pattern, None, view, place, ground, line)

    def _returned(self, place: Reference, call: CallExpr, ground: Ground) -> Iterator[Found]:
        """A function that was read and returns (or yields) patterns."""
        ground = self._guarded(place, call, ground)
        for value in self.ev.eval(call.func, place.frame):
            if isinstance(value, DefRef) and value.target.kind in ("function", "lambda"):
                frame = self.handed.entered(value, place, call)
                scope = value.target.scope
                for expr in (*scope.returns, *scope.yields):
                    yield from self.expand(Reference(expr, frame), ground.deeper())
            else:
                for arg in call.args:  # what it is handed is served, whatever it adds
                    if any(holds_patterns(one) for one in self.ev.eval(arg, place.frame)):
                        yield from self.expand(place.at(arg), ground.deeper())
                yield self.unread(place, ground, f"the URLs that {value_name(value)}() makes", why_unread(value))

    def _plugged(self, rule: PluginRule, place: Reference, call: CallExpr, ground: Ground) -> Iterator[Found]:
        assert self.plugins is not None
        args, _kwargs = arguments(self.ev, call, place.frame)
        project = self.ev.constant_key(args[0]) if args else None
        for plugin in self.plugins.plugins(rule, project):
            inner = ground.deeper(pattern=patterns.joined(ground.pattern, plugin.regex, True))
            yield from self._dotted(Text((plugin.urls,)), plugin.place, inner)

    def unread(self, place: Reference, ground: Ground, what: str, reason: str) -> Unread:
        module, line = ground.site or (place.frame.owner.module, line_of(place))
        remedy = (
            "list the library under the repository's libraries in the estate file"
            if "not read" in reason
            else "write the pattern out as literal text"
        )
        return Unread(module, line, what, reason, remedy, ground.pattern.absolute)


def _hook_rules(value: Value) -> tuple[HookRule, ...]:
    """The rules of the hooks that add to what a value is, a library's URLconf."""
    return tuple(rule for rule in route_rules().hooks if isinstance(value, Ext) and value.path in rule.urls)


def _plugin_rule(names: Iterable[str]) -> PluginRule | None:
    """The rule of the function, if it is one that mounts plugins."""
    rules = route_rules().plugins
    return next((rule for rule in rules if any(rule.function.fullmatch(name) for name in names)), None)


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
        while isinstance(expr, BinaryOperation):
            expr = expr.left
        if isinstance(expr, Local):
            todo += expr.definitions
    return seen


def _is_pair(ev: Evaluator, items: tuple[Expr, ...], frame: Frame) -> bool:
    """`(patterns, "application")`, as against a list of patterns."""
    if len(items) not in (2, 3):
        return False
    last = ev.eval(items[1], frame)
    return any(isinstance(v, Text) for v in last) or items[1] == Constant(None)
