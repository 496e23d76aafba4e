"""The rule files: each is valid, finds what its examples say, and leaves the near misses alone."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_yaml
from extractor.link.examples import faults
from extractor.rules.clients import ClientRule, RuleBook, load_rules, shipped_rules

FILES = sorted((rules_dir() / "clients").glob("*.yaml"))
CLIENTS = sorted(shipped_rules().clients, key=lambda client: client.id)


def client_of(path: Path) -> ClientRule:
    return next(client for client in CLIENTS if client.id == path.stem)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_rule_file_is_valid_and_named_after_its_rule(path: Path) -> None:
    assert read_yaml(path, read_schema("client")).data["id"] == path.stem


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_rule_finds_its_hits_and_leaves_its_misses(path: Path) -> None:
    assert faults(shipped_rules(), client_of(path)) == []


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_a_system_that_a_rule_names_is_described(client: ClientRule) -> None:
    known = set(shipped_rules().vendors)
    named = {target for call in client.calls for _name, target in call.system_map if "*" not in target}
    named |= {call.system.text for call in client.calls if call.system and call.system.text and not call.system_map}
    assert named - known - {"email"} == set()


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_a_call_says_what_it_does(client: ClientRule) -> None:
    for call in client.calls:
        if call.effect == "store":
            assert call.store, call.match
            assert call.operation, call.match
            assert call.system or call.alias, call.match
        if call.effect == "sdk":
            assert call.system, call.match


def paths_of(pattern: str) -> Iterator[str]:
    """Some access paths that a pattern is written for: one alternative of each group, `*` a name, `**` a step."""
    for choice in range(60):
        path = pattern
        while group := re.search(r"\{([^{}]*)\}", path):
            options = group[1].split(",")
            path = path[: group.start()] + options[choice % len(options)].strip() + path[group.end() :]
        for deep in ("x()", "", "x", "().x.", ".x"):
            yield path.replace("**", deep).replace("*", "x")


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_every_pattern_is_reached(client: ClientRule) -> None:
    """No pattern is hidden behind another one, of its own file or of a file before it."""
    book = shipped_rules()
    for call in client.calls:
        assert any(book.find(path) is call for path in paths_of(call.match)), call.match


def test_a_hidden_pattern_is_told() -> None:
    client = next(client for client in CLIENTS if client.id == "httpx")
    hidden = dataclasses.replace(client.calls[0], match="httpx.get", label="never")
    book = RuleBook((dataclasses.replace(client, calls=(*client.calls, hidden)),), {}, "")
    assert not any(book.find(path) is hidden for path in paths_of(hidden.match))


def test_a_host_means_one_system() -> None:
    hosts = [host for vendor in shipped_rules().vendors.values() for host in vendor.hosts]
    assert sorted(hosts) == sorted(set(hosts))


def test_an_example_that_does_not_hold_is_told(tmp_path: Path) -> None:
    """A rule whose hit is not found, found elsewhere, or whose miss is found, fails: the runner can say no."""
    (tmp_path / "clients").mkdir()
    (tmp_path / "systems.yaml").write_text("systems: {}\n")
    rule = {
        "id": "pigeon",
        "title": "Pigeon post",
        "why": "It flies.",
        "docs": "https://pigeon.example.org/",
        "calls": [{"match": "pigeon.send", "method": "POST", "url": {"arg": 0}}],
        "examples": {
            "hits": [
                {"code": "import pigeon\npigeon.send('https://a.example.org/')\n", "expect": [{"line": 1}]},
                {
                    "code": "import pigeon\npigeon.send('https://a.example.org/')\n",
                    "expect": [{"line": 2, "url": "https://b.example.org/"}],
                },
            ],
            "misses": [{"code": "import pigeon\npigeon.send('x')\n"}, {"code": "import pigeon\npigeon.feed()\n"}],
        },
    }
    (tmp_path / "clients" / "pigeon.yaml").write_text(yaml.safe_dump(rule))
    book = load_rules(tmp_path)
    assert faults(book, book.clients[0]) == [
        "hit 1: calls were found on lines [2], expected on [1]",
        "hit 2: line 2: url is 'https://a.example.org/', expected 'https://b.example.org/'",
        "miss 1: line 2 was found: pigeon.send",
    ]
