"""What was not read: whether a name that was not found may yet stand in a file or a library that was not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.checks.context import CheckContext, literals
from extractor.evaluate.values import Seq, Values
from extractor.model.graph import Gap, Schedule
from extractor.model.ids import row_id
from extractor.program.module import module_name
from extractor.rules.django import django_rules


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


def is_builtin_task(name: str) -> bool:
    """True for the tasks that every Celery application has, whoever writes it."""
    return name in django_rules().builtin_tasks


def unread_tasks(program: CheckContext) -> Iterator[Gap]:
    """Beat entries of tasks that may stand where nothing was read, as gaps."""
    for row in program.schedules:
        if row.task_id is None and not is_builtin_task(row.task) and (unread := missing(program, row.task)):
            yield _gap(row, unread)


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
