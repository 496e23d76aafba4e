"""Secrets in source code are taken out here: in literals as they are read, and in lines of code that are shown.

What is masked must be likely to be a secret: a placeholder (`changeme`), a template (`{token}`), a path, a dotted name
and a phrase stay, as they say where data flows and hide nothing.
"""

from __future__ import annotations

import functools
import re

from extractor.text.masking import MASK, MASKED_KEY, MASKS, VENDOR_SHAPES
from extractor.text.placeholders import is_placeholder, looks_random

# The name of a field, argument, header or variable whose text is a secret, by its last word.
_NAMES = (
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials?|api[-_]?key|(?:access|secret|private|auth|signing"
    r"|encryption)[-_]?key)(?:_default)?"
)
_LONGEST_NAME = 128
_NAME = re.compile(_NAMES + "$", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"(?:proxy[-_])?authorization$", re.IGNORECASE)
_SCHEME = re.compile(r"(\s*(?:basic|bearer|token|jwt|apikey|key)\s+)(\S{4,})\s*$", re.IGNORECASE)
_NO_SECRET = re.compile(  # a phrase, a template, a path, a URL, a dotted name, words of a name
    r"[\s{}%$<>]|^/|://|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$"
)
_WORDS = r"token|secret|password|passwd|api[-_]?key|access[-_]?key|auth[-_]?key"
_OPEN = r"{}%$<>()\s'\"\\"  # where a template, a route pattern or code begins
# One search of the text in small letters tells whether any pattern could match: most literals pass it by.
_VENDOR_HINT = re.compile(
    r"-----begin|akia|asia|gh[opusr]_|github_pat_|glpat-|xox|xapp-|[rs]k_|whsec_|eyj|sg\.|aiza|ya29\.|npm_|pypi-"
    r"|hooks\.slack"
)
_HINT = re.compile(
    rf"{_VENDOR_HINT.pattern}|://|[?&;][\w.-]+=|password|bearer|basic|webhook|api\.telegram"
    r"|/(?:token|secret|password|passwd|api|access|auth)"
)
# The password may hold `@`, `/` and `?`: it ends at the last `@` that a host follows.
_USER_INFO = re.compile(
    rf"([A-Za-z][\w+.-]{{0,20}}://[^\s/@:?#'\"{{}}%$<>]{{0,256}}:)(?!\d{{1,5}}(?:[/?#\s]|$))"
    rf"((?:[^{_OPEN}]|%[0-9A-Fa-f]{{2}}){{1,256}})@(?=[\w.\[{{%$-])"
)
_USER_ONLY = re.compile(r"(https?://)([\w.~-]{12,256})@(?=[\w\[])")
_QUERY = re.compile(
    rf"([?&;][\w.-]{{0,64}}(?:{_WORDS}|(?<=[?&;])sig|signature|(?<=[?&;])key|credential|pwd)=)([^{_OPEN}&#]{{8,}})",
    re.IGNORECASE,
)
_PATH = re.compile(rf"(/(?:{_WORDS})[-=:])(?=[\w.~-]*\d)([\w.~-]{{8,}})", re.IGNORECASE)
_HOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/\d{1,30}/"
    r"|webhook\.office\.com/webhookb2/|api\.telegram\.org/bot\d{1,20}:)[\w@/-]+"
)
_LIBPQ = re.compile(rf"((?<!\w)password\s*=\s*)('[^']+'|[^{_OPEN}&;,]{{4,}})(?=\s+\w+\s*=|\s*$)")
_HEADER = re.compile(r"(\b(?:bearer|basic)\s+)(?=[\w.~+/=-]*\d)([\w.~+/=-]{12,})", re.IGNORECASE)

_QUOTED = r"(?P<prefix>[rRbBuU]{0,2})(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\\\n]|\\.){1,2048})(?:(?P=quote)|$)"
_GIVEN = r":\s*\w{1,32}\s*=|:|=(?!=)(?:\s*[^\s'\"=]{1,128}\s+or\b)?|,(?:\s*default\s*=)?"
_NAMED_TEXT = re.compile(  # password="...", "token": "...", environ.get("API_KEY", "..."), TOKEN = given or "..."
    rf"(?P<name>(?:{_NAMES}|authorization))(?P<between>[\"']?\]?\s*(?:{_GIVEN})\s*){_QUOTED}", re.IGNORECASE
)
_AUTH_PAIR = re.compile(
    rf"(?P<name>\bauth\s*=\s*|Auth)(?P<between>\w{{0,32}}\(\s*[^,()]{{1,256}},\s*(?:password\s*=\s*)?){_QUOTED}"
)


@functools.lru_cache(maxsize=8192)
def is_name_of_secret(name: str) -> bool:
    """Whether text under this name (an argument, key, header or variable of code) is a secret, when it is one's shape.
    Narrower than for deployment values: `key=` and `auth=` mean many things in code."""
    if len(name) > _LONGEST_NAME:
        return False
    return _NAME.search(name) is not None or _AUTHORIZATION.search(name) is not None


def masked_literal(text: str) -> str:
    """A literal of code without the secrets that its own shape gives away: passwords and tokens of URLs, headers,
    connection strings and keys of known vendors."""
    if len(text) < 8 or not _HINT.search(lowered := text.lower()):
        return text
    if _VENDOR_HINT.search(lowered):
        text = _without_keys(text)
    text = _HOOK.sub(rf"\g<1>{MASK}", text)
    for pattern in (_USER_INFO, _QUERY, _PATH, _LIBPQ, _HEADER):
        text = pattern.sub(_without_secret, text)
    return _USER_ONLY.sub(rf"\g<1>{MASK}@", text)


def masked_under(name: str, text: str) -> str:
    """The literal under a name that holds secrets: MASK (MASKED_KEY for what looks like a generated key), unless it is
    a placeholder or no secret by its shape. The scheme of an authorization header stays."""
    if text in MASKS:
        return text
    if _AUTHORIZATION.search(name) and (found := _SCHEME.match(text)):
        return text if is_placeholder(found[2]) or _NO_SECRET.search(found[2]) else found[1] + MASK
    if len(text) < 4 or is_placeholder(text) or _NO_SECRET.search(text) or _says_its_name(name, text):
        return text
    return _mask_of(text)


def masked_line(line: str) -> str:
    """A line of code with the secrets in its literals masked: by their shape, and by the name before them."""
    line = _NAMED_TEXT.sub(_without_named, masked_literal(line))
    return _AUTH_PAIR.sub(_without_pair, line) if "auth" in line.lower() else line


def _without_keys(text: str) -> str:
    if VENDOR_SHAPES.fullmatch(text):
        return text if is_placeholder(text) else _mask_of(text)
    return VENDOR_SHAPES.sub(lambda found: found[0] if is_placeholder(found[0]) else MASK, text)


def _mask_of(text: str) -> str:
    return MASKED_KEY if looks_random(text) else MASK


def _says_its_name(name: str, text: str) -> bool:
    """`{"token": "token"}`, `password="password_field"`, `TOKEN = "csrf-token"`: the name of what holds one."""
    return _NAME.search(text) is not None and text.replace("_", "").replace("-", "").isalpha()


def _without_secret(match: re.Match[str]) -> str:
    return match[0] if is_placeholder(match[2]) else f"{match[1]}{MASK}{match[0][match.end(2) - match.start() :]}"


def _without_named(match: re.Match[str]) -> str:
    name = match["name"]
    return _again(match, masked_under(name, match["value"])) if is_name_of_secret(name) else match[0]


def _without_pair(match: re.Match[str]) -> str:
    return _again(match, masked_under("password", match["value"]))


def _again(match: re.Match[str], value: str) -> str:
    if value == match["value"]:
        return match[0]
    start, end = (at - match.start() for at in match.span("value"))
    return match[0][:start] + value + match[0][end:]
