"""What the checks of one repository look at, and the questions that several of them ask."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from extractor.evaluate.arguments import arguments, entry_frame
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef, Env, Ext, Inst, Param, Partial, Text, Value, Values
from extractor.link.callgraph import CallGraph, Site
from extractor.link.effects import Effect
from extractor.link.entrypoints import Reach
from extractor.link.request import Request, read_call
from extractor.model.graph import Call, Context, Schedule
from extractor.program.module import Def
from extractor.rules.clients import RuleBook

MAX_CALLERS = 40


class Located(Protocol):
    """Lines of a file of the repository, from 1."""

    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def end_line(self) -> int: ...


class SettingsView(Protocol):
    """What the checks ask of a service's settings (`extractor.link.settings.SettingsTable` answers it)."""

    def names(self) -> tuple[str, ...]:
        """Every setting, sorted."""

    def raw(self, name: str) -> Values:
        """What a setting can be as written; () when there is none of that name."""

    def is_undefined(self, name: str) -> bool:
        """Whether nothing defines a setting, as far as all of the settings were read."""

    def where(self, name: str) -> Located | None:
        """Where a setting is given its value."""


@dataclass(frozen=True, slots=True)
class Response:
    """What an HTTP call gave back, or a part of it: the call as its rule reads it, and the path taken from it."""

    request: Request
    path: str


@dataclass(frozen=True, eq=False)
class CheckContext:
    """One repository, linked: its effects, the entry points that reach them, the rows made of them, its settings, its
    schedules."""

    repo: str
    ev: Evaluator
    graph: CallGraph
    reach: Reach
    book: RuleBook
    effects: Sequence[Effect]
    calls: Sequence[Call] = ()
    settings: Sequence[SettingsView] = field(default_factory=tuple)
    schedules: Sequence[Schedule] = ()
    skipped: Sequence[str] = ()  # paths of the files that could not be read

    def contexts(self, owner: Def) -> tuple[Context, ...]:
        """The entry points that reach a definition; () when none was found (dead code is a gap, not a finding)."""
        return tuple(context for context in self.reach.contexts(owner) if context.kind != "unknown")

    @functools.cached_property
    def rows_at(self) -> Mapping[tuple[str, int, int], tuple[Call, ...]]:
        """The rows of calls by path, first and last line."""
        found: dict[tuple[str, int, int], list[Call]] = {}
        for call in self.calls:
            found.setdefault((call.path, call.line, call.end_line), []).append(call)
        return {place: tuple(rows) for place, rows in found.items()}

    @functools.cached_property
    def callers(self) -> Mapping[Def, tuple[Site, ...]]:
        """The sites that call a definition of the repository by itself (not through an override)."""
        found: dict[Def, list[Site]] = {}
        for sites in self.graph.sites.values():
            for site in sites:
                for target in {t for func in site.funcs for t in _entered(self.ev, func)}:
                    found.setdefault(target, []).append(site)
        return {target: tuple(sites) for target, sites in found.items()}

    @functools.cached_property
    def effects_through(self) -> Mapping[int, tuple[Effect, ...]]:
        """The effects that lead through a site (by `id`), its own among them."""
        found: dict[int, list[Effect]] = {}
        for effect in self.effects:
            for hop in effect.hops:
                found.setdefault(id(hop), []).append(effect)
        return {key: tuple(effects) for key, effects in found.items()}

    @functools.cached_property
    def called(self) -> frozenset[str]:
        """The access paths of everything outside that code of the repository calls."""
        return frozenset(func.path for site in self.sites() for func in site.funcs if isinstance(func, Ext))

    def rows_of(self, site: Site) -> tuple[Call, ...]:
        """The rows of a site, and those of its callers that see more of the same request."""
        own = self.rows_at.get(_place(site), ())
        wider = [row for e in self.effects_through.get(id(site), ()) for row in self.rows_at.get(_place(e.site), ())]
        return tuple(dict.fromkeys((*own, *wider)))

    def sites(self) -> Iterator[Site]:
        """Every call expression of the repository's own code."""
        for sites in self.graph.sites.values():
            yield from sites

    def alternatives(self, values: Values, depth: int = 2) -> Iterator[Value]:
        """The values, parameters replaced by what callers give for them where that is known."""
        for value in values:
            if not isinstance(value, Param) or depth == 0:
                yield value
                continue
            for site in self.callers.get(value.owner, ())[:MAX_CALLERS]:
                yield from self.alternatives(self._given(site, value), depth - 1)

    def _given(self, site: Site, param: Param) -> Values:
        frame = self.ev.frame(site.owner)
        out: list[Value] = []
        for func in site.funcs:
            if isinstance(func, DefRef) and func.target is param.owner:
                entered = entry_frame(self.ev, func, *arguments(self.ev, site.call, frame))
                out += [_stepped(value, param.path) for value in entered.get(param.name) or ()]
        return tuple(out)

    def response(self, value: Value) -> Response | None:
        """The HTTP call that a value came out of (`requests.get(...).text`), or None."""
        if not isinstance(value, Ext):
            return None
        holder: Ext | None = value
        end = value.path.rfind("()")
        while end > 0:
            rule = self.book.find(value.path[:end])
            if rule is not None and rule.effect == "http":
                head = value.path[: end + 2]
                while holder is not None and holder.path != head:
                    holder = holder.receiver
                args, kwargs = (holder.args, holder.kwargs) if holder is not None else ((), ())
                receiver = holder.receiver if holder is not None else None
                call = Ext(value.path[:end], receiver=receiver)
                return Response(read_call(self.ev, rule, call, args, kwargs), value.path[end + 2 :])
            end = value.path.rfind("()", 0, end)
        return None


def _stepped(value: Value, path: str) -> Value:
    return value if not path else value.extended(path) if isinstance(value, Ext) else value


def _place(site: Site) -> tuple[str, int, int]:
    return site.owner.module.path, site.call.line, site.call.end_line


def _entered(ev: Evaluator, func: Value) -> Iterator[Def]:
    if isinstance(func, Partial):
        func = func.func
    if not isinstance(func, DefRef):
        return
    if func.target.kind != "class":
        yield func.target
        return
    made = ev.classes.member(func.target, "__init__")
    for value in made[1] if made else ():
        if isinstance(value, DefRef):
            yield value.target


def literals(values: Values) -> Iterator[str]:
    """The whole texts among values, defaults of environment variables included."""
    for value in values:
        if isinstance(value, Text) and value.literal is not None:
            yield value.literal
        elif isinstance(value, Env):
            yield from literals(value.default)


def outside_path(func: Value) -> str:
    """The dotted path of what a call enters outside the repository: as written, or the name of a library's function."""
    if isinstance(func, Partial):
        return outside_path(func.func)
    if isinstance(func, Ext):
        return func.path
    if isinstance(func, DefRef) and not func.target.module.in_repo:
        return func.target.qualified
    return ""


def receivers(func: Value) -> Iterator[Ext | Inst]:
    """The objects that a method belongs to and that were made with arguments."""
    if isinstance(func, Partial):
        yield from receivers(func.func)
    holder = func.receiver if isinstance(func, Ext) else None
    while holder is not None:
        yield holder
        holder = holder.receiver
    if isinstance(func, DefRef) and isinstance(func.self, Inst):
        yield func.self


__all__ = [
    "CheckContext",
    "Located",
    "Response",
    "SettingsView",
    "literals",
    "outside_path",
    "receivers",
]
