"""Git directories of our own: each time they are used they are what they were made as, byte for byte, or made so again.

What git reads of a git directory can run commands (`config`, `hooks`, `info/attributes` with a filter or a `textconv`,
`commondir`, which names another directory to read these from). These directories lie in the cache, where a file may
have come from elsewhere, or gone: so nothing is in them but what is listed here, and all of that is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from extractor.errors import SourceError
from extractor.files.cache import private_folder

_FOLDERS = ("objects", "objects/info", "objects/pack", "refs", "refs/heads")
_HEAD = "ref: refs/heads/none\n"
# Of the user's own machine nothing may say how a file is read, and no file of the object database how history is.
_NEUTRAL = "\tattributesFile = /dev/null\n\texcludesFile = /dev/null\n\thooksPath = /dev/null\n\tcommitGraph = false\n"
# How the names begin of what git itself writes into a repository, also while a fetch of another run is under way.
_FETCHED = ("packed-refs", "shallow")
_PARTIAL = '[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\tpromisor = true\n'


def neutral_dir(cache_dir: Path, object_format: str) -> Path:
    """An empty git directory of our own for objects of `object_format` (`sha1`, `sha256`).

    Raises SourceError when the cache directory cannot be written.
    """
    place = cache_dir / "neutral" / object_format
    extension = f"[extensions]\n\tobjectFormat = {object_format}\n" if object_format != "sha1" else ""
    with _written(place):
        _hold(place, _NEUTRAL + extension, 1 if extension else 0)
        for folder in _FOLDERS:
            _sweep(place / folder, {Path(one).name for one in _FOLDERS if Path(one).parent == Path(folder)})
    return place


def fetched_dir(cache_dir: Path, name: str) -> Path:
    """A bare repository of our own to fetch into, which keeps what was fetched.

    Raises SourceError when the cache directory cannot be written.
    """
    place = cache_dir / "repositories" / name
    with _written(place):
        # Fetch tolerates the blobs that its filter leaves out only in a repository that says so.
        _hold(place, "\thooksPath = /dev/null\n" + _PARTIAL, 1, _FETCHED)
        for lent in ("alternates", "http-alternates"):
            _remove(place / "objects" / "info" / lent)
    return place


def empty_fetched(place: Path) -> None:
    """Take away all that was fetched into a repository of ours, so that it is fetched again.

    Raises SourceError when the cache directory cannot be written.
    """
    with _written(place):
        for name in (
            "refs",
            "objects",
            *(entry.name for entry in os.scandir(place) if entry.name.startswith(_FETCHED)),
        ):
            _remove(place / name)
    fetched_dir(place.parent.parent, place.name)


@contextlib.contextmanager
def _written(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(f"the cache directory {place} cannot be written", "name another with --cache-dir") from error


def _hold(place: Path, settings: str, version: int, more: tuple[str, ...] = ()) -> None:
    """Make a bare repository, or make it again what it was: folders, `config` and `HEAD`, and nothing beside but what
    begins with one of `more`, and git's locks on it.

    Not with `git init`, which would look at the caller's `GIT_DIR` and `GIT_WORK_TREE` (c4trace may run in a hook).
    """
    for folder in (place.parent, place, *(place / part for part in _FOLDERS)):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            folder.unlink(missing_ok=True)
        private_folder(folder)
    config = f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{settings}"
    _sweep(place, {"config", "HEAD", "objects", "refs"}, more)
    # HEAD makes it a repository, so it comes last: two runs may be here at once.
    for file, content in ((place / "config", config), (place / "HEAD", _HEAD)):
        if not _is(file, content):
            _replace(file, content)


def _sweep(folder: Path, wanted: set[str], more: tuple[str, ...] = ()) -> None:
    """Takes away what is not wanted in a folder."""
    for entry in os.scandir(folder):
        if entry.name not in wanted and not (more and entry.name.startswith((*more, "config.lock", "HEAD.lock"))):
            _remove(Path(entry.path))


def _remove(path: Path) -> None:
    """Takes away a file, a link or a folder, of which another run may have taken some already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is(file: Path, content: str) -> bool:
    try:
        with file.open("rb") as stream:
            return not file.is_symlink() and stream.read(len(content) + 1) == content.encode()
    except OSError:
        return False


def _replace(file: Path, content: str) -> None:
    if file.is_dir() and not file.is_symlink():
        _remove(file)
    # Beside the repository, where no other run would sweep it.
    handle, temporary = tempfile.mkstemp(dir=file.parent.parent, prefix=".new-")
    with os.fdopen(handle, "w") as stream:
        stream.write(content)
    os.replace(temporary, file)
