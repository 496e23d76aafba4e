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


def owner_named(name: str, is_page: bool = False, is_key: bool = False) -> str | None:
    """Whose address a name says it holds: `PAYWELL_API_BASE_URL` is paywell's; None when it says nothing of that.

    `Partner.lms_url` is a field: where its own name tells nothing, that of its class does, when one of the two says
    that this is a system (`LmsEndpoint.base_url`, `Lms.api_url`, not `Order.url`). A field that only says where many
    things are (`books_url`) names nobody. `is_key`: the name is that of a setting and a key in it. `is_page`: nothing
    is put behind the address, which may be that of one thing (a picture, a page): nobody's base.
    """
    holder, _, field = name.rpartition(".")
    words, known = words_of(field), vocabulary().addresses
    if is_page and not known.bases.intersection(words):
        return None
    if not known.places.intersection(words[-3:]) or words[-1] in known.not_places:
        return None
    kept = _before_address(words)
    if kept and not known.nobody.issuperset(kept):
        of_many = bool(holder) and len(kept) == len(words) - 1 and _is_plural(kept[-1])
        return None if of_many else "-".join(kept)
    of_class = words_of(holder)
    if not is_key and not known.holders.intersection((*of_class[-2:], *words)):
        return None
    kept = _before_address(of_class)
    return "-".join(kept) if kept and not known.nobody.issuperset(kept) else None


def _is_plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))


def _before_address(words: tuple[str, ...]) -> tuple[str, ...]:
    called = vocabulary().addresses.called | vocabulary().addresses.holders
    end = next((at for at, word in enumerate(words) if word in called), len(words))
    return words[:end]
