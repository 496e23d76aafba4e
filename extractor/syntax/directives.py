"""Ignore directives in comments: `# c4trace: ignore[rule-a, rule-b] reason`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

_MARKER = "c4trace:"
_DIRECTIVE = re.compile(r"#\s*c4trace:\s*ignore\[([^\]]*)\]\s*(.*)")


@dataclass(frozen=True, slots=True)
class Directive:
    """A wish to leave findings of `rules` unreported at `line` (the line of code it speaks for, from 1).

    `rules` keeps the order written. `reason` is what stands behind the bracket, trimmed; empty when none is given.
    """

    line: int
    rules: tuple[str, ...]
    reason: str


def directives(text: str) -> tuple[Directive, ...]:
    """The directives of a module's text, in order of the comments.

    A comment behind code speaks for the line it ends; a comment on its own line for the next line of code (its own
    line when none follows). What looks like a directive inside a string is no comment and is passed over.
    """
    if _MARKER not in text:
        return ()
    found: list[Directive] = []
    waiting: list[tuple[int, re.Match[str]]] = []
    code_line = 0
    for kind, value, line in _tokens(text):
        if kind == tokenize.COMMENT:
            match = _DIRECTIVE.match(value)
            if match and line == code_line:
                found.append(_directive(line, match))
            elif match:
                waiting.append((line, match))
        else:
            found.extend(_directive(line, match) for _, match in waiting)
            waiting.clear()
            code_line = line + value.count("\n")
    found.extend(_directive(line, match) for line, match in waiting)
    return tuple(found)


def _directive(line: int, match: re.Match[str]) -> Directive:
    rules = tuple(rule.strip() for rule in match[1].split(",") if rule.strip())
    return Directive(line, rules, match[2].strip())


def _tokens(text: str) -> Iterator[tuple[int, str, int]]:
    """Kind, text and first line of the comments and the code tokens; stops where the text cannot be tokenised."""
    blank = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in blank:
                yield token.type, token.string, token.start[0]
    except (tokenize.TokenError, SyntaxError):
        return
