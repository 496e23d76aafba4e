"""Bytes of a Python source file as text: byte order mark, coding cookie, newlines."""

from __future__ import annotations

import codecs
import re

# PEP 263: the cookie stands in a comment on line one, or on line two under a line that is blank or a comment.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#|$)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
# Codecs that Python calls text encodings but that no source is written in; some take quadratic time.
_REFUSED = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem"})


class NotText(ValueError):
    """The bytes are not the text of a Python module; the message says why in words."""


def decode(source: bytes) -> str:
    r"""The text of a module, without byte order mark, lines ended by `\n` alone.

    `\r\n` and `\r` end lines as they do for Python, so line numbers do not change. Raises NotText.
    """
    if b"\0" in source:
        raise NotText("null bytes")
    marked = source.startswith(codecs.BOM_UTF8)
    if marked:
        source = source[len(codecs.BOM_UTF8) :]
    encoding = "utf-8" if marked else _declared(source)
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise NotText(f"not text: line {line} is not {encoding}") from None
    except UnicodeError:
        raise NotText(f"not text: not {encoding}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _declared(source: bytes) -> str:
    """The encoding that the coding cookie names; UTF-8 when there is none (PEP 3120)."""
    first, second = (*_LINE_END.split(source[:1000], maxsplit=2), b"", b"")[:2]
    cookie = _COOKIE.match(first) or (_COOKIE.match(second) if _BLANK.match(first) else None)
    if cookie is None:
        return "utf-8"
    named = cookie[1].decode("ascii", "replace")
    try:
        info = codecs.lookup(named)
    except LookupError:
        raise NotText(f"unknown encoding {named!r}") from None
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("_", "-") in _REFUSED:
        raise NotText(f"unknown encoding {named!r}")
    return info.name
