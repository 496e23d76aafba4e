"""Kills scans, renderings and nights at random moments, and looks at what is left.

    python bench/kills.py [--kills 200] [--seed 1]

Each run replaces an output of one version of a small project by that of another, and is killed (SIGKILL, the process
alone or its whole group) at a random moment of the time it takes. Afterwards the output must be one of the two, whole;
nothing of the run may live on; and the same run, done again, must end well with the output of the new version and
leave nothing beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from c4trace.snapshots.store import SnapshotStore

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("scan", "render", "nightly")
_VERSIONS = ("v1", "v2")
_TASKS = """\
import requests
from celery import shared_task


@shared_task
def task_{0}():
    requests.get("https://host-{0}.example.com/{1}/", timeout=5)
"""


class Stand:
    """A project of two versions, and the outputs that are made of it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.env = {**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1741608000"}
        self.env |= {"C4TRACE_CACHE": str(place / "cache")}
        self._make_project()
        (place / "nightly.yaml").write_text("{estate: estate.yaml, out: night/out, state: state}\n")
        (place / "estate.yaml").write_text("systems: {shop: {name: Shop, repository: ./shop}}\n")
        for folder in ("scan", "render", "night"):
            (place / folder).mkdir()
        self.wanted: dict[tuple[str, str], str] = {}
        self.seconds: dict[str, float] = {}
        for version in _VERSIONS:
            self.run("scan", "--source", f"shop=shop@{version}", "--out", f"graph-{version}", "--format", "graph")
        for command in COMMANDS:
            for version in _VERSIONS:
                began = time.monotonic()
                self.run(*self.arguments(command, version))
                self.seconds[command] = time.monotonic() - began
                self.wanted[command, version] = self.state(command)

    def _make_project(self) -> None:
        shop = self.place / "shop"
        git = ["git", "-C", str(shop), "-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "init", "-q", str(shop)], check=True)
        for version in _VERSIONS:
            for number in range(80):
                path = shop / "shop" / f"tasks_{number}.py"
                path.parent.mkdir(exist_ok=True)
                path.write_text(_TASKS.format(number, version))
            for step in (["add", "-A"], ["commit", "-q", "-m", version], ["tag", version]):
                subprocess.run([*git, *step], check=True)

    def arguments(self, command: str, version: str) -> list[str]:
        """A command that makes the output of a version."""
        source = ["--source", f"shop=shop@{version}", "--jobs", "2"]
        if command == "render":
            return ["render", "--from", f"graph-{version}/graph.json", "--out", "render/out"]
        return (
            ["scan", *source, "--out", "scan/out"]
            if command == "scan"
            else ["nightly", "--config", "nightly.yaml", *source]
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command, begun, in a group of its own."""
        command = [sys.executable, "-m", "c4trace", *arguments, "--quiet"]
        return subprocess.Popen(
            command,
            cwd=self.place,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> None:
        """A command, to its end."""
        process = self.start(*arguments)
        _out, said = process.communicate()
        if process.returncode:
            raise SystemExit(f"bench: {' '.join(arguments)} ended with {process.returncode}: {said.decode()}")

    def state(self, command: str) -> str:
        """A digest of the output: of every file, or for a night, whose pages tell of the past, of its graph."""
        out = self.place / ("night" if command == "nightly" else command) / "out"
        digest = hashlib.sha256()
        paths = [out / "graph.json"] if command == "nightly" else sorted(p for p in out.rglob("*") if p.is_file())
        for path in paths:
            digest.update(f"{path.relative_to(out)}\0".encode() + path.read_bytes())
        if any(not page.read_text().rstrip().endswith("</html>") for page in out.rglob("*.html")):
            return "half a page"
        return digest.hexdigest()

    def beside(self, command: str) -> list[str]:
        """What stands beside the output."""
        folder = self.place / ("night" if command == "nightly" else command)
        return sorted(path.name for path in folder.iterdir() if path.name != "out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill and look, and print what was found; 1 when anything was wrong."""
    parser = argparse.ArgumentParser("bench/kills.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    chance = random.Random(options.seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        stand = Stand(Path(scratch))
        while sum(count for name, count in found.items() if name.startswith("killed")) < options.kills:
            command = chance.choice(COMMANDS)
            found.update(_one(stand, command, chance))
    for name, count in sorted(found.items()):
        print(f"{count:>6}  {name}")
    return 1 if any(name.startswith("WRONG") for name in found) else 0


def _one(stand: Stand, command: str, chance: random.Random) -> list[str]:
    """One kill: what was seen, in words."""
    before = next(v for v in _VERSIONS if stand.wanted[command, v] == stand.state(command))
    after = _VERSIONS[1 - _VERSIONS.index(before)]
    if chance.random() < 0.4:
        shutil.rmtree(stand.place / "cache", ignore_errors=True)
    process = stand.start(*stand.arguments(command, after))
    time.sleep(chance.random() * stand.seconds[command] * 1.3)
    if process.poll() is not None:
        return [f"{command} had ended before"]
    kill = os.killpg if chance.random() < 0.5 else os.kill
    kill(process.pid, signal.SIGKILL)
    process.wait()
    seen = [f"killed: {command}"]
    left = {stand.wanted[command, before]: "the old output", stand.wanted[command, after]: "the new output"}
    seen.append(f"left: {left[state]}" if (state := stand.state(command)) in left else f"WRONG: {command} left {state}")
    if not _gone(process.pid):
        seen.append(f"WRONG: something of {command} lives on")
    stand.run(*stand.arguments(command, after))
    if stand.state(command) != stand.wanted[command, after]:
        seen.append(f"WRONG: {command} done again made something else")
    if stand.beside(command):
        seen.append(f"WRONG: {command} leaves {stand.beside(command)} for good")
    if command == "nightly":
        with SnapshotStore(stand.place / "state" / "snapshots.db") as store:
            store.check()
    return seen


def _gone(group: int) -> bool:
    """Whether no process of a group is left, at once or soon."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    return False


if __name__ == "__main__":
    sys.exit(main())
