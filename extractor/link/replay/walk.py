"""The walk: from the frames of entry points into every function they reach, once for each value context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from extractor.evaluate.arguments import OPEN, arguments, entry_frame
from extractor.evaluate.attributes import SELF
from extractor.evaluate.calls import construct, waits
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.feasible import is_passed_over
from extractor.evaluate.relevance import parameters_in
from extractor.evaluate.rounds import is_looped, rounds
from extractor.evaluate.runners import run_by
from extractor.evaluate.values import Args, DefRef, Ext, Frame, Inst, Kwargs, Partial, QueryMethod, Value, Values
from extractor.link.callgraph import KEEPERS, RUN_INLINE, CallGraph, Site
from extractor.link.handed import functions_in
from extractor.link.replay.contexts import Contexts
from extractor.link.replay.hooks import Hooks
from extractor.link.signals import Signals
from extractor.program.module import Def
from extractor.rules.python import python_rules
from extractor.summary import Expr
from extractor.summary.expr import Attribute

MAX_CONTEXTS = 30  # of one function: the next one is visited with its parameters open
_CREATES = frozenset({"create", "get_or_create", "update_or_create", "bulk_create"})


@dataclass(frozen=True, slots=True)
class FrameStep:
    """One frame enters another, by a line of the first."""

    source: Frame
    target: Frame
    line: int
    how: str


@dataclass(slots=True)
class Visits:
    """What was visited: the frames of each definition, each frame's place in the order of visits, and the steps into
    each frame. `given_up` are the definitions that have more contexts than are told apart."""

    frames: dict[Def, list[Frame]] = field(default_factory=dict)
    order: dict[Frame, int] = field(default_factory=dict)
    into: dict[Frame, list[FrameStep]] = field(default_factory=dict)
    given_up: set[Def] = field(default_factory=set)


class Walk:
    """Visits what leads to the wanted definitions. `graph` is the call graph of definitions, in which every call was
    evaluated with its function's parameters open; `wanted` are those that can reach what is asked for; `signals` who
    receives what; `contexts` what of a call tells its visits apart."""

    def __init__(
        self, ev: Evaluator, graph: CallGraph, wanted: frozenset[Def], signals: Signals, contexts: Contexts
    ) -> None:
        self._ev, self._graph, self._wanted, self._signals = ev, graph, wanted, signals
        self._contexts = contexts
        self._names = frozenset(map(_name, wanted))
        self._hooks = Hooks(ev)
        self._pending: list[Frame] = []
        self._looped: dict[int, bool] = {}  # by the site, which the graph holds, as the next two
        self._fixed: dict[int, bool] = {}
        self._leads: dict[int, bool] = {}
        self._making: dict[Def, bool] = {}
        self._holding: dict[Frame, bool] = {}
        self._handed_back: set[Frame] = set()  # what these return is used by code that was not read
        self.visits = Visits()

    def enter(self, frames: Iterable[Frame]) -> None:
        """Visits frames, which a framework enters, and all that they lead to."""
        for frame in frames:
            self._handed_back.add(frame)
            self._visit(frame)
        while self._pending:
            frame = self._pending.pop()
            for target, line, how in self._steps(frame):
                if target is frame or target.owner not in self._wanted:
                    continue
                self.visits.into.setdefault(target, []).append(FrameStep(frame, target, line, how))
                self._visit(target)

    def _visit(self, frame: Frame) -> None:
        if frame in self.visits.order or frame.owner not in self._wanted:
            return
        self.visits.order[frame] = len(self.visits.order)
        self.visits.frames.setdefault(frame.owner, []).append(frame)
        self._pending.append(frame)

    # contexts --------------------------------------------------------------------------------------------------

    def frame(self, func: DefRef, args: Args = (), kwargs: Kwargs = OPEN) -> Frame:
        """The frame in which a function is visited when it is called so; without arguments, as code calls it of which
        it is not known what it gives."""
        target = func.target
        args, kwargs = self._contexts.arguments(args, kwargs)
        me = self._contexts.receiver(func.self)
        made = entry_frame(self._ev, DefRef(target, me, func.frame), args, kwargs)
        if made in self.visits.order or len(self.visits.frames.get(target, ())) < MAX_CONTEXTS:
            return made
        self.visits.given_up.add(target)
        me = made.self
        if isinstance(me, Inst):  # the receiver's class still says which methods are meant
            return self._ev.bound_frame(target, (), Inst(me.cls, (), known=False), made.outer)
        return self._ev.frame(target)

    def _hook_frame(self, hook: DefRef) -> Frame:
        """The frame of a method that code which was not read calls, and whose result it uses."""
        made = self.frame(hook)
        self._handed_back.add(made)
        return made

    # steps -----------------------------------------------------------------------------------------------------

    def _steps(self, frame: Frame) -> Iterator[tuple[Frame, int, str]]:
        owner = frame.owner
        known: set[tuple[int, str]] = set()  # the lines and names of calls of which the frame tells what they enter
        for site in self._graph.sites.get(owner, ()):
            if site.decorates is not None:
                continue
            for receiver in self._signals.reached(site, frame):
                if receiver in self._wanted and not is_passed_over(self._ev, site.call, frame):
                    yield self._ev.frame(receiver), site.call.line, "signal"
            if self._may_lead(site) and not is_passed_over(self._ev, site.call, frame):
                is_same = frame.is_open or self._is_fixed(site)
                funcs = site.funcs if is_same else self._ev.eval(site.call.func, frame)
                if not self._may_enter(site, funcs, frame):
                    continue  # and what it is given is long to tell
                for target, how in self._called(site, funcs, frame):
                    known.add((site.call.line, _name(target.owner)))
                    yield target, site.call.line, how
        yield from self._implicit(frame)
        for edge in self._graph.callees.get(owner, ()):
            guessed = edge.how == "guess" and (edge.line, _name(edge.target)) not in known
            if guessed or edge.how in ("decorator", "hook"):
                yield self._ev.frame(edge.target), edge.line, edge.how

    def _is_fixed(self, site: Site) -> bool:
        """Whether what is called is the same whatever the parameters of its function are, and of those around it."""
        found = self._fixed.get(id(site))
        if found is None:
            parent = site.owner.parent
            alone = parent is None or parent.kind in ("module", "class")
            found = alone and parameters_in(site.owner.scope, (site.call.func,)) == frozenset()
            self._fixed[id(site)] = found
        return found

    def _may_lead(self, site: Site) -> bool:
        """Whether a call may enter a wanted function, whatever its function's parameters are."""
        found = self._leads.get(id(site))
        if found is None:
            found = self._leads[id(site)] = self._leads_anywhere(site)
        return found

    def _leads_anywhere(self, site: Site) -> bool:
        call = site.call
        if isinstance(call.func, Attribute) and call.func.name in RUN_INLINE:
            return True
        if isinstance(call.func, Attribute) and call.func.name in self._names and not self._is_fixed(site):
            return True
        if any(not self._is_inert(func) for func in site.funcs):
            return True
        return bool(call.args or call.kwargs) and self._callbacks_at(site)

    def _is_inert(self, func: Value) -> bool:
        if isinstance(func, DefRef):
            target = func.target
            return target not in self._wanted and target.kind != "class" and func.frame is None
        if isinstance(func, Ext):
            return not func.path.endswith("()") and _own_object(func) is None
        return isinstance(func, QueryMethod) and func.name.removeprefix("a") not in _CREATES

    def _may_enter(self, site: Site, funcs: Values, frame: Frame) -> bool:
        """Whether a call of these functions in a frame may enter any, itself or by what it is given."""
        expr = site.call.func
        if any(map(self._enters, funcs)) or (isinstance(expr, Attribute) and expr.name in RUN_INLINE):
            return True
        return bool(site.call.args or site.call.kwargs) and (self._callbacks_at(site) or self._holds_functions(frame))

    def _enters(self, func: Value) -> bool:
        if isinstance(func, DefRef) and func.target.kind == "class":
            return self._runs_when_made(func.target)
        if isinstance(func, DefRef):
            if func.target in self._wanted or func.frame is not None or self._ev.wrappers.of(func) is not None:
                return True
            me = func.self  # of an object whose own class is not known: a subclass's method may be meant
            return isinstance(me, Inst) and not me.known and _name(func.target) in self._names
        if isinstance(func, Ext):
            is_made = func.path.endswith("()") or _own_object(func) is not None
            return is_made or python_rules().runner(func.path) is not None
        if isinstance(func, QueryMethod):
            return func.name.removeprefix("a") in _CREATES
        return isinstance(func, Partial | Inst)

    def _runs_when_made(self, cls: Def) -> bool:
        """Whether making an object of a class, or using it as Python does, runs anything that is wanted."""
        found = self._making.get(cls)
        if found is None:
            me = Inst(cls, (), known=True)
            run = self._hooks.members(me, ("__init__", "__post_init__", "__new__", *self._hooks.protocol))
            found = self._making[cls] = any(one.target in self._wanted for one in run)
        return found

    def _holds_functions(self, frame: Frame) -> bool:
        """Whether a function was given to the frame, or to one around it, which it may hand on."""
        here: Frame | None = frame
        while here is not None:
            found = self._holding.get(here)
            if found is None:
                given = (value for _name, values in here.bindings for value in values)
                found = self._holding[here] = any(True for value in given for _func in functions_in(value))
            if found:
                return True
            here = here.outer
        return False

    def _callbacks_at(self, site: Site) -> bool:
        line = site.call.line
        return any(e.line == line and e.how == "callback" for e in self._graph.callees.get(site.owner, ()))

    def _called(self, site: Site, funcs: Values, frame: Frame) -> Iterator[tuple[Frame, str]]:
        """The frames that a call enters: in a loop over a table that stands in the code, one for each round."""
        call = site.call
        exprs = (*call.args, *(value for _name, value in call.kwargs))
        if not self._is_looped(site, exprs):
            yield from self._in_round(site, funcs, frame, *arguments(self._ev, call, frame))
            return
        for inner in rounds(self._ev, frame, exprs):
            funcs = funcs if inner is frame else self._ev.eval(call.func, inner)
            yield from self._in_round(site, funcs, frame, *arguments(self._ev, call, inner))

    def _is_looped(self, site: Site, exprs: tuple[Expr, ...]) -> bool:
        found = self._looped.get(id(site))
        if found is None:
            found = self._looped[id(site)] = is_looped(site.owner, exprs)
        return found

    def _in_round(
        self, site: Site, funcs: Values, frame: Frame, args: Args, kwargs: Kwargs
    ) -> Iterator[tuple[Frame, str]]:
        entered = False
        for func in funcs:
            if isinstance(func, Partial) and func.curried and waits(func, args, kwargs):
                continue
            for target, how in self._targets(func, args, kwargs):
                entered = entered or (how == "call" and target.owner in self._wanted)
                yield target, how
        expr = site.call.func
        if isinstance(expr, Attribute) and expr.name in RUN_INLINE:
            for run in self._ev.eval(expr.base, frame):
                if isinstance(run, DefRef) and run.target.kind == "function":
                    given = ((), OPEN) if expr.name == "apply" else (args, kwargs)  # it takes them packed
                    yield self.frame(run, *given), "call"
        keeps = isinstance(expr, Attribute) and expr.name in KEEPERS
        if not entered and not keeps and site.owner.kind not in ("module", "class"):
            yield from self._handed_over(args, kwargs)

    def _targets(self, func: Value, args: Args, kwargs: Kwargs) -> Iterator[tuple[Frame, str]]:
        """The frames that calling a value enters."""
        if isinstance(func, Partial):
            merged = tuple(sorted((dict(func.kwargs) | dict(kwargs)).items()))
            yield from self._targets(func.func, func.args + args, merged)
        elif isinstance(func, DefRef) and func.target.kind == "class":
            yield from self._made(func.target, args, kwargs)
        elif isinstance(func, DefRef) and (wrapper := self._ev.wrappers.of(func)) is not None:
            yield self.frame(wrapper, args, kwargs), "call"
        elif isinstance(func, DefRef):
            yield self.frame(func, args, kwargs), "call"
            if isinstance(func.self, Inst) and not func.self.known:
                for override in self._hooks.overrides(func):
                    other = Inst(override.owner_class or func.self.cls, (), known=False)
                    yield self.frame(DefRef(override, other), args, kwargs), "override"
        elif isinstance(func, Ext):
            me = _own_object(func)
            if me is not None:  # a method that was not read may call those that the object's class overrides
                called = func.path.rsplit(".", 1)[-1]  # its own override it is called from, and does not call again
                hooks = (hook for hook in self._hooks.of_object(me) if _name(hook.target) != called)
                yield from ((self._hook_frame(hook), "override") for hook in hooks)
            for run, given, named in run_by(self._ev, func, args, kwargs):
                yield from self._targets(run, given, named)
            if func.path.endswith("()"):  # made outside from functions: `compose(f, g)(x)`
                yield from self._handed_over(func.args, ())
        elif isinstance(func, Inst):
            yield from ((self.frame(m, args, kwargs), "call") for m in self._hooks.members(func, ("__call__",)))
        elif isinstance(func, QueryMethod) and func.name.removeprefix("a") in _CREATES:
            model = Inst(func.cls, (), known=False)
            yield from ((self.frame(m), "call") for m in self._hooks.members(model, ("save", "__init__")))

    def _made(self, cls: Def, args: Args, kwargs: Kwargs) -> Iterator[tuple[Frame, str]]:
        """Making an object runs its constructor; what it does by itself when it is used, as an iterator, may follow."""
        for value in construct(self._ev, cls, *self._contexts.arguments(args, kwargs)):
            if isinstance(value, Inst):
                for name in ("__init__", "__post_init__", "__new__"):
                    for member in self._hooks.members(value, (name,)):
                        yield self.frame(member, args, kwargs), "call"
                for member in self._hooks.members(value, self._hooks.protocol):
                    yield self.frame(member), "call"

    def _handed_over(self, args: Args, kwargs: Kwargs) -> Iterator[tuple[Frame, str]]:
        """Functions given to something that was not read may be run by it."""
        for values in (*args, *(values for _name, values in kwargs)):
            for value in values:
                for func in functions_in(value):
                    yield self.frame(func), "callback"

    # what runs without being called by name --------------------------------------------------------------------

    def _implicit(self, frame: Frame) -> Iterator[tuple[Frame, int, str]]:
        owner, scope = frame.owner, frame.owner.scope
        for line, read in scope.reads:
            if read.name in self._names and self._hooks.is_property_name(read.name):
                for base in self._ev.eval(read.base, frame):
                    if isinstance(base, Inst):
                        for member in self._hooks.members(base, (read.name,)):
                            if self._ev.classes.is_property(member.target):
                                yield self.frame(member), line, "property"
        for line, _end_line, value in scope.withs:
            for entered in self._ev.eval(value, frame):
                if isinstance(entered, Inst):
                    for member in self._hooks.members(entered, ("__enter__", "__exit__", "__aenter__", "__aexit__")):
                        yield self.frame(member), line, "call"
        if owner.kind in ("function", "lambda"):
            yield from self._nested(frame)
        if frame in self._handed_back:
            for given in (v for expr in scope.returns for v in self._ev.eval(expr, frame)):
                if isinstance(given, Inst):
                    hooks = self._hooks.of_object(given)
                    yield from ((self._hook_frame(hook), scope.line, "override") for hook in hooks)

    def _nested(self, frame: Frame) -> Iterator[tuple[Frame, int, str]]:
        """Functions defined in a function run through it, unless it was seen who else calls them."""
        owner = frame.owner
        for edge in self._graph.callees.get(owner, ()):
            inner = edge.target
            if edge.how == "callback" and inner.parent is owner:
                yield self._ev.bound_frame(inner, (), None, frame), edge.line, "callback"


def _name(target: Def) -> str:
    return target.scope.name.rsplit(".", 1)[-1]


def _own_object(func: Ext) -> Inst | None:
    """The object of a class of the repository on which a method is called that was not read."""
    holder: Ext | None = func
    while holder is not None:
        for name, values in holder.kwargs:
            if name == SELF:
                return next((v for v in values if isinstance(v, Inst)), None)
        holder = holder.receiver
    return None


def leading_to(graph: CallGraph, targets: Iterable[Def]) -> frozenset[Def]:
    """The definitions from which targets can be reached along the call graph, and those that call a method of such a
    name on an object that only a caller may know."""
    seen: set[Def] = set()
    pending = list(targets)
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        pending += [edge.source for edge in graph.callers.get(here, ())]
        if here.owner_class is not None:
            pending += graph.unresolved.get(_name(here), ())
    return frozenset(seen)


__all__ = ["FrameStep", "Visits", "Walk", "leading_to"]
