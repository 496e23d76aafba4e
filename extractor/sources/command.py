"""The one door to git: runs a git command through GitPython with an environment in which a scanned repository is inert.

Reading never honours a configuration, a hook or a filter of the repository that is read, nor the user's own: commands
run in a neutral git directory of ours (`extractor.sources.bare`), and only the object directory of the repository is
lent to it. Fetching runs in a cache repository of ours with the user's configuration, because that is where their
credentials stand. What a repository itself must be asked, because only it knows, stands in `extractor.sources.local`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, cast

from extractor.errors import SourceError

# Transports that a fetch may use. `ext::` and `fd::` run commands; `file` and plain paths are read in place instead.
FETCH_PROTOCOLS = "https:http:ssh"

# What a command that compares files is told beside: no program that a configuration names takes part.
NO_PROGRAMS = ("--no-textconv", "--no-ext-diff")

# The configuration and the files of the user and of the machine take no part, and nothing that a hook has set.
# No transport is allowed and none is needed: an absent object of a partial clone must stay absent, not be fetched.
# GIT_NO_LAZY_FETCH says so to git 2.44 and later, the empty protocol list to those before.
READ_ENV: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_SHALLOW_FILE": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
}

_PIECE = 1 << 20

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


def listing(arguments: Sequence[str], env: Mapping[str, str], most: int) -> tuple[int, list[bytes], str] | None:
    """Run `git ARGUMENTS`, which answers in records that end with a null byte: its exit status, the records, and its
    message. None when there are more than `most`: git is stopped then, for some objects can name billions.

    Raises SourceError when git is not installed.
    """
    pieces: list[bytes] = []
    count = 0
    with tempfile.TemporaryFile() as message, _started(arguments, env) as process:
        drain = threading.Thread(target=lambda: shutil.copyfileobj(process.stderr, message), daemon=True)
        drain.start()
        try:
            while count <= most and (piece := process.stdout.read(_PIECE)):
                pieces.append(piece)
                count += piece.count(b"\0")
            if count > most:
                return None
            status = process.wait()
        finally:
            process.kill()
            process.wait()
            drain.join()
        message.seek(0)
        told = message.read(_PIECE).decode("utf-8", "replace")
    return status, [record for record in b"".join(pieces).split(b"\0") if record], told.strip()


@contextlib.contextmanager
def stream(arguments: Sequence[str], env: Mapping[str, str], lines: Sequence[str]) -> Iterator[IO[bytes]]:
    """Run `git ARGUMENTS` with `lines` as its input and give its output to read; the process ends with the block.

    The input is a file, not a pipe, so neither side can wait for the other.
    """
    with tempfile.TemporaryFile() as given:
        given.write("".join(f"{line}\n" for line in lines).encode())
        given.seek(0)
        with _started(arguments, env, given) as process:
            drain = threading.Thread(target=process.stderr.read, daemon=True)
            drain.start()
            try:
                yield process.stdout
            finally:
                process.kill()
                process.wait()
                drain.join()


@contextlib.contextmanager
def _started(arguments: Sequence[str], env: Mapping[str, str], given: IO[bytes] | None = None) -> Iterator[Any]:
    """The process of `git ARGUMENTS`, whose pipes are closed with the block."""
    try:
        answer = _git().execute(["git", *arguments], env=env, istream=given, as_process=True)
    except _not_found() as error:
        raise _no_git() from error
    process = cast(Any, answer).proc
    try:
        yield process
    finally:
        process.stdout.close()
        process.stderr.close()


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
