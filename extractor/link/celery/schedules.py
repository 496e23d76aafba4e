"""The beat schedule as rows: each entry with its cadence, the task it runs and the queue it puts it on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Values
from extractor.link.celery.config import Config
from extractor.link.celery.entries import BeatEntry, entries
from extractor.link.celery.given import QueueSource, given, of_call
from extractor.link.celery.intervals import ScheduleReader, ScheduleReading
from extractor.link.celery.receivers import SIGNATURES, Receivers
from extractor.link.celery.stored import stored_entries
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.model.graph import Gap, Schedule, Task
from extractor.model.ids import row_id, with_unique_ids
from extractor.summary import CallExpr
from extractor.summary.expr import Attribute, CallResult, last_name

_BY_NAME = frozenset({"signature", "subtask", "Signature"})  # what makes a signature of a name
_NOT_SAID = ScheduleReading("?", "no schedule is given", known=False)


@dataclass(frozen=True, slots=True)
class Schedules:
    """The rows, and the entries whose key, task or cadence could not be read."""

    rows: tuple[Schedule, ...]
    gaps: tuple[Gap, ...]


def schedules(ev: Evaluator, index: TaskIndex, repo: str) -> Schedules:
    """The beat entries of every service of the repository. An entry that several services share is one row."""
    rows: dict[tuple[str, int, str], Schedule] = {}
    gaps: dict[str, Gap] = {}
    receivers = Receivers(ev, index)
    for config in index.configs:
        written = ((entry, _read(entry)) for entry in entries(ev, config) if entry.module.in_repo)
        for entry, reading in (*written, *stored_entries(ev, config)):
            row = _row(index, receivers, repo, entry, reading)
            place = (row.path, row.line, row.key)
            rows[place] = _shared(rows[place], row) if place in rows else row
            gaps.update({gap.id: gap for gap in _gaps(row)})
    for row in _on_tasks(index, repo):
        rows.setdefault((row.path, row.line, row.key), row)
    ordered = sorted(rows.values(), key=lambda r: (r.path, r.line, r.key))
    return Schedules(with_unique_ids(ordered), tuple(sorted(gaps.values(), key=lambda g: (g.path, g.line, g.what))))


def _shared(one: Schedule, other: Schedule) -> Schedule:
    """One row of what two services have: its queue where both have the same."""
    return replace(one, service="", queue=one.queue if one.queue == other.queue else None)


def _read(entry: BeatEntry) -> ScheduleReading:
    if "schedule" not in entry.fields:
        return _NOT_SAID
    return ScheduleReader(entry.config).read(entry.fields["schedule"], entry.frame)


def _row(index: TaskIndex, receivers: Receivers, repo: str, entry: BeatEntry, reading: ScheduleReading) -> Schedule:
    config = entry.config
    found, named, signed = _task(index, receivers, entry)
    made = index.row(found, config.service) if found is not None else None
    key = entry.key or named
    own = _given(entry, signed)
    return Schedule(
        id=row_id("schedule", repo, config.service, key),
        repo=repo,
        key=key,
        task=named,
        task_id=made.id if made else None,
        schedule=reading.text,
        cadence=reading.words,
        path=entry.module.path,
        line=entry.line,
        end_line=entry.end_line,
        service=config.service,
        note=reading.note,
        settings=reading.settings,
        condition=entry.condition,
        queue=_queue(config, own, made),
    )


def _queue(config: Config, own: Values | None, task: Task | None) -> str | None:
    """The queue that an entry gives, where it gives one for certain; else that of the task."""
    if own is None:
        return task.queue if task is not None else None
    return config.text(own) if len(own) == 1 else None


def _given(entry: BeatEntry, signed: Values | None) -> Values | None:
    """The queue that an entry's options give, else its signature; None when neither does."""
    sources = [
        QueueSource(entry.fields[name], name == "options") for name in ("queue", "options") if name in entry.fields
    ]
    own = given(entry.config.ev, sources, entry.frame)
    return own if own is not None else signed


def _task(index: TaskIndex, receivers: Receivers, entry: BeatEntry) -> tuple[Found | None, str, Values | None]:
    """The task an entry runs, its name as the entry says it, and the queue that its signature gives."""
    expr, config = entry.fields.get("task"), entry.config
    if expr is None:
        return None, "?", None
    named = config.text(config.ev.eval(expr, entry.frame))
    if named is not None:
        return index.by_name.get(named), named, None
    base, own = expr.base if isinstance(expr, Attribute) and expr.name == "name" else expr, None
    while isinstance(base, CallResult):  # a signature: task.s(), task.s().set(...)
        call = entry.frame.owner.scope.calls[base.call]
        by_name = _signed_name(config, call, entry)
        if by_name is not None:
            own = own if own is not None else given(config.ev, of_call(call), entry.frame)
            return index.by_name.get(by_name), by_name, own
        if not isinstance(call.func, Attribute) or call.func.name not in (*SIGNATURES, "set"):
            break
        own = own if own is not None else given(config.ev, of_call(call), entry.frame)
        base = call.func.base
    values = config.ev.eval(base, entry.frame)
    found = index.meant(values) or tuple(task for task, _queue in receivers.signed(values))
    return (found[0], found[0].name, own) if found else (None, "?", own)


def _signed_name(config: Config, call: CallExpr, entry: BeatEntry) -> str | None:
    """The name that a signature is made from: `app.signature("shop.tasks.count")`; None for another call."""
    name = call.args[0] if call.args and last_name(call.func) in _BY_NAME else None
    return config.text(config.ev.eval(name, entry.frame)) if name is not None else None


def _gaps(row: Schedule) -> Iterator[Gap]:
    missing = [what for what, bad in (("task", row.task == "?"), ("cadence", "?" in row.schedule)) if bad]
    for what in missing:
        yield Gap(
            id=row_id("gap", "schedule", row.id, what),
            kind="schedule",
            repo=row.repo,
            path=row.path,
            line=row.line,
            what=f"the {what} of the beat entry {row.key}",
            reason="its value is known only at run time",
            remedy="give it as text or numbers, or as a setting with a default",
        )


def _on_tasks(index: TaskIndex, repo: str) -> Iterator[Schedule]:
    """`@periodic_task(run_every=...)`: a task that brings its own schedule."""
    for found in index.found:
        parent = found.target.parent
        row = index.row(found)
        if parent is None or row is None or not found.target.module.in_repo or not index.configs:
            continue
        frame = index.ev.frame(parent)
        for decorator in found.target.scope.decorators:
            call = parent.scope.calls[decorator.call] if isinstance(decorator, CallResult) else None
            every = dict(call.kwargs).get("run_every") if call is not None else None
            if every is not None:
                reading = ScheduleReader(index.configs[0]).read(every, frame)
                yield Schedule(
                    id=row_id("schedule", repo, "", found.name),
                    repo=repo,
                    key=found.name,
                    task=found.name,
                    task_id=row.id,
                    schedule=reading.text,
                    cadence=reading.words,
                    path=row.path,
                    line=row.line,
                    end_line=row.line,
                    service="",
                    note=reading.note,
                    settings=reading.settings,
                    queue=row.queue,
                )


__all__ = ["Schedules", "schedules"]
