"""Data for the browser: JSON that is safe inside a page and inside a script file, and script files that hold it.

Pages opened from disk may not fetch(), so data comes as scripts that call `c4trace.put(name, value)`.
"""

from __future__ import annotations

import json
from typing import Any

_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029\x7f"}


def to_json(value: Any) -> str:
    """Compact JSON that holds no character with a meaning in HTML, so that no text can end the script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)


def data_script(name: str, value: Any) -> str:
    """A script file that hands `value` to the page under `name`."""
    return f"c4trace.put({to_json(name)},{to_json(value)});\n"
