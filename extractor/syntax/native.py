"""The standard library's parser, kept quiet about the code it reads."""

from __future__ import annotations

import ast
import re
import warnings

_FILE = "<c4trace scanned source>"
# The compiler's warnings about scanned code carry the file name above: this filter touches no other warning, so it
# may stay in place, which is safe with threads where `warnings.catch_warnings` is not.
_SILENCE = ("ignore", None, Warning, re.compile(re.escape(_FILE)), 0)


def parse_module(text: str) -> ast.Module:
    """The tree of a module. Raises what `ast.parse` raises."""
    _keep_quiet()
    return ast.parse(text, _FILE)


def constant(literal: str) -> str | bytes | complex:
    """The value of one string, bytes or number literal. Raises SyntaxError when it is none."""
    _keep_quiet()
    body = ast.parse(literal, _FILE, mode="eval").body
    if not isinstance(body, ast.Constant) or not isinstance(body.value, str | bytes | complex | float | int):
        raise SyntaxError("not a literal")
    return body.value


def _keep_quiet() -> None:
    if _SILENCE not in warnings.filters:
        warnings.filters.insert(0, _SILENCE)  # type: ignore[attr-defined]
