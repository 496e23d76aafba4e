"""What deployment files run: `rules/deployment.yaml`, which names images of containers, add-ons and commands."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An image or add-on: a pattern of its last name, text that the whole name holds, role and technology ("": its
    own name says it)."""

    name: re.Pattern[str]
    within: str
    role: str
    technology: str


@dataclass(frozen=True, slots=True)
class DeploymentRules:
    """The file; see its head for what each list means. `programs` gives role and technology by command."""

    images: tuple[KnownImage, ...]
    spelling: Mapping[str, str]
    servers: Mapping[str, str]
    programs: Mapping[str, tuple[str, str]]
    fronts: Mapping[str, str]
    preparing: frozenset[str]
    shells: frozenset[str]
    managers: frozenset[str]
    ending: frozenset[str]


@functools.cache
def deployment_rules() -> DeploymentRules:
    """The shipped rules, read once; the tests hold them to their schema and their examples."""
    data = read_plain(rules_dir() / "deployment.yaml")
    commands = data["commands"]
    return DeploymentRules(
        images=tuple(
            KnownImage(re.compile(row["name"]), row.get("within", ""), row["role"], row.get("technology", ""))
            for row in data["images"]
        ),
        spelling=data["spelling"],
        servers=commands["servers"],
        programs={name: (row["role"], row["technology"]) for row in commands["programs"] for name in row["names"]},
        fronts=commands["fronts"],
        preparing=frozenset(commands["preparing"]),
        shells=frozenset(commands["shells"]),
        managers=frozenset(commands["managers"]),
        ending=frozenset(commands["ending"]),
    )
