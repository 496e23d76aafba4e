"""What was not read: whether a name that was not found may yet stand in a file or a library that was not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from extractor.checks.context import CheckContext, literals
from extractor.evaluate.values import Seq, Values
from extractor.model.graph import Gap, Schedule
from extractor.model.ids import row_id
from extractor.program.module import module_name
from extractor.rules.django import django_rules

UNKNOWN = "?"  # the task of an entry that is known only at run time


def missing(program: CheckContext, dotted: str) -> str:
    """What was not read and may hold `package.module.name`, in words; "" when all that could hold it was read.

    A file that was skipped may hold it, and so may a package that the repository installs as an app or calls, and
    that was not read: a library.
    """
    module, _dot, _name = dotted.rpartition(".")
    for path in program.skipped:
        name = module_name(path)[0]
        if module and (name == module or name.endswith(f".{module}")):
            return f"the file {path}"
    root = module.partition(".")[0]
    index = program.ev.index
    if not root or root in index.packages or index.find(root) is not None:
        return ""
    return f"the library {root}" if root in {*_roots(program.called), *_installed(program)} else ""


def settled(program: CheckContext) -> tuple[Schedule, ...]:
    """The beat entries; those that resolve to no task say why."""
    return tuple(
        row if row.task_id is not None else replace(row, unresolved=_why(program, row.task))
        for row in program.schedules
    )


def _why(program: CheckContext, task: str) -> str:
    if task in ("", UNKNOWN):
        return "unknown"
    if task in django_rules().builtin_tasks:
        return "built-in"
    return "unread" if missing(program, task) else "missing"


def unread_tasks(program: CheckContext) -> Iterator[Gap]:
    """Beat entries of tasks that may stand where nothing was read, as gaps."""
    for row in program.schedules:
        if row.unresolved == "unread":
            yield _gap(row, missing(program, row.task))


def _gap(row: Schedule, unread: str) -> Gap:
    return Gap(
        id=row_id("gap", "schedule", row.id, "unread"),
        kind="schedule",
        repo=row.repo,
        path=row.path,
        line=row.line,
        what=f"the task {row.task} of the beat entry {row.key}",
        reason=f"{unread} was not read",
        remedy="mend the file, or pin the library in a lock file and scan with the libraries at hand",
    )


def _installed(program: CheckContext) -> Iterator[str]:
    for table in program.settings:
        yield from _roots(_texts(table.raw("INSTALLED_APPS")))


def _texts(values: Values) -> Iterator[str]:
    yield from literals(values)
    for value in values:
        if isinstance(value, Seq):
            for item in value.items:
                yield from literals(item)


def _roots(paths: Iterable[str]) -> Iterator[str]:
    return (path.partition(".")[0] for path in paths)
