"""Golden files: what the program gave when someone looked at it; each test says whether it was found good.

`C4TRACE_GOLDEN=write pytest` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
_SHOWN = 200  # lines of a difference


def check_golden(name: str, text: str) -> None:
    """Compare with `tests/golden/<name>`, or write it when asked to."""
    path = GOLDEN / name
    if os.environ.get("C4TRACE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    golden = path.read_text(encoding="utf-8")
    if golden != text:  # not an assertion: pytest would take minutes to show what differs in a large file
        lines = unified_diff(golden.splitlines(), text.splitlines(), f"tests/golden/{name}", "now", lineterm="")
        pytest.fail("\n".join(islice(lines, _SHOWN)), pytrace=False)
