"""The calls that queue tasks, or may: what each is made of, and what it queues in a frame of its function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.rounds import is_looped, rounds
from extractor.evaluate.unroll import MAX_ROUNDS
from extractor.evaluate.values import DefRef, Ext, Frame, Param, Unknown, Values
from extractor.link.celery.appconf import is_app
from extractor.link.celery.flow import Canvas, Queues, is_called_canvas, may_be_called, read_flow
from extractor.link.celery.given import given, of_call
from extractor.link.celery.on_commit import around, around_call
from extractor.link.celery.receivers import SIGNATURES, Meant, Receivers
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.program.module import Def, Module
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, CallResult, Closure, ImportedName, Local, Name, last_name

SENDERS = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit"})
_BY_NAME = frozenset(
    {
        "celery.signature",
        "celery.subtask",
        "celery.Signature",
        "celery.canvas.signature",
        "celery.canvas.subtask",
        "celery.canvas.Signature",
    }
)
_NOTHING = Meant()


@dataclass(frozen=True, slots=True)
class Queued:
    """One task that a place queues: its name (None: not known), and the task where it was read. `given` is the queue
    that the place gives, None when it gives none."""

    name: str | None
    task: Found | None
    given: Values | None = None
    confidence: str = "certain"
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class QueueSite:
    """A call that queues tasks, or may. `exprs` say which and to which queue; `leaves_by` are the functions through
    which a signature that is handed on leaves this one, None where it leaves in another way too."""

    owner: Def
    call: CallExpr
    how: str
    exprs: tuple[Expr, ...]
    read: Callable[[Frame], Meant]
    queues: Queues = ()
    leaves_by: tuple[Def, ...] | None = None


class QueueSites:
    """Finds the places of a repository's own code that queue tasks, and tells what they queue."""

    def __init__(self, ev: Evaluator, index: TaskIndex) -> None:
        self.ev, self.index = ev, index
        self.receivers = Receivers(ev, index)
        self._flows: dict[Def, Canvas] = {}
        self._looped: dict[int, bool] = {}  # by the site, which its holder keeps

    def all(self) -> Iterator[QueueSite]:
        """Every place, module by module."""
        for module in self.ev.index.modules:
            if module.in_repo and _may_queue(module):
                for name in module.summary.scopes:
                    yield from self._of_scope(module.define(name))

    def queued(self, site: QueueSite, frame: Frame) -> tuple[Queued, ...]:
        """What a place queues in a frame of its function, in a loop over a table in each round."""
        looped = self._looped.get(id(site))
        if looped is None:
            looped = self._looped[id(site)] = is_looped(site.owner, site.exprs)
        frames = rounds(self.ev, frame, site.exprs, MAX_ROUNDS) if looped else (frame,)
        return tuple(dict.fromkeys(one for inner in frames for one in self._in_round(site, inner)))

    def makers(self, site: QueueSite, frame: Frame) -> Iterator[Def]:
        """The functions that made what a place sends in a frame, where it sends what a call gives back."""
        for expr in site.exprs[:1]:
            made = self._made(site.owner, expr)
            if isinstance(made, CallResult):
                for func in self.ev.eval(site.owner.scope.calls[made.call].func, frame):
                    if isinstance(func, DefRef):
                        yield func.target

    @staticmethod
    def _made(owner: Def, expr: Expr) -> Expr:
        """What a variable holds, where only one line binds it."""
        is_single = isinstance(expr, Local) and len(expr.definitions) == 1
        return owner.scope.defs[expr.definitions[0]][1] if isinstance(expr, Local) and is_single else expr

    def _in_round(self, site: QueueSite, frame: Frame) -> Iterator[Queued]:
        meant = site.read(frame)
        own = given(self.ev, site.queues, frame)
        for task in meant.tasks:
            yield Queued(task.name, task, own, meant.confidence, meant.note)
        for task, signed in meant.signed:
            yield Queued(task.name, task, own if own is not None else signed, meant.confidence, meant.note)
        for name in meant.outside:
            yield Queued(name, None, own, "likely", "a task of a library that was not read")
        if meant.unknown and not (meant.tasks or meant.signed or meant.outside):
            yield Queued(None, None, own, "possible", meant.note)

    def _flow(self, owner: Def) -> Canvas:
        found = self._flows.get(owner)
        if found is None:
            found = self._flows[owner] = read_flow(self.ev, owner)
        return found

    def _of_scope(self, owner: Def) -> Iterator[QueueSite]:
        frame = self.ev.frame(owner)
        for number, call in enumerate(owner.scope.calls):
            func = call.func
            if isinstance(func, Attribute) and func.name in SENDERS:
                yield from self._sent(owner, func, call)
            elif isinstance(func, Attribute) and func.name == "retry":
                if self.receivers.meant(func.base, frame).tasks:
                    yield QueueSite(owner, call, "retry", (func.base,), self._task(func.base, False), of_call(call))
            elif isinstance(func, Attribute) and func.name == "send_task":
                yield from self._by_name(owner, func.base, call)
            elif isinstance(func, Attribute) and func.name == "replace":
                yield from self._handed_in(owner, call, call.args, ".replace()", ())
            elif isinstance(func, ImportedName | Attribute | Name) and self._names_signature(func, frame):
                yield from self._signed_by_name(owner, number, call)
            elif isinstance(func, Attribute) and func.name in SIGNATURES:
                yield from self._signature(owner, number, func, call, frame)
            elif may_be_called(func):
                yield from self._called(owner, call)
            yield from self._given_away(owner, call, frame)

    # direct ------------------------------------------------------------------------------------------------------

    def _task(self, expr: Expr, guess: bool = True) -> Callable[[Frame], Meant]:
        return lambda frame: self.receivers.meant(expr, frame, guess)

    def _sent(self, owner: Def, sender: Attribute, call: CallExpr) -> Iterator[QueueSite]:
        how = around(owner, f".{sender.name}()")
        if self._flow(owner).leads_to_signature(sender.base):
            yield from self._handed_in(owner, call, (sender.base,), how, of_call(call))
            return
        exprs = (sender.base, *(source.value for source in of_call(call)))
        yield QueueSite(owner, call, how, exprs, self._task(sender.base), of_call(call))

    def _by_name(self, owner: Def, app: Expr, call: CallExpr) -> Iterator[QueueSite]:
        name = call.args[0] if call.args else dict(call.kwargs).get("name")
        if name is None:
            return

        def read(frame: Frame) -> Meant:
            values = self.ev.eval(app, frame)
            meant = self.receivers.named(self.ev.eval(name, frame))
            if any(is_app(self.ev, v) for v in values):
                return meant
            is_open = not values or any(isinstance(v, Param | Unknown) for v in values)
            if is_open and meant.tasks:  # on something unknown, by the name of a task of the repository
                return Meant(meant.tasks, confidence="likely", note="sent by what is taken for the Celery application")
            return _NOTHING

        exprs = (name, *(source.value for source in of_call(call)))
        yield QueueSite(owner, call, ".send_task()", exprs, read, of_call(call))

    # signatures --------------------------------------------------------------------------------------------------

    def _signature(self, owner: Def, number: int, made: Attribute, call: CallExpr, frame: Frame) -> Iterator[QueueSite]:
        if self.receivers.meant(made.base, frame, guess=False).tasks:
            yield from self._with_fate(owner, number, call, f".{made.name}()", made.base, self._task(made.base, False))

    def _names_signature(self, func: Attribute | ImportedName | Name, frame: Frame) -> bool:
        if func.name not in ("signature", "subtask", "Signature"):
            return False
        return any(
            isinstance(v, Ext) and (v.path in _BY_NAME or is_app(self.ev, Ext(v.path.rpartition(".")[0])))
            for v in self.ev.eval(func, frame)
        )

    def _signed_by_name(self, owner: Def, number: int, call: CallExpr) -> Iterator[QueueSite]:
        def read(frame: Frame) -> Meant:
            return self.receivers.named(arguments(self.ev, call, frame)[0][0])

        if call.args:
            yield from self._with_fate(owner, number, call, "signature()", call.args[0], read)

    def _with_fate(
        self, owner: Def, number: int, call: CallExpr, made: str, what: Expr, read: Callable[[Frame], Meant]
    ) -> Iterator[QueueSite]:
        """A signature, where it is sent in its function or handed on to be sent elsewhere."""
        flow = self._flow(owner)
        fate = flow.fate(number)
        if fate is None:
            return
        sending, is_sure = fate
        queues = (*sending.queues, *of_call(call))
        exprs = (what, *(source.value for source in queues))
        shown = f"{sending.how} of {made}"
        if is_sure:
            yield QueueSite(owner, call, shown, exprs, read, queues)
        else:
            yield QueueSite(owner, call, shown, exprs, _likely(read), queues, self._leaves_by(flow, number))

    def _leaves_by(self, flow: Canvas, number: int) -> tuple[Def, ...] | None:
        if number in flow.kept:
            return None
        owner, found = flow.owner, [flow.owner] if number in flow.returned else []
        for at in flow.given.get(number, ()):
            funcs = self.ev.eval(owner.scope.calls[at].func, self.ev.frame(owner))
            taking = [v.target for v in funcs if isinstance(v, DefRef)]
            if not taking:
                return None
            found += taking
        return tuple(found)

    def _called(self, owner: Def, call: CallExpr) -> Iterator[QueueSite]:
        """`chain(*steps)()`, of which others hand in what is queued."""
        func = call.func
        if self._flow(owner).leads_to_signature(func) and is_called_canvas(self.ev, owner, func):
            yield from self._handed_in(owner, call, (func, *call.args), "()", of_call(call))

    def _handed_in(
        self, owner: Def, call: CallExpr, exprs: Iterable[Expr], how: str, queues: Queues
    ) -> Iterator[QueueSite]:
        """A canvas is sent that is made of what others hand in: what they hand in says which tasks."""
        flow = self._flow(owner)
        for expr in exprs:
            if not flow.leads_to_signature(expr):
                continue
            for one, sources in flow.handed_in(expr, queues):
                read = self._members(one)
                yield QueueSite(owner, call, how, (one, *(s.value for s in sources)), read, sources)

    def _members(self, expr: Expr) -> Callable[[Frame], Meant]:
        return lambda frame: Meant(signed=self.receivers.signed(self.ev.eval(expr, frame)))

    # callbacks ---------------------------------------------------------------------------------------------------

    def _given_away(self, owner: Def, call: CallExpr, frame: Frame) -> Iterator[QueueSite]:
        """`on_commit(task.delay)`, `partial(task.delay, ...)`: a sender given away, to be run by another."""
        for argument in (*call.args, *(value for _name, value in call.kwargs)):
            if not isinstance(argument, Attribute) or argument.name not in SENDERS:
                continue
            if self.receivers.meant(argument.base, frame, guess=False).tasks:
                how = around_call(owner, call, f"{last_name(call.func) or 'call'}(X.{argument.name})")
                queues = of_call(call) if argument.name.startswith("apply_async") else ()
                exprs = (argument.base, *(source.value for source in queues))
                yield QueueSite(owner, call, how, exprs, self._task(argument.base, False), queues)
        if isinstance(call.func, Local | Closure):  # send = task.delay; send()
            for value in self.ev.eval(call.func, frame):
                head, _, last = value.path.rpartition(".") if isinstance(value, Ext) else ("", "", "")
                if last in SENDERS and head in self.receivers.dotted:
                    task = Meant((self.receivers.dotted[head],))
                    yield QueueSite(owner, call, f".{last}()", (call.func,), _always(task), of_call(call))


def _may_queue(module: Module) -> bool:
    """A module in which no attribute or name of a sender stands queues nothing: a cheap look before the rest."""
    words = SENDERS | SIGNATURES | {"send_task", "retry", "Signature"}
    if any(name.split(".")[0] == "celery" for name in module.summary.imports):
        words |= {"replace"}
    for scope in module.summary.scopes.values():
        for call in scope.calls:
            if isinstance(call.func, Attribute | ImportedName) and call.func.name in words:
                return True
        if any(read.name in SENDERS for _line, read in scope.reads):
            return True
    return False


def _likely(read: Callable[[Frame], Meant]) -> Callable[[Frame], Meant]:
    """A reading of what is only likely to be queued."""

    def told(frame: Frame) -> Meant:
        meant = read(frame)
        return Meant(meant.tasks, meant.outside, "likely", meant.note, meant.unknown, meant.signed)

    return told


def _always(meant: Meant) -> Callable[[Frame], Meant]:
    return lambda _frame: meant


__all__ = ["QueueSite", "QueueSites", "Queued"]
