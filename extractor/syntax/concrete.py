"""libcst as a second parser: it reads what this interpreter's `ast` cannot, and answers with `ast` nodes."""

from __future__ import annotations

import ast

import libcst

from extractor.syntax.depth import too_deep
from extractor.syntax.statements import module_tree


class Unparsable(ValueError):
    """libcst cannot read the module, or says of it what `ast` has no node for; the message says why in words."""


class TooDeep(ValueError):
    """The module nests more deeply than is safe or possible to read."""


def parse_module(text: str) -> ast.Module:
    r"""The tree of a module whose lines end in `\n`, as `ast.parse` would give it. Raises Unreadable and TooDeep.

    Lines and columns are those of `ast`. Type parameters are dropped, `type X = v` becomes `X = v`, a template string
    becomes a JoinedStr, a lazy import an Import.
    """
    if too_deep(text):
        raise TooDeep("too deeply nested")
    try:
        module = libcst.parse_module(text)
        return module_tree(module)
    except (RecursionError, MemoryError):
        raise TooDeep("too deeply nested") from None
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, SyntaxError, ValueError, KeyError) as error:
        line = getattr(error, "raw_line", None)
        raise Unparsable(f"syntax error on line {line}" if line else "syntax error") from None
