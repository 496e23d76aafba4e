"""Text that was right and was then damaged: the strategy of every fuzzed test."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Test = TypeVar("Test", bound=Callable[..., Any])

# How many times the inputs of an ordinary run are tried: docs/reliability.md tells those of an ordinary run.
TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
# What breaks things: ends of strings and brackets, signs of every grammar, what is very long, deep, or no text.
_PIECES = (
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "{{",
        "}}",
        "'",
        '"',
        '"""',
        "\\",
        "\n",
        "\r",
        "\t",
        "\0",
        "#",
        ",",
        ":",
        ";",
        "=",
        "*",
        "**",
    ),
    *(
        "%",
        "%s",
        "%(a)s",
        "{}",
        "{0!r:>{1}}",
        "f'{",
        "lambda: ",
        "...",
        "@",
        "<",
        ">",
        "&a",
        "*a",
        "!!python/object:os.system",
        "- ",
        "? ",
    ),
    *(
        "|\n",
        ">-\n",
        "---\n",
        "0x",
        "1e999",
        "-1",
        "99999999999999999999",
        ".5",
        "null",
        "true",
        "~",
        "é",
        "\u202e",
        "\U0001f469",
    ),
    *(
        "()" * 40,
        "[" * 120,
        "-" * 200,
        "a." * 200,
        "x" * 5000,
        "(?:a+)+$",
        "(?P<x>[",
        "^/$",
        "//",
        "..",
        "%2F",
        "://",
        "?a=b",
    ),
    *(
        "import ",
        "from . import *\n",
        "def f(",
        "class X(X):\n",
        "yield ",
        "await ",
        "return ",
        "async ",
        "    ",
        "\n    ",
        "None",
        "self",
    ),
)


def fuzzed(examples: int) -> Callable[[Test], Test]:
    """Marks a test that tries many damaged inputs: `examples` of them on every run, the same each time."""
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        derandomize=TIMES == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def mutated(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """One of some texts with up to eight places damaged: cut out, doubled, swapped, or something put in."""
    edits = st.lists(
        st.tuples(
            st.floats(0, 1), st.integers(0, 40), st.integers(0, 3), st.sampled_from(_PIECES) | st.text(max_size=8)
        ),
        min_size=1,
        max_size=8,
    )
    return st.builds(_edited, st.sampled_from(list(texts)), edits)


def _edited(text: str, edits: Sequence[tuple[float, int, int, str]]) -> str:
    for where, length, kind, piece in edits:
        at = int(where * len(text))
        inside, behind = text[at : at + length], text[at + length :]
        put = {0: piece, 1: "", 2: inside + inside, 3: behind[:length] + inside}[kind]
        text = text[:at] + put + (behind[length:] if kind == 3 else behind if kind != 0 else inside + behind)
    return text


def encoded(text: str) -> bytes:
    """The text as bytes, whatever it holds."""
    return text.encode("utf-8", "surrogatepass")
