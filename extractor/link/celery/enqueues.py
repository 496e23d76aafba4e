"""The places that queue a task: direct calls, signatures that are sent, callbacks that queue when they are run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Ext, Frame
from extractor.link.celery.config import is_app
from extractor.link.celery.flow import Canvas, read_flow
from extractor.link.celery.on_commit import around, around_call
from extractor.link.celery.queues import Router
from extractor.link.celery.receivers import SIGNATURES, Meant, Receivers
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.model.graph import Enqueue, Gap
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Attribute,
    Closure,
    ImportedName,
    Local,
    Name,
    last_name,
)

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
        self._flows: dict[Def, Canvas] = {}
        self.receivers = Receivers(ev, index)

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
        how = around(owner, f".{sender.name}()")
        meant = self.receivers.meant(sender.base, frame)
        yield from self._rows(owner, call, meant, how, self._queue(call, frame))

    def _rows(
        self, owner: Def, call: CallExpr, meant: Meant, how: str, queue: str | None = None
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
        meant = self.receivers.meant(task, frame)
        if meant.tasks:
            yield from self._rows(owner, call, meant, "retry")

    def _by_name(
        self, owner: Def, app: Expr, call: CallExpr, frame: Frame
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        if not any(is_app(self.ev, v) for v in self.ev.eval(app, frame)):
            return
        args, kwargs = arguments(self.ev, call, frame)
        meant = self.receivers.named(args[0] if args else dict(kwargs).get("name", ()))
        yield from self._rows(owner, call, meant, ".send_task()", self._queue(call, frame))

    # signatures --------------------------------------------------------------------------------------------------

    def _signature(
        self, owner: Def, number: int, made: Attribute, call: CallExpr, frame: Frame
    ) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        meant = self.receivers.meant(made.base, frame, guess=False)
        if not meant.tasks:
            return
        fate = self._flow(owner).fate(number)
        if fate is not None:
            how, sure = fate
            confidence = meant.confidence if sure else "likely"
            shaped = Meant(meant.tasks, None, confidence, meant.note)
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
        meant = self.receivers.named(arguments(self.ev, call, frame)[0][0])
        yield from self._rows(owner, call, meant, f"{fate[0]} of signature()")

    # callbacks ---------------------------------------------------------------------------------------------------

    def _handed_on(self, owner: Def, call: CallExpr, frame: Frame) -> Iterator[tuple[Def, Enqueue, Found | None]]:
        """`on_commit(task.delay)`, `partial(task.delay, ...)`: a sender given away, to be run by another."""
        for argument in (*call.args, *(value for _name, value in call.kwargs)):
            if isinstance(argument, Attribute) and argument.name in SENDERS:
                meant = self.receivers.meant(argument.base, frame, guess=False)
                if meant.tasks:
                    how = around_call(owner, call, f"{last_name(call.func) or 'call'}(X.{argument.name})")
                    yield from self._rows(owner, call, meant, how)
        if isinstance(call.func, Local | Closure):  # send = task.delay; send()
            for value in self.ev.eval(call.func, frame):
                if isinstance(value, Ext) and value.path.rpartition(".")[2] in SENDERS:
                    task = self.receivers.dotted.get(value.path.rpartition(".")[0])
                    if task is not None:
                        yield from self._rows(owner, call, Meant((task,)), f".{value.path.rpartition('.')[2]}()")
