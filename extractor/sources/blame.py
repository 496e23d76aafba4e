"""Which commits introduced lines and which removed one, between two commits of a source."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from extractor.sources.command import NO_PROGRAMS, run
from extractor.sources.store import CommitNote, note_of, span
from extractor.sources.tree import Tree

_LONGEST = 10_000  # characters of a line that are asked for: an argument of a program has an end
_COMMIT_LINE = re.compile(r"(?P<commit>[0-9a-f]{40}|[0-9a-f]{64}) [0-9]+ [0-9]+")


def introduced_by(base: Tree, head: Tree, path: str, line: int, end_line: int) -> CommitNote | None:
    """The newest commit after `base` that wrote one of the lines (from 1, `end_line` included) of `path` at `head`.

    None when the lines are as old as `base`, or the history between the two is not there.
    """
    lines, reach = f"{line},{max(line, end_line)}", span(base.commit, head.commit)
    status, output, _ = run(["blame", *NO_PROGRAMS, "--porcelain", "-L", lines, reach, "--", path], head.store.env())
    commits = _commits(output.decode("utf-8", "replace")) if status == 0 else {}
    new = [(int(note["author-time"]), name, note) for name, note in commits.items() if "boundary" not in note]
    if not new:
        return None
    _, name, note = max(new, key=lambda row: row[:2])
    return note_of(name, _date(note["author-time"], note["author-tz"]), note["summary"])


def removed_by(base: Tree, head: Tree, path: str, line: int) -> CommitNote | None:
    """The last commit after `base`, up to `head`, that changed how often the text of `line` of `path` stands there.

    None when the line cannot be read or asked for, or the history between the two is not there.
    """
    text = _line(base, path, line)
    if not text or "\0" in text or len(text) > _LONGEST:
        return None
    reach = span(base.commit, head.commit)
    form = "--format=%H%x00%aI%x00%s"
    command = ["log", *NO_PROGRAMS, "-z", form, "-1", f"-S{text}", reach, "--", path]
    status, output, _ = run(command, head.store.env())
    fields = output.decode("utf-8", "replace").rstrip("\0").split("\0")
    return note_of(fields[0], fields[1], fields[2]) if status == 0 and len(fields) == 3 else None


def _commits(porcelain: str) -> dict[str, dict[str, str]]:
    """What `git blame --porcelain` says of each commit: the words at the start of its header lines, and their rest."""
    commits: dict[str, dict[str, str]] = {}
    note: dict[str, str] = {}
    for row in porcelain.split("\n"):
        found = _COMMIT_LINE.match(row)
        if found:
            note = commits.setdefault(found["commit"], {})
        elif not row.startswith("\t"):
            word, _, rest = row.partition(" ")
            note[word] = rest
    return commits


def _date(seconds: str, zone: str) -> str:
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    try:
        return datetime.fromtimestamp(int(seconds), timezone(-offset if zone[0] == "-" else offset)).isoformat()
    except (OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC).isoformat()


def _line(tree: Tree, path: str, line: int) -> str:
    blob = next((entry.blob for entry in tree.entries if entry.path == path), None)
    content = tree.read(blob) if blob else None
    lines = content.decode("utf-8", "replace").splitlines() if content else []
    return lines[line - 1].strip() if 1 <= line <= len(lines) else ""
