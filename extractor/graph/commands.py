"""Management commands that deployment runs as processes of their own: on a schedule, or without end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.deployment.units import Unit
from extractor.estate.model import Service, System, services_of
from extractor.graph.units import placed, runs, unit_words
from extractor.link.celery.cadence import BadField, Crontab, crontab_words
from extractor.link.facts import RepoFacts
from extractor.model.graph import Call, Enqueue, Evidence, Node, Store
from extractor.model.ids import command_id


@dataclass(frozen=True, slots=True)
class CommandProcess:
    """A command of a service, and the units that run it. `cadence` is in words, "" for one that runs on."""

    service: str
    name: str
    units: tuple[Unit, ...]
    cadence: str


def command_processes(system: System, repo: RepoFacts) -> dict[tuple[str, str], CommandProcess]:
    """The processes by service and command: those whose command the code has, of a service that is told."""
    known = set(_commands_seen(repo))
    found: dict[tuple[str, str], list[Unit]] = {}
    for unit in placed(repo.runtime.units) if repo.runtime else ():
        for service in _services(system, unit) if unit.role == "command" else ():
            if (service.id, unit.management) in known:
                found.setdefault((service.id, unit.management), []).append(unit)
    return {key: CommandProcess(*key, tuple(units), _cadence(units)) for key, units in found.items()}


def command_nodes(system: System, repo: RepoFacts) -> Iterator[Node]:
    """The containers of a system in which deployment runs commands."""
    for process in command_processes(system, repo).values():
        lines = [
            Evidence(system.id, repo.source.commit, unit.path, unit.line, unit.line, "runtime")
            for unit in process.units
        ]
        when = f"Runs {process.cadence}" if process.cadence else "Runs without end"
        yield Node(
            id=command_id(system.id, process.service, process.name),
            kind="container",
            name=process.name.replace("_", " ").capitalize(),
            technology=process.units[0].technology,
            description=f"{when}. {unit_words(process.units)}",
            parent=system.id,
            evidence=tuple(lines[:4]),
            repo=system.id,
            role="command",
            service=process.service,
        )


def _commands_seen(repo: RepoFacts) -> Iterator[tuple[str, str]]:
    """The commands that reach something, with the services that have them."""
    rows: list[Call | Store | Enqueue] = [*repo.calls, *repo.stores, *repo.enqueues]
    for context in (context for row in rows for context in row.contexts):
        if context.kind == "command":
            yield from ((service, context.name) for service in context.services)


def _services(system: System, unit: Unit) -> Sequence[Service]:
    """The services whose command a unit runs: the only one, or those that its name or settings module tell."""
    every = services_of(system)
    if len(every) == 1:
        return every
    return [s for s in every if runs(unit, s) or (unit.settings_module and unit.settings_module in s.settings_modules)]


def _cadence(units: Sequence[Unit]) -> str:
    words = (_words(unit.schedule) for unit in units if unit.schedule)
    return "; ".join(dict.fromkeys(words))


def _words(schedule: str) -> str:
    """When cron runs a line, in words; as it is written where that is not understood."""
    fields = schedule.split()
    if len(fields) != 5:
        return schedule
    minute, hour, day_of_month, month, day_of_week = fields
    try:
        return crontab_words(Crontab(minute, hour, day_of_month, month, day_of_week))
    except BadField:
        return schedule


__all__ = ["CommandProcess", "command_nodes", "command_processes"]
