"""String literals of libcst as nodes of `ast`: plain, bytes, concatenated, formatted and template strings."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import libcst

from extractor.syntax import native
from extractor.syntax.spans import Spans

Convert = Callable[[Spans, Any], ast.expr]
Span = tuple[int, int]
# Pieces of a formatted string: text with its span, or a value made from a replacement field.
Piece = tuple[str, int, int] | ast.FormattedValue

# Before Python 3.12 (PEP 701) `ast` gave each part of a formatted string the position of the whole literal.
_WHOLE = sys.version_info < (3, 12)
_BRACES = re.compile(r"\{\{|\}\}")
_ESCAPES = re.compile(
    r"\{\{|\}\}|\\(?:N\{[^}]*\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[abfnrtv'\"\\\n])"
)


@dataclass(frozen=True, slots=True)
class _Literal:
    """What the parts of one formatted literal need to know of it.

    `whole` is the span of the concatenation it stands in and `own` its own, both None where parts have their own
    position. `convert` makes the expressions in replacement fields.
    """

    raw: bool
    convert: Convert
    whole: Span | None
    own: Span | None


def string(spans: Spans, node: Any, convert: Convert) -> ast.expr:
    """A Constant, or a JoinedStr when any part is formatted. `convert` makes the expressions in replacement fields."""
    parts = list(_parts(node))
    start, end = spans.start(node), spans.end(node)
    if all(isinstance(part, libcst.SimpleString) for part in parts):
        made = ast.Constant(value=_value(parts), kind=_kind(parts[0]))
        return spans.put(made, start, end)
    whole = (start, end) if _WHOLE else None
    values = _joined(spans, _pieces(spans, parts, convert, whole), whole, whole, _kind(parts[0]))
    return spans.put(ast.JoinedStr(values=values), start, end)


def _parts(node: Any) -> Iterator[Any]:
    """The literals of an implicit concatenation, left to right."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, libcst.ConcatenatedString):
            waiting += [part.right, part.left]
        else:
            yield part


def _value(parts: list[Any]) -> str | bytes:
    values: list[Any] = [native.constant(part.value) for part in parts]
    joined: str | bytes = type(values[0])().join(values)
    return joined


def _kind(part: Any) -> str | None:
    return "u" if isinstance(part, libcst.SimpleString) and part.value.startswith("u") else None


def _pieces(spans: Spans, parts: list[Any], convert: Convert, whole: Span | None) -> Iterator[Piece]:
    for part in parts:
        own = (spans.start(part), spans.end(part))
        if isinstance(part, libcst.SimpleString):
            yield str(native.constant(part.value)), *own
        else:
            literal = _Literal("r" in part.start.lower(), convert, whole, own if whole else None)
            yield from _fields(spans, part.parts, literal)


def _fields(spans: Spans, parts: Any, literal: _Literal) -> Iterator[Piece]:
    for part in parts:
        if hasattr(part, "expression"):
            if part.equal is not None:
                start, end = spans.start(part) + 1, spans.end(part.whitespace_after_expression)
                yield spans.code[start:end].decode(), start, end
            yield _field(spans, part, literal)
        else:
            yield _unescaped(part.value, literal.raw), spans.start(part), spans.end(part)


def _field(spans: Spans, part: Any, literal: _Literal) -> ast.FormattedValue:
    spec = None
    if part.format_spec is not None:
        pieces = _fields(spans, part.format_spec, literal)
        values = _joined(spans, pieces, literal.whole, literal.own, None)
        spec = spans.put(ast.JoinedStr(values=values), *(literal.own or _spec_span(spans, part)))
    value = literal.convert(spans, part.expression)
    if literal.whole and isinstance(value, ast.Tuple) and not part.expression.lpar:
        # Before PEP 701 the braces were read as parentheses.
        spans.put(value, spans.start(part), spans.end(part.whitespace_after_expression) + 1)
    shown = part.conversion or ("r" if part.equal is not None and spec is None else None)
    made = ast.FormattedValue(value=value, conversion=ord(shown) if shown else -1, format_spec=spec)
    return spans.put(made, *(literal.whole or (spans.start(part), spans.end(part))))


def _spec_span(spans: Spans, part: Any) -> Span:
    """A format specification, from its colon to the closing brace."""
    end = spans.end(part) - 1
    return (spans.start(part.format_spec[0]) if part.format_spec else end) - 1, end


def _joined(
    spans: Spans, pieces: Iterable[Piece], whole: Span | None, tail: Span | None, kind: str | None
) -> list[ast.expr]:
    """The values of a JoinedStr: neighbouring texts become one Constant, empty ones none.

    Constants stand at `whole`, the last value at `tail` when it is one; where these are None, at their own span.
    """
    values: list[ast.expr] = []
    text, start, end = "", 0, 0

    def flush(at: Span | None) -> None:
        if text:
            values.append(spans.put(ast.Constant(value=text, kind=kind), *(at or (start, end))))

    for piece in pieces:
        if isinstance(piece, ast.FormattedValue):
            flush(whole)
            values.append(piece)
            text = ""
        else:
            start = start if text else piece[1]
            text, end = text + piece[0], piece[2]
    flush(tail)
    return values


def _unescaped(text: str, raw: bool) -> str:
    """The text part of a formatted string, doubled braces and (unless raw) escapes replaced by what they mean."""

    def meaning(match: re.Match[str]) -> str:
        found = match[0]
        return found[0] if found[0] in "{}" else str(native.constant(f'"{found}"'))

    return (_BRACES if raw else _ESCAPES).sub(meaning, text)
