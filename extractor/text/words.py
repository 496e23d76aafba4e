"""The words of a name: `paywellApiURLs`, `PAYWELL_API_URLS` and `paywell-api-urls` say the same three."""

from __future__ import annotations

import re

# Between a small letter or digit and a capital, and before the last capital of several: `HTTPServer` is two words,
# `URLs` is one.
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?![a-z]))[a-z])")
_NO_WORD = re.compile(r"[^a-z0-9]+")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in snake, kebab, dotted or camel case, in lower case and in order.

    Letters are those of ASCII: identifiers of other alphabets have no words. Digits stay with the letters before them.
    """
    return tuple(word for word in _NO_WORD.split(_SEAM.sub(" ", name).lower()) if word)


def spaced(name: str) -> str:
    """The words of a name as text: `getCurrentGrades` is `get current grades`."""
    return " ".join(words_of(name))
