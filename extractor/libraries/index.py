"""Package indexes: which ones the user's pip is configured for, and what files they offer of a distribution.

Formats: the simple repository API, HTML (PEP 503) and JSON (PEP 691).
"""

from __future__ import annotations

import functools
import html.parser
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from extractor.libraries.pins import Pin, strong

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
# pip is asked itself, so that its files, its environment variables and its own default all count as they do for pip.
_ASK_PIP = """
import json
from pip._internal.commands import create_command
o = create_command("download").parser.get_default_values()
print(json.dumps([o.index_url, o.extra_index_urls, o.find_links, o.no_index, o.cert, o.proxy, o.timeout,
                  o.trusted_hosts]))
"""


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """Where distributions come from. Addresses may hold credentials, so none is shown by `repr`.

    `index_url` is None when pip is told to use none, or cannot be asked. `find_links` are folders or addresses of
    pages with links. `timeout` is in seconds; `cert` a file or folder of certificates.
    """

    index_url: str | None = field(default=None, repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    cert: str | None = None
    proxy: str | None = field(default=None, repr=False)
    timeout: float = 15.0
    trusted_hosts: tuple[str, ...] = ()

    @property
    def indexes(self) -> tuple[str, ...]:
        """The addresses of the simple indexes, in order."""
        return (*((self.index_url,) if self.index_url else ()), *self.extra_index_urls)


@functools.cache
def pip_configuration(python: str = sys.executable) -> IndexConfig:
    """The configuration of the pip of `python`; without a pip, what PIP_INDEX_URL and its like say.

    pip runs isolated from the working directory, which may be the one that is scanned.
    """
    command = [python, "-I", "-c", _ASK_PIP]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=60, check=True, stdin=subprocess.DEVNULL).stdout
        index, extra, links, no_index, cert, proxy, timeout, trusted = json.loads(answer)
    except (OSError, subprocess.SubprocessError, ValueError):
        return _from_environment()
    index, extra = (None, []) if no_index else (index, extra)
    cert = cert or os.environ.get("PIP_CERT")
    return IndexConfig(index, tuple(extra), tuple(links), cert, proxy, float(timeout), tuple(trusted))


def _from_environment() -> IndexConfig:
    env = os.environ
    many = {name: tuple(env.get(name, "").split()) for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")}
    index, cert, proxy = (env.get(name) or None for name in ("PIP_INDEX_URL", "PIP_CERT", "PIP_PROXY"))
    return IndexConfig(index, many["PIP_EXTRA_INDEX_URL"], many["PIP_FIND_LINKS"], cert, proxy)


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A file that an index offers. `hashes` are those the index states (strong ones only)."""

    filename: str
    url: str
    hashes: tuple[str, ...]
    rank: int


def page_url(index: str, name: str) -> str:
    """The address of the page of the distribution `name` (normalised) in a simple index."""
    return f"{index.rstrip('/')}/{name}/"


def candidates(pin: Pin, body: bytes, media_type: str, base: str) -> tuple[ReleaseFile, ...]:
    """The files of the pinned version on an index page, best first: a wheel for any platform, an sdist, other wheels.

    Links that lead from a remote page to local files are passed over. Raises ValueError on a page that is no index.
    """
    links = _json_links(body) if media_type.endswith("json") else _html_links(body)
    found = []
    for href, filename, hashes in links:
        url = urljoin(base, href)
        if urlsplit(url).scheme == "file" and urlsplit(base).scheme != "file":
            continue
        rank = matching_rank(pin, filename)
        if rank is not None:
            found.append(ReleaseFile(filename, url, hashes, rank))
    return tuple(sorted(found, key=lambda c: (c.rank, c.filename)))


def matching_rank(pin: Pin, filename: str) -> int | None:
    """How welcome a file is for the pin: 0 a pure wheel, 1 an sdist, 2 another wheel; None when it is another's."""
    try:
        if filename.endswith(".whl"):
            name, version, _, tags = parse_wheel_filename(filename)
            rank = 0 if any(tag.platform == "any" and tag.abi == "none" for tag in tags) else 2
        else:
            name, version = parse_sdist_filename(re.sub(r"\.(tar\.bz2|tar\.xz|tgz)$", ".tar.gz", filename))
            rank = 1
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
    return rank if name == pin.name and _same(pin.version, version) else None


def _same(pinned: str, offered: Version) -> bool:
    try:
        wanted = Version(pinned)
    except InvalidVersion:
        return False
    return wanted == offered or (not wanted.local and wanted.public == offered.public)


def _json_links(body: bytes) -> list[tuple[str, str, tuple[str, ...]]]:
    document: Any = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise ValueError("not an index page")
    links = []
    for file in document["files"]:
        if isinstance(file, dict) and isinstance(file.get("url"), str) and isinstance(file.get("filename"), str):
            stated = file.get("hashes")
            hashes = [f"{kind}:{value}" for kind, value in stated.items()] if isinstance(stated, dict) else []
            links.append((file["url"], file["filename"], strong(hashes)))
    return links


class _Anchors(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if href and tag == "a":
            self.hrefs.append(href)
        elif href and tag == "base" and not self.base:
            self.base = href


def _html_links(body: bytes) -> list[tuple[str, str, tuple[str, ...]]]:
    parser = _Anchors()
    parser.feed(body.decode("utf-8", "replace"))
    links = []
    for href in parser.hrefs:
        address, _, fragment = urljoin(parser.base, href).partition("#")
        kind, _, value = fragment.partition("=")
        filename = unquote(urlsplit(address).path.rpartition("/")[2])
        links.append((address, filename, strong([f"{kind}:{value}"])))
    return links
