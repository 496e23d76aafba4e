"""Naming: the system that a setting, an argument or a model's field means by what it is called.

The weakest evidence, used where nothing else tells: `PAYWELL_API_BASE_URL` holds the address of something that this
code calls paywell, whatever stands there at run time.
"""

from __future__ import annotations

from collections.abc import Iterable

from extractor.rules.clients import Vendor
from extractor.text.words import words_of

# What an address is called besides its owner's name. The name ends before the first of these.
_ADDRESS = frozenset(
    "api apis url urls uri uris host hostname hosts endpoint endpoints server webhook webhooks wsdl domain address "  # noqa: SIM905
    "base root rest http https oauth oauth2 auth access token service services internal external public link "
    "configuration config settings options".split()
)
# Words by which a name says that it holds a whole address, or the head of one.
_PLACES = frozenset(
    "api url urls uri uris host hostname hosts endpoint endpoints server webhook domain address wsdl".split()  # noqa: SIM905
)
# Words that say whose address it is not: this application's own, or nobody's in particular.
_NOBODY = frozenset(
    "app site base web website frontend backend self own my the default main canonical full request remote target "  # noqa: SIM905
    "source origin callback redirect next previous proxy download upload file files image media static feed page login "
    "logout return success failure error home index current new old test data content django project course video "
    "key object item resource config avatar html clone thumbnail photo logo icon banner document preview share "
    "short long raw real final original git ssh repo repository".split()
)
# Ids of systems that are words of other things too, in the names of functions.
_ORDINARY = frozenset({"segment", "amplitude", "google"})
# Words by which a name says that it is the base of many addresses.
_BASES = frozenset({"api", "base", "root", "host", "hostname", "server", "endpoint", "domain"})


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
    outside = bool(vendor.hosts) or vendor.group == "Identity"
    return outside and vendor.group != "AWS" and vendor.id not in _ORDINARY


def owner_named(name: str, is_page: bool = False) -> str | None:
    """Whose address a name says it holds: `PAYWELL_API_BASE_URL` is paywell's; None when it says nothing of that.

    `Partner.lms_url` is a field: where its own name tells nothing, that of its class does (`LmsEndpoint.base_url`).
    `is_page`: nothing is put behind the address, which may be that of one thing (a picture, a page): nobody's base.
    """
    holder, _, field = name.rpartition(".")
    words = words_of(field)
    if is_page and not _BASES.intersection(words):
        return None
    if not _PLACES.intersection(words[-3:]) or words[-1] in ("path", "key", "id", "name"):
        return None
    for candidate in (words, words_of(holder)):
        kept = _before_address(candidate)
        if kept and not _NOBODY.issuperset(kept):
            return "-".join(kept)
    return None


def _before_address(words: tuple[str, ...]) -> tuple[str, ...]:
    end = next((at for at, word in enumerate(words) if word in _ADDRESS), len(words))
    return words[:end]
