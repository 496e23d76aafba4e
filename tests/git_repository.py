"""Builds small git repositories for tests: files in, commit ids out; names and dates fixed, so ids never change."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ENV = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(where: Path, *arguments: str, stdin: bytes = b"", **env: str) -> str:
    """Run git in a directory and give its output, stripped."""
    done = subprocess.run(
        ["git", *arguments], cwd=where, input=stdin, capture_output=True, check=True, env={**os.environ, **_ENV, **env}
    )
    return done.stdout.decode().strip()


def make_repository(where: Path, files: Mapping[str, str | bytes], branch: str = "main") -> str:
    """A new repository with one commit that holds `files`; the commit's id."""
    where.mkdir(parents=True)
    git(where, "init", "--quiet", f"--initial-branch={branch}")
    return add_commit(where, files, "First")


def add_commit(where: Path, files: Mapping[str, str | bytes], subject: str, day: int = 1) -> str:
    """Write `files` and commit them on a day of January 2024; the commit's id."""
    for name, content in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    git(where, "add", "--all", "--force")
    date = f"2024-01-{day:02}T12:00:00+02:00"
    git(where, "commit", "--quiet", "--allow-empty", "-m", subject, GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
    return git(where, "rev-parse", "HEAD")
