"""Lock files of a repository to pins: uv, pylock, Poetry, PDM, Pipenv, and requirements files.

Which file counts when there are several:

1. Files under folders of tests, docs, examples and vendored packages are passed over.
2. A lock with a whole closure and hashes beats requirements files. Of the locks, those nearest the root are taken,
   and of these the first in the order of LOCK_NAMES. Further locks say nothing new and are not read.
3. Without a lock, every requirements file of production is read, and the includes of each; see `requirements`.
4. A file that cannot be read is reported, and the next in order takes its place.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import basename
from typing import Any

from extractor.libraries.needs import Needs, of_packages, of_requirements
from extractor.libraries.pins import Pin, is_name, is_version, normalised, strong, without_credentials
from extractor.libraries.requirements import read_requirements, requirement_files
from extractor.model.graph import Skip

LOCK_NAMES = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock")
_ASIDE = frozenset(
    ("test", "tests", "testing", "doc", "docs", "example", "examples", "fixtures", "node_modules", "vendor", ".venv")
)
_MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Locks:
    """What a repository pins: the pins sorted by name and version, the files read, the files that could not be, and
    which distributions need which, where the files say it (else `needs` is empty)."""

    pins: tuple[Pin, ...]
    read: tuple[str, ...]
    skipped: tuple[Skip, ...]
    needs: Needs = field(default_factory=dict)


def pinned(files: Mapping[str, bytes]) -> tuple[Pin, ...]:
    """The pins of a repository, given its lock and requirements files by path (see `is_lock_file`)."""
    return read_locks(files).pins


def is_lock_file(path: str) -> bool:
    """Whether `read_locks` can make use of the file at `path`."""
    return not _aside(path) and (_rank(path) is not None or bool(requirement_files([path])))


def read_locks(files: Mapping[str, bytes]) -> Locks:
    """The pins of a repository, with the files they come from. Unreadable files are reported in `skipped`."""
    kept = {path: data for path, data in files.items() if not _aside(path)}
    skipped: list[Skip] = []
    locks = [(path.count("/"), rank, path) for path in kept if (rank := _rank(path)) is not None]
    for _, _, path in sorted(locks):
        try:
            pins, needs = _read_lock(path, kept[path])
        except _Unreadable as error:
            skipped.append(Skip(path, str(error)))
        else:
            return Locks(_ordered(pins), (path,), tuple(skipped), needs)
    pins, read, unread = read_requirements(kept)
    told = (of_requirements(kept[path].decode("utf-8", "replace")) for path in read)
    return Locks(_ordered(pins), read, (*skipped, *unread), _merged(told))


def _merged(told: Iterable[Needs]) -> Needs:
    merged: dict[str, frozenset[str]] = {}
    for needs in told:
        for name, needed in needs.items():
            merged[name] = merged.get(name, frozenset()) | needed
    return merged


class _Unreadable(Exception):
    pass


def _aside(path: str) -> bool:
    return any(part.lower() in _ASIDE for part in path.split("/")[:-1])


def _rank(path: str) -> int | None:
    name = basename(path)
    if re.fullmatch(r"pylock\.[^.]+\.toml", name):
        name = "pylock.toml"
    return LOCK_NAMES.index(name) if name in LOCK_NAMES else None


def _ordered(pins: list[Pin]) -> tuple[Pin, ...]:
    return tuple(sorted(set(pins), key=lambda p: (p.name, p.version, p.path, p.line, p.label, p.hashes, p.marker)))


def _read_lock(path: str, data: bytes) -> tuple[list[Pin], Needs]:
    if len(data) > _MAX_BYTES:
        raise _Unreadable("the lock file is too large")
    try:
        text = data.decode("utf-8-sig")
        if basename(path) == "Pipfile.lock":
            return _pipfile(path, text, json.loads(text)), {}
        table = "packages" if _rank(path) == LOCK_NAMES.index("pylock.toml") else "package"
        document = tomllib.loads(text)
        packages = [p for p in _list(document.get(table)) if isinstance(p, dict)]
        return _toml(path, text, document, table), of_packages(packages)
    except (ValueError, RecursionError) as error:
        raise _Unreadable(f"not a readable lock file ({type(error).__name__})") from error


@dataclass(frozen=True, slots=True)
class _Origin:
    source: str
    url: str | None = None
    ref: str | None = None


def _toml(path: str, text: str, document: dict[str, Any], table: str) -> list[Pin]:
    packages = [p for p in _list(document.get(table)) if isinstance(p, dict)]
    lines = _table_lines(text, table)
    if len(lines) != len(packages):  # a header inside a multi-line string: no line can be trusted
        lines = [1] * len(packages)
    origin = _ORIGINS[basename(path) if basename(path) in _ORIGINS else "pylock.toml"]
    older = _older_hashes(document)
    pins = []
    for package, line in zip(packages, lines, strict=True):
        name, found = _text(package.get("name")), origin(package)
        if not name or found is None or package.get("category") == "dev":
            continue
        version = _text(package.get("version"))
        if not (is_name(name) and is_version(version)) or (not version and found.source == "index"):
            continue
        hashes = [*_hashes(package), *older.get(name, ()), *older.get(f"{name} {version}", ())]
        url = without_credentials(found.url) if found.url else None
        marker = _text(package.get("marker"))
        pins.append(
            Pin(
                name=normalised(name),
                version=version,
                source=found.source,
                url=url,
                ref=found.ref,
                hashes=strong(hashes),
                path=path,
                line=line,
                marker=marker,
            )
        )
    return pins


def _table_lines(text: str, table: str) -> list[int]:
    """The line of `name =` of each `[[table]]`, in order; the header's own line where no name follows it."""
    lines: list[int] = []
    named = True
    for number, row in enumerate(text.split("\n"), 1):
        if re.match(rf"\s*\[\[\s*{table}\s*\]\]", row):
            lines.append(number)
            named = False
        elif not named and re.match(r"name\s*=", row):
            lines[-1], named = number, True
    return lines


def _hashes(package: dict[str, Any]) -> list[object]:
    """Every hash of a package's files: uv's and PDM's `hash` texts, pylock's `hashes` tables."""
    files = [*_list(package.get("files")), *_list(package.get("wheels")), package.get("sdist"), package.get("archive")]
    found: list[object] = []
    for file in files:
        if isinstance(file, dict):
            found.append(file.get("hash"))
            found += [f"{kind}:{value}" for kind, value in _dict(file.get("hashes")).items()]
    return found


def _older_hashes(document: dict[str, Any]) -> dict[str, list[object]]:
    """Hashes that older Poetry (`name`) and PDM (`name version`) locks keep in a table of their own."""
    metadata = _dict(document.get("metadata"))
    found: dict[str, list[object]] = {}
    for name, files in _dict(metadata.get("files")).items():
        found[name] = [_dict(file).get("hash") for file in _list(files)]
    for name, hashes in _dict(metadata.get("hashes")).items():
        found[name] = [f"sha256:{value}" for value in _list(hashes)]
    return found


def _uv_origin(package: dict[str, Any]) -> _Origin | None:
    source = _dict(package.get("source"))
    if "git" in source:
        url, _, commit = _text(source["git"]).partition("#")
        return _Origin("git", url.partition("?")[0], commit or None)
    if "url" in source:
        return _Origin("url", _text(source["url"]))
    for kind in ("editable", "directory", "path", "virtual"):
        if kind in source:
            place = _text(source[kind])
            return None if place == "." else _Origin("path", place)  # "." is the repository itself
    return _Origin("index")


def _poetry_origin(package: dict[str, Any]) -> _Origin:
    source = _dict(package.get("source"))
    kind, url = _text(source.get("type")), _text(source.get("url"))
    if kind == "git":
        return _Origin("git", url, _text(source.get("resolved_reference")) or _text(source.get("reference")) or None)
    if kind in ("directory", "file"):
        return _Origin("path", url)
    return _Origin("url", url) if kind == "url" else _Origin("index")


def _pdm_origin(package: dict[str, Any]) -> _Origin | None:
    if "git" in package:
        ref = _text(package.get("revision")) or _text(package.get("ref"))
        return _Origin("git", _text(package["git"]), ref or None)
    if "path" in package:
        place = _text(package["path"])
        return None if place in (".", "./") else _Origin("path", place)
    return _Origin("url", _text(package["url"])) if "url" in package else _Origin("index")


def _pylock_origin(package: dict[str, Any]) -> _Origin | None:
    """PEP 751: a package has one of `vcs`, `directory`, `archive`, or `sdist` and `wheels`."""
    vcs, directory, archive = (_dict(package.get(key)) for key in ("vcs", "directory", "archive"))
    if vcs:
        ref = _text(vcs.get("commit-id")) or _text(vcs.get("requested-revision"))
        return _Origin("git", _text(vcs.get("url")) or _text(vcs.get("path")), ref or None)
    if directory:
        place = _text(directory.get("path"))
        return None if place in (".", "./") else _Origin("path", place)
    if archive:
        url = _text(archive.get("url"))
        return _Origin("url", url) if url else _Origin("path", _text(archive.get("path")))
    return _Origin("index")


_ORIGINS: dict[str, Callable[[dict[str, Any]], _Origin | None]] = {
    "uv.lock": _uv_origin,
    "poetry.lock": _poetry_origin,
    "pdm.lock": _pdm_origin,
    "pylock.toml": _pylock_origin,
}


def _pipfile(path: str, text: str, document: Any) -> list[Pin]:
    """Pipenv's `default` section: what is deployed. `develop` is left out."""
    if not isinstance(document, dict):
        raise _Unreadable("not a readable lock file (no table)")
    pins = []
    for name, entry in _dict(document.get("default")).items():
        package = _dict(entry)
        version = _text(package.get("version")).removeprefix("==")
        origin = _pipfile_origin(package)
        if origin is None or not (is_name(name) and is_version(version)):
            continue
        if origin.source == "index" and not version:
            continue
        url = without_credentials(origin.url) if origin.url else None
        hashes = strong(_list(package.get("hashes")))
        line, marker = _json_line(text, "default", name), _text(package.get("markers"))
        pins.append(
            Pin(
                name=normalised(name),
                version=version,
                source=origin.source,
                url=url,
                ref=origin.ref,
                hashes=hashes,
                path=path,
                line=line,
                marker=marker,
            )
        )
    return pins


def _pipfile_origin(package: dict[str, Any]) -> _Origin | None:
    if "git" in package:
        return _Origin("git", _text(package["git"]), _text(package.get("ref")) or None)
    if "path" in package:
        place = _text(package["path"])
        return None if place == "." else _Origin("path", place)
    return _Origin("url", _text(package["file"])) if "file" in package else _Origin("index")


def _json_line(text: str, section: str, key: str) -> int:
    start = max(text.find(json.dumps(section) + ":"), 0)
    at = text.find(json.dumps(key) + ":", start)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _text(value: object) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
