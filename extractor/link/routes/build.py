"""The route table of a service: the URL tree from its root, expanded, as rows of the graph document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from extractor.estate.model import Service
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Text, Values
from extractor.link.routes.expand import MAX_ENTRIES, PatternExpander
from extractor.link.routes.patterns import Way, canonical
from extractor.link.routes.plugins import Plugins
from extractor.link.routes.routers import Routers
from extractor.link.routes.texts import SettingTexts
from extractor.link.routes.tree import Found, Ground, Unread, UrlEntry
from extractor.link.routes.views import deprecation
from extractor.model.graph import Gap, Route
from extractor.model.ids import row_id, with_unique_ids
from extractor.program.module import Def, Module


@dataclass(frozen=True, slots=True)
class RouteTable:
    """What a service serves, sorted by pattern. The mappings are by `Route.id`.

    `views` holds the function or class that answers, where it was read; `handlers` the method of the class for each
    HTTP method; `parameters` the regular expression of each parameter in order; `variants` the other
    ways of writing the URL, each with the same of its own. A route without `methods` answers any.
    """

    routes: tuple[Route, ...] = ()
    gaps: tuple[Gap, ...] = ()
    views: Mapping[str, Def] = field(default_factory=dict)
    handlers: Mapping[str, tuple[tuple[str, Def], ...]] = field(default_factory=dict)
    parameters: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    variants: Mapping[str, tuple[Way, ...]] = field(default_factory=dict)


SettingValues = Callable[[str], Values]
_NO_SETTINGS: Mapping[str, SettingValues] = {}


def routes_of(
    ev: Evaluator, repo: str, services: Iterable[Service], settings: Mapping[str, SettingValues] = _NO_SETTINGS
) -> list[RouteTable]:
    """The routes of each service of a repository, as its urlconf or its first settings module says. `settings` gives
    what the settings of a service can be, by its id."""
    return [
        routes(
            ev,
            repo,
            service.id,
            service.urlconf or None,
            next(iter(service.settings_modules), None),
            settings.get(service.id),
        )
        for service in services
    ]


def loaded_routes(
    ev: Evaluator, tables: Iterable[RouteTable], loads: Callable[[str, Module], bool]
) -> list[RouteTable]:
    """The tables without the pages of admin classes that their service does not load: an admin site has those of
    installed apps alone. `loads` says whether a service loads a module."""
    out = []
    for table in tables:
        gone = {
            row.id
            for row in table.routes
            if row.id in table.views
            and _is_admin(ev, table.views[row.id])
            and not loads(row.service, table.views[row.id].module)
        }
        kept = tuple(row for row in table.routes if row.id not in gone)
        out.append(replace(table, routes=kept) if gone else table)
    return out


def _is_admin(ev: Evaluator, view: Def) -> bool:
    cls = view if view.kind == "class" else view.owner_class
    return cls is not None and any(".admin." in f".{path}" for path in ev.classes.mro(cls)[1])


@dataclass(frozen=True, slots=True)
class ServedView:
    """A view with a route that leads to it. `handlers` are the methods of a class that answer this route."""

    target: Def
    pattern: str
    service: str
    handlers: tuple[Def, ...] = ()


def views_of(tables: Iterable[RouteTable]) -> list[ServedView]:
    """Each view with a route that leads to it."""
    return [
        ServedView(
            target=table.views[row.id],
            pattern=row.pattern,
            service=row.service,
            handlers=tuple(method for _verb, method in table.handlers.get(row.id, ())),
        )
        for table in tables
        for row in table.routes
        if row.id in table.views
    ]


def routes(
    ev: Evaluator,
    repo: str,
    service: str,
    root_urlconf: str | None = None,
    settings_module: str | None = None,
    values: SettingValues | None = None,
) -> RouteTable:
    """The routes of one service.

    `root_urlconf` is the dotted name of its root URLconf; without it, `ROOT_URLCONF` of `settings_module` (dotted), of
    any settings module of the repository, or every `urls.py` that no other includes, in this order. `values` gives what
    a setting of the service can be.
    """
    found: list[Found] = []
    roots, gaps = _roots(ev, repo, service, root_urlconf, settings_module)
    settings = SettingTexts(ev, _settings(ev, settings_module, [root.name for root in roots]))
    ev = _with_settings(ev, settings, values)
    expander = PatternExpander(ev, Routers(ev), Plugins(ev, settings), settings)
    for root in roots:
        found += expander.module(root, Ground())
    if not roots and root_urlconf is None:
        found += _orphans(ev, settings)
    if expander.count > MAX_ENTRIES:
        gaps.append(
            _gap(
                repo,
                roots[0].path,
                1,
                "the URL tree",
                f"it has more than {MAX_ENTRIES} entries",
                "name a narrower root_urlconf for the service in the estate file",
            )
        )
    unread = [entry for entry in found if isinstance(entry, Unread)]
    gaps += [_gap(repo, u.module.path, u.line, f"{u.what} under {u.mount}", u.reason, u.remedy) for u in unread]
    return _table(ev, repo, service, [entry for entry in found if isinstance(entry, UrlEntry)], gaps)


def _with_settings(ev: Evaluator, settings: SettingTexts, values: SettingValues | None) -> Evaluator:
    """An evaluator that reads settings of this service in patterns (`settings.KEY.replace(...)`), loops and tests."""
    inner = ev.beside()
    inner.setting, inner.literal_setting = values or ev.setting, settings.literal
    return inner


def _roots(
    ev: Evaluator, repo: str, service: str, root_urlconf: str | None, settings_module: str | None
) -> tuple[list[Module], list[Gap]]:
    names = [root_urlconf] if root_urlconf else _configured(ev, settings_module)
    modules = [(name, ev.index.find(name)) for name in names]
    gaps = [
        _gap(
            repo,
            "",
            0,
            f"the root URLconf {name} of service {service or repo}",
            "there is no such module",
            "give the service's root_urlconf in the estate file",
        )
        for name, module in modules
        if module is None
    ]
    return [module for _name, module in modules if module is not None], gaps


def _configured(ev: Evaluator, settings_module: str | None) -> list[str]:
    """The values of `ROOT_URLCONF`: of one settings module, or of all of the repository's."""
    named = ev.index.find(settings_module) if settings_module else None
    if named is not None:
        return _literals(ev, named)
    holders = [
        m
        for m in ev.index.modules
        if m.in_repo and "" in m.summary.scopes and "ROOT_URLCONF" in m.summary.scopes[""].names
    ]
    return sorted({name for module in holders for name in _literals(ev, module)})


def _settings(ev: Evaluator, settings_module: str | None, roots: list[str]) -> tuple[Module, ...]:
    """The settings modules of the service, likeliest first: the one named, those that point at its root URLconf, then
    every other module of the repository that is called settings or lies in a folder of that name (or `envs`)."""
    mine = [m for m in (ev.index.find(settings_module or ""),) if m is not None]
    others = [m for m in ev.index.modules if m.in_repo and "" in m.summary.scopes]
    mine += [m for m in others if "ROOT_URLCONF" in m.summary.scopes[""].names and set(_literals(ev, m)) & set(roots)]
    named = [m for m in others if {"settings", "envs"} & set(m.name.split("."))]
    return tuple(dict.fromkeys((*mine, *sorted(named, key=lambda m: m.path))))


def _literals(ev: Evaluator, module: Module) -> list[str]:
    return [v.literal for v in ev.module_name(module, "ROOT_URLCONF") if isinstance(v, Text) and v.literal]


def _orphans(ev: Evaluator, settings: SettingTexts) -> list[Found]:
    """The URLs of every `urls.py` of the repository that no other one includes."""
    candidates = sorted((m for m in ev.index.modules if m.in_repo and _is_urlconf(m)), key=lambda m: m.path)
    expanded: dict[str, list[Found]] = {}
    included: set[str] = set()
    for module in candidates:
        expander = PatternExpander(ev, Routers(ev), Plugins(ev, settings), settings)
        expanded[module.name] = list(expander.module(module, Ground()))
        included |= expander.visited - {module.name}
    return [found for name, rows in expanded.items() if name not in included for found in rows]


def _is_urlconf(module: Module) -> bool:
    scope = module.summary.scopes.get("")
    return module.path.rsplit("/", 1)[-1] == "urls.py" and scope is not None and "urlpatterns" in scope.names


def _table(ev: Evaluator, repo: str, service: str, entries: Iterable[UrlEntry], gaps: list[Gap]) -> RouteTable:
    unique: dict[tuple[object, ...], UrlEntry] = {}
    for entry in entries:
        key = (entry.pattern.absolute, entry.view.name, entry.view.methods, entry.module.name, entry.line)
        first = unique.setdefault(key, entry)
        if first.conditions and not entry.conditions:  # it is also served without them
            unique[key] = entry
    ordered = sorted(unique.values(), key=_order)
    rows = with_unique_ids(_row(ev, repo, service, entry) for entry in ordered)
    pairs = list(zip(rows, ordered, strict=True))
    return RouteTable(
        rows,
        with_unique_ids(sorted(set(gaps), key=lambda g: (g.path, g.line, g.what, g.id))),
        {row.id: entry.view.target for row, entry in pairs if entry.view.target is not None},
        {row.id: entry.view.handlers for row, entry in pairs if entry.view.handlers},
        {row.id: entry.pattern.parameters for row, entry in pairs if entry.pattern.parameters},
        {row.id: entry.pattern.also for row, entry in pairs if entry.pattern.also},
    )


def _order(entry: UrlEntry) -> tuple[str, str, tuple[str, ...], str, int]:
    return entry.pattern.absolute, entry.view.name, entry.view.methods, entry.module.path, entry.line


def _row(ev: Evaluator, repo: str, service: str, entry: UrlEntry) -> Route:
    pattern, target = entry.pattern.absolute, entry.view.target
    return Route(
        id=row_id("route", repo, service, canonical(pattern), *entry.view.methods),
        repo=repo,
        service=service,
        pattern=pattern,
        name=entry.name or None,
        view=entry.view.name,
        methods=entry.view.methods,
        path=entry.module.path,
        line=entry.line,
        view_path=target.module.path if target is not None else "",
        view_line=target.scope.def_line if target is not None else 0,
        origin=entry.module.origin,
        deprecated=deprecation(ev, entry.view),
        condition=" and ".join(entry.conditions),
    )


def _gap(repo: str, path: str, line: int, what: str, reason: str, remedy: str) -> Gap:
    return Gap(
        id=row_id("gap", repo, "route", path, what, reason),
        kind="route",
        repo=repo,
        path=path,
        line=line,
        what=what,
        reason=reason,
        remedy=remedy,
    )
