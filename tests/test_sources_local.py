"""Repositories on this machine are read in place, at a commit, and whatever they hold stays inert."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from extractor.errors import SourceError
from extractor.model.graph import Skip
from extractor.sources import FileChange, SourceSpec, Tree, changed_paths, list_tags, open_source
from tests.git_repository import add_commit, git, make_repository


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    make_repository(tmp_path / "shop", {"a.py": "A = 1\n", "pkg/b.py": "B = 2\n"})
    return tmp_path / "shop"


def paths(tree: Tree) -> list[str]:
    return [entry.path for entry in tree.entries]


def content(tree: Tree, path: str) -> bytes | None:
    return tree.read(next(entry.blob for entry in tree.entries if entry.path == path))


def test_a_commit_is_read_whole(shop: Path, cache: Path) -> None:
    tree = open_source(SourceSpec("shop", str(shop)), cache)
    assert (tree.name, tree.url, tree.ref) == ("shop", str(shop), "HEAD")
    assert tree.commit == git(shop, "rev-parse", "HEAD")
    assert tree.committed == "2024-01-01T12:00:00+02:00"
    assert [(e.path, e.size, e.mode) for e in tree.entries] == [("a.py", 6, 0o100644), ("pkg/b.py", 6, 0o100644)]
    assert dict(tree.read_many(e.blob for e in tree.entries)) == {
        tree.entries[0].blob: b"A = 1\n",
        tree.entries[1].blob: b"B = 2\n",
    }
    assert tree.skipped == ()


def test_the_commit_is_read_and_not_the_work_tree(shop: Path, cache: Path) -> None:
    (shop / "a.py").write_text("not committed")
    assert content(open_source(SourceSpec("shop", str(shop)), cache), "a.py") == b"A = 1\n"


def test_every_form_of_a_local_address_gives_the_same_tree(shop: Path, cache: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(shop), "bare.git")
    git(shop, "worktree", "add", "--quiet", str(tmp_path / "linked"), "HEAD", "--detach")
    addresses = [str(shop), str(shop / ".git"), f"file://{shop}", str(tmp_path / "bare.git"), str(tmp_path / "linked")]
    trees = [open_source(SourceSpec("shop", address), cache) for address in addresses]
    assert {(tree.commit, tree.entries) for tree in trees} == {(trees[0].commit, trees[0].entries)}
    assert all(content(tree, "a.py") == b"A = 1\n" for tree in trees)


def test_a_ref_may_be_a_branch_a_tag_a_commit_or_a_branch_of_origin(shop: Path, cache: Path, tmp_path: Path) -> None:
    first = git(shop, "rev-parse", "HEAD")
    git(shop, "tag", "-a", "v1", "-m", "annotated")
    git(shop, "branch", "feature/one")
    add_commit(shop, {"c.py": ""}, "Second")
    for ref in ("v1", "feature/one", first, first[:9], "HEAD~1"):
        assert open_source(SourceSpec("shop", str(shop), ref), cache).commit == first, ref
    git(tmp_path, "clone", "--quiet", str(shop), "clone")
    assert open_source(SourceSpec("shop", str(tmp_path / "clone"), "feature/one"), cache).commit == first
    assert list_tags(SourceSpec("shop", str(shop)), cache) == ("v1",)


@pytest.mark.parametrize("ref", ["--upload-pack=x", "a..b", "main:a.py", "a b", "", "-", ":/First", "x\ny"])
def test_what_git_could_take_for_something_else_is_no_ref(shop: Path, cache: Path, ref: str) -> None:
    with pytest.raises(SourceError, match="is not a ref"):
        open_source(SourceSpec("shop", str(shop), ref), cache)


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c id",
        "fd::17",
        "-oProxyCommand=id",
        "git://example.org/x",
        "ssh://-oProxyCommand=id/x",
        "https:///x",
        "",
    ],
)
def test_an_address_that_runs_something_is_refused(cache: Path, url: str) -> None:
    with pytest.raises(SourceError, match="is not an address"):
        open_source(SourceSpec("shop", url), cache)


def test_an_absent_ref_names_its_neighbours(shop: Path, cache: Path) -> None:
    git(shop, "tag", "v1.10.0")
    with pytest.raises(SourceError, match=r"has no ref 'v1.10' \(did you mean v1.10.0"):
        open_source(SourceSpec("shop", str(shop), "v1.10"), cache)
    with pytest.raises(SourceError, match="give a branch, a tag"):
        open_source(SourceSpec("shop", str(shop), "zzzzzz"), cache)


def test_what_is_no_repository_says_what_to_do(shop: Path, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    git(tmp_path, "init", "--quiet", "empty")
    for where, words in {
        tmp_path / "nowhere": "there is no",
        tmp_path / "plain": "is a directory but no git repository .*git init",
        shop / "pkg": f"give the repository's root, {shop}",
        shop / "a.py": "is a file",
        tmp_path / "empty": "has no commit yet",
    }.items():
        with pytest.raises(SourceError, match=words):
            open_source(SourceSpec("shop", str(where)), cache)


def test_what_cannot_be_read_is_listed_with_its_reason(shop: Path, cache: Path, tmp_path: Path) -> None:
    (shop / "link.py").symlink_to("/etc/passwd")
    make_repository(shop / "sub", {"x.py": ""})
    (shop / os.fsdecode(b"caf\xe9.py")).write_text("E = 1\n")
    add_commit(shop, {"data.py": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"}, "Odd")
    blob = git(shop, "rev-parse", "HEAD:pkg/b.py")
    (shop / ".git/objects" / blob[:2] / blob[2:]).unlink()
    tree = open_source(SourceSpec("shop", str(shop)), cache)
    assert tree.skipped == (
        Skip("link.py", "a symbolic link, not followed"),
        Skip("pkg/b.py", "the object is missing (partial or filtered clone)"),
        Skip("sub", "a submodule: another repository"),
    )
    assert paths(tree) == ["a.py", "caf\\xe9.py", "data.py"]
    assert content(tree, "caf\\xe9.py") == b"E = 1\n"
    assert content(tree, "data.py") is None
    assert list(tree.reasons.values()) == ["a Git LFS pointer, not the file"]
    assert tree.read(blob) is None
    assert tree.reasons[blob] == "the object is missing (partial or filtered clone)"


def test_a_damaged_object_costs_only_itself(shop: Path, cache: Path) -> None:
    add_commit(shop, {"c.py": "C = 3\n" * 500}, "Third")
    tree = open_source(SourceSpec("shop", str(shop)), cache)
    blob = next(e.blob for e in tree.entries if e.path == "c.py")
    loose = shop / ".git/objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(loose.read_bytes()[:-20])
    got = dict(tree.read_many([tree.entries[0].blob, blob, tree.entries[2].blob]))
    assert got == {tree.entries[0].blob: b"A = 1\n", blob: None, tree.entries[2].blob: b"B = 2\n"}
    assert tree.reasons[blob] == "the object is damaged"


def test_a_tree_that_leads_out_of_the_repository_is_skipped(shop: Path, cache: Path) -> None:
    blob = git(shop, "rev-parse", "HEAD:a.py")
    raw = bytes.fromhex(blob)
    inner = git(shop, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=b"100644 x.py\0" + raw)
    top = b"40000 ..\0" + bytes.fromhex(inner) + b"100644 a.py\0" + raw
    tree_id = git(shop, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=top)
    commit = git(shop, "commit-tree", tree_id, "-m", "hostile")
    tree = open_source(SourceSpec("shop", str(shop), commit), cache)
    assert paths(tree) == ["a.py"]
    assert tree.skipped == (Skip("../x.py", "a path that leads out of the repository"),)


def test_nothing_of_the_repository_runs(shop: Path, cache: Path, tmp_path: Path) -> None:
    trap, mark = tmp_path / "trap", tmp_path / "ran"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\n")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    settings = ("core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "diff.external", "filter.x.smudge")
    for name in (
        *settings,
        "filter.x.process",
        "diff.x.textconv",
        "diff.x.command",
        "credential.helper",
        "gpg.program",
    ):
        git(shop, "config", name, str(trap))
    git(shop, "config", "core.hooksPath", str(tmp_path))
    git(shop, "config", "log.showSignature", "true")
    # A partial clone whose missing objects would be fetched through a command.
    git(shop, "config", "remote.origin.url", f"ext::{trap}")
    git(shop, "config", "remote.origin.promisor", "true")
    git(shop, "config", "extensions.partialClone", "origin")
    git(shop, "config", "core.repositoryFormatVersion", "1")
    git(shop, "config", "protocol.ext.allow", "always")
    first = git(shop, "rev-parse", "HEAD")
    git(shop, "-c", "core.fsmonitor=false", "update-index", "--refresh")
    (shop / ".gitattributes").write_text("* filter=x diff=x\n")
    mark.unlink(missing_ok=True)
    missing = git(shop, "rev-parse", "HEAD:pkg/b.py")
    (shop / ".git/objects" / missing[:2] / missing[2:]).unlink()
    tree = open_source(SourceSpec("shop", str(shop)), cache)
    assert content(tree, "a.py") == b"A = 1\n"
    assert tree.read(missing) is None
    tree.commits_touching("a.py", first)
    assert not mark.exists()


def test_a_repository_of_another_owner_and_a_callers_git_variables_do_not_matter(
    shop: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path / "other", {"z.py": ""})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert paths(open_source(SourceSpec("shop", str(shop)), cache)) == ["a.py", "pkg/b.py"]


def test_replaced_objects_are_not_honoured(shop: Path, cache: Path) -> None:
    before = git(shop, "rev-parse", "HEAD:a.py")
    git(shop, "replace", before, git(shop, "rev-parse", "HEAD:pkg/b.py"))
    assert content(open_source(SourceSpec("shop", str(shop)), cache), "a.py") == b"A = 1\n"


def test_a_sha256_repository_is_read(cache: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "new")
    commit = add_commit(tmp_path / "new", {"a.py": "A = 1\n"}, "First")
    tree = open_source(SourceSpec("new", str(tmp_path / "new")), cache)
    assert (tree.commit, len(commit)) == (commit, 64)
    assert content(tree, "a.py") == b"A = 1\n"


def test_what_changed_between_two_commits_and_who_did_it(shop: Path, cache: Path) -> None:
    first = git(shop, "rev-parse", "HEAD")
    add_commit(shop, {"a.py": "A = 2\n"}, "Change a", day=2)
    last = add_commit(shop, {"new.py": "N = 1\n"}, "Add new", day=3)
    base, head = (open_source(SourceSpec("shop", str(shop), ref), cache) for ref in (first, last))
    changes = changed_paths(base, head)
    blob = {e.path: e.blob for e in head.entries}
    assert changes == (
        FileChange("a.py", base.entries[0].blob, blob["a.py"]),
        FileChange("new.py", None, blob["new.py"]),
    )
    (note,) = head.commits_touching("a.py", first)
    assert (note.date, note.subject) == ("2024-01-02T12:00:00+02:00", "Change a")
    assert head.commits_touching("pkg/b.py", first) == ()
    assert head.commits_touching(":(top)a.py", first) == ()


def test_a_shallow_clone_blames_no_commit_for_files_it_did_not_touch(shop: Path, cache: Path, tmp_path: Path) -> None:
    first = git(shop, "rev-parse", "HEAD")
    for day in (2, 3):
        add_commit(shop, {"a.py": f"A = {day}\n"}, f"Day {day}", day=day)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{shop}", "shallow")
    tree = open_source(SourceSpec("shop", str(tmp_path / "shallow")), cache)
    assert content(tree, "a.py") == b"A = 3\n"
    assert tree.commits_touching("pkg/b.py", first) == ()


def test_the_web_template_comes_from_the_estate_the_address_or_the_clones_origin(shop: Path, cache: Path) -> None:
    spec = SourceSpec("shop", str(shop), web="https://code.example.org/{commit}/{path}#{line}-{end_line}")
    assert open_source(spec, cache).web == spec.web
    assert open_source(SourceSpec("shop", str(shop)), cache).web is None
    git(shop, "remote", "add", "origin", "git@github.com:acme/shop.git")
    web = open_source(SourceSpec("shop", str(shop)), cache).web
    assert web == "https://github.com/acme/shop/blob/{commit}/{path}#L{line}-L{end_line}"
