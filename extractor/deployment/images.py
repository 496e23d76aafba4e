"""What a container image or a platform's add-on is: its role in a deployment, and its name with version."""

from __future__ import annotations

import re

from extractor.rules.deployment import deployment_rules


def image_role(image: str) -> tuple[str, str]:
    """The role and technology of an image reference ("registry/name:tag@digest"): ("database", "PostgreSQL 15").

    ("", name) when the image is not known; the version is the number its tag starts with, if any.
    """
    bare = image.partition("@")[0]
    name, _, tag = bare.rpartition(":") if ":" in bare.rpartition("/")[2] else (bare, "", "")
    version = re.match(r"v?(\d+(?:\.\d+)*)(?=[-+_.]|$)", tag)
    role, technology = _lookup(name.rpartition("/")[2].lower(), name)
    return role, f"{technology} {version.group(1)}" if version and technology else technology


def addon_role(addon: str) -> tuple[str, str]:
    """The role and technology of a platform's add-on ("heroku-postgresql:hobby-dev"); its plan is no version."""
    name = addon.partition(":")[0].lower()
    return _lookup(name, name)


def _lookup(name: str, full: str) -> tuple[str, str]:
    rules = deployment_rules()
    for image in rules.images:
        if image.name.fullmatch(name) and image.within in full:
            return image.role, image.technology or rules.spelling.get(name, name.capitalize())
    return "", name
