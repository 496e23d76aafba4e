"""Links: to a line of code at a commit on its web host, and between pages by relative paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urlsplit

from extractor.model.graph import Source

_HOLE = re.compile(r"\{(commit|path|line|end_line)\}")


def code_url(source: Source | None, commit: str, path: str, line: int, end_line: int) -> str:
    """The address of lines of code of a source, at its own commit when none is given; "" as in `line_url`."""
    return line_url(source.web, commit or source.commit, path, line, end_line) if source is not None else ""


def line_url(web: str | None, commit: str, path: str, line: int, end_line: int) -> str:
    """The address of lines at a commit by a link template (`Source.web`); "" without one, or when it is not http(s)."""
    if not web:
        return ""
    values: Mapping[str, str] = {
        "commit": quote(commit, safe=""),
        "path": quoted_path(path),
        "line": str(line),
        "end_line": str(max(line, end_line)),
    }
    return web_url(_HOLE.sub(lambda hole: values[hole[1]], web))


def address_start(source: Source) -> str:
    """What all code addresses of a source begin with, or "" when it has none."""
    start = (source.web or "").partition("{path}")[0]
    return web_url(start.replace("{commit}", quote(source.commit, safe="")))


@lru_cache(maxsize=1 << 14)
def quoted_path(path: str) -> str:
    """A path as part of a URI (RFC 3986); one that is not UTF-8 keeps its bytes."""
    try:
        return quote(path, safe="/", errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(path, safe="/", errors="replace")


def web_url(url: str) -> str:
    """The address itself when a browser may follow it (http or https with a host), else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def relative(page: str, target: str) -> str:
    """The path of `target` (from the site's root, may carry a fragment) as seen from `page`."""
    return "../" * page.count("/") + target
