"""Which routes answer a call: an index of patterns by path segment, asked with a method and a path that has holes.

A hole is `{...}`: one or more unknown characters within a segment, or the whole of it. Known text in a segment must be
accepted by the route's parameter (`\\d+` does not take `me`); a hole is taken by any parameter. Of the routes that
match, those with the most literal segments win, so `/users/me/` is found before `/users/<name>/`. A hole stands for
literal text only where no parameter takes it. A path without the slash that a pattern ends with is redirected to the
one with it (`APPEND_SLASH`); one with a slash too much is answered by nobody.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from extractor.link.routes.patterns import Way
from extractor.model.graph import Route
from extractor.text.urls import EMPTY, is_hole, literals, segments

_PARAMETER = re.compile(r"<([^<>]*)>")
_GROUP_REPEATED = re.compile(r"\)[*+{]")
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
_REPEAT = re.compile(r"[*+{]")
MAX_REPEATS = 4  # of an expression of scanned code that is tried: more, or a repeated group, could run for ever
MAX_TEXT = 64  # characters of a segment that an expression of scanned code is tried on
MAX_SPAN = 6  # path segments that one parameter may take
MAX_WAYS = 2_000  # steps of one search
LITERAL = 100  # what a literal segment counts when matches are ranked; others count their literal characters


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a route: literal text, or text with parameters. `deep` ones may take several path segments."""

    text: str
    literal: bool
    deep: bool = False
    accepts: re.Pattern[str] | None = None

    @property
    def weight(self) -> int:
        """What a segment with parameters counts: its literal characters, less than a literal segment."""
        return min(len(_PARAMETER.sub("", self.text).strip(".")), LITERAL // 2)

    def takes(self, text: str, loose: bool) -> bool:
        """True when the segment can be this text, holes included. `loose` lets a hole stand for literal text."""
        known = literals(text)
        if self.literal:
            return text == self.text or (loose and len(known) > 1 and _spread(known, self.text))
        if len(known) > 1:
            return _fits(self.text, text)
        return self.accepts is None or len(text) > MAX_TEXT or self.accepts.fullmatch(text) is not None


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    others: list[tuple[Segment, _Node]] = field(default_factory=list)
    routes: list[tuple[Route, bool | None]] = field(default_factory=list)  # with whether the pattern ends with a slash


class RouteIndex:
    """Routes by path segment. `parameters` gives, by `Route.id`, the (name, expression) pairs of a pattern in order,
    `variants` the other ways of writing it."""

    def __init__(
        self,
        routes: Iterable[Route],
        parameters: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
        variants: Mapping[str, tuple[Way, ...]] | None = None,
    ) -> None:
        self._root = _Node()
        self._known: dict[tuple[str | None, str], tuple[Route, ...]] = {}
        self._exact: dict[tuple[str | None, str], bool] = {}
        for route in routes:
            self._add(route, route.pattern, (parameters or {}).get(route.id, ()))
            for text, inside in (variants or {}).get(route.id, ()):
                self._add(route, text, inside)

    def match(self, method: str | None, path: str) -> tuple[Route, ...]:
        """The routes that answer `method` (None: any) on a path template, the most literal ones only, sorted by id.

        Routes that do not name their methods answer all. Nothing when no route answers.
        """
        key = (method, path)
        if key not in self._known:
            self._known[key] = self._find(method, path)
        return self._known[key]

    def is_exact(self, method: str | None, path: str) -> bool:
        """Whether some route answers the path as it is, and not by a redirect to another."""
        self.match(method, path)
        return self._exact[method, path]

    def _add(self, route: Route, pattern: str, parameters: tuple[tuple[str, str], ...]) -> None:
        node = self._root
        expressions = list(parameters)
        last: Segment | None = None
        for text in segments(pattern):
            segment = last = _segment(text, expressions)
            if segment.literal:
                node = node.literals.setdefault(segment.text, _Node())
                continue
            for known, child in node.others:
                if known == segment:
                    node = child
                    break
            else:
                child = _Node()
                node.others.append((segment, child))
                node = child
        node.routes.append((route, None if last is not None and last.deep else pattern.endswith("/")))

    def _find(self, method: str | None, path: str) -> tuple[Route, ...]:
        parts, slash = segments(path), None if path.endswith(EMPTY) else path.endswith("/")
        self._exact[method, path] = False
        for loose in (False, True):
            best: dict[int, list[Route]] = {}
            exact: set[int] = set()
            walk = self._walk(self._root, parts, 0, loose, 0)
            for _way, (score, route, ends) in zip(range(MAX_WAYS), walk, strict=False):
                if slash and ends is False:
                    continue
                if method is None or not route.methods or method.upper() in route.methods:
                    best.setdefault(score, []).append(route)
                    if slash is None or ends is None or ends == slash:
                        exact.add(score)
            if best:
                unique = {route.id: route for route in best[max(best)]}
                self._exact[method, path] = max(best) in exact
                return tuple(unique[key] for key in sorted(unique))
        return ()

    def _walk(
        self, node: _Node, parts: tuple[str, ...], at: int, loose: bool, score: int
    ) -> Iterator[tuple[int, Route, bool | None]]:
        if at == len(parts):
            for route, ends in node.routes:
                yield score, route, ends
            return
        part = parts[at]
        exact = node.literals.get(part)
        if exact is not None:
            yield from self._walk(exact, parts, at + 1, loose, score + LITERAL)
        if loose and "{" in part:
            for text, child in node.literals.items():
                if text != part and Segment(text, True).takes(part, True):
                    yield from self._walk(child, parts, at + 1, loose, score + LITERAL // 2)
        for segment, child in node.others:
            if segment.takes(part, loose):
                # A whole hole is likelier a whole parameter than one with text around it.
                gain = -segment.weight if is_hole(part) else segment.weight
                yield from self._walk(child, parts, at + 1, loose, score + gain)
            if segment.deep:
                for span in range(2, min(MAX_SPAN, len(parts) - at) + 1):
                    if segment.takes("/".join(parts[at : at + span]), loose):
                        yield from self._walk(child, parts, at + span, loose, score + segment.weight - span)


def match(index: RouteIndex, method: str | None, path_template: str) -> tuple[Route, ...]:
    """`index.match(method, path_template)`: which routes answer a call."""
    return index.match(method, path_template)


def _segment(text: str, expressions: list[tuple[str, str]]) -> Segment:
    """A segment of a pattern; takes its parameters' expressions from the front of the list."""
    if text == ".":  # what is left of `.*`
        return Segment(text, False, deep=True)
    names = _PARAMETER.findall(text)
    if not names:
        return Segment(text, True)
    inner = [expressions.pop(0)[1] if expressions else "" for _name in names]
    deep = any(_takes_slash(expression) for expression in inner)
    return Segment(text, False, deep, _compiled(text, inner))


def _compiled(text: str, inner: list[str]) -> re.Pattern[str] | None:
    """The expression of a whole segment; None (anything goes) for one that is missing, invalid or could run long."""
    plain = [_ATOM.sub("x", expression) for expression in inner]
    if not all(inner) or any(_GROUP_REPEATED.search(expression) for expression in plain):
        return None
    if sum(len(_REPEAT.findall(expression)) for expression in plain) > MAX_REPEATS:
        return None
    rest = iter(inner)
    pieces = [f"(?:{next(rest)})" if i % 2 else re.escape(piece) for i, piece in enumerate(_PARAMETER.split(text))]
    try:
        with warnings.catch_warnings(action="ignore"):  # `[[a]`: what the scanned code means is its own affair
            return re.compile("".join(pieces))
    except (re.error, OverflowError, RecursionError):
        return None


def _takes_slash(expression: str) -> bool:
    """True for expressions that take a `/` somewhere: `.+`, `[^?]+`, `[^/+]+(/|\\+)[^/+]+`."""
    if not expression:
        return False
    without = re.sub(r"\[\^[^\]]*/[^\]]*\]|\\[wd]", "", expression)
    return "/" in without or re.search(r"(?<!\\)\.|\[\^|\\[DWS]", without) is not None


def _spread(known: list[str], literal: str) -> bool:
    """True when the literal is the known pieces in order, with at least one character in each hole between."""
    pattern = ".+".join(re.escape(piece) for piece in known)
    return len(literal) <= MAX_TEXT and re.fullmatch(pattern, literal) is not None


def _fits(pattern: str, template: str) -> bool:
    """True when the text around the holes of a template and that around the parameters of a pattern can agree."""
    front, back = _PARAMETER.split(pattern)[0], _PARAMETER.split(pattern)[-1]
    known = literals(template)
    head, tail = known[0], known[-1]
    if pattern == "." or (not front and not back):
        return True
    starts = head.startswith(front) or front.startswith(head)
    return starts and (tail.endswith(back) or back.endswith(tail))
