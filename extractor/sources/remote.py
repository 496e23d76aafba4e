"""Remote repositories: one commit at a time, into a bare cache repository of our own.

A fetch is shallow (one commit, no history) and leaves out blobs over a mebibyte: media and data, which hold no code.
Leaving out all blobs (`blob:none`) would be the slower way: nearly every small file is read, and git would then ask
the server for them in a second round. Servers that know no filters send everything. A commit that is already in the
cache costs one question (`ls-remote`), and with `offline` nothing at all.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractor.errors import SourceError
from extractor.sources.bare import empty_fetched, fetched_dir
from extractor.sources.command import FETCH_ENV, READ_ENV, run
from extractor.sources.local import GitDir, ref_names
from extractor.sources.spec import SourceSpec, shown

_BLOB_FILTER = "blob:limit=1m"
# A night's commits, and a release's: who looks further back has a clone of their own.
HISTORY = 300
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PLACES = ("{}", "refs/tags/{}", "refs/heads/{}", "refs/{}")

_LEFT_BEHIND = 20.0  # seconds after which a git whose parent was killed has ended, or has been killed as well
# Set for our own command only; the user's configuration (credentials, proxies, certificates) holds beside it.
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "transfer.bundleURI": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}


def cached_repository(spec: SourceSpec, cache_dir: Path) -> GitDir:
    """The bare repository in the cache that holds what was fetched of an address; made when it is not there.

    Raises SourceError when the cache directory cannot be written.
    """
    slug = re.sub(r"[^A-Za-z0-9]+", "-", shown(spec.url)).strip("-")[-60:]
    place = fetched_dir(cache_dir, f"{slug}-{_digest(spec.url)[:12]}.git").resolve()
    return GitDir(place, place)


def fetch_history(spec: SourceSpec, git_dir: GitDir, commit: str) -> None:
    """Bring up to HISTORY commits before one that is in the cache, to tell which of them wrote a line.

    Raises SourceError when the remote cannot be reached, or does not give them.
    """
    with _locked(git_dir.path):
        _fetch(spec, git_dir, commit, HISTORY)


def known_commit(git_dir: GitDir, ref: str) -> str | None:
    """The object id that a ref had when it was last fetched, or None. A full commit id is itself, once fetched."""
    held = ref_names(git_dir)
    return held.get(_kept_as(ref)) or held.get(f"refs/c4trace/commits/{ref}")


def fetch_commit(spec: SourceSpec, git_dir: GitDir) -> str:
    """Bring the commit that a ref means now into the cache: its object id.

    Raises SourceError when the remote cannot be reached, has no such ref (near matches are named), or refuses.
    """
    refs = remote_refs(spec, git_dir)
    wanted = next((refs[p.format(spec.ref)] for p in _PLACES if p.format(spec.ref) in refs), None)
    if wanted is None and _COMMIT.fullmatch(spec.ref):
        wanted = spec.ref
    if wanted is None or not _COMMIT.fullmatch(wanted):
        raise no_such_ref(spec, refs)
    with _locked(git_dir.path):
        kept = _ask(git_dir, "show-ref", "--quiet", "--verify", f"refs/c4trace/commits/{wanted}")
        if not _packs_fit(git_dir) or (kept and not _ask(git_dir, "rev-list", "--quiet", wanted)):
            empty_fetched(git_dir.path)  # the cache lost files
            kept = False
        if not kept:  # its ref is what a fetch writes last
            _fetch(spec, git_dir, wanted)
        run(["update-ref", _kept_as(spec.ref), wanted], _env(spec, git_dir))
    return wanted


def fetch_anew(spec: SourceSpec, git_dir: GitDir) -> str:
    """The same, after what the cache had of the address was thrown away: it cannot be read.

    Raises SourceError as `fetch_commit` does.
    """
    with _locked(git_dir.path):
        empty_fetched(git_dir.path)
    return fetch_commit(spec, git_dir)


def remote_refs(spec: SourceSpec, git_dir: GitDir) -> dict[str, str]:
    """Every ref that a remote shows, by its full name. Raises SourceError when it cannot be reached."""
    status, output, message = run(["ls-remote", "--quiet", "origin"], _env(spec, git_dir))
    if status != 0:
        raise SourceError(
            f"source {spec.name}: {shown(spec.url)} cannot be reached: {_reason(message)}",
            "check the address, the network and your git credentials, or use --offline with what is in the cache",
        )
    pairs = (line.split("\t", 1) for line in output.decode("utf-8", "replace").splitlines() if "\t" in line)
    return {name: held for held, name in pairs}


def no_such_ref(spec: SourceSpec, refs: Mapping[str, str]) -> SourceError:
    """The error for a ref that a repository does not have, with the names nearest to it."""
    import difflib

    names = {re.sub(r"^refs/(?:heads|tags|remotes/origin)/", "", name).removesuffix("^{}") for name in refs}
    near = difflib.get_close_matches(spec.ref, sorted(names), n=5, cutoff=0.5)
    remedy = f"did you mean {', '.join(near)}?" if near else "give a branch, a tag or a full commit id"
    return SourceError(f"source {spec.name}: {shown(spec.url)} has no ref {spec.ref!r}", remedy)


def _fetch(spec: SourceSpec, git_dir: GitDir, wanted: str, depth: int = 1) -> None:
    keep = f"{wanted}:refs/c4trace/commits/{wanted}"
    options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force"]
    thin = [f"--depth={depth}", f"--filter={_BLOB_FILTER}"]
    command = ["fetch", *options, *thin, "origin", keep]
    status, _, message = run(command, _env(spec, git_dir))
    if status != 0 and _left_locks(git_dir):
        _free(git_dir)
        status, _, message = run(command, _env(spec, git_dir))
    if status != 0 and _is_damaged(git_dir):
        empty_fetched(git_dir.path)
        status, _, message = run(command, _env(spec, git_dir))
    if status != 0:
        raise SourceError(
            f"source {spec.name}: {shown(spec.url)} did not give {spec.ref!r}: {_reason(message)}",
            "check that the ref exists and that you may read the repository",
        )


def _left_locks(git_dir: GitDir) -> list[Path]:
    """Git's own lock files in a repository that we hold: left by a git that was killed, or held by one that a killed
    run of ours has left behind and that is about to end."""
    return [path for path in git_dir.path.rglob("*.lock") if path.is_file()]


def _free(git_dir: GitDir) -> None:
    """Wait for a git that was left behind, then take away what locks remain: nobody can be holding them."""
    ends = time.monotonic() + _LEFT_BEHIND
    while (locks := _left_locks(git_dir)) and time.monotonic() < ends:
        if all(time.time() - _changed(path) > _LEFT_BEHIND for path in locks):
            break
        time.sleep(0.1)
    for path in locks:
        path.unlink(missing_ok=True)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it went away just now
        return 0.0


def _packs_fit(git_dir: GitDir) -> bool:
    """Whether each pack of a repository has its index, which ends with the sum that the pack ends with
    (https://git-scm.com/docs/gitformat-pack). As files over the filter's size are absent by right, git itself misses
    nothing."""
    files: dict[str, dict[str, Path]] = {}
    for path in (git_dir.path / "objects" / "pack").glob("pack-*"):
        files.setdefault(path.stem, {})[path.suffix] = path
    return all(_fits(name, *(parts.get(suffix) for suffix in (".pack", ".idx"))) for name, parts in files.items())


def _fits(name: str, pack: Path | None, index: Path | None) -> bool:
    size = len(name.removeprefix("pack-")) // 2
    if pack is None or index is None:
        return False
    with pack.open("rb") as one, index.open("rb") as other:
        ends = [file.seek(0, os.SEEK_END) for file in (one, other)]
        if ends[0] < size or ends[1] < 2 * size:
            return False
        one.seek(-size, os.SEEK_END)
        other.seek(-2 * size, os.SEEK_END)
        return one.read(size) == other.read(size)


def _is_damaged(git_dir: GitDir) -> bool:
    """Whether something is wrong with what was fetched before: a cache may have lost files. Takes seconds."""
    return not _ask(git_dir, "fsck", "--connectivity-only", "--no-dangling", "--no-progress")


def _ask(git_dir: GitDir, *command: str) -> bool:
    status, _, _ = run(
        command, {**READ_ENV, "GIT_DIR": str(git_dir.path), "GIT_SHALLOW_FILE": f"{git_dir.path}/shallow"}
    )
    return status == 0


def _env(spec: SourceSpec, git_dir: GitDir) -> dict[str, str]:
    """The fetch environment. The address goes in here, so a password in it is not seen in the list of processes."""
    settings = {"remote.origin.url": spec.url, **_SETTINGS}
    before = os.environ.get("GIT_CONFIG_COUNT", "0")
    first = int(before) if before.isdigit() else 0
    own = str(git_dir.path)
    env = {**FETCH_ENV, "GIT_DIR": own, "GIT_COMMON_DIR": own, "GIT_CONFIG_COUNT": str(first + len(settings))}
    env["GIT_OBJECT_DIRECTORY"] = str(git_dir.path / "objects")
    for at, (key, value) in enumerate(settings.items(), start=first):
        env[f"GIT_CONFIG_KEY_{at}"], env[f"GIT_CONFIG_VALUE_{at}"] = key, value
    return env


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold a repository of the cache for writing. The lock goes with the process, however it ends."""
    with place.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _kept_as(ref: str) -> str:
    """The name under which the cache keeps what a ref meant; hashed, as `a` and `a/b` cannot both be refs."""
    return f"refs/c4trace/names/{_digest(ref)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _reason(message: str) -> str:
    lines = [line.removeprefix("fatal: ").removeprefix("error: ") for line in message.splitlines() if line.strip()]
    return shown(lines[-1] if lines else "git gave no reason")[:300]
