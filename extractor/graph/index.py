"""Look-ups over a graph: which entry points a container runs, what answers a call, what leads to a task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from extractor.graph.timing import Timing, Timings
from extractor.link.facts import RepoFacts
from extractor.model.graph import Call, Context, Evidence, Finding, Flow, Graph, Node, Route, Schedule, Task
from extractor.model.ids import command_id, script_id


class RowAt(Protocol):
    """A row that stands on lines of a repository."""

    @property
    def repo(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...


class GraphIndex:
    """A graph and its look-ups. Nothing here finds facts: it only says which of them belong together."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = {node.id: node for node in graph.nodes}
        self.routes = {route.id: route for route in graph.routes}
        self.tasks = {task.id: task for task in graph.tasks}
        self.calls = {call.id: call for call in graph.calls}
        self.stores = {store.id: store for store in graph.stores}
        self.enqueues = {enqueue.id: enqueue for enqueue in graph.enqueues}
        self.schedules = {schedule.id: schedule for schedule in graph.schedules}
        self._served: dict[tuple[str, str], list[Route]] = {}
        for route in graph.routes:
            self._served.setdefault((route.repo, route.pattern), []).append(route)
        self._commits = {source.name: source.commit for source in graph.sources}
        self._named: dict[tuple[str, str], Task] = {}
        for task in graph.tasks:
            self._named.setdefault((task.repo, task.name), task)
        self._findings: dict[str, list[Finding]] = {}
        for finding in graph.findings:
            for call in finding.call_ids:
                self._findings.setdefault(call, []).append(finding)
        self._timings = {
            source.name: Timings(
                RepoFacts(
                    source,
                    schedules=tuple(s for s in graph.schedules if self._home(s) == source.name),
                    enqueues=tuple(e for e in graph.enqueues if e.repo == source.name),
                )
            )
            for source in graph.sources
        }

    def _home(self, schedule: Schedule) -> str:
        """The repository of the task that a beat entry queues; its own where it leads to none."""
        task = self.tasks.get(schedule.task_id or "")
        return task.repo if task is not None else schedule.repo

    def evidence(self, row: RowAt, role: str) -> Evidence:
        """The lines of a row, at the commit of its source."""
        end = getattr(row, "end_line", row.line)
        return Evidence(row.repo, self._commits.get(row.repo, ""), row.path, row.line, end, role)

    def task(self, repo: str, name: str) -> Task | None:
        """The task of a repository by its name; the first of its rows where services run it from different queues."""
        return self._named.get((repo, name))

    def timing(self, repo: str, task: str) -> Timing:
        """The schedules that lead to a task, directly or by tasks that queue it."""
        found = self._timings.get(repo)
        return found.of(task) if found else Timing((), ())

    def findings(self, call: Call) -> Sequence[Finding]:
        """The findings on a call, those that the code or a baseline suppresses left out."""
        return [finding for finding in self._findings.get(call.id, ()) if not finding.suppressed]

    def running(self, node: Node, contexts: Iterable[Context]) -> tuple[Context, ...]:
        """Those entry points of a row of the node's repository that are entered in the process that a node is: workers
        run tasks, a process of its own its command, the web container the rest."""
        return tuple(context for context in contexts if self._runs(node, context))

    def _runs(self, node: Node, context: Context) -> bool:
        if context.kind == "unknown" or node.repo is None:
            return False
        if node.service is None or node.service not in context.services:
            return context.kind == "command" and node.id == script_id(node.repo, context.name)
        own = command_id(node.repo, node.service, context.name) if context.kind == "command" else ""
        if node.role == "command" or own in self.nodes:
            return node.id == own
        return node.role == ("worker" if context.kind == "task" else "web")

    def answer(self, call: Call) -> Route | None:
        """The route that answers a call, or None."""
        return self.routes.get(call.route_id or "")

    def serving(self, repo: str, pattern: str) -> Sequence[Route]:
        """The routes of a repository that have a pattern, one for each service or declaration."""
        return self._served.get((repo, pattern), ())

    def between(self, source: str, target: str) -> tuple[Flow, ...]:
        """The flows between nodes that two globs mean, in the order of the graph."""
        return tuple(f for f in self.graph.flows if fnmatchcase(f.source, source) and fnmatchcase(f.target, target))

    def like(self, glob: str) -> tuple[str, ...]:
        """The ids of nodes that a glob means, sorted."""
        return tuple(sorted(node for node in self.nodes if fnmatchcase(node, glob)))
