"""Secrets are taken out of deployment values and commands here, before anything else sees them."""

from __future__ import annotations

import re

from extractor.text.shapes import MASK, VENDOR_SHAPES, masked_literal
from extractor.text.words import words_of

_WORDS = frozenset(
    (
        *(
            "secret",
            "secrets",
            "password",
            "passwords",
            "passwd",
            "passphrase",
            "pass",
            "pwd",
            "token",
            "tokens",
            "dsn",
        ),
        *("credential", "credentials", "key", "keys", "apikey", "salt", "private", "pem", "signature", "auth"),
    )
)
_PLACES = frozenset(("url", "uri", "host", "hostname", "port", "endpoint", "domain", "method", "timeout", "header"))
_RUN_TOGETHER = re.compile(r"passw(?:or)?d(?:_?\d+)?$", re.IGNORECASE)  # PGPASSWORD, password1
_MAX_TEXT = 4096
_NAMED = r"secret|passw(?:or)?d|passphrase|pwd|token|dsn|credentials?|api[_-]?key|private[_-]?key|access[_-]?key"
_SECRET_OPTION = re.compile(
    rf"((?:--?|\b)[A-Za-z0-9_.-]{{0,64}}(?:{_NAMED})[A-Za-z0-9_.-]{{0,64}})(=|\s+)(\"[^\"]*\"|'[^']*'|[^\s;&|]+)",
    re.IGNORECASE,
)
_ANY_NAMED = re.compile(_NAMED, re.IGNORECASE)
_USERINFO = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]{0,20}://)([^\s/@:'\"]{0,256})(:(?!\d{1,5}(?:[/?#\s]|$))[^\s'\"]{0,256})?@"
)
_QUERY = re.compile(rf"([?&][A-Za-z0-9_-]{{0,64}}(?:{_NAMED}|key|sig)[A-Za-z0-9_-]{{0,64}}=)[^&\s'\"]+", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?<!\S)([A-Za-z_][\w.-]*):([^:/\s]+)(:\d+:\d+)")  # user:password:uid:gid of SFTP images
_OPTION_HINT = re.compile(r"curl|mysql", re.IGNORECASE)
# curl -u user:password, and mysql -ppassword
_LOGIN = re.compile(
    r"(\bcurl\b[^|;&]{0,400}?\s(?:-u|--user)[\s=]+['\"]?[^\s:'\"]{1,64}:|\bmysql\w*\s(?:[^|;&]{0,200}?\s)?-p)([^\s'\"]{4,})"
)
_HARMLESS = re.compile(r"(?:|true|false|yes|no|none|null|on|off|\$\{?\w+\}?)", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a variable or key of this name is likely to hold a secret: a word of it says so, and its last word does
    not say that it holds a place or a number (`TOKEN_URL`, `PASSWORD_TIMEOUT`)."""
    words = words_of(name)
    if not words or words[-1] in _PLACES:
        return False
    return bool(_WORDS.intersection(words)) or words[-1] == "secure" or _RUN_TOGETHER.search(name) is not None


def masked(name: str, value: str) -> str:
    """`value` with what may be secret replaced by MASK: all of it when the name says so, else the password of a URL,
    secret query parameters, and text in the shape of a known kind of key. A bare `${NAME}` holds nothing and stays."""
    value = value[:_MAX_TEXT]
    if is_secret_name(name) and not _HARMLESS.fullmatch(value.strip()):
        return MASK
    return masked_text(value)


def masked_text(text: str) -> str:
    """Free text (a command, a URL) with passwords, secret options and key shapes replaced by MASK.
    Text is cut at 4,096 characters."""
    text = VENDOR_SHAPES.sub(MASK, text[:_MAX_TEXT])
    text = _USERINFO.sub(_without_password, text)
    text = _QUERY.sub(rf"\g<1>{MASK}", text)
    text = masked_literal(text)
    if _OPTION_HINT.search(text):
        text = _LOGIN.sub(_without_login, text)
    if _ANY_NAMED.search(text):  # the search is cheap, the substitution is not
        text = _SECRET_OPTION.sub(_without_value, text)
    return _ACCOUNT.sub(rf"\g<1>:{MASK}\g<3>", text)


def _without_password(match: re.Match[str]) -> str:
    scheme, user, password = match.group(1), match.group(2), match.group(3)
    if password is not None:
        return f"{scheme}{user}{password if password == ':' else ':' + MASK}@"
    return f"{scheme}{MASK}@" if scheme.lower().startswith("http") and user else match.group(0)


def _without_login(match: re.Match[str]) -> str:
    return match.group(0) if _HARMLESS.fullmatch(match.group(2)) else f"{match.group(1)}{MASK}"


def _without_value(match: re.Match[str]) -> str:
    option, gap, value = match.groups()
    if gap != "=" and (not option.startswith("-") or value.startswith("-")):
        return match.group(0)  # prose, or an option without a value
    return match.group(0) if _HARMLESS.fullmatch(value) else f"{option}{gap}{MASK}"
