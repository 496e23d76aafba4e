"""The one door to git: runs a git command through GitPython with an environment in which a scanned repository is inert.

Reading never honours a configuration, a hook or a filter of the repository that is read: commands run in a neutral
git directory of our own (see `neutral_dir`), and only the object directory of the repository is lent to it. Fetching
runs in a cache repository of our own with the user's configuration, because that is where their credentials stand.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from extractor.errors import SourceError

# Transports that a fetch may use. `ext::` and `fd::` run commands; `file` and plain paths are read in place instead.
FETCH_PROTOCOLS = "https:http:ssh"

# No transport is allowed and none is needed: an absent object of a partial clone must stay absent, not be fetched.
# GIT_NO_LAZY_FETCH says so to git 2.44 and later, the empty protocol list to those before.
READ_ENV: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
}

FETCH_ENV: Mapping[str, str] = {
    "GIT_ALLOW_PROTOCOL": FETCH_PROTOCOLS,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PROTOCOL_FROM_USER": "1",
}


def run(arguments: Sequence[str], env: Mapping[str, str]) -> tuple[int, bytes, str]:
    """Run `git ARGUMENTS` to its end: its exit status, what it wrote, and its message (text, for people).

    Raises SourceError when git is not installed.
    """
    try:
        answer = _git().execute(
            ["git", *arguments],
            env=env,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
    except _not_found() as error:
        raise _no_git() from error
    status, output, message = cast(tuple[int, bytes, str | bytes], answer)
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return status, output, text.strip()


@contextlib.contextmanager
def stream(arguments: Sequence[str], env: Mapping[str, str], lines: Sequence[str]) -> Iterator[IO[bytes]]:
    """Run `git ARGUMENTS` with `lines` as its input and give its output to read; the process ends with the block.

    The input is a file, not a pipe, so neither side can wait for the other.
    """
    with tempfile.TemporaryFile() as given:
        given.write("".join(f"{line}\n" for line in lines).encode())
        given.seek(0)
        try:
            answer = _git().execute(["git", *arguments], env=env, istream=given, as_process=True)
        except _not_found() as error:
            raise _no_git() from error
        process = cast(Any, answer).proc
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        try:
            yield process.stdout
        finally:
            process.kill()
            process.wait()
            drain.join()
            process.stdout.close()
            process.stderr.close()


def neutral_dir(cache_dir: Path, object_format: str) -> Path:
    """An empty git directory of our own for objects of `object_format` (`sha1`, `sha256`), made when it is not there.

    Raises SourceError when the cache directory cannot be written.
    """
    place = cache_dir / "neutral" / object_format
    make_bare(place, f"[extensions]\n\tobjectFormat = {object_format}\n" if object_format != "sha1" else "")
    return place


def make_bare(place: Path, settings: str = "") -> None:
    """Make a bare repository with nothing in it (no hooks, no template), unless it is there already.

    Not with `git init`, which would look at the caller's `GIT_DIR` and `GIT_WORK_TREE` (c4trace may run in a hook).
    Raises SourceError when the directory cannot be written.
    """
    if (place / "HEAD").exists():
        return
    version = 1 if settings else 0
    try:
        for part in ("objects/info", "objects/pack", "refs/heads"):
            (place / part).mkdir(parents=True, exist_ok=True)
        config = f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{settings}"
        # HEAD makes it a repository, so it comes last, whole: two runs may be here at once.
        for name, content in (("config", config), ("HEAD", "ref: refs/heads/none\n")):
            with tempfile.NamedTemporaryFile("w", dir=place, delete=False) as file:
                file.write(content)
            os.replace(file.name, place / name)
    except OSError as error:
        raise SourceError(f"the cache directory {place} cannot be written", "name another with --cache-dir") from error


def _git() -> Any:
    """GitPython's command object. Imported late: it costs a third of a second and looks for git at once."""
    try:
        import git
    except ImportError as error:
        raise _no_git() from error
    return git.Git(os.path.sep)


def _not_found() -> type[Exception]:
    from git.exc import GitCommandNotFound

    return cast(type[Exception], GitCommandNotFound)


def _no_git() -> SourceError:
    return SourceError("git is not installed or not on the PATH", "install git 2.31 or later")
