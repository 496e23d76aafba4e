"""Runtime units as parts of a system: its proxies and front ends, and which service's web container a unit is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from posixpath import basename

from extractor.deployment.units import Unit
from extractor.estate.model import Estate, System, services_of
from extractor.graph.units import PLACED, family, placed, runs
from extractor.link.facts import RepoFacts
from extractor.model.graph import Evidence
from extractor.model.ids import ids_of_service, web_id
from extractor.text.slugs import slug


@dataclass(frozen=True, slots=True)
class Part:
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


class SystemParts:
    """The units of a system and the parts that they are. `estate`, `system` and `repo` are what they were read of."""

    def __init__(self, estate: Estate, system: System, repo: RepoFacts) -> None:
        self.estate, self.system, self.repo = estate, system, repo
        runtime = repo.runtime
        self.units = placed(runtime.units) if runtime else ()
        self.upstreams = [u for u in (runtime.upstreams if runtime else ()) if u.kind in PLACED]
        self.proxies = self._parts("proxy")
        self.fronts = self._parts("frontend")

    def system_run_by(self, units: Sequence[Unit]) -> str:
        """A system of the estate that units only run here, by the name of its image or unit; "" when it is none."""
        for unit in units:
            for known in (_image_name(unit.image), unit.name.lower()):
                system = self.estate.system(known)
                if system is not None and system.repository is None:
                    return system.id
        return ""

    def named(self, name: str, near: Unit | None) -> tuple[str, ...]:
        """The nodes of the web services and proxies called so, of those in the same file where there are any."""
        called = [u for u in self.units if u.name == name and u.role in ("web", "proxy")]
        called = [u for u in called if near is not None and u.path == near.path] or called
        nodes = (self.web_of(u) if u.role == "web" else self.proxy_of(u) for u in called)
        return tuple(dict.fromkeys(node for node in nodes if node))

    def proxy_of(self, unit: Unit) -> str:
        """The node of the proxy that a unit is part of; "" when it is none."""
        return next((part.node for part in self.proxies if unit in part.units), "")

    def web_of(self, unit: Unit) -> str:
        """The web container of the service that a unit runs; "" when several could be meant."""
        every = services_of(self.system)
        own = [s for s in every if runs(unit, s)] if len(every) > 1 else every
        return web_id(self.system.id, own[0].id) if len(own) == 1 else ""

    def at_unit(self, unit: Unit) -> Evidence:
        """The line of a unit."""
        return self.at(unit.path, unit.line)

    def at(self, path: str, line: int, end: int = 0) -> Evidence:
        """Lines of a deployment file."""
        return Evidence(
            repo=self.system.id,
            commit=self.repo.source.commit,
            path=path,
            line=line,
            end_line=max(line, end),
            role="runtime",
        )

    def _parts(self, role: str) -> tuple[Part, ...]:
        """Units of a role as parts: a proxy is one part wherever it is stated, unless a file runs two of its kind."""
        found: dict[str, list[Unit]] = {}
        technology: dict[str, str] = {}
        for unit in self.units:
            shown = [(unit.name, unit.technology)] if unit.role == role else []
            if role == "proxy":
                shown = [(self._proxy_name(unit), unit.technology)] if unit.role == role else []
                shown += [(slug(front), front) for front in unit.fronts]
            for name, what in shown:
                found.setdefault(name, []).append(unit)
                technology.setdefault(name, what)
        known = {name: self.system_run_by(units) for name, units in found.items()}
        return tuple(
            Part(
                node=known[name] or self._part_id(name),
                outside=bool(known[name]),
                name=_part_name(role, units[0], technology[name]),
                role=role,
                technology=technology[name],
                units=tuple(units),
            )
            for name, units in sorted(found.items())
        )

    def _proxy_name(self, unit: Unit) -> str:
        kind = family(unit.technology)
        beside = [u for u in self.units if u.path == unit.path and u.role == "proxy" and family(u.technology) == kind]
        return slug(kind) if len(beside) == 1 else unit.name

    def _part_id(self, name: str) -> str:
        """The node id of a part of this system."""
        own = f"{self.system.id}/{name}"
        taken = {node for s in services_of(self.system) for node in ids_of_service(self.system.id, s.id).values()}
        return f"{own}-unit" if own in taken else own


def distinct(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each evidence once, in order."""
    return tuple(dict.fromkeys(found))


def profile_words(unit: Unit) -> str:
    """The condition on which a unit runs; "" when it always does."""
    return f"compose profile {unit.profile}" if unit.profile else ""


def _image_name(image: str) -> str:
    return basename(image.partition("@")[0]).partition(":")[0].lower()


def _part_name(role: str, unit: Unit, technology: str) -> str:
    """What a box is called: a front end by the name of its unit, a proxy by what it is."""
    if role != "frontend":
        return family(technology)
    words = unit.name.replace("_", " ").replace("-", " ")
    return words if "front" in words else f"{words} (front end)"
