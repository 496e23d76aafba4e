"""A whole scan, recorded: an estate of some 150 modules grown by a seed, and its graph.json as golden files.

`tests/golden/grown/` holds what *is*, a file for each section, not what ought to be: facts in it may be wrong. It is
there so that a change anywhere in linking shows as a difference that someone reads. What a perfect reader finds is said
by hand in `fixtures/estate/expected.yaml`.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from c4trace.cli import main
from extractor.model.graph import Graph
from tests.golden_files import GOLDEN, check_golden
from tests.grown_estate import GROWN, Growth, build_grown_estate, grow, templates

SEED = 15
FIELDS = tuple(field.name for field in dataclasses.fields(Graph))
HEAD = ("schema", "version", "generated", "estate")
_EPOCH = "1767603600"


def written(data: Any) -> str:
    """Data as graph.json has it."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The graph.json of the grown estate, with the version and the clock pinned."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", _EPOCH)
        patch.setattr("c4trace.version.version", lambda: "0")
        patch.chdir(tmp_path_factory.mktemp("grown"))  # so that no path of this machine gets into the graph
        sources = [f"--source={name}={path}" for name, path in build_grown_estate(SEED, Path("repositories")).items()]
        places = [f"--estate={GROWN / 'estate.yaml'}", "--no-cache", "--cache-dir=cache", "--out=out"]
        assert main(["scan", "--quiet", "--offline", "--jobs=1", "--format=graph", *places, *sources]) == 0
        return Path("out/graph.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("section", ["head", *FIELDS[len(HEAD) :]])
def test_the_graph_of_the_grown_estate_is_the_recorded_one(graph: str, section: str) -> None:
    found = json.loads(graph)
    check_golden(f"grown/{section}.json", written(found[section] if section in found else {k: found[k] for k in HEAD}))


def test_the_recorded_sections_are_the_whole_graph_to_the_byte(graph: str) -> None:
    recorded = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (GOLDEN / "grown").glob("*.json")}
    whole = {**recorded.pop("head"), **recorded}
    assert sorted(whole) == sorted(FIELDS)
    same = written({name: whole[name] for name in FIELDS}) == graph
    assert same, "a section differs, or graph.json is written in another way"


@pytest.mark.slow
def test_a_seed_gives_the_same_bytes_under_any_order_of_hashes() -> None:
    told = f"from tests.grown_estate import grow; print(repr(grow({SEED})), end='')"
    for order in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": order}
        command, root = [sys.executable, "-c", told], Path(__file__).parent.parent
        done = subprocess.run(command, check=True, capture_output=True, env=environment, cwd=root)
        assert done.stdout.decode() == repr(grow(SEED))


@pytest.mark.slow
def test_another_seed_gives_another_estate() -> None:
    one, other = grow(SEED), grow(SEED + 1)
    assert one.keys() == other.keys()
    assert all(one[repo] != other[repo] for repo in one)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED, 1, 2, 3])
def test_every_seed_uses_every_template_and_gives_python_of_some_150_modules(seed: int) -> None:
    growth = Growth(seed)
    modules = {
        (repo, path): content
        for repo, files in growth.files().items()
        for path, content in files.items()
        if path.endswith(".py") and content
    }
    assert sorted(growth.used) == list(templates())
    assert 140 <= len(modules) <= 170
    for content in modules.values():
        ast.parse(content)
