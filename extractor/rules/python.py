"""What libraries do with the functions and objects that they are given: `rules/python.yaml`, by its schema."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain
from extractor.rules.clients import RuleBook, matches


@dataclass(frozen=True, slots=True)
class Runner:
    """A function that runs a function. `function` are the places where that stands; its arguments stand from the place
    `arguments` on, or each in the series at `each`, or under the keywords of `packed`; -1 and () for the others."""

    match: str
    function: tuple[int | str, ...]
    arguments: int = -1
    each: int = -1
    packed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HookManager:
    """A kind of plugin manager: the access paths of the `manager` and of the `marker` of implementations, the attribute
    `relay` on which hooks are called, the method that registers, and the keyword that names the hook of a function."""

    manager: str
    marker: str
    relay: str
    register: str
    name: str


@dataclass(frozen=True, slots=True)
class EnvironmentClass:
    """Base classes whose fields are variables of the environment: the names in a class that configure it, the key there
    of what stands before each name, and the keywords of a field that name its variable."""

    bases: frozenset[str]
    configs: tuple[str, ...]
    prefix: str
    aliases: tuple[str, ...]


@dataclass(slots=True)
class PythonRules:
    """`forwards` gives, for a base class and a method, the method that this one calls on the same object; `passes` are
    functions that give what they are given."""

    forwards: dict[tuple[str, str], str]
    runners: tuple[Runner, ...]
    passes: frozenset[str]
    environment: tuple[EnvironmentClass, ...]
    plugins: tuple[HookManager, ...]
    followed: frozenset[str]
    _known: dict[str, Runner | None] = field(default_factory=dict)

    def runner(self, path: str) -> Runner | None:
        """What is known of the function at an access path, if it runs another."""
        if path not in self._known:
            self._known[path] = next((one for one in self.runners if matches(one.match, path)), None)
        return self._known[path]


def followed_names(book: RuleBook) -> frozenset[str]:
    """The dotted names of what tells something of what code does, and so does all that is asked of it: what the rules
    of clients speak of, and `followed`."""
    return book.beginnings() | python_rules().followed


@functools.cache
def python_rules() -> PythonRules:
    """The shipped rules, read once; the tests hold them to their schema."""
    data = read_plain(rules_dir() / "python.yaml")
    return PythonRules(
        forwards={
            (base, method): row["to"] for row in data["forwards"] for base in row["bases"] for method in row["methods"]
        },
        runners=tuple(
            Runner(
                row["match"],
                tuple(row["function"]),
                row.get("arguments", -1),
                row.get("each", -1),
                tuple(row.get("packed", ())),
            )
            for row in data["runners"]
        ),
        passes=frozenset(data["passes"]),
        environment=tuple(
            EnvironmentClass(frozenset(row["bases"]), tuple(row["configs"]), row["prefix"], tuple(row["aliases"]))
            for row in data["environment"]
        ),
        followed=frozenset(data["followed"]),
        plugins=tuple(HookManager(**row) for row in data["plugins"]),
    )


__all__ = ["EnvironmentClass", "HookManager", "PythonRules", "Runner", "followed_names", "python_rules"]
