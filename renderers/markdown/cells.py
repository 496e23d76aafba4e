"""Markdown's building blocks: safe text, code, links, tables that no scanned text can break."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from extractor.model.graph import Evidence, Graph, Source
from renderers.diagrams.mermaid import markdown as text
from renderers.links import code_url

__all__ = ["LineLinks", "code", "table", "text"]


class LineLinks:
    """Where code stands, as Markdown: a link to the lines at their commit where the source has a web host."""

    def __init__(self, graph: Graph) -> None:
        self._sources: dict[str, Source] = {source.name: source for source in graph.sources}

    def at(self, repo: str, path: str, line: int, end_line: int = 0, commit: str = "") -> str:
        """`path:line`, linked. `commit` defaults to the one that was scanned."""
        shown = code(f"{path}:{line}" if line else path)
        url = code_url(self._sources.get(repo), commit, path, line, end_line)
        # Angle brackets and blanks are percent-encoded already; a bracket would end the link's address.
        return f"[{shown}]({url.replace('(', '%28').replace(')', '%29')})" if url else shown

    def of(self, evidence: Iterable[Evidence], most: int = 2) -> str:
        """The first pieces of evidence, linked."""
        pieces = [self.at(e.repo, e.path, e.line, e.end_line, e.commit) for e in list(evidence)[:most]]
        return ", ".join(pieces)


def code(shown: str) -> str:
    """Text in code type. It is written as an HTML element, as no Markdown escape works inside backticks."""
    return f"<code>{text(shown)}</code>" if shown else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> str:
    """A table of cells that are Markdown already; the sentence `empty` when there are no rows."""
    body = [f"| {' | '.join(cells)} |" for cells in rows]
    if not body:
        return empty
    return "\n".join([f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}", *body])
