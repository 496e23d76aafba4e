"""`c4trace history`: what the stored snapshots counted, over time; one of them taken out; a graph put in."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from c4trace.console import Console
from c4trace.nightly.pages import point_of
from c4trace.query.graph_file import load_graph
from c4trace.snapshots.spec import default_store
from c4trace.snapshots.store import Snapshot, SnapshotStore
from extractor.errors import UserError
from renderers.history.svg import render_history_svg
from renderers.history.text import HistoryRow, render_history_csv, render_history_json, render_history_table

DETAILS = """\
A snapshot is one state of the estate; nights on which nothing changed lengthen it. Figures in brackets say what
changed against the snapshot before, ! marks a source that could not be reached.

examples:
  c4trace history                                    the table
  c4trace history --since 2025-03-01 --csv           as a spreadsheet
  c4trace history --svg history.svg                  the plot
  c4trace history --add out/graph.json               keep a scan that was made by hand
  c4trace history --export yesterday --to old.json   the graph.json of a past state

A past state is named `latest`, `today`, `yesterday`, `3 days ago`, `2025-03-31`, `2025-03-31T12:00:00Z` (UTC),
`#12` or `source@commit`; `c4trace diff` takes the same names.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="the snapshot store (default: $C4TRACE_STATE or .c4trace)"
    )
    parser.add_argument("--since", metavar="DATE", help="leave out what ended before this day (2025-03-31)")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print JSON")
    shape.add_argument("--csv", action="store_true", help="print CSV")
    shape.add_argument("--svg", type=Path, metavar="FILE", help="write the plot to FILE")
    shape.add_argument("--export", metavar="SNAPSHOT", help="write the graph.json of a past state (see --to)")
    shape.add_argument("--add", type=Path, metavar="GRAPH", help="store a graph.json, as of the time it was made")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where --export writes; standard output if not given")


def run(options: argparse.Namespace, console: Console) -> int:
    """Do what was asked; the exit status. Raises UserError when the store or a file cannot be used."""
    path = options.store or default_store()
    if options.to and not options.export:
        raise UserError("--to goes with --export")
    with SnapshotStore(path, create=bool(options.add)) as store:
        if options.add:
            _add(store, options.add, console)
        elif options.export:
            _export(store, options.export, options.to, console)
        else:
            _show(store, options, console)
    return 0


def _show(store: SnapshotStore, options: argparse.Namespace, console: Console) -> None:
    rows = [_row(snapshot) for snapshot in store.history() if not options.since or snapshot.seen >= _day(options.since)]
    if not rows:
        raise UserError(f"no snapshot in {store.path}" + (f" since {options.since}" if options.since else ""))
    if options.svg:
        _write(options.svg, render_history_svg([row.point for row in rows]))
        console.note(f"wrote {options.svg}")
    elif options.json:
        console.result(render_history_json(rows))
    elif options.csv:
        console.result(render_history_csv(rows).rstrip("\n"))
    else:
        console.result(render_history_table(rows))


def _add(store: SnapshotStore, path: Path, console: Console) -> None:
    graph = load_graph(path)
    try:
        made = datetime.fromisoformat(graph.generated)
    except ValueError as error:
        raise UserError(f"{path} does not say when it was made", "give a graph.json that c4trace wrote") from error
    identity = store.put(graph, made if made.tzinfo else made.replace(tzinfo=UTC))
    console.note(f"stored as #{identity}")


def _export(store: SnapshotStore, spec: str, to: Path | None, console: Console) -> None:
    from renderers.data.graph_json import render_graph_json

    snapshot = store.at(spec, datetime.now(UTC))
    text = render_graph_json(store.graph(snapshot.id))
    if to is None:
        console.result(text.rstrip("\n"))
    else:
        _write(to, text)
        console.note(f"wrote #{snapshot.id} of {snapshot.taken} to {to}")


def _row(snapshot: Snapshot) -> HistoryRow:
    commits = tuple((source.name, source.commit) for source in snapshot.sources)
    stale = tuple(source.name for source in snapshot.sources if source.stale)
    return HistoryRow(point_of(snapshot), commits, stale, snapshot.kept)


def _day(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y-%m-%d").strftime("%Y-%m-%dT00:00:00Z")
    except ValueError as error:
        raise UserError(f"--since {text!r} is no day", "write it as 2025-03-31") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}", "name another file") from error
