"""The words of `rules/vocabulary.yaml`: each part finds its hits and leaves its misses."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain
from extractor.link.labels import label
from extractor.link.naming import is_telling, owner_named
from extractor.rules.clients import shipped_rules
from extractor.rules.vocabulary import vocabulary

DATA = read_plain(rules_dir() / "vocabulary.yaml")
ADDRESSES, VENDORS, LABELS, METHODS = (DATA[part]["examples"] for part in ("addresses", "vendors", "labels", "methods"))


@pytest.mark.parametrize("row", ADDRESSES["hits"], ids=lambda row: row["name"])
def test_a_name_says_whose_address_it_holds(row: dict[str, str]) -> None:
    assert owner_named(row["name"]) == row["owner"]


@pytest.mark.parametrize("row", ADDRESSES["misses"], ids=lambda row: row["name"])
def test_a_name_that_looks_alike_is_nobodys_address(row: dict[str, str]) -> None:
    assert owner_named(row["name"]) is None, row["why"]


@pytest.mark.parametrize("name", [*VENDORS["hits"], *VENDORS["misses"]])
def test_some_systems_are_meant_wherever_their_name_stands(name: str) -> None:
    assert is_telling(shipped_rules().vendors[name]) == (name in VENDORS["hits"])


def test_the_groups_and_systems_that_words_speak_of_are_there() -> None:
    vendors, known = vocabulary().vendors, shipped_rules().vendors
    assert vendors.ordinary <= set(known)
    assert vendors.families | vendors.hostless <= {vendor.group for vendor in known.values()}


def labelled(row: dict[str, Any]) -> str:
    said = (row.get(key, "") for key in ("url", "via", "function", "path"))
    return label(row.get("method"), *said)


@pytest.mark.parametrize("row", LABELS["hits"], ids=lambda row: row["label"])
def test_a_label_says_what_moves(row: dict[str, Any]) -> None:
    assert labelled(row) == row["label"]


@pytest.mark.parametrize("row", LABELS["misses"], ids=lambda row: row["not"])
def test_a_label_does_not_say_what_only_looks_telling(row: dict[str, Any]) -> None:
    assert labelled(row) != row["not"], row["why"]


def test_methods_that_tell_nothing_are_told_from_those_that_do() -> None:
    common = vocabulary().common_methods
    assert set(METHODS["hits"]) <= common
    assert not set(METHODS["misses"]) & common


def test_a_word_stands_once_among_those_that_are_nobodys() -> None:
    words = [word for group in DATA["addresses"]["nobody"].values() for word in group]
    assert sorted(words) == sorted(set(words))
