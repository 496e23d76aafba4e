"""`c4trace render`: the outputs made anew from a graph.json."""

from __future__ import annotations

import argparse
from pathlib import Path

from c4trace.console import Console

DETAILS = """\
examples:
  c4trace render                                      all outputs anew from out/graph.json, into out
  c4trace render --from old/graph.json --out again    those of an older scan, elsewhere
  c4trace render --format site --format puml          only some of them (graph.json comes along)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `render`."""
    parser.add_argument(
        "--from", dest="graph", metavar="FILE", type=Path, default=Path("out/graph.json"), help="[out/graph.json]"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("out"), help="the output directory [out]")
    parser.add_argument("--format", metavar="NAME", action="append", help="write only this format; may be repeated")


def run(options: argparse.Namespace, console: Console) -> int:
    """Render and publish. Raises UserError when the graph or the directory is not what it should be."""
    from c4trace.graphfile import load_graph
    from c4trace.outputs import DEFAULT_FORMATS, Material, check_formats, render_outputs
    from c4trace.publish import check_out_dir, publish

    formats = check_formats(options.format or DEFAULT_FORMATS)
    graph = load_graph(options.graph)
    check_out_dir(options.out)
    publish(options.out, render_outputs(Material(graph), formats))
    if "site" in formats:
        console.note(f"open {options.out / 'site' / 'index.html'}")
    return 0
