"""Processes: what each service runs, what starts it, and which entry points it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from extractor.deployment.units import Unit
from extractor.estate.model import Estate, Service, System, services_of
from extractor.graph.commands import CommandProcess, CommandProcesses
from extractor.graph.units import placed, running
from extractor.link.facts import RepoFacts
from extractor.model.graph import Evidence, Process
from extractor.model.ids import beat_id, command_id, script_id, web_id, worker_id


def processes(
    estate: Estate, facts: Mapping[str, RepoFacts], commands: Mapping[str, CommandProcesses]
) -> tuple[Process, ...]:
    """Every process of the scanned systems, sorted by id: web, worker and beat of each service, the commands that it
    has, consumers, and the scripts that no service loads. `commands` are those that run in processes of their own."""
    found: list[Process] = []
    for system in estate.systems:
        repo = facts.get(system.id)
        if repo is not None and repo.source.kind != "library":
            found += _of_system(system, repo, commands[system.id])
    return tuple(sorted(found, key=lambda process: process.id))


def _of_system(system: System, repo: RepoFacts, known: CommandProcesses) -> Iterator[Process]:
    units = placed(repo.runtime.units) if repo.runtime else ()
    for service in services_of(system):
        yield from _of_service(system, service, repo, units)
    for program in repo.programs:
        if program.kind == "script":
            yield _process(
                repo,
                script_id(system.id, program.path),
                "",
                "script",
                program.name,
                (program.name,),
                (),
                (),
                _lines(repo, [(program.path, program.line)], "call"),
            )
        for service_id in program.services if program.kind != "script" else ():
            deployed = known.get((service_id, program.name))
            at = _lines(repo, [(program.path, program.line)], "call")
            yield _process(
                repo,
                command_id(system.id, service_id, program.name),
                service_id,
                _kind(deployed),
                program.name,
                (program.name,),
                (),
                _starters(deployed),
                (*(deployed.evidence(repo) if deployed else ()), *at),
            )


def _of_service(system: System, service: Service, repo: RepoFacts, units: Sequence[Unit]) -> Iterator[Process]:
    routes = [r for r in repo.routes if r.service == service.id]
    tasks = [t for t in repo.tasks if service.id in t.services or not t.services]
    beats = [s for s in repo.schedules if s.service in ("", service.id)]
    web, workers, clocks = (running(units, role, system, service) for role in ("web", "worker", "beat"))
    if routes or web:
        lines = [(r.path, r.line) for r in routes[:1]]
        entries = sorted({r.pattern for r in routes})
        node, at = web_id(system.id, service.id), _lines(repo, lines, "route")
        yield _process(repo, node, service.id, "web", service.name, entries, (), _run(web), _units(repo, web) + at)
    if tasks:
        queues = sorted({queue for unit in workers for queue in unit.queues} or {t.queue for t in tasks if t.queue})
        lines, entries = [(tasks[0].path, tasks[0].line)], sorted({t.name for t in tasks})
        node, at = worker_id(system.id, service.id), _lines(repo, lines, "task")
        started, shown = _run(workers), _units(repo, workers) + at
        yield _process(repo, node, service.id, "worker", f"{service.name} worker", entries, queues, started, shown)
    if beats:
        lines, entries = [(beats[0].path, beats[0].line)], sorted({s.key for s in beats})
        node, at = beat_id(system.id, service.id), _lines(repo, lines, "schedule")
        started, shown = _run(clocks), _units(repo, clocks) + at
        yield _process(repo, node, service.id, "beat", f"{service.name} beat", entries, (), started, shown)


def _kind(deployed: CommandProcess | None) -> str:
    """A command that deployment runs without end takes what comes in: a consumer."""
    return "consumer" if deployed is not None and deployed.units and not deployed.cadence else "command"


def _starters(deployed: CommandProcess | None) -> tuple[str, ...]:
    if deployed is None:
        return ()
    return (deployed.cadence,) if deployed.cadence else _run(deployed.units)


def _run(units: Iterable[Unit]) -> tuple[str, ...]:
    """What starts a process, as deployment files say."""
    return tuple(dict.fromkeys(f"{unit.path}: {unit.command or unit.name}" for unit in units))


def _units(repo: RepoFacts, units: Iterable[Unit]) -> tuple[Evidence, ...]:
    return _lines(repo, [(unit.path, unit.line) for unit in units][:4], "runtime")


def _lines(repo: RepoFacts, lines: Iterable[tuple[str, int]], role: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(repo.source.name, repo.source.commit, path, line, line, role) for path, line in lines)


def _process(
    repo: RepoFacts,
    node: str,
    service: str,
    kind: str,
    name: str,
    entries: Sequence[str],
    queues: Sequence[str],
    started_by: Sequence[str],
    evidence: tuple[Evidence, ...],
) -> Process:
    return Process(
        id=node,
        repo=repo.source.name,
        service=service,
        kind=kind,
        name=name,
        queues=tuple(queues),
        started_by=tuple(started_by),
        entries=tuple(entries),
        evidence=evidence,
    )


__all__ = ["processes"]
