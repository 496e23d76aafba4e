"""Which version of c4trace this tree is, and what the changelog says of it.

The build backend asks `tree_version` (`[tool.hatch.version]` in pyproject.toml); the release workflow runs this file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
_SECTION = re.compile(
    r"^## (?P<version>\S+)(?P<open> \(unreleased\))?\n(?P<notes>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)


def tree_version(root: Path = ROOT) -> str:
    """The release that the commit is tagged as; where git tells of none, the one that the changelog is at.

    Git tells of none between releases, and in an archive, a copy or a shallow clone without tags. As `release_notes`
    holds each tag to the changelog before anything is released, they all say the same of a release. Raises ValueError
    when the changelog has no section.
    """
    tagged = max(_tagged_versions(root), default=None)
    return str(tagged or Version(_newest_section(root)["version"]))


def release_notes(tag: str, root: Path = ROOT) -> str:
    """What the changelog says of the release `tag`: its newest section, which must be that release's.

    A release's section no longer says `(unreleased)`; that of a release candidate may. Raises ValueError otherwise.
    """
    section = _newest_section(root)
    version = _tag_version(tag)
    if version is None:
        raise ValueError(f"{tag!r} is no tag of a release: they look like v1.2.3 or v1.2.3rc1")
    if section["version"] not in (str(version), version.base_version):
        raise ValueError(f"the tag is {tag}, the newest section of CHANGELOG.md is that of {section['version']}")
    if section["open"] and not version.is_prerelease:
        raise ValueError(f"CHANGELOG.md says that {section['version']} is unreleased")
    return section["notes"].strip() + "\n"


def _newest_section(root: Path) -> re.Match[str]:
    section = _SECTION.search((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    if section is None:
        raise ValueError("CHANGELOG.md has no section like `## 1.2.3` or `## 1.2.3 (unreleased)`")
    return section


def _tagged_versions(root: Path) -> list[Version]:
    """The versions that tags give the commit of a checkout; none where `root` is not the top of one."""
    if not (root / ".git").exists():
        return []
    # A hook's GIT_DIR would lead to another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(root), "tag", "--points-at", "HEAD"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError:  # there is no git
        return []
    return [version for tag in done.stdout.split() if (version := _tag_version(tag))]


def _tag_version(tag: str) -> Version | None:
    try:
        return Version(tag[1:]) if re.match(r"v\d", tag) else None
    except InvalidVersion:
        return None


if __name__ == "__main__":
    try:
        sys.stdout.write(release_notes(sys.argv[1]))
    except ValueError as error:
        sys.exit(str(error))
