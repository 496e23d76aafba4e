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


@dataclass(frozen=True, slots=True)
class EnvironmentReader:
    """What reads a variable of the environment by its name: objects of the classes `made`, called or by a method that
    is none of `other`, and `functions`, which may be objects with such methods. `prefix` is the keyword, or the
    attribute, that says what stands before each name, `within` the method that says so for a `with` block; with
    `schema` the keywords of a class are defaults. `front` stands before each name, in capitals, unless `prefix` says
    otherwise; where `attributes` lists those that are none, attributes of the object are variables."""

    made: frozenset[str]
    functions: frozenset[str]
    prefix: str
    within: str
    schema: bool
    other: frozenset[str]
    front: str
    attributes: frozenset[str]

    def asks(self, path: str) -> bool:
        """Whether a call of this access path asks such a reader: by itself, or by a method of it or of its class."""
        for one in (path, path.rpartition(".")[0]):
            if one in self.functions or one.removesuffix("()") in self.made:
                return one != path or path.endswith("()") or path in self.functions
        return False


@dataclass(frozen=True, slots=True)
class AssignedVariable:
    """Classes of the `modules` whose objects, assigned to a setting, read the variable of its name behind `front`;
    `prefix`, `name` and `unless` are keywords that say otherwise, `required` classes without a default, `usual` those
    whose variable has a name of its own."""

    modules: tuple[str, ...]
    front: str
    prefix: str
    name: str
    unless: str
    required: frozenset[str]
    usual: dict[str, str]


@dataclass(slots=True)
class PythonRules:
    """`forwards` gives, for a base class and a method, the method that this one calls on the same object; `passes` are
    functions that give what they are given."""

    forwards: dict[tuple[str, str], str]
    runners: tuple[Runner, ...]
    passes: frozenset[str]
    environment: tuple[EnvironmentClass, ...]
    readers: tuple[EnvironmentReader, ...]
    assigned: tuple[AssignedVariable, ...]
    fills: frozenset[str]
    plugins: tuple[HookManager, ...]
    followed: frozenset[str]
    _known: dict[str, Runner | None] = field(default_factory=dict)
    _readers: dict[str, EnvironmentReader | None] = field(default_factory=dict)

    def reader(self, path: str) -> EnvironmentReader | None:
        """The rule of the reader that a call of this access path asks: `environ.Env()`, `environ.Env().str`."""
        if path not in self._readers:
            self._readers[path] = next((rule for rule in self.readers if rule.asks(path)), None)
        return self._readers[path]

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
        readers=tuple(
            EnvironmentReader(
                frozenset(row.get("made", ())),
                frozenset(row.get("functions", ())),
                row.get("prefix", ""),
                row.get("within", ""),
                row.get("schema", False),
                frozenset(row.get("other", ())),
                row.get("front", ""),
                frozenset(row.get("attributes", ())),
            )
            for row in data["readers"]
        ),
        assigned=tuple(
            AssignedVariable(
                tuple(row["modules"]),
                row["front"],
                row["prefix"],
                row["name"],
                row["unless"],
                frozenset(row["required"]),
                dict(row["usual"]),
            )
            for row in data["assigned"]
        ),
        fills=frozenset(data["fills"]),
        followed=frozenset(data["followed"]),
        plugins=tuple(HookManager(**row) for row in data["plugins"]),
    )


__all__ = [
    "AssignedVariable",
    "EnvironmentClass",
    "EnvironmentReader",
    "HookManager",
    "PythonRules",
    "Runner",
    "followed_names",
    "python_rules",
]
