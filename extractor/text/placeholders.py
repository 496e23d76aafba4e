"""Whether text that stands where a secret is expected is one: placeholders are none, random text is a key."""

from __future__ import annotations

import math
import re
from collections import Counter

_PLACEHOLDER = re.compile(
    r"change.?me|\bset.?me|example|placeholder|dummy|insert|replace|your[-_ ]|xxx|todo|redacted|none|null|secret.?key$"
    r"|^<.*>$|^\W*$",
    re.IGNORECASE,
)
# Names and phrases lie below, keys above: characters, digits among them, bits for each character.
_MIN_LENGTH, _MIN_DIGITS, _MIN_ENTROPY = 20, 3, 3.2


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
