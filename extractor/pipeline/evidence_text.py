"""The line of code behind each evidence, read from the file it stands in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from extractor.model.graph import Evidence, Graph
from extractor.sources import Tree
from extractor.text.code_masking import masked_line
from extractor.text.masking import masked_text

_SHOWN, _READ = 160, 4096  # characters
# The lines of a file, by repository and path.
_Lines = dict[tuple[str, str], list[str]]
# Repository, commit, path and line.
_Place = tuple[str, str, str, int]


def with_lines_of_code(graph: Graph, trees: Mapping[str, Tree], before: Graph | None = None) -> Graph:
    """The graph with the first line of code in each evidence. `trees` are the sources, by name; of another source the
    lines are those of an earlier graph, `before`. An evidence whose line is not to be had stays as it is."""
    lines = _lines(graph, trees)
    known = {_place(one): one.text for one in _evidence(before)} if before is not None else {}

    def texts(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return tuple(_with_text(one, lines, known) for one in evidence)

    flows = tuple(dataclasses.replace(flow, evidence=texts(flow.evidence)) for flow in graph.flows)
    nodes = tuple(dataclasses.replace(node, evidence=texts(node.evidence)) for node in graph.nodes)
    etl = tuple(dataclasses.replace(row, evidence=texts(row.evidence)) for row in graph.etl)
    scenarios = tuple(
        dataclasses.replace(
            scenario, steps=tuple(dataclasses.replace(step, evidence=texts(step.evidence)) for step in scenario.steps)
        )
        for scenario in graph.scenarios
    )
    return dataclasses.replace(graph, flows=flows, nodes=nodes, etl=etl, scenarios=scenarios)


def shown_line(line: str) -> str:
    """A line of code for reports: trimmed, bounded, secrets masked."""
    return masked_text(masked_line(line.strip()[:_READ]))[:_SHOWN]


def _with_text(evidence: Evidence, lines: _Lines, known: Mapping[_Place, str]) -> Evidence:
    rows = lines.get((evidence.repo, evidence.path), ())
    if not 0 < evidence.line <= len(rows):
        return dataclasses.replace(evidence, text=known.get(_place(evidence), evidence.text))
    return dataclasses.replace(evidence, text=shown_line(rows[evidence.line - 1]))


def _place(evidence: Evidence) -> _Place:
    return evidence.repo, evidence.commit, evidence.path, evidence.line


def _lines(graph: Graph, trees: Mapping[str, Tree]) -> _Lines:
    """The lines of every file that an evidence names."""
    wanted: dict[str, set[str]] = {}
    for evidence in _evidence(graph):
        wanted.setdefault(evidence.repo, set()).add(evidence.path)
    lines: _Lines = {}
    for repo, paths in wanted.items():
        tree = trees.get(repo)
        if tree is None:
            continue
        named = [entry for entry in tree.entries if entry.path in paths]  # several may be one blob
        rows = {
            blob: data.decode("utf-8", "replace").split("\n")
            for blob, data in tree.read_many(sorted({entry.blob for entry in named}))
            if data is not None
        }
        lines.update({(repo, entry.path): rows[entry.blob] for entry in named if entry.blob in rows})
    return lines


def _evidence(graph: Graph) -> Iterator[Evidence]:
    steps = [step for scenario in graph.scenarios for step in scenario.steps]
    held = [row.evidence for rows in (graph.flows, graph.nodes, graph.etl, steps) for row in rows]
    for evidence in held:
        yield from evidence
