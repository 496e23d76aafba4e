"""A repository written in a test, linked whole: the rows that its files come to."""

from __future__ import annotations

import textwrap

from extractor.deployment.read import read_runtime
from extractor.estate.model import Estate, Service, System
from extractor.libraries.read import Libraries
from extractor.link.facts import RepoFacts
from extractor.model.graph import Call, Context, Enqueue, Source
from extractor.pipeline.projects import link_projects
from extractor.pipeline.reading import ReadRepository
from extractor.program.collect import Collected
from extractor.rules.clients import shipped_rules
from tests.worlds import REPO, world


def linked(
    files: dict[str, str],
    *services: Service,
    hosts: dict[str, str] | None = None,
    libraries: dict[str, dict[str, str]] | None = None,
    projects: tuple[str, ...] = (),
) -> RepoFacts:
    """The facts of a repository of these files (source text by path). Without services there is one, `web`, whose
    settings are `shop.settings` and whose URLs `shop.urls`. `hosts` gives the host of each system outside, `libraries`
    the files of each distribution that is read along; `projects` are folders that are programs of their own."""
    known = services or (Service("web", "Web", settings_modules=("shop.settings",), urlconf="shop.urls"),)
    texts = {path: textwrap.dedent(text).lstrip("\n") for path, text in files.items()}
    read = tuple(world(texts, libraries).modules)
    modules = tuple(module for module in read if module.in_repo)
    systems = [System(REPO, "Shop", kind="system", services=known)]
    systems += [System(name, name, kind="external", hosts=(host,)) for name, host in (hosts or {}).items()]
    reading = ReadRepository(
        source=Source(REPO, "", "main", "c" * 40, len(modules)),
        estate=Estate("Test", tuple(systems)),
        services=known,
        collected=Collected(modules, len(modules), (), (), projects),
        libraries=Libraries(tuple(module for module in read if not module.in_repo), (), ()),
        runtime=read_runtime({}),
    )
    return link_projects(reading, shipped_rules(), lambda _stage, _seconds: None)


def entered(row: Call | Enqueue) -> set[str]:
    """The names of the entry points that reach a row."""
    return {context.name for context in row.contexts}


def sent(facts: RepoFacts) -> dict[str, set[str]]:
    """The entry points that send each request, by method and URL."""
    out: dict[str, set[str]] = {}
    for call in facts.calls:
        out.setdefault(f"{call.http_method or '?'} {call.url}", set()).update(entered(call))
    return out


def kinds(contexts: tuple[Context, ...]) -> set[str]:
    return {context.kind for context in contexts}
