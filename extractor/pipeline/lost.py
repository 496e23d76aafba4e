"""Sources that could not be read: they stand in the graph as such, and what they may hold is called absent nowhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from extractor.estate.model import Estate
from extractor.model.graph import Gap, Graph, Source
from extractor.model.ids import row_id
from extractor.rules.findings import left_open
from extractor.sources import shown

KIND = "source"


def with_lost(graph: Graph, estate: Estate, lost: Mapping[str, str]) -> Graph:
    """The graph of what was read, with the sources that were not: `lost` gives the reason of each, by system id."""
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
