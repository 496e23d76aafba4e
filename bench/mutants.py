"""Changes the code in small ways, one at a time, and tells which changes no test notices.

    python -m bench.mutants [--count 40] [--seed 1] [--map FILE] [--jobs 2] [PATH ...]

Takes a seeded sample of the changes that can be made (`mutations.py`) below each PATH (the linker and the checks unless
told otherwise), and runs for each the tests that ran its line, by coverage's contexts; those that are still green are
asked once more with all tests of their files, as what was remembered between tests belongs to none. The tree is copied:
the checkout is not touched. `--map` keeps what the tests ran in FILE, for further runs over the same code.

A survivor is a line that a test should be written for, or a change that makes no difference. Needs the dev group.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from coverage import CoverageData

from bench.mutations import Mutation, mutations

ROOT = Path(__file__).resolve().parent.parent
PATHS = ("extractor/link", "extractor/checks")
# A mutant may loop for ever: many times what its tests take is waited for before it counts as noticed.
_FACTOR, _LEAST_SECONDS = 20, 120
_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change to a file, by its path from the root."""

    path: str
    mutation: Mutation

    def told(self, source: bytes) -> str:
        """`path:line: kind in function: what stood there -> what stands there now`."""
        m = self.mutation
        where = f"{self.path}:{m.line}: {m.kind} in {m.function or 'the module'}"
        return f"{where}: {_short(m.was(source))} -> {_short(m.text)}"


@dataclass(frozen=True, slots=True)
class TestMap:
    """The tests (or files of tests) that ran a line, the seconds that each test took, and those that fail anyway."""

    lines: Mapping[str, Mapping[int, Sequence[str]]]
    seconds: Mapping[str, float]
    failing: Sequence[str]

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that ran a mutant's lines, the quickest first; for what runs at import, all of its module's."""
        lines = self.lines.get(mutant.path, {})
        m = mutant.mutation
        wanted = [test for line in range(m.line, m.end_line + 1) for test in lines.get(line, ())]
        if not any("::" in test for test in wanted):  # once, when the first of them imported it
            wanted = [test for tests in lines.values() for test in tests]
        files = {test for test in wanted if "::" not in test}
        tests = {test for test in wanted if "::" in test} | {t for t in self.seconds if t.split("::", 1)[0] in files}
        return sorted(tests - set(self.failing), key=lambda test: (self.seconds.get(test, 0.0), test))

    def time_of(self, tests: Sequence[str]) -> float:
        """The seconds after which tests that took so long without a change will not end any more."""
        return _LEAST_SECONDS + _FACTOR * sum(self.seconds.get(test, 0.0) for test in tests)


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell what becomes of a sample of mutants; 0, or 2 when the tests cannot be run."""
    options = _parser().parse_args(arguments)
    sources = {str(p.relative_to(ROOT)): p.read_bytes() for path in options.paths for p in _modules(ROOT / path)}
    every = [Mutant(path, mutation) for path, source in sources.items() for mutation in mutations(source)]
    chosen = sorted(random.Random(options.seed).sample(every, min(options.count, len(every))), key=_place)
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        copies = [_copied(Path(scratch) / str(n)) for n in range(options.jobs)]
        kept = Path(options.map) if options.map else Path(scratch) / "map.json"
        found = _test_map(kept, copies[0], sources, options.tests)
        if found is None:
            print("mutants: the tests cannot be run", file=sys.stderr)
            return 2
        for test in found.failing:
            print(f"fails without any change, so not asked: {test}", file=sys.stderr)
        fates = _fates(chosen, sources, found, copies)
        for mutant, fate in fates:
            if fate != "noticed":
                print(f"{fate}: {mutant.told(sources[mutant.path])}", flush=True)
            elif sys.stderr.isatty():
                print(f"noticed: {mutant.path}:{mutant.mutation.line}", file=sys.stderr)
    return 0


def _fates(
    chosen: Sequence[Mutant], sources: Mapping[str, bytes], found: TestMap, copies: Sequence[Path]
) -> Iterator[tuple[Mutant, str]]:
    """What becomes of each mutant, in order, and at the end of how many what became."""
    free: SimpleQueue[Path] = SimpleQueue()
    for place in copies:
        free.put(place)

    def fate(mutant: Mutant) -> str:
        place = free.get()
        try:
            return _fate(mutant, sources[mutant.path], found, place)
        finally:
            free.put(place)

    counts: dict[str, int] = {}
    with ThreadPoolExecutor(len(copies)) as pool:
        for mutant, told in zip(chosen, pool.map(fate, chosen), strict=True):
            counts[told] = counts.get(told, 0) + 1
            yield mutant, told
    print(f"{len(chosen)} mutants: " + ", ".join(f"{counts[told]} {told}" for told in sorted(counts)))


def _fate(mutant: Mutant, source: bytes, found: TestMap, place: Path) -> str:
    """`noticed`, `noticed by its time` (it did not end), `survived`, or `run by no test`."""
    tests = found.tests(mutant)
    if not tests:
        return "run by no test"
    file = place / mutant.path
    file.write_bytes(mutant.mutation.apply(source))
    try:
        files = sorted({test.split("::", 1)[0] for test in tests})
        whole = [test for test in found.seconds if test.split("::", 1)[0] in files]
        for asked, timed in ((tests, tests), (files, whole)):
            status = _pytest(place, asked, found.failing, found.time_of(timed))
            if status != 0:
                return "noticed" if status is not None else "noticed by its time"
        return "survived"
    finally:
        file.write_bytes(source)


def _pytest(place: Path, tests: Sequence[str], but: Sequence[str], seconds: float) -> int | None:
    """The exit status of tests in a copy, which end at the first that fails; None when they did not end."""
    listed = place / ".asked-mutants"  # there may be more than a command line holds
    listed.write_text("".join(f"{line}\n" for line in (*tests, *(f"--deselect={test}" for test in but))), "utf-8")
    command = [sys.executable, *_PYTEST, "-x", f"@{listed}"]
    with subprocess.Popen(
        command,
        cwd=place,
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        try:
            return run.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # nobody has waited for it yet, so the number is still its own
            return None


def _environment(place: Path) -> dict[str, str]:
    """The copy's packages stand before the installed ones; what was compiled is told by content, not by time."""
    return {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


def _copied(place: Path) -> Path:
    """A copy of what git knows or would add, compiled."""
    listed = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in filter(None, subprocess.check_output(listed).decode().split("\0")):
        if (ROOT / name).is_symlink() or (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name, follow_symlinks=False)
    packages = ["-x", "fixtures", "extractor", "renderers", "c4trace", "tests"]
    compiled = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", *packages]
    subprocess.run(compiled, cwd=place, check=True)
    return place


def _test_map(kept: Path, place: Path, sources: Mapping[str, bytes], tests: Sequence[str]) -> TestMap | None:
    """Which tests run which lines: from `kept` when it was made of the same code, else by running them all once."""
    code = [path.read_bytes() for folder in (*PATHS, "tests") for path in _modules(ROOT / folder)]
    digest = hashlib.sha256(b"\0".join([*code, *sources.values(), repr(sorted(tests)).encode()])).hexdigest()
    if kept.is_file():
        data = json.loads(kept.read_text("utf-8"))
        if data["digest"] == digest:
            lines = {path: {int(n): found for n, found in known.items()} for path, known in data["lines"].items()}
            return TestMap(lines, data["seconds"], data["failing"])
    made = _measured(place, sources, tests)
    if made is not None:
        told = {"digest": digest, "lines": made.lines, "seconds": made.seconds, "failing": made.failing}
        kept.write_text(json.dumps(told), "utf-8")
    return made


def _measured(place: Path, sources: Mapping[str, bytes], tests: Sequence[str]) -> TestMap | None:
    """The map, made by running the tests once; None when they could not be run."""
    database, noted = place / ".coverage-mutants", place / ".tests-mutants"
    include = ",".join(str(place / path) for path in sources)
    command = [sys.executable, "-m", "coverage", "run", f"--data-file={database}", f"--include={include}"]
    command += [*_PYTEST, "-p", "bench.coverage_contexts", "-m", "not browser", *tests]
    environment = _environment(place) | {"MUTANTS_TESTS": str(noted)}
    if subprocess.run(command, cwd=place, env=environment, stdout=sys.stderr, check=False).returncode not in (0, 1):
        return None
    data = CoverageData(str(database))
    data.read()
    lines: dict[str, dict[int, list[str]]] = {}
    for path in sources:
        by_line = data.contexts_by_lineno(str(place / path))
        lines[path] = {line: sorted(filter(None, contexts)) for line, contexts in by_line.items()}
    told = json.loads(noted.read_text("utf-8"))
    return TestMap(lines, told["seconds"], told["failed"])


def _modules(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _place(mutant: Mutant) -> tuple[str, int, int, str, str]:
    return mutant.path, mutant.mutation.line, mutant.mutation.column, mutant.mutation.kind, mutant.mutation.text


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:87] + "..."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("paths", nargs="*", default=PATHS, help="files and folders to change (default: %(default)s)")
    parser.add_argument("--count", type=int, default=40, help="mutants to try (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: %(default)s)")
    parser.add_argument("--map", metavar="FILE", help="where to keep which tests run which lines")
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried at once (default: %(default)s)")
    parser.add_argument("--tests", nargs="+", default=["tests"], help="tests that may notice (default: all)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
