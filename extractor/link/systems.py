"""Systems by name: the one place that says which system an id, a host or a product's name is, and what it is called.

A system that the estate names is the estate's, under the estate's id, however a rule or a setting calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from extractor.estate.model import Estate, System, Target
from extractor.rules.clients import Vendor
from extractor.rules.stores import store_rules
from extractor.text.words import words_of

# What a datastore is called of which deployment, or a setting, chooses the product.
_KINDS = {
    "database": "Database",
    "cache": "Cache",
    "queue": "Message queue",
    "search": "Search index",
    "storage": "Object storage",
}


class SystemNames:
    """The systems of an estate, and those that many estates talk to."""

    def __init__(self, estate: Estate, vendors: Mapping[str, Vendor]) -> None:
        self.estate, self.vendors = estate, vendors
        self._called: dict[str, System] = {}
        for system in estate.systems:
            if system.repository is None:
                self._called.setdefault(_joined(system.name), system)

    def known(self, system: str) -> System | None:
        """The estate's system of an id; else the one that is called as the well-known system of that id is."""
        found = self.estate.system(system)
        vendor = self.vendors.get(system)
        if found is None and vendor is not None:
            found = self._called.get(_joined(vendor.name))
        return found

    def id_of(self, system: str) -> str:
        """The id of a system: the estate's, where the estate names it."""
        known = self.known(system)
        return known.id if known is not None else system

    def of_host(self, host: str) -> Target | None:
        """What a host means, by the estate, then by the systems many estates talk to."""
        target = self.estate.of_host(host)
        if target is not None:
            return target
        for vendor in self.vendors.values():
            if any(fnmatchcase(host.lower(), pattern) for pattern in vendor.hosts):
                return Target(self.id_of(vendor.id))
        return None

    def technology(self, store: str) -> str:
        """The product that a datastore is; "" where only its kind is known."""
        engine = store_rules().engine(store)
        if engine is not None:
            return engine.technology
        vendor = self.vendors.get(store)
        return vendor.name if vendor is not None else "" if store in _KINDS else _capital(store)

    def store(self, store: str) -> str:
        """What the element of a datastore is called."""
        engine = store_rules().engine(store)
        return (engine.name if engine is not None else "") or _KINDS.get(store) or self.technology(store)


def _capital(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _joined(name: str) -> str:
    return "".join(words_of(name))
