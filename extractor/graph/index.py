"""Look-ups over a graph: which containers run a piece of code, what a call reaches, what leads to a task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol

from extractor.graph.timing import Timing, Timings
from extractor.link.facts import RepoFacts
from extractor.model.graph import Call, Context, Enqueue, Evidence, Finding, Graph, Node, Route, Store, Task
from extractor.model.ids import command_id, queue_id, script_id, store_id, web_id, worker_id


class RowAt(Protocol):
    """A row that stands on lines of a repository."""

    @property
    def repo(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...


class Origin(NamedTuple):
    """A container that runs code, and the contexts that say so."""

    node: Node
    contexts: tuple[Context, ...]


class GraphIndex:
    """A graph and its look-ups. Nothing here finds facts: it only says which of them belong together."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = {node.id: node for node in graph.nodes}
        self.routes = {route.id: route for route in graph.routes}
        self.tasks = {task.id: task for task in graph.tasks}
        self._commits = {source.name: source.commit for source in graph.sources}
        self._named: dict[tuple[str, str], list[Task]] = {}
        for task in graph.tasks:
            self._named.setdefault((task.repo, task.name), []).append(task)
        self._patterns: dict[tuple[str, str], list[str]] = {}
        for route in graph.routes:
            self._patterns.setdefault((route.repo, route.pattern), []).append(route.service)
        self._findings: dict[str, list[Finding]] = {}
        for finding in graph.findings:
            for call in finding.call_ids:
                self._findings.setdefault(call, []).append(finding)
        self._timings = {
            source.name: Timings(
                RepoFacts(
                    source,
                    schedules=tuple(s for s in graph.schedules if s.repo == source.name),
                    enqueues=tuple(e for e in graph.enqueues if e.repo == source.name),
                )
            )
            for source in graph.sources
        }
        self._services: dict[str, list[str]] = {}
        for node in graph.nodes:
            if node.repo and node.service and node.role == "web":
                self._services.setdefault(node.repo, []).append(node.service)

    def evidence(self, row: RowAt, role: str) -> Evidence:
        """The lines of a row, at the commit of its source."""
        end = getattr(row, "end_line", row.line)
        return Evidence(row.repo, self._commits.get(row.repo, ""), row.path, row.line, end, role)

    def services(self, repo: str) -> Sequence[str]:
        """The services that run out of a repository, in the order of their nodes."""
        return self._services.get(repo, ())

    def task(self, repo: str, name: str) -> Task | None:
        """The task of a repository by its name; the first of its rows where services run it from different queues."""
        return next(iter(self._named.get((repo, name), ())), None)

    def workers_of(self, repo: str, name: str) -> Sequence[str]:
        """The services whose workers run a task; every service of the repository when nothing says."""
        own = dict.fromkeys(s for task in self._named.get((repo, name), ()) for s in task.services)
        return list(own) or self.services(repo)

    def timing(self, repo: str, task: str) -> Timing:
        """The schedules that lead to a task, directly or by tasks that queue it."""
        found = self._timings.get(repo)
        return found.of(task) if found else Timing((), ())

    def findings(self, call: Call) -> Sequence[Finding]:
        """The findings on a call, those that the code or a baseline suppresses left out."""
        return [finding for finding in self._findings.get(call.id, ()) if not finding.suppressed]

    def origins(self, repo: str, service: str, contexts: Iterable[Context]) -> tuple[Origin, ...]:
        """The containers that run code reached from these contexts, each with the contexts that say so.

        Workers run tasks and web containers the rest; code that nothing reaches runs nowhere. Code that several
        services share runs in those whose routes reach it; in any of them where no route says.
        """
        out: dict[str, list[Context]] = {}
        contexts = tuple(contexts)
        web = [service] if service else self._serving(repo, contexts)
        for context in contexts:
            if context.kind == "command" and not context.services and script_id(repo, context.name) in self.nodes:
                out.setdefault(script_id(repo, context.name), []).append(context)
                continue
            for one in self._running(repo, service, context, web):
                node = worker_id(repo, one) if context.kind == "task" else web_id(repo, one)
                if context.kind == "command" and command_id(repo, one, context.name) in self.nodes:
                    node = command_id(repo, one, context.name)
                if node in self.nodes:
                    out.setdefault(node, []).append(context)
        return tuple(Origin(self.nodes[node], tuple(found)) for node, found in out.items())

    def blocks(self, node: str) -> bool:
        """Whether somebody waits for what a node does: not for workers, beats and queues."""
        found = self.nodes.get(node)
        return found is None or found.role not in ("worker", "beat", "queue")

    def _running(self, repo: str, service: str, context: Context, web: Sequence[str]) -> Sequence[str]:
        if context.kind == "unknown":
            return ()
        if context.kind == "task":
            own = self.workers_of(repo, context.name)
            return (service,) if service in own else own
        named = self._patterns.get((repo, context.name), ()) if context.kind == "request" else ()
        return [one for one in named if one in web] or web

    def _serving(self, repo: str, contexts: Iterable[Context]) -> Sequence[str]:
        """The services whose routes are among the contexts; all of the repository where no context names a route.

        A pattern that several services serve counts only where no other tells them apart.
        """
        found = [set(self._patterns.get((repo, c.name), ())) for c in contexts if c.kind == "request"]
        own = [names for names in found if len(names) == 1]
        named = {name for names in own or found for name in names}
        return [one for one in self.services(repo) if one in named] or self.services(repo)

    def answer(self, call: Call) -> Route | None:
        """The route that answers a call, or None."""
        return self.routes.get(call.route_id or "")

    def called(self, call: Call) -> str | None:
        """The node that a call reaches: the container whose route answers it, else the system."""
        route = self.answer(call)
        if route is not None and web_id(route.repo, route.service) in self.nodes:
            return web_id(route.repo, route.service)
        return call.system

    def queues(self, enqueue: Enqueue) -> tuple[str, ...]:
        """The queues that an enqueued task may go to, one for each service that runs it."""
        task = self.tasks.get(enqueue.task_id or "")
        if task is None:
            return ()
        found = (queue_id(task.repo, service) for service in self.workers_of(task.repo, task.name))
        return tuple(node for node in found if node in self.nodes)

    def store(self, row: Store) -> str:
        """The node of the datastore that a row reads or writes: the repository's own, else one that all share."""
        own = store_id(row.repo, row.system)
        return own if own in self.nodes else row.system

    def like(self, glob: str) -> tuple[str, ...]:
        """The ids of nodes that a glob means, sorted."""
        return tuple(sorted(node for node in self.nodes if fnmatchcase(node, glob)))
