"""Git directories of our own are what they were made as, and git starts no program that a file or a variable names."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from extractor.errors import SourceError
from extractor.sources import SourceSpec, Tree, open_source
from extractor.sources.bare import fetched_dir, neutral_dir
from extractor.sources.blame import introduced_by, removed_by
from extractor.sources.command import run
from extractor.sources.store import span
from tests.git_repository import add_commit, git, make_repository

COMMAND_KEYS = ("textconv", "command")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that tells of itself: it makes the file `ran` beside it."""
    (tmp_path / "trap").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    (tmp_path / "trap").chmod(0o755)
    return tmp_path / "trap"


def contents(place: Path) -> dict[str, bytes | str | None]:
    """Everything below a directory: files with their bytes, links with where they lead, folders."""

    def one(path: Path) -> bytes | str | None:
        return os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None

    return {str(path.relative_to(place)): one(path) for path in sorted(place.rglob("*"))}


def planted(name: str, text: str = "x") -> Callable[[Path], None]:
    def plant(place: Path) -> None:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)

    return plant


def in_place_of(name: str) -> Callable[[Path], None]:
    """A folder where a file was."""

    def plant(place: Path) -> None:
        (place / name).unlink()
        (place / name / "inside").mkdir(parents=True)

    return plant


def linked(name: str) -> Callable[[Path], None]:
    """A link to something of the user's, in place of what was there."""

    def plant(place: Path) -> None:
        target = place.parent.parent.parent / "precious"
        shutil.rmtree(place / name) if (place / name).is_dir() else (place / name).unlink()
        (place / name).symlink_to(target if name != "config" else target / "file")

    return plant


@pytest.mark.parametrize(
    "plant",
    [
        planted("config", "[core]\n\tbare = true\n\tpager = x\n"),
        planted("HEAD", "ref: refs/heads/main\n"),
        planted("info/attributes", "* diff=x\n"),
        planted("hooks/reference-transaction"),
        planted("commondir", "/elsewhere\n"),
        planted("config.worktree"),
        planted("packed-refs", "0" * 40 + " refs/heads/x\n"),
        planted("refs/heads/abcd", "0" * 40 + "\n"),
        planted("refs/replace/x"),
        planted("objects/info/alternates", "/elsewhere\n"),
        planted("objects/ab/cdef"),
        planted("shallow"),
        in_place_of("config"),
        in_place_of("HEAD"),
        linked("config"),
        linked("objects"),
        linked("refs/heads"),
        linked("."),
    ],
)
@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_what_was_planted_in_the_neutral_directory_is_gone(
    tmp_path: Path, kind: str, plant: Callable[[Path], None]
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("mine")
    fresh = contents(neutral_dir(tmp_path / "other", kind))
    place = neutral_dir(tmp_path / "cache", kind)
    assert contents(place) == fresh
    plant(place)
    assert contents(place) != fresh or place.is_symlink()
    assert contents(neutral_dir(tmp_path / "cache", kind)) == fresh
    assert not place.is_symlink()
    assert contents(tmp_path / "precious") == {"file": b"mine"}


def test_a_cache_that_lost_any_of_its_parts_heals(tmp_path: Path) -> None:
    place = neutral_dir(tmp_path, "sha1")
    fresh = contents(place)
    for lost in itertools.chain.from_iterable(itertools.combinations(fresh, count) for count in range(len(fresh) + 1)):
        for name in lost:
            path = place / name
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        assert contents(neutral_dir(tmp_path, "sha1")) == fresh, lost


def test_what_was_fetched_stays_and_what_git_did_not_write_goes(tmp_path: Path) -> None:
    place = fetched_dir(tmp_path, "shop.git")
    for name in ("shallow", "shallow_a1b2", "shallow.lock", "packed-refs", "packed-refs.new", "refs/c4trace/x"):
        planted(name)(place)
    planted("objects/pack/pack-1.pack")(place)
    kept = contents(place)
    for name in ("hooks/post-checkout", "info/attributes", "commondir", "config.worktree", "objects/info/alternates"):
        planted(name)(place)
    planted("config", '[core]\n\tsshCommand = x\n[remote "origin"]\n\turl = ext::x\n\tuploadpack = x\n')(place)
    assert contents(fetched_dir(tmp_path, "shop.git")) == kept


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SourceError, match=r"cannot be written \(name another with --cache-dir\)"):
        neutral_dir(tmp_path / "file", "sha1")


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, str, str]:
    first = make_repository(tmp_path / "shop", {"a.py": "one\ntwo\n", ".gitattributes": "* diff=x\n"})
    return tmp_path / "shop", first, add_commit(tmp_path / "shop", {"a.py": "one\nthree\n"}, "Second", 2)


def ask_all(repository: Path, first: str, cache: Path) -> None:
    """Every question that is put to git, of a source on this machine."""
    base, head = (open_source(SourceSpec("shop", str(repository), ref), cache) for ref in (first, "main"))
    assert [entry.path for entry in head.entries] == [".gitattributes", "a.py"]
    assert [note.subject for note in head.commits_touching("a.py", first)] == ["Second"]
    found = introduced_by(base, head, "a.py", 2, 2), removed_by(base, head, "a.py", 2)
    assert [note.subject if note else None for note in found] == ["Second", "Second"]


def test_no_program_of_the_source_its_cache_the_user_or_a_hook_takes_part(
    history: tuple[Path, str, str], trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, first, _last = history
    keys = {f"diff.x.{key}": str(trap) for key in COMMAND_KEYS} | {
        "core.fsmonitor": str(trap),
        "core.pager": str(trap),
        "diff.external": str(trap),
        "core.attributesFile": str(tmp_path / "attributes"),
    }
    (tmp_path / "attributes").write_text("* diff=x\n")
    settings = "".join(f'[diff "x"]\n\t{key} = {trap}\n' for key in COMMAND_KEYS)
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "attributes").write_text("* diff=x\n")
    with (repository / ".git" / "config").open("a") as config:
        config.write(settings)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(f"[core]\n\tattributesFile = {tmp_path}/attributes\n{settings}")
    cache = tmp_path / "cache"
    place = neutral_dir(cache, "sha1")
    planted("info/attributes", "* diff=x\n")(place)
    planted("config", f"[core]\n\tbare = true\n{settings}")(place)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(keys)))
    for at, (key, value) in enumerate(keys.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{at}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{at}", value)
    ask_all(repository, first, cache)
    assert not (tmp_path / "ran").exists()


def test_each_comparison_says_that_no_program_takes_part(
    history: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    ask_all(history[0], history[1], tmp_path / "cache")
    commands = [line.partition("built-in: git ")[2] for line in (tmp_path / "trace").read_text().splitlines()]
    compared = [one for one in commands if one.split(" ")[0] in ("log", "blame", "diff", "show", "diff-tree")]
    assert sorted(one.split(" ")[0] for one in compared) == ["blame", "log", "log"]
    assert all("--no-textconv --no-ext-diff" in one for one in compared)


def test_what_is_read_knows_no_settings_but_those_of_the_neutral_directory(
    history: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitconfig").write_text("[a]\n\tb = global\n")
    for name, value in {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_CONFIG_SYSTEM": str(tmp_path / "gitconfig"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "a.b",
        "GIT_CONFIG_VALUE_0": "counted",
        "GIT_CONFIG_PARAMETERS": "'a.c=parameter'",
    }.items():
        monkeypatch.setenv(name, value)
    store = open_source(SourceSpec("shop", str(history[0])), tmp_path / "cache").store
    status, output, _ = run(["config", "--list"], store.env())
    assert (status, output.decode().splitlines()) == (
        0,
        [
            "core.repositoryformatversion=0",
            "core.bare=true",
            "core.attributesfile=/dev/null",
            "core.excludesfile=/dev/null",
            "core.hookspath=/dev/null",
            "core.commitgraph=false",
        ],
    )


def test_variables_that_a_hook_has_set_lend_nothing_to_what_is_read(
    history: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, first, last = history
    other = tmp_path / "other"
    make_repository(other, {"z.py": "Z = 1\n"})
    (tmp_path / "grafts").write_text(f"{last}\n")  # as if it had no parent
    (tmp_path / "shallow").write_text(f"{last}\n")
    for name, value in {
        "GIT_DIR": other / ".git",
        "GIT_COMMON_DIR": other / ".git",
        "GIT_WORK_TREE": other,
        "GIT_INDEX_FILE": other / ".git" / "index",
        "GIT_OBJECT_DIRECTORY": other / ".git" / "objects",
        "GIT_GRAFT_FILE": tmp_path / "grafts",
        "GIT_SHALLOW_FILE": tmp_path / "shallow",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": other / ".git" / "objects",
    }.items():
        monkeypatch.setenv(name, str(value))
    ask_all(repository, first, tmp_path / "cache")
    theirs = git(other, "rev-parse", "HEAD:z.py", GIT_DIR=str(other / ".git"))
    assert open_source(SourceSpec("shop", str(repository)), tmp_path / "cache").read(theirs) is None


@pytest.mark.parametrize("name", ["--output=x", "HEAD", "main", "", "a" * 39, "A" * 40, "a" * 40 + "\n", "a" * 41])
def test_a_range_is_made_of_full_ids_alone(name: str) -> None:
    whole = "a" * 40
    assert span(whole, "b" * 64) == f"{whole}..{'b' * 64}"
    for ends in ((name, whole), (whole, name)):
        with pytest.raises(ValueError, match="full id"):
            span(*ends)


@pytest.mark.parametrize("line", ["x = 'a\0b'", "x = '" + "a" * 200_000 + "'"], ids=["a zero byte", "a long line"])
def test_a_line_that_no_argument_can_hold_was_taken_away_by_nobody_known(tmp_path: Path, line: str) -> None:
    first = make_repository(tmp_path / "shop", {"a.py": f"{line}\n"})
    last = add_commit(tmp_path / "shop", {"a.py": "\n"}, "Second", 2)
    base, head = (_open(tmp_path, ref) for ref in (first, last))
    assert removed_by(base, head, "a.py", 1) is None


def _open(where: Path, ref: str) -> Tree:
    return open_source(SourceSpec("shop", str(where / "shop"), ref), where / "cache")


def test_a_planted_configuration_takes_no_part_in_a_fetch(
    trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path / "shop", {"a.py": "A = 1\n"})
    git(tmp_path / "shop", "config", "uploadpack.allowAnySHA1InWant", "true")
    client = tmp_path / "ssh"
    client.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    client.chmod(0o755)
    # The user's own configuration is what says how to reach a server.
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(f"[core]\n\tsshCommand = {client}\n[ssh]\n\tvariant = ssh\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    spec, cache = SourceSpec("shop", f"ssh://git@example.org{tmp_path / 'shop'}", "main"), tmp_path / "cache"
    first = open_source(spec, cache)
    (clone,) = (cache / "repositories").glob("*.git")
    for name in ("hooks/post-fetch", "hooks/reference-transaction", "info/attributes"):
        planted(name, trap.read_text())(clone)
        (clone / name).chmod(0o755)
    planted(
        "config",
        f"""[core]
    repositoryFormatVersion = 0
    bare = true
    sshCommand = {trap}
    fsmonitor = {trap}
    hooksPath = {clone}/hooks
    gitProxy = {trap}
[credential]
    helper = !{trap}
[remote "origin"]
    url = ext::{trap}
    uploadpack = {trap}
    vcs = ext
[protocol]
    allow = always
""",
    )(clone)
    second = add_commit(tmp_path / "shop", {"b.py": ""}, "Second", 2)
    assert first.commit != open_source(spec, cache).commit == second
    assert not (tmp_path / "ran").exists()
