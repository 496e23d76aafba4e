"""Worlds made of sources written in a test: a module summary for each, linked as one repository."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from extractor.estate.model import Service
from extractor.evaluate.evaluator import Evaluator
from extractor.link import entrypoints
from extractor.link.effects import Effects
from extractor.link.loading import EntryPoints, Loading
from extractor.link.occurrences import Occurrences
from extractor.link.replay.replayed import replay
from extractor.link.routes import ServedView
from extractor.link.settings import SettingsTable, StoreOf
from extractor.link.signals import signals_of
from extractor.link.surroundings import Surroundings
from extractor.link.targets import Targets
from extractor.program.index import ModuleIndex
from extractor.program.module import Def, Module, module_name
from extractor.rules.python import followed_names
from extractor.summary import decode, encode, summarize

REPO = "shop"


def world(files: dict[str, str], libraries: dict[str, dict[str, str]] | None = None) -> ModuleIndex:
    """A world of one repository named `shop`: source text by path; `libraries` holds those of pinned distributions."""
    placed = [("repo", path, source) for path, source in files.items()]
    placed += [(name, path, source) for name, inside in (libraries or {}).items() for path, source in inside.items()]
    modules = []
    for origin, path, source in placed:
        name, package = module_name(path)
        summary = decode(encode(summarize(textwrap.dedent(source).encode())))  # as a scan reads it
        assert summary is not None
        assert summary.error is None, f"{path}: {summary.error}"
        modules.append(Module(REPO, path, name, package, origin, summary))
    return ModuleIndex(REPO, modules)


def evaluator(files: dict[str, str], libraries: dict[str, dict[str, str]] | None = None) -> Evaluator:
    """An evaluator over `world(files, libraries)`."""
    return Evaluator(world(files, libraries))


def loading(ev: Evaluator, **settings: str) -> Loading:
    """What each service loads. `settings` gives the settings module of each service by its id; without any, there is
    one service, `web`, of which no settings are known."""
    services = [Service(name, name, settings_modules=(module,)) for name, module in settings.items()]
    services = services or [Service("web", "Web")]
    tables = {s.id: SettingsTable.build(ev, REPO, s.settings_modules, s.id) for s in services}
    return Loading(ev, services, tables, EntryPoints(ev))


def around(
    ev: Evaluator,
    finder: Effects,
    systems: Targets,
    views: Iterable[tuple[Def, str, str]] = (),
    store_of: StoreOf = lambda _kind, _alias, _service: None,
    **settings: str,
) -> Surroundings:
    """What turning the effects of `finder` into rows needs; `views` are views with a pattern and a service."""
    signals = signals_of(ev, finder.graph)
    reach = entrypoints.reach(ev, finder.graph, loading(ev, **settings), {}, views, (), (), signals)
    served = [ServedView(target, pattern, service) for target, pattern, service in views]
    replayed = replay(ev, finder.graph, reach, served, list(finder.graph.sites), signals, followed_names(finder.book))
    return Surroundings(REPO, systems, reach, Occurrences(finder, replayed), store_of)
