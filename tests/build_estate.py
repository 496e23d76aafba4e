"""Makes real git repositories out of the sample estate's folders: `python -m tests.build_estate DIRECTORY`.

Names, dates and order are fixed, so the commit ids never change while the folders do not.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.git_repository import git

ESTATE = Path(__file__).parent / "fixtures" / "estate"
REPOSITORIES = ("campus-api-client", "campus-platform", "credits", "enrol")
TAGS = {"campus-api-client": "v1.4.0"}
_DATE = "2026-01-05T09:00:00+00:00"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store")


def build_repository(name: str, destination: Path) -> Path:
    """One repository with one commit, made anew at `destination`/`name`; its path."""
    where = destination / name
    if where.exists():
        shutil.rmtree(where)
    shutil.copytree(ESTATE / name, where, symlinks=True, ignore=_LEFT_OUT)
    git(where, "init", "--quiet", "--object-format=sha1", "--initial-branch=main")
    git(where, "config", "core.autocrlf", "false")
    git(where, "config", "core.fileMode", "false")
    git(where, "add", "--all", "--force")
    git(where, "commit", "--quiet", "-m", f"The sample of {name}", GIT_AUTHOR_DATE=_DATE, GIT_COMMITTER_DATE=_DATE)
    if name in TAGS:
        git(where, "tag", TAGS[name])
    return where


def build_estate(destination: Path) -> dict[str, Path]:
    """All repositories of the sample estate below `destination` (made when absent): name to path."""
    destination.mkdir(parents=True, exist_ok=True)
    return {name: build_repository(name, destination) for name in REPOSITORIES}


def main(arguments: list[str]) -> int:
    """Builds into the one directory that is named, and prints a `--source` option for each repository."""
    if len(arguments) != 1:
        print("usage: python -m tests.build_estate DIRECTORY", file=sys.stderr)
        return 2
    for name, where in build_estate(Path(arguments[0])).items():
        print(f"--source={name}={where}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
