"""Who brought a line and who took one away, between two commits of a source."""

from __future__ import annotations

from extractor.sources.command import run
from extractor.sources.store import CommitNote, ObjectStore
from extractor.sources.tree import Tree

_FORM = "--format=%H%x00%aI%x00%s"


def brought(base: Tree, head: Tree, path: str, line: int) -> CommitNote | None:
    """The commit after `base` that gave `line` (from 1) of `path` at `head` its present text.

    None when the line is as old as `base`, or the history between the two is not there.
    """
    span, reach = f"{line},{line}", f"{base.commit}..{head.commit}"
    status, output, _ = run(["blame", "--porcelain", "-L", span, reach, "--", path], head.store.env())
    if status != 0 or b"\nboundary" in output:
        return None
    commit = output.split(b" ", 1)[0].decode("ascii", "replace")
    return _note(head.store, ["-1", commit, "--"])


def took_away(base: Tree, head: Tree, path: str, line: int) -> CommitNote | None:
    """The last commit after `base`, up to `head`, that changed how often the text of `line` of `path` stands there.

    None when the line cannot be read, or the history between the two is not there.
    """
    text = _line(base, path, line)
    if not text:
        return None
    return _note(head.store, ["-1", f"-S{text}", f"{base.commit}..{head.commit}", "--", path])


def _note(store: ObjectStore, arguments: list[str]) -> CommitNote | None:
    status, output, _ = run(["log", "-z", _FORM, *arguments], store.env())
    fields = output.decode("utf-8", "replace").rstrip("\0").split("\0")
    return CommitNote(fields[0], fields[1], fields[2]) if status == 0 and len(fields) == 3 else None


def _line(tree: Tree, path: str, line: int) -> str:
    blob = next((entry.blob for entry in tree.entries if entry.path == path), None)
    content = tree.read(blob) if blob else None
    lines = content.decode("utf-8", "replace").splitlines() if content else []
    return lines[line - 1].strip() if 1 <= line <= len(lines) else ""
