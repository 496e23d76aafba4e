"""Rows for effects: calls to other systems, and uses of datastores, with contexts, chains and confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from extractor.evaluate import folding
from extractor.evaluate.values import Hole, Text, Values, join
from extractor.link.callgraph import CallGraph
from extractor.link.effects import Effect
from extractor.link.entrypoints import MAX_CHAINS, together
from extractor.link.labels import label
from extractor.link.replay.reach import Reached
from extractor.link.request import Request
from extractor.link.stores import engine_gap, is_of_another_engine, orm_rows, store_rows
from extractor.link.surroundings import Surroundings
from extractor.link.targets import BY_NAME, TargetSystem, setting_texts
from extractor.model.graph import CONFIDENCES, Call, Context, Gap, Store
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Def
from extractor.summary import Expr
from extractor.summary.expr import Attribute, ImportedName, Name, walk
from extractor.text.urls import (
    ARGUMENT,
    EMPTY,
    ENV,
    SETTING,
    emptied,
    has_open_base,
    is_computed,
    path_of,
    without_query,
)

MAX_ROWS_PER_SITE = 8
_BY_CALLERS = "its callers"


# What a system may rest on without being certain.
_WEAK = ("default of", BY_NAME, f"{_BY_CALLERS}:")


@dataclass(frozen=True, slots=True)
class Rows:
    """What the effects of one repository came to."""

    calls: tuple[Call, ...]
    stores: tuple[Store, ...]
    gaps: tuple[Gap, ...]


def rows(effects: Sequence[Effect], graph: CallGraph, around: Surroundings, more: Iterable[Call] = ()) -> Rows:
    """Calls, store uses and gaps, sorted by place. `more` are calls that no single line tells, found elsewhere."""
    calls: list[Call] = [*more]
    stores: list[Store] = []
    doubted: list[Gap] = []
    told_elsewhere: set[tuple[str, int]] = set()  # lines of which each caller says more
    settled = _settled_by_callers(effects)
    for effect in effects:
        for request in effect.requests:
            if request.rule.effect == "store":
                if is_of_another_engine(effect, request, around):
                    doubted.append(engine_gap(effect, request, around))
                else:
                    stores += store_rows(effect, request, around)
        if around.occurrences.is_told_by_callers(effect, settled.get(id(effect.site), ())):
            told_elsewhere.add((effect.site.owner.module.path, effect.site.call.line))
        seen: dict[tuple[object, ...], Call] = {}
        for call in _call_rows(effect, around, settled):
            key = (call.system, call.http_method, _shape(call))
            if key in seen:
                seen[key] = _merged(seen[key], call)
            elif len(seen) < MAX_ROWS_PER_SITE:
                seen[key] = call
        calls += seen.values()
    stores += orm_rows(graph, around)
    calls = _best_alternatives(calls)
    kept_stores = tuple(dict.fromkeys(stores))
    gaps = (*_gaps(calls, told_elsewhere), *dict.fromkeys(doubted))
    return Rows(
        with_unique_ids(sorted(calls, key=lambda c: (c.path, c.line, c.url, c.system or ""))),
        with_unique_ids(sorted(kept_stores, key=lambda s: (s.path, s.line, s.system, s.operation))),
        gaps,
    )


def _settled_by_callers(effects: Sequence[Effect]) -> dict[int, list[Effect]]:
    """Effects of callers by the calls on the way that they settle. Calls of one function that send the same (a second
    try) are settled together."""
    found: dict[int, list[Effect]] = {}
    same: dict[tuple[object, ...], list[Effect]] = {}
    for effect in effects:
        if len(effect.hops) == 1:
            sent = (effect.site.owner, *(request.skeleton() for request in effect.requests))
            found[id(effect.site)] = same.setdefault(sent, [])
    for effect in effects:
        for hop in effect.hops[1:]:
            found.setdefault(id(hop), []).append(effect)
    return found


def _call_rows(effect: Effect, around: Surroundings, settled: dict[int, list[Effect]]) -> Iterable[Call]:
    for request, url, reached in _told(effect, around, bool(settled.get(id(effect.site)))):
        if request.rule.effect == "store":
            continue
        method = request.methods[0] if len(request.methods) == 1 else None
        who = around.systems.identify(request, url)
        if who.system is None:
            who = _from_callers(settled.get(id(effect.site), ()), around) or who
        if who.system is None:
            owner = effect.site.owner
            names = (".".join(effect.via.split(".")[-2:]), owner.shown, owner.module.name.rsplit(".", 1)[-1])
            who = around.systems.by_name(url, who, names)
        shown = shown_url(url, around.systems.setting) if url is not None else ""
        method, shown = around.systems.handed_over(request, who) or (method, shown)
        yield _row(effect, request, around, who, method, shown, reached)


def _told(effect: Effect, around: Surroundings, by_callers: bool) -> Iterator[tuple[Request, Text | None, Reached]]:
    """The requests of an effect and what reaches them: entry points by the frames that send each; `unknown` where no
    process is seen to run its line. What no frame sends is left out, where the line is run at all."""
    runner, line = effect.site.runner, effect.site.call.line
    if around.occurrences.is_visited(effect) and not any(request.rule.everywhere for request in effect.requests):
        yield from around.occurrences.told(effect, by_callers)
        return
    reached = Reached((around.reach.unreached(runner),), ())
    if effect.site.owner.kind == "class":  # a framework sends it for the class
        reached = Reached(around.reach.contexts(runner), around.reach.chains(runner, line))
    for request in effect.requests:
        if request.rule.everywhere:
            more = tuple(c for c in around.reach.contexts(runner) if c.kind not in ("startup", "unknown"))
            reached = Reached((*around.reach.everywhere(), *more), around.reach.chains(runner, line))
        for url in request.urls or (None,):
            yield request, url, reached


def _from_callers(effects: Iterable[Effect], around: Surroundings) -> TargetSystem | None:
    """The system of an open call, when every caller that settles it means the same."""
    found: dict[tuple[str, str | None, str | None], set[str]] = {}
    for effect in effects:
        for request in effect.requests:
            for url in request.urls:
                who = around.systems.identify(request, url)
                if who.system is None:
                    who = around.systems.by_name(url, who)
                if who.system is not None:
                    found.setdefault((who.system, who.service, who.base_setting), set()).add(who.known_by)
    if len(found) == 1:
        [((system, service, base), by)] = found.items()
        weak = f": {min(by)}" if all(one.startswith(_WEAK) for one in by) else ""
        return TargetSystem(system, service, _BY_CALLERS + weak, base)
    return None


def _row(
    effect: Effect,
    request: Request,
    around: Surroundings,
    who: TargetSystem,
    method: str | None,
    url: str,
    reached: Reached,
) -> Call:
    site, owner, contexts = effect.site, effect.site.runner, reached.contexts
    confidence, why = _confidence(who, url, reached)
    if who.base_setting is not None and confidence != "possible" and around.undefined(who.base_setting):
        confidence, why = "possible", f"the setting {who.base_setting} is defined nowhere"
    name = owner.shown
    shape = emptied(url, keep=(SETTING, ENV))
    return Call(
        id=row_id("call", around.repo, who.system or "?", method or "", shape, owner.qualified),
        repo=around.repo,
        path=owner.module.path,
        line=site.call.line,
        end_line=site.call.end_line,
        function=name,
        via=effect.via,
        system=who.system,
        http_method=method,
        url=url,
        base_setting=who.base_setting,
        route_id=None,
        timeout=request.timeout,
        contexts=contexts,
        confidence=confidence,
        label=label(method, url, effect.via, name, owner.module.path, request.rule.label),
        auth=request.auth,
        condition=condition(site.owner, site.call.guards),
        service=_only(tuple(sorted({service for context in contexts for service in context.services}))),
        known_by=who.known_by,
        why=why,
        chains=tuple(chain for _context, chain in reached.chains),
        entered=tuple(context for context, _chain in reached.chains),
    )


def _merged(call: Call, other: Call) -> Call:
    """One row of two readings of a line that send the same request: by two clients, say, each from its own callers."""
    contexts = together((*call.contexts, *other.contexts))
    more = [pair for pair in zip(other.chains, other.entered, strict=True) if pair[0] not in call.chains]
    chains = [*zip(call.chains, call.entered, strict=True), *more][: max(MAX_CHAINS, len(call.chains))]
    surer = min(call, other, key=lambda one: CONFIDENCES.index(one.confidence))
    return replace(
        call,
        contexts=contexts,
        chains=tuple(chain for chain, _context in chains),
        entered=tuple(context for _chain, context in chains),
        service=_only(tuple(sorted({service for context in contexts for service in context.services}))),
        confidence=surer.confidence,
        why=surer.why,
    )


def _is_bare(url: str) -> bool:
    """Whether a URL template is one hole."""
    return emptied(url) in ("", EMPTY)


def _only(services: tuple[str, ...]) -> str:
    """The one service of a row; "" when several share the code."""
    return services[0] if len(services) == 1 else ""


def _confidence(who: TargetSystem, url: str, reached: Reached) -> tuple[str, str]:
    """How sure a call is, and why."""
    if who.system is None:
        return "possible", "the system it reaches is not known"
    if reached.contexts[0].kind == "unknown":
        return "possible", "no entry point was found that reaches it"
    if reached.is_guessed:
        return "likely", "on the way to it, whose method is called is guessed by the method's name"
    if is_computed(url):
        return "likely", "part of the URL is computed at run time"
    if who.known_by.startswith(_WEAK):
        article = "the " if who.known_by.startswith("default") else ""
        return "likely", f"the system is known by {article}{who.known_by}"
    return "certain", f"the system is known by {who.known_by}" if who.known_by else ""


def condition(owner: Def, guards: tuple[int, ...]) -> str:
    """The settings and feature flags that guard a call, in words; "" when none is seen."""
    found = []
    for index in guards:
        test, holds, _line = owner.scope.guards[index]
        for name in _flags(test):
            found.append(name if holds else f"not {name}")
    return ", ".join(dict.fromkeys(found))


def _flags(test: Expr) -> list[str]:
    return [f"settings.{part.name}" for part in walk(test) if isinstance(part, Attribute) and _is_settings(part.base)]


def _is_settings(base: Expr) -> bool:
    named = base.module == "settings" if isinstance(base, ImportedName) else False
    return named or (isinstance(base, Name | ImportedName) and base.name == "settings")


def shown_url(url: Text, setting: Callable[[str], Values]) -> str:
    """The URL template of a row. A setting that holds a path, not a base, is replaced by its default."""
    parts: list[Text] = []
    for part in url.parts:
        if isinstance(part, Hole) and part.kind == "setting":
            texts = setting_texts(setting(part.name.split(".")[0]))
            literal = texts[0] if texts else ""
            if literal.startswith("/") and EMPTY not in literal:
                parts.append(Text((literal,)))
                continue
        parts.append(Text((part,)))
    return folding.show(join(*parts)) if parts else ""


def _best_alternatives(calls: list[Call]) -> list[Call]:
    """Where one line has readings that name a system, its readings that do not, or of which only callers or the
    function's name tell it, are dropped; where it has the same path below a base that has a name, so are those below an
    argument."""
    known: dict[tuple[str, int, int], set[Context]] = {}
    for call in calls:
        if _is_told(call):
            known.setdefault((call.path, call.line, call.end_line), set()).update(call.contexts)
    based = {_below_base(c) for c in calls if not has_open_base(c.url)}
    return [
        c
        for c in calls
        if (_is_told(c) or not known.get((c.path, c.line, c.end_line), set()).issuperset(c.contexts))
        and not (has_open_base(c.url) and _below_base(c) in based)
    ]


def _is_told(call: Call) -> bool:
    return call.system is not None and not call.known_by.startswith((f"{BY_NAME} function", _BY_CALLERS))


def _below_base(call: Call) -> tuple[object, ...]:
    return call.path, call.line, call.end_line, call.http_method, path_of(call.url)


def _shape(call: Call) -> str:
    """What two readings of one line have in common that are one request: the URL without its query, unknown parts
    alike; where it is not known to whom it goes, arguments too."""
    kept = (SETTING, ENV, ARGUMENT) if call.system is not None else (SETTING, ENV)
    return without_query(emptied(call.url, keep=kept))


def _gaps(calls: Iterable[Call], told_elsewhere: Set[tuple[str, int]]) -> Iterable[Gap]:
    """What is not known of calls; of one line it is told once, where a caller makes more of it."""
    for call in calls:
        if call.contexts[0].kind == "unknown":
            yield Gap(
                id=row_id("gap", "unreached", call.id),
                kind="unreached call",
                repo=call.repo,
                path=call.path,
                line=call.line,
                what=f"{call.http_method or 'a call'} {call.url or call.via}",
                reason="no entry point that was found reaches it",
                remedy="dead code, or reached by a name computed at run time",
            )
        elif call.system is None and not ((call.path, call.line) in told_elsewhere and _is_bare(call.url)):
            base = f"setting {call.base_setting}" if call.base_setting else "the base of the URL"
            yield Gap(
                id=row_id("gap", "call", call.id),
                kind="call",
                repo=call.repo,
                path=call.path,
                line=call.line,
                what=f"{call.http_method or 'a call'} {call.url or call.via}",
                reason=call.known_by or f"{base} is not known: it is given at run time",
                remedy=f"name the system in the estate file: settings: [{call.base_setting}]"
                if call.base_setting
                else "only running it would tell; an estate hint for its host or setting would settle it",
            )
