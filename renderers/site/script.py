"""Data for the browser: JSON that is safe inside a page and inside a script file, and script files that hold it.

Pages opened from disk may not fetch(), so data comes as scripts that call `c4trace.put(name, value)`.
"""

from __future__ import annotations

import json
from typing import Any

# Line ends that older browsers do not allow in a script's strings; and what HTML reads inside a page.
_LINES = ("\u2028", "\u2029")
_UNSAFE = ("<", ">", "&", *_LINES)


def to_json(value: Any) -> str:
    """Compact JSON that holds no character with a meaning in HTML, so that no text can end the script element."""
    return _replaced(value, _UNSAFE)


def data_script(name: str, value: Any) -> str:
    """A script file that hands `value` to the page under `name`. A file of its own ends nowhere but at its end."""
    return f"c4trace.put({_replaced(name, _LINES)},{_replaced(value, _LINES)});\n"


def _replaced(value: Any, characters: tuple[str, ...]) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in characters:
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
