"""A scan, whole: repositories are found, read and linked, links join across them, the graph is assembled, and each
evidence gets its line of code. Start reading here for the extractor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.estate.model import Estate
from extractor.graph.scenarios import load_scenarios
from extractor.link.contracts import join_contracts
from extractor.link.elsewhere import join_tasks
from extractor.link.facts import RepoFacts
from extractor.model.graph import Graph
from extractor.options import ScanOptions
from extractor.pipeline.assemble import assemble
from extractor.pipeline.evidence_text import with_lines_of_code
from extractor.pipeline.facts_cache import FactsCache
from extractor.pipeline.lost import Loss, recalled, with_lost
from extractor.pipeline.parallel import link_all
from extractor.pipeline.reading import State, UnreadRepository, read_all, repositories_of
from extractor.rules.clients import RuleBook, shipped_rules
from extractor.sources import Tree
from extractor.workers import uncollected

NO_LOSS = Loss()


def scan_estate(estate: Estate, trees: Mapping[str, Tree], options: ScanOptions, loss: Loss = NO_LOSS) -> Graph:
    """The graph of an estate. `trees` are its sources at a commit, by system id; `loss` are those that could not be
    read. The same input gives the same graph.

    Raises UserError when a scenario file that the estate names is wrong.
    """
    return with_lost(scan_states([(estate, trees)], options, loss)[0], estate, loss.reasons)


def scan_states(states: Sequence[State], options: ScanOptions, loss: Loss = NO_LOSS) -> tuple[Graph, ...]:
    """The graphs of several states of one estate, which differ in the refs of its sources only, each as by
    `scan_estate`. A source at the same commit in two of them is read and linked once; the rest are linked at once.
    What is kept of lost sources stands in for them, where `loss` asks for it."""
    with uncollected():
        book = shipped_rules()
        definitions = [load_scenarios(estate) for estate, _trees in states]
        found = [repositories_of(state) for state in states]
        facts = _facts({one.key: one for named in found for one in named.values()}, book, options)
        graphs = []
        for (estate, trees), named, scenarios in zip(states, found, definitions, strict=True):
            every = recalled(estate, loss, FactsCache(options.cache_dir))
            every |= {name: facts[one.key] for name, one in named.items()}
            joined = join_contracts({name: every[name] for name in sorted(every)}, estate)
            joined = join_tasks(joined)
            graph = assemble(estate, joined, scenarios, book, options)
            graphs.append(with_lines_of_code(graph, trees, loss.before))
        return tuple(graphs)


def _facts(wanted: Mapping[str, UnreadRepository], book: RuleBook, options: ScanOptions) -> dict[str, RepoFacts]:
    """The facts of each repository, by key: those kept of an earlier run, and the rest, read and linked now."""
    cache = FactsCache(options.cache_dir)
    facts = {key: kept for key, one in wanted.items() if (kept := cache.get(one.tree.name, key)) is not None}
    missing = [one for key, one in wanted.items() if key not in facts]
    readings = read_all(missing, book, options)
    for one, linked in zip(missing, link_all(readings, book, options), strict=True):
        if all(tree.whole() for tree in (one.tree, *one.libraries.values())):
            cache.put(one.tree.name, one.key, linked)
        facts[one.key] = linked
    return facts
