"""`c4trace render`: the outputs made anew from a graph.json."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from c4trace.console import Console

DETAILS = """\
examples:
  c4trace render                                      all outputs anew from out/graph.json, into out
  c4trace render --from old/graph.json --out again    those of an older scan, elsewhere
  c4trace render --format site --format puml          only some of them (graph.json comes along)
  c4trace render --format png --format markdown       two that are made only when asked for
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `render`."""
    parser.add_argument(
        "--from", dest="graph", metavar="FILE", type=Path, default=Path("out/graph.json"), help="[out/graph.json]"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("out"), help="the output directory [out]")
    parser.add_argument("--format", metavar="NAME", action="append", help="write only this format; may be repeated")
    parser.add_argument("--kroki", metavar="URL", help="have this Kroki server draw the C4-PlantUML, into kroki/")


def run(options: argparse.Namespace, console: Console) -> int:
    """Render and publish. Raises UserError when the graph or the directory is not what it should be."""
    from c4trace.output.formats import DEFAULT_FORMATS, Material, check_formats, kroki_files, render_outputs
    from c4trace.output.publish import check_out_dir, publish
    from c4trace.query.graph_file import load_graph

    formats = check_formats(options.format or DEFAULT_FORMATS)
    if options.kroki:
        from c4trace.output.kroki import check_kroki

        check_kroki(options.kroki)
    graph = load_graph(options.graph)
    check_out_dir(options.out)
    material = Material(graph, jobs=os.cpu_count() or 1)
    files = render_outputs(material, formats)
    drawn, trouble = kroki_files(options.kroki, material) if options.kroki else ({}, None)
    publish(options.out, {**files, **drawn})
    if "site" in formats:
        console.note(f"open {options.out / 'site' / 'index.html'}")
    if trouble:
        raise trouble
    return 0
