"""Flows: every arrow, merged from the rows that make it, each with its evidence, primary first."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from extractor.estate.model import Estate, Service, System, services_of
from extractor.graph.arrow import MAX_EVIDENCE, Arrow
from extractor.graph.commands import CommandProcess, CommandProcesses
from extractor.graph.consumers import Consumers
from extractor.graph.deployment import Deployment
from extractor.graph.nodes import use_id
from extractor.graph.timing import Timings
from extractor.graph.units import placed, running
from extractor.graph.wording import endpoint, protocol, served, short, store_protocol
from extractor.link.facts import RepoFacts
from extractor.model import ids
from extractor.model.graph import Call, Context, Enqueue, Evidence, Flow, Hop, Route, Schedule, Store, Task
from extractor.rules.buses import buses

_NO_COMMANDS: Mapping[str, CommandProcesses] = MappingProxyType({})
_RANK = {"certain": 0, "likely": 1, "possible": 2}
_USE = "the estate file names this use; a route of the service is its evidence"
_USE_THROUGH = "the estate file names this use; deployment files put this proxy before the service"


@dataclass(frozen=True, slots=True)
class _Runner:
    """A container of a service that runs a piece of code, and the entry points from which it does."""

    node: str
    role: str
    service: str
    contexts: tuple[Context, ...]


class Arrows:
    """Collects the arrows of an estate."""

    def __init__(
        self,
        estate: Estate,
        facts: Mapping[str, RepoFacts],
        timings: Mapping[str, Timings],
        deployed: Mapping[str, Deployment],
        commands: Mapping[str, CommandProcesses] = _NO_COMMANDS,
    ) -> None:
        self.estate, self.facts, self.timings, self.deployed = estate, facts, timings, deployed
        self.routes = {r.id: r for repo in facts.values() for r in repo.routes}
        self._tasks = {task.id: task for repo in facts.values() for task in repo.tasks}
        self._arrows: dict[tuple[str, str, str, bool, str], Arrow] = {}
        self.consumers = Consumers(facts)
        self._commands = commands
        self._buses = {bus.system for bus in buses()}

    def flows(self) -> tuple[Flow, ...]:
        """Every arrow, sorted by id."""
        for system in self.estate.systems:
            repo = self.facts.get(system.id)
            if repo is None or repo.source.kind == "library":
                continue
            for call in repo.calls:
                self._call(system, repo, call)
            for store in repo.stores:
                self._store(system, repo, store)
            self._celery(system, repo)
            self._deployment(self.deployed[system.id])
        self._people()
        self._webhooks()
        return tuple(sorted((a.flow() for a in self._arrows.values() if a.primary), key=lambda f: f.id))

    def _arrow(self, source: str, target: str, label: str, sync: bool, protocol: str) -> Arrow:
        key = (source, target, label, sync, protocol)
        return self._arrows.setdefault(key, Arrow(*key))

    # calls -----------------------------------------------------------------------------------------------------

    def _call(self, system: System, repo: RepoFacts, call: Call) -> None:
        if call.system is None:
            return
        route = self.routes.get(call.route_id or "")
        target = _target(self.estate, call, route)
        if call.system == system.id and route is None:
            return  # a call to oneself that no route answers says nothing about who it reaches
        for runner in self._runners(system, call.service, call.contexts):
            if runner.node == target:
                continue
            carried = call.system in self._buses
            process = self._command_of(system, runner)
            sync = not carried and runner.role != "worker" and not (process and process.cadence)
            arrow = self._arrow(
                runner.node, target, call.label or call.via, sync, "event bus" if carried else protocol(call)
            )
            arrow.primary[self._at(repo, call.path, call.line, call.end_line, "call")] = None
            if route is not None:
                home = self.facts[route.repo]
                arrow.explaining[self._at(home, route.path, route.line, route.line, "route")] = None
                arrow.routes[route.id] = None
            arrow.grounds.update(dict.fromkeys(self._naming(repo, call)))
            arrow.calls[call.id] = None
            arrow.why[call.why] = None
            arrow.data[endpoint(call)] = None
            if _RANK[call.confidence] < _RANK[arrow.confidence]:
                arrow.confidence = call.confidence
            if call.condition:
                arrow.conditions[call.condition] = None
            else:
                arrow.unconditional = True
            chain = _chain_for(call, runner.service, runner.contexts)
            if chain and (not arrow.chain or len(chain) < len(arrow.chain)):
                arrow.chain = chain
            self._triggers(arrow, repo, runner.contexts)
            if process is not None:
                arrow.cadences.update(dict.fromkeys([process.cadence] if process.cadence else ()))
                arrow.explaining.update(dict.fromkeys(process.evidence(repo)))

    def _command_of(self, system: System, runner: _Runner) -> CommandProcess | None:
        """The process of its own in which a runner's command runs."""
        names = [context.name for context in runner.contexts] if runner.role in ("command", "script") else []
        return self._commands.get(system.id, {}).get((runner.service, names[0])) if names else None

    def _naming(self, repo: RepoFacts, call: Call) -> Iterator[Evidence]:
        """The settings that say where a call goes: what lists a bus's topics, else the setting that holds the base."""
        listed = [j.where for j in repo.bindings if j.setting == call.base_setting and j.service in ("", call.service)]
        for where in listed[:1]:
            yield self._at(repo, where.path, where.line, where.end_line, "setting")
        named = [row for row in repo.settings if row.name == call.base_setting] if not listed else []
        for row in sorted(named, key=lambda row: row.service not in ("", call.service))[:1]:
            yield self._at(repo, row.path, row.line, row.line, "setting")

    def _triggers(self, arrow: Arrow, repo: RepoFacts, contexts: Sequence[Context]) -> None:
        """What sets an arrow off, and on which cadence, with the schedule's line as evidence."""
        for context in contexts:
            arrow.triggers[f"{context.kind} {context.name}".strip()] = None
            if context.kind != "task":
                continue
            arrow.tasks.update({t.id: None for t in repo.tasks if t.name == context.name})
            timing = self.timings[repo.source.name].of(context.name)
            for schedule in timing.schedules:
                arrow.cadences[schedule.cadence] = None
                arrow.schedules[schedule.id] = None
                timed = self.facts[schedule.repo]
                evidence = self._at(timed, schedule.path, schedule.line, schedule.end_line, "schedule")
                arrow.explaining[evidence] = None
            for enqueue in timing.enqueues[:3]:
                queued = self.facts[enqueue.repo]
                arrow.explaining[self._at(queued, enqueue.path, enqueue.line, enqueue.end_line, "enqueue")] = None

    def _runners(self, system: System, service: str, contexts: Sequence[Context]) -> list[_Runner]:
        """The containers that run code reached from these contexts: workers run tasks, web containers the rest; of the
        row's own service, where it has one."""
        out: dict[tuple[str, str, str], list[Context]] = {}
        for context in contexts:
            if context.kind == "unknown":
                continue
            script = self._commands.get(system.id, {}).get(("", context.name)) if not context.services else None
            if script is not None and context.kind == "command":
                out.setdefault(("script", "", script.node), []).append(context)
            for one in _services(system, service, context):
                role, node = "worker" if context.kind == "task" else "web", ""
                process = self._commands.get(system.id, {}).get((one.id, context.name))
                if context.kind == "command" and process is not None:
                    role, node = "command", process.node
                node = node or ids.ids_of_service(system.id, one.id)[role]
                out.setdefault((role, one.id, node), []).append(context)
        return [_Runner(node, role, name, tuple(reached)) for (role, name, node), reached in out.items()]

    # stores ----------------------------------------------------------------------------------------------------

    def _store(self, system: System, repo: RepoFacts, store: Store) -> None:
        target = use_id(self.estate, repo, store.system)
        words = {"read": "reads", "write": "writes", "both": "reads and writes"}[store.operation]
        for runner in self._runners(system, store.service, store.contexts):
            arrow = self._arrow(runner.node, target, words, True, store_protocol(store))
            if len(arrow.primary) < MAX_EVIDENCE:
                arrow.primary[self._at(repo, store.path, store.line, store.end_line, "store")] = None
            if _RANK[store.confidence] < _RANK[arrow.confidence]:
                arrow.confidence = store.confidence
            arrow.unconditional = True
            arrow.stores[store.id] = None
            arrow.grounds.update(dict.fromkeys(self._declaring(repo, store, runner.service)))
            arrow.data[store.via.removeprefix("Django ORM: ")] = None
            arrow.triggers.update({f"{c.kind} {c.name}".strip(): None for c in runner.contexts[:3]})

    def _declaring(self, repo: RepoFacts, store: Store, own: str) -> Iterator[Evidence]:
        """The settings that name a datastore: of its kind where there are any, those of the service `own` first."""
        known = [(service not in ("", own), d) for service, d in repo.declared if d.system == store.system]
        known = [(other, d) for other, d in known if d.kind == store.kind] or known
        if not known:  # one that several systems share: the settings that point at it
            rows = [row for row in repo.settings if row.system == store.system]
            yield from (self._at(repo, row.path, row.line, row.line, "setting") for row in rows[:2])
        for _other, d in sorted(known, key=lambda pair: (pair[0], pair[1].setting != store.setting, pair[1].alias)):
            yield self._at(repo, d.evidence.path, d.evidence.line, d.evidence.end_line, "setting")

    # Celery ----------------------------------------------------------------------------------------------------

    def _celery(self, system: System, repo: RepoFacts) -> None:
        for enqueue in repo.enqueues:
            task = self._tasks.get(enqueue.task_id or "")
            if task is not None:
                rows = [t for t in self.facts[task.repo].tasks if t.name == task.name]
                self._enqueue(system, repo, enqueue, rows)
        for schedule in repo.schedules:
            task = self._tasks.get(schedule.task_id or "")
            home = self.estate.system(task.repo) if task is not None else None
            if task is None or home is None:
                continue
            for service in self.consumers.running(home, task, schedule.service):
                beat = (
                    service
                    if home is system
                    else next(s for s in services_of(system) if s.id in (schedule.service, s.id))
                )
                source, target = ids.beat_id(system.id, beat.id), ids.queue_id(home.id, service.id)
                arrow = self._arrow(source, target, f"{short(task.name)}: {schedule.cadence}", False, "Celery beat")
                arrow.primary[self._at(repo, schedule.path, schedule.line, schedule.end_line, "schedule")] = None
                arrow.explaining[self._at(self.facts[task.repo], task.path, task.line, task.end_line, "task")] = None
                arrow.cadences[schedule.cadence] = None
                arrow.triggers[f"schedule {schedule.key}"] = None
                if schedule.condition:
                    arrow.conditions[schedule.condition] = None
                else:
                    arrow.unconditional = True
                arrow.schedules[schedule.id] = None
                arrow.tasks[task.id] = None
                arrow.confidence = "certain"
                arrow.grounds.update(dict.fromkeys(self._broker(system, repo, beat, "beat")))
        for one in self.consumers.carried(system, repo):
            task, service = one.task, one.service
            source, target = ids.queue_id(system.id, service.id), ids.worker_id(system.id, service.id)
            words = f"tasks of queue {one.queue}" if one.queue else "tasks of a queue that is known only at run time"
            arrow = self._arrow(source, target, words, False, "Celery")
            arrow.primary[self._at(repo, task.path, task.line, task.end_line, "task")] = None
            if one.sent_by is not None:
                role = "schedule" if isinstance(one.sent_by, Schedule) else "enqueue"
                sender = self.facts[one.sent_by.repo]
                at = self._at(sender, one.sent_by.path, one.sent_by.line, one.sent_by.end_line, role)
                arrow.explaining[at] = None
            arrow.tasks[task.id] = None
            arrow.data[short(task.name)] = None
            arrow.confidence = "certain"
            arrow.grounds.update(dict.fromkeys(self._broker(system, repo, service, "worker", one.queue)))

    def _enqueue(self, system: System, repo: RepoFacts, enqueue: Enqueue, tasks: Sequence[Task]) -> None:
        """An enqueue's arrows: from each service that reaches the line to the queue that this service routes the task
        to. `tasks` are the rows of the task, one for each queue it has, of this repository or of another."""
        home, having = self.estate.system(tasks[0].repo) or system, self.facts[tasks[0].repo]
        for runner in self._runners(system, "", enqueue.contexts or (Context("unknown", ""),)):
            sender = runner.service if home is system else ""  # services of two repositories may have one name
            task = next((t for t in tasks if sender in t.services), tasks[0])
            queue = enqueue.queue or task.queue
            for service in self.consumers.of_queue(home, having, task, sender, queue):
                target = ids.queue_id(home.id, service.id)
                arrow = self._arrow(runner.node, target, short(task.name), False, "Celery")
                arrow.primary[self._at(repo, enqueue.path, enqueue.line, enqueue.end_line, "enqueue")] = None
                arrow.explaining[self._at(having, task.path, task.line, task.end_line, "task")] = None
                arrow.tasks[task.id] = None
                arrow.enqueues[enqueue.id] = None
                arrow.triggers.update({f"{c.kind} {c.name}".strip(): None for c in runner.contexts[:4]})
                arrow.grounds.update(dict.fromkeys(self._broker(home, having, service)))
                if _RANK[enqueue.confidence] < _RANK[arrow.confidence]:
                    arrow.confidence = enqueue.confidence
                arrow.unconditional = True

    def _broker(
        self, system: System, repo: RepoFacts, service: Service, role: str = "", queue: str | None = None
    ) -> Iterator[Evidence]:
        """The setting that names a service's broker, and the units of a role that meet there (those of the queue)."""
        brokers = [d for s, d in repo.declared if d.kind == "queue" and s in ("", service.id)]
        for d in sorted(brokers, key=lambda d: (d.alias != "default", d.alias))[:1]:
            yield self._at(repo, d.evidence.path, d.evidence.line, d.evidence.end_line, "setting")
        units = placed(repo.runtime.units) if repo.runtime else ()
        for unit in running(units, role, system, service) if role else ():
            if queue is None or not unit.queues or queue in unit.queues:
                yield self._at(repo, unit.path, unit.line, unit.line, "runtime")

    # deployment and people -------------------------------------------------------------------------------------

    def _deployment(self, deployed: Deployment) -> None:
        """What deployment files show and no line of code does."""
        for link in deployed.links:
            arrow = self._arrow(link.source, link.target, link.label, link.sync, link.protocol)
            arrow.primary.update(dict.fromkeys(link.evidence))
            arrow.confidence = min(arrow.confidence, link.confidence, key=_RANK.__getitem__)
            arrow.why[link.why] = None
            arrow.conditions[link.condition] = None
            arrow.unconditional |= not link.condition

    def _webhooks(self) -> None:
        """Routes that another system calls, as the estate says: webhooks and callbacks, where they are served."""
        for caller, hint in self.estate.callers():
            repo = self.facts.get(hint.repo)
            if repo is None:
                continue
            source = ids.web_id(caller.system, caller.service) if caller.service else caller.system
            for route in repo.routes:
                target = ids.web_id(route.repo, route.service)
                if source == target or route.origin != "repo" or not fnmatchcase(route.pattern, hint.pattern):
                    continue
                arrow = self._arrow(source, target, served(route), True, "HTTPS")
                if route.view_line:
                    arrow.primary[self._at(repo, route.view_path, route.view_line, route.view_line, "view")] = None
                arrow.primary[self._at(repo, route.path, route.line, route.line, "route")] = None
                arrow.routes[route.id] = None
                arrow.data[" ".join((*route.methods[:1], route.pattern))] = None
                arrow.confidence = "likely"
                arrow.why["the estate file says who calls this route"] = None
                arrow.unconditional = True

    def _people(self) -> None:
        """People's arrows: what the estate says, resting on the first route of the service they use. They come in
        through the outermost proxies before it, where deployment files show any."""
        for person in self.estate.people:
            for use in person.uses:
                repo = self.facts.get(use.target.system)
                if repo is None or repo.source.kind == "library":
                    continue
                system = self.estate.system(use.target.system)
                assert system is not None
                service = use.target.service or services_of(system)[0].id
                routes = [r for r in repo.routes if r.service == service and r.origin == "repo"]
                if not routes:
                    continue
                page = min(routes, key=lambda r: (r.pattern != "/", "/api/" in r.pattern))
                entries = self.deployed[system.id].entries.get(service, ())
                ends = [(e.node, e.evidence, e.condition) for e in entries]
                if not any(not condition for _node, _lines, condition in ends):
                    ends.append((ids.web_id(system.id, service), (), ""))
                for node, lines, condition in ends:
                    arrow = self._arrow(ids.person_id(person.id), node, use.label, True, "HTTPS")
                    arrow.primary.update(dict.fromkeys(lines))
                    arrow.primary[self._at(repo, page.path, page.line, page.line, "route")] = None
                    arrow.confidence = "likely"
                    arrow.why[_USE_THROUGH if lines else _USE] = None
                    arrow.conditions[condition] = None
                    arrow.unconditional |= not condition

    def _at(self, repo: RepoFacts, path: str, line: int, end_line: int, role: str) -> Evidence:
        return Evidence(repo.source.name, repo.source.commit, path, line, end_line, role)


def _services(system: System, service: str, context: Context) -> tuple[Service, ...]:
    """The services whose processes have an entry point: those it says, within the row's own; none for a script that is
    run by hand."""
    return tuple(s for s in services_of(system) if s.id in context.services and service in ("", s.id))


def _beat(system: System, service: str) -> Service:
    """The service whose beat has an entry: the one that it says, else the first."""
    every = services_of(system)
    return next((one for one in every if one.id == service), every[0])


def _target(estate: Estate, call: Call, route: Route | None) -> str:
    if route is not None:
        return ids.web_id(route.repo, route.service) if route.service else route.repo
    assert call.system is not None
    return call.system


def _chain_for(call: Call, service: str, contexts: Sequence[Context]) -> tuple[Hop, ...]:
    """The shortest chain of a call that begins in one of these entry points, in a process of the service."""
    told = list(zip(call.entered, call.chains, strict=False))
    named = [(entry, chain) for entry, chain in told if entry in contexts]
    kinds = {context.kind for context in contexts}
    for found in (
        [chain for entry, chain in named if service in entry.services],
        [chain for _entry, chain in named],
        [chain for entry, chain in told if entry.kind in kinds],
    ):
        if found:
            return min(found, key=len)
    return ()


def with_findings(flows: Sequence[Flow], finding_calls: Mapping[str, Sequence[str]]) -> tuple[Flow, ...]:
    """The flows with the findings on their calls. `finding_calls` gives call ids by finding id."""
    by_call: dict[str, list[str]] = {}
    for finding, calls in finding_calls.items():
        for call in calls:
            by_call.setdefault(call, []).append(finding)
    out = []
    for flow in flows:
        found = sorted({f for call in flow.call_ids for f in by_call.get(call, ())})
        out.append(dataclasses.replace(flow, finding_ids=tuple(found)) if found else flow)
    return tuple(out)
