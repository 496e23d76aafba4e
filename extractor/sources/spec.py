"""What names a source: its address, ref and web host; which addresses are taken, and how they are shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from extractor.errors import SourceError
from extractor.text.shapes import masked_literal

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)(://|::)")
_SCP_LIKE = re.compile(r"^(?:[\w.+-]+@)?([\w.-]+|\[[0-9a-fA-F:]+\]):(?!//)(.+)$")
_USERINFO = re.compile(r"(https?://)[^/\s'\"]+@")
# What git itself refuses in a ref, and what would make it a range, an option or a search.
_BAD_REF = re.compile(r"^-|\.\.|[\x00-\x20\x7f:?*\[\\]")

_WEB_HOSTS = (
    (re.compile(r"github"), "https://{host}/{project}/blob/{{commit}}/{{path}}#L{{line}}-L{{end_line}}"),
    (re.compile(r"gitlab"), "https://{host}/{project}/-/blob/{{commit}}/{{path}}#L{{line}}-{{end_line}}"),
    (re.compile(r"bitbucket"), "https://{host}/{project}/src/{{commit}}/{{path}}#lines-{{line}}:{{end_line}}"),
    (re.compile(r"codeberg|gitea"), "https://{host}/{project}/src/commit/{{commit}}/{{path}}#L{{line}}-L{{end_line}}"),
)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A repository to read: its name in the estate, its address (path, `file://`, `https://`, ssh), ref, web template.

    `web` is a link template with `{commit}`, `{path}`, `{line}`, `{end_line}`; None derives it from the address.
    """

    name: str
    url: str
    ref: str = "HEAD"
    web: str | None = None


def check_ref(spec: SourceSpec) -> None:
    """Refuse a ref that git would take for an option, a range or a search. Raises SourceError."""
    if not spec.ref or _BAD_REF.search(spec.ref):
        raise SourceError(f"source {spec.name}: {spec.ref!r} is not a ref", "give a branch, a tag, a commit id or HEAD")


def local_path(spec: SourceSpec) -> Path | None:
    """The directory an address names when it is one of this machine, else None (it is a remote).

    Raises SourceError for a transport that is not taken (`ext::`, `git://`...) or an address that looks like an option.
    """
    url = spec.url
    scheme = _SCHEME.match(url)
    if scheme and scheme[2] == "://" and scheme[1].lower() == "file":
        return Path(unquote(urlsplit(url).path))
    if scheme and scheme[2] == "://" and scheme[1].lower() in ("https", "http", "ssh"):
        _refuse_option(spec, urlsplit(url).netloc.rpartition("@")[2])
        _refuse_option(spec, urlsplit(url).netloc)
        return None
    if scheme:
        raise _bad_address(spec)
    if url.startswith("-") or not url:
        raise _bad_address(spec)
    path = Path(url).expanduser()
    if not path.exists() and _SCP_LIKE.match(url):
        return None
    return path


def shown(url: str) -> str:
    """An address, or a message with addresses in it, without user names, passwords and tokens."""
    return _USERINFO.sub(r"\1", masked_literal(url))


def web_template(url: str) -> str | None:
    """The link template of a well-known web host for a repository's address, or None when the host is not known."""
    if _SCHEME.match(url):
        parts = urlsplit(url)
        host, project = parts.hostname or "", parts.path
    else:
        scp = _SCP_LIKE.match(url)
        host, project = (scp[1], scp[2]) if scp else ("", "")
    project = project.strip("/").removesuffix(".git")
    if not re.fullmatch(r"[\w.-]+", host) or not re.fullmatch(r"[\w.~-]+(/[\w.~-]+)+", project):
        return None
    for pattern, template in _WEB_HOSTS:
        if pattern.search(host.lower()):
            return template.format(host=host, project=project)
    return None


def _refuse_option(spec: SourceSpec, host: str) -> None:
    if not host or host.startswith("-"):
        raise _bad_address(spec)


def _bad_address(spec: SourceSpec) -> SourceError:
    return SourceError(
        f"source {spec.name}: {shown(spec.url)!r} is not an address c4trace reads",
        "give a path, file://, https:// or ssh:// (or git@host:path)",
    )
