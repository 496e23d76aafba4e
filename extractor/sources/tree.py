"""A commit of a source, opened: its files, their content, and what differs from another commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from extractor.errors import SourceError
from extractor.model.graph import Skip
from extractor.sources.local import GitDir, find_git_dir, origin_web, ref_names, resolve_ref
from extractor.sources.remote import (
    cached_repository,
    fetch_anew,
    fetch_commit,
    fetch_history,
    known_commit,
    no_such_ref,
    remote_refs,
)
from extractor.sources.spec import SourceSpec, check_ref, local_path, shown, web_template
from extractor.sources.store import (
    BROKEN,
    CLONE_FAULTS,
    DAMAGED,
    MAX_BYTES,
    MISSING,
    CommitNote,
    ObjectStore,
    open_store,
)

DIED = "each process that read it died"
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_MODE_LINK, _MODE_SUBMODULE = 0o120000, 0o160000


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file of a commit. A path that is not UTF-8 has its odd bytes written as `\\xNN`. `size` is in bytes."""

    path: str
    blob: str
    size: int
    mode: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that differs between two commits: blob ids before and after (None where it is not there)."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Tree:
    """A source at a commit. `committed` is ISO 8601; `entries` are sorted by path; `skipped` is what cannot be read.

    `reasons` fills while blobs are read: blob id to why its content was not given, or not understood.
    """

    name: str
    url: str
    ref: str
    commit: str
    committed: str
    web: str | None
    entries: tuple[TreeEntry, ...]
    skipped: tuple[Skip, ...]
    store: ObjectStore = field(repr=False)
    reasons: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def read(self, blob: str) -> bytes | None:
        """The content of a blob, or None when it is not there or is a pointer (`reasons` then says why)."""
        return next((content for _, content in self.read_many((blob,))), None)

    def whole(self) -> bool:
        """Whether all that was read of it so far was there, and was what its id says, and nothing died of it."""
        return (CLONE_FAULTS | {DIED}).isdisjoint(self.reasons.values())

    def read_many(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Blobs in the order asked, each with its content or None. One git process serves them all."""
        for name, content, reason in self.store.blobs(blobs):
            if content is not None and content.startswith(_LFS_POINTER):
                content, reason = None, "a Git LFS pointer, not the file"
            if content is None:
                self.reasons[name] = reason
            yield name, content

    def commits_touching(self, path: str, base: str) -> tuple[CommitNote, ...]:
        """The commits between commit `base` and this tree that touch a path, newest first.

        Empty where the history is not there (shallow clones): a commit is never named on a guess.
        """
        return self.store.history(path, base, self.commit)


def open_source(spec: SourceSpec, cache_dir: Path, offline: bool = False) -> Tree:
    """Open a source at its ref: a path or `file://` in place, anything else through the cache directory.

    Raises SourceError when there is no such repository or ref, or it cannot be reached (with `offline`: is not in the
    cache).
    """
    check_ref(spec)
    git_dir, held, web = _locate(spec, cache_dir, offline)
    try:
        return _opened(spec, cache_dir, git_dir, held, web)
    except SourceError:
        if offline or local_path(spec) is not None:
            raise
    return _opened(spec, cache_dir, git_dir, fetch_anew(spec, git_dir), web)


def _opened(spec: SourceSpec, cache_dir: Path, git_dir: GitDir, held: str, web: str | None) -> Tree:
    store = open_store(cache_dir, git_dir)
    commit = store.commit_id(held)
    if commit is None:
        raise SourceError(
            f"source {spec.name}: {spec.ref!r} of {shown(spec.url)} is no commit, or its objects are missing",
            "fetch the repository again, or give another ref",
        )
    entries, skipped = _entries(store, commit)
    _check_code_is_there(spec, commit, entries, skipped)
    web = spec.web or web_template(spec.url) or web
    return Tree(
        name=spec.name,
        url=shown(spec.url),
        ref=spec.ref,
        commit=commit,
        committed=store.committed(commit),
        web=web,
        entries=entries,
        skipped=skipped,
        store=store,
    )


def _check_code_is_there(spec: SourceSpec, commit: str, entries: Iterable[TreeEntry], skipped: Iterable[Skip]) -> None:
    """A clone that has none of the commit's Python files (one without blobs, that has nothing checked out) is no
    source: a scan of it would show a system that does nothing."""
    lost = sum(1 for skip in skipped if skip.path.endswith(".py") and skip.reason in CLONE_FAULTS)
    if lost and not any(entry.path.endswith(".py") for entry in entries):
        raise SourceError(
            f"source {spec.name}: {shown(spec.url)} has none of the {lost} Python files of commit {commit[:12]}",
            "fetch the repository again without a filter on blobs",
        )


def with_history(spec: SourceSpec, tree: Tree, cache_dir: Path) -> Tree:
    """The tree with the commits before it: a source in place has them, of a remote they are fetched.

    Raises SourceError when they cannot be fetched.
    """
    if local_path(spec) is not None:
        return tree
    git_dir = cached_repository(spec, cache_dir)
    fetch_history(spec, git_dir, tree.commit)
    # Opened anew: where history ends is another place now.
    return replace(tree, store=open_store(cache_dir, git_dir))


def list_tags(spec: SourceSpec, cache_dir: Path, offline: bool = False) -> tuple[str, ...]:
    """The names of a source's tags, sorted. Raises SourceError when it cannot be reached (a remote, when offline)."""
    path = local_path(spec)
    if path is not None:
        refs = ref_names(find_git_dir(spec, path))
    elif offline:
        raise SourceError(f"source {spec.name}: tags of a remote are not known offline", "leave out --offline")
    else:
        refs = remote_refs(spec, cached_repository(spec, cache_dir))
    prefix = "refs/tags/"
    return tuple(sorted({n.removeprefix(prefix).removesuffix("^{}") for n in refs if n.startswith(prefix)}))


def changed_paths(base: Tree, head: Tree) -> tuple[FileChange, ...]:
    """The paths whose content differs between two trees, sorted. The trees need not share an object database."""
    before = {entry.path: entry.blob for entry in base.entries}
    after = {entry.path: entry.blob for entry in head.entries}
    paths = sorted(before.keys() | after.keys())
    return tuple(FileChange(p, before.get(p), after.get(p)) for p in paths if before.get(p) != after.get(p))


def _locate(spec: SourceSpec, cache_dir: Path, offline: bool) -> tuple[GitDir, str, str | None]:
    """Where the objects are, the object id that the ref means there, and a web template of the clone's origin."""
    path = local_path(spec)
    if path is not None:
        git_dir = find_git_dir(spec, path)
        held = resolve_ref(git_dir, spec.ref)
        if held is None:
            raise _absent_ref(spec, git_dir)
        return git_dir, held, origin_web(git_dir)
    git_dir = cached_repository(spec, cache_dir)
    if not offline:
        return git_dir, fetch_commit(spec, git_dir), None
    known = known_commit(git_dir, spec.ref)
    if known is None:
        raise SourceError(
            f"source {spec.name}: {spec.ref!r} of {shown(spec.url)} is not in the cache", "run once without --offline"
        )
    return git_dir, known, None


def _absent_ref(spec: SourceSpec, git_dir: GitDir) -> SourceError:
    refs = ref_names(git_dir)
    if spec.ref == "HEAD" and not refs:
        return SourceError(f"source {spec.name}: {shown(spec.url)} has no commit yet", "commit something there first")
    return no_such_ref(spec, refs)


def _entries(store: ObjectStore, commit: str) -> tuple[tuple[TreeEntry, ...], tuple[Skip, ...]]:
    entries, skipped = [], []
    for mode, kind, name, size, raw in store.list_tree(commit):
        path = raw.decode("utf-8", "backslashreplace")
        reason = _unreadable(mode, kind, size, path)
        if reason:
            skipped.append(Skip(path, reason))
        else:
            entries.append(TreeEntry(path, name, size, mode))
    entries.sort(key=lambda entry: entry.path)
    skipped.sort(key=lambda skip: skip.path)
    return tuple(entries), tuple(skipped)


def _unreadable(mode: int, kind: str, size: int, path: str) -> str:
    """Why an entry of a tree cannot be read, or "" when it can."""
    if mode == _MODE_SUBMODULE or kind == "commit":
        return "a submodule: another repository"
    if mode == _MODE_LINK:
        return "a symbolic link, not followed"
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in path.split("/")):
        return "a path that leads out of the repository"
    if size < 0:
        return DAMAGED if size == BROKEN else MISSING
    return f"larger than {MAX_BYTES >> 20} MiB" if size > MAX_BYTES else ""
