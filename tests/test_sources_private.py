"""The cache directory is the user's alone: made so, and refused where somebody else could have written to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from c4trace.cli import main
from extractor.errors import UserError
from extractor.files.cache import FileCache
from extractor.sources import private_directory
from tests.git_repository import add_commit, git, make_repository


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_directory_that_is_not_there_is_made_for_the_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert private_directory(tmp_path / "deep" / "cache") == tmp_path / "deep" / "cache"
    finally:
        os.umask(before)
    assert mode(tmp_path / "deep" / "cache") == 0o700


def test_nothing_in_a_cache_is_open_to_others_whatever_the_umask_is(tmp_path: Path) -> None:
    make_repository(
        tmp_path / "shop", {"shop/tasks.py": "from celery import shared_task\n\n@shared_task\ndef a(): ...\n"}
    )
    (tmp_path / "cache").mkdir(0o755)
    (tmp_path / "cache" / "of the user").touch()
    scan = ["scan", "--offline", "--source", f"shop={tmp_path / 'shop'}", "--out", str(tmp_path / "out")]
    before = os.umask(0)
    try:
        assert [main([*scan, "--cache-dir", str(tmp_path / "cache")]) for _time in range(2)] == [0, 0]
    finally:
        os.umask(before)
    ours = [path for path in (tmp_path / "cache").iterdir() if path.name != "of the user"]
    assert {path.name for path in ours} >= {"facts", "layouts", "neutral", "summaries.sqlite"}
    assert {path.name: mode(path) for path in ours if mode(path) & 0o077} == {}


def test_an_older_cache_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir()
    (tmp_path / "summaries.sqlite-wal").touch()
    tmp_path.chmod(0o755)
    private_directory(tmp_path)
    assert mode(tmp_path) == 0o700


def test_a_directory_that_holds_more_than_a_cache_stays_open(tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir(0o755)
    (tmp_path / "readme").touch(0o644)
    tmp_path.chmod(0o755)
    private_directory(tmp_path)
    assert mode(tmp_path) == 0o755


def test_an_older_cache_that_cannot_be_changed_is_read_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object, **_more: object) -> None:
        raise OSError("read-only")

    (tmp_path / "cache" / "layouts").mkdir(parents=True)
    (tmp_path / "cache").chmod(0o755)
    kept = FileCache(tmp_path / "cache" / "layouts", 9)
    kept.put("a", b"body")
    monkeypatch.setattr(Path, "chmod", refuse)
    monkeypatch.setattr(os, "utime", refuse)
    private_directory(tmp_path / "cache")
    assert kept.get("a") == b"body"


@pytest.mark.parametrize("bits", [0o777, 0o1777, 0o770, 0o775, 0o720, 0o702])
@pytest.mark.parametrize("inside", ["", "facts", "summaries.sqlite"])
def test_a_directory_that_others_can_write_to_is_refused(tmp_path: Path, bits: int, inside: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(0o755)
    (cache / "facts").mkdir()
    (cache / "summaries.sqlite").touch()
    (cache / inside).chmod(bits)
    with pytest.raises(UserError, match=r"others can write to .*chmod -R go-w .*--cache-dir"):
        private_directory(cache)
    cache.chmod(0o700)
    if inside:  # nobody but the user gets there
        private_directory(cache)


def test_a_directory_of_another_user_is_refused_and_one_of_root_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, real = tmp_path / "cache", os.lstat
    cache.mkdir(0o700)
    for owner, us, taken in ((4321, 4321, True), (0, 4321, True), (4321, 1234, False), (4321, 0, False)):

        def owned(self: Path, *, follow_symlinks: bool = True, owner: int = owner) -> os.stat_result:
            found = real(self)
            return os.stat_result((*found[:4], owner, *found[5:]))

        with monkeypatch.context() as patch:
            patch.setattr(os, "geteuid", lambda us=us: us)
            patch.setattr(Path, "lstat", owned)
            if taken:
                private_directory(cache)
            else:
                with pytest.raises(UserError, match=r"belongs to another user \(id 4321\)"):
                    private_directory(cache)


def test_a_link_is_followed_and_both_ends_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(0o755)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    private_directory(tmp_path / "link")
    assert mode(tmp_path / "real") == 0o700
    (tmp_path / "real").chmod(0o777)
    with pytest.raises(UserError, match="others can write"):
        private_directory(tmp_path / "link")


def test_a_file_in_its_place_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(UserError, match=r"cannot be used: .*name another with --cache-dir"):
        private_directory(tmp_path / "cache")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    make_repository(tmp_path / "shop", {"shop.py": "", ".cache-notes": "", "docs/.cache/x": ""})
    return tmp_path / "shop"


def refused(cache: Path) -> None:
    with pytest.raises(UserError, match=r"holds files that git tracks in .*--cache-dir"):
        private_directory(cache)


def test_a_cache_that_is_committed_is_refused(shop: Path, tmp_path: Path) -> None:
    private_directory(shop / ".cache")  # inside, and not tracked
    add_commit(shop, {".cache/facts/a": "planted"}, "Hidden", 2)
    refused(shop / ".cache")
    refused(shop / "docs" / ".." / ".cache")
    refused(shop / ".cache" / "facts")
    refused(shop)
    (tmp_path / "link").symlink_to(shop / ".cache")
    refused(tmp_path / "link")
    git(shop, "worktree", "add", "--quiet", str(tmp_path / "linked"), "--detach")
    refused(tmp_path / "linked" / ".cache")
    private_directory(shop / ".cache-other")
    private_directory(tmp_path / "outside")
    assert not list((tmp_path / "outside").iterdir())


def test_a_cache_that_is_staged_or_whose_files_are_gone_again_is_refused(shop: Path) -> None:
    private_directory(shop / ".cache")
    (shop / ".cache" / "x").touch()
    git(shop, "add", "--force", ".cache/x")
    refused(shop / ".cache")
    git(shop, "rm", "--quiet", "--cached", ".cache/x")
    private_directory(shop / ".cache")
    add_commit(shop, {}, "Back", 2)
    git(shop, "rm", "--quiet", "--cached", ".cache/x")
    refused(shop / ".cache")  # the commit still has it


def test_a_cache_that_is_a_submodule_is_refused(shop: Path, tmp_path: Path) -> None:
    make_repository(tmp_path / "evil", {"facts/a": "planted"})
    git(shop, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "evil"), ".cache")
    refused(shop / ".cache")
    refused(shop / ".cache" / "facts")


def test_a_hook_s_variables_do_not_hide_what_is_tracked(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_commit(shop, {".cache/facts/a": "planted"}, "Hidden", 2)
    make_repository(shop.parent / "other", {"z.py": ""})
    monkeypatch.setenv("GIT_DIR", str(shop.parent / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(shop.parent / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(shop.parent / "other" / ".git" / "index"))
    refused(shop / ".cache")


@pytest.mark.parametrize(
    "command",
    [
        ["scan", "--source", "shop=shop", "--out", "out"],
        ["diff", "shop@HEAD..HEAD", "--source", "shop=shop"],
        ["gate", "shop@HEAD..HEAD", "--estate", "estate.yaml"],
        ["nightly", "--source", "shop=shop", "--config", "nightly.yaml", "--estate", "estate.yaml"],
    ],
    ids=lambda command: command[0],
)
def test_each_command_that_reads_the_cache_refuses_one_that_is_not_safe(
    command: list[str], shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nightly.yaml").write_text("state: state\nout: out\n")
    estate = "title: Acme\nsystems:\n  shop: {name: Shop, repository: shop}\npolicy: {forbid: {new-cycles: true}}\n"
    (tmp_path / "estate.yaml").write_text(estate)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    assert main([*command, "--cache-dir", "cache"]) == 2
    told = capsys.readouterr().err.strip()
    assert "the cache directory is not safe: others can write to cache" in told
    assert len(told.splitlines()) == 1
    assert list((tmp_path / "cache").iterdir()) == []
