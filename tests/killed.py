"""A program that ends by SIGKILL at its nth step: a kill at every moment that matters, without a clock.

    python -m tests.killed STEP PLACE MODULE ARGUMENT...

runs a module, or the file of a program, up to its STEPth step (0: to its end). A step is whatever it does, in its own
process, to a file whose path begins with PLACE, and the look-up of a function of a C library (which is how two
directories are exchanged). At its end it writes the number of its steps to PLACE.steps.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_FILES = ("open", "os.", "shutil.", "sqlite3.", "fcntl.")


def killed_at(step: int, place: Path, module: str | Path, *arguments: object, **where: Any) -> bool:
    """Run a module in a process of its own up to a step; False when it came to its end before that.

    `where` may give the process a `cwd` and an `env`.
    """
    run = subprocess.run(
        [sys.executable, "-m", "tests.killed", str(step), *map(str, (place, module, *arguments))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **where,
    )
    assert run.returncode in (0, -signal.SIGKILL), run.stderr
    return run.returncode != 0


def steps_of(place: Path, module: str | Path, *arguments: object) -> int:
    """How many steps a module takes to its end."""
    assert not killed_at(0, place, module, *arguments)
    return int(Path(f"{place}.steps").read_text())


def _main() -> None:
    last, place, module = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    sys.argv = [module, *sys.argv[4:]]
    taken = 0

    def step(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal taken
        ours = event.startswith(_FILES) and any(str(argument).startswith(place) for argument in arguments[:2])
        if ours or event == "ctypes.dlsym":
            taken += 1
            if taken == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)
    try:
        if module.endswith(".py"):
            runpy.run_path(module, run_name="__main__")
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code:
            raise
    count = taken
    Path(f"{place}.steps").write_text(str(count))


if __name__ == "__main__":
    _main()
