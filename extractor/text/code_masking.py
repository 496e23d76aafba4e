"""Secrets in source code are taken out here by the name they stand under, and in lines of code that are shown.

What is masked must be likely to be a secret: a placeholder (`changeme`), a template (`{token}`), a path, a dotted name
and a phrase stay, as they say where data flows and hide nothing.
"""

from __future__ import annotations

import functools
import re

from extractor.text.placeholders import is_placeholder
from extractor.text.shapes import MASK, MASKS, mask_of, masked_literal

# The name of a field, argument, header or variable whose text is a secret, by its last word: what may stand behind that
# says which secret it is, or where it holds.
_NAMES = (
    r"(?:passwords?|passwd|passphrase|pwd|(?<=[-_])pass|secrets?|tokens?|credentials?|(?:password|hash)[-_]?salt"
    r"|(?:api|access|secret|private|auth|signing|encryption|hmac|fernet|jwt|account|licen[sc]e|shared|master|webhook"
    r"|stripe|mailgun|sendgrid|twilio)[-_]?key)(?:_(?:default|base|prod(?:uction)?|staging|live)|_?v?\d{1,2})?"
)
_LONGEST_NAME = 128
_NAME = re.compile(_NAMES + "$", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"(?:proxy[-_])?authorization$", re.IGNORECASE)
_SCHEME = re.compile(r"(\s*(?:basic|bearer|token|jwt|apikey|key)\s+)(\S{4,})\s*$", re.IGNORECASE)
_NO_SECRET = re.compile(  # a phrase, a template, a path, a URL, a dotted name, words of a name
    r"[\s{}%$<>]|^/|://|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$"
)
_QUOTED = r"(?P<prefix>[rRbBuU]{0,2})(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\\\n]|\\.){1,2048})(?:(?P=quote)|$)"
_GIVEN = r":\s*\w{1,32}\s*=|:|=(?!=)(?:\s*[^\s'\"=]{1,128}\s+or\b)?|,(?:\s*default\s*=)?"
_NAMED_TEXT = re.compile(  # password="...", "token": "...", environ.get("API_KEY", "..."), TOKEN = given or "..."
    rf"(?P<name>(?:{_NAMES}|authorization))(?P<between>[\"']?\]?\s*(?:{_GIVEN})\s*){_QUOTED}", re.IGNORECASE
)
_PAIR_HINT = re.compile(r"auth|\.login\(", re.IGNORECASE)
_AUTH_PAIR = re.compile(
    rf"(?P<name>\bauth\s*=\s*|Auth|\.login)(?P<between>\w{{0,32}}\(\s*[^,()]{{1,256}},\s*(?:password\s*=\s*)?){_QUOTED}"
)


@functools.lru_cache(maxsize=8192)
def is_name_of_secret(name: str) -> bool:
    """Whether text under this name (an argument, key, header or variable of code) is a secret, when it is one's shape.
    Narrower than for deployment values: `key=` and `auth=` mean many things in code."""
    if len(name) > _LONGEST_NAME:
        return False
    return _NAME.search(name) is not None or _AUTHORIZATION.search(name) is not None


def masked_under(name: str, text: str) -> str:
    """The literal under a name that holds secrets: MASK (MASKED_KEY for what looks like a generated key), unless it is
    a placeholder or no secret by its shape. The scheme of an authorization header stays."""
    if text in MASKS:
        return text
    if _AUTHORIZATION.search(name) and (found := _SCHEME.match(text)):
        return text if is_placeholder(found[2]) or _NO_SECRET.search(found[2]) else found[1] + MASK
    if len(text) < 4 or is_placeholder(text) or _NO_SECRET.search(text) or _says_its_name(name, text):
        return text
    return mask_of(text)


def masked_line(line: str) -> str:
    """A line of code with the secrets in its literals masked: by their shape, and by the name before them."""
    line = _NAMED_TEXT.sub(_without_named, masked_literal(line))
    return _AUTH_PAIR.sub(_without_pair, line) if _PAIR_HINT.search(line) else line


def _says_its_name(name: str, text: str) -> bool:
    """`{"token": "token"}`, `password="password_field"`, `TOKEN = "csrf-token"`: the name of what holds one."""
    return _NAME.search(text) is not None and text.replace("_", "").replace("-", "").isalpha()


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
