"""URL templates: text with holes for what is not known. Made, read and taken apart here and nowhere else.

A hole is `{setting:NAME}`, `{env:NAME}`, `{name}` (an argument, or a field of a model), `{?why}` (computed when it
runs), or `{}` where only its place counts. What stands inside a hole divides nothing: no path, no query begins there.
The parts of a URL are those of RFC 3986, section 3; the base is the scheme with the host, or the holes that a template
starts with.
"""

from __future__ import annotations

import re
from collections.abc import Collection

SETTING, ENV, ARGUMENT, UNKNOWN = "setting", "env", "arg", "unknown"
EMPTY = "{}"

_HOLE = re.compile(r"\{([^{}]*)\}")
_ONE_PIECE = r"\{[^{}]*\}|[{}]"  # a hole, or a brace that belongs to none
_BEFORE_QUERY = re.compile(rf"(?:[^?#{{}}]|{_ONE_PIECE})*")
_SEGMENT = re.compile(rf"(?:[^/{{}}]|{_ONE_PIECE})+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_LEADING_HOLES = re.compile(r"(?:\{[^{}]*\})+(?=[/?#]|$)")
_EMPTIED_BASE = re.compile(rf"{_SCHEME.pattern}[^/?#]*|{_LEADING_HOLES.pattern}", re.IGNORECASE)
_AUTHORITY = re.compile(rf"{_SCHEME.pattern}(?:[^/@\s]*@)?(\[[^\]]*\]|[^/:?#\s{{}}]+)", re.IGNORECASE)
_BARE_HOST = re.compile(r"[^/:?#\s{}@]+")
_PASSWORD = re.compile(rf"{_SCHEME.pattern}[^/@:\s{{}}]*:([^/@\s{{}}]+)@", re.IGNORECASE)
_PARAMETER = re.compile(r"[?&]([\w-]+)=([^&\s{}]+)")
_LOCAL = re.compile(r"localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker\.internal|[a-z0-9_-]+$", re.IGNORECASE)
_PRIVATE = re.compile(r"\.(localhost|local|internal|test)$", re.IGNORECASE)
# Addresses at which a cloud tells a machine about itself, the same in each: RFC 3927 (AWS, Azure, Google, OpenStack),
# and those of AWS over IPv6 and of Alibaba.
_METADATA = re.compile(
    r"169\.254\.\d{1,3}\.\d{1,3}(?::\d+)?$|\[?fd00:ec2::254\b|100\.100\.100\.200(?::\d+)?$", re.IGNORECASE
)
_EXAMPLE = re.compile(r"(^|\.)example\.(com|net|org)$", re.IGNORECASE)
_RESERVED = re.compile(r"(^|\.)(example|invalid|test|localhost|local)$", re.IGNORECASE)


# holes -----------------------------------------------------------------------------------------------------------


def hole(kind: str, name: str) -> str:
    """A hole as it is shown. `kind` is `setting`, `env`, `arg`, `field` or `unknown`; `name` says which, or why."""
    if kind in (SETTING, ENV):
        return f"{{{kind}:{name}}}"
    return f"{{{_plain(name)}}}" if kind in (ARGUMENT, "field") else f"{{?{_plain(name)}}}"


def emptied(url: str, keep: Collection[str] = ()) -> str:
    """The template with `{}` for each hole, but for those of a kind in `keep` (SETTING, ENV, ARGUMENT, UNKNOWN)."""
    return _HOLE.sub(lambda found: found[0] if _kind(found[1]) in keep else EMPTY, url)


def by_name(url: str) -> str:
    """The template with holes of settings and of environment variables by their names alone: `{NAME}`."""
    return _HOLE.sub(lambda found: f"{{{_name(found[1])}}}" if _kind(found[1]) in (SETTING, ENV) else found[0], url)


def is_hole(text: str) -> bool:
    """True for one hole and nothing else."""
    return _HOLE.fullmatch(text) is not None


def literals(text: str) -> list[str]:
    """What stands before, between and behind the holes, in order: one piece more than there are holes."""
    return _HOLE.split(text)[::2]


def setting_of(url: str) -> str:
    """The setting that the whole template is; "" when it is anything else, a part of a setting (`A.KEY`) too."""
    found = _HOLE.fullmatch(url)
    name = _name(found[1]) if found is not None and _kind(found[1]) == SETTING else ""
    return "" if "." in name else name


def settings_in(url: str) -> list[str]:
    """The settings that stand in the template, by their names alone, in order."""
    return [_name(inner).split(".")[0] for inner in _HOLE.findall(url) if _kind(inner) == SETTING]


def after_base(url: str) -> tuple[str, str] | None:
    """The setting or variable that the template starts with, behind a scheme at most, and what follows it; None when
    it starts with something else."""
    scheme = _SCHEME.match(url)
    found = _HOLE.match(url, scheme.end() if scheme else 0)
    if found is None or _kind(found[1]) not in (SETTING, ENV):
        return None
    return _name(found[1]), url[found.end() :]


def is_computed(url: str) -> bool:
    """True when part of the template is only known at run time."""
    return any(_kind(inner) == UNKNOWN for inner in _HOLE.findall(url))


def _kind(inner: str) -> str:
    """The kind of a hole, by what stands in it. `{}` has none."""
    if inner.startswith("?"):
        return UNKNOWN
    before, colon, _name = inner.partition(":")
    return before if colon else ARGUMENT if inner else ""


def _name(inner: str) -> str:
    return inner.partition(":")[2].removeprefix("yaml:")  # a key of a configuration file is read like a variable


def _plain(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "_. " else "" for c in name)
    return kept.strip(". ").replace("..", ".")[:40] or "value"


# parts -----------------------------------------------------------------------------------------------------------


def scheme_of(url: str) -> str:
    """The scheme that a text starts with, in lower case; "" when it starts with none (`{BASE}/x`, `/x`)."""
    found = _SCHEME.match(url)
    return found[1].lower() if found else ""


def head_kind(url: str) -> str:
    """The kind of the hole that the template starts with; "" when it starts with none, or with `{}`."""
    found = _HOLE.match(url)
    return _kind(found[1]) if found else ""


def has_open_base(url: str) -> bool:
    """True when the template starts with a hole that neither a setting nor a variable fills, and a path."""
    found = _HOLE.match(url)
    return found is not None and head_kind(url) not in (SETTING, ENV) and url[found.end() :].startswith("/")


def with_empty_base(url: str) -> str:
    """The template with `{}` for the holes that it starts with, when these are its base."""
    return _LEADING_HOLES.sub(EMPTY, url, count=1) if _LEADING_HOLES.match(url) else url


def without_query(url: str) -> str:
    """The template before its query and fragment."""
    found = _BEFORE_QUERY.match(url)
    return found[0] if found else url


def path_of(url: str, rooted: bool = False) -> str:
    """The path: without base, query and fragment, `{}` for each hole.

    `rooted`: "" for a path that does not begin with a slash behind its base. What `{BASE}orders/` leads to depends on
    how the base ends.
    """
    shown = emptied(url)
    base = _EMPTIED_BASE.match(shown)
    path = without_query(shown[base.end() :] if base else shown)
    return path if path.startswith("/") or not rooted else ""


def segments(path: str) -> tuple[str, ...]:
    """The segments of a path that are not empty, holes as they stand; query and fragment are cut."""
    return tuple(_SEGMENT.findall(without_query(path)))


def has_literal(path: str) -> bool:
    """True when some part of a path is known."""
    return bool(emptied(path).replace(EMPTY, "").strip("/"))


def host_of(url: str, bare: bool = False) -> str:
    """The host that a template starts with, in lower case; "" when it starts with no scheme and host, or part of the
    host is open.

    `bare`: a text without a scheme starts with its host (`api.example.org/users`).
    """
    if bare and "://" not in url:
        found = _BARE_HOST.match(url)
        return found[0].lower() if found else ""
    found = _AUTHORITY.match(url)
    is_open = found is None or url[found.end() : found.end() + 1] == "{"
    return "" if is_open or found is None else found[2].lower()


def password_in(url: str) -> str:
    """The password that stands before the host; "" when there is none, or it is open."""
    found = _PASSWORD.match(url)
    return found[2] if found else ""


def parameters_in(url: str) -> list[tuple[str, str]]:
    """The query's parameters whose values begin with known text, as (name, that text)."""
    return _PARAMETER.findall(url) if scheme_of(url) else []


# hosts -----------------------------------------------------------------------------------------------------------


def is_local(host: str, private: bool = False) -> bool:
    """True for names of this machine and of containers (`localhost`, `redis`), which are no system of their own.

    `private`: so are names that only the network around knows (`db.internal`, `shop.local`), and the fixed addresses
    of a cloud's metadata (`169.254.169.254`).
    """
    around = private and (_PRIVATE.search(host) or _METADATA.match(host))
    return _LOCAL.match(host) is not None or bool(around)


def is_example(host: str, reserved: bool = False) -> bool:
    """True for the domains kept for examples (`example.com`; RFC 2606, section 3): what is meant is set elsewhere.

    `reserved`: so are names below the top-level domains that nobody owns (`shop.test`; RFC 2606, RFC 6762).
    """
    return _EXAMPLE.search(host) is not None or (reserved and _RESERVED.search(host) is not None)
