"""The files of rules: each keeps to its schema, since the program reads them without asking."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_plain, read_yaml
from extractor.rules.clients import load_rules

FILES = sorted(rules_dir().glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_keeps_to_the_schema_of_its_name(path: Path) -> None:
    document = read_yaml(path, read_schema(path.stem))
    assert document.data == read_plain(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_schema_refuses_a_key_that_nobody_reads(path: Path) -> None:
    assert read_schema(path.stem)["additionalProperties"] is False


@pytest.mark.parametrize("broken", ["{requests.get,requests.post", "requests.get}", "requests.{a,{b}.get"])
def test_a_pattern_with_an_open_group_is_refused_with_its_line(tmp_path: Path, broken: str) -> None:
    shutil.copytree(rules_dir() / "clients", tmp_path / "clients")
    shutil.copy(rules_dir() / "systems.yaml", tmp_path)
    file = tmp_path / "clients" / "django-storage.yaml"
    file.write_text(file.read_text().replace("user_tasks.models.UserTaskArtifact().file.{save,delete}", f'"{broken}"'))
    with pytest.raises(UserError, match=r"django-storage\.yaml, line \d+: calls\.1\.match: a group of"):
        load_rules(tmp_path)
