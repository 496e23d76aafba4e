"""Opening the sources of an estate, and what a scan came to in one line."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from extractor.errors import SourceError, UserError
from extractor.estate.file import find_estate, load_estate
from extractor.estate.model import Estate
from extractor.estate.options import apply_overrides, estate_of, only, parse_source_override
from extractor.model.graph import Graph
from extractor.options import Progress
from extractor.sources import SourceSpec, Tree, open_source, private_directory
from extractor.text.shapes import MASK

# Opening waits for git and the network, not for a core.
_AT_ONCE = 8


def default_cache_dir() -> Path:
    """Where clones and summaries are kept: `$C4TRACE_CACHE`, else below `$XDG_CACHE_HOME` or `~/.cache`.

    See https://specifications.freedesktop.org/basedir-spec/latest/.
    """
    chosen = os.environ.get("C4TRACE_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "c4trace"


def cache_directory(given: Path | None) -> Path:
    """The cache directory of a run: the one that `--cache-dir` names, or the default. Made when it is not there.

    Raises UserError when somebody else may have put something into it.
    """
    return private_directory(given or default_cache_dir())


def choose_estate(given: str | None, sources: Sequence[str], names: Sequence[str]) -> Estate:
    """The estate that the options `--estate`, `--source` and `--only` mean together.

    Without an estate file the sources alone are the estate. Raises UserError when there is nothing to scan.
    """
    overrides = [parse_source_override(text) for text in sources]
    if given is None and overrides and not Path("estate.yaml").exists():
        estate = estate_of(overrides)
    else:
        path = find_estate(given)
        estate = apply_overrides(load_estate(path), overrides)
    if names:
        estate = only(estate, names)
    if not estate.sources():
        raise UserError("the estate has no system with a repository", "add one to the estate file, or give --source")
    return estate


def open_sources(estate: Estate, cache_dir: Path, offline: bool, progress: Progress) -> dict[str, Tree]:
    """Every source of an estate at its ref, by name. Raises SourceError that tells of all that could not be read."""
    trees, faults = open_readable(estate, cache_dir, offline, progress)
    if faults:
        raise all_told(faults, len(trees) + len(faults))
    return trees


def open_readable(
    estate: Estate, cache_dir: Path, offline: bool, progress: Progress
) -> tuple[dict[str, Tree], dict[str, SourceError]]:
    """The sources of an estate that can be read, at their refs, and what is wrong with the others; both by name."""
    specs = estate.sources()
    trees: dict[str, Tree] = {}
    faults: dict[str, SourceError] = {}

    def open_one(spec: SourceSpec) -> Tree | SourceError:
        try:
            return open_source(spec, cache_dir, offline)
        except SourceError as error:
            return error

    with ThreadPoolExecutor(min(_AT_ONCE, len(specs))) as pool:
        for spec, answer in zip(specs, pool.map(open_one, specs), strict=True):
            if isinstance(answer, SourceError):
                faults[spec.name] = answer
            else:
                trees[spec.name] = answer
            progress("opening sources", len(trees) + len(faults), len(specs))
    return trees, faults


def all_told(faults: Mapping[str, SourceError], count: int) -> SourceError:
    """One error for all that is wrong with the sources of a run, of which there are `count`."""
    if len(faults) == 1:
        return next(iter(faults.values()))
    told = "".join(f"\n  {fault}" for fault in faults.values())
    return SourceError(f"{len(faults)} of {count} sources could not be read:{told}")


def coverage_lines(graph: Graph) -> list[str]:
    """A line for each repository: what it declares, and how much of that was understood where that is not all."""
    told: dict[str, list[str]] = {}
    for row in graph.coverage:
        if row.declared > row.understood:
            told.setdefault(row.repo, []).append(f"{row.declared} {row.kind}, {row.understood} understood")
        elif row.declared:
            one = row.declared == 1 and row.kind.endswith("s") and " to " not in row.kind
            told.setdefault(row.repo, []).append(f"{row.declared} {row.kind[:-1] if one else row.kind}")
    return [f"{repo}: {'; '.join(parts)}" for repo, parts in told.items()]


def masked_places(document: str | bytes) -> str:
    """In how many places of a document a secret was masked, in words; "" for none."""
    text = document if isinstance(document, str) else document.decode("utf-8", "replace")
    return f"{_count(places, 'secret')} masked in the output" if (places := text.count(MASK)) else ""


def last_line(graph: Graph, seconds: float) -> str:
    """What a scan came to: modules, tasks, flows, findings, gaps by reason, seconds."""
    gaps = Counter(gap.kind for gap in graph.gaps)
    reasons = ", ".join(f"{count} {kind}" for kind, count in sorted(gaps.items(), key=lambda row: (-row[1], row[0])))
    parts = [
        _count(sum(source.modules for source in graph.sources), "module"),
        _count(len(graph.tasks), "task"),
        _count(sum(not flow.declared for flow in graph.flows), "flow") + _declared(graph),
        _count(sum(not finding.suppressed for finding in graph.findings), "finding"),
        _count(len(graph.gaps), "gap") + (f" ({reasons})" if reasons else ""),
    ]
    return f"{', '.join(parts)}; {seconds:.1f} s"


def _declared(graph: Graph) -> str:
    """Flows that only the estate file tells of, counted apart."""
    declared = sum(flow.declared for flow in graph.flows)
    return f" and {declared} declared" if declared else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
