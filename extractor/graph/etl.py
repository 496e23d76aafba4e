"""The ingestion table: who reads (or feeds) which system, how, how often, what moves, and what is brittle about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.estate.model import Estate
from extractor.graph.index import GraphIndex
from extractor.model.graph import Call, Context, EtlRow, Evidence, Gap, Graph, Place, Schedule, Task
from extractor.model.ids import row_id
from extractor.model.query import Where, fits, fitting, in_words, where
from extractor.text.urls import path_of, scheme_of
from extractor.text.words import spaced, words_of

MAX_DATA = 6
MAX_CADENCES = 4
MAX_EVIDENCE = 12
_READS = ("GET", "HEAD")
_API = re.compile(r"/api/([a-z][a-z_]*)/v\d")
# What sets code off when no schedule does, in words.
_OCCASIONS = {
    "request": "on request",
    "signal": "on change",
    "command": "by command",
    "startup": "at start-up",
    "task": "when queued",
}


@dataclass(frozen=True, slots=True)
class Ingestion:
    """A row as the estate asks for it: the calls of `consumer` that fit one of `calls`, from the entry points wanted.

    `occasion` are words for what sets the calls off beside schedules, `mode` words behind the transport;
    `libraries` are the distributions known to the estate as clients.
    """

    source: str
    system: str
    consumer: str
    calls: tuple[Where, ...]
    tasks: Where | None = None
    context: tuple[str, ...] = ()
    occasion: str = ""
    mode: str = ""
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reached:
    """A call of a row, and the entry points on account of which it is in it."""

    call: Call
    contexts: tuple[Context, ...]


def etl_rows(graph: Graph, estate: Estate) -> tuple[EtlRow, ...]:
    """The rows that the estate asks for, in its order; derived ones, by consumer and system, when it asks for none.

    A row for which no call is found is left out: `etl_gaps` tells of it.
    """
    index = GraphIndex(graph)
    rows = (_row(index, asked, _calls(index, asked)) for asked in _asked(index, estate))
    return tuple(row for row in rows if row is not None)


def etl_gaps(graph: Graph, estate: Estate) -> tuple[Gap, ...]:
    """A gap for each row that the estate asks for and no call makes. It stands on no line of a repository."""
    index = GraphIndex(graph)
    return tuple(
        Gap(
            id=row_id("gap", "etl", asked.source),
            kind="ingestion",
            repo=asked.consumer,
            path="",
            line=0,
            what=f"ingestion source {asked.source}",
            reason=f"no call of {asked.consumer} fits {_query_words(asked)}",
            remedy="correct the row's query under etl: in the estate file",
        )
        for asked in _asked(index, estate)
        if not _calls(index, asked)
    )


def _query_words(asked: Ingestion) -> str:
    words = " or ".join(in_words("call", query) for query in asked.calls)
    if asked.tasks is not None:
        words += f" in a {in_words('task', asked.tasks)}"
    return words + (f" from {', '.join(asked.context)}" if asked.context else "")


def _asked(index: GraphIndex, estate: Estate) -> Sequence[Ingestion]:
    if estate.etl:
        return [_ingestion(row, estate.libraries) for row in estate.etl]
    return list(_derived(index, estate.libraries))


def _ingestion(row: Mapping[str, Any], libraries: tuple[str, ...]) -> Ingestion:
    calls, context = row.get("calls", {}), row.get("context", ())
    return Ingestion(
        source=row["source"],
        system=row["system"],
        consumer=row["consumer"],
        calls=tuple(where("call", one) for one in (calls if isinstance(calls, list) else [calls])),
        tasks=where("task", row["task"]) if "task" in row else None,
        context=(context,) if isinstance(context, str) else tuple(context),
        occasion=row.get("occasion", ""),
        mode=row.get("mode", ""),
        libraries=libraries,
    )


def _derived(index: GraphIndex, libraries: tuple[str, ...]) -> Iterator[Ingestion]:
    """A row for each pair of systems between which scheduled tasks or commands read."""
    pairs = sorted(
        {
            (call.repo, target)
            for call in index.graph.calls
            if (target := _system(index, call)) not in (None, call.repo) and target is not None and _reads(index, call)
        }
    )
    for consumer, system in pairs:
        names = [index.nodes[one].name if one in index.nodes else one for one in (consumer, system)]
        yield Ingestion(
            f"{names[0]} (batch reads of {names[1]})",
            system,
            consumer,
            ({"method": _READS},),
            context=("task", "command"),
            libraries=libraries,
        )


def _reads(index: GraphIndex, call: Call) -> bool:
    timed = (c.kind == "command" or bool(_schedules(index, call, c)) for c in call.contexts)
    return call.http_method in _READS and any(timed)


def _schedules(index: GraphIndex, call: Call, context: Context) -> tuple[Schedule, ...]:
    return index.timing(call.repo, context.name).schedules if context.kind == "task" else ()


def _system(index: GraphIndex, call: Call) -> str | None:
    route = index.answer(call)
    return route.repo if route is not None else call.system


def _calls(index: GraphIndex, asked: Ingestion) -> list[_Reached]:
    """The calls of a row, by place, those that only commands make last. Code that nothing reaches makes none."""
    out = []
    for call in sorted(index.graph.calls, key=_rank):
        if call.repo != asked.consumer or asked.system not in (call.system, _system(index, call)):
            continue
        contexts = tuple(c for c in fitting(asked.context, call.contexts) if _runs(index, asked, call, c))
        if contexts and any(fits("call", query, call) for query in asked.calls):
            out.append(_Reached(call, contexts))
    return out


def _rank(call: Call) -> tuple[bool, str, int, str]:
    return all(c.kind == "command" for c in call.contexts), call.path, call.line, call.id


def _runs(index: GraphIndex, asked: Ingestion, call: Call, context: Context) -> bool:
    if asked.tasks is None:
        return context.kind != "unknown"
    task = index.task(call.repo, context.name) if context.kind == "task" else None
    return task is not None and fits("task", asked.tasks, task)


def _row(index: GraphIndex, asked: Ingestion, found: Sequence[_Reached]) -> EtlRow | None:
    if not found:
        return None
    reasons = _reasons(index, found)
    tasks, schedules = _tasks(index, found), _timetable(index, found)
    ids = {one.call.id for one in found}
    flows = sorted(flow.id for flow in index.graph.flows if ids & set(flow.call_ids))
    batch = not any(c.kind in ("request", "signal") for one in found for c in one.contexts)
    first = tasks[0] if batch and tasks else found[0].call
    return EtlRow(
        source=asked.source,
        transport=_transport(index, asked, found),
        cadence=_cadence(index, asked, found),
        data=_data(found),
        source_of_truth=Place(first.repo, first.path, first.line),
        brittle=bool(reasons),
        reasons=reasons,
        system=asked.system,
        consumer=asked.consumer,
        flow_ids=tuple(flows),
        evidence=_evidence(index, found, tasks, list(schedules)),
    )


def _transport(index: GraphIndex, asked: Ingestion, found: Sequence[_Reached]) -> str:
    """`HTTPS REST via LIBRARY, batch`: protocol, the client libraries that carry it, and whether anybody waits."""
    plain = any(scheme_of(one.call.url) == "http" for one in found)
    rest = any(one.call.http_method for one in found)
    kinds = {c.kind for one in found for c in one.contexts}
    waited = bool(kinds & {"request", "signal"})
    mode = "batch" if not waited else "on request and in batches" if _timetable(index, found) else ""
    libraries = ", ".join(_libraries(index, asked, found))
    words = f"{'HTTP' if plain else 'HTTPS'}{' REST' if rest else ''}{f' via {libraries}' if libraries else ''}"
    return ", ".join(filter(None, (words, asked.mode or mode)))


def _libraries(index: GraphIndex, asked: Ingestion, found: Sequence[_Reached]) -> list[str]:
    """What carries the calls, most used first: distributions that the estate names, else the outside module called."""
    scanned = {source.name for source in index.graph.sources if source.kind == "repository"}
    paths = [call.path for call in index.graph.calls if call.repo == asked.consumer]
    paths += [task.path for task in index.graph.tasks if task.repo == asked.consumer]
    own = {path.split("/")[0] for path in paths}
    counted: dict[str, int] = {}
    for one in found:
        parts = [part.split("(")[0] for part in one.call.via.split(" ")[0].split(".")[:2]]
        named = _distribution(parts, asked.libraries)
        through = {hop.repo for chain in one.call.chains for hop in chain if hop.repo not in scanned}
        outside = {parts[0]} - own
        for name in {named} if named else through or outside:
            counted[name] = counted.get(name, 0) + 1
    return sorted(counted, key=lambda name: (-counted[name], name))[:3]


def _distribution(module: Sequence[str], libraries: Iterable[str]) -> str:
    """The library whose name has the words of a module's first two names, or of its first; the shortest, or ""."""
    for names in (module[:2], module[:1]):
        words = {word for name in names for word in words_of(name)}
        fitting = [lib for lib in libraries if words <= set(words_of(lib))]
        if fitting and len(words) > 1:
            return min(fitting, key=lambda lib: (len(lib), lib))
    return ""


def _timetable(index: GraphIndex, found: Sequence[_Reached]) -> dict[Schedule, Task | None]:
    """The schedules that lead to the calls, each with the task it starts, in the order in which they are written."""
    every = {s for one in found for c in one.contexts for s in _schedules(index, one.call, c)}
    ordered = sorted(every, key=lambda s: (s.repo, s.path, s.line, s.id))
    return {schedule: index.tasks.get(schedule.task_id or "") for schedule in ordered}


def _cadence(index: GraphIndex, asked: Ingestion, found: Sequence[_Reached]) -> str:
    """What sets the calls off, in words: the occasion, then every schedule (by task, when they differ)."""
    timetable = _timetable(index, found)
    occasions = dict.fromkeys(
        _OCCASIONS[c.kind]
        for kind in _OCCASIONS
        for one in found
        for c in one.contexts
        if c.kind == kind and not _schedules(index, one.call, c)
    )
    if len(occasions) > 1 or timetable:
        occasions.pop(_OCCASIONS["task"], None)  # a request, a command or a schedule is behind the queue
    parts = [asked.occasion] if asked.occasion else list(occasions)
    cadences = list(dict.fromkeys(schedule.cadence for schedule in timetable))
    if len(cadences) > 1:
        cadences = [f"{_task_words(schedule, task)} {schedule.cadence}" for schedule, task in timetable.items()]
    more = [f"and {len(cadences) - MAX_CADENCES} more schedules"] if len(cadences) > MAX_CADENCES else []
    return "; ".join([*parts, *cadences[:MAX_CADENCES], *more])


def _task_words(schedule: Schedule, task: Task | None) -> str:
    return spaced((task.name if task else schedule.task).rsplit(".", 1)[-1]) + ":"


def _data(found: Sequence[_Reached]) -> str:
    labels = list(dict.fromkeys(filter(None, (_moved(one.call) for one in found))))
    more = f" and {len(labels) - MAX_DATA} more" if len(labels) > MAX_DATA else ""
    return ", ".join(labels[:MAX_DATA]) + more


def _moved(call: Call) -> str:
    """The call's label; the API's name where the label leaves it out (`/api/grades/v1/courses/` moves grades)."""
    named = _API.search(path_of(call.url))
    api = spaced(named.group(1)) if named else ""
    return api if api and api.rstrip("s") not in call.label else call.label


def _reasons(index: GraphIndex, found: Sequence[_Reached]) -> tuple[str, ...]:
    """What is brittle about the calls, each message once."""
    messages = (finding.message for one in found for finding in index.findings(one.call) if finding.severity != "info")
    return tuple(dict.fromkeys(messages))


def _tasks(index: GraphIndex, found: Sequence[_Reached]) -> list[Task]:
    """The tasks in which the calls are made, those that a schedule starts first."""
    started = {task.id for task in _timetable(index, found).values() if task is not None}
    named = {(one.call.repo, c.name) for one in found for c in one.contexts if c.kind == "task"}
    every = {task.id: task for repo, name in named if (task := index.task(repo, name)) is not None}
    every |= {key: index.tasks[key] for key in started}
    return sorted(every.values(), key=lambda task: (task.id not in started, task.path, task.line))


def _evidence(
    index: GraphIndex, found: Sequence[_Reached], tasks: Iterable[Task], schedules: Iterable[Schedule]
) -> tuple[Evidence, ...]:
    """The calls first, then what starts them and what answers them."""
    calls = [index.evidence(one.call, "call") for one in found]
    starts = [index.evidence(schedule, "schedule") for schedule in schedules]
    starts += [index.evidence(task, "task") for task in tasks]
    routes = [index.evidence(r, "route") for one in found if (r := index.answer(one.call)) is not None]
    shown = [*calls[: MAX_EVIDENCE // 2], *starts[: MAX_EVIDENCE // 4], *routes]
    return tuple(dict.fromkeys(shown))[:MAX_EVIDENCE]
