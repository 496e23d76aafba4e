"""Telling Python 2 from a mistake in Python 3."""

from __future__ import annotations

import ast
import builtins
import re

# What the compiler says of `print x` and `exec x`, and of nothing that is valid in any Python 3.
_MESSAGE = "Missing parentheses in call to"
# What it says of `except A, b:` and `lambda (a, b):`; libcst, asked next, reads the first as Python 3.14 has it.
_LIKELY = ("multiple exception types must be parenthesized", "Lambda expression parameters cannot be parenthesized")
_SIGN = re.compile(
    r"""^\s*print\s+["'\w%] | ^\s*print\s*>> | ^\s*exec\s+["'\w] | ^\s*raise\s+[\w.]+(?:\([^()]*\))?\s*,\s*\S
      | ^\s*def\s+\w+\((?:[^()]*,)?\s*\(\w | \blambda\s*\(
      | `[^`]+` | <> | \b0[0-7]+[lL]?\b | \b(?:0[xX][0-9a-fA-F]+|\d+)[lL]\b | \b[uU][rR]["']""",
    re.VERBOSE,
)
_BARE_HANDLER = re.compile(r"^[ \t]*except\b[^:\n]*,", re.MULTILINE)


def is_certain(error: SyntaxError) -> bool:
    """Whether the compiler itself says that a module is Python 2."""
    return error.msg.startswith(_MESSAGE)


def is_likely(error: SyntaxError, text: str) -> bool:
    """Whether a module that no parser reads looks like Python 2, from the line that the compiler complains of."""
    lines = text.split("\n")
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    return is_certain(error) or error.msg.startswith(_LIKELY) or _SIGN.search(line) is not None


def has_bare_handlers(tree: ast.Module, text: str) -> bool:
    """Whether an `except A, b:` means Python 2's "caught as b" and not the two exceptions of Python 3.14 (PEP 758).

    It does when two are named and the second is a plain lower-case name that nothing in the module defines.
    """
    if not _BARE_HANDLER.search(text):
        return False
    caught = [handler.type for handler in ast.walk(tree) if isinstance(handler, ast.ExceptHandler)]
    names = {
        pair.elts[1].id
        for pair in caught
        if isinstance(pair, ast.Tuple)
        and len(pair.elts) == 2
        and pair.col_offset == pair.elts[0].col_offset
        and isinstance(pair.elts[1], ast.Name)
        and pair.elts[1].id.islower()
        and not hasattr(builtins, pair.elts[1].id)
    }
    return bool(names - _defined(tree))


def _defined(tree: ast.Module) -> set[str]:
    """Names that a module imports, defines as class or function, or assigns at its top level."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            names |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return names
