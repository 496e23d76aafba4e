"""The rules for event buses: `rules/eventbus.yaml`, which says what carries a library's signals to other services."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain


@dataclass(frozen=True, slots=True)
class Bus:
    """One bus of the rules; see the head of the file for the fields."""

    system: str
    sent: re.Pattern[str]
    topics: str
    type: re.Pattern[str]
    producer: str
    consumer: str
    command: str


@functools.cache
def buses() -> tuple[Bus, ...]:
    """The shipped buses, read once; the tests hold them to their schema."""
    return tuple(
        Bus(
            row["system"],
            re.compile(row["sent"]),
            row["topics"],
            re.compile(row["type"]),
            row["producer"],
            row["consumer"],
            row["command"],
        )
        for row in read_plain(rules_dir() / "eventbus.yaml")["buses"]
    )
