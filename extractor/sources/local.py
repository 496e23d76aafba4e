"""Repositories on this machine, read in place: where the git directory is, and what a ref means there.

What only the repository itself knows it is asked in four calls, which stand here: what a name means, its refs, its
object format, the address of its origin. They run in its own git directory, so git reads its `config`, of which none of
them starts a program. Everything else is read through a directory of ours (`extractor.sources.bare`).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import SourceError
from extractor.sources.command import READ_ENV, run
from extractor.sources.spec import SourceSpec, shown, web_template

_LINK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class GitDir:
    """A git directory, and the one it shares objects with (itself, but for a linked worktree)."""

    path: Path
    common: Path


def find_git_dir(spec: SourceSpec, path: Path) -> GitDir:
    """The git directory of a path: a worktree's root, a `.git` directory or a bare repository.

    Raises SourceError when there is no such directory or it is no repository, saying what to do.
    """
    if not path.exists():
        raise SourceError(f"source {spec.name}: there is no {shown(spec.url)}", "check the path, or clone it first")
    if not path.is_dir():
        raise SourceError(f"source {spec.name}: {shown(spec.url)} is a file", "give the repository's directory")
    for candidate in (path / ".git", path):
        found = git_dir_at(candidate)
        if found is not None:
            _check_files(spec, found)
            return found
    parent = next((up for up in path.resolve().parents if git_dir_at(up / ".git")), None)
    remedy = f"give the repository's root, {parent}" if parent else "run `git init` and commit there, or give a clone"
    raise SourceError(f"source {spec.name}: {shown(spec.url)} is a directory but no git repository", remedy)


def _check_files(spec: SourceSpec, git_dir: GitDir) -> None:
    """Raises SourceError for a git directory in which a pipe, a socket or a device stands for a file: git would wait
    for somebody to write into it, forever."""
    for top in dict.fromkeys((git_dir.path, git_dir.common)):
        special = _special_in(top, ("objects", "refs", "info"))
        if special is not None:
            raise SourceError(f"source {spec.name}: {special} is no file, but a pipe or a device", "take it away")


def _special_in(folder: str | Path, within: tuple[str, ...] | None = None) -> str | None:
    """The first of what a folder holds that is neither a file nor a folder; of its folders those named `within`."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # unreadable: git will say so
        return None
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            continue
        if entry.is_dir(follow_symlinks=False):
            found = _special_in(entry.path) if within is None or entry.name in within else None
            if found is not None:
                return found
        elif _is_special(entry):
            return entry.path
    return None


def _is_special(entry: os.DirEntry[str]) -> bool:
    try:
        mode = entry.stat().st_mode
    except (OSError, ValueError):  # a link to nothing
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def resolve_ref(git_dir: GitDir, ref: str) -> str | None:
    """The object id that a ref means in a repository, or None. A branch known only from `origin` is found too."""
    for name in (ref, f"refs/remotes/origin/{ref}"):
        status, output, _ = run(["rev-parse", "--quiet", "--verify", "--end-of-options", name], _env(git_dir))
        if status == 0:
            return output.decode("ascii", "replace").strip()
    return None


def ref_names(git_dir: GitDir) -> dict[str, str]:
    """Every ref of a repository by its full name, with the object id it holds."""
    _, output, _ = run(["for-each-ref", "--format=%(refname)%00%(objectname)"], _env(git_dir))
    pairs = (line.partition("\0") for line in output.decode("utf-8", "replace").splitlines())
    return {name: held for name, _, held in pairs}


def object_format(git_dir: GitDir) -> str:
    """The object format of a repository, `sha1` or `sha256`. Raises SourceError when git does not know it."""
    status, output, message = run(["rev-parse", "--show-object-format"], _env(git_dir))
    kind = output.decode("ascii", "replace").strip()
    if status != 0 or kind not in ("sha1", "sha256"):
        reason = message.splitlines()[0] if message else "unknown object format"
        raise SourceError(f"{git_dir.path} cannot be read by git: {reason}", "run `git fsck` there")
    return kind


def origin_web(git_dir: GitDir) -> str | None:
    """The web link template that the repository's own `origin` gives, when it is on a well-known host."""
    config = git_dir.common / "config"
    if not config.is_file():
        return None
    command = ["config", "--no-includes", "--file", str(config), "--get", "remote.origin.url"]
    _, output, _ = run(command, {**READ_ENV, "GIT_DIR": os.devnull})
    return web_template(output.decode("utf-8", "replace").strip())


def _env(git_dir: GitDir) -> dict[str, str]:
    shallow = git_dir.common / "shallow"
    own = {"GIT_DIR": str(git_dir.path), "GIT_COMMON_DIR": str(git_dir.common), "GIT_SHALLOW_FILE": str(shallow)}
    return {**READ_ENV, **own}


def git_dir_at(candidate: Path) -> GitDir | None:
    """The git directory at a path, following the `gitdir:` line of a worktree's or submodule's `.git` file; None where
    there is none, or what these files name can be no path."""
    try:
        return _git_dir_at(candidate)
    except (OSError, ValueError):  # a name that is too long, holds null bytes, runs in circles, may not be read
        return None


def _git_dir_at(candidate: Path) -> GitDir | None:
    if candidate.is_file():
        with candidate.open("rb") as file:
            kind, _, target = file.read(_LINK_BYTES).decode("utf-8", "replace").partition(":")
        if kind != "gitdir":
            return None
        candidate = candidate.parent / target.strip()
    if not (candidate / "HEAD").is_file():
        return None
    common = candidate
    if (candidate / "commondir").is_file():
        common = candidate / (candidate / "commondir").read_text("utf-8", "replace").strip()
    return GitDir(candidate.resolve(), common.resolve()) if (common / "objects").is_dir() else None
