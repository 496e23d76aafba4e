"""Path-safe names for ids: what a view or page file is called, the same on every run."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_LONGEST = 60


def digest(*parts: str) -> str:
    """Ten hexadecimal digits that stand for the parts, in order. Parts may hold any text."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:10]


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and single hyphens; never empty, at most 60 characters.

    A text that had to be cut carries a digest of the whole, so that two long names do not fall together.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not words:
        return "x" + digest(text)
    if len(words) <= _LONGEST:
        return words
    return f"{words[: _LONGEST - 11].rstrip('-')}-{digest(text)}"


def unique_slugs(ids: Iterable[str]) -> dict[str, str]:
    """One slug for each id, no two alike. Ids whose plain slugs agree all carry their digest, whatever their order."""
    known = sorted(set(ids))
    plain = {key: slug(key) for key in known}
    uses = Counter(plain.values())
    return {key: plain[key] if uses[plain[key]] == 1 else f"{plain[key][:49]}-{digest(key)}" for key in known}
