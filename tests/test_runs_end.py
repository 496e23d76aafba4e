"""A run that is told to end ends with all that it started; one that cannot write leaves nothing half-written behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from c4trace.output.publish import check_out_dir, publish
from extractor.errors import UserError

ROOT = Path(__file__).parent.parent
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")

# Workers that are at it for an hour, as a file can be that is made for it; each says who it is first.
WORKERS = """
import os, time
from extractor.workers import terminate_whole, worker_pool

def work(_):
    os.write(1, b"%d\\n" % os.getpid())  # at once: two write
    time.sleep(3600)

if __name__ == "__main__":
    terminate_whole()
    with worker_pool(2, "fork") as pool:
        list(pool.map(work, range(2)))
"""
# A command line whose command waits, for git or for nothing.
COMMAND = """
import sys, time, types
import c4trace.cli

def run(options, console):
    print("begun", flush=True)
    {wait}

plain = types.SimpleNamespace(DETAILS="", add_arguments=lambda parser: None, run=run)
c4trace.cli.load_command = lambda name: plain
sys.exit(c4trace.cli.main(["tasks"]))
"""


def _started(tmp_path: Path, program: str) -> subprocess.Popen[str]:
    script = tmp_path / "program.py"
    script.write_text(program)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, script], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _gone(pid: int) -> bool:
    """Whether a process comes to its end; it has minutes, so a slow machine is no fault."""
    for _ in range(1200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_a_run_that_is_told_to_end_or_killed(tmp_path: Path, number: signal.Signals) -> None:
    run = _started(tmp_path, WORKERS)
    assert run.stdout is not None
    workers = [int(run.stdout.readline()) for _ in range(2)]
    run.send_signal(number)
    assert all(_gone(pid) for pid in (run.pid, *workers))
    run.communicate()


@pytest.mark.parametrize(
    "wait",
    [
        "time.sleep(3600)",
        "from extractor.sources.command import run; run(['hash-object', '--stdin-paths'], {})",
    ],
    ids=["waiting", "in git"],
)
def test_a_command_that_is_told_to_end_says_so_in_one_line_and_exits_143(tmp_path: Path, wait: str) -> None:
    run = _started(tmp_path, COMMAND.format(wait=wait))
    assert run.stdout is not None
    assert run.stdout.readline() == "begun\n"
    run.send_signal(signal.SIGTERM)
    _, told = run.communicate()
    assert run.returncode == 143
    assert told.count("\n") == 1
    assert "told to end; the last output is as it was" in told


def test_a_full_disk_leaves_no_half_written_directory_and_names_the_one_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    publish(out, {"graph.json": "1"})
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "b":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError) as refused:
        publish(out, {"graph.json": "2", "a": "half", "b": "more"})
    assert str(refused.value).startswith(f"{out} cannot be written: No space left on device")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert (out / "graph.json").read_text() == "1"


def test_what_ends_a_run_while_it_writes_leaves_no_half_written_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Path, data: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path / "out", {"graph.json": "1"})
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_made_is_refused_before_the_scan_by_the_name_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "deep" / "out"
    check_out_dir(out)  # will be made
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path) != tmp_path
    )  # also for root, who may write anywhere
    with pytest.raises(UserError) as refused:
        check_out_dir(out)
    assert str(refused.value).startswith(f"{out} cannot be written: nothing can be made in {tmp_path}")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="nothing can be made in"):
        check_out_dir(tmp_path / "file" / "out")
