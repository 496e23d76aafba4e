"""Whether text is a secret by how it looks: placeholders are none, random text is a key."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter

_PLACEHOLDER = re.compile(
    r"change.?me|\bset.?me|example|placeholder|dummy|insert|replace|your[-_ ]|(?<![a-z0-9])xxx|(?-i:x{5}|X{5})|todo"
    r"|redacted|none|null|secret.?key$|^<.*>$|^\W*$",
    re.IGNORECASE,
)
# Names and phrases lie below, keys above: characters, digits among them, bits for each character.
_MIN_LENGTH, _MIN_DIGITS, _MIN_ENTROPY = 20, 3, 3.2
_SOME_DIGITS = re.compile(r"\d\D*\d\D*\d")
_KEY_LENGTH, _MIN_TURNS = 24, 0.4


def is_placeholder(text: str) -> bool:
    """Whether text only says that a secret goes here (`changeme`, `<your token>`)."""
    return _PLACEHOLDER.search(text) is not None


def looks_random(text: str) -> bool:
    """True for text in the shape of a key: long, without spaces, paths or words, its characters evenly spread."""
    is_path = re.search(r"\s|://|^/|/[\w-]+\.[A-Za-z]{2,5}$", text)
    if len(text) < _MIN_LENGTH or is_path or is_placeholder(text):
        return False
    if sum(c.isdigit() for c in text) < _MIN_DIGITS or not re.search(r"[A-Za-z]", text):
        return False  # a dotted name of code
    counts = Counter(text)
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return entropy >= _MIN_ENTROPY


def is_opaque_key(text: str) -> bool:
    """True for what nothing but a generator writes, wherever it stands: long, of capitals, small letters and digits
    that take turns more often than in any name. Digests and UUIDs are of small letters and digits, and are none."""
    if not _SOME_DIGITS.search(text):
        return False
    plain = text.rstrip("=")
    kinds = [_kind(c) for c in plain]
    counts = Counter(kinds)
    if len(plain) < _KEY_LENGTH or min(counts["A"], counts["a"]) < 2 or counts["0"] < _MIN_DIGITS:
        return False
    if counts[""] * _KEY_LENGTH > 2 * len(plain):
        return False  # words with hyphens
    turns = sum(one != other for one, other in itertools.pairwise(kind for kind in kinds if kind))
    return turns >= _MIN_TURNS * (len(plain) - counts[""] - 1) and not is_placeholder(text)


def _kind(c: str) -> str:
    return "0" if c.isdigit() else "A" if c.isupper() else "a" if c.islower() else ""
