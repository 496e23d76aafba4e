"""The deployment: proxies before a service, its front ends, and how they meet, as the repository's own files say.

Compose files, Procfiles and Dockerfiles name the units, proxies' configurations say whom they pass requests on to, and
a few settings say how units meet. What no file says is not drawn. Files for tests count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from extractor.estate.model import Estate, Service, services_of
from extractor.graph.parts import Part, SystemParts, distinct, profile_words
from extractor.graph.proxies import FrontDoor, Link, Proxies
from extractor.graph.units import unit_words
from extractor.link.facts import RepoFacts
from extractor.link.settings import SettingBinding
from extractor.model.graph import Evidence, Node
from extractor.model.ids import beat_id, store_id, web_id
from extractor.rules.buses import buses


@dataclass(frozen=True, slots=True)
class Deployment:
    """What deployment files show of one system. `entries` are by service id; `outside` are the lines that run a
    system of the estate which has no repository (an identity provider, a gateway), by its id."""

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    entries: Mapping[str, tuple[FrontDoor, ...]] = field(default_factory=dict)
    outside: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)


def deployments(estate: Estate, facts: Mapping[str, RepoFacts]) -> dict[str, Deployment]:
    """The deployment of every system that was read, by id."""
    known = ((system, facts.get(system.id)) for system in estate.systems)
    return {
        system.id: _deployment(SystemParts(estate, system, repo))
        for system, repo in known
        if repo is not None and repo.source.kind != "library"
    }


def _deployment(parts: SystemParts) -> Deployment:
    proxies, joined = Proxies(parts), _UnitLinks(parts)
    passing = proxies.passing()
    entries = {service.id: proxies.entries(service, passing) for service in services_of(parts.system)}
    return Deployment(
        nodes=tuple(_node(parts, part) for part in (*parts.proxies, *parts.fronts) if not part.outside),
        links=(*passing, *proxies.sign_in(), *joined.links()),
        entries={service: found for service, found in entries.items() if found},
        outside=_outside(parts),
    )


def _node(parts: SystemParts, part: Part) -> Node:
    what = "Passes requests on" if part.role == "proxy" else "Builds or serves the front end"
    return Node(
        id=part.node,
        kind="container",
        name=part.name,
        technology=part.technology,
        description=f"{what}. {unit_words(part.units)}",
        parent=parts.system.id,
        evidence=tuple(map(parts.at_unit, part.units[:4])),
        repo=parts.system.id,
        role=part.role,
    )


def _outside(parts: SystemParts) -> dict[str, tuple[Evidence, ...]]:
    found: dict[str, tuple[Evidence, ...]] = {}
    for unit in parts.units:
        if unit.role in ("proxy", "other"):
            node = parts.system_run_by((unit,))
            if node:
                found[node] = (*found.get(node, ()), parts.at_unit(unit))
    return found


class _UnitLinks:
    """How the units of a system meet: by front ends, and by what settings say."""

    def __init__(self, parts: SystemParts) -> None:
        self._parts = parts

    def links(self) -> Iterator[Link]:
        """Every arrow of the kind."""
        yield from self._bundles()
        yield from self._addressed()
        yield from self._schedulers()
        yield from self._consumers()
        yield from self._backends()

    def _bundles(self) -> Iterator[Link]:
        """A service's pages take their scripts from the front ends that its unit needs, or from the only one."""
        for binding in self._bindings("bundles"):
            for service in self._of(binding):
                for part in self._parts.fronts:
                    line = self._needing(service, part)
                    if line is None and len(self._parts.fronts) > 1:
                        continue
                    yield Link(
                        source=web_id(self._parts.system.id, service.id),
                        target=part.node,
                        label="front-end bundles",
                        protocol="webpack",
                        evidence=(self._at_binding(binding), line or self._parts.at_unit(part.units[0])),
                        why=f"{binding.setting} says where pages find the bundles that the front end builds",
                        confidence="certain" if line else "likely",
                        condition=profile_words(part.units[0]),
                    )

    def _needing(self, service: Service, part: Part) -> Evidence | None:
        for unit in self._parts.units:
            if unit.role == "web" and self._parts.web_of(unit) == web_id(self._parts.system.id, service.id):
                for name, line in unit.needs:
                    if any(name == other.name and unit.path == other.path for other in part.units):
                        return self._parts.at(unit.path, line)
        return None

    def _addressed(self) -> Iterator[Link]:
        """Front ends whose environment holds the address of a unit."""
        for part, unit, value in ((p, u, v) for p in self._parts.fronts for u in p.units for v in u.env):
            host = re.match(r"https?://([\w.-]+)", value.value)
            for target in self._parts.named(host.group(1), unit) if host else ():
                why, line = f"{value.name} of the front end is its address", self._parts.at(value.path, value.line)
                yield Link(part.node, target, "requests", "HTTP", (line,), why, condition=profile_words(unit))

    def _schedulers(self) -> Iterator[Link]:
        """Beat keeps its schedule in the store that its scheduler names."""
        for service in services_of(self._parts.system):
            found = [j for j in self._bindings("scheduler") if service in self._of(j)]
            declared = {d.system for _service, d in self._parts.repo.declared}
            if found and found[0].system in declared and self._parts.repo.schedules:
                source, target = (
                    beat_id(self._parts.system.id, service.id),
                    store_id(self._parts.system.id, found[0].system),
                )
                lines = distinct(map(self._at_binding, found))
                yield Link(source, target, "keeps its schedule", "cache", lines, "beat's scheduler is one that does")

    def _consumers(self) -> Iterator[Link]:
        """Services that a bus brings events: where a setting names a consumer, or a unit runs the command for it."""
        for bus in buses():
            for service in services_of(self._parts.system):
                target = web_id(self._parts.system.id, service.id)
                named = [j for j in self._bindings("consumer") if j.system == bus.system and service in self._of(j)]
                running = [
                    u for u in self._parts.units if bus.command in u.command.split() and self._parts.web_of(u) == target
                ]
                lines = distinct((*map(self._parts.at_unit, running), *map(self._at_binding, named)))
                if lines:
                    topics = re.findall(r"(?:-t|--topic)[ =](\S+)", " ".join(u.command for u in running))
                    what = f"events of {', '.join(dict.fromkeys(topics))}" if topics else "events"
                    why = f"{bus.command} runs here" if running else f"{bus.consumer} names a consumer"
                    yield Link(bus.system, target, what, "event bus", lines, why, sync=False)

    def _backends(self) -> Iterator[Link]:
        """Services that send people to an identity provider, as the backends that settings name do."""
        for binding in self._bindings("sign-in"):
            for service in self._of(binding):
                yield Link(
                    web_id(self._parts.system.id, service.id),
                    binding.system,
                    "sign-in",
                    binding.protocol,
                    (self._at_binding(binding),),
                    f"{binding.setting} names {binding.named}",
                    condition=binding.condition,
                )

    def _bindings(self, role: str) -> list[SettingBinding]:
        return [binding for binding in self._parts.repo.bindings if binding.role == role]

    def _of(self, binding: SettingBinding) -> list[Service]:
        return [s for s in services_of(self._parts.system) if binding.service in ("", s.id)]

    def _at_binding(self, binding: SettingBinding) -> Evidence:
        where = binding.where
        return Evidence(
            self._parts.system.id, self._parts.repo.source.commit, where.path, where.line, where.end_line, "setting"
        )
