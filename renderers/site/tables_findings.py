"""The tables of what is brittle, of what is not known, and of what is ingested (ETL)."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from extractor.model.graph import SEVERITIES, EtlRow, Finding
from extractor.text.slugs import digest
from renderers.site.cells import code, code_link, evidence_link, flow_button, flow_buttons, note
from renderers.site.estate import SiteIndex, SiteSystem, row_anchor
from renderers.site.table import Cell, Column, Table, TableRow, cell, joined, limited


def findings_table(estate: SiteIndex, system: SiteSystem) -> Table:
    """A row for each finding, the gravest first; suppressed ones last, with the reason."""
    columns = (
        Column("Severity", choices=True),
        Column("Rule", choices=True),
        Column("What, and how to mend it"),
        Column("Arrows"),
        Column("Line"),
    )
    found = estate.rows(system, estate.graph.findings)
    found.sort(key=lambda f: (bool(f.suppressed), _rank(f.severity), f.rule, f.path, f.line, f.id))
    rows = tuple(_finding(estate, item) for item in found)
    empty = "No rule fired on this system's repositories."
    return Table("findings", "Brittle links and other findings", columns, rows, empty)


def etl_table(estate: SiteIndex, rows: Iterable[EtlRow]) -> Table:
    """The ingestion table: who reads what from where, how and how often."""
    columns = tuple(Column(name) for name in ("Source", "Transport", "Cadence", "Data", "Source of truth"))
    made = tuple(_etl(estate, row) for row in rows)
    empty = "No scheduled or triggered ingestion of this system's data was found."
    return Table("etl", "Ingestion sources (ETL)", columns, made, empty)


def gaps_table(estate: SiteIndex) -> Table:
    """A row for each thing that was seen and not understood."""
    columns = (
        Column("Kind", choices=True),
        Column("Repository", choices=True),
        Column("What was seen"),
        Column("Why"),
        Column("What would settle it"),
        Column("Line"),
    )
    rows = tuple(
        TableRow(
            row_anchor(gap.id),
            (
                cell(gap.kind.replace("-", " ")),
                cell(gap.repo),
                cell(code(gap.what)),
                cell(gap.reason),
                cell(gap.remedy),
                cell(code_link(estate, gap.repo, gap.path, gap.line) if gap.path else ""),
            ),
        )
        for gap in estate.graph.gaps
    )
    empty = "Everything that was seen was understood: the extractor kept no note of the contrary."
    return Table("gaps", "Seen and not understood", columns, rows, empty)


def coverage_table(estate: SiteIndex) -> Table:
    """A row for each repository and kind of declaration: how many there are, how many were understood, why not all."""
    columns = (
        Column("Repository", choices=True),
        Column("What", choices=True),
        Column("Declared"),
        Column("Understood"),
        Column("Why not all"),
    )
    rows = tuple(
        TableRow(
            "r" + digest(row.repo, row.kind),
            (
                cell(row.repo),
                cell(row.kind),
                cell(str(row.declared)),
                cell(str(row.understood)),
                cell(limited([Markup.escape(reason) for reason in row.reasons], 4)),
            ),
            row.understood < row.declared,
        )
        for row in estate.graph.coverage
    )
    empty = "The scan that this was made of did not count what it understood."
    return Table("coverage", "What was understood", columns, rows, empty)


def skips_table(estate: SiteIndex) -> Table:
    """A row for each file that could not be read."""
    columns = (Column("Repository", choices=True), Column("File"), Column("Why"))
    rows = tuple(
        TableRow("r" + digest(source.name, skip.path), (cell(source.name), cell(code(skip.path)), cell(skip.reason)))
        for source in estate.graph.sources
        for skip in source.skipped
    )
    modules = sum(source.modules for source in estate.graph.sources)
    return Table("skips", "Files that could not be read", columns, rows, f"All {modules} Python modules were read.")


def doubts_table(estate: SiteIndex) -> Table:
    """Calls that are ambiguous or whose target is not known."""
    columns = (Column("Why", choices=True), Column("Repository", choices=True), Column("Request"), Column("Line"))
    routes = {route.id: route for route in estate.graph.routes}
    rows = []
    for call in estate.graph.calls:
        several = not call.route_id and len(call.route_candidates) > 1
        if call.system and not several:
            continue
        request = [code(f"{call.http_method or ''} {call.url}".strip() or call.via)]
        if several:
            request += [
                code(f"could be {routes[i].pattern} of {routes[i].repo}" if i in routes else i)
                for i in call.route_candidates
            ]
        why = "several routes could answer" if several else "target not known"
        spot = code_link(estate, call.repo, call.path, call.line, call.end_line)
        words = joined([Markup.escape(why), note(call.why)])
        cells = (Cell(words, why), cell(call.repo), cell(limited(request, 4)), cell(spot))
        rows.append(TableRow(row_anchor(call.id), cells))
    empty = "Each call's target system is known, and no call matches several routes."
    return Table("doubts", "Calls without one clear target", columns, tuple(rows), empty)


def undrawn_table(estate: SiteIndex) -> Table:
    """Flows that are only possible: listed here, not drawn."""
    columns = (Column("Arrow"), Column("What moves"), Column("Why in doubt"))
    rows = tuple(
        TableRow(
            row_anchor(flow.id),
            (
                cell(flow_button(flow.id, f"{estate.full_name(flow.source)} → {estate.full_name(flow.target)}")),
                cell(flow.label),
                cell(flow.why),
            ),
        )
        for flow in estate.graph.flows
        if flow.confidence == "possible"
    )
    return Table("undrawn", "Arrows too doubtful to draw", columns, rows, "Every flow is certain or likely.")


def _finding(estate: SiteIndex, item: Finding) -> TableRow:
    what = [Markup.escape(item.message)]
    if item.remedy:
        what.append(note(f"Mend: {item.remedy}"))
    if item.suppressed:
        what.append(note(f"Suppressed: {item.suppressed}"))
    severity = Markup('<span class="badge sev-{}">{}</span>').format(_known(item.severity), item.severity)
    flows = flow_buttons(estate, item.flow_ids)
    return TableRow(
        row_anchor(item.id),
        (
            Cell(severity, item.severity),
            cell(code(item.rule)),
            cell(joined(what)),
            cell(limited(flows, 4)),
            cell(code_link(estate, item.repo, item.path, item.line, item.end_line)),
        ),
    )


def _etl(estate: SiteIndex, row: EtlRow) -> TableRow:
    spot = row.source_of_truth
    commit = next((e.commit for e in row.evidence if (e.path, e.line) == (spot.path, spot.line)), "")
    name = Markup("{}<b>{}</b>").format(Markup('<span title="brittle">⚠️ </span>') if row.brittle else "", row.source)
    parts = [name, *(note(reason) for reason in row.reasons)]
    parts += flow_buttons(estate, row.flow_ids)
    parts += [_evidence_fold(estate, row)] if row.evidence else []
    return TableRow(
        "r" + digest("etl", row.source, spot.repo, spot.path, str(spot.line)),
        (
            Cell(joined(parts), row.source),
            cell(row.transport),
            cell(row.cadence),
            cell(row.data),
            cell(code_link(estate, spot.repo, spot.path, spot.line, commit=commit)),
        ),
        warn=row.brittle,
    )


def _evidence_fold(estate: SiteIndex, row: EtlRow) -> Markup:
    """The row's evidence, folded: what each line plays, where it stands, how it reads."""
    items = [
        Markup("<li>{} {}{}</li>").format(
            note(e.role), evidence_link(estate, e), Markup("<pre>{}</pre>").format(e.text) if e.text else ""
        )
        for e in row.evidence
    ]
    return Markup('<details><summary>Evidence ({})</summary><ul class="evidence">{}</ul></details>').format(
        len(items), Markup("").join(items)
    )


def _known(severity: str) -> str:
    return severity if severity in SEVERITIES else "info"


def _rank(severity: str) -> int:
    return SEVERITIES.index(_known(severity))
