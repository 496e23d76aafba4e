"""etl.csv: the ingestion table for spreadsheets (RFC 4180), safe to open in one."""

from __future__ import annotations

import csv
import io

from extractor.model.graph import EtlRow, Graph
from renderers.words import one_line

_HEADER = ("source", "transport", "cadence", "data", "source_of_truth", "brittle", "reasons", "system", "consumer")
# A cell that starts with one of these is run as a formula by a spreadsheet (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def render_etl_csv(graph: Graph) -> str:
    """The ingestion rows of all systems, sorted by system and source. `source_of_truth` is `repo:path:line`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    for row in sorted(graph.etl, key=lambda r: (r.system, r.source, r.consumer, r.transport, r.cadence)):
        writer.writerow([_inert(cell) for cell in _cells(row)])
    return out.getvalue()


def _cells(row: EtlRow) -> tuple[str, ...]:
    place = row.source_of_truth
    return (
        row.source,
        row.transport,
        row.cadence,
        row.data,
        f"{place.repo}:{place.path}:{place.line}",
        "yes" if row.brittle else "no",
        "; ".join(row.reasons),
        row.system,
        row.consumer,
    )


def _inert(cell: str) -> str:
    """The cell on one line, with an apostrophe before what a spreadsheet would take for a formula."""
    shown = one_line(cell)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
