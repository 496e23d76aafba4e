"""Effects: which calls reach the network or a datastore, seen from where it happens and from who decides about it.

A *primitive* effect stands at the call that a rule knows. Where its URL, method or system comes from a parameter, each
caller that settles more of it has an effect of its own, at its own line (a wrapper's caller says which endpoint). A
call into a library that was read is followed inside it, and stands at the line that enters the library.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments, bind, entry_frame
from extractor.evaluate.classes import Classes
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.feasible import is_passed_over
from extractor.evaluate.rounds import is_looped, rounds
from extractor.evaluate.runners import run_by
from extractor.evaluate.values import (
    Args,
    DefRef,
    Ext,
    Frame,
    Inst,
    Kwargs,
    Param,
    Partial,
    Super,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.link.callgraph import CallGraph, Site
from extractor.link.request import Request, of_class, read_call, skeleton
from extractor.link.written import as_written, is_read
from extractor.program.module import Def
from extractor.rules.clients import RuleBook
from extractor.rules.python import python_rules
from extractor.summary import CallExpr, Scope
from extractor.summary.expr import Attribute, Constant, Opaque, last_name, literal_text

MAX_HOPS = 5  # wrappers around wrappers
MAX_FRAMES = 12  # of a function that one way of calling it leads to
MAX_WAYS = 400  # of leading to one call, each with a request of its own, that are told apart
MAX_TRIED = 2_000  # callers that are looked at for one call
MAX_LIBRARY_DEPTH = 8
MAX_LIBRARY_STEPS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """A call that causes requests or store access. `hops` leads from this site down to the primitive one."""

    hops: tuple[Site, ...]
    requests: tuple[Request, ...]
    via: str

    @property
    def site(self) -> Site:
        return self.hops[0]


def owners_of(effects: Collection[Effect]) -> set[Def]:
    """The definitions in which effects happen, and those on the way to them."""
    return {site.owner for effect in effects for site in effect.hops} | {e.site.runner for e in effects}


class Effects:
    """Finds all effects of one repository."""

    def __init__(self, ev: Evaluator, graph: CallGraph, book: RuleBook) -> None:
        self.ev, self.graph, self.book = ev, graph, book
        self._traced: dict[int, tuple[Request, ...]] = {}
        self._callers = _callers_by_target(ev, graph)
        self._steps = 0
        self._timeouts: dict[str, str] = {}
        self._looped: dict[int, bool] = {}  # by the site, which the graph holds
        self.given_up: tuple[Site, ...] = ()  # calls to which more ways lead than are told apart
        self._rule_names = book.final_names()
        self._final_names = self._rule_names | {
            name.rsplit(".", 1)[-1]
            for module in ev.index.modules
            if not module.in_repo
            for name, scope in module.summary.scopes.items()
            if scope.kind == "function"
        }

    def find(self) -> list[Effect]:
        """Every effect, primitive ones first, in order of module and line."""
        found: list[Effect] = []
        work: list[Effect] = []
        for owner, sites in self.graph.sites.items():
            frame = self.ev.frame(owner)
            for site in sites:
                requests = self._in_rounds(site, frame)
                if requests:
                    effect = Effect((site,), requests, _via(site.funcs, requests))
                    found.append(effect)
                    if any(f.is_open() for f in requests):
                        work.append(effect)
                elif self._may_be_effect(site.funcs) or self._runs_what_it_is_given(site, frame):
                    work.append(Effect((site,), (), ""))
        found += self._by_callers(work)
        told = {id(e.hops[-1]) for e in found if _is_messenger(e)}  # who handed the object over knows more of the call
        found = [e for e in found if len(e.hops) > 1 or id(e.site) not in told]
        primitives = self._parameter_primitives(found)
        return [e for e in found if not _is_messenger(e)] + primitives + list(self._of_classes())

    def _of_classes(self) -> Iterator[Effect]:
        """Requests that a framework sends for a class, to the URL that the class holds as an attribute."""
        for owner in self.graph.sites:
            if owner.kind != "class":
                continue
            for rule in self.book.of_bases(self.ev.classes.mro(owner)[1]):
                for index in owner.scope.names.get(rule.attribute, ()):
                    line, expr = owner.scope.defs[index]
                    urls = tuple(v for v in self.ev.eval(expr, self.ev.frame(owner)) if isinstance(v, Text))
                    if urls:
                        call = CallExpr(line, line, Opaque("framework"), (), (), ())
                        request = of_class(rule.call, urls)
                        yield Effect((Site(owner, call, ()),), (request,), rule.call.match)

    def _parameter_primitives(self, found: list[Effect]) -> list[Effect]:
        """Where a function was handed over and is called under another name, that line is an effect too."""
        known = {id(e.site) for e in found}
        out: dict[int, dict[Request, Effect]] = {}
        for effect in found:
            last = effect.hops[-1]
            if id(last) not in known and len(effect.hops) > 1:
                out.setdefault(id(last), {}).update(dict.fromkeys(effect.requests, effect))
        made = []
        for rows in out.values():
            hops = next(iter(rows.values())).hops
            funcs = tuple(f for frame in self._frames(hops) for f in self.ev.eval(hops[-1].call.func, frame))
            made.append(Effect((hops[-1],), tuple(rows)[:8], _via(funcs, tuple(rows))))
        return made

    def _runs_what_it_is_given(self, site: Site, frame: Frame) -> bool:
        """A call that runs a program which a caller names."""
        rules = [rule for f in site.funcs if isinstance(f, Ext) and (rule := self.book.find(f.path)) and rule.commands]
        given = arguments(self.ev, site.call, frame)[0] if rules else ()
        return any(isinstance(value, Param) for values in given[:1] for value in values)

    def _may_be_effect(self, funcs: Values) -> bool:
        """A call of a parameter, or of a method on one that some rule knows by name: callers may tell."""
        for func in funcs:
            if isinstance(func, Param) and (not func.path or func.path.rsplit(".", 1)[-1] in self._final_names):
                return True
        return False

    # what a site does ------------------------------------------------------------------------------------------

    def _in_rounds(self, site: Site, frame: Frame) -> tuple[Request, ...]:
        """What a site does: in a loop over a table that stands in the code, in each of its rounds."""
        if not any(isinstance(func, Ext) and self.book.find(func.path) is not None for func in site.funcs):
            return self._at(site, frame, site.funcs)
        out: dict[Request, None] = {}
        for inner in self._rounds(site, frame):
            funcs = site.funcs if inner is frame else self.ev.eval(site.call.func, inner)
            out.update(dict.fromkeys(self._at(site, inner, funcs)))
        return tuple(out)

    def _at(self, site: Site, frame: Frame, funcs: Values) -> tuple[Request, ...]:
        out: list[Request] = []
        for func in funcs:
            out += self._of_value(func, site, frame)
        if not out:
            out += self._as_written(site, frame, funcs)
        return tuple(dict.fromkeys(self._of_own_session(request, site, frame) for request in out if request.counts()))

    def _as_written(self, site: Site, frame: Frame, funcs: Values) -> Iterator[Request]:
        """What a rule knows of a call into a library that was read, where reading it comes to nothing."""
        if not all(map(_is_lost, funcs)):
            return
        if last_name(site.call.func) not in self._rule_names and not any(isinstance(f, DefRef) for f in funcs):
            return  # a name that no rule spells out, of what is not known to be a library's
        bare = as_written(self.ev, site.call.func, frame, bare=True)
        rule = self.book.find(bare.path) if bare is not None and is_read(self.ev, bare.path) else None
        path = as_written(self.ev, site.call.func, frame) if rule is not None else None
        if path is not None and rule is not None:
            yield read_call(self.ev, rule, path, *arguments(self.ev, site.call, frame))

    def _of_value(self, func: Value, site: Site, frame: Frame) -> Iterator[Request]:
        if isinstance(func, Ext):
            rule = self.book.find(func.path)
            args, kwargs = arguments(self.ev, site.call, frame) if rule is not None or func.args else ((), ())
            if rule is not None:
                yield read_call(self.ev, rule, func, args, kwargs)
            if rule is None:
                self._steps = 0
                yield from self._composition(func, args, kwargs, 0)
                yield from self._run_by(func, site, frame)
        elif isinstance(func, Partial):
            args, kwargs = arguments(self.ev, site.call, frame)
            self._steps = 0
            yield from self._partial(func, args, kwargs)
        elif isinstance(func, DefRef) and not func.target.module.in_repo:
            args, kwargs = arguments(self.ev, site.call, frame)
            self._steps = 0
            yield from self._library(func, args, kwargs, 0)

    def _run_by(self, func: Ext, site: Site, frame: Frame) -> Iterator[Request]:
        """What a function does that is handed to one that runs it: `pool.submit(requests.get, url)`."""
        if python_rules().runner(func.path) is None:
            return
        for value, args, kwargs in run_by(self.ev, func, *arguments(self.ev, site.call, frame)):
            rule = self.book.find(value.path) if isinstance(value, Ext) else None
            if isinstance(value, Ext) and rule is not None:
                yield read_call(self.ev, rule, value, args, kwargs)
            elif isinstance(value, Partial):
                yield from self._partial(value, args, kwargs)
            elif isinstance(value, DefRef) and not value.target.module.in_repo:
                yield from self._library(value, args, kwargs, 0)

    def _partial(self, func: Partial, args: Args, kwargs: Kwargs, depth: int = 0) -> Iterator[Request]:
        inner = func.func
        merged = tuple(sorted((dict(func.kwargs) | dict(kwargs)).items()))
        if isinstance(inner, Ext):
            rule = self.book.find(inner.path)
            if rule is not None:
                yield read_call(self.ev, rule, inner, func.args + args, merged)
        elif isinstance(inner, DefRef) and not inner.target.module.in_repo:
            yield from self._library(inner, func.args + args, merged, depth)

    # into libraries --------------------------------------------------------------------------------------------

    def _library(self, func: DefRef, args: Args, kwargs: Kwargs, depth: int) -> tuple[Request, ...]:
        """Everything that calling a library's function does, followed inside the library."""
        if depth > MAX_LIBRARY_DEPTH or self._steps > MAX_LIBRARY_STEPS:
            return ()
        self._steps += 1
        func = self.ev.wrappers.of(func) or func
        target = func.target
        if target.kind == "class":
            made = self.ev.classes.member(target, "__init__")
            inst = Inst(
                target,
                bind(self.ev, made[1][0].target, args, kwargs, skip_first=True)
                if made and isinstance(made[1][0], DefRef)
                else (),
            )
            funcs = [DefRef(v.target, inst) for v in (made[1] if made else ()) if isinstance(v, DefRef)]
            return tuple(f for one in funcs for f in self._library(one, args, kwargs, depth + 1))
        frame = entry_frame(self.ev, func, args, kwargs)
        known = self._traced.get(id(frame))
        if known is not None:
            return known
        self._traced[id(frame)] = ()
        out: dict[Request, None] = {}
        for call in target.scope.calls:
            if is_passed_over(self.ev, call, frame):
                continue
            for value in self.ev.eval(call.func, frame):
                for request in self._inside(value, call, frame, depth):
                    out[request] = None
        if not out:
            rule = self.book.find(target.qualified)
            if rule is not None and depth == 0:
                out[read_call(self.ev, rule, Ext(target.qualified), args, kwargs)] = None
        cautious = tuple(self._with_doubt(f, target) for f in tuple(out)[:8])
        self._traced[id(frame)] = cautious
        return cautious

    def _with_doubt(self, request: Request, target: Def) -> Request:
        """A library that speaks of time-outs anywhere may set one where it cannot be seen (on a session, say)."""
        if request.timeout != "no":
            return request
        origin = target.module.origin
        if origin not in self._timeouts:
            scopes = [s for m in self.ev.index.modules if m.origin == origin for s in m.summary.scopes.values()]
            self._timeouts[origin] = timeout_of_scopes(scopes)
        return dataclasses.replace(request, timeout=self._timeouts[origin])

    def _of_own_session(self, request: Request, site: Site, frame: Frame) -> Request:
        """A session class of the project's own may set the time-out in a method it overrides."""
        func = site.call.func
        if request.timeout != "no" or not isinstance(func, Attribute):
            return request
        for base in self.ev.eval(func.base, frame):
            if isinstance(base, Inst | Super):
                order = self.ev.classes.mro(base.cls)[0]
                scopes = [
                    s
                    for cls in order
                    for s in cls.module.summary.scopes.values()
                    if s.name == cls.scope.name or s.name.startswith(f"{cls.scope.name}.")
                ]
                return dataclasses.replace(request, timeout=timeout_of_scopes(scopes))
        return request

    def _inside(self, value: Value, call: CallExpr, frame: Frame, depth: int) -> tuple[Request, ...]:
        if isinstance(value, Ext):
            rule = self.book.find(value.path)
            if rule is None:
                return tuple(self._composition(value, *arguments(self.ev, call, frame), depth))
            return (read_call(self.ev, rule, value, *arguments(self.ev, call, frame)),)
        if isinstance(value, Partial):
            return tuple(self._partial(value, *arguments(self.ev, call, frame), depth + 1))
        if isinstance(value, DefRef) and (not value.target.module.in_repo or _is_handed_on(value, call)):
            return self._library(value, *arguments(self.ev, call, frame), depth + 1)
        return ()

    def _composition(self, func: Ext, args: Args, kwargs: Kwargs, depth: int) -> Iterator[Request]:
        """Library functions that an outside function was made of: `compose(send, build)(x)` runs `send(build(x))`."""
        parts = [v for values in func.args for v in values if isinstance(v, DefRef) and v.target.kind != "class"]
        if not func.path.endswith("()") or not parts or any(v.target.module.in_repo for v in parts):
            return
        for part in reversed(parts):
            yield from self._library(part, args, kwargs, depth + 1)
            args, kwargs = (self.ev.returned(part, args, kwargs),), ()

    # out to callers --------------------------------------------------------------------------------------------

    def _by_callers(self, open_effects: Iterable[Effect]) -> list[Effect]:
        """Effects that stand at callers, of calls that are open, nearest callers first. A call to which too many ways
        lead is told at its own line alone."""
        found: dict[int, list[Effect]] = {}
        work = deque(open_effects)
        seen: set[tuple[int, int, tuple[object, ...]]] = set()
        tried: Counter[int] = Counter()
        left: dict[int, Site] = {}
        while work:
            effect = work.popleft()
            last = effect.hops[-1]
            ways = found.setdefault(id(last), [])
            for wider in self._widen(effect, tried):
                # Who hands an object over tells of each call on it; what a function sends twice alike, he tells once.
                told = id(last) if _is_messenger(wider) else 0
                key = (id(wider.site), told, tuple(f.skeleton() for f in wider.requests))
                if key in seen:
                    continue
                seen.add(key)
                if wider.requests:
                    ways.append(wider)
                if len(wider.hops) < MAX_HOPS and (not wider.requests or any(f.is_open() for f in wider.requests)):
                    work.append(wider)
                if len(ways) > MAX_WAYS:
                    tried[id(last)] = MAX_TRIED
            if tried[id(last)] >= MAX_TRIED:
                left.setdefault(id(last), last)
        self.given_up = tuple(left.values())
        return [effect for last, ways in found.items() if last not in left for effect in ways]

    def _widen(self, effect: Effect, tried: Counter[int]) -> Iterator[Effect]:
        """The effect as each caller of its function sees it, where that says more. `tried` counts, by call, the callers
        that were looked at."""
        owner = effect.site.owner
        for caller in self._callers.get(owner, ()):
            if tried[id(effect.hops[-1])] >= MAX_TRIED:
                return
            tried[id(effect.hops[-1])] += 1
            if any(caller is hop for hop in effect.hops):
                continue
            hops = (caller, *effect.hops)
            requests = self.through(hops)
            if requests and _says_more(requests, effect.requests):
                yield Effect(hops, requests, owner.qualified)
            elif not requests and not effect.requests and self._passed_on(hops):
                yield Effect(hops, (), owner.qualified)

    def _passed_on(self, hops: tuple[Site, ...]) -> bool:
        """True when what the last hop calls is still a parameter, now one of the first hop's function."""
        owner = hops[0].owner
        return any(
            isinstance(func, Param) and func.owner is owner
            for frame in self._frames(hops)
            for func in self.ev.eval(hops[-1].call.func, frame)
        )

    def through(self, hops: tuple[Site, ...], start: Frame | None = None) -> tuple[Request, ...]:
        """What the last hop does when the first is reached: in the frame `start` of its function, else with the
        function's parameters open."""
        last = hops[-1]
        out: dict[Request, None] = {}
        for frame in self._frames(hops, start):
            if is_passed_over(self.ev, last.call, frame):
                continue
            for request in self._at(last, frame, self.ev.eval(last.call.func, frame)):
                out[request] = None
        return tuple(out)

    def _frames(self, hops: tuple[Site, ...], start: Frame | None = None) -> list[Frame]:
        """The frames of the last hop's function when the first is reached: each call binds the next's parameters."""
        frames: list[Frame] = [start or self.ev.frame(hops[0].owner)]
        for site, after in itertools.pairwise(hops):
            entered: list[Frame] = []
            for frame in frames:
                if is_passed_over(self.ev, site.call, frame):
                    continue
                for inner in self._rounds(site, frame):
                    for func in self.ev.eval(site.call.func, inner):
                        entered += self._entered(func, site, inner, after.owner)
            frames = list(dict.fromkeys(entered))[:MAX_FRAMES]
        return frames

    def _rounds(self, site: Site, frame: Frame) -> Iterable[Frame]:
        """The frame, or one for each round of the loop over a table in which the call stands."""
        exprs = (site.call.func, *site.call.args, *(value for _name, value in site.call.kwargs))
        looped = self._looped.get(id(site))
        if looped is None:
            looped = self._looped[id(site)] = is_looped(site.owner, exprs)
        return rounds(self.ev, frame, exprs) if looped else (frame,)

    def _entered(self, func: Value, site: Site, frame: Frame, owner: Def) -> list[Frame]:
        """The frame of `owner` when `site` calls `func`, if that is what it calls."""
        if isinstance(func, Partial) and isinstance(func.func, DefRef):
            args, kwargs = arguments(self.ev, site.call, frame)
            merged = tuple(sorted((dict(func.kwargs) | dict(kwargs)).items()))
            return [entry_frame(self.ev, func.func, func.args + args, merged)] if func.func.target is owner else []
        if not isinstance(func, DefRef):
            return []
        args, kwargs = arguments(self.ev, site.call, frame)
        if func.target is owner and self.ev.wrappers.of(func) is None:
            return [entry_frame(self.ev, func, args, kwargs)]
        if func.target.kind == "class":
            made = self.ev.classes.member(func.target, "__init__")
            if made and any(isinstance(v, DefRef) and v.target is owner for v in made[1]):
                inst = Inst(func.target, bind(self.ev, owner, args, kwargs, skip_first=True))
                return [entry_frame(self.ev, DefRef(owner, inst), args, kwargs)]
        return []


def _is_lost(func: Value) -> bool:
    """Whether what is called leads into a library, or nowhere."""
    return isinstance(func, Unknown) or (isinstance(func, DefRef) and not func.target.module.in_repo)


def _is_handed_on(func: DefRef, call: CallExpr) -> bool:
    """True for a method of the repository's own class that a library calls on itself, with what it was given: only here
    is known what it sends. One that is given nothing says it all at its own lines."""
    return isinstance(func.self, Inst) and bool(call.args or call.kwargs)


def _says_more(new: tuple[Request, ...], old: tuple[Request, ...]) -> bool:
    """A caller settles something when it gives a reading that was not there, and one that knows more."""
    before, after = _readings(old), _readings(new)
    fresh = after.keys() - before.keys()
    return bool(fresh) and max(after[key] for key in fresh) > max(before.values(), default=-1)


def _readings(requests: tuple[Request, ...]) -> dict[tuple[object, ...], int]:
    """Each (method, URL, system) that is read, and how much of it is known."""
    out: dict[tuple[object, ...], int] = {}
    for one in requests:
        known = len(one.methods) + 3 * len(one.systems)
        for url in one.urls or (None,):
            key = (one.rule.match, one.methods, one.systems, one.aliases, skeleton(url) if url else "")
            out[key] = known + (known_of(url) if url else 0)
    return out


def known_of(url: Text) -> int:
    """How much is known of a URL: its characters, a setting or variable as three."""
    return sum(len(p) if isinstance(p, str) else (3 if p.kind in ("setting", "env") else 0) for p in url.parts)


def timeout_of_scopes(scopes: Iterable[Scope]) -> str:
    """What a body of code says of time-outs: `yes` when it sets one by default (`kwargs.setdefault("timeout", 5)`,
    `partial(session.request, timeout=5)`), `unknown` when it speaks of one, else `no`."""
    timeout = "no"
    for scope in scopes:
        if any("timeout" in param[0] for param in scope.params):
            timeout = "unknown"
        for call in scope.calls:
            name = last_name(call.func)
            first = literal_text(call.args[0]) if call.args else None
            given = call.args[1] if len(call.args) > 1 else Constant(None)
            if name == "setdefault" and first == "timeout" and given != Constant(None):
                return "yes"
            for key, value in call.kwargs:
                if key == "timeout" and value != Constant(None):
                    if name == "partial":
                        return "yes"
                    timeout = "unknown"
    return timeout


def _via(funcs: Values, requests: tuple[Request, ...]) -> str:
    for func in funcs:
        if isinstance(func, DefRef):
            return func.target.qualified
    return requests[0].via


def _is_messenger(effect: Effect) -> bool:
    """An effect of a caller that only handed over the object on which the call is made: the call says it all."""
    funcs = effect.hops[-1].funcs
    return len(effect.hops) > 1 and any(isinstance(f, Param) and f.path for f in funcs)


def _callers_by_target(ev: Evaluator, graph: CallGraph) -> dict[Def, list[Site]]:
    found: dict[Def, list[Site]] = {}
    for sites in graph.sites.values():
        for site in sites:
            for func in site.funcs:
                inner = func.func if isinstance(func, Partial) else func
                if not isinstance(inner, DefRef):
                    continue
                for target in _entered_defs(ev.classes, inner):
                    if target.module.in_repo:
                        found.setdefault(target, []).append(site)
    return found


def _entered_defs(classes: Classes, func: DefRef) -> Iterator[Def]:
    if func.target.kind != "class":
        yield func.target
        return
    made = classes.member(func.target, "__init__")
    for value in made[1] if made else ():
        if isinstance(value, DefRef):
            yield value.target
