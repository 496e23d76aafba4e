"""Naming: the system that a setting, an argument or a model's field means by what it is called.

The weakest evidence, used where nothing else tells: `PAYWELL_API_BASE_URL` holds the address of something that this
code calls paywell, whatever stands there at run time.
"""

from __future__ import annotations

from collections.abc import Iterable

from extractor.rules.clients import Vendor
from extractor.rules.vocabulary import vocabulary
from extractor.text.words import words_of


def vendor_named(name: str, vendors: Iterable[Vendor]) -> str | None:
    """A system that many estates talk to whose id stands in the name as whole words (`GitHubService` too), the longest
    first."""
    words = words_of(name)
    runs = {"".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1)}
    return max((v.id for v in vendors if v.id.replace("-", "") in runs), key=len, default=None)


def vendor_in(texts: Iterable[str], vendors: Iterable[str]) -> str | None:
    """The first of `vendors` (ids) that is a word of one of the texts (`anymail.backends.mailgun.EmailBackend`)."""
    words = {word for text in texts for word in words_of(text)}
    return next((vendor for vendor in vendors if vendor in words), None)


def is_telling(vendor: Vendor) -> bool:
    """True for systems whose id in the name of a function or class means them: no ordinary word, no family of many."""
    words = vocabulary().vendors
    outside = bool(vendor.hosts) or vendor.group in words.hostless
    return outside and vendor.group not in words.families and vendor.id not in words.ordinary


def owner_named(name: str, is_page: bool = False) -> str | None:
    """Whose address a name says it holds: `PAYWELL_API_BASE_URL` is paywell's; None when it says nothing of that.

    `Partner.lms_url` is a field: where its own name tells nothing, that of its class does (`LmsEndpoint.base_url`).
    `is_page`: nothing is put behind the address, which may be that of one thing (a picture, a page): nobody's base.
    """
    holder, _, field = name.rpartition(".")
    words, known = words_of(field), vocabulary().addresses
    if is_page and not known.bases.intersection(words):
        return None
    if not known.places.intersection(words[-3:]) or words[-1] in known.not_places:
        return None
    for candidate in (words, words_of(holder)):
        kept = _before_address(candidate)
        if kept and not known.nobody.issuperset(kept):
            return "-".join(kept)
    return None


def _before_address(words: tuple[str, ...]) -> tuple[str, ...]:
    called = vocabulary().addresses.called
    end = next((at for at, word in enumerate(words) if word in called), len(words))
    return words[:end]
