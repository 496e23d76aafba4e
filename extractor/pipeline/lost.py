"""Sources that could not be read: they stand in the graph as such, and what they may hold is called absent nowhere; or
what was last read of them stands in, at its commit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from extractor.estate.model import Estate
from extractor.link.facts import RepoFacts
from extractor.model.graph import Gap, Graph, Source
from extractor.model.ids import row_id
from extractor.pipeline.facts_cache import FactsCache
from extractor.rules.findings import left_open
from extractor.sources import SourceSpec, shown

KIND = "source"


@dataclass(frozen=True, slots=True)
class Loss:
    """Sources that could not be read, by system id, each with the reason.

    `recall` asks for what was last read of them to stand in, where that is kept; `before` is the last good graph, which
    says at which commits, and has the lines of code.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    recall: bool = False
    before: Graph | None = None


def recalled(estate: Estate, loss: Loss, cache: FactsCache) -> dict[str, RepoFacts]:
    """The facts that stand in for lost sources, by system id; they say of their sources that they are `stale`. Facts of
    a library do not stand in for its code, which its users are read with: it stays lost."""
    facts = {}
    if loss.recall:
        good = {source.name: source.commit for source in loss.before.sources} if loss.before else {}
        for spec in estate.sources():
            if spec.name in loss.reasons and spec.name not in estate.libraries:
                kept = [one for one in cache.last_good(spec.name, estate) if _is_of(one.source, spec)]
                if chosen := _chosen(kept, good.get(spec.name, "")):
                    facts[spec.name] = dataclasses.replace(
                        chosen, source=dataclasses.replace(chosen.source, stale=True)
                    )
    return facts


def _is_of(source: Source, spec: SourceSpec) -> bool:
    return (source.name, source.url, source.ref) == (spec.name, shown(spec.url), spec.ref)


def _chosen(kept: Sequence[RepoFacts], commit: str) -> RepoFacts | None:
    """Those of the last good commit, else those that were used last."""
    return next((one for one in kept if one.source.commit == commit), next(iter(kept), None))


def with_lost(graph: Graph, estate: Estate, reasons: Mapping[str, str]) -> Graph:
    """The graph of what was read, with the sources that were not, and for which nothing stands in: `reasons` says why,
    by system id."""
    lost = {name: why for name, why in reasons.items() if all(source.name != name for source in graph.sources)}
    if not lost:
        return graph
    sources = tuple(
        Source(
            name=spec.name,
            url=shown(spec.url),
            ref=spec.ref,
            commit="",
            modules=0,
            web=spec.web,
            kind="library" if spec.name in estate.libraries else "repository",
            lost=lost[spec.name],
            left_open=left_open("library" if spec.name in estate.libraries else "repository"),
        )
        for spec in estate.sources()
        if spec.name in lost
    )
    unheld = {rule for source in sources for rule in source.left_open}
    return dataclasses.replace(
        graph,
        sources=tuple(sorted((*graph.sources, *sources), key=lambda source: source.name)),
        findings=tuple(f for f in graph.findings if f.rule not in unheld),
        gaps=(*graph.gaps, *(_gap(source) for source in sources)),
    )


def _gap(source: Source) -> Gap:
    return Gap(
        id=row_id("gap", KIND, source.name),
        kind=KIND,
        repo=source.name,
        path="",
        line=0,
        what=f"the source of {source.name}",
        reason=f"it could not be read: {source.lost}",
        remedy="make it readable and scan again; until then nothing is said of what it serves, asks, runs and reads",
    )
