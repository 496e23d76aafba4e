"""Every form of secret in every kind of file: scanned, rendered, compared, published by night and told of; then every
byte that was written or said is read, unpacked. None of it is of a secret; what is none is there as it was."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from c4trace.output.formats import FORMATS
from extractor.files.cache import unsealed
from extractor.text.masking import masked_text
from extractor.text.shapes import masked_literal
from tests.git_repository import add_commit, git, make_repository
from tests.planted_secrets import Planter, planted
from tests.test_secrets_of_a_run import unpacked

SUBJECT = "Rotate the token <key>, https://u:<s>@x.test and password=<s>"
FORMATS_OF_A_DIFF = ("md", "json", "sarif", "html", "txt")


@dataclass
class Stand:
    """A place where commands run, and all that they said."""

    place: Path
    plant: Planter
    said: list[str] = field(default_factory=list)

    def run(self, *arguments: str, status: int = 0) -> None:
        """A command in a process of its own, with secrets in its environment."""
        environment = {
            "C4TRACE_CACHE": str(self.place / "cache"),
            "C4TRACE_STATE": str(self.place / "state"),
            "GITHUB_TOKEN": self.plant("ghp_<36:a>", "environment"),
            "DB_PASSWORD": self.plant("<s>", "environment"),
            "PIP_INDEX_URL": self.plant("https://u:<s>@127.0.0.1:9/simple", "environment"),
            **{name: self.plant("http://u:<s>@127.0.0.1:9", "environment") for name in ("HTTPS_PROXY", "http_proxy")},
        }
        done = subprocess.run(
            [sys.executable, "-m", "c4trace", *arguments],
            cwd=self.place,
            env={**os.environ, **environment, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        self.said.append(done.stdout + done.stderr)

    def found(self) -> dict[str, set[str]]:
        """Where each secret stands, by the place it was planted at."""
        wanted = re.compile("|".join(map(re.escape, self.plant.made)))
        found: dict[str, set[str]] = {}
        for name, data in (*written(self.place), ("what was said", "".join(self.said).encode())):
            for secret in wanted.findall(data.decode("utf-8", "ignore")):
                found.setdefault(f"{self.plant.made[secret]} ({secret})", set()).add(name)
        return found


def written(place: Path) -> Iterator[tuple[str, bytes]]:
    """What stands in every file but the repository's own and those that configure the run; rows of databases and sealed
    entries of the cache unpacked. git's objects are what was fetched, and are not looked at."""
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        parts = path.relative_to(place).parts
        if parts[0] == "shop" or "objects" in parts or (len(parts) == 1 and path.suffix == ".yaml"):
            continue
        data, name = path.read_bytes(), "/".join(parts)
        cells = [data, unsealed(path.name, data) or b""]
        if data.startswith(b"SQLite format 3"):
            with sqlite3.connect(path) as database:
                tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                rows = [row for table in tables for row in database.execute(f"SELECT * FROM {table}")]
            cells += [cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row]
        for cell in cells:
            yield from ((name, part) for part in unpacked(cell))


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """A repository whose last commit adds every second line of its tasks."""
    plant = Planter(seed=11)
    files = planted(plant)
    head, *lines = files["shop/tasks.py"].splitlines(keepends=True)
    make_repository(tmp_path / "shop", {**files, "shop/tasks.py": "".join((head, *lines[:20], *lines[20::2]))})
    add_commit(tmp_path / "shop", files, plant(SUBJECT, "the subject of a commit"))
    return Stand(tmp_path, plant)


def test_a_scan_gives_no_secret_away(stand: Stand) -> None:
    stand.run("scan", "--offline", "--jobs", "1", "--source", "shop=shop", "--out", "out")
    [told] = re.findall(r"^(\d+) secrets masked in the output$", stand.said[0], re.MULTILINE)
    assert int(told) == (stand.place / "out" / "graph.json").read_text().count("***") > 100
    assert len(stand.plant.made) > 1500
    assert "crm.test" in (stand.place / "out" / "graph.json").read_text()
    assert stand.found() == {}


@pytest.mark.slow
def test_no_command_gives_a_secret_away(stand: Stand) -> None:
    stand.run("scan", "--offline", "--jobs", "2", "--no-cache", "-v", "--source", "shop=shop", "--out", "out")
    stand.run("render", "--from", "out/graph.json", "--out", "again", *(f"--format={name}" for name in FORMATS))
    writes = [f"--write=diff/it.{suffix}" for suffix in FORMATS_OF_A_DIFF]
    (stand.place / "diff").mkdir()
    stand.run("diff", "shop@HEAD~1..HEAD", "--source", "shop=shop", "--offline", *writes)
    for command in ("tasks", "flows", "etl", "brittle"):
        stand.run(command, "--from", "out/graph.json")
        stand.run(command, "--from", "out/graph.json", "--json")
    stand.run("trace", "crm.test", "--from", "out/graph.json")
    (stand.place / "estate.yaml").write_text(
        f"title: A\nsystems: {{shop: {{name: A, repository: '{stand.place}/shop'}}}}"
    )
    (stand.place / "nightly.yaml").write_text("{estate: estate.yaml, out: published/out, state: state}")
    (stand.place / "published").mkdir()
    git(stand.place / "shop", "checkout", "--quiet", "HEAD~1")
    stand.run("nightly", "--config", "nightly.yaml", "--jobs", "1")
    git(stand.place / "shop", "checkout", "--quiet", "-")
    stand.run("nightly", "--config", "nightly.yaml", "--jobs", "1", "--log-json")
    stand.run("history")
    assert "Rotate the token ***" in (stand.place / "diff" / "it.json").read_text()
    assert stand.found() == {}


def test_what_goes_wrong_is_told_without_its_secrets(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Planter(seed=12))
    address = stand.plant("https://u:<s>@127.0.0.1:9/x.git?private_token=<s>", "an address")
    stand.run("scan", "--source", f"shop={address}", status=3)
    stand.run("scan", "--source", stand.plant("https://u:<s>@127.0.0.1:9/x.git", "no name"), status=2)
    stand.run("scan", "--source", stand.plant("shop=https://u:<s>@127.0.0.1:9/x.git@", "no ref"), status=2)
    estate = "title: A\nsystems:\n  shop: {{name: Shop, repository: 'https://u:<s>@127.0.0.1:9/x.git'{}}}\n{}"
    for number, (more, behind) in enumerate(
        [("", "  x: ["), (", nonsense: 'https://u:<s>@x.test'", ""), (", hosts: 'https://u:<s>@x.test'", "")]
    ):
        (tmp_path / f"{number}.yaml").write_text(stand.plant(estate.format(more, behind), "an estate file"))
        stand.run("scan", "--estate", f"{number}.yaml", status=2)
    nightly = "{{estate: e.yaml, sources: {{shop: 'https://u:<s>@127.0.0.1:9/x.git'}}, fetch: {{attempts: 1}}{}}}"
    (tmp_path / "e.yaml").write_text("title: A\nsystems: {shop: {name: A, repository: ./shop}}\n")
    for more, status in (("", 3), (", notify: [{name: x, url: 'https://hooks.slack.com/services/T0/B0/<s>'}]", 2)):
        (tmp_path / "nightly.yaml").write_text(stand.plant(nightly.format(more), "a nightly configuration"))
        stand.run("nightly", "--config", "nightly.yaml", status=status)
    assert stand.found() == {}


# What looks alike and is none.
READABLE = (
    "6f1d7a4e-2f50-4d53-8bb6-2b4f0f3b8a11",
    "e6414a12259bc950213c6836dc36a409d8b94c7e",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "course-v1:MITx+6.00.1x+3T2023",
    "block-v1:edX+DemoX+Demo_Course+type@sequential+block@9f9e4ee1aa0d4c5f",
    "https://api.shop.test/api/v2/orders/2023-01-01T00:00:00Z/items",
    "https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit",
    "https://shop.test/static/CourseOutline2023Page.v2.3f2a1b9c.js",
    "https://shop.test/x?course_id=course-v1:MITx+6.00.1x+3T2023&page_size=100",
    "https://shop.test/x?next=/accounts/login/&state={state}",
    "https://shop.test/hooks/github/{id}/events/",
    "CourseEnrollmentAllowedSerializerV2Field2023",
    "shop.tasks.webhooks.process_stripe_webhook_v2",
    "ENABLE_OAUTH2_PROVIDER_FOR_LMS_AND_STUDIO_2023",
    "arn:aws:s3:::acme-prod-eu-west-1-20240101-Backups",
    "image: ghcr.io/acme/shop:v2024.01.02-3f2a1b9c",
    "task-2023-send-reminders-to-learners",
    "token refresh of 2023 for learners",
    "docker run -u 1000:1000 acme/shop",
    "SELECT pg_advisory_lock(1234567890)",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "application/vnd.acme.v3+json; charset=utf-8",
)


@pytest.mark.parametrize("text", READABLE)
def test_ordinary_values_hashes_ids_and_paths_stay_readable(text: str) -> None:
    assert masked_literal(text) == text
    assert masked_text(text) == text
