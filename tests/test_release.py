"""A release: the version is the tag's, the changelog's where git tells of none, and the workflow releases no other."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from release.version import release_notes, tree_version
from tests.git_repository import add_commit, git, make_repository

ROOT = Path(__file__).parent.parent
CHANGELOG = "# Changelog\n\n## 1.3.0 (unreleased)\n\nFaster.\n\n- Twice.\n\n## 1.2.0\n\nThe first.\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout whose changelog is at 1.3.0, without a tag."""
    make_repository(tmp_path / "tree", {"CHANGELOG.md": CHANGELOG})
    return tmp_path / "tree"


def test_the_version_is_that_of_the_tag_and_without_one_the_changelogs(tree: Path) -> None:
    assert tree_version(tree) == "1.3.0"
    git(tree, "tag", "v1.3.0rc1")
    assert tree_version(tree) == "1.3.0rc1"


def test_of_two_tags_of_one_commit_the_later_version_counts_and_other_tags_do_not(tree: Path) -> None:
    for tag in ("v1.3.0rc2", "v1.3.0rc10", "v1.3.0rc9", "vienna", "2.0.0", "v9.x"):
        git(tree, "tag", tag)
    assert tree_version(tree) == "1.3.0rc10"


def test_a_tag_is_that_of_its_commit_alone(tree: Path) -> None:
    git(tree, "tag", "v1.2.0")
    add_commit(tree, {"more.txt": ""}, "More")
    assert tree_version(tree) == "1.3.0"


def test_a_shallow_clone_an_archive_and_a_machine_without_git_know_the_version(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_commit(tree, {"more.txt": ""}, "More")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tree}", "shallow")
    assert tree_version(tmp_path / "shallow") == "1.3.0"
    shutil.copytree(tree, tmp_path / "archive", ignore=shutil.ignore_patterns(".git"))
    assert tree_version(tmp_path / "archive") == "1.3.0"
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert tree_version(tree) == "1.3.0"


def test_tags_of_a_repository_around_the_tree_or_in_the_environment_are_not_ours(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tree, "tag", "v7.0.0")
    (tree / "vendored").mkdir()
    (tree / "vendored" / "CHANGELOG.md").write_text(CHANGELOG)
    assert tree_version(tree / "vendored") == "1.3.0"
    make_repository(tree / "vendored" / "own", {"CHANGELOG.md": CHANGELOG})
    monkeypatch.setenv("GIT_DIR", str(tree / ".git"))
    assert tree_version(tree / "vendored" / "own") == "1.3.0"


def test_a_changelog_without_a_section_is_told(tree: Path) -> None:
    (tree / "CHANGELOG.md").write_text("# Changelog\n\nNothing yet.\n")
    with pytest.raises(ValueError, match="no section"):
        tree_version(tree)


def test_the_notes_of_a_release_are_its_section(tree: Path) -> None:
    assert release_notes("v1.3.0rc1", tree) == "Faster.\n\n- Twice.\n"
    (tree / "CHANGELOG.md").write_text(CHANGELOG.replace(" (unreleased)", ""))
    assert release_notes("v1.3.0", tree) == "Faster.\n\n- Twice.\n"


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("v1.3.0", "says that 1.3.0 is unreleased"),
        ("v1.2.0", "newest section of CHANGELOG.md is that of 1.3.0"),
        ("v1.4.0rc1", "newest section of CHANGELOG.md is that of 1.3.0"),
        ("1.3.0", "no tag of a release"),
        ("vienna", "no tag of a release"),
    ],
)
def test_a_tag_that_the_changelog_does_not_tell_of_is_no_release(tree: Path, tag: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        release_notes(tag, tree)


def test_this_tree_has_a_version_and_what_is_installed_has_one() -> None:
    assert Version(tree_version()).release
    assert Version(importlib.metadata.version("c4trace")).release


def release(where: Path, tag: str) -> tuple[int, str]:
    """What the workflow's steps after the build end with, and the arguments that `gh` was given, if it was."""
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]["release"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert scripts[0] == "make dist"
    (where / "release").mkdir()
    shutil.copy(ROOT / "release" / "version.py", where / "release")
    for path, script in {
        ".venv/bin/python": f'exec {sys.executable} "$@"\n',
        "bin/gh": 'printf "%s\\n" "$@" > asked\n',
    }.items():
        (where / path).parent.mkdir(parents=True)
        (where / path).write_text(f"#!/bin/sh\n{script}")
        (where / path).chmod(0o755)
    env = {**os.environ, "GITHUB_REF_NAME": tag, "PATH": f"{where / 'bin'}:{os.environ['PATH']}"}
    for script in scripts[1:]:
        done = subprocess.run(["bash", "-e", "-c", script], cwd=where, env=env, check=False, capture_output=True)
        if done.returncode:
            return done.returncode, ""
    return 0, (where / "asked").read_text()


def built(where: Path, version: str) -> None:
    (where / "dist").mkdir()
    (where / "dist" / f"c4trace-{version}.tar.gz").touch()
    (where / "dist" / f"c4trace-{version}-py3-none-any.whl").touch()


@pytest.mark.slow
def test_the_workflow_releases_what_the_tag_says_with_the_changelogs_words(tree: Path) -> None:
    (tree / "CHANGELOG.md").write_text(CHANGELOG.replace(" (unreleased)", ""))
    built(tree, "1.3.0")
    status, asked = release(tree, "v1.3.0")
    assert status == 0
    words = asked.splitlines()
    assert words[:3] == ["release", "create", "v1.3.0"]
    assert {word for word in words if "dist/" in word} == {f"dist/{path.name}" for path in (tree / "dist").iterdir()}
    assert {"--verify-tag", "--prerelease=false", "c4trace 1.3.0"} <= set(words)
    assert (tree / "notes.md").read_text() == "Faster.\n\n- Twice.\n"


@pytest.mark.slow
def test_a_candidate_is_released_as_one(tree: Path) -> None:
    built(tree, "1.3.0rc1")
    assert "--prerelease=true" in release(tree, "v1.3.0rc1")[1].splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(("tag", "version"), [("v1.3.0", "1.3.0"), ("v1.3.0rc1", "1.3.0")])
def test_the_workflow_stops_where_changelog_tag_and_build_disagree(tree: Path, tag: str, version: str) -> None:
    built(tree, version)
    status, asked = release(tree, tag)
    assert status != 0
    assert asked == ""
