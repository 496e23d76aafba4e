"""`c4trace comment`: put a diff's Markdown on the pull or merge request of a CI job."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from c4trace.console import Console
from extractor.errors import UserError

DETAILS = """\
examples:
  c4trace diff shop@main..HEAD --source shop=. --write diff.md
  c4trace comment diff.md

In GitHub Actions the token is GITHUB_TOKEN, in GitLab CI C4TRACE_TOKEN. The comment is replaced on every run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the argument of `comment`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="what `c4trace diff --write FILE.md` wrote")


def run(options: argparse.Namespace, console: Console) -> int:
    """Put the comment; the exit status."""
    from c4trace.compare.comment import new_client, put_comment, thread_of

    try:
        text = options.file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{options.file} cannot be read", "write it with `c4trace diff --write FILE.md`") from error
    thread = thread_of(os.environ)
    with new_client() as client:
        console.note(f"comment {put_comment(thread, text, client)}")
    return 0
