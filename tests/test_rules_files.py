"""The files of rules: each keeps to its schema, since the program reads them without asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_plain, read_yaml

FILES = sorted(rules_dir().glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_keeps_to_the_schema_of_its_name(path: Path) -> None:
    document = read_yaml(path, read_schema(path.stem))
    assert document.data == read_plain(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_schema_refuses_a_key_that_nobody_reads(path: Path) -> None:
    assert read_schema(path.stem)["additionalProperties"] is False
