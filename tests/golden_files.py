"""Golden files: what a renderer gave when someone looked at it and found it good.

`C4TRACE_GOLDEN=write pytest` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare with `tests/golden/<name>`, or write it when asked to."""
    path = GOLDEN / name
    if os.environ.get("C4TRACE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
