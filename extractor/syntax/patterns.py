"""The patterns of `match` statements of libcst as the same nodes of `ast`, with the same positions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import libcst

from extractor.syntax.expressions import expression, optional
from extractor.syntax.spans import Spans

_SINGLETONS = {"None": None, "True": True, "False": False}


def pattern(spans: Spans, node: Any) -> ast.pattern:
    """A pattern. Raises KeyError for a kind of node that is none."""
    return _PATTERNS[type(node).__name__](spans, node)


def _value(spans: Spans, node: libcst.MatchValue) -> ast.pattern:
    value = node.value
    return spans.put_as(ast.MatchValue(value=expression(spans, value)), value)


def _singleton(spans: Spans, node: libcst.MatchSingleton) -> ast.pattern:
    return spans.put_as(ast.MatchSingleton(value=_SINGLETONS[node.value.value]), node.value)


def _element(spans: Spans, node: libcst.MatchSequenceElement) -> ast.pattern:
    return pattern(spans, node.value)


def _sequence(spans: Spans, node: Any) -> ast.pattern:
    made = ast.MatchSequence(patterns=[pattern(spans, element) for element in node.patterns])
    start, end = spans.inner_paren(node)
    comma = node.patterns[-1].comma if node.patterns else None
    if end == spans.end(node) and isinstance(node, libcst.MatchTuple) and isinstance(comma, libcst.Comma):
        end = spans.start(comma) + 1
    return spans.put(made, start, end)


def _star(spans: Spans, node: libcst.MatchStar) -> ast.pattern:
    made = ast.MatchStar(name=node.name.value if node.name else None)
    start = spans.start(node)
    return spans.put(made, start, spans.end(node.name) if node.name else start + len("*_"))


def _mapping(spans: Spans, node: libcst.MatchMapping) -> ast.pattern:
    made = ast.MatchMapping(
        keys=[expression(spans, element.key) for element in node.elements],
        patterns=[pattern(spans, element.pattern) for element in node.elements],
        rest=node.rest.value if node.rest else None,
    )
    return spans.put_as(made, node)


def _class(spans: Spans, node: libcst.MatchClass) -> ast.pattern:
    made = ast.MatchClass(
        cls=expression(spans, node.cls),
        patterns=[pattern(spans, element) for element in node.patterns],
        kwd_attrs=[element.key.value for element in node.kwds],
        kwd_patterns=[pattern(spans, element.pattern) for element in node.kwds],
    )
    return spans.put_as(made, node)


def _as(spans: Spans, node: libcst.MatchAs) -> ast.pattern:
    inner = pattern(spans, node.pattern) if node.pattern else None
    made = ast.MatchAs(pattern=inner, name=node.name.value if node.name else None)
    return spans.put_as(made, node)


def _or(spans: Spans, node: libcst.MatchOr) -> ast.pattern:
    made = ast.MatchOr(patterns=[pattern(spans, element.pattern) for element in node.patterns])
    return spans.put_as(made, node)


def match_case(spans: Spans, node: libcst.MatchCase, body: list[ast.stmt]) -> ast.match_case:
    """One `case` with its guard and the body that is given."""
    return ast.match_case(pattern=pattern(spans, node.pattern), guard=optional(spans, node.guard), body=body)


_PATTERNS: dict[str, Callable[[Spans, Any], ast.pattern]] = {
    "MatchValue": _value,
    "MatchSingleton": _singleton,
    "MatchSequenceElement": _element,
    "MatchList": _sequence,
    "MatchTuple": _sequence,
    "MatchStar": _star,
    "MatchMapping": _mapping,
    "MatchClass": _class,
    "MatchAs": _as,
    "MatchOr": _or,
}
