"""`c4trace diff`: what a head changes in the architecture against a base."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from c4trace.compare.revisions import Revisions
from c4trace.compare.run import REVISIONS, add_revisions, find_revisions
from c4trace.console import Console, harmless
from extractor.errors import UserError
from extractor.model.graph import Graph

DETAILS = f"""\
{REVISIONS}
examples:
  c4trace diff old/graph.json out/graph.json
  c4trace diff yesterday today
  c4trace diff shop@v1.4..v1.5 --source shop=../shop           one source, its two releases
  c4trace diff shop@v1..v2 campus@main..release                several at once
  c4trace diff base.json head.json --write diff.html --write comment.md
  c4trace diff base.json head.json --gate                      exit status 1 when the policy forbids it

Moved and renamed functions, reformatted files and shifted lines are no change.
"""

_SUFFIXES = {".md": "markdown", ".json": "json", ".sarif": "sarif", ".html": "html", ".txt": "terminal"}
_FORMATS = tuple(_SUFFIXES.values())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `diff`."""
    add_revisions(parser)
    parser.add_argument("--format", choices=_FORMATS, default="terminal", help="what to print [terminal]")
    parser.add_argument(
        "--write",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help=f"write a file too, in the format of its suffix ({', '.join(_SUFFIXES)}); may be repeated",
    )
    parser.add_argument("--gate", action="store_true", help="hold it against the estate's policy")
    parser.add_argument("--baseline", metavar="FILE", type=Path, help="accepted breaches [c4trace-baseline.yaml]")


def run(options: argparse.Namespace, console: Console) -> int:
    """Compare, print, write; exit status 1 only with `--gate`."""
    for path in options.write:
        if path.suffix not in _SUFFIXES:
            raise UserError(f"{path}: no format has this suffix", f"end the name in one of {', '.join(_SUFFIXES)}")
        if not path.parent.is_dir():
            raise UserError(f"{path} cannot be written: there is no directory {path.parent}", "make it first")
    revisions = find_revisions(options, console)
    status, breaches = _gate(options, revisions, console)
    for path in options.write:
        _write(path, render(revisions, _SUFFIXES[path.suffix], breaches))
        console.note(f"wrote {path}")
    if options.format == "terminal" and _colourful():
        from renderers.diff.terminal import render_diff_terminal

        # The renderer lets through no control character but the colours it sets itself.
        sys.stdout.write(render_diff_terminal(revisions.diff, True, breaches))
    else:
        console.result(render(revisions, options.format, breaches).rstrip("\n"))
    return status


def render(revisions: Revisions, form: str, breaches: Sequence[str] = ()) -> str:
    """The diff in one of the formats."""
    if form == "markdown":
        from renderers.diff.markdown import render_diff_markdown

        return render_diff_markdown(revisions.diff, breaches)
    if form == "json":
        from renderers.diff.json import render_diff_json

        return render_diff_json(revisions.diff)
    if form == "sarif":
        from renderers.diff.sarif import render_diff_sarif

        return render_diff_sarif(
            _ranged(revisions.base, revisions), _ranged(revisions.head, revisions), revisions.diff, ()
        )
    if form == "html":
        return _page(revisions, breaches)
    from renderers.diff.terminal import render_diff_terminal

    return render_diff_terminal(revisions.diff, False, breaches)


def _ranged(graph: Graph, revisions: Revisions) -> Graph:
    """The graph with the findings of the sources that the user compares: others are no business of their code host."""
    if not revisions.ranged:
        return graph
    return dataclasses.replace(graph, findings=tuple(f for f in graph.findings if f.repo in revisions.ranged))


def _page(revisions: Revisions, breaches: Sequence[str]) -> str:
    from extractor.views import build_views
    from extractor.views.merged import merged_views
    from renderers.diff.html import render_diff_html
    from renderers.svg import render_svg

    standing = frozenset(n.id for n in revisions.base.nodes) & frozenset(n.id for n in revisions.head.nodes)
    views = merged_views(build_views(revisions.base), build_views(revisions.head), standing)
    return render_diff_html(revisions.diff, views, render_svg, breaches)


def _gate(options: argparse.Namespace, revisions: Revisions, console: Console) -> tuple[int, list[str]]:
    if not options.gate:
        return 0, []
    from c4trace.compare.gate import BASELINE, judge, policy_of
    from extractor.estate.file import find_estate, load_estate

    policy = policy_of(load_estate(find_estate(options.estate)))
    verdict = judge(revisions.diff, revisions.head, policy, options.baseline or BASELINE)
    for entry in (*verdict.expired, *verdict.unused):
        console.note(harmless(f"baseline: look at {entry.fingerprint} ({entry.rule}, {entry.where})"))
    return (0 if verdict.passed else 1), [str(breach) for breach in verdict.breaches]


def _colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}", "name another file") from error
