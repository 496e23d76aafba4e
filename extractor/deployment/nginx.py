"""Proxy configurations of nginx: what is passed on to whom. Only what can be read line by line; templates included.

Format: nginx's `ngx_http_proxy_module` and `ngx_http_upstream_module`. Embedded-Ruby variables, as the nginx buildpack
fills them, become `${NAME:-default}`.
"""

from __future__ import annotations

import re
from posixpath import basename

from extractor.deployment.units import UnreadableFile, Upstream
from extractor.text.masking import masked_text

_MAX_BYTES = 1024 * 1024
_RUBY = re.compile(r"<%=\s*ENV\[[\"'](\w+)[\"']\]\s*(?:\|\|\s*[\"']?([^\"'%]*?)[\"']?\s*)?-?%>")
_PASS = re.compile(r"^\s*(?:proxy|uwsgi|fastcgi|grpc|scgi)_pass\s+([^;]+);")
_LOCATION = re.compile(r"^\s*location\s+(.+?)\s*\{")
_UPSTREAM = re.compile(r"^\s*upstream\s+(\S+)\s*\{")
_SERVER = re.compile(r"(?:^|[{;])\s*server\s+([^\s;{]+)[^;{]*;")


def is_nginx(path: str) -> bool:
    """Whether the file is an nginx configuration by its name or folder."""
    name = basename(path)
    return re.search(r"\.conf(\.(erb|template|tmpl|j2))?$", name) is not None and "nginx" in path.lower()


def upstreams(path: str, data: bytes, kind: str) -> tuple[Upstream, ...]:
    """The `*_pass` directives, with named upstreams resolved to their servers. Raises Unreadable."""
    if len(data) > _MAX_BYTES or b"\0" in data:
        raise UnreadableFile("not an nginx configuration (too large, or binary)")
    location, opened_at, block, servers = "", 0, "", dict[str, list[str]]()
    passes: list[tuple[str, int, str, int]] = []
    for number, row in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        row = _RUBY.sub(_variable, row[:4096])
        row = "" if row.lstrip().startswith("#") else row
        opened, named, passed = _LOCATION.match(row), _UPSTREAM.match(row), _PASS.match(row)
        location, opened_at = (opened.group(1), number) if opened else (location, opened_at)
        block = named.group(1) if named else block
        if block:
            servers.setdefault(block, []).extend(_SERVER.findall(row))
            block = "" if "}" in row else block
        if passed:
            passes.append((location, opened_at, passed.group(1).strip(), number))
    return tuple(
        Upstream(where, masked_text(target), "", path, line, kind, served=(at, at))
        for where, at, written, line in passes
        for target in _resolved(written, servers)
    )


def _variable(match: re.Match[str]) -> str:
    default = (match.group(2) or "").strip()
    return f"${{{match.group(1)}:-{default}}}" if default else f"${{{match.group(1)}}}"


def _resolved(target: str, servers: dict[str, list[str]]) -> list[str]:
    scheme, mark, rest = target.rpartition("://")
    host, slash, path = rest.partition("/")
    return [f"{scheme}{mark}{server}{slash}{path}" for server in servers.get(host, [])] or [target]
