"""Every byte that a scan, a comparison and a night write is the same whatever differs around them: the order of hashes
and of sources, the workers, the directory, the language and the time zone of the machine, what the cache holds."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from c4trace.output.formats import FORMATS
from tests.build_estate import ESTATE, build_estate
from tests.git_repository import add_commit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PLAIN = {"SOURCE_DATE_EPOCH": "1767603600", "PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
DIFFS = ("json", "md", "html", "sarif", "txt")


@dataclass(frozen=True)
class Way:
    """A way to run the same: what stands in the environment, how many workers, the order of the sources."""

    environment: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 1
    order: int = 0
    folder: str = "here"
    warm: bool = False


WAYS = {
    "another order of hashes, time zone and language": Way(
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"}
    ),
    "a third order of hashes, two workers, sources in another order": Way({"PYTHONHASHSEED": "4242"}, jobs=2, order=1),
    "another directory, a machine without a language": Way({"LC_ALL": "POSIX"}, folder="else/a folder – with spaces"),
    "a warm cache": Way(warm=True),
    "all of it": Way({"PYTHONHASHSEED": "7", "TZ": "America/St_Johns", "LC_ALL": "POSIX"}, 2, 3, "far/away", True),
}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample estate's repositories, each with a commit `HEAD~1` and one that changes something."""
    place = tmp_path_factory.mktemp("origin")
    for path in build_estate(place / "repositories").values():
        more = "import requests\n\nrequests.get('https://example.org/', timeout=1)\n"
        add_commit(path, {f"{path.name}_more.py": more}, "More")
    return place


@pytest.fixture(scope="module")
def plain(origin: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made(origin, tmp_path_factory.mktemp("plain"), Way())


def made(origin: Path, place: Path, way: Way) -> dict[str, bytes]:
    """Everything that is written in a way, by path, and what was said on standard output."""
    here = place / way.folder
    shutil.copytree(origin / "repositories", here / "repositories")
    names = sorted(path.name for path in (here / "repositories").iterdir())
    shuffle(names, way.order)
    write_estate(here / "estate.yaml", names, way.order)
    (here / "nightly.yaml").write_text("{estate: estate.yaml, out: night/out, state: state, metrics: night/it.prom}\n")
    for folder in ("diff", "night"):
        (here / folder).mkdir()
    sources = [f"--source={name}=repositories/{name}" for name in names]
    for _ in range(2 if way.warm else 1):
        run(here, way, "scan", "--offline", "--out=out", *sources, *(f"--format={f}" for f in FORMATS if f != "png"))
    run(here, way, "render", "--from=out/graph.json", "--out=again", *(f"--format={f}" for f in FORMATS if f != "png"))
    ranges = [f"{name}@HEAD~1..HEAD" for name in names]
    run(here, way, "diff", *ranges, "--offline", *sources, *(f"--write=diff/it.{kind}" for kind in DIFFS))
    run(here, way, "nightly", "--config=nightly.yaml", *(f"{source}@HEAD~1" for source in sources))
    run(here, way, "nightly", "--config=nightly.yaml", *sources)
    said = b"".join(run(here, way, *asked) for asked in (["flows"], ["tasks", "--json"], ["brittle"], ["etl"]))
    files = [
        path for folder in ("out", "again", "diff", "night") for path in (here / folder).rglob("*") if path.is_file()
    ]
    return {"what was said": said, **{str(path.relative_to(here)): path.read_bytes() for path in files}}


def run(here: Path, way: Way, *arguments: str) -> bytes:
    """A command in the directory; its standard output."""
    jobs = [f"--jobs={way.jobs}"] if arguments[0] in ("scan", "diff", "nightly") else []
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "C4TRACE_CACHE": str(here / "cache"),
        **PLAIN,
        **way.environment,
    }
    command = [sys.executable, "-m", "c4trace", *arguments, *jobs]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def write_estate(path: Path, names: list[str], order: int) -> None:
    """The sample's estate file, its systems in an order."""
    data = yaml.safe_load((ESTATE / "estate.yaml").read_text("utf-8"))
    keys = list(data["systems"])
    shuffle(keys, order)
    data["systems"] = {key: data["systems"][key] for key in keys}
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), "utf-8")
    shutil.copytree(ESTATE / "scenarios", path.parent / "scenarios")


def shuffle(names: list[str], order: int) -> None:
    if order:
        random.Random(order).shuffle(names)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_bytes_are_written(origin: Path, plain: dict[str, bytes], tmp_path: Path, way: str) -> None:
    assert len(plain) > 150
    found = made(origin, tmp_path, WAYS[way])
    assert found.keys() == plain.keys()
    assert [name for name, data in plain.items() if found[name] != data] == []


def test_each_format_made_of_a_graph_is_what_its_scan_wrote(plain: dict[str, bytes]) -> None:
    scanned, rendered = (
        {name.partition("/")[2]: data for name, data in plain.items() if name.startswith(folder)}
        for folder in ("out/", "again/")
    )
    assert scanned.keys() == rendered.keys()
    assert [name for name, data in scanned.items() if rendered[name] != data] == []
