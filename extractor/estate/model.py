"""The estate: which systems there are, where their source is, how code names them, who uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from extractor.sources.spec import SourceSpec


@dataclass(frozen=True, slots=True)
class SettingHint:
    """A setting (a glob) that identifies a system or service, in one repository or (None) in all."""

    name: str
    repo: str | None = None


@dataclass(frozen=True, slots=True)
class RouteHint:
    """Routes (a glob over their patterns) of a repository that a system is known to call: webhooks, callbacks."""

    repo: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Service:
    """A Django service out of a system's repository. `root` is the path under which its URLs stand."""

    id: str
    name: str
    description: str = ""
    settings_modules: tuple[str, ...] = ()
    urlconf: str = ""
    root: str = "/"
    wsgi: str = ""
    asgi: str = ""
    celery: str = ""
    hosts: tuple[str, ...] = ()
    settings: tuple[SettingHint, ...] = ()
    calls: tuple[RouteHint, ...] = ()


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a system's source is. `web` is a link template, or None where the address's host gives it."""

    url: str
    ref: str = "HEAD"
    web: str | None = None


@dataclass(frozen=True, slots=True)
class System:
    """A system. `kind` is `system`, `external` or a kind of store; `runs` names the system whose code it runs."""

    id: str
    name: str
    description: str = ""
    kind: str = "external"
    technology: str = ""
    group: str = ""
    runs: str = ""
    hosts: tuple[str, ...] = ()
    settings: tuple[SettingHint, ...] = ()
    repository: Repository | None = None
    services: tuple[Service, ...] = ()
    calls: tuple[RouteHint, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What a host or a setting means: a system and, where it says so, one of its services."""

    system: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What a person uses, and what for."""

    target: Target
    label: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses the estate."""

    id: str
    name: str
    description: str = ""
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredFlow:
    """An arrow between two nodes (their ids) that the estate file says is there, and the line of that file."""

    source: str
    target: str
    label: str
    why: str
    protocol: str
    sync: bool
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Deployed:
    """A file of a repository whose values are those of a deployed system (or of one service of it)."""

    repo: str
    path: str
    system: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Estate:
    """The estate, in the order of its file. `directory` is where the file is: relative paths in it start there."""

    title: str
    systems: tuple[System, ...]
    people: tuple[Person, ...] = ()
    declares: tuple[DeclaredFlow, ...] = ()
    libraries: tuple[str, ...] = ()
    deployment: tuple[Deployed, ...] = ()
    scenarios: tuple[str, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    etl: tuple[Mapping[str, Any], ...] = ()
    directory: Path = Path()

    def system(self, name: str) -> System | None:
        """The system of an id, or None."""
        return next((system for system in self.systems if system.id == name), None)

    def sources(self) -> tuple[SourceSpec, ...]:
        """The repositories to read, each named by its system."""
        pairs = ((system.id, system.repository) for system in self.systems)
        return tuple(SourceSpec(name, repo.url, repo.ref, repo.web) for name, repo in pairs if repo)

    def of_setting(self, repo: str, name: str) -> Target | None:
        """What a setting of a repository means: hints for that repository first, then whole names before globs."""
        found = [
            (hint.repo is None, "*" in hint.name, -len(hint.name), target)
            for target, hints, _ in self._hints()
            for hint in hints
            if hint.repo in (None, repo) and fnmatchcase(name, hint.name)
        ]
        return min(found, key=lambda row: row[:3])[3] if found else None

    def of_host(self, host: str) -> Target | None:
        """What a host name means: whole names before globs, longer globs before shorter."""
        host = host.lower().rstrip(".")
        found = [
            ("*" in pattern, -len(pattern), target)
            for target, _, hosts in self._hints()
            for pattern in hosts
            if fnmatchcase(host, pattern.lower())
        ]
        return min(found, key=lambda row: row[:2])[2] if found else None

    def callers(self) -> Iterator[tuple[Target, RouteHint]]:
        """Who is known to call which routes, in the order of the file."""
        for system in self.systems:
            for service in system.services:
                yield from ((Target(system.id, service.id), hint) for hint in service.calls)
            yield from ((Target(system.id), hint) for hint in system.calls)

    def _hints(self) -> Iterator[tuple[Target, tuple[SettingHint, ...], tuple[str, ...]]]:
        for system in self.systems:
            for service in system.services:
                yield Target(system.id, service.id), service.settings, service.hosts
            yield Target(system.id), system.settings, system.hosts


def services_of(system: System) -> tuple[Service, ...]:
    """The services of a system; one made up of its name when the estate names none."""
    return system.services or (Service("web", system.name),)


def parse_target(text: str) -> Target:
    """`system` or `system/service` as a target."""
    system, _, service = text.partition("/")
    return Target(system, service or None)
