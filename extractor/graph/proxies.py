"""Who passes requests on to whom: proxies before a service, gateways and sign-in, as their configurations say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.deployment.units import Unit, Upstream
from extractor.estate.model import Service
from extractor.graph.parts import Part, SystemParts, distinct, profile_words
from extractor.model.graph import Evidence
from extractor.model.ids import web_id

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


class Proxies:
    """The proxies of a system: whom they pass requests on to, where people come in, and who signs them in there."""

    def __init__(self, parts: SystemParts) -> None:
        self._parts = parts

    def passing(self) -> tuple[Link, ...]:
        """Proxies' configurations, then, for a proxy that has none, the units that it needs."""
        out: dict[tuple[str, str], list[tuple[Evidence, Unit]]] = {}
        for part in self._parts.proxies:
            for upstream in self._read_by(part, "requests"):
                target = self._answering(upstream, part)
                if target and target != part.node:
                    rows = out.setdefault((part.node, target), [])
                    rows += [(e, part.units[0]) for e in self._upstream_lines(upstream)]
        told = {source for source, _target in out}
        needed = {
            (part.node, target): (self._parts.at(unit.path, line), unit)
            for part in self._parts.proxies
            if part.node not in told
            for unit, name, line in _needs(part.units)
            for target in self._parts.named(name, unit)
            if target != part.node
        }
        configured = (
            Link(
                source,
                target,
                "requests",
                "HTTP",
                distinct(e for e, _unit in rows),
                "the proxy's configuration names whom it passes requests on to",
                condition=profile_words(rows[0][1]),
            )
            for (source, target), rows in out.items()
        )
        return (
            *configured,
            *(
                Link(
                    source=source,
                    target=target,
                    label="requests",
                    protocol="HTTP",
                    evidence=(evidence,),
                    why=f"{unit.path} links the proxy with it",
                    confidence="likely",
                    condition=profile_words(unit),
                )
                for (source, target), (evidence, unit) in needed.items()
            ),
        )

    def _read_by(self, part: Part, purpose: str) -> Iterator[Upstream]:
        """The upstreams of a proxy's configuration; none where two proxies could read it."""
        if sum(other.family == part.family for other in self._parts.proxies) == 1:
            yield from (u for u in self._parts.upstreams if u.proxy == part.family and u.purpose == purpose)

    def _answering(self, upstream: Upstream, part: Part) -> str:
        """The node that an upstream names: a unit, or what runs beside the proxy; "" when it names neither."""
        if _HERE.match(upstream.resolved):
            beside = {self._parts.web_of(u) for u in part.units if u.role == "web" and part.family in u.fronts}
            return beside.pop() if len(beside) == 1 else ""
        named = self._parts.named(upstream.unit, None) if upstream.unit else ()
        return named[0] if named else ""

    def entries(self, service: Service, passing: Sequence[Link]) -> tuple[FrontDoor, ...]:
        before: dict[str, list[str]] = {}
        for link in passing:
            before.setdefault(link.target, []).append(link.source)
        outermost, level, seen = dict[str, None](), [web_id(self._parts.system.id, service.id)], set[str]()
        while level:
            above = [p for node in level for p in before.get(node, ()) if p not in seen]
            outermost.update(dict.fromkeys(p for p in above if p not in before))
            seen.update(above)
            level = above
        return tuple(self._entry(part) for part in self._parts.proxies if part.node in outermost)

    def _entry(self, part: Part) -> FrontDoor:
        lines = [self._parts.at(u.path, u.ports_line or u.line) for u in part.units]
        rows = list(self._read_by(part, "requests"))
        lines += [self._parts.at(u.path, u.served[0], u.served[1]) for u in rows if u.served[0]]
        always = any(not unit.profile for unit in part.units)
        return FrontDoor(part.node, distinct(lines), "" if always else profile_words(part.units[0]))

    def sign_in(self) -> Iterator[Link]:
        """Gateways that send people to an identity provider: a system by its host, or a unit."""
        found: dict[tuple[str, str], list[Evidence]] = {}
        units: dict[str, Unit] = {}
        for part in self._parts.proxies:
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
                distinct(lines),
                "the gateway's configuration names the provider",
                condition=profile_words(units[source]),
            )

    def _provider(self, upstream: Upstream) -> str:
        known = self._parts.estate.of_host(upstream.host)
        if known is not None:
            return known.system
        return next((self._parts.system_run_by((u,)) for u in self._parts.units if u.name == upstream.host), "")

    def _upstream_lines(self, upstream: Upstream) -> Iterator[Evidence]:
        """The line of the target, and the variable of the proxy's environment that fills it."""
        yield self._parts.at(upstream.path, upstream.line)
        for name in re.findall(r"\$\{(\w+)", upstream.target):
            for unit in self._parts.units:
                value = next((v for v in unit.env if v.name == name and unit.role == "proxy"), None)
                if value is not None:
                    yield self._parts.at(value.path, value.line)


def _needs(units: Iterable[Unit]) -> Iterator[tuple[Unit, str, int]]:
    return ((unit, name, line) for unit in units if unit.role == "proxy" for name, line in unit.needs)
