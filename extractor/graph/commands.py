"""Commands that run as processes of their own: on a schedule, without end, or installed as a program."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.deployment.units import Unit
from extractor.estate.model import Estate, Service, System, services_of
from extractor.graph.units import placed, runs, unit_words
from extractor.link.celery.cadence import BadField, Crontab, crontab_words
from extractor.link.facts import RepoFacts
from extractor.link.programs import CommandProgram
from extractor.model.graph import Call, Enqueue, Evidence, Node, Store
from extractor.model.ids import command_id, script_id


@dataclass(frozen=True, slots=True)
class CommandProcess:
    """A command of a service that runs in a process of its own: the units that run it, or the program that it is.
    `node` is its element; `cadence` is in words, "" for one that runs on or when somebody asks; `service` is "" for a
    script that none has."""

    node: str
    service: str
    name: str
    units: tuple[Unit, ...]
    cadence: str
    program: CommandProgram | None = None

    def evidence(self, repo: RepoFacts) -> tuple[Evidence, ...]:
        """The lines that say that it runs, at most four."""
        lines = [(unit.path, unit.line) for unit in self.units]
        if self.program is not None:
            lines.append((self.program.path, self.program.line))
        source = repo.source
        return tuple(Evidence(source.name, source.commit, path, line, line, "runtime") for path, line in lines[:4])


# The processes of a system by service and command.
CommandProcesses = Mapping[tuple[str, str], CommandProcess]


def command_processes(
    estate: Estate, facts: Mapping[str, RepoFacts], scripts: bool = False
) -> dict[str, CommandProcesses]:
    """The processes of each scanned system, by its id: those whose command the code has, of a service that is told,
    and that reach something; with `scripts` the script files, too, that no service loads."""
    return {system.id: _of_system(system, facts[system.id], scripts) for system in estate.systems if system.id in facts}


def _of_system(system: System, repo: RepoFacts, scripts: bool) -> CommandProcesses:
    known = set(_commands_seen(repo))
    found: dict[tuple[str, str], list[Unit]] = {}
    for unit in placed(repo.runtime.units) if repo.runtime else ():
        for service in _services(system, unit) if unit.role == "command" else ():
            found.setdefault((service.id, unit.management), []).append(unit)
    for service_id, unit in repo.jobs:
        found.setdefault((service_id, unit.management), []).append(unit)
    out = {
        key: CommandProcess(command_id(system.id, *key), *key, tuple(units), _cadence(units))
        for key, units in found.items()
        if key in known
    }
    for program in repo.programs:
        for service_id in program.services if program.kind == "console" else ():
            key = (service_id, program.name)
            if key in known and key not in out:
                out[key] = CommandProcess(command_id(system.id, *key), *key, (), "", program)
        if scripts and program.kind == "script" and ("", program.name) in known:
            out["", program.name] = CommandProcess(
                script_id(system.id, program.name), "", program.name, (), "", program
            )
    return out


def command_nodes(system: System, repo: RepoFacts, processes: CommandProcesses) -> Iterator[Node]:
    """The containers of a system in which commands run."""
    for process in processes.values():
        yield Node(
            id=process.node,
            kind="container",
            name=_shown_name(process.name),
            technology=process.units[0].technology if process.units else "Python",
            description=_description(process),
            parent=system.id,
            evidence=process.evidence(repo),
            repo=system.id,
            role="command" if process.service else "script",
            service=process.service or None,
        )


def _shown_name(command: str) -> str:
    """What a command is called in a picture: of a function its own name alone, of a script that of its file."""
    bare = posixpath.basename(command.removesuffix(".py"))
    return bare.rsplit(".", 1)[-1].replace("_", " ").replace("-", " ").capitalize()


def _description(process: CommandProcess) -> str:
    if process.program is not None and not process.service:
        return f"A script that somebody runs: {process.name}"
    if process.program is not None:
        return f"The program {process.name}, which {process.program.path} installs"
    when = f"Runs {process.cadence}" if process.cadence else "Runs without end"
    return f"{when}. {unit_words(process.units)}"


def _commands_seen(repo: RepoFacts) -> Iterator[tuple[str, str]]:
    """The commands that reach something, with the services that have them."""
    rows: list[Call | Store | Enqueue] = [*repo.calls, *repo.stores, *repo.enqueues]
    for context in (context for row in rows for context in row.contexts):
        if context.kind == "command":
            yield from ((service, context.name) for service in context.services or ("",))


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


__all__ = ["CommandProcess", "CommandProcesses", "command_nodes", "command_processes"]
