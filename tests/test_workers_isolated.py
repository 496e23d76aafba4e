"""Workers import nothing from the working directory, which may be the one that is scanned."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from extractor.workers import worker_pool

if __name__ == "__main__":
    with worker_pool(2, {method!r}) as pool:
        print(sum(pool.map(abs, [-1, -2, -3])))
"""
# What a worker that is started anew imports first.
NAMES = ("multiprocessing", "pickle", "json", "signal", "selectors", "socket", "queue", "concurrent", "extractor")


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_worker_imports_no_module_of_the_directory_that_it_is_started_in(tmp_path: Path, method: str) -> None:
    checkout, script = tmp_path / "checkout", tmp_path / "bin" / "program.py"
    checkout.mkdir()
    script.parent.mkdir()
    script.write_text(PROGRAM.format(root=str(ROOT), method=method))
    for name in NAMES:
        (checkout / f"{name}.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w').write({name!r})\n")
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([sys.executable, script], cwd=checkout, env=env, capture_output=True, text=True, check=False)
    assert not (tmp_path / "marker").exists()
    assert done.stdout == "6\n", done.stderr
