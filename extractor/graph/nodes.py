"""C4 elements: systems and people of the estate, containers of each service, its stores, and what lies outside.

Containers rest on evidence: a web container on its URL configuration or runtime unit, a worker on tasks, beat on
schedules. A store is drawn when code uses it or a setting declares it. Proxies and front
ends are what deployment shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from extractor.deployment.consumers import queues_taken
from extractor.deployment.units import Unit
from extractor.estate.model import Estate, Service, System, services_of
from extractor.graph.commands import CommandProcesses, command_nodes
from extractor.graph.deployment import Deployment
from extractor.graph.units import family, placed, running, unit_words
from extractor.link.facts import RepoFacts
from extractor.link.systems import SystemNames
from extractor.model.graph import Evidence, Node, Route, Schedule, Task
from extractor.model.ids import beat_id, person_id, queue_id, store_id, web_id, worker_id
from extractor.rules.clients import Vendor
from extractor.rules.stores import store_rules

_NO_COMMANDS: Mapping[str, CommandProcesses] = MappingProxyType({})
# A store declared in several parts is drawn as the first of these.
_KIND_ORDER = ("database", "search", "storage", "cache", "queue")


def nodes(
    estate: Estate,
    facts: Mapping[str, RepoFacts],
    vendors: Mapping[str, Vendor],
    used: Collection[str],
    deployed: Mapping[str, Deployment],
    commands: Mapping[str, CommandProcesses] = _NO_COMMANDS,
) -> tuple[Node, ...]:
    """Every C4 element. `used` are ids that flows end at: a system outside is drawn only when something reaches it.
    `deployed` is what deployment files show of each system, `commands` what runs in processes of its own."""
    out: dict[str, Node] = {}
    names = SystemNames(estate, vendors)
    for system in estate.systems:
        repo = facts.get(system.id)
        if repo is not None and repo.source.kind != "library":
            for node in (
                *deployed[system.id].nodes,
                *_system_nodes(names, system, repo, used),
                *command_nodes(system, repo, commands.get(system.id, {})),
            ):
                out[node.id] = node
    for person in estate.people:
        node_id = person_id(person.id)
        out[node_id] = Node(
            id=node_id,
            kind="person",
            name=person.name,
            technology="",
            description=person.description,
            parent=None,
            evidence=(),
        )
    pointed = _pointed_at(estate, facts)
    for one in deployed.values():
        for node_id, lines in one.outside.items():
            pointed[node_id] = (*pointed.get(node_id, ()), *lines)
    for node_id in sorted({*used, *pointed}):
        if node_id not in out:
            made = _outside(node_id, estate, vendors)
            out[node_id] = dataclasses.replace(made, evidence=pointed.get(node_id, ()))
    return tuple(out[key] for key in sorted(out))


def _pointed_at(estate: Estate, facts: Mapping[str, RepoFacts]) -> dict[str, tuple[Evidence, ...]]:
    """The settings that point at a system of the estate file, by system: at most three each."""
    found: dict[str, tuple[Evidence, ...]] = {}
    for repo in facts.values():
        for row in repo.settings:
            if row.system and estate.system(row.system) is not None and len(found.get(row.system, ())) < 3:
                here = Evidence(row.repo, repo.source.commit, row.path, row.line, row.line, "setting")
                found[row.system] = (*found.get(row.system, ()), here)
    return found


def _outside(node_id: str, estate: Estate, vendors: Mapping[str, Vendor]) -> Node:
    system = estate.system(node_id)
    if system is not None:
        kind = "external" if system.kind == "system" else system.kind
        return Node(
            id=node_id,
            kind=kind,
            name=system.name,
            technology=system.technology,
            description=system.description,
            parent=None,
            evidence=(),
            group=system.group,
            scope="external",
        )
    vendor = vendors.get(node_id)
    if vendor is not None:
        return Node(
            id=node_id,
            kind=vendor.kind,
            name=vendor.name,
            technology=vendor.technology,
            description=vendor.description,
            parent=None,
            evidence=(),
            group=vendor.group,
            scope="external",
        )
    if "." not in node_id:  # no host: the owner of an address that a setting, say, is named after
        name, told = node_id.replace("-", " ").capitalize(), "Known by the name of what holds its address only"
        return Node(
            id=node_id,
            kind="external",
            name=name,
            technology="",
            description=told,
            parent=None,
            evidence=(),
            group="Other systems",
            scope="external",
        )
    return Node(
        id=node_id,
        kind="external",
        name=node_id,
        technology="",
        description="Known by its host name only",
        parent=None,
        evidence=(),
        group="Other hosts",
        scope="external",
    )


def _system_nodes(names: SystemNames, system: System, repo: RepoFacts, used: Collection[str]) -> Iterable[Node]:
    top = _first_evidence(repo)
    yield Node(
        id=system.id,
        kind="system",
        name=system.name,
        technology=system.technology,
        description=system.description,
        parent=None,
        evidence=top,
        group=system.group,
        repo=system.id,
    )
    units = placed(repo.runtime.units) if repo.runtime else ()
    for service in services_of(system):
        yield from _service_nodes(system, service, repo, units, used)
    stores = {use.system for use in repo.stores}
    declared: dict[str, Node] = {}
    for _service, store in sorted(repo.declared, key=lambda pair: _KIND_ORDER.index(pair[1].kind)):
        node_id = use_id(names.estate, repo, names.id_of(store.system))
        # What runs inside the process is no datastore; what deployment alone decides is drawn when code uses it.
        undecided = store.system == store.kind and store.system not in stores
        outside = node_id != store_id(system.id, store.system)
        if node_id in declared or store_rules().is_in_process(store.system) or undecided or outside:
            continue
        evidence = (
            Evidence(
                system.id,
                repo.source.commit,
                store.evidence.path,
                store.evidence.line,
                store.evidence.end_line,
                "setting",
            ),
        )
        declared[node_id] = Node(
            id=node_id,
            kind=store.kind,
            name=names.store(store.system),
            technology=store.technology,
            description="",
            parent=system.id,
            evidence=evidence,
            repo=system.id,
        )
    for use in repo.stores:
        node_id = use_id(names.estate, repo, use.system)
        if node_id not in declared and node_id == store_id(system.id, use.system):
            evidence = (Evidence(system.id, repo.source.commit, use.path, use.line, use.end_line, "store"),)
            declared[node_id] = Node(
                id=node_id,
                kind=use.kind,
                name=names.store(use.system),
                technology=use.engine,
                description="",
                parent=system.id,
                evidence=evidence,
                repo=system.id,
            )
    for node in declared.values():
        run = (u for u in units if family(u.technology).lower() in (node.name.lower(), node.technology.lower()))
        lines = tuple(_unit_evidence(system.id, repo.source.commit, tuple(run)))
        yield dataclasses.replace(node, evidence=(*node.evidence, *lines))


def use_id(estate: Estate, repo: RepoFacts, store: str) -> str:
    """The node of a datastore that a repository uses: the system of the estate that it is, or one of its own."""
    known = estate.system(store)
    return store if known is not None and known.repository is None else store_id(repo.source.name, store)


def _first_evidence(repo: RepoFacts) -> tuple[Evidence, ...]:
    route = next(iter(repo.routes), None)
    if route is None:
        return ()
    return (Evidence(repo.source.name, repo.source.commit, route.path, route.line, route.line, "route"),)


def _service_nodes(
    system: System, service: Service, repo: RepoFacts, units: Sequence[Unit], used: Collection[str]
) -> Iterable[Node]:
    commit = repo.source.commit
    routes = [r for r in repo.routes if r.service == service.id]
    tasks = [t for t in repo.tasks if service.id in t.services or not t.services]
    beats = [s for s in repo.schedules if s.service in ("", service.id)]
    web = running(units, "web", system, service)
    evidence = _unit_evidence(system.id, commit, web)
    if routes:
        evidence += (Evidence(system.id, commit, routes[0].path, routes[0].line, routes[0].line, "route"),)
    node_id = web_id(system.id, service.id)
    # A library runs nothing: without URLs, units or settings, only what code is seen to do shows a web process.
    if evidence or system.services or repo.declared or repo.settings or node_id in used:
        yield _web_node(system, service, routes, web, evidence)
    if tasks:
        yield from _celery_nodes(system, service, repo, tasks, units)
    if beats:
        yield _beat_node(system, service, commit, beats, units)


def _web_node(
    system: System, service: Service, routes: Sequence[Route], web: Sequence[Unit], evidence: tuple[Evidence, ...]
) -> Node:
    name = service.name if len(services_of(system)) > 1 else f"{service.name} web"
    words = service.description or (f"{len(routes)} routes" if routes else "")
    return Node(
        id=web_id(system.id, service.id),
        kind="container",
        name=name,
        technology=web[0].technology if web else "Django",
        description=_sentences(words, unit_words(web)),
        parent=system.id,
        evidence=evidence,
        repo=system.id,
        role="web",
        service=service.id,
    )


def _celery_nodes(
    system: System, service: Service, repo: RepoFacts, tasks: Sequence[Task], units: Sequence[Unit]
) -> Iterable[Node]:
    commit = repo.source.commit
    taken = queues_taken(units)
    run = [t for t in tasks if taken is None or t.queue is None or t.queue in taken]
    queues, taking = (sorted({t.queue for t in rows if t.queue}) for rows in (tasks, run))
    workers = running(units, "worker", system, service)
    words = (
        f"Runs {len(run)} tasks from {_listed(taking)}" if run else f"Takes none of the queues of {len(tasks)} tasks"
    )
    first = Evidence(system.id, commit, tasks[0].path, tasks[0].line, tasks[0].end_line, "task")
    yield Node(
        id=worker_id(system.id, service.id),
        kind="container",
        name=f"{service.name} worker",
        technology="Celery",
        description=_sentences(words, unit_words(workers)),
        parent=system.id,
        evidence=(*_unit_evidence(system.id, commit, workers), first),
        repo=system.id,
        role="worker",
        service=service.id,
    )
    broker = next((d for s, d in repo.declared if d.kind == "queue" and s in ("", service.id)), None)
    evidence: tuple[Evidence, ...] = (first,)
    if broker is not None:
        evidence = (
            Evidence(
                system.id, commit, broker.evidence.path, broker.evidence.line, broker.evidence.end_line, "setting"
            ),
        )
    yield Node(
        id=queue_id(system.id, service.id),
        kind="queue",
        name=f"{service.name} queues",
        technology=f"Celery on {broker.technology}" if broker and broker.system != broker.kind else "Celery",
        description=_listed(queues),
        parent=system.id,
        evidence=evidence,
        repo=system.id,
        role="queue",
        service=service.id,
    )


def _beat_node(system: System, service: Service, commit: str, beats: Sequence[Schedule], units: Sequence[Unit]) -> Node:
    first = Evidence(system.id, commit, beats[0].path, beats[0].line, beats[0].end_line, "schedule")
    found = running(units, "beat", system, service)
    return Node(
        id=beat_id(system.id, service.id),
        kind="container",
        name=f"{service.name} beat",
        technology="Celery beat",
        description=_sentences(f"Queues {len(beats)} scheduled tasks", unit_words(found)),
        parent=system.id,
        evidence=(*_unit_evidence(system.id, commit, found), first),
        repo=system.id,
        role="beat",
        service=service.id,
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more queues" if len(names) > 5 else shown or "its queue"


def _sentences(*parts: str) -> str:
    return ". ".join(part.rstrip(".") for part in parts if part)


def _unit_evidence(system: str, commit: str, units: Sequence[Unit]) -> tuple[Evidence, ...]:
    return tuple(Evidence(system, commit, unit.path, unit.line, unit.line, "runtime") for unit in units[:4])
