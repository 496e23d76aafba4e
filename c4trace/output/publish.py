"""Publishing: an output directory is built beside the last one and put in its place whole.

Where the system can exchange two directories in one step (Linux), a reader sees the old one or the new one and never
anything else. Elsewhere it is two renames; a run that was killed between them is mended by the next.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from extractor.errors import UserError

Files = Mapping[str, str | bytes]
Exchange = Callable[[Path, Path], bool]

# Names what c4trace wrote at the top of an output directory, one a line, so that nobody else's file is ever lost.
MANIFEST = ".c4trace-output"

_ELSEWHERE = "make room there, or name another directory with --out"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def exchange(one: Path, other: Path) -> bool:
    """Put each of two directories in the other's place in one step; False where the system has no such step.

    Linux, glibc 2.28 and later: renameat2(2) with RENAME_EXCHANGE.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    paths = os.fsencode(one), os.fsencode(other)
    if rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(one))


def publish(out_dir: Path, files: Files, swap: Exchange = exchange) -> None:
    """Make `out_dir` hold exactly `files` (relative path to content), beside the README and dot files it had.

    Raises UserError when the directory holds what c4trace did not write, or cannot be replaced.
    """
    out_dir = Path(os.path.abspath(out_dir))
    _check_names(files)
    try:
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        with _locked(out_dir.parent):
            _restore(out_dir)
            kept = _kept(out_dir)
            fresh = _beside(out_dir, "new")
            fresh.mkdir()
            with _taken_away_on_failure(fresh):
                _write(fresh, files, kept)
            _replace(out_dir, fresh, swap)
    except OSError as error:
        raise UserError(_told(out_dir, error.strerror or str(error)), _ELSEWHERE) from error


def check_out_dir(out_dir: Path) -> None:
    """Refuse early, before a long scan, a directory that could not be replaced at its end. Raises UserError."""
    out_dir = Path(os.path.abspath(out_dir))
    _kept(out_dir)
    above = next(folder for folder in out_dir.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise UserError(_told(out_dir, f"nothing can be made in {above}, where it is built"), _ELSEWHERE)


def _told(out_dir: Path, reason: str) -> str:
    """Names the directory that was asked for: that another is built beside it is no concern of the user's."""
    return f"{out_dir} cannot be written: {reason}"


@contextlib.contextmanager
def _taken_away_on_failure(fresh: Path) -> Iterator[None]:
    """A half-made directory goes, whatever ends the block: on a full disk it would take what little room is left."""
    try:
        yield
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _kept(out_dir: Path) -> tuple[Path, ...]:
    """What stays in an output directory: the README and dot files at its top. Refuses a directory that is not ours."""
    if out_dir.is_symlink() or out_dir.is_mount():
        what = "a symbolic link" if out_dir.is_symlink() else "a mount point"
        raise UserError(f"{out_dir} is {what} and cannot be replaced as a whole", f"give --out {out_dir / 'c4trace'}")
    if not out_dir.exists():
        return ()
    if not out_dir.is_dir():
        raise UserError(f"{out_dir} is a file", "name a directory with --out")
    entries = sorted(out_dir.iterdir())
    kept = tuple(e for e in entries if e.name != MANIFEST and (e.name.startswith(".") or e.stem.upper() == "README"))
    others = [entry.name for entry in entries if entry not in kept and entry.name != MANIFEST]
    if not others:
        return kept
    if not (out_dir / "graph.json").is_file():
        raise UserError(f"{out_dir} has files but no graph.json: it is not c4trace's", "name another with --out")
    manifest = out_dir / MANIFEST
    ours = set(manifest.read_text("utf-8").splitlines()) if manifest.is_file() else set(others)
    strange = [name for name in others if name not in ours]
    if strange:
        raise UserError(
            f"{out_dir} holds {', '.join(strange[:3])}, which c4trace did not write and would lose",
            "move it away, or name another directory with --out",
        )
    return kept


def _write(fresh: Path, files: Files, kept: tuple[Path, ...]) -> None:
    for name, content in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)
    tops = sorted({PurePosixPath(name).parts[0] for name in files})
    (fresh / MANIFEST).write_text("".join(f"{name}\n" for name in tops), "utf-8")
    for entry in kept:
        if entry.name in tops:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, fresh / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, fresh / entry.name, follow_symlinks=False)


def _replace(out_dir: Path, fresh: Path, swap: Exchange) -> None:
    old = _beside(out_dir, "old")
    if not out_dir.exists():
        fresh.rename(out_dir)
    elif swap(fresh, out_dir):
        shutil.rmtree(fresh)
    else:
        out_dir.rename(old)
        fresh.rename(out_dir)
        shutil.rmtree(old)


def _restore(out_dir: Path) -> None:
    """Undo what a killed run left: put the last good output back where it is missing, and clear half-made ones."""
    old, fresh = _beside(out_dir, "old"), _beside(out_dir, "new")
    if old.is_dir() and not out_dir.exists():
        old.rename(out_dir)
    for left in (old, fresh):
        if left.is_dir():
            shutil.rmtree(left)


def _beside(out_dir: Path, what: str) -> Path:
    return out_dir.parent / f".{out_dir.name}.c4trace-{what}"


def _check_names(files: Files) -> None:
    """Renderers make file names from ids; one that left the directory would be a defect of ours, not the user's."""
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\0" in name or parts[0] == MANIFEST:
            raise ValueError(f"an output may not be named {name!r}")


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold a directory, so that of two runs that publish in it one waits. The lock leaves no file behind."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
