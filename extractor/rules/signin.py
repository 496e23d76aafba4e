"""The rules for signing in: `rules/signin.yaml`, which says to whose identity provider a backend sends people."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of the rules; see the head of the file for the fields."""

    backend: re.Pattern[str]
    system: str
    protocol: str
    address: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignInRules:
    """The settings that list sign-in backends, and the providers, of which the first that fits counts."""

    settings: tuple[str, ...]
    providers: tuple[Provider, ...]


@functools.cache
def sign_in_rules() -> SignInRules:
    """The shipped rules, read once; the tests hold them to their schema."""
    data = read_plain(rules_dir() / "signin.yaml")
    providers = (
        Provider(re.compile(row["backend"]), row["system"], row["protocol"], tuple(row.get("address", ())))
        for row in data["providers"]
    )
    return SignInRules(tuple(data["settings"]), tuple(providers))
