"""The pin: one distribution at one version, as a lock file or a requirements file states it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name

SOURCES = ("index", "git", "url", "path")
_STRONG = re.compile(r"(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})\Z")


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned distribution.

    `name` is normalised as in PEP 503; `version` is as written, "" when only a git ref or a URL is pinned.
    `source` is one of SOURCES; `url` (without credentials) and `ref` (git) are None for a pin to an index.
    `hashes` are `algorithm:hex`, sorted, strong algorithms only; any one of them vouches for a file.
    `path` and `line` (from 1) are where the pin stands; `marker` is its environment marker (PEP 508) or "".
    """

    name: str
    version: str
    source: str
    url: str | None
    ref: str | None
    hashes: tuple[str, ...]
    path: str
    line: int
    marker: str = ""

    @property
    def label(self) -> str:
        """The pin as a person writes it: `name==version`, `name @ url@ref`."""
        if self.source == "index":
            return f"{self.name}=={self.version}"
        return f"{self.name} @ {self.url or self.source}" + (f"@{self.ref}" if self.ref else "")


def is_name(name: str) -> bool:
    """Whether `name` is a name of a distribution (PEP 508), and so fit to be part of an address."""
    return len(name) <= 200 and re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name) is not None


def is_version(version: str) -> bool:
    """Whether `version` is made of what versions are made of (PEP 440 and what came before it)."""
    return len(version) <= 200 and re.fullmatch(r"[A-Za-z0-9.!+_-]*", version) is not None


def normalised(name: str) -> str:
    """`name` as PEP 503 writes it."""
    return str(canonicalize_name(name.strip()))


def strong(hashes: Iterable[object]) -> tuple[str, ...]:
    """The hashes that can vouch for a file: sha256, sha384, sha512. MD5 and SHA-1 are dropped, as pip does."""
    return tuple(sorted({h.lower() for h in hashes if isinstance(h, str) and _STRONG.match(h.lower())}))


def without_credentials(url: str) -> str:
    """`url` with user and password taken out (`git@` of an ssh address is no secret and stays).

    Lone surrogates, which a JSON escape can make and no output can encode, are replaced.
    """
    url = url.encode("utf-8", "replace").decode()
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return re.sub(r"//[^/@]*@", "//", url)
    if parts.netloc.startswith("git@"):
        return url
    return urlunsplit(parts._replace(netloc=host))
