"""The deployment: proxies before a service, its front ends, and how they meet, as the repository's own files say.

Compose files, Procfiles and Dockerfiles name the units, proxies' configurations say whom they pass requests on to, and
a few settings say how units meet. What no file says is not drawn. Files for tests count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename

from extractor.deployment.units import Unit, Upstream
from extractor.estate.model import Estate, Service, System, services_of
from extractor.graph.units import PLACED, family, placed, runs, unit_words
from extractor.link.events import buses
from extractor.link.facts import RepoFacts
from extractor.link.settings import SettingBinding
from extractor.model.graph import Evidence, Node
from extractor.model.ids import beat_id, ids_of_service, store_id, web_id
from extractor.text.slugs import slug

_HERE = re.compile(r"^(?:\w+://)?(?:unix:|localhost\b|127\.0\.0\.1\b|\[?::1\b)")


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow that deployment shows. Evidence: the line that makes it first."""

    source: str
    target: str
    label: str
    protocol: str
    evidence: tuple[Evidence, ...]
    why: str
    confidence: str = "certain"
    condition: str = ""
    sync: bool = True


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """Where people come in to a service: the outermost proxy before it, and the lines that say so."""

    node: str
    evidence: tuple[Evidence, ...]
    condition: str


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
        system.id: _DeploymentReader(estate, system, repo).deployment()
        for system, repo in known
        if repo is not None and repo.source.kind != "library"
    }


@dataclass(frozen=True, slots=True)
class _Part:
    """A proxy or front end: its node, and the units that are it, deployments before development. `outside` is set for
    a system of the estate that is only run here."""

    node: str
    outside: bool
    name: str
    role: str
    technology: str
    units: tuple[Unit, ...]

    @property
    def family(self) -> str:
        return family(self.technology)


class _DeploymentReader:
    def __init__(self, estate: Estate, system: System, repo: RepoFacts) -> None:
        self._estate, self._system, self._repo = estate, system, repo
        runtime = repo.runtime
        self._units = placed(runtime.units) if runtime else ()
        self._upstreams = [u for u in (runtime.upstreams if runtime else ()) if u.kind in PLACED]
        self._proxies = self._parts("proxy")
        self._fronts = self._parts("frontend")

    def deployment(self) -> Deployment:
        passing = self._passing()
        return Deployment(
            tuple(map(self._node, (p for p in (*self._proxies, *self._fronts) if not p.outside))),
            (
                *passing,
                *self._sign_in(),
                *self._bundles(),
                *self._addressed(),
                *self._schedulers(),
                *self._consumers(),
                *self._backends(),
            ),
            {s.id: found for s in services_of(self._system) if (found := self._entries(s, passing))},
            self._outside(),
        )

    # parts -----------------------------------------------------------------------------------------------------

    def _parts(self, role: str) -> tuple[_Part, ...]:
        """Units of a role as parts: a proxy is one part wherever it is stated, unless a file runs two of its kind."""
        found: dict[str, list[Unit]] = {}
        technology: dict[str, str] = {}
        for unit in self._units:
            shown = [(unit.name, unit.technology)] if unit.role == role else []
            if role == "proxy":
                shown = [(self._proxy_name(unit), unit.technology)] if unit.role == role else []
                shown += [(slug(front), front) for front in unit.fronts]
            for name, what in shown:
                found.setdefault(name, []).append(unit)
                technology.setdefault(name, what)
        known = {name: self._system_run_by(units) for name, units in found.items()}
        return tuple(
            _Part(
                known[name] or self._part_id(name),
                bool(known[name]),
                _part_name(role, units[0], technology[name]),
                role,
                technology[name],
                tuple(units),
            )
            for name, units in sorted(found.items())
        )

    def _proxy_name(self, unit: Unit) -> str:
        kind = family(unit.technology)
        beside = [u for u in self._units if u.path == unit.path and u.role == "proxy" and family(u.technology) == kind]
        return slug(kind) if len(beside) == 1 else unit.name

    def _system_run_by(self, units: Sequence[Unit]) -> str:
        """A system of the estate that units only run here, by the name of its image or unit; "" when it is none."""
        for unit in units:
            for known in (_image_name(unit.image), unit.name.lower()):
                system = self._estate.system(known)
                if system is not None and system.repository is None:
                    return system.id
        return ""

    def _part_id(self, name: str) -> str:
        """The node id of a part of this system."""
        own = f"{self._system.id}/{name}"
        taken = {node for s in services_of(self._system) for node in ids_of_service(self._system.id, s.id).values()}
        return f"{own}-unit" if own in taken else own

    def _node(self, part: _Part) -> Node:
        what = "Passes requests on" if part.role == "proxy" else "Builds or serves the front end"
        return Node(
            part.node,
            "container",
            part.name,
            part.technology,
            f"{what}. {unit_words(part.units)}",
            self._system.id,
            tuple(map(self._at_unit, part.units[:4])),
            repo=self._system.id,
            role=part.role,
        )

    def _outside(self) -> dict[str, tuple[Evidence, ...]]:
        found: dict[str, tuple[Evidence, ...]] = {}
        for unit in self._units:
            if unit.role in ("proxy", "other"):
                node = self._system_run_by((unit,))
                if node:
                    found[node] = (*found.get(node, ()), self._at_unit(unit))
        return found

    # who passes requests on to whom ----------------------------------------------------------------------------

    def _passing(self) -> tuple[Link, ...]:
        """Proxies' configurations, then, for a proxy that has none, the units that it needs."""
        out: dict[tuple[str, str], list[tuple[Evidence, Unit]]] = {}
        for part in self._proxies:
            for upstream in self._read_by(part, "requests"):
                target = self._answering(upstream, part)
                if target and target != part.node:
                    rows = out.setdefault((part.node, target), [])
                    rows += [(e, part.units[0]) for e in self._upstream_lines(upstream)]
        told = {source for source, _target in out}
        needed = {
            (part.node, target): (self._at(unit.path, line), unit)
            for part in self._proxies
            if part.node not in told
            for unit, name, line in _needs(part.units)
            for target in self._named(name, unit)
            if target != part.node
        }
        configured = (
            Link(
                source,
                target,
                "requests",
                "HTTP",
                _lines(e for e, _unit in rows),
                "the proxy's configuration names whom it passes requests on to",
                condition=_profile(rows[0][1]),
            )
            for (source, target), rows in out.items()
        )
        return (
            *configured,
            *(
                Link(
                    source,
                    target,
                    "requests",
                    "HTTP",
                    (evidence,),
                    f"{unit.path} links the proxy with it",
                    "likely",
                    _profile(unit),
                )
                for (source, target), (evidence, unit) in needed.items()
            ),
        )

    def _read_by(self, part: _Part, purpose: str) -> Iterator[Upstream]:
        """The upstreams of a proxy's configuration; none where two proxies could read it."""
        if sum(other.family == part.family for other in self._proxies) == 1:
            yield from (u for u in self._upstreams if u.proxy == part.family and u.purpose == purpose)

    def _answering(self, upstream: Upstream, part: _Part) -> str:
        """The node that an upstream names: a unit, or what runs beside the proxy; "" when it names neither."""
        if _HERE.match(upstream.resolved):
            beside = {self._web_of(u) for u in part.units if u.role == "web" and part.family in u.fronts}
            return beside.pop() if len(beside) == 1 else ""
        named = self._named(upstream.unit, None) if upstream.unit else ()
        return named[0] if named else ""

    def _named(self, name: str, near: Unit | None) -> tuple[str, ...]:
        """The nodes of the web services and proxies called so, of those in the same file where there are any."""
        called = [u for u in self._units if u.name == name and u.role in ("web", "proxy")]
        called = [u for u in called if near is not None and u.path == near.path] or called
        nodes = (self._web_of(u) if u.role == "web" else self._proxy_of(u) for u in called)
        return tuple(dict.fromkeys(node for node in nodes if node))

    def _proxy_of(self, unit: Unit) -> str:
        return next((part.node for part in self._proxies if unit in part.units), "")

    def _web_of(self, unit: Unit) -> str:
        """The web container of the service that a unit runs; "" when several could be meant."""
        every = services_of(self._system)
        own = [s for s in every if runs(unit, s)] if len(every) > 1 else every
        return web_id(self._system.id, own[0].id) if len(own) == 1 else ""

    def _entries(self, service: Service, passing: Sequence[Link]) -> tuple[FrontDoor, ...]:
        before: dict[str, list[str]] = {}
        for link in passing:
            before.setdefault(link.target, []).append(link.source)
        outermost, level, seen = dict[str, None](), [web_id(self._system.id, service.id)], set[str]()
        while level:
            above = [p for node in level for p in before.get(node, ()) if p not in seen]
            outermost.update(dict.fromkeys(p for p in above if p not in before))
            seen.update(above)
            level = above
        return tuple(self._entry(part) for part in self._proxies if part.node in outermost)

    def _entry(self, part: _Part) -> FrontDoor:
        lines = [self._at(u.path, u.ports_line or u.line) for u in part.units]
        rows = list(self._read_by(part, "requests"))
        lines += [self._at(u.path, u.served[0], u.served[1]) for u in rows if u.served[0]]
        always = any(not unit.profile for unit in part.units)
        return FrontDoor(part.node, _lines(lines), "" if always else _profile(part.units[0]))

    def _sign_in(self) -> Iterator[Link]:
        """Gateways that send people to an identity provider: a system by its host, or a unit."""
        found: dict[tuple[str, str], list[Evidence]] = {}
        units: dict[str, Unit] = {}
        for part in self._proxies:
            for upstream in self._read_by(part, "sign-in"):
                target = self._provider(upstream)
                if target:
                    found.setdefault((part.node, target), []).extend(self._upstream_lines(upstream))
                    units[part.node] = part.units[0]
        for (source, target), lines in found.items():
            yield Link(
                source,
                target,
                "sign-in",
                "OpenID Connect",
                _lines(lines),
                "the gateway's configuration names the provider",
                condition=_profile(units[source]),
            )

    def _provider(self, upstream: Upstream) -> str:
        host = re.split(r"[:/]", upstream.resolved.rpartition("://")[2])[0]
        known = self._estate.of_host(host)
        if known is not None:
            return known.system
        return next((self._system_run_by((u,)) for u in self._units if u.name == host), "")

    def _upstream_lines(self, upstream: Upstream) -> Iterator[Evidence]:
        """The line of the target, and the variable of the proxy's environment that fills it."""
        yield self._at(upstream.path, upstream.line)
        for name in re.findall(r"\$\{(\w+)", upstream.target):
            for unit in self._units:
                value = next((v for v in unit.env if v.name == name and unit.role == "proxy"), None)
                if value is not None:
                    yield self._at(value.path, value.line)

    # front ends, and what settings say -------------------------------------------------------------------------

    def _bundles(self) -> Iterator[Link]:
        """A service's pages take their scripts from the front ends that its unit needs, or from the only one."""
        for binding in self._bindings("bundles"):
            for service in self._of(binding):
                for part in self._fronts:
                    line = self._needing(service, part)
                    if line is None and len(self._fronts) > 1:
                        continue
                    yield Link(
                        web_id(self._system.id, service.id),
                        part.node,
                        "front-end bundles",
                        "webpack",
                        (self._at_binding(binding), line or self._at_unit(part.units[0])),
                        f"{binding.setting} says where pages find the bundles that the front end builds",
                        "certain" if line else "likely",
                        _profile(part.units[0]),
                    )

    def _needing(self, service: Service, part: _Part) -> Evidence | None:
        for unit in self._units:
            if unit.role == "web" and self._web_of(unit) == web_id(self._system.id, service.id):
                for name, line in unit.needs:
                    if any(name == other.name and unit.path == other.path for other in part.units):
                        return self._at(unit.path, line)
        return None

    def _addressed(self) -> Iterator[Link]:
        """Front ends whose environment holds the address of a unit."""
        for part, unit, value in ((p, u, v) for p in self._fronts for u in p.units for v in u.env):
            host = re.match(r"https?://([\w.-]+)", value.value)
            for target in self._named(host.group(1), unit) if host else ():
                why, line = f"{value.name} of the front end is its address", self._at(value.path, value.line)
                yield Link(part.node, target, "requests", "HTTP", (line,), why, condition=_profile(unit))

    def _schedulers(self) -> Iterator[Link]:
        """Beat keeps its schedule in the store that its scheduler names."""
        for service in services_of(self._system):
            found = [j for j in self._bindings("scheduler") if service in self._of(j)]
            declared = {d.system for _service, d in self._repo.declared}
            if found and found[0].system in declared and self._repo.schedules:
                source, target = beat_id(self._system.id, service.id), store_id(self._system.id, found[0].system)
                lines = _lines(map(self._at_binding, found))
                yield Link(source, target, "keeps its schedule", "cache", lines, "beat's scheduler is one that does")

    def _consumers(self) -> Iterator[Link]:
        """Services that a bus brings events: where a setting names a consumer, or a unit runs the command for it."""
        for bus in buses():
            for service in services_of(self._system):
                target = web_id(self._system.id, service.id)
                named = [j for j in self._bindings("consumer") if j.system == bus.system and service in self._of(j)]
                running = [u for u in self._units if bus.command in u.command.split() and self._web_of(u) == target]
                lines = _lines((*map(self._at_unit, running), *map(self._at_binding, named)))
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
                    web_id(self._system.id, service.id),
                    binding.system,
                    "sign-in",
                    binding.protocol,
                    (self._at_binding(binding),),
                    f"{binding.setting} names {binding.named}",
                    condition=binding.condition,
                )

    def _bindings(self, role: str) -> list[SettingBinding]:
        return [binding for binding in self._repo.bindings if binding.role == role]

    def _of(self, binding: SettingBinding) -> list[Service]:
        return [s for s in services_of(self._system) if binding.service in ("", s.id)]

    # lines -----------------------------------------------------------------------------------------------------

    def _at_binding(self, binding: SettingBinding) -> Evidence:
        where = binding.where
        return Evidence(self._system.id, self._repo.source.commit, where.path, where.line, where.end_line, "setting")

    def _at_unit(self, unit: Unit) -> Evidence:
        return self._at(unit.path, unit.line)

    def _at(self, path: str, line: int, end: int = 0) -> Evidence:
        return Evidence(self._system.id, self._repo.source.commit, path, line, max(line, end), "runtime")


def _needs(units: Iterable[Unit]) -> Iterator[tuple[Unit, str, int]]:
    return ((unit, name, line) for unit in units if unit.role == "proxy" for name, line in unit.needs)


def _lines(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(found))


def _profile(unit: Unit) -> str:
    return f"compose profile {unit.profile}" if unit.profile else ""


def _image_name(image: str) -> str:
    return basename(image.partition("@")[0]).partition(":")[0].lower()


def _part_name(role: str, unit: Unit, technology: str) -> str:
    """What a box is called: a front end by the name of its unit, a proxy by what it is."""
    if role != "frontend":
        return family(technology)
    words = unit.name.replace("_", " ").replace("-", " ")
    return words if "front" in words else f"{words} (front end)"
