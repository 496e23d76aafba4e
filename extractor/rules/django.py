"""What `rules/django.yaml` says of Django: what a web request runs, and which libraries serve URLs."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain


@dataclass(frozen=True, slots=True)
class DjangoRules:
    """The patterns are searched for at the end of dotted names.

    `url_libraries` gives distributions by package, `own_urls` the views by route of each URLconf of Django itself.
    """

    request_bases: re.Pattern[str]
    request_decorators: re.Pattern[str]
    url_libraries: Mapping[str, str]
    own_urls: Mapping[str, Mapping[str, str]]


@functools.cache
def django_rules() -> DjangoRules:
    """The shipped rules, read once; the tests hold them to their schema."""
    data = read_plain(rules_dir() / "django.yaml")
    bases, decorators = _ending(data["request_bases"]), _ending(data["request_decorators"])
    return DjangoRules(bases, decorators, data["url_libraries"], data["own_urls"])


def _ending(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(patterns)})$")


__all__ = ["DjangoRules", "django_rules"]
