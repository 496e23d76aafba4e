"""The images, add-ons and commands of `rules/deployment.yaml`: its examples hold, and every row of it is reached."""

from __future__ import annotations

import pytest

from extractor.deployment.commands import program
from extractor.deployment.images import addon_role, image_role
from extractor.deployment.units import ROLES
from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_plain

DATA = read_plain(rules_dir() / "deployment.yaml")


def told(row: dict[str, str]) -> tuple[str, str]:
    if "image" in row:
        return image_role(row["image"])
    if "addon" in row:
        return addon_role(row["addon"])
    found = program(row["command"])
    return found.role, found.technology


@pytest.mark.parametrize("row", DATA["examples"]["hits"], ids=str)
def test_what_is_known_is_told(row: dict[str, str]) -> None:
    assert told(row) == (row["role"], row["technology"])


@pytest.mark.parametrize("row", DATA["examples"]["misses"], ids=str)
def test_what_only_looks_known_has_no_role(row: dict[str, str]) -> None:
    assert told(row)[0] == "", row["why"]


@pytest.mark.parametrize("row", DATA["images"], ids=lambda row: row["name"])
def test_every_image_is_reached(row: dict[str, str]) -> None:
    """The first alternative of each row, its optional parts left out, is not hidden behind a row above."""
    name = row["name"].split("|")[0].replace("(heroku-)?", "").replace("(cp-)?", "")
    plain = name.partition("(")[0].replace("-?", "-").replace(".*", "x").replace("4?", "")
    role, technology = image_role(f"{row['within']}/{plain}" if "within" in row else plain)
    assert (role, technology) == (row["role"], row.get("technology", technology))


def test_a_name_is_known_by_one_command_only() -> None:
    commands = DATA["commands"]
    names = [name for row in commands["programs"] for name in row["names"]]
    names += [*commands["servers"], *commands["fronts"], *commands["preparing"]]
    assert sorted(names) == sorted(set(names))


def test_the_roles_of_the_schema_are_those_of_deployment() -> None:
    assert read_schema("deployment")["properties"]["images"]["items"]["properties"]["role"]["enum"] == list(ROLES)
