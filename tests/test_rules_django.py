"""Where control comes in by `rules/django.yaml`: its examples are reached as they say, and what looks alike is not."""

from __future__ import annotations

import pytest

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain
from tests.test_link_entrypoints import WORK, contexts, reached

EXAMPLES = read_plain(rules_dir() / "django.yaml")["entry_points"]


def told(code: str) -> list[str]:
    ev, reach = reached({"m.py": WORK, "shop.py": "from m import work\n" + code})
    return contexts(ev, reach)


@pytest.mark.parametrize("row", EXAMPLES["hits"], ids=lambda row: row["reached"])
def test_an_example_is_reached_from_its_entry_point(row: dict[str, str]) -> None:
    assert told(row["code"]) == [row["reached"]]


@pytest.mark.parametrize("row", EXAMPLES["misses"], ids=lambda row: row["not"])
def test_a_near_miss_is_not_reached_so(row: dict[str, str]) -> None:
    assert row["not"] not in told(row["code"]), row["why"]
