"""How frameworks serve URLs: `rules/routes.yaml`, which names functions, views, routers, hooks and plug-ins."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UrlFunctions:
    """Functions by dotted name; `joining` gives the number of the first argument that holds lists, `objects` for what
    a pattern object stands: a `path`, a `regex` or `languages`."""

    path: frozenset[str]
    regex: frozenset[str]
    include: frozenset[str]
    lists: frozenset[str]
    languages: frozenset[str]
    files: frozenset[str]
    through: frozenset[str]
    joining: Mapping[str, int]
    resolvers: frozenset[str]
    objects: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ViewRules:
    """HTTP methods by the last part of a class's name (`classes`) or a decorator's."""

    classes: Mapping[str, tuple[str, ...]]
    decorators: Mapping[str, tuple[str, ...]]
    declared: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RouterTemplate:
    """One entry of a router's `routes`. `mapping` (HTTP method, action) is empty for those that actions fill."""

    url: str
    name: str
    detail: bool
    mapping: Pairs = ()


@dataclass(frozen=True, slots=True)
class RouterRules:
    """Routers of Django REST framework and of what is built on it; see the head of the file for the fields."""

    makers: tuple[str, ...]
    nested: tuple[str, ...]
    root_of: tuple[str, ...]
    root: str
    decorators: frozenset[str]
    on_objects: frozenset[str]
    actions: Mapping[str, tuple[str, ...]]
    templates: tuple[RouterTemplate, ...]


@dataclass(frozen=True, slots=True)
class AdminRules:
    """Django's admin site; `pages` are (method, path)."""

    sites: frozenset[str]
    classes: tuple[str, ...]
    register: frozenset[str]
    pages: Pairs


@dataclass(frozen=True, slots=True)
class EndpointPage:
    """A page of a viewset that is registered as an endpoint, `only` where it has a base of this name ("": always)."""

    path: str
    name: str
    method: str
    only: str


@dataclass(frozen=True, slots=True)
class HookRule:
    """A library's URLconf to which functions under a decorator add."""

    urls: frozenset[str]
    decorator: re.Pattern[str]
    patterns: str
    routers: str
    below: str


@dataclass(frozen=True, slots=True)
class PluginRule:
    """Applications that mount their URLs by an attribute of their configuration. A key is given as one of its names."""

    function: re.Pattern[str]
    attribute: str
    constants: str
    config: tuple[str, ...]
    regex: tuple[str, ...]
    urlconf: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteRules:
    """The file. `endpoints` gives the pages by the method that registers a viewset."""

    functions: UrlFunctions
    views: ViewRules
    routers: RouterRules
    admin: AdminRules
    endpoints: Mapping[str, tuple[EndpointPage, ...]]
    hooks: tuple[HookRule, ...]
    plugins: tuple[PluginRule, ...]


@functools.cache
def route_rules() -> RouteRules:
    """The shipped rules, read once; the tests hold them to their schema and their examples."""
    data = read_plain(rules_dir() / "routes.yaml")
    return RouteRules(
        functions=_functions(data["functions"]),
        views=_views(data["views"]),
        routers=_routers(data["routers"]),
        admin=_admin(data["admin"]),
        endpoints={row["register"]: tuple(_page(page) for page in row["pages"]) for row in data["endpoints"]},
        hooks=tuple(_hook(row) for row in data["hooks"]),
        plugins=tuple(_plugin(row) for row in data["plugins"]),
    )


def _functions(data: Mapping[str, Any]) -> UrlFunctions:
    tables = ("joining", "objects")
    names: dict[str, Any] = {key: frozenset(items) for key, items in data.items() if key not in tables}
    return UrlFunctions(**names, joining=data["joining"], objects=data["objects"])


def _views(data: Mapping[str, Any]) -> ViewRules:
    classes = {name: tuple(row["methods"]) for row in data["classes"] for name in row["names"]}
    return ViewRules(classes, _tuples(data["decorators"]), _tuples(data["declared"]))


def _routers(data: Mapping[str, Any]) -> RouterRules:
    templates = (
        RouterTemplate(row["url"], row["name"], row.get("detail", False), tuple(row.get("mapping", {}).items()))
        for row in data["templates"]
    )
    return RouterRules(
        makers=tuple(data["makers"]),
        nested=tuple(data["nested"]),
        root_of=tuple(data["root_of"]),
        root=data["root"],
        decorators=frozenset(data["decorators"]),
        on_objects=frozenset(data["on_objects"]),
        actions=_tuples(data["actions"]),
        templates=tuple(templates),
    )


def _admin(data: Mapping[str, Any]) -> AdminRules:
    pages = tuple(data["pages"].items())
    return AdminRules(frozenset(data["sites"]), tuple(data["classes"]), frozenset(data["register"]), pages)


def _page(row: Mapping[str, str]) -> EndpointPage:
    return EndpointPage(row["path"], row["name"], row["method"], row.get("only", ""))


def _hook(row: Mapping[str, Any]) -> HookRule:
    decorator = re.compile(row["decorator"])
    return HookRule(frozenset(row["urls"]), decorator, row["patterns"], row["routers"], row["below"])


def _plugin(row: Mapping[str, Any]) -> PluginRule:
    keys = (tuple(row[name]) for name in ("config", "regex", "urlconf"))
    return PluginRule(re.compile(row["function"]), row["attribute"], row["constants"], *keys)


def _tuples(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(items) for name, items in data.items()}
