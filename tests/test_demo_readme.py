"""The README and the Makefile tell of nothing that is not there."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest
import yaml

from c4trace.commands import COMMANDS, load_command
from extractor.estate.file import load_estate

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MADE = {
    "out/",
    "out/site/index.html",
    ".venv",
    "puml/",
    "mermaid/",
    "svg/",
    "site/",
    "structurizr/",
    "likec4/",
    "d2/",
    "kroki/",
}  # by c4trace and make


def test_every_command_is_told_of_and_no_other() -> None:
    told = re.findall(r"^\| `c4trace (\w+)` \|", README, re.MULTILINE)
    assert told == list(COMMANDS), "run `make docs`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_told_of_can_run(name: str) -> None:
    assert callable(load_command(name).run)


@pytest.mark.parametrize("line", re.findall(r"^    \.venv/bin/c4trace (.+)$", README, re.MULTILINE))
def test_every_command_line_shown_is_understood(line: str) -> None:
    name, *arguments = shlex.split(line)
    parser = argparse.ArgumentParser(exit_on_error=False)
    load_command(name).add_arguments(parser)
    assert parser.parse_known_args(arguments)[1] == []


def test_every_make_target_shown_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = set(re.findall(r"\bmake ([a-z]+)\b", README)) | set(re.findall(r'"make (\w+) ', makefile))
    assert {"demo", "test", "bench"} <= told
    assert [target for target in told if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_every_path_named_is_there() -> None:
    named = {text for text in re.findall(r"`([\w./-]+)`", README) if "/" in text} - MADE
    assert "extractor/model/graph.py" in named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_estate_file_shown_is_a_good_one(tmp_path: Path) -> None:
    shown = re.search(r"```yaml\n(.+?)```", README, re.DOTALL)
    assert shown
    path = tmp_path / "estate.yaml"
    path.write_text(shown[1], encoding="utf-8")
    estate = load_estate(path)
    assert len(estate.systems) == len(yaml.safe_load(shown[1])["systems"])
    assert [spec.name for spec in estate.sources()] == ["shop", "stock"]
