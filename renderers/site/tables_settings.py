"""The tables of a system's settings that point elsewhere, and of its datastores with the code that uses them."""

from __future__ import annotations

from markupsafe import Markup

from extractor.model.graph import Setting, Store
from renderers.site.cells import badge, breakable, code, code_link, context_words, evidence_link, note
from renderers.site.estate import SiteIndex, SiteSystem, row_anchor
from renderers.site.table import Cell, Column, Table, TableRow, cell, joined, limited


def settings_table(estate: SiteIndex, system: SiteSystem) -> Table:
    """A row for each setting that points at another system or a datastore. Defaults come with secrets masked."""
    columns = (
        Column("Setting"),
        Column("Points at", choices=True),
        Column("Kind", choices=True),
        Column("Default"),
        Column("Environment"),
        Column("Read at"),
        Column("Line"),
    )
    rows = tuple(_setting(estate, item) for item in estate.rows(system, estate.graph.settings))
    empty = "No setting of this system's services points at another system or a datastore."
    return Table("settings", "Settings that point elsewhere", columns, rows, empty)


def stores_table(estate: SiteIndex, system: SiteSystem) -> Table:
    """A row for each place that reads or writes a datastore."""
    columns = (
        Column("Store", choices=True),
        Column("Kind", choices=True),
        Column("Operation", choices=True),
        Column("In function"),
        Column("Reached from"),
        Column("Setting"),
        Column("Line"),
    )
    rows = tuple(_store(estate, item) for item in estate.rows(system, estate.graph.stores))
    empty = "No code that reads or writes a datastore was found in this system's repositories."
    return Table("stores", "Datastores by use", columns, rows, empty)


def _setting(estate: SiteIndex, item: Setting) -> TableRow:
    name = [code(item.name)]
    if item.required:
        name.append(badge("plain", "required"))
    reads = [evidence_link(estate, spot) for spot in item.read_at]
    default = note("none") if item.default is None else code(item.default)
    return TableRow(
        row_anchor(item.id),
        (
            Cell(joined(name), item.name),
            cell(estate.name(item.system) or "not known"),
            cell(item.kind),
            cell(default),
            cell(code(item.env or "")),
            cell(limited(reads, 3) if reads else note("nothing reads it")),
            cell(code_link(estate, item.repo, item.path, item.line)),
        ),
    )


def _store(estate: SiteIndex, item: Store) -> TableRow:
    contexts = [breakable(context_words(context)) for context in item.contexts]
    store = Markup('{}<br><span class="note">{}</span>').format(estate.full_name(item.system), item.engine)
    return TableRow(
        row_anchor(item.id),
        (
            Cell(store, estate.full_name(item.system)),
            cell(item.kind),
            cell(item.operation),
            cell(code(item.function)),
            cell(limited(contexts, 3)),
            cell(code(item.setting or "")),
            cell(code_link(estate, item.repo, item.path, item.line, item.end_line)),
        ),
    )
