"""An object database that is read: trees, blobs, commits and history, through a neutral git directory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import IO

from extractor.errors import SourceError
from extractor.sources.bare import neutral_dir
from extractor.sources.command import NO_PROGRAMS, READ_ENV, listing, run, stream
from extractor.sources.local import GitDir, object_format
from extractor.text.masking import masked_text

# Content beyond this is never loaded: no module that a person wrote is as large, and a packed megabyte can hold a
# gigabyte.
MAX_BYTES = 16 * 1024 * 1024

# A tree that holds itself in many places names billions of paths with a few objects. The largest repositories that
# people work in have some hundred thousand.
MAX_PATHS = 1_000_000

MISSING = "the object is missing (partial or filtered clone)"
DAMAGED = "the object is damaged"
FORGED = "the object is not what its id says"
ABSENT, BROKEN = -1, -2
# What the clone is to blame for: another clone of the same commit may have the file.
CLONE_FAULTS = frozenset((MISSING, DAMAGED, FORGED))

_COMMITTER = re.compile(rb"^committer .*> (-?\d{1,12}) ([+-])(\d\d)(\d\d)$", re.MULTILINE)
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NAME = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True)
class CommitNote:
    """A commit of the history: its id, the author's date (ISO 8601) and the first line of its message."""

    commit: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The objects of one repository: plain paths, so it can be handed to another process.

    `neutral` is a git directory of ours, `objects` the object directory that is lent to it, `shallow` the list of
    commits whose parents are not there (or None).
    """

    neutral: Path
    objects: Path
    shallow: Path | None = None

    def env(self) -> dict[str, str]:
        """The environment of a command that reads these objects and nothing else."""
        own = str(self.neutral)
        lent = {"GIT_DIR": own, "GIT_COMMON_DIR": own, "GIT_OBJECT_DIRECTORY": str(self.objects)}
        if self.shallow is not None:
            lent["GIT_SHALLOW_FILE"] = str(self.shallow)
        return {**READ_ENV, **lent}

    def commit_id(self, name: str) -> str | None:
        """The full id of the commit that an object id (of a commit or an annotated tag, full or short) leads to."""
        if not _NAME.fullmatch(name):
            return None
        status, output, _ = run(["rev-parse", "--quiet", "--verify", f"{name}^{{commit}}"], self.env())
        found = output.decode("ascii", "replace").strip()
        return found if status == 0 and _OBJECT_ID.fullmatch(found) else None

    def committed(self, commit: str) -> str:
        """When a commit was made (ISO 8601 with its own offset); the epoch where the commit does not say."""
        _, output, _ = run(["cat-file", "commit", commit], self.env())
        found = _COMMITTER.search(output.partition(b"\n\n")[0])
        if found is None:
            return datetime.fromtimestamp(0, UTC).isoformat()
        offset = timedelta(hours=int(found[3]) % 24, minutes=int(found[4]) % 60)
        zone = timezone(-offset if found[2] == b"-" else offset)
        try:
            return datetime.fromtimestamp(int(found[1]), zone).isoformat()
        except (OverflowError, ValueError):
            return datetime.fromtimestamp(0, UTC).isoformat()

    def list_tree(self, commit: str) -> Iterator[tuple[int, str, str, int, bytes]]:
        """Every entry under a commit: mode, type, object id, size in bytes, path. The size is ABSENT of an
        object that is not there, BROKEN of one that is and cannot be read.

        Raises SourceError when a tree object is missing, or when there are more than MAX_PATHS.
        """
        answer = listing(["ls-tree", "-r", "-z", "-l", "--full-tree", commit], self.env(), MAX_PATHS)
        if answer is None:
            raise SourceError(
                f"the tree of commit {commit[:12]} has more than {MAX_PATHS:,} paths",
                "no repository that people work in has as many; look at what its trees hold",
            )
        status, records, message = answer
        if status != 0:
            raise SourceError(
                f"the tree of commit {commit[:12]} cannot be read: {message.splitlines()[0] if message else 'damaged'}",
                "the clone lacks objects; fetch it again without a tree filter",
            )
        for record in records:
            head, _, path = record.partition(b"\t")
            mode, kind, name, size = (word.decode() for word in head.split())
            # Git says `BAD` for both; of an object that it has and cannot read it complains besides.
            absent = BROKEN if name in message else ABSENT
            yield int(mode, 8), kind, name, int(size) if size.isdigit() else absent, path

    def blobs(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | None, str]]:
        """Each blob in the order asked: its id, its bytes or None, and why it is None (`""` when it is not).

        A damaged object ends git's process; reading goes on behind it. Git takes the id of an object on trust; here its
        bytes are hashed, for what is found in them is kept under that id, and serves every clone that has it.
        """
        asked = [name for name in names if _OBJECT_ID.fullmatch(name)]
        done = 0
        while done < len(asked):
            with stream(["cat-file", "--batch", "--buffer"], self.env(), asked[done:]) as output:
                for name in asked[done:]:
                    answer = _next_blob(output)
                    if answer is None:
                        break
                    done += 1
                    content, reason = answer
                    forged = content is not None and _blob_id(content, len(name)) != name
                    yield (name, None, FORGED) if forged else (name, content, reason)
            if done < len(asked) and answer is None:
                yield asked[done], None, DAMAGED
                done += 1

    def history(self, path: str, base: str, head: str) -> tuple[CommitNote, ...]:
        """The commits after `base` up to `head` that touch `path`, newest first, as far as the clone's history goes."""
        edges, reach = self._shallow_commits(), span(base, head)
        form = "--format=%H%x00%aI%x00%s"
        status, output, _ = run(["log", *NO_PROGRAMS, "-z", form, reach, "--", path], self.env())
        if status != 0:
            return ()
        fields = output.decode("utf-8", "replace").split("\0")
        notes = (note_of(*fields[at : at + 3]) for at in range(0, len(fields) - 2, 3))
        # Git takes a commit without its parents for one that adds every file.
        return tuple(note for note in notes if note.commit not in edges)

    def _shallow_commits(self) -> frozenset[str]:
        if self.shallow is None or not self.shallow.is_file():
            return frozenset()
        return frozenset(self.shallow.read_text("ascii", "replace").split())


def note_of(commit: str, date: str, subject: str) -> CommitNote:
    """A note of a commit, its subject without secrets."""
    return CommitNote(commit, date, masked_text(subject))


def span(base: str, head: str) -> str:
    """The commits after one up to another, as git writes them. Raises ValueError for what is no full id."""
    if not _OBJECT_ID.fullmatch(base) or not _OBJECT_ID.fullmatch(head):
        raise ValueError("a commit is named by its full id")
    return f"{base}..{head}"


def open_store(cache_dir: Path, git_dir: GitDir) -> ObjectStore:
    """The object database of a git directory. Raises SourceError when git does not know its object format."""
    shallow = git_dir.common / "shallow"
    neutral = neutral_dir(cache_dir.resolve(), object_format(git_dir))
    objects = (git_dir.common / "objects").resolve()
    return ObjectStore(neutral, objects, shallow.resolve() if shallow.is_file() else None)


def _blob_id(content: bytes, digits: int) -> str:
    """The id of a blob, by the object format that has ids of so many digits (gitformat-pack: "Object IDs")."""
    algorithm = hashlib.sha1 if digits == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _next_blob(output: IO[bytes]) -> tuple[bytes | None, str] | None:
    """The next answer of `cat-file --batch`: content and reason, or None when git has ended."""
    head = output.readline()
    if not head.endswith(b"\n"):
        return None
    words = head.split()
    if len(words) != 3:
        return None, MISSING
    size = int(words[2])
    if size > MAX_BYTES:
        return (None, f"larger than {MAX_BYTES >> 20} MiB") if _pass_over(output, size + 1) else None
    content = output.read(size)
    if len(content) != size or output.read(1) != b"\n":
        return None
    return (content, "") if words[1] == b"blob" else (None, f"a {words[1].decode('ascii', 'replace')}, not a file")


def _pass_over(output: IO[bytes], count: int) -> bool:
    while count > 0:
        piece = output.read(min(count, 1 << 20))
        if not piece:
            return False
        count -= len(piece)
    return True
