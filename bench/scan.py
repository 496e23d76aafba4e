"""Times cold and warm scans and takes their peak memory; with --base, against another revision in the same run.

    python bench/scan.py --estate mit-open-learning NAME=PATH ... [--base REVISION] [--runs 5]

Needs hyperfine, and Linux for the memory figure: the proportional set size of all processes of a scan (`Pss` of
/proc/PID/smaps_rollup, proc(5)), sampled, so that pages shared between worker processes count once. Another revision
runs with this environment's dependencies.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Figures:
    """What one revision took: seconds (median, standard deviation) cold and warm, and peak memory in MiB."""

    name: str
    cold: tuple[float, float]
    warm: tuple[float, float]
    memory: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A revision to measure: its name and the directory that its packages stand in."""

    name: str
    directory: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0, or 2 when something that is needed is not there."""
    options = _parser().parse_args(arguments)
    if shutil.which("hyperfine") is None:
        print("bench: hyperfine is not installed (Debian: apt-get install hyperfine)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        candidates = [Candidate("working tree", ROOT)]
        if options.base:
            candidates.append(stack.enter_context(_checked_out(options.base, Path(scratch) / "base")))
        scan = _scan_arguments(options, Path(scratch))
        figures = [_measure(candidate, scan, Path(scratch), options.runs) for candidate in candidates]
    print(_table(figures))
    return 0


def _parser() -> argparse.ArgumentParser:
    about, _, more = (__doc__ or "").partition("\n")
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("bench/scan.py", description=about, epilog=more, formatter_class=form)
    parser.add_argument("sources", nargs="*", metavar="NAME=PATH", help="default: the sample estate's repositories")
    parser.add_argument("--estate", default=str(ROOT / "tests/fixtures/estate/estate.yaml"))
    parser.add_argument("--base", metavar="REVISION", help="a revision of this repository to compare with")
    parser.add_argument("--runs", type=int, default=5)
    return parser


@contextlib.contextmanager
def _checked_out(revision: str, where: Path) -> Iterator[Candidate]:
    """A revision in a work tree of its own, which is removed afterwards."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(where), revision], check=True)
    try:
        yield Candidate(revision, where)
    finally:
        subprocess.run([*git, "remove", "--force", str(where)], check=True)


def _scan_arguments(options: argparse.Namespace, scratch: Path) -> list[str]:
    """The arguments of the scan that is timed, without its cache and output."""
    sources = options.sources
    if not sources:
        command = [sys.executable, "-m", "tests.build_estate", str(scratch / "repositories")]
        built = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        sources = [line.removeprefix("--source=") for line in built.stdout.splitlines()]
    given = Path(options.estate)
    estate = str(given.resolve()) if given.exists() else options.estate
    return ["scan", "--quiet", "--offline", "--estate", estate, *(f"--source={source}" for source in sources)]


def _measure(candidate: Candidate, scan: list[str], scratch: Path, runs: int) -> Figures:
    cache, out = scratch / "cache", scratch / "out"
    command = [sys.executable, "-m", "c4trace", *scan, "--cache-dir", str(cache), "--out", str(out)]
    empty = f"rm -rf {shlex.quote(str(cache))}"
    print(f"{candidate.name}: cold, warm, memory ...", file=sys.stderr)
    cold = _hyperfine(candidate, command, scratch, "--prepare", empty, "--runs", str(runs))
    warm = _hyperfine(candidate, command, scratch, "--warmup", "1", "--runs", str(runs))
    shutil.rmtree(cache, ignore_errors=True)
    memory = _peak_memory(candidate, command)
    shutil.rmtree(cache, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    return Figures(candidate.name, cold, warm, memory)


def _environment(candidate: Candidate) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(candidate.directory), "SOURCE_DATE_EPOCH": "0"}


def _hyperfine(candidate: Candidate, command: list[str], scratch: Path, *how: str) -> tuple[float, float]:
    """Median and standard deviation of the wall time, in seconds."""
    report = scratch / "hyperfine.json"
    subprocess.run(
        ["hyperfine", "--shell=none", "--style=none", *how, "--export-json", str(report), shlex.join(command)],
        cwd=candidate.directory,
        env=_environment(candidate),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    result = json.loads(report.read_text(encoding="utf-8"))["results"][0]
    return float(result["median"]), float(result["stddev"] or 0)


def _peak_memory(candidate: Candidate, command: list[str]) -> float:
    """The largest sum, in MiB, of the proportional set sizes of a scan's processes. Raises when the scan fails."""
    with subprocess.Popen(command, cwd=candidate.directory, env=_environment(candidate)) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(_pss(pid) for pid in _tree(process.pid)))
            time.sleep(_SAMPLE_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1024


def _tree(pid: int) -> Iterator[int]:
    """A process and all below it, as far as they still live."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield from _tree(int(child))


def _pss(pid: int) -> int:
    """The proportional set size of a process in KiB; 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _table(figures: Sequence[Figures]) -> str:
    width = max(len(row.name) for row in figures) + 2
    lines = [f"{'':{width}}{'cold':>16}{'warm':>16}{'peak memory':>16}"]
    for row in figures:
        cold, warm = (f"{median:.2f} s ± {spread:.2f}" for median, spread in (row.cold, row.warm))
        lines.append(f"{row.name:{width}}{cold:>16}{warm:>16}{row.memory:>12.0f} MiB")
    if len(figures) == 2:
        new, old = figures
        ratios = (new.cold[0] / old.cold[0], new.warm[0] / old.warm[0], new.memory / old.memory)
        lines.append(f"{'ratio':{width}}" + "".join(f"{ratio:>16.2f}" for ratio in ratios))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
