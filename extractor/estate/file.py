"""Reading an estate file: what it says, and every fault of it with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.errors import SourceError, UserError
from extractor.estate.model import (
    DeclaredFlow,
    Deployed,
    Estate,
    Person,
    Repository,
    RouteHint,
    Service,
    SettingHint,
    System,
    Use,
    parse_target,
)
from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import Document, Fault, read_yaml, refuse, suggestion
from extractor.model.graph import STORE_KINDS
from extractor.model.ids import ids_of_service, store_id, web_id
from extractor.rules.stores import store_rules
from extractor.sources.spec import SourceSpec, local_path


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
        declares=tuple(_declarations(document)),
        libraries=tuple(data.get("libraries", ())),
        deployment=tuple(_deployed(row) for row in data.get("deployment", ())),
        scenarios=tuple(data.get("scenarios", ())),
        policy=data.get("policy", {}),
        etl=tuple(data.get("etl", ())),
        directory=path.parent,
    )


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


def _declarations(document: Document) -> Iterator[DeclaredFlow]:
    for at, row in enumerate(document.data.get("declares", ())):
        yield DeclaredFlow(
            source=row["from"],
            target=row["to"],
            label=row["label"],
            why=row["why"],
            protocol=row.get("protocol", ""),
            sync=row.get("sync", True),
            path=document.path.name,
            line=document.lines[("declares", at)],
        )


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
    nodes = [*ids, *(f"{system}/{service}" for system in ids for service in services[system])]
    people = [f"person:{person}" for person in data.get("people", {})]
    for at_row, row in enumerate(data.get("declares", ())):
        for key, known in (("from", [*nodes, *people]), ("to", nodes)):
            if row[key] not in known:
                yield _unknown(document, ("declares", at_row, key), "a system or system/service", row[key], known)
    for person, body in data.get("people", {}).items():
        for used in body.get("uses", {}):
            target = parse_target(used)
            if target.system not in ids or (target.service and target.service not in services[target.system]):
                yield _unknown(document, ("people", person, "uses", used), "a system or system/service", used, nodes)
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
            why = f"its id, {node}, would be that of the {taken[node]}: give the service another name"
            yield document.fault(("systems", system.id, "services", service.id), why)


def _unknown(document: Document, keys: tuple[str | int, ...], what: str, name: str, known: list[str]) -> Fault:
    return document.fault(keys, f"{name!r} is not {what}{suggestion(name, known)}")
