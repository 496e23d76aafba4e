"""Clones that are broken, or made to break a reader: one line that says what is wrong, or a file that is told of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from extractor.errors import SourceError
from extractor.sources import SourceSpec, Tree, open_source, store
from tests.git_repository import git, make_repository

FILES = {"shop/__init__.py": "", "shop/tasks.py": "x = 1\n", "README.md": "# Shop\n"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    make_repository(tmp_path / "shop", FILES)
    return tmp_path / "shop"


def opened(clone: Path) -> Tree:
    return open_source(SourceSpec("shop", str(clone)), clone.parent / "cache", offline=True)


def object_file(clone: Path, path: str) -> Path:
    name = git(clone, "rev-parse", f"HEAD:{path}")
    file = clone / ".git" / "objects" / name[:2] / name[2:]
    file.chmod(0o600)
    return file


def skips(tree: Tree) -> dict[str, str]:
    return {skip.path: skip.reason for skip in tree.skipped}


GARBAGE = [b"", b"\0\0\0", b"\xff\xfe" * 40, b"ref: refs/heads/../../x\n", b"a" * 5000, b"..\n" * 900]


@pytest.mark.parametrize("file", ["HEAD", "commondir", "packed-refs", "shallow", "config"])
@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_in_a_git_directory_is_a_source_that_cannot_be_read_and_never_a_crash(
    clone: Path, file: str, garbage: bytes
) -> None:
    (clone / ".git" / file).write_bytes(garbage)
    with contextlib.suppress(SourceError):
        assert [entry.path for entry in opened(clone).entries] == sorted(FILES)


def test_a_git_file_that_leads_nowhere_is_no_repository(tmp_path: Path) -> None:
    for content in (b"gitdir: \0", b"gitdir: " + b"a" * 4000, b"gitdir: .git", b"gitdir:"):
        (tmp_path / ".git").write_bytes(content)
        with pytest.raises(SourceError):
            opened(tmp_path)


def _pipe(place: Path) -> None:
    place.unlink(missing_ok=True)
    os.mkfifo(place)


def _device(place: Path) -> None:
    place.unlink(missing_ok=True)
    place.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_pipe, _device])
@pytest.mark.parametrize("file", ["config", "packed-refs", "shallow", "refs/heads/main", "objects/info/alternates"])
def test_a_pipe_or_a_device_in_a_git_directory_is_told_of_and_nobody_waits_for_it(
    clone: Path, file: str, make: Callable[[Path], None]
) -> None:
    make(clone / ".git" / file)
    with pytest.raises(SourceError, match=r"is no file, but a pipe or a device"):
        opened(clone)


def test_links_to_files_and_to_nothing_in_a_git_directory_are_no_fault(clone: Path) -> None:
    (clone / ".git" / "link").symlink_to(clone / "README.md")
    (clone / ".git" / "gone").symlink_to(clone / "nothing")
    (clone / ".git" / "hooks" / "folder").symlink_to(clone)
    assert len(opened(clone).entries) == len(FILES)


def test_a_clone_without_any_code_of_the_commit_is_a_source_that_could_not_be_read(clone: Path) -> None:
    for path in ("shop/__init__.py", "shop/tasks.py"):
        object_file(clone, path).unlink()
    with pytest.raises(
        SourceError, match=r"has none of the 2 Python files of commit \w{12} \(fetch .* without a filter"
    ):
        opened(clone)


def test_a_clone_that_has_some_of_the_code_is_read_and_says_what_is_missing(clone: Path) -> None:
    object_file(clone, "shop/tasks.py").unlink()
    assert skips(opened(clone)) == {"shop/tasks.py": store.MISSING}


def test_a_repository_without_any_code_is_read(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"README.md": "# Shop\n"})
    assert [entry.path for entry in opened(tmp_path / "shop").entries] == ["README.md"]


def test_an_object_that_is_there_and_damaged_is_not_told_as_missing(clone: Path) -> None:
    object_file(clone, "shop/tasks.py").write_bytes(b"garbage")
    assert skips(opened(clone)) == {"shop/tasks.py": store.DAMAGED}


def _exploding(where: Path, width: int, depth: int) -> None:
    """A repository of `depth` objects beside one blob, with `width ** depth` paths."""
    make_repository(where, {"README.md": "# Small\n"})
    held = f"100644 blob {git(where, 'hash-object', '-w', '--stdin', stdin=b'x = 1')}"
    for level in range(depth):
        rows = "".join(f"{held}\t{name:03}{'' if level else '.py'}\n" for name in range(width))
        held = f"040000 tree {git(where, 'mktree', stdin=rows.encode())}"
    commit = git(where, "commit-tree", "-m", "Boom", held.split()[-1])
    git(where, "update-ref", "HEAD", commit)


@pytest.mark.slow
def test_a_tree_of_a_few_objects_and_a_billion_paths_is_refused(tmp_path: Path) -> None:
    _exploding(tmp_path / "shop", 1000, 3)
    with pytest.raises(SourceError, match=r"has more than 1,000,000 paths"):
        opened(tmp_path / "shop")


def test_the_bound_on_paths_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _exploding(tmp_path / "shop", 5, 3)
    monkeypatch.setattr(store, "MAX_PATHS", 125)
    assert len(opened(tmp_path / "shop").entries) == 125
    monkeypatch.setattr(store, "MAX_PATHS", 124)
    with pytest.raises(SourceError, match=r"more than 124 paths"):
        opened(tmp_path / "shop")
