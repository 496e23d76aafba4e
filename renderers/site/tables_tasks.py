"""The tables of a system's tasks: the week's timetable, the Celery tasks, the places that queue them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from extractor.model.graph import Call, Context, Enqueue, Flow, Schedule, Store, Task
from renderers.links import relative
from renderers.site.cells import badge, code, code_link, context_words, flow_button, link, note
from renderers.site.chains import ChainPages
from renderers.site.estate import SiteIndex, SiteSystem, row_anchor
from renderers.site.table import Cell, Column, Table, TableRow, cell, joined, limited
from renderers.site.timetable import WEEK, Week, week_of, words
from renderers.words import unresolved_task

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# More starts than this in a week are drawn as a band: the ticks would run together.
_MOST_TICKS = 24 * 7


class TaskTables:
    """The tables of the Tasks & schedules page of a system."""

    def __init__(self, estate: SiteIndex, chains: ChainPages, system: SiteSystem) -> None:
        self._estate, self._chains, self._system = estate, chains, system
        self._page = system.page("tasks")
        self._touches, self._started = _touched(estate), _started(estate)
        graph = estate.graph
        self._tasks = {task.id: task for task in graph.tasks}
        self._schedules = estate.rows(system, graph.schedules)

    def timetable(self) -> Table:
        """A row for each beat entry, with its week."""
        columns = ("Entry", "Task", "Cadence", "Week, Monday to Sunday, UTC", "Touches", "Line")
        rows = tuple(self._schedule(item) for item in self._schedules)
        empty = "No beat schedule was found in the settings of this system's services."
        return Table("timetable", "Schedules", tuple(Column(name) for name in columns), rows, empty)

    def tasks(self) -> Table:
        """A row for each Celery task."""
        columns = (
            Column("Task"),
            Column("Queue", choices=True),
            Column("Schedules"),
            Column("Queued by"),
            Column("Touches"),
            Column("Comes from", choices=True),
            Column("Line"),
        )
        queued = defaultdict(list)
        for enqueue in self._estate.graph.enqueues:
            if enqueue.task_id:
                queued[enqueue.task_id].append(enqueue)
        planned = defaultdict(list)
        for schedule in self._estate.graph.schedules:
            if schedule.task_id:
                planned[schedule.task_id].append(schedule)
        tasks = self._estate.rows(self._system, self._estate.graph.tasks)
        rows = tuple(self._task(task, planned[task.id], queued[task.id]) for task in tasks)
        return Table("tasks", "Tasks", columns, rows, "No Celery task was found in this system's repositories.")

    def enqueues(self) -> Table:
        """A row for each place that queues a task."""
        columns = (
            Column("Task"),
            Column("How", choices=True),
            Column("In function"),
            Column("Reached from"),
            Column("Confidence", choices=True),
            Column("Line"),
        )
        rows = tuple(self._enqueue(e) for e in self._estate.rows(self._system, self._estate.graph.enqueues))
        empty = "No place in this system's repositories queues a task."
        return Table("enqueues", "Places that queue a task", columns, rows, empty)

    def load(self) -> Markup:
        """A picture of how many entries start in each hour of the week; empty when no entry has fixed times."""
        starts = Counter((start // 60) for item in self._schedules for start in set(_hours(week_of(item.schedule))))
        if not starts:
            return Markup("")
        top = max(starts.values())
        bars = "".join(f"M{hour} {40 - 36 * n / top:.2f}h1V40h-1z" for hour, n in sorted(starts.items()))
        days = "".join(f"M{day * 24} 0V40" for day in range(1, 7))
        text = f"Starts in each hour of the week; at most {top} in one hour."
        return Markup(
            '<svg class="load" viewBox="0 0 168 40" preserveAspectRatio="none" role="img" aria-label="{}">'
            '<path class="days" d="{}"/><path class="bars" d="{}"/></svg>'
        ).format(text, days, bars)

    def _schedule(self, item: Schedule) -> TableRow:
        week = week_of(item.schedule)
        task = self._tasks.get(item.task_id or "")
        name = self._task_link(task) if task else joined([*([code(item.task)] if item.task else []), _unresolved(item)])
        other = f"on the queue {item.queue}" if task and item.queue and item.queue != task.queue else ""
        notes = [note(text) for text in (item.note, item.condition, other) if text]
        cadence = joined([Markup.escape(item.cadence or item.schedule), *notes])
        strip = _strip(week)
        return TableRow(
            row_anchor(item.id),
            (
                cell(code(item.key)),
                cell(name),
                cell(cadence),
                Cell(strip, words(week) or "unknown"),
                cell(self._reached(item, task)),
                cell(code_link(self._estate, item.repo, item.path, item.line, item.end_line)),
            ),
            warn=item.unresolved == "missing",
        )

    def _task(self, task: Task, planned: Sequence[Schedule], queued: Sequence[Enqueue]) -> TableRow:
        chain = self._chains.href(task.repo, Context("task", task.name))
        name = [code(task.name)]
        if task.summary:
            name.append(note(task.summary))
        if chain:
            name.append(Markup('<a class="chain" href="{}">Its own diagram</a>').format(relative(self._page, chain)))
        places = [code_link(self._estate, e.repo, e.path, e.line, e.end_line) for e in queued]
        cadences = [link(f"#{row_anchor(s.id)}", s.cadence or s.schedule) for s in planned]
        return TableRow(
            row_anchor(task.id),
            (
                Cell(joined(name), task.name),
                cell(task.queue or "default queue"),
                cell(joined(cadences)),
                cell(limited(places, 3)),
                cell(self._touch_list(task)),
                cell("repository" if task.origin == "repo" else task.origin),
                cell(code_link(self._estate, task.repo, task.path, task.line, task.end_line)),
            ),
        )

    def _enqueue(self, item: Enqueue) -> TableRow:
        task = self._tasks.get(item.task_id or "")
        name = self._task_link(task) if task else code(item.task or "not known")
        parts = [name, note(item.note)] if item.note else [name]
        contexts = [Markup.escape(context_words(context)) for context in item.contexts]
        return TableRow(
            row_anchor(item.id),
            (
                Cell(joined(parts), item.task or ""),
                cell(item.how),
                cell(code(item.function)),
                cell(limited(contexts, 3)),
                cell(badge(item.confidence, item.confidence)),
                cell(code_link(self._estate, item.repo, item.path, item.line, item.end_line)),
            ),
        )

    def _task_link(self, task: Task) -> Markup:
        page = self._estate.owner(task.repo).page("tasks")
        return link(f"{relative(self._page, page)}#{row_anchor(task.id)}", code(task.name))

    def _reached(self, item: Schedule, task: Task | None) -> Markup:
        """What a schedule sets off, each with its evidence, through the tasks that it queues too; then the stores."""
        flows = sorted(self._started.get(item.id, ()), key=lambda f: (self._estate.name(f.target), f.label, f.id))
        buttons = [flow_button(f.id, f"{self._estate.full_name(f.target)}: {f.label}") for f in flows]
        told = {self._estate.full_name(f.target) for f in flows}
        direct = self._touches.get((task.repo, task.name), ()) if task else ()
        return limited([*buttons, *(Markup.escape(name) for name in direct if name not in told)], 8)

    def _touch_list(self, task: Task | None) -> Markup:
        names = self._touches.get((task.repo, task.name), ()) if task else ()
        return limited([Markup.escape(name) for name in names], 4)


def _started(estate: SiteIndex) -> Mapping[str, Sequence[Flow]]:
    """For each schedule the arrows that it sets off, without that which only queues its task."""
    found: dict[str, list[Flow]] = defaultdict(list)
    for flow in estate.graph.flows:
        target = estate.nodes.get(flow.target)
        for schedule_id in flow.schedule_ids if target and target.kind != "queue" else ():
            found[schedule_id].append(flow)
    return found


def _touched(estate: SiteIndex) -> Mapping[tuple[str, str], Sequence[str]]:
    """For each task (repository, name) the systems and stores that its code reaches, by name."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    rows: Iterable[Call | Store] = (*estate.graph.calls, *estate.graph.stores)
    for row in rows:
        for context in row.contexts:
            if context.kind == "task" and row.system:
                found[row.repo, context.name].add(estate.full_name(row.system))
    return {key: sorted(names) for key, names in found.items()}


def _hours(week: Week) -> Iterable[int]:
    return (start // 60 * 60 for start in week.starts)


def _strip(week: Week) -> Markup:
    """A week as a strip: a tick at each start, or a band where starts are too many or have no fixed time."""
    if not week.known:
        return note("times not known")
    days = "".join(f"M{day * 1440} 0V20" for day in range(1, 7))
    band = week.every or len(week.starts) > _MOST_TICKS
    ticks = "" if band else "".join(f"M{start} 3V17" for start in week.starts)
    kind = "band" if week.every else "band often"
    box = Markup('<rect class="{}" width="{}" height="14" y="3"/>').format(kind, WEEK) if band else Markup("")
    return Markup(
        '<svg class="week" viewBox="0 0 {} 20" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="days" d="{}"/>{}<path class="ticks" d="{}"/></svg><span class="week-words">{}</span>'
    ).format(WEEK, words(week), days, box, ticks, words(week))


def day_names() -> tuple[str, ...]:
    """The days of the timetable, in order."""
    return _DAYS


def _unresolved(item: Schedule) -> Markup:
    """Why an entry leads to no task: a warning only where it is known that there is none."""
    words = unresolved_task(item)
    return badge("warn", words) if item.unresolved == "missing" else note(words)
