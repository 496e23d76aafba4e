"""Entry points: where control comes in from outside — routes, tasks, commands, signals, start-up — and what they reach.

Contexts are found by walking the call graph back from a call. A task is an entry point of its own: who queues it does
not run it. The chain from the entry point to the call is the shortest one, its lines taken from the edges.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from extractor.evaluate.classes import Classes
from extractor.evaluate.evaluator import Evaluator, qualified
from extractor.evaluate.values import DefRef
from extractor.link.callgraph import CallGraph, Edge
from extractor.model.graph import Context, Hop
from extractor.program.module import Def
from extractor.rules.django import django_rules
from extractor.summary import Expr
from extractor.summary.expr import Attribute, CallResult, ImportedName, Local, SequenceDisplay, last_name

MAX_CONTEXTS = 60
MAX_CHAINS = 6
_COMMAND = re.compile(r"(^|/)management/commands/([^/]+)\.py$")
_ORDER = {"request": 0, "task": 1, "command": 2, "signal": 3, "startup": 4, "unknown": 5}


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """An entry point: its context, and the line that makes it one."""

    context: Context
    line: int
    how: str


@dataclass(slots=True)
class Reach:
    """Answers which entry points reach a definition, and by which chain."""

    entries: Mapping[Def, tuple[EntryPoint, ...]]
    graph: CallGraph
    _known: dict[Def, tuple[tuple[Context, tuple[Hop, ...]], ...]] = field(default_factory=dict)
    _contexts: dict[Def, tuple[Context, ...]] = field(default_factory=dict)

    def contexts(self, target: Def) -> tuple[Context, ...]:
        """The entry points that reach a definition, requests first; `unknown` when none does."""
        found = self._contexts.get(target)
        if found is None:
            entered, _trail = self._search(target)
            known = sorted({e.context for _here, e in entered}, key=lambda c: (_ORDER[c.kind], c.name))
            found = self._contexts[target] = tuple(known[:MAX_CONTEXTS]) or (Context("unknown", ""),)
        return found

    def chains(self, target: Def, line: int) -> tuple[tuple[Hop, ...], ...]:
        """Chains of hops from entry points to a line of the definition: shortest first, one of each kind at least."""
        ranked = sorted(self._walk(target), key=lambda pair: (len(pair[1]), _ORDER[pair[0].kind], pair[0].name))
        kinds: dict[str, tuple[Hop, ...]] = {}
        for context, chain in ranked:
            kinds.setdefault(context.kind, chain)
        chosen = list(dict.fromkeys([*kinds.values(), *(chain for _c, chain in ranked)]))[:MAX_CHAINS]
        last = Hop(target.module.repo, target.module.path, line, target.shown, "call")
        return tuple((*chain, last) for chain in chosen)

    def _walk(self, target: Def) -> tuple[tuple[Context, tuple[Hop, ...]], ...]:
        found = self._known.get(target)
        if found is None:
            entered, trail = self._search(target)
            found = self._known[target] = tuple((e.context, _chain(here, e, trail)) for here, e in entered)
        return found

    def _search(self, target: Def) -> tuple[list[tuple[Def, EntryPoint]], dict[Def, Edge | None]]:
        """Breadth first along callers: the entry points that are met, and the trail from each down to the target."""
        trail: dict[Def, Edge | None] = {target: None}
        queue = deque([target])
        out: list[tuple[Def, EntryPoint]] = []
        seen: set[Context] = set()
        while queue and len(seen) < MAX_CONTEXTS:
            here = queue.popleft()
            is_task = False
            for entry in self.entries.get(here, ()):
                is_task = is_task or entry.context.kind == "task"
                if entry.context not in seen:
                    seen.add(entry.context)
                    out.append((here, entry))
            for edge in self.graph.callers.get(here, ()):
                # A task runs in a worker: who queues it is another arrow. Who calls it as a function runs it inline.
                if edge.source not in trail and (edge.how == "call" or not is_task):
                    trail[edge.source] = edge
                    queue.append(edge.source)
        return out, trail


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
    tasks: Mapping[Def, str],
    views: Iterable[tuple[Def, str]],
    named_in_settings: Iterable[tuple[Def, str]],
) -> Reach:
    """All entry points of one repository. `tasks` gives task names by definition; `views` pairs a view with its
    route; `named_in_settings` pairs code that settings name as text with the setting."""
    entries: dict[Def, list[EntryPoint]] = {}

    def add(target: Def, kind: str, name: str, how: str, line: int = 0) -> None:
        entry = EntryPoint(Context(kind, name), line or target.scope.def_line, how)
        entries.setdefault(target, []).append(entry)

    for target, name in tasks.items():
        add(target, "task", name, "schedule")
    for target, pattern in views:
        add(target, "request", pattern, "route")
    for target, setting in named_in_settings:
        if "task" not in {e.context.kind for e in entries.get(target, ())}:
            add(target, "request", f"{target.shown} (named in {setting})", "override")
    _from_definitions(ev, tasks, add)
    receivers: dict[str, list[Def]] = {}
    for target, source, line in connected_receivers(ev, graph):
        add(target, "signal", f"{source}: {target.shown}", "signal", line)
        receivers.setdefault(source, []).append(target)
    for target, rows in entries.items():
        for entry in rows:
            if entry.context.kind == "signal":
                for source in entry.context.name.partition(":")[0].split(", "):
                    receivers.setdefault(source, []).append(target)
    _signal_edges(graph, receivers)
    return Reach({d: tuple(dict.fromkeys(rows)) for d, rows in entries.items()}, graph)


def _from_definitions(ev: Evaluator, tasks: Mapping[Def, str], add: object) -> None:
    assert callable(add)
    for module in ev.index.modules:
        if not module.in_repo:
            continue
        command = _COMMAND.search(module.path)
        for name, scope in module.summary.scopes.items():
            target = module.define(name)
            if scope.kind == "module":
                add(target, "startup", f"import of {module.name}", "call", 1)
            elif scope.kind == "class":
                _class_entry(ev.classes, target, command[2] if command else None, add)
            elif scope.kind == "function" and scope.decorators and target not in tasks:
                _decorated_entry(ev, target, add)


def _class_entry(classes: Classes, cls: Def, command: str | None, add: object) -> None:
    assert callable(add)
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


def _decorated_entry(ev: Evaluator, target: Def, add: object) -> None:
    assert callable(add)
    rules = django_rules()
    for name in ev.decorator_names(target):
        if name in rules.receiver_decorators:
            add(target, "signal", f"{signal_of(ev, target)}: {target.shown}", "signal")
        elif rules.startup_decorators.fullmatch(name):
            add(target, "startup", f"{name}: {target.shown}", "signal")
        elif name.endswith(".connect"):
            add(target, "signal", f"{name.removesuffix('.connect')}: {target.shown}", "signal")
        elif rules.request_decorators.search(name):
            add(target, "request", target.shown, "override")


def signal_of(ev: Evaluator, target: Def) -> str:
    """The signals a receiver is declared for, by the last parts of their names."""
    names = []
    parent = target.parent
    if parent is None:
        return "signal"
    for decorator in target.scope.decorators:
        if isinstance(decorator, CallResult):
            call = parent.scope.calls[decorator.call]
            for expr in call.args[:1]:
                items = expr.items if isinstance(expr, SequenceDisplay) else (expr,)
                names += [name for item in items if (name := signal_name(ev, parent, item))]
    return ", ".join(dict.fromkeys(names)) or "signal"


def signal_name(ev: Evaluator, owner: Def, expr: Expr) -> str:
    """The name a signal goes by: that of the variable that holds it, wherever it was imported from."""
    named = last_name(expr) or _local_name(owner, expr)
    if named:
        return named
    paths = [q for v in ev.eval(expr, ev.frame(owner)) if (q := qualified(v))]
    return paths[0].removesuffix("()").rsplit(".", 1)[-1] if paths else "signal"


def connected_receivers(ev: Evaluator, graph: CallGraph) -> list[tuple[Def, str, int]]:
    """Receivers registered by a call: `post_save.connect(receiver, ...)`."""
    out = []
    for owner, sites in graph.sites.items():
        for site in sites:
            func = site.call.func
            if not isinstance(func, Attribute) or func.name != "connect" or not (site.call.args or site.call.kwargs):
                continue
            first = site.call.args[0] if site.call.args else dict(site.call.kwargs).get("receiver")
            if first is None:
                continue
            frame = ev.frame(owner)
            signal = signal_name(ev, owner, func.base)
            for value in ev.eval(first, frame):
                if isinstance(value, DefRef) and value.target.kind != "class":
                    out.append((value.target, signal, site.call.line))
    return out


def _signal_edges(graph: CallGraph, receivers: Mapping[str, list[Def]]) -> None:
    """Who sends a signal runs its receivers: sender and receiver name the same signal."""
    senders = django_rules().signal_senders
    for owner, sites in graph.sites.items():
        for site in sites:
            func = site.call.func
            if not isinstance(func, Attribute) or func.name not in senders:
                continue
            name = last_name(func.base) or _local_name(owner, func.base)
            for target in receivers.get(name, ()):
                graph.add(owner, target, site.call.line, "signal")


def _local_name(owner: Def, base: Expr) -> str:
    """The imported name behind a local variable (`from x import SIGNAL` inside a function)."""
    if isinstance(base, Local):
        for index in base.definitions:
            value = owner.scope.defs[index][1]
            if isinstance(value, ImportedName | Attribute):
                return value.name
    return ""
