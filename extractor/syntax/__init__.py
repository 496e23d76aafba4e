"""One door for Python source: bytes in, an `ast.Module` or the reason why not out."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from typing import Literal

from extractor.syntax import native, python2
from extractor.syntax.decoding import NotText, decode
from extractor.syntax.depth import long_dotted
from extractor.syntax.directives import Directive, directives

__all__ = ["MAX_MEBIBYTES", "UNSURE", "Directive", "Parsed", "Unparsed", "directives", "parse"]

MAX_MEBIBYTES = 2
UNSURE = "not read by ast"
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_PYTHON2 = "Python 2 syntax"
# What newer interpreters have nodes for, or read in a way of their own: such a module goes to libcst on every host, so
# that its tree does not depend on where c4trace runs.
_SINCE = (
    ((3, 12), r"^[ \t]*type[ \t]+\w"),
    ((3, 14), r"^[ \t]*except\b[^:\n]*,|\b(?:[tT][rR]?|[rR][tT])[\"']"),
)
_KNOWN_HERE = "|".join(pattern for since, pattern in _SINCE if sys.version_info >= since)
_NEWER = re.compile(_KNOWN_HERE, re.MULTILINE) if _KNOWN_HERE else None


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


def parse(source: bytes, parser: Literal["auto", "libcst", "ast"] = "auto") -> Parsed | Unparsed:
    """A module's tree from its bytes: by `ast`, and by libcst where `ast` cannot or `parser` asks for it; where it asks
    for `ast` alone, the reason is UNSURE for what libcst may read.

    Both give the same tree, with the same positions. Never raises for what the bytes hold, never runs them.
    """
    if len(source) > MAX_MEBIBYTES << 20:
        return Unparsed(f"larger than {MAX_MEBIBYTES} MiB")
    if source.startswith(_LFS_POINTER):
        return Unparsed("a Git LFS pointer, not the file")
    try:
        text = decode(source)
    except NotText as error:
        return Unparsed(str(error))
    return _by_libcst(text) if parser == "libcst" else _by_ast(text, parser == "ast")


def _by_ast(text: str, alone: bool) -> Parsed | Unparsed:
    if long_dotted(text):
        return Unparsed("too deeply nested")
    try:
        tree = native.parse_module(text)
    except SyntaxError as error:
        return Unparsed(UNSURE) if alone else _by_libcst(text, error)
    except (RecursionError, MemoryError):
        return Unparsed("too deeply nested")
    except ValueError as error:
        return Unparsed(f"not text: {error}")
    if _NEWER is not None and _NEWER.search(text):
        if alone:
            return Unparsed(UNSURE)
        alike = _by_libcst(text)
        return Parsed(tree, "ast", text) if isinstance(alike, Unparsed) and alike.reason != _PYTHON2 else alike
    return Parsed(tree, "ast", text)


def _by_libcst(text: str, refused: SyntaxError | None = None) -> Parsed | Unparsed:
    """`refused` is the complaint of `ast`, when it was asked."""
    if refused and python2.is_certain(refused):
        return Unparsed(_PYTHON2)
    # libcst takes longer to import than most scans to read what changed, and few modules need it.
    from extractor.syntax import concrete

    try:
        tree = concrete.parse_module(text)
    except concrete.TooDeep as error:
        return Unparsed(str(error))
    except concrete.Unparsable as error:
        return Unparsed(_reason(text, refused) if refused else str(error))
    if python2.has_bare_handlers(tree, text):
        return Unparsed(_PYTHON2)
    return Parsed(tree, "libcst", text)


def _reason(text: str, refused: SyntaxError) -> str:
    if python2.is_likely(refused, text):
        return _PYTHON2
    return f"syntax error on line {refused.lineno}: {refused.msg}"
