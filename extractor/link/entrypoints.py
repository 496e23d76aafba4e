"""Entry points: where control comes in from outside — routes, tasks, commands, signals, start-up — and what they reach.

Contexts are found by walking the call graph back from a call. A task is an entry point of its own: who queues it does
not run it. The chain from the entry point to the call is the shortest one, its lines taken from the edges.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from extractor.evaluate.classes import Classes
from extractor.evaluate.evaluator import Evaluator
from extractor.link.callgraph import CallGraph, Edge
from extractor.link.loading import Loading
from extractor.link.signals import Signals
from extractor.model.graph import Context, Hop
from extractor.program.module import Def
from extractor.rules.django import django_rules

MAX_CONTEXTS = 60  # of one service
SCRIPT = "#script"  # run by hand, in no service's process; no service can be called so
MAX_CHAINS = 6
_COMMAND = re.compile(r"(^|/)management/commands/([^/]+)\.py$")
ORDER = {"request": 0, "task": 1, "command": 2, "signal": 3, "startup": 4, "unknown": 5}


def together(contexts: Iterable[Context]) -> tuple[Context, ...]:
    """Contexts, each once, in the services of all of them; requests first."""
    services: dict[Context, set[str]] = {}
    for context in contexts:
        services.setdefault(context, set()).update(context.services)
    known = sorted(services, key=lambda context: (ORDER[context.kind], context.name))
    return tuple(replace(context, services=tuple(sorted(services[context]))) for context in known)


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """An entry point: its context, the line that makes it one, and the services whose processes have it."""

    context: Context
    line: int
    how: str
    services: frozenset[str] = frozenset()


Walked = tuple[Context, tuple[Hop, ...]]


@dataclass(slots=True)
class Reach:
    """Answers which entry points of which services reach a definition, and by which chain."""

    entries: Mapping[Def, tuple[EntryPoint, ...]]
    graph: CallGraph
    loading: Loading
    _known: dict[Def, tuple[Walked, ...]] = field(default_factory=dict)
    _contexts: dict[Def, tuple[Context, ...]] = field(default_factory=dict)

    def sent_in(self, services: Mapping[Def, frozenset[str]]) -> Reach:
        """The same, but that signals enter these receivers only in processes of the services that send them."""
        left = dict(self.entries)
        for target, sending in services.items():
            rows = (
                replace(row, services=row.services & sending) if row.context.kind == "signal" else row
                for row in left.get(target, ())
            )
            left[target] = tuple(row for row in rows if row.services or row.context.kind != "signal")
        return Reach(left, self.graph, self.loading)

    @property
    def _runners(self) -> tuple[str, ...]:
        """Who may have entry points: the services, and people who run scripts by hand."""
        return (*self.loading.names, SCRIPT)

    def contexts(self, target: Def) -> tuple[Context, ...]:
        """The entry points that reach a definition, requests first, each with its services; `unknown` when none does,
        with the services that load the definition."""
        found = self._contexts.get(target)
        if found is None:
            reached: dict[Context, list[str]] = {}
            for service in self._runners:
                for context in {entry.context for _here, entry in self._search(target, service)[0]}:
                    reached.setdefault(context, []).append(service)
            known = sorted(reached, key=lambda c: (ORDER[c.kind], c.name))
            found = tuple(Context(c.kind, c.name, tuple(s for s in reached[c] if s != SCRIPT)) for c in known)
            found = self._contexts[target] = found or (self.unreached(target),)
        return found

    def unreached(self, target: Def) -> Context:
        """The context of a definition that no entry point is seen to reach, with the services that load it."""
        return Context("unknown", "", tuple(sorted(self.loading.services(target.module))))

    def everywhere(self) -> tuple[Context, ...]:
        """What acts in every process, as contexts: any request and command of each service, any task of those that
        have one."""
        names = self.loading.names
        having: dict[str, set[str]] = {}
        for entry in (entry for rows in self.entries.values() for entry in rows):
            having.setdefault(entry.context.kind, set()).update(entry.services)
        having["request"] = set(names)
        kinds = [kind for kind in ("request", "task", "command") if having.get(kind)]
        return tuple(Context(kind, f"any {kind}", tuple(s for s in names if s in having[kind])) for kind in kinds)

    def services(self, target: Def) -> tuple[str, ...]:
        """The services that run a definition, as far as its entry points tell, else those that load it."""
        return tuple(sorted({service for context in self.contexts(target) for service in context.services}))

    def chains(self, target: Def, line: int) -> tuple[Walked, ...]:
        """Chains of hops from entry points to a line of the definition: shortest first, one of each kind at least."""
        ranked = sorted(self._walk(target), key=lambda pair: (len(pair[1]), ORDER[pair[0].kind], pair[0].name))
        kinds: dict[str, Walked] = {}
        for context, chain in ranked:
            kinds.setdefault(context.kind, (context, chain))
        chosen = list(dict.fromkeys([*kinds.values(), *ranked]))[:MAX_CHAINS]
        last = Hop(target.module.repo, target.module.path, line, target.shown, "call")
        return tuple((context, (*chain, last)) for context, chain in chosen)

    def _walk(self, target: Def) -> tuple[Walked, ...]:
        found = self._known.get(target)
        if found is None:
            walked: dict[Walked, None] = {}
            for service in self._runners:
                entered, trail = self._search(target, service)
                walked.update(dict.fromkeys((e.context, _chain(here, e, trail)) for here, e in entered))
            found = self._known[target] = tuple(walked)
        return found

    def _search(self, target: Def, service: str) -> tuple[list[tuple[Def, EntryPoint]], dict[Def, Edge | None]]:
        """Breadth first along callers: the entry points of a service that are met, and the trail from each down to the
        target."""
        trail: dict[Def, Edge | None] = {target: None}
        queue = deque([target])
        out: list[tuple[Def, EntryPoint]] = []
        seen: set[Context] = set()
        while queue and len(seen) < MAX_CONTEXTS:
            here = queue.popleft()
            is_task = False
            for entry in self.entries.get(here, ()):
                is_task = is_task or entry.context.kind == "task"
                if entry.context not in seen and service in entry.services:
                    seen.add(entry.context)
                    out.append((here, entry))
            for edge in self.graph.callers.get(here, ()):
                if edge.source not in trail and self._is_taken(edge, is_task, service):
                    trail[edge.source] = edge
                    queue.append(edge.source)
        return out, trail

    def _is_taken(self, edge: Edge, is_task: bool, service: str) -> bool:
        """Whether a process of the service goes along an edge. A task runs in a worker: who queues it is another arrow,
        who calls it as a function runs it inline. A receiver is connected where its module is loaded."""
        if edge.how == "any signal":
            return False
        if edge.how == "signal" and service != SCRIPT and not self.loading.loads(service, edge.target.module):
            return False
        return edge.how == "call" or not is_task


def _chain(entry: Def, made: EntryPoint, trail: Mapping[Def, Edge | None]) -> tuple[Hop, ...]:
    hops = [Hop(entry.module.repo, entry.module.path, made.line, entry.shown, made.how)]
    edge = trail[entry]
    while edge is not None:
        source = edge.source
        line = edge.line if edge.line else source.scope.def_line
        hops.append(Hop(source.module.repo, source.module.path, line, source.shown, edge.how))
        edge = trail[edge.target]
    return tuple(hops)


def reach(
    ev: Evaluator,
    graph: CallGraph,
    loading: Loading,
    tasks: Mapping[Def, str],
    views: Iterable[tuple[Def, str, str]],
    named_in_settings: Iterable[tuple[Def, str, str]],
    commands: Iterable[tuple[Def, str, str | None]],
    signals: Signals,
) -> Reach:
    """All entry points of one repository. `tasks` gives task names by definition; `views` are views with their route
    and its service; `named_in_settings` code that settings name as text, with the setting and its service;
    `commands` functions that run as programs of their own, with the name and the service (None: all that load them);
    `signals` who receives what. Adds to the graph who runs whom by a signal."""
    entries: dict[Def, dict[tuple[Context, int, str], set[str]]] = {}

    def add(target: Def, kind: str, name: str, how: str, line: int = 0, service: str | None = None) -> None:
        key = (Context(kind, name), line or target.scope.def_line, how)
        having = loading.services(target.module) if service is None else {service}
        entries.setdefault(target, {}).setdefault(key, set()).update(having)

    for target, name in tasks.items():
        add(target, "task", name, "schedule")
    for target, pattern, service in views:
        add(target, "request", pattern, "route", service=service)
    for target, setting, service in named_in_settings:
        if "task" not in {context.kind for context, _line, _how in entries.get(target, ())}:
            add(target, "request", f"{target.shown} (named in {setting})", "override", service=service)
    for target, name, ran_by in commands:
        add(target, "command", name, "call", service=ran_by)
    _from_definitions(ev, tasks, loading, add)
    for receiver in signals.receivers:
        add(receiver.target, "signal", f"{receiver.source}: {receiver.target.shown}", "signal", receiver.line)
    own = signals.own()
    for owner, sites in graph.sites.items():
        for site in sites:
            for target in signals.reached(site, ev.frame(owner)):
                graph.add(owner, target, site.call.line, "signal")
            if signals.keys_sent(site, ev.frame(owner)) is None:  # who calls it tells which
                for target in own:
                    graph.add(owner, target, site.call.line, "any signal")
    made = {
        target: tuple(
            EntryPoint(context, line, how, frozenset(having)) for (context, line, how), having in rows.items()
        )
        for target, rows in entries.items()
    }
    return Reach(made, graph, loading)


def _from_definitions(ev: Evaluator, tasks: Mapping[Def, str], loading: Loading, add: Callable[..., None]) -> None:
    for module in ev.index.modules:
        if not module.in_repo:
            continue
        command = _COMMAND.search(module.path)
        for name, scope in module.summary.scopes.items():
            target = module.define(name)
            if scope.kind == "module":
                for service in sorted(loading.starting(module)):
                    add(target, "startup", f"import of {module.name}", "call", 1, service)
                if loading.is_script(module):
                    add(target, "command", module.path, "call", 1, SCRIPT)
            elif scope.kind == "class":
                _class_entry(ev.classes, target, command[2] if command else None, add)
            elif scope.kind == "function" and scope.decorators and target not in tasks:
                _decorated_entry(ev, target, add)


def _class_entry(classes: Classes, cls: Def, command: str | None, add: Callable[..., None]) -> None:
    if command is not None and cls.scope.name == "Command":
        add(cls, "command", command, "call")
        return
    outside = classes.mro(cls)[1]
    if django_rules().startup_bases.intersection(outside):
        add(cls, "startup", cls.shown, "override")
    elif any(django_rules().request_bases.search(path) for path in outside):
        kind = "admin " if any("admin" in path.lower() for path in outside) else ""
        add(cls, "request", f"{kind}{cls.shown}", "override")
        if classes.is_model(cls):  # a page: its framework calls its methods
            for name in cls.module.summary.scopes:
                if name.startswith(f"{cls.scope.name}.") and name.count(".") == cls.scope.name.count(".") + 1:
                    add(cls.module.define(name), "request", f"page {cls.shown}", "override")


def _decorated_entry(ev: Evaluator, target: Def, add: Callable[..., None]) -> None:
    rules = django_rules()
    for name in ev.decorator_names(target):
        if rules.startup_decorators.fullmatch(name):
            add(target, "startup", f"{name}: {target.shown}", "signal")
        elif rules.request_decorators.search(name):
            add(target, "request", target.shown, "override")
