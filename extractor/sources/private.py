"""The cache directory: made for the user alone, and refused where somebody else could have put something into it.

What is kept there is data and is read as such, but it is believed: it decides what a scan says.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from extractor.errors import C4traceError, UserError
from extractor.files.cache import private_folder
from extractor.sources.command import run
from extractor.sources.local import GitDir, git_dir_at, resolve_ref
from extractor.sources.store import open_store

# What stands in a cache directory, and nothing else does where it is nothing but one.
PARTS = ("facts", "layouts", "libraries", "neutral", "repositories")
_DATABASE = "summaries.sqlite"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_directory(directory: Path) -> Path:
    """The cache directory, made with mode 0700 when it is not there; an older one is closed to others.

    Raises UserError when others can write to it or to what it holds, when it is neither the user's nor root's, when git
    tracks files in it, or when it cannot be made.
    """
    _refuse_tracked(directory)
    try:
        private_folder(directory)
        mode = _refuse_foreign(directory)
        if mode & _OTHERS:
            with os.scandir(directory) as entries:
                names = [entry.name for entry in entries]
            for name in names:
                _refuse_foreign(directory / name)
            if all(name in PARTS or name.startswith(_DATABASE) for name in names) and _is_own(directory):
                with contextlib.suppress(OSError):  # one that is mounted read-only stays as it is
                    directory.chmod(mode & ~_OTHERS)
    except OSError as error:
        reason = f"the cache directory {directory} cannot be used: {error.strerror}"
        raise UserError(reason, "name another with --cache-dir") from error
    return directory


def _is_own(directory: Path) -> bool:
    return directory.stat().st_uid == os.geteuid()


def _refuse_foreign(path: Path) -> int:
    """The mode of a file or directory. Raises UserError when it, or a link to it, is another user's, or when others can
    write to it. (Who may write to a link says nothing: its directory decides.)"""
    for known in (path.lstat(), path.stat()) if path.is_symlink() and path.exists() else (path.lstat(),):
        if known.st_uid not in (os.geteuid(), 0):
            raise UserError(
                f"the cache directory is not safe: {path} belongs to another user (id {known.st_uid})",
                "name a directory of your own with --cache-dir",
            )
        if known.st_mode & _OTHERS_WRITE and not stat.S_ISLNK(known.st_mode):
            raise UserError(
                f"the cache directory is not safe: others can write to {path}",
                f"delete it, or `chmod -R go-w {path}` when nobody did, or name another with --cache-dir",
            )
    return known.st_mode


def _refuse_tracked(directory: Path) -> None:
    """Raises UserError when a work tree around the directory has committed or staged files in it."""
    for work_tree, inside in _around(directory):
        git_dir = git_dir_at(work_tree / ".git")
        if git_dir is not None and _tracks(git_dir, inside):
            raise UserError(
                f"the cache directory {directory} holds files that git tracks in {work_tree}",
                "name another with --cache-dir, or take them out of git and let git ignore the directory",
            )


def _around(directory: Path) -> Iterator[tuple[Path, str]]:
    """The work trees that a directory may lie in, each with its path there, as it is written and as it is."""
    for place in dict.fromkeys((Path(os.path.abspath(directory)), directory.resolve())):
        for up in (place, *place.parents):
            if (up / ".git").exists():
                yield up, place.relative_to(up).as_posix()


def _tracks(git_dir: GitDir, inside: str) -> bool:
    """Whether the index or the commit that is checked out has files at a path of the work tree."""
    with tempfile.TemporaryDirectory(prefix="c4trace-") as scratch:
        try:
            env = open_store(Path(scratch), git_dir).env()
        except C4traceError:  # no repository that git reads: nothing was checked out of it
            return False
        head = resolve_ref(git_dir, "HEAD")
        index = {**env, "GIT_INDEX_FILE": str(git_dir.path / "index")}
        asked = [(["ls-files", "-z", "--", inside], index)]
        asked += [(["ls-tree", "-z", "--full-tree", head, "--", inside], env)] if head else []
        return any(run(command, given)[1] for command, given in asked)
