"""Repositories written in a test, looked at by the checks. A function whose first parameter is `request` is a view."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.checks import CheckContext, SettingsView
from extractor.link import callgraph, entrypoints
from extractor.link.effects import Effects
from extractor.link.signals import signals_of
from extractor.rules.clients import shipped_rules
from tests.worlds import REPO, evaluator, loading


def program(
    files: dict[str, str], libraries: dict[str, dict[str, str]] | None = None, settings: Sequence[SettingsView] = ()
) -> CheckContext:
    """The scene of a repository of these files (source text by path)."""
    ev = evaluator(files, libraries)
    graph = callgraph.build(ev)
    views = [
        (target, f"/{target.scope.name}/", "web")
        for target in ev.index.defs()
        if target.kind == "function" and target.scope.params and target.scope.params[0][0] == "request"
    ]
    reach = entrypoints.reach(ev, graph, loading(ev), {}, views, (), (), signals_of(ev, graph))
    book = shipped_rules()
    return CheckContext(
        repo=REPO,
        ev=ev,
        graph=graph,
        reach=reach,
        book=book,
        effects=Effects(ev, graph, book).find(),
        calls=(),
        settings=tuple(settings),
    )
