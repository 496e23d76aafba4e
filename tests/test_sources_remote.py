"""Remote repositories are fetched into the cache: one commit, without history, and again only when it moved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from extractor.errors import SourceError
from extractor.sources import SourceSpec, list_tags, open_source, shown, web_template
from tests.git_repository import add_commit, git, make_repository


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository behind ssh; the ssh client is a script that notes each connection and serves from this machine."""
    make_repository(tmp_path / "shop", {"a.py": "A = 1\n", "big.bin": bytes(range(256)) * 8192})
    git(tmp_path / "shop", "config", "uploadpack.allowFilter", "true")
    git(tmp_path / "shop", "config", "uploadpack.allowAnySHA1InWant", "true")
    client = tmp_path / "ssh"
    client.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/connections\nfor last; do :; done\nexec sh -c "$last"\n')
    client.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(client))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    return tmp_path / "shop"


def connections(tmp_path: Path) -> int:
    log = tmp_path / "connections"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_one_commit_is_fetched_without_history_and_without_large_files(
    served: Path, cache: Path, tmp_path: Path
) -> None:
    add_commit(served, {"b.py": "B = 2\n"}, "Second", day=2)
    tree = open_source(SourceSpec("shop", f"ssh://git@example.org{served}", "main"), cache)
    assert tree.commit == git(served, "rev-parse", "HEAD")
    assert [e.path for e in tree.entries] == ["a.py", "b.py"]
    assert [(s.path, s.reason) for s in tree.skipped] == [
        ("big.bin", "the object is missing (partial or filtered clone)")
    ]
    assert [content for _, content in tree.read_many(e.blob for e in tree.entries)] == [b"A = 1\n", b"B = 2\n"]
    (clone,) = (cache / "repositories").glob("*.git")
    assert git(clone, "rev-list", "--all", "--count") == "1"
    assert (clone / "shallow").read_text().split() == [tree.commit]


def test_a_second_run_only_asks_and_a_moved_branch_is_fetched(served: Path, cache: Path, tmp_path: Path) -> None:
    spec = SourceSpec("shop", f"git@example.org:{served}")
    first = open_source(spec, cache)
    at_first = connections(tmp_path)
    assert open_source(spec, cache) == first
    assert connections(tmp_path) == at_first + 1
    second = add_commit(served, {"a.py": "A = 2\n"}, "Second", day=2)
    assert open_source(spec, cache).commit == second
    # What an earlier night read can still be read.
    assert open_source(SourceSpec("shop", spec.url, first.commit), cache).entries == first.entries


def test_offline_uses_what_was_fetched_and_nothing_else(served: Path, cache: Path, tmp_path: Path) -> None:
    spec = SourceSpec("shop", f"ssh://example.org{served}", "main")
    with pytest.raises(SourceError, match=r"not in the cache .*without --offline"):
        open_source(spec, cache, offline=True)
    assert connections(tmp_path) == 0
    fetched = open_source(spec, cache)
    before = connections(tmp_path)
    assert open_source(spec, cache, offline=True) == fetched
    assert connections(tmp_path) == before


def test_tags_and_near_matches_come_from_the_remote(served: Path, cache: Path) -> None:
    git(served, "tag", "v2.0.1")
    git(served, "tag", "-a", "v2.0.2", "-m", "annotated")
    spec = SourceSpec("shop", f"ssh://example.org{served}", "v2.0.3")
    assert list_tags(spec, cache) == ("v2.0.1", "v2.0.2")
    with pytest.raises(SourceError, match=r"has no ref 'v2.0.3' \(did you mean v2.0"):
        open_source(spec, cache)
    tagged = open_source(SourceSpec("shop", spec.url, "v2.0.2"), cache)
    assert tagged.commit == git(served, "rev-parse", "HEAD")


def test_a_remote_that_cannot_be_reached_keeps_the_cache_and_hides_the_password(cache: Path) -> None:
    spec = SourceSpec("shop", "https://ada:s3cret@127.0.0.1:9/acme/shop.git")
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        open_source(spec, cache)
    assert "s3cret" not in str(caught.value)
    assert not any("s3cret" in file.read_text("latin-1") for file in cache.rglob("*") if file.is_file())
    assert not any("s3cret" in str(file) for file in cache.rglob("*"))


@pytest.mark.slow
def test_two_runs_at_once_do_not_harm_each_other(served: Path, cache: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from extractor.sources import SourceSpec, open_source;"
        "t = open_source(SourceSpec('shop', sys.argv[1]), Path(sys.argv[2]));"
        "print([c for _, c in t.read_many(e.blob for e in t.entries)])"
    )
    arguments = [sys.executable, "-c", program, f"ssh://example.org{served}", str(cache)]
    both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for run in both:
        output, message = run.communicate()
        assert output == b"[b'A = 1\\n']\n", message


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("https://github.com/acme/shop", "https://github.com/acme/shop/blob/{commit}/{path}#L{line}-L{end_line}"),
        (
            "https://u:p@github.com/acme/shop.git",
            "https://github.com/acme/shop/blob/{commit}/{path}#L{line}-L{end_line}",
        ),
        (
            "ssh://git@gitlab.example.org/a/b/c.git",
            "https://gitlab.example.org/a/b/c/-/blob/{commit}/{path}#L{line}-{end_line}",
        ),
        (
            "git@bitbucket.org:acme/shop.git",
            "https://bitbucket.org/acme/shop/src/{commit}/{path}#lines-{line}:{end_line}",
        ),
        ("https://code.example.org/acme/shop", None),
        ("/srv/git/github.com/shop", None),
        ("git@github.com:acme/{evil}", None),
    ],
)
def test_well_known_hosts_give_a_web_template(url: str, template: str | None) -> None:
    assert web_template(url) == template


def test_addresses_are_shown_without_credentials() -> None:
    assert shown("cannot read https://ada:pw@example.org/x and http://tok@h/y") == (
        "cannot read https://example.org/x and http://h/y"
    )
    assert shown("git@example.org:a/b") == "git@example.org:a/b"


@pytest.mark.parametrize("age", [3600, 0], ids=["left by a git that was killed", "held by a git that is about to end"])
def test_a_lock_of_gits_own_is_waited_for_and_then_taken_away(
    served: Path, cache: Path, age: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SourceSpec("shop", f"ssh://example.org{served}", "main")
    open_source(spec, cache)
    (clone,) = (cache / "repositories").glob("*.git")
    lock = clone / "shallow.lock"
    lock.touch()
    if age:
        os.utime(lock, (time.time() - age,) * 2)
    else:
        monkeypatch.setattr(time, "sleep", lambda seconds: lock.unlink())  # it ends while we wait
    second = add_commit(served, {"a.py": "A = 2\n"}, "Second", day=2)
    assert open_source(spec, cache).commit == second
    assert not lock.exists()


def _lost(path: Path) -> None:
    path.unlink()


def _emptied(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"")


def _garbled(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(bytes(byte ^ 0x55 for byte in path.read_bytes()))


@pytest.mark.slow
@pytest.mark.parametrize("damage", [_lost, _emptied, _garbled])
def test_a_clone_in_the_cache_that_lost_a_file_is_fetched_again(
    served: Path, cache: Path, damage: Callable[[Path], None]
) -> None:
    add_commit(served, {"pkg/b.py": "B = 2\n"}, "Second", day=2)
    spec = SourceSpec("shop", f"ssh://example.org{served}", "main")
    whole = open_source(spec, cache)
    content = dict(whole.read_many(entry.blob for entry in whole.entries))
    assert None not in content.values()
    (clone,) = (cache / "repositories").glob("*.git")
    shutil.copytree(clone, cache / "kept")
    names = sorted(path.relative_to(clone) for path in clone.rglob("*") if path.is_file())
    assert {name.suffix for name in names} >= {".pack", ".idx", ".promisor"}
    for name in names:
        damage(clone / name)
        again = open_source(spec, cache)
        assert (again, dict(again.read_many(entry.blob for entry in again.entries))) == (whole, content), name
        shutil.rmtree(clone)
        shutil.copytree(cache / "kept", clone)
