"""One door for Python source: bytes in, an `ast.Module` or the reason why not out."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Literal

from extractor.syntax.decoding import NotText, decode
from extractor.syntax.directives import Directive, directives

__all__ = ["MAX_MEBIBYTES", "Directive", "Parsed", "Unparsed", "directives", "parse"]

MAX_MEBIBYTES = 2
_FILE = "<c4trace scanned source>"
# The compiler's warnings about scanned code carry the file name above: this filter touches no other warning.
_SILENCE = ("ignore", None, Warning, re.compile(re.escape(_FILE)), 0)


@dataclass(frozen=True, slots=True)
class Parsed:
    r"""A module's tree, the parser that read it, and its text (decoded, no byte order mark, lines ended by `\n`).

    `text.split("\n")[node.lineno - 1]` is the line of a node. Columns count UTF-8 bytes, as `ast` has them.
    """

    tree: ast.Module
    parser: Literal["ast", "libcst"]
    text: str


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A module that could not be read, and why, in words."""

    reason: str


def parse(source: bytes, parser: Literal["auto", "libcst"] = "auto") -> Parsed | Unparsed:
    """A module's tree from its bytes. Never raises for what the bytes hold, never runs them."""
    if len(source) > MAX_MEBIBYTES << 20:
        return Unparsed(f"larger than {MAX_MEBIBYTES} MiB")
    try:
        text = decode(source)
    except NotText as error:
        return Unparsed(str(error))
    if _SILENCE not in warnings.filters:
        warnings.filters.insert(0, _SILENCE)  # type: ignore[attr-defined]
    try:
        return Parsed(ast.parse(text, _FILE), "ast", text)
    except (SyntaxError, ValueError) as error:
        return Unparsed(f"syntax error: {error}")
    except (RecursionError, MemoryError):
        return Unparsed("too deeply nested")
