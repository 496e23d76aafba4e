"""What words of names mean: `rules/vocabulary.yaml`, whose parts say whose address a setting holds, what a call moves,
and which methods tell nothing of their class.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain


@dataclass(frozen=True, slots=True)
class AddressWords:
    """Words of names that hold addresses; see the head of each list in the file for what it means."""

    called: frozenset[str]
    places: frozenset[str]
    not_places: frozenset[str]
    bases: frozenset[str]
    holders: frozenset[str]
    nobody: frozenset[str]


@dataclass(frozen=True, slots=True)
class VendorWords:
    """Ids and groups of `systems.yaml` of which a name alone says more, or less, than of others."""

    ordinary: frozenset[str]
    families: frozenset[str]
    hostless: frozenset[str]


@dataclass(frozen=True, slots=True)
class LabelWords:
    """Words of paths, methods, functions and classes. The patterns are for a whole segment (`noise`, `files`: the name
    and the ending), for the end of a segment (`formats`) and of a class's name (`class_endings`)."""

    done: frozenset[str]
    vague: frozenset[str]
    which: frozenset[str]
    addresses: frozenset[str]
    generic: frozenset[str]
    sending_off: frozenset[str]
    plain_clients: frozenset[str]
    anything: frozenset[str]
    roles: frozenset[str]
    joining: frozenset[str]
    sending: frozenset[str]
    taken: frozenset[str]
    verbs: frozenset[str]
    noise: re.Pattern[str]
    files: re.Pattern[str]
    formats: re.Pattern[str]
    class_endings: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The parts of the file. `common_methods` are methods of which no class is guessed."""

    addresses: AddressWords
    vendors: VendorWords
    labels: LabelWords
    common_methods: frozenset[str]


@functools.cache
def vocabulary() -> Vocabulary:
    """The shipped words, read once; the tests hold them to their schema and their examples."""
    data = read_plain(rules_dir() / "vocabulary.yaml")
    return Vocabulary(
        _addresses(data["addresses"]),
        VendorWords(**{name: frozenset(data["vendors"][name]) for name in ("ordinary", "families", "hostless")}),
        _labels(data["labels"]),
        frozenset(data["methods"]["common"]),
    )


def _addresses(data: Mapping[str, Any]) -> AddressWords:
    nobody = frozenset(word for words in data["nobody"].values() for word in words)
    sets = {name: frozenset(data[name]) for name in ("called", "places", "not_places", "bases", "holders")}
    return AddressWords(**sets, nobody=nobody)


def _labels(data: Mapping[str, Any]) -> LabelWords:
    patterns: dict[str, Any] = {
        "noise": re.compile(_any_of(data["noise"]), re.IGNORECASE),
        "files": re.compile(rf"(.*)\.{_any_of(data['files'])}", re.IGNORECASE),
        "formats": re.compile(rf"\.{_any_of(data['formats'])}$", re.IGNORECASE),
        "class_endings": re.compile(f"{_any_of(data['class_endings'])}+$"),
    }
    words: dict[str, Any] = {
        name: frozenset(items) for name, items in data.items() if name not in patterns and name != "examples"
    }
    words["verbs"] |= words["taken"] | words["done"]
    return LabelWords(**words, **patterns)


def _any_of(alternatives: Iterable[str]) -> str:
    return f"({'|'.join(alternatives)})"
