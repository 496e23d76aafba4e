"""The estate: which systems there are, where their source is, how code names them, who uses them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from extractor.errors import SourceError, UserError
from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import Document, Fault, nearest, read_yaml, refuse, suggestion
from extractor.model.graph import STORE_KINDS
from extractor.model.ids import ids_of_service, store_id, web_id
from extractor.rules.stores import store_rules
from extractor.sources.spec import SourceSpec, local_path, web_template

_OVERRIDE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


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
class Deployed:
    """A file of a repository whose values are those of a deployed system (or of one service of it)."""

    repo: str
    path: str
    system: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class SourceOverride:
    """`--source NAME=URL[@REF]`: another place to read a system from, for one run."""

    name: str
    url: str
    ref: str = "HEAD"


@dataclass(frozen=True, slots=True)
class Estate:
    """The estate, in the order of its file. `directory` is where the file is: relative paths in it start there."""

    title: str
    systems: tuple[System, ...]
    people: tuple[Person, ...] = ()
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


def find_estate(given: str | None) -> Path:
    """The estate file that an option names: a path, the name of a shipped estate, or `estate.yaml` here when None.

    Raises UserError when there is no such file.
    """
    path = Path(given or "estate.yaml")
    if path.is_file():
        return path
    shipped = {file.stem: file for file in sorted((rules_dir() / "estates").glob("*.yaml"))}
    if given in shipped:
        return shipped[given]
    remedy = f"give --estate FILE, or one that ships with c4trace: {', '.join(shipped)}"
    raise UserError(f"there is no estate file {path}", remedy)


def load_estate(path: Path) -> Estate:
    """The estate that a file describes. Raises UserError with every fault of the file, each with its line."""
    document = read_yaml(path, read_schema("estate"))
    data = document.data
    systems = tuple(_system(name, body, path.parent) for name, body in data["systems"].items())
    refuse(path, list(_loose_ends(document, systems)))
    return Estate(
        title=data.get("title", path.stem),
        systems=systems,
        people=tuple(_person(name, body) for name, body in data.get("people", {}).items()),
        libraries=tuple(data.get("libraries", ())),
        deployment=tuple(_deployed(row) for row in data.get("deployment", ())),
        scenarios=tuple(data.get("scenarios", ())),
        policy=data.get("policy", {}),
        etl=tuple(data.get("etl", ())),
        directory=path.parent,
    )


def parse_source_override(text: str) -> SourceOverride:
    """`NAME=PATH_OR_URL[@REF]` in its parts. An `@` of an address (`git@host:...`, a directory's name) is no ref.

    Raises UserError when it is not of that form.
    """
    name, equals, rest = text.partition("=")
    if not equals or not rest or not _OVERRIDE_NAME.fullmatch(name):
        raise UserError(f"--source {text!r} is not of the form NAME=PATH_OR_URL[@REF]", "for example shop=../shop@main")
    url, ref = _split_ref(rest)
    if not url or not ref:
        raise UserError(
            f"--source {text!r} names no {'address' if ref else 'ref after its @'}", "NAME=PATH_OR_URL[@REF]"
        )
    return SourceOverride(name, url, ref)


def apply_overrides(estate: Estate, overrides: Sequence[SourceOverride]) -> Estate:
    """The estate with other places to read from. Links still lead to the web host of the estate's own repository.

    Raises UserError for a name that is no system of the estate, or is given twice.
    """
    names = [override.name for override in overrides]
    for name in names:
        if estate.system(name) is None:
            hint = nearest(name, (system.id for system in estate.systems))
            raise UserError(
                f"--source {name}: the estate has no system of that name", hint or "add it to the estate file"
            )
        if names.count(name) > 1:
            raise UserError(f"--source {name} is given twice", "give it once")
    by_name = {override.name: override for override in overrides}
    systems = tuple(_overridden(s, by_name[s.id]) if s.id in by_name else s for s in estate.systems)
    return dataclasses.replace(estate, systems=systems)


def estate_of(overrides: Sequence[SourceOverride]) -> Estate:
    """An estate of nothing but the sources given: what is scanned when there is no estate file."""
    systems = tuple(
        System(o.name, o.name, kind="system", repository=Repository(o.url, o.ref))
        for o in sorted(overrides, key=lambda override: override.name)
    )
    return Estate(title=", ".join(system.name for system in systems), systems=systems)


def only(estate: Estate, names: Iterable[str]) -> Estate:
    """The estate in which only the named systems are read; the others stay known from outside.

    Raises UserError for a name that has no repository.
    """
    wanted = set(names)
    readable = [spec.name for spec in estate.sources()]
    for name in sorted(wanted - set(readable)):
        hint = nearest(name, readable) or f"one of {', '.join(readable)}"
        raise UserError(f"--only {name}: no system of that name has a repository", hint)
    systems = (s if s.id in wanted else dataclasses.replace(s, repository=None) for s in estate.systems)
    return dataclasses.replace(estate, systems=tuple(systems))


def parse_target(text: str) -> Target:
    """`system` or `system/service` as a target."""
    system, _, service = text.partition("/")
    return Target(system, service or None)


def _overridden(system: System, override: SourceOverride) -> System:
    before = system.repository
    web = (before.web or web_template(before.url)) if before else None
    return dataclasses.replace(system, repository=Repository(override.url, override.ref, web))


def _split_ref(text: str) -> tuple[str, str]:
    """An address and the ref behind its last `@` that is not part of the address; HEAD when there is none."""
    if Path(text).expanduser().exists():
        return text, "HEAD"
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*/?", text)
    scp = None if scheme else re.match(r"[\w.+-]+@[\w.-]+:", text)
    start = (scheme or scp).end() if scheme or scp else 0  # type: ignore[union-attr]
    marks = [at for at in range(len(text) - 1, start - 1, -1) if text[at] == "@" and text[at - 1 : at] != "/"]
    if not scheme and not scp:
        marks = [at for at in marks if Path(text[:at]).expanduser().exists()] or marks
    return (text[: marks[0]], text[marks[0] + 1 :]) if marks else (text, "HEAD")


def _system(name: str, body: Mapping[str, Any], directory: Path) -> System:
    repository = _repository(body.get("repository"), directory)
    return System(
        id=name,
        name=body["name"],
        description=body.get("description", ""),
        kind=body.get("kind", "system" if repository else "external"),
        technology=body.get("technology", ""),
        group=body.get("group", ""),
        runs=body.get("runs", ""),
        hosts=tuple(body.get("hosts", ())),
        settings=_setting_hints(body.get("settings", ())),
        repository=repository,
        services=tuple(_service(key, value) for key, value in body.get("services", {}).items()),
        calls=_route_hints(body.get("calls", {})),
    )


def _repository(body: Any, directory: Path) -> Repository | None:
    if body is None:
        return None
    if isinstance(body, str):
        body = {"url": body}
    url = body["url"]
    try:
        path = local_path(SourceSpec("", url))
    except SourceError:
        path = None  # opening the source says what is wrong with its address
    if path is not None and "://" not in url and not path.is_absolute():
        url = str(directory / path)
    return Repository(url, body.get("ref", "HEAD"), body.get("web"))


def _service(name: str, body: Mapping[str, Any]) -> Service:
    plain = {
        key: body[key] for key in ("name", "description", "urlconf", "root", "wsgi", "asgi", "celery") if key in body
    }
    return Service(
        id=name,
        settings_modules=tuple(body.get("settings_modules", ())),
        hosts=tuple(body.get("hosts", ())),
        settings=_setting_hints(body.get("settings", ())),
        calls=_route_hints(body.get("calls", {})),
        **plain,
    )


def _setting_hints(body: Any) -> tuple[SettingHint, ...]:
    if isinstance(body, Mapping):
        return tuple(SettingHint(name, repo) for repo, names in body.items() for name in names)
    return tuple(SettingHint(name) for name in body)


def _route_hints(body: Mapping[str, Any]) -> tuple[RouteHint, ...]:
    return tuple(RouteHint(repo, pattern) for repo, patterns in body.items() for pattern in patterns)


def _person(name: str, body: Mapping[str, Any]) -> Person:
    uses = tuple(Use(parse_target(target), label) for target, label in body.get("uses", {}).items())
    return Person(name, body["name"], body.get("description", ""), uses)


def _deployed(row: Mapping[str, Any]) -> Deployed:
    return Deployed(row["repository"], row["path"], row.get("system", row["repository"]), row.get("service"))


def _loose_ends(document: Document, systems: tuple[System, ...]) -> Iterator[Fault]:
    """Names in an estate file that lead nowhere: systems, services, repositories."""
    data, ids = document.data, [system.id for system in systems]
    services = {system.id: [service.id for service in system.services] for system in systems}
    readable = [system.id for system in systems if system.repository]
    for system in systems:
        at = ("systems", system.id)
        if system.runs and system.runs not in readable:
            yield _unknown(document, (*at, "runs"), "a system with a repository", system.runs, readable)
        if system.services and not system.repository:
            yield document.fault((*at, "services"), "services run out of a repository, and this system has none")
        for place, hints in ((at, system.settings), *(((*at, "services", s.id), s.settings) for s in system.services)):
            for repo in sorted({hint.repo for hint in hints if hint.repo} - set(readable)):
                yield _unknown(document, (*place, "settings", repo), "a system with a repository", repo, readable)
        called = ((at, system.calls), *(((*at, "services", s.id), s.calls) for s in system.services))
        for place, routes in called:
            for repo in sorted({hint.repo for hint in routes} - set(readable)):
                yield _unknown(document, (*place, "calls", repo), "a system with a repository", repo, readable)
        yield from _collisions(document, system)
    for person, body in data.get("people", {}).items():
        for used in body.get("uses", {}):
            target = parse_target(used)
            known = [*ids, *(f"{system}/{service}" for system in ids for service in services[system])]
            if target.system not in ids or (target.service and target.service not in services[target.system]):
                yield _unknown(document, ("people", person, "uses", used), "a system or system/service", used, known)
    for at_row, row in enumerate(data.get("etl", ())):
        for key, known in (("consumer", readable), ("system", ids)):
            if row[key] not in known:
                yield _unknown(document, ("etl", at_row, key), f"a known {key}", row[key], known)
    for at_row, row in enumerate(data.get("deployment", ())):
        for key, known in (("repository", readable), ("system", ids)):
            if key in row and row[key] not in known:
                yield _unknown(document, ("deployment", at_row, key), f"a known {key}", row[key], known)


def _collisions(document: Document, system: System) -> Iterator[Fault]:
    """Services whose id in diagrams is that of another service's worker, queues or beat, or of a datastore."""
    taken = {
        node: f"{role} of {service.id}"
        for service in system.services
        for role, node in ids_of_service(system.id, service.id).items()
        if role != "web"
    }
    stores = {engine.system for engine in store_rules().engines}.union(STORE_KINDS)
    taken |= {store_id(system.id, name): f"datastore {name}" for name in sorted(stores)}
    for service in system.services:
        node = web_id(system.id, service.id)
        if node in taken:
            said = f"its id, {node}, would be that of the {taken[node]}: give the service another name"
            yield document.fault(("systems", system.id, "services", service.id), said)


def _unknown(document: Document, keys: tuple[str | int, ...], what: str, name: str, known: list[str]) -> Fault:
    return document.fault(keys, f"{name!r} is not {what}{suggestion(name, known)}")


def services_of(system: System) -> tuple[Service, ...]:
    """The services of a system; one made up of its name when the estate names none."""
    return system.services or (Service("web", system.name),)
