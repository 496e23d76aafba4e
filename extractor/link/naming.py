"""Naming: the system that a setting, an argument or a model's field means by what it is called.

The weakest evidence, used where nothing else tells: `NOVOED_API_BASE_URL` holds the address of something that this code
calls novoed, whatever stands there at run time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor.rulebook import Vendor

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
    "key object item resource config".split()
)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in snake or camel case, in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return tuple(word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word)


def vendor_named(name: str, vendors: Iterable[Vendor]) -> str | None:
    """A system that many estates talk to whose id stands in the name as whole words, the longest first."""
    found = f"-{'-'.join(words_of(name))}-"
    return max((v.id for v in vendors if f"-{v.id}-" in found), key=len, default=None)


def owner_named(name: str) -> str | None:
    """Whose address a name says it holds: `NOVOED_API_BASE_URL` is novoed's; None when it says nothing of that.

    `Partner.lms_url` is a field: where its own name tells nothing, that of its class does (`LmsEndpoint.base_url`).
    """
    holder, _, field = name.rpartition(".")
    words = words_of(field)
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
