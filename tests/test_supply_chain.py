"""What c4trace is made of: locked by hash, the same bytes from anywhere, and no code of others in its pages."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
# One name may have several versions, each for some versions of Python.
PACKAGES: list[dict[str, Any]] = LOCK["package"]
(OWN,) = (package for package in PACKAGES if package["name"] == "c4trace")
PUBLIC = {"registry": "https://pypi.org/simple"}
# What a build leaves out, or what one of these tests would only copy.
UNBUILT = (".*", "__pycache__", "dist", "out", "build")


def files_of(package: dict[str, Any]) -> list[dict[str, Any]]:
    return [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]


def test_the_lock_names_the_public_index_and_the_hash_of_every_file() -> None:
    assert OWN["source"] == {"editable": "."}
    others = [package for package in PACKAGES if package is not OWN]
    assert [package["name"] for package in others if package["source"] != PUBLIC] == []
    for package in others:
        assert files_of(package), package["name"]
        for file in files_of(package):
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", file["hash"]), package["name"]
            assert file["url"].startswith("https://files.pythonhosted.org/packages/"), package["name"]


def asked(texts: list[Any]) -> set[tuple[str, str]]:
    """Names and specifiers of requirements as pyproject.toml writes them; groups that are included are opened."""
    found: set[tuple[str, str]] = set()
    for text in texts:
        if isinstance(text, dict):
            found |= asked(PROJECT["dependency-groups"][text["include-group"]])
        else:
            requirement = Requirement(text)
            found.add((canonicalize_name(requirement.name), str(requirement.specifier)))
    return found


def test_the_lock_was_made_of_what_pyproject_says() -> None:
    metadata = OWN["metadata"]

    def locked(rows: list[dict[str, str]]) -> set[tuple[str, str]]:
        return {(row["name"], row.get("specifier", "")) for row in rows}

    project = PROJECT["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    assert locked(metadata["requires-dist"]) == asked([*project["dependencies"], *extras])
    groups = {name: locked(rows) for name, rows in metadata["requires-dev"].items()}
    assert groups == {name: asked(texts) for name, texts in PROJECT["dependency-groups"].items()}


def needed(names: set[str]) -> set[str]:
    """The packages of the lock that these stand on, themselves among them."""
    found: set[str] = set()
    while names:
        found |= names
        standing = (package for package in PACKAGES if package["name"] in names)
        names = {row["name"] for package in standing for row in package.get("dependencies", ())} - found
    return found


def test_what_the_action_installs_is_what_the_lock_names_by_hash() -> None:
    text = (ROOT / "release" / "requirements.txt").read_text("utf-8")
    rows = re.findall(r"^(\S+)==(\S+)[^\n]*((?:\\\n    --hash=sha256:[0-9a-f]{64} ?)+)", text, re.MULTILINE)
    listed = {(name, version): set(re.findall(r"sha256:[0-9a-f]{64}", hashes)) for name, version, hashes in rows}
    assert len(listed) == len(re.findall(r"^[a-z]", text, re.MULTILINE))
    wanted = needed({row["name"] for row in (*OWN["dependencies"], *OWN["dev-dependencies"]["build"])})
    locked = {
        (p["name"], p["version"]): {file["hash"] for file in files_of(p)} for p in PACKAGES if p["name"] in wanted
    }
    assert listed == locked
    build = {Requirement(text).name for text in PROJECT["build-system"]["requires"]}
    assert build <= {name for name, _version in listed}, "nothing is fetched to build c4trace"


def test_the_action_installs_nothing_that_has_no_hash() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    installing = [line.strip() for step in steps for line in step.get("run", "").splitlines() if "pip " in line]
    assert installing[1:] == [
        'pip --require-hashes --requirement "$ACTION/release/requirements.txt"',
        'pip --no-deps --no-build-isolation "$ACTION"',
    ]


def test_ci_audits_the_lock_on_every_change_and_every_week() -> None:
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert [step.get("run") for step in flow["jobs"]["audit"]["steps"]][-1] == "make audit"
    assert re.fullmatch(r"\d+ \d+ \* \* [0-7]", flow[True]["schedule"][0]["cron"])  # YAML 1.1 reads `on` as true
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "/uv audit --frozen" in makefile
    (test,) = re.findall(r"^test: (.+)$", makefile, re.MULTILINE)
    assert "audit" not in test.split(), "make test needs no network"


def browser_files() -> Iterator[Path]:
    for package in ("extractor", "renderers", "c4trace"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".py", ".pyi", ".typed"):
                yield path


def test_pages_are_made_of_our_own_code_alone() -> None:
    """Whoever brings in a library brings its version, licence and checksum with it, and the test of them here."""
    paths = list(browser_files())
    assert {path.suffix for path in paths} == {".js", ".css", ".html"}
    for path in paths:
        text = path.read_text("utf-8")
        assert not re.search(r"(?i)copyright|licen[cs]e|@preserve|sourceMappingURL|/\*!|\bUMD\b|amd\b", text), path
        longest = max(map(len, text.splitlines()))
        assert path.suffix == ".html" or longest <= 300, f"{path}: no person wrote such a line"
        assert not re.search(r"(?i)(src|href)=[\"']?(https?:)?//|@import|import\(|importScripts", text), path


def built(where: Path, tree: Path, **environment: str) -> dict[str, str]:
    """What is built of a tree, by the digest of its bytes."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(where), str(tree)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in where.iterdir()}


@pytest.mark.slow
def test_the_wheel_and_the_sdist_are_the_same_bytes_wherever_and_whenever_they_are_built(tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "c4trace", tmp_path / "another" / "deeper" / "tree"
    for tree in (first, second):
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*UNBUILT))
    before = built(tmp_path / "dist-one", first, TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C")
    for at, path in enumerate(sorted(second.rglob("*"), reverse=True)):
        os.utime(path, (1_000_000_000 + at, 1_000_000_000 + at))
        path.chmod(0o700 if path.is_dir() or (os.access(path, os.X_OK) and path.suffix == ".sh") else 0o600)
    umask = os.umask(0o077)
    try:
        after = built(tmp_path / "dist-two", second, TZ="Pacific/Auckland", PYTHONHASHSEED="2", LC_ALL="C.UTF-8")
    finally:
        os.umask(umask)
    assert len(before) == 2
    assert before == after
