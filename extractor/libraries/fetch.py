"""From a pin to the source of the distribution: found on the user's package index, checked, cached, read.

Nothing is installed, built or run. Addresses in a lock file are never opened: they are text out of a scanned
repository; the file comes from the index that pip is configured for, and the lock's hash says whether it is the one.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from extractor.libraries import cache
from extractor.libraries.archive import BadArchive, read_archive
from extractor.libraries.index import (
    ACCEPT,
    IndexConfig,
    ReleaseFile,
    candidates,
    matching_rank,
    page_url,
    pip_configuration,
)
from extractor.libraries.pins import Pin, is_name, is_version, without_credentials
from extractor.libraries.web import Web, WebError

MAX_ARCHIVE = 64 * 1024 * 1024
MAX_TOTAL = 512 * 1024 * 1024
_MAX_PAGE = 32 * 1024 * 1024
_ALGORITHMS = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class Distribution:
    """The source of a pinned distribution.

    `files` are its Python modules by installed path, with `entry_points.txt` of its metadata. `top_level` are the names
    it makes importable. `sha256` is the archive's, `size` its bytes. `checked_by` says what vouched for it: `lock`,
    `index` (the lock has no hash, the index states one), or `nothing` (neither has). `url` is without credentials; for
    a local index it names this machine's folders, so it is for messages, not for publishing.
    """

    name: str
    version: str
    files: Mapping[str, bytes] = field(repr=False)
    top_level: tuple[str, ...]
    sha256: str
    url: str
    filename: str
    size: int
    checked_by: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A pinned distribution that could not be had: why, and what would mend it."""

    name: str
    version: str
    reason: str
    remedy: str


def fetch_distribution(
    pin: Pin, cache_dir: Path, offline: bool, *, config: IndexConfig | None = None, web: Web | None = None
) -> Distribution | Missing:
    """The source of one pin, out of the cache or off the index. With `offline`, out of the cache alone.

    `config` is pip's configuration unless given; `web` a reader to share between fetches.
    """
    refused = _refused(pin)
    if refused is not None:
        return refused
    kept = cache.find(cache_dir, pin)
    if kept is not None and _vouched(pin, kept.data):
        return _distribution(pin, kept)
    if offline:
        return _missing(pin, "it is not in the cache, and the run is offline", "run once without --offline")
    if web is not None:
        return _from_index(pin, cache_dir, web)
    with closing(Web(config or pip_configuration())) as own:
        return _from_index(pin, cache_dir, own)


def _wanting(pin: Pin, cache_dir: Path) -> bool:
    """True when the index must be asked for `pin`."""
    if _refused(pin) is not None:
        return False
    kept = cache.find(cache_dir, pin)
    return kept is None or not _vouched(pin, kept.data)


def fetch_all(
    pins: Iterable[Pin],
    cache_dir: Path,
    offline: bool,
    *,
    config: IndexConfig | None = None,
    workers: int = 8,
    max_total: int = MAX_TOTAL,
) -> dict[Pin, Distribution | Missing]:
    """The source of each pin, fetched in parallel. When the archives, in the order of `pins`, come to more than
    `max_total` bytes, the rest is Missing."""
    pins = list(dict.fromkeys(pins))
    if config is None:
        # Asking pip costs a process, so it is asked only when something is to be fetched.
        config = IndexConfig() if offline or not any(_wanting(p, cache_dir) for p in pins) else pip_configuration()
    results: dict[Pin, Distribution | Missing] = {}
    total = 0
    with closing(Web(config)) as web:
        for pin, result in _in_order(pins, cache_dir, offline, web, workers):
            total += result.size if isinstance(result, Distribution) else 0
            if total > max_total and isinstance(result, Distribution):
                result = _missing(pin, f"the libraries come to more than {max_total} bytes", "name fewer libraries")
            results[pin] = result
            if total > max_total:
                break
        for pin in pins:
            over = _missing(pin, f"the libraries come to more than {max_total} bytes", "name fewer libraries")
            results.setdefault(pin, over)
    return results


def _in_order(
    pins: list[Pin], cache_dir: Path, offline: bool, web: Web, workers: int
) -> Iterator[tuple[Pin, Distribution | Missing]]:
    """Fetch ahead of the reader by at most `workers` pins, so that a reader who stops leaves little behind."""
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        ahead: deque[tuple[Pin, Future[Distribution | Missing]]] = deque()
        for pin in pins:
            ahead.append((pin, pool.submit(fetch_distribution, pin, cache_dir, offline, web=web)))
            if len(ahead) >= workers:
                done, future = ahead.popleft()
                yield done, future.result()
        for done, future in ahead:
            yield done, future.result()


def _missing(pin: Pin, reason: str, remedy: str) -> Missing:
    return Missing(pin.name, pin.version, f"{pin.label}: {reason}", remedy)


def _refused(pin: Pin) -> Missing | None:
    if not (is_name(pin.name) and is_version(pin.version)):
        return Missing("", "", f"{pin.path}:{pin.line} pins what is no distribution", "mend the lock file")
    if pin.source == "git":
        remedy = f"add {pin.url} to the estate as a repository" + (f", at {pin.ref}" if pin.ref else "")
        return _missing(pin, "it is pinned to a git repository, not to an index", remedy)
    if pin.source == "url":
        remedy = "pin a release of the index, or add its repository to the estate"
        return _missing(pin, "it is pinned to an address, which is not opened", remedy)
    if pin.source == "path":
        return _missing(pin, "it is pinned to a local path", "add the repository that holds it to the estate")
    return None


def _vouched(pin: Pin, data: bytes) -> bool:
    return not pin.hashes or bool(_digests(data) & set(pin.hashes))


def _digests(data: bytes) -> set[str]:
    return {f"{name}:{hashlib.new(name, data).hexdigest()}" for name in _ALGORITHMS}


def _distribution(pin: Pin, kept: cache.Kept) -> Distribution | Missing:
    try:
        contents = read_archive(kept.filename, kept.data)
    except BadArchive as error:
        return _missing(pin, f"{error} ({kept.filename})", "check the index that pip is configured for")
    checked_by = "lock" if pin.hashes else "index" if kept.by_index else "nothing"
    size, top = len(kept.data), contents.top_level
    return Distribution(
        name=pin.name,
        version=pin.version,
        files=contents.files,
        top_level=top,
        sha256=kept.sha256,
        url=kept.url,
        filename=kept.filename,
        size=size,
        checked_by=checked_by,
    )


def _from_index(pin: Pin, cache_dir: Path, web: Web) -> Distribution | Missing:
    """Ask the places pip would ask, in order, for a file that the lock vouches for; the first that has one gives it."""
    if not (web.config.indexes or web.config.find_links):
        return _missing(pin, "no package index is configured", "set PIP_INDEX_URL, or pip's index-url")
    failures: list[Missing] = []
    for place in _places(pin, web):
        try:
            offered = _acceptable(pin, _offered(pin, place, web))
            if offered:
                return _take(pin, offered[0], cache_dir, web)
        except WebError as error:
            if not error.absent:
                failures.append(_missing(pin, error.reason, error.remedy))
        except _Unfit as error:
            failures.append(_missing(pin, str(error), "check the index that pip is configured for"))
    if failures:
        return failures[0]
    wanted = "no file that a hash of the lock names" if pin.hashes else "no wheel or sdist of this version"
    return _missing(pin, f"the configured index has {wanted}", "add the index that has it to pip's extra-index-url")


class _Unfit(Exception):
    """An index gave something that cannot be used."""


@dataclass(frozen=True, slots=True)
class _Place:
    address: str
    folder: Path | None = None


def _places(pin: Pin, web: Web) -> Iterator[_Place]:
    for link in web.config.find_links:
        parts = urlsplit(link)
        folder = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(link)
        if parts.scheme in ("http", "https"):
            yield _Place(link)
        elif folder.is_dir():
            yield _Place(link, folder)
    for index in web.config.indexes:
        yield _Place(page_url(index, pin.name))


def _offered(pin: Pin, place: _Place, web: Web) -> tuple[ReleaseFile, ...]:
    if place.folder is not None:
        try:
            names = sorted(child.name for child in place.folder.iterdir() if child.is_file())
        except OSError as error:
            raise _Unfit(f"a folder of pip's find-links cannot be read ({type(error).__name__})") from error
        ranked = [(rank, name) for name in names if (rank := matching_rank(pin, name)) is not None]
        return tuple(
            ReleaseFile(name, (place.folder.absolute() / name).as_uri(), (), rank) for rank, name in sorted(ranked)
        )
    page = web.get(place.address, _MAX_PAGE, ACCEPT)
    try:
        return candidates(pin, page.body, page.media_type, page.url)
    except (ValueError, RecursionError) as error:
        raise _Unfit(f"{without_credentials(place.address)} is not a page of an index") from error


def _acceptable(pin: Pin, offered: tuple[ReleaseFile, ...]) -> list[ReleaseFile]:
    """Without the files whose stated hash the lock does not name. A file with no stated hash is judged when read."""
    wanted = set(pin.hashes)
    kinds = {h.partition(":")[0] for h in wanted}
    return [
        c
        for c in offered
        if not wanted or wanted & set(c.hashes) or not kinds & {h.partition(":")[0] for h in c.hashes}
    ]


def _take(pin: Pin, candidate: ReleaseFile, cache_dir: Path, web: Web) -> Distribution | Missing:
    data = web.get(candidate.url, MAX_ARCHIVE).body
    digests = _digests(data)
    if not _vouched(pin, data):
        raise _Unfit(f"{candidate.filename} has none of the hashes that {pin.path} names")
    if candidate.hashes and not digests & set(candidate.hashes):
        raise _Unfit(f"{candidate.filename} does not have the hash that the index states")
    url, sha256 = without_credentials(candidate.url), hashlib.sha256(data).hexdigest()
    kept = cache.Kept(candidate.filename, url, sha256, bool(candidate.hashes), data)
    try:
        cache.keep(cache_dir, pin, kept)
    except OSError as error:
        return _missing(pin, f"the cache cannot be written ({type(error).__name__})", "choose a writable --cache-dir")
    return _distribution(pin, kept)
