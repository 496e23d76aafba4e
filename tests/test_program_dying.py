"""A module at which the process that reads it dies costs itself: it is named and counted, and all else is read."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import libcst
import pytest

from c4trace.cli import main
from extractor.options import ScanOptions
from extractor.program.collect import Collected, collect
from extractor.program.summarizing import SERIAL_BELOW, summarize_all
from extractor.program.summary_cache import SummaryCache
from extractor.sources import Tree, open_source
from extractor.sources.spec import SourceSpec
from extractor.sources.tree import DIED
from extractor.summary import decode
from tests.git_repository import make_repository

OPTIONS = ScanOptions("2026-01-01T00:00:00+00:00", "1", 1, None, offline=True)
# `ast` does not read it, so libcst is asked.
HARD = "def f(:\n"
KILLS = f"{HARD}kills = 1\n"
MANY = {f"shop/m{number}.py": f"x = {number}\n" for number in range(SERIAL_BELOW + 20)}


@pytest.fixture(autouse=True)
def _deadly_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """libcst's parser, which kills whoever reads a module that says so. Workers are forked, and have it too."""
    owner, parse = os.getpid(), libcst.parse_module

    def parse_module(text: str) -> libcst.Module:
        if "kills" in text:
            assert os.getpid() != owner, "what may die is a process of its own"
            os.kill(os.getpid(), signal.SIGKILL)
        return parse(text)

    monkeypatch.setattr(libcst, "parse_module", parse_module)


def collected(place: Path, files: dict[str, str], jobs: int) -> tuple[Collected, Tree]:
    make_repository(place / "shop", files)
    tree = open_source(SourceSpec("shop", str(place / "shop")), place / "cache")
    options = ScanOptions("2026-01-01T00:00:00+00:00", "1", jobs, place / "cache", offline=True)
    return collect(tree, SummaryCache(place / "cache"), options), tree


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("deadly", [1, 3])
def test_each_module_that_kills_is_skipped_by_name_and_the_others_are_read(
    tmp_path: Path, jobs: int, deadly: int
) -> None:
    kills = {f"shop/k{number}.py": f"{KILLS}{number}\n" for number in range(deadly)}
    found, tree = collected(tmp_path, {**MANY, "shop/hard.py": HARD, **kills}, jobs)
    assert {module.path for module in found.modules} == set(MANY)
    reasons = {skip.path: skip.reason for skip in found.skipped}
    assert reasons.pop("shop/hard.py").startswith("syntax error on line 1")
    assert reasons == dict.fromkeys(kills, DIED)
    assert not tree.whole(), "facts made without a module that may be read another time are not kept"


def test_what_kills_is_asked_again_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"shop/a.py": "x = 1\n", "shop/k.py": KILLS}
    make_repository(tmp_path / "shop", files)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))

    def skipped() -> dict[str, str]:
        assert main(["scan", "-q", "--offline", "--source", "shop=shop", "--format", "graph"]) == 0
        [source] = json.loads(Path("out/graph.json").read_text())["sources"]
        return {skip["path"]: skip["reason"] for skip in source["skipped"]}

    assert skipped() == {"shop/k.py": DIED}
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    assert skipped()["shop/k.py"].startswith("syntax error on line 1")


def test_what_ast_reads_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.program.summarizing.worker_pool", lambda jobs: pytest.fail("a process was started"))
    found = summarize_all([("a", b"x = 1\n"), ("b", b"\0")], OPTIONS)
    assert {key: s.error for key, data in found.items() if (s := decode(data))} == {
        "a": None,
        "b": "null bytes",
    }
