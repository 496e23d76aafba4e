"""The same input gives the same bytes: whatever the jobs, the hash order, and what the cache already holds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from c4trace.cli import main
from tests.build_estate import ESTATE, build_estate
from tests.git_repository import git

pytestmark = pytest.mark.slow

_EPOCH = "1767603600"


def arguments(repositories: dict[str, Path], out: Path, cache: Path, jobs: int) -> list[str]:
    sources = [f"--source={name}={path}" for name, path in repositories.items()]
    places = [f"--estate={ESTATE / 'estate.yaml'}", f"--cache-dir={cache}", f"--out={out}"]
    return ["scan", "--quiet", "--offline", f"--jobs={jobs}", *places, *sources]


def scan(repositories: dict[str, Path], out: Path, cache: Path, jobs: int = 1) -> bytes:
    """The graph.json of a scan in this process."""
    assert main(arguments(repositories, out, cache, jobs)) == 0
    return (out / "graph.json").read_bytes()


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_estate(tmp_path_factory.mktemp("same") / "repositories")


@pytest.fixture(autouse=True)
def _stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", _EPOCH)


@pytest.fixture(scope="module")
def cold(repositories: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """The graph of a first scan, and the cache it leaves."""
    where = tmp_path_factory.mktemp("cold")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", _EPOCH)
        return scan(repositories, where / "out", where / "cache"), where / "cache"


def test_two_jobs_and_a_warm_cache_give_the_bytes_of_one_job_and_none(
    repositories: dict[str, Path], cold: tuple[bytes, Path], tmp_path: Path
) -> None:
    graph, cache = cold
    assert graph.count(b"\n") > 1000
    assert scan(repositories, tmp_path / "warm", cache, jobs=2) == graph


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_the_order_of_hashes_shows_nowhere(
    repositories: dict[str, Path], cold: tuple[bytes, Path], tmp_path: Path, seed: str
) -> None:
    command = [sys.executable, "-m", "c4trace", *arguments(repositories, tmp_path / "out", tmp_path / "cache", 1)]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": _EPOCH}
    subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parent.parent)
    assert (tmp_path / "out" / "graph.json").read_bytes() == cold[0]


def test_damaged_entries_of_the_cache_are_read_anew(
    repositories: dict[str, Path], cold: tuple[bytes, Path], tmp_path: Path
) -> None:
    graph, cache = cold
    shutil.copytree(cache, tmp_path / "cache")
    damaged = tmp_path / "cache" / "summaries.sqlite"
    with sqlite3.connect(damaged) as connection:
        rows = connection.execute("SELECT blob, data FROM summary").fetchall()
        assert len(rows) > 10
        poison = [(bytes(data[:40]) + b"\0" + bytes(data[41:-1]), blob) for blob, data in rows]
        connection.executemany("UPDATE summary SET data = ? WHERE blob = ?", poison)
    shutil.rmtree(tmp_path / "cache" / "facts")  # so that the summaries are asked for
    assert scan(repositories, tmp_path / "out", tmp_path / "cache") == graph
    with sqlite3.connect(damaged) as connection:
        assert sorted(connection.execute("SELECT blob, data FROM summary")) == sorted(rows)


def test_one_changed_module_gives_what_a_cold_scan_gives(
    repositories: dict[str, Path], cold: tuple[bytes, Path], tmp_path: Path
) -> None:
    changed = {**repositories, "enrol": tmp_path / "enrol"}
    shutil.copytree(repositories["enrol"], changed["enrol"])
    path = min(changed["enrol"].rglob("tasks.py"))
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text + "\n\ndef one_more():\n    import requests\n\n    requests.get('https://example.org/', timeout=1)\n"
        "\n\none_more()\n",
        encoding="utf-8",
    )
    git(changed["enrol"], "commit", "--quiet", "--all", "-m", "One more call")
    shutil.copytree(cold[1], tmp_path / "cache")
    warm = scan(changed, tmp_path / "warm", tmp_path / "cache")
    assert warm == scan(changed, tmp_path / "cold", tmp_path / "empty")
    assert b"one_more" in warm
    assert b"one_more" not in cold[0]
