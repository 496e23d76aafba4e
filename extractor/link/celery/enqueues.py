"""The places that queue a task: direct calls, signatures that are sent, callbacks that queue when they are run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments, bind
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Ext, Frame, Inst, Param, Unknown, Values
from extractor.link.celery.config import is_app
from extractor.link.celery.flow import Canvas, read_flow
from extractor.link.celery.queues import Router
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.model.graph import Enqueue, Gap, Task
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Attribute,
    CallResult,
    Closure,
    Defined,
    ImportedName,
    Local,
    Name,
    Parameter,
    last_name,
)

SENDERS = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit"})
SIGNATURES = frozenset({"s", "si", "signature", "subtask", "chunks", "map", "starmap"})
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
MAX_CALLERS = 3  # functions followed back from a task handed in as an argument
_LIBRARY_TASK = re.compile(r"^[a-z_]\w*(\.\w+)*\.[a-z_]\w*$")
_NOT_TASKS = ("multiprocessing.", "concurrent.", "builtins.", "billiard.", "gevent.", "eventlet.")


@dataclass(frozen=True, slots=True)
class Enqueues:
    """The rows, the row with the definition it stands in, and what was seen and not understood."""

    rows: tuple[Enqueue, ...]
    placed: tuple[tuple[Def, Enqueue, Found | None], ...]
    gaps: tuple[Gap, ...]

    @property
    def owners(self) -> set[Def]:
        """The definitions in which something is queued."""
        return {owner for owner, _row, _task in self.placed}


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a receiver means: tasks, or a name of a task that was not read, or nothing known."""

    tasks: tuple[Found, ...] = ()
    outside: str | None = None
    confidence: str = "certain"
    note: str = ""
    unknown: bool = False


def enqueues(ev: Evaluator, index: TaskIndex, repo: str) -> Enqueues:
    """Every place of the repository's own code that queues a task, and those that may and name none (with a gap)."""
    finder = _Finder(ev, index, repo)
    placed: list[tuple[Def, Enqueue, Found | None]] = []
    for module in ev.index.modules:
        if module.in_repo and finder.may_queue(module.summary.scopes.values()):
            for name in module.summary.scopes:
                placed += finder.scope(module.define(name))
    placed = list(dict.fromkeys(placed))
    placed.sort(key=lambda p: (p[1].path, p[1].line, p[1].task or "", p[1].how))
    ids = with_unique_ids(row for _d, row, _f in placed)
    final = tuple((d, row, f) for (d, _row, f), row in zip(placed, ids, strict=True))
    gaps = tuple(_gap(row) for _d, row, _f in final if row.task is None)
    return Enqueues(ids, final, gaps)


def dispatches(ev: Evaluator, index: TaskIndex, found: Enqueues) -> Mapping[Def, tuple[tuple[Task, Enqueue], ...]]:
    """The tasks that each function queues, with the row that says where."""
    out: dict[Def, list[tuple[Task, Enqueue]]] = {}
    for owner, row, task in found.placed:
        made = index.row(task) if task is not None else None
        if made is not None:
            out.setdefault(owner, []).append((made, row))
    return {owner: tuple(pairs) for owner, pairs in out.items()}


def _gap(row: Enqueue) -> Gap:
    return Gap(
        id=row_id("gap", "enqueue", row.id),
        kind="enqueue",
        repo=row.repo,
        path=row.path,
        line=row.line,
        what=f"{row.how} in {row.function or 'the module'}",
        reason=row.note or "the task is not known",
        remedy="give the receiver a type, or queue the task by its name",
    )


class _Finder:
    def __init__(self, ev: Evaluator, index: TaskIndex, repo: str) -> None:
        self.ev = ev
        self.index = index
        self.repo = repo
        self._sites: dict[str, list[tuple[Def, CallExpr]]] | None = None
        self._flows: dict[Def, Canvas] = {}
        self._dotted = {f.target.qualified: f for f in index.found}

    def _flow(self, owner: Def) -> Canvas:
        found = self._flows.get(owner)
        if found is None:
            found = self._flows[owner] = read_flow(self.ev, owner)
        return found

    @staticmethod
    def may_queue(scopes: Iterable[Scope]) -> bool:
        """A module in which no attribute or name of a sender stands queues nothing: a cheap look before the rest."""
        words = SENDERS | SIGNATURES | {"send_task", "retry", "Signature"}
        for scope in scopes:
            for call in scope.calls:
                if isinstance(call.func, Attribute | ImportedName) and call.func.name in words:
                    return True
            if any(read.name in SENDERS for _line, read in scope.reads):
                return True
        return False

    def scope(self, owner: Def) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        """The enqueues that stand in one scope."""
        frame = self.ev.frame(owner)
        for number, call in enumerate(owner.scope.calls):
            func = call.func
            if isinstance(func, Attribute) and func.name in SENDERS:
                yield from self._sent(owner, func, call, frame)
            elif isinstance(func, Attribute) and func.name == "retry":
                yield from self._retried(owner, func.base, call, frame)
            elif isinstance(func, Attribute) and func.name == "send_task":
                yield from self._by_name(owner, func.base, call, frame)
            elif isinstance(func, Attribute) and func.name in SIGNATURES:
                yield from self._signature(owner, number, func, call, frame)
            elif isinstance(func, ImportedName | Attribute | Name) and self._names_signature(func, frame):
                yield from self._signed_by_name(owner, number, call, frame)
            yield from self._handed_on(owner, call, frame)

    # direct ------------------------------------------------------------------------------------------------------

    def _sent(
        self, owner: Def, sender: Attribute, call: CallExpr, frame: Frame
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        if self._flow(owner).leads_to_signature(sender.base):
            return
        how = _around(owner, f".{sender.name}()")
        meant = self.meant(sender.base, frame)
        yield from self._rows(owner, call, meant, how, self._queue(call, frame))

    def _rows(
        self, owner: Def, call: CallExpr, meant: _Meant, how: str, queue: str | None = None
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        for task in meant.tasks:
            yield owner, self._row(owner, call, task.name, task, how, queue, meant.confidence, meant.note), task
        if not meant.tasks and meant.outside is not None:
            note = "a task of a library that was not read"
            queue = queue or self._queue_of_name(meant.outside)
            yield owner, self._row(owner, call, meant.outside, None, how, queue, "likely", note), None
        elif not meant.tasks and meant.unknown:
            yield owner, self._row(owner, call, None, None, how, queue, "possible", meant.note), None

    def _row(
        self,
        owner: Def,
        call: CallExpr,
        name: str | None,
        task: Found | None,
        how: str,
        queue: str | None,
        confidence: str,
        note: str,
    ) -> Enqueue:
        row = self.index.row(task) if task is not None else None
        path, function = owner.module.path, owner.shown
        return Enqueue(
            id=row_id("enqueue", self.repo, path, function, name or "", how),
            repo=self.repo,
            path=path,
            line=call.line,
            end_line=call.end_line,
            function=function,
            task=name,
            how=how,
            task_id=row.id if row else None,
            queue=queue or self._usual_queue(task),
            contexts=(),
            confidence=confidence,
            note=note,
        )

    def _usual_queue(self, task: Found | None) -> str | None:
        """The queue of the task, where all services route it to one."""
        queues = {row.queue for row in self.index.rows.get(task.target, ())} if task is not None else set()
        return queues.pop() if len(queues) == 1 else None

    def _queue_of_name(self, task: str) -> str | None:
        """The queue of a task that was not read, where all services route its name to one."""
        router = Router(self.ev, self.repo, "")
        queues = {router.of_name(config, task) for config in self.index.configs}
        return queues.pop() if len(queues) == 1 else None

    def _queue(self, call: CallExpr, frame: Frame) -> str | None:
        """The queue named at the call, where it is text."""
        for name, expr in call.kwargs:
            if name == "queue":
                values = self.ev.eval(expr, frame)
                return next((q for c in self.index.configs if (q := c.text(values)) is not None), None)
        return None

    def _retried(
        self, owner: Def, task: Expr, call: CallExpr, frame: Frame
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        meant = self.meant(task, frame)
        if meant.tasks:
            yield from self._rows(owner, call, meant, "retry")

    def _by_name(
        self, owner: Def, app: Expr, call: CallExpr, frame: Frame
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        if not any(is_app(self.ev, v) for v in self.ev.eval(app, frame)):
            return
        args, kwargs = arguments(self.ev, call, frame)
        meant = self._named(args[0] if args else dict(kwargs).get("name", ()))
        yield from self._rows(owner, call, meant, ".send_task()", self._queue(call, frame))

    def _named(self, values: Values) -> _Meant:
        texts = [t for c in self.index.configs for v in values if (t := c.text((v,))) is not None]
        tasks = tuple(dict.fromkeys(self.index.by_name[t] for t in texts if t in self.index.by_name))
        if tasks:
            return _Meant(tasks)
        if texts:
            return _Meant(outside=texts[0])
        return _Meant(unknown=True, note="the task's name is known only at run time")

    # signatures --------------------------------------------------------------------------------------------------

    def _signature(
        self, owner: Def, number: int, made: Attribute, call: CallExpr, frame: Frame
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        meant = self.meant(made.base, frame, guess=False)
        if not meant.tasks:
            return
        fate = self._flow(owner).fate(number)
        if fate is not None:
            how, sure = fate
            confidence = meant.confidence if sure else "likely"
            shaped = _Meant(meant.tasks, None, confidence, meant.note)
            yield from self._rows(owner, call, shaped, f"{how} of .{made.name}()", self._queue(call, frame))

    def _names_signature(self, func: Attribute | ImportedName | Name, frame: Frame) -> bool:
        if func.name not in ("signature", "subtask", "Signature"):
            return False
        return any(
            isinstance(v, Ext) and (v.path in _BY_NAME or is_app(self.ev, Ext(v.path.rpartition(".")[0])))
            for v in self.ev.eval(func, frame)
        )

    def _signed_by_name(
        self, owner: Def, number: int, call: CallExpr, frame: Frame
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        fate = self._flow(owner).fate(number)
        if fate is None or not call.args:
            return
        meant = self._named(arguments(self.ev, call, frame)[0][0])
        yield from self._rows(owner, call, meant, f"{fate[0]} of signature()")

    # callbacks ---------------------------------------------------------------------------------------------------

    def _handed_on(self, owner: Def, call: CallExpr, frame: Frame) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        """`on_commit(task.delay)`, `partial(task.delay, ...)`: a sender given away, to be run by another."""
        for argument in (*call.args, *(value for _name, value in call.kwargs)):
            if isinstance(argument, Attribute) and argument.name in SENDERS:
                meant = self.meant(argument.base, frame, guess=False)
                if meant.tasks:
                    how = _around_call(owner, call, f"{last_name(call.func) or 'call'}(X.{argument.name})")
                    yield from self._rows(owner, call, meant, how)
        if isinstance(call.func, Local | Closure):  # send = task.delay; send()
            for value in self.ev.eval(call.func, frame):
                if isinstance(value, Ext) and value.path.rpartition(".")[2] in SENDERS:
                    task = self._dotted.get(value.path.rpartition(".")[0])
                    if task is not None:
                        yield from self._rows(owner, call, _Meant((task,)), f".{value.path.rpartition('.')[2]}()")

    # what a receiver means ---------------------------------------------------------------------------------------

    def meant(self, base: Expr, frame: Frame, guess: bool = True) -> _Meant:
        """The tasks that an expression can be. `guess` also takes outside names and unknown receivers for tasks."""
        param = _parameter(base, frame)
        own = self.index.meant((param,)) if param is not None else ()  # the task itself, whatever its class
        if own:
            return _Meant(own)
        values = self.ev.eval(base, frame)
        found = self.index.meant(values)
        if found:
            return _Meant(found)
        made = self._made_elsewhere(values)
        if made:
            return _Meant(made)
        for value in (*values, *((param,) if param is not None else ())):
            if isinstance(value, Param):
                found = self._from_callers(value, 0)
                if found:
                    return _Meant(found, confidence="likely", note=f"handed in as {value.name}{value.path}")
        if isinstance(base, Attribute):
            named = self._by_attribute(base, frame)
            if named is not None:
                return named
        if not guess:
            return _Meant()
        return _outside(values)

    def _made_elsewhere(self, values: Values) -> tuple[Found, ...]:
        """A signature that another function made and returned."""
        out = []
        for value in values:
            if isinstance(value, Ext):
                head, _, last = value.path.removesuffix("()").rpartition(".")
                if last in SIGNATURES and head in self._dotted:
                    out.append(self._dotted[head])
        return tuple(dict.fromkeys(out))

    def _by_attribute(self, base: Attribute, frame: Frame) -> _Meant | None:
        """A task kept on a class: put there from outside, or bound to an attribute of that name by classes."""
        owners = [v for v in self.ev.eval(base.base, frame) if isinstance(v, DefRef | Inst)]
        for value in owners:
            cls = value.target if isinstance(value, DefRef) else value.cls
            found = self.index.set_on_class(cls, base.name)
            if found:
                return _Meant(found)
        if any(isinstance(v, Inst) for v in owners):
            found = self.index.class_values(base.name)
            if found:
                note = f"by the name of the attribute {base.name}, which task classes bind to these tasks"
                return _Meant(found, confidence="possible", note=note)
        return None

    def _from_callers(self, param: Param, depth: int) -> tuple[Found, ...]:
        """The tasks that callers hand in for a parameter, followed back over a few functions."""
        if depth >= MAX_CALLERS or param.path:
            return ()
        out: list[Found] = []
        for caller, call in self._calls_of(param.owner):
            args, kwargs = arguments(self.ev, call, self.ev.frame(caller))
            skip = param.owner.owner_class is not None and param.owner.kind == "function"
            bound = dict(bind(self.ev, param.owner, args, kwargs, skip_first=skip))
            values = bound.get(param.name, ())
            out += self.index.meant(values)
            for value in values:
                if isinstance(value, Param) and value != param:
                    out += self._from_callers(value, depth + 1)
        return tuple(dict.fromkeys(out))

    def _calls_of(self, target: Def) -> Iterator[tuple[Def, CallExpr]]:
        if self._sites is None:
            self._sites = {}
            for module in self.ev.index.modules:
                for name, scope in module.summary.scopes.items():
                    for call in scope.calls:
                        key = _called_name(call.func)
                        if key:
                            self._sites.setdefault(key, []).append((module.define(name), call))
        last = target.scope.name.rsplit(".", 1)[-1].split("#")[0]
        for owner, call in self._sites.get(last, ()):
            for value in self.ev.eval(call.func, self.ev.frame(owner)):
                if isinstance(value, DefRef) and value.target is target:
                    yield owner, call
                    break


def _parameter(expr: Expr, frame: Frame) -> Param | None:
    """The parameter of the function that an expression is, whatever its annotation says of it."""
    if isinstance(expr, Local) and len(expr.definitions) == 1:
        expr = frame.owner.scope.defs[expr.definitions[0]][1]
    return Param(frame.owner, expr.name) if isinstance(expr, Parameter) and frame.get(expr.name) is None else None


def _called_name(func: Expr) -> str | None:
    return func.scope.rsplit(".", 1)[-1] if isinstance(func, Defined) else last_name(func)


def _outside(values: Values) -> _Meant:
    """A receiver that is no task that was read: a name imported from elsewhere, or nothing known."""
    for value in values:
        if isinstance(value, Ext) and _LIBRARY_TASK.match(value.path) and not value.path.startswith(_NOT_TASKS):
            return _Meant(outside=value.path)
    if any(isinstance(v, Param) for v in values):
        return _Meant(unknown=True, note="the task is handed in, and no caller that hands in a known task was found")
    if not values or any(isinstance(v, Unknown) for v in values):
        return _Meant(unknown=True, note="the receiver is known only at run time")
    return _Meant()


def _around(owner: Def, how: str) -> str:
    """How a call is deferred: by the lambda or the nested function it stands in, when that is given to `on_commit`."""
    parent = owner.parent
    if parent is None or owner.kind not in ("lambda", "function"):
        return how
    for call in parent.scope.calls:
        if _is_on_commit(call) and any(_reaches(parent, arg, owner.scope.name) for arg in call.args):
            inside = "lambda: X" + how if owner.kind == "lambda" else f"function: X{how}"
            return f"transaction.on_commit({inside})"
    return how


def _reaches(scope_owner: Def, argument: Expr, name: str) -> bool:
    if isinstance(argument, Local):
        return any(scope_owner.scope.defs[i][1] == Defined(name) for i in argument.definitions)
    if isinstance(argument, CallResult):  # partial(function, ...)
        return any(_reaches(scope_owner, inner, name) for inner in scope_owner.scope.calls[argument.call].args[:1])
    return argument == Defined(name)


def _around_call(owner: Def, call: CallExpr, how: str) -> str:
    """`transaction.on_commit(partial(X.delay))` for a partial that is given to `on_commit`."""
    if _is_on_commit(call):
        return f"transaction.{how}"
    position = owner.scope.calls.index(call)
    for outer in owner.scope.calls:
        if _is_on_commit(outer) and CallResult(position) in outer.args:
            return f"transaction.on_commit({how})"
    return how


def _is_on_commit(call: CallExpr) -> bool:
    return isinstance(call.func, Attribute | ImportedName) and call.func.name == "on_commit"


__all__ = ["Enqueues", "dispatches", "enqueues"]
