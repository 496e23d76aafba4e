"""The rules of findings: one YAML file each under `rules/findings/`, in words and with the lists that a check reads."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_plain, read_yaml
from extractor.model.graph import Context
from extractor.rules.doc import RuleDoc

# The context that decides how bad a finding is, where several reach it: the one in which somebody waits.
_WORST_FIRST = ("request", "signal", "task", "startup", "command")


@dataclass(frozen=True, slots=True)
class FindingExample:
    """A module `example`, and the lines on which its rule finds something: (line, severity); none for a near miss.

    `serves` is what other systems do: (host, a module of views with its `urlpatterns`); `runs` is the Procfile beside
    the module.
    """

    code: str
    expect: tuple[tuple[int, str], ...] = ()
    why: str = ""
    serves: tuple[tuple[str, str], ...] = ()
    runs: str = ""
    settings: str = ""


@dataclass(frozen=True, slots=True)
class FindingRule:
    """A rule. `severity` holds unless `severity_in` names another for the kind of entry point that reaches the code.

    `absence` is set where a finding says that something is nowhere: `estate` when any source of the estate that could
    not be read may hold it, `library` when only one of its libraries may.

    `options` are the lists of names that the check of this rule works with.
    """

    id: str
    title: str
    why: str
    remedy: str
    severity: str
    docs: str
    severity_in: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, tuple[str, ...]], ...]
    hits: tuple[FindingExample, ...]
    misses: tuple[FindingExample, ...]
    absence: str = ""

    def option(self, name: str) -> tuple[str, ...]:
        """A list of the rule's options; () when it has none of that name."""
        return dict(self.options).get(name, ())

    def severity_for(self, contexts: Iterable[Context]) -> str:
        """How bad a finding is that these entry points reach."""
        known = dict(self.severity_in)
        kinds = {context.kind for context in contexts}
        worst = next((kind for kind in _WORST_FIRST if kind in kinds), "")
        return known.get(worst, self.severity)

    def doc(self) -> RuleDoc:
        """The rule in words."""
        return RuleDoc(self.id, self.title, self.why, self.remedy, self.severity, self.docs)


def load_finding_rules(directory: Path, checked: bool = True) -> Mapping[str, FindingRule]:
    """The rules of `directory/findings`, by id, sorted. Raises UserError for the first file with faults.

    `checked=False` leaves the schema out: for the shipped rules, which the tests check.
    """
    rules = {}
    for path in sorted((directory / "findings").glob("*.yaml")):
        data = read_yaml(path, read_schema("finding")).data if checked else read_plain(path)
        rules[data["id"]] = _rule(data)
    return rules


@functools.lru_cache(maxsize=1)
def shipped_finding_rules() -> Mapping[str, FindingRule]:
    """The rules that ship with c4trace, read once."""
    return load_finding_rules(rules_dir(), checked=False)


def left_open(kind: str) -> tuple[str, ...]:
    """The rules that cannot be held while a source of this kind (`repository`, `library`) is not read: they say that
    something is nowhere, and it may be there."""
    answers = ("estate", kind)
    return tuple(rule.id for rule in shipped_finding_rules().values() if rule.absence in answers)


def rule_docs() -> tuple[RuleDoc, ...]:
    """Every shipped rule in words, sorted by id."""
    return tuple(rule.doc() for rule in shipped_finding_rules().values())


def _rule(data: Mapping[str, Any]) -> FindingRule:
    examples = data.get("examples", {})
    return FindingRule(
        id=data["id"],
        title=data["title"],
        why=data["why"].strip(),
        remedy=data["remedy"].strip(),
        severity=data["severity"],
        docs=data["docs"],
        severity_in=tuple(sorted(data.get("severity_in", {}).items())),
        options=tuple(sorted((name, tuple(items)) for name, items in data.get("options", {}).items())),
        hits=tuple(_example(row, data["severity"]) for row in examples.get("hits", ())),
        misses=tuple(_example(row, data["severity"]) for row in examples.get("misses", ())),
        absence=data.get("absence", ""),
    )


def _example(row: Mapping[str, Any], severity: str) -> FindingExample:
    lines = tuple((want["line"], want.get("severity", severity)) for want in row.get("expect", ()))
    serves = tuple(sorted(row.get("serves", {}).items()))
    return FindingExample(row["code"], lines, row.get("why", ""), serves, row.get("runs", ""), row.get("settings", ""))
