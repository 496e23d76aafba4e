"""URL patterns as text: `path()` templates and regular expressions made into `/users/<id>/`, with what each parameter
accepts.

Formats: Django's URL dispatcher reference (path converters, `re_path`) and Python's `re` syntax. Anchors go,
converters go, named groups become `<name>`, other groups and bare classes `<var>`. What is optional stands as if it
were there: `/?` is `/`, `(?:x/)?` is `x/`. A bare `.*` or `.+` is written `.`, as Django's own `simplify_regex`
(django.contrib.admindocs.views) shows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONVERTERS = {"int": "[0-9]+", "str": "[^/]+", "slug": "[-a-zA-Z0-9_]+", "path": ".+", "uuid": "[0-9a-f-]{36}"}
_ANGLE = re.compile(r"<(?:([^<>:]+):)?\s*([^<>]+?)\s*>")
_ATOM = re.compile(r"\\[dDwWsS]|\[\^?\]?(?:\\.|[^\]\\])*\]|\.(?=[*+?{])")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[?+]?")
_ANCHORS = ("\\A", "\\Z", "\\z", "\\b", "\\B")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A piece of a URL pattern: its text, and (parameter, regular expression) in order."""

    text: str
    parameters: tuple[tuple[str, str], ...] = ()

    def then(self, other: Pattern) -> Pattern:
        """This piece with another one after it."""
        return Pattern(self.text + other.text, self.parameters + other.parameters)

    @property
    def absolute(self) -> str:
        """The whole path: it starts with one `/`, and no `/` is doubled."""
        return re.sub(r"/{2,}", "/", "/" + self.text)


EMPTY = Pattern("")


def from_path(template: str) -> Pattern:
    """A `path()` template: `<int:pk>` is `<pk>`. Unknown converters accept anything but a slash."""
    found = tuple((m[2], _CONVERTERS.get(m[1] or "str", "[^/]+")) for m in _ANGLE.finditer(template))
    return Pattern(_ANGLE.sub(lambda m: f"<{m[2]}>", template), found)


def from_regex(regex: str) -> Pattern:
    """A `re_path()` regular expression."""
    out: list[str] = []
    parameters: list[tuple[str, str]] = []
    at = 0
    while at < len(regex):
        at = _step(regex, at, out, parameters)
    text = re.sub(r"(?:<var>){2,}", "<var>", "".join(out))
    return Pattern(text, tuple(parameters))


def _step(regex: str, at: int, out: list[str], parameters: list[tuple[str, str]]) -> int:
    """Reads one item of the expression at `at`; the place after it."""
    char = regex[at]
    if char in "^$":
        return at + 1
    if char == "(":
        return _group(regex, at, out, parameters)
    atom = _ATOM.match(regex, at)
    if atom:
        end = _after_quantifier(regex, atom.end())
        plain = atom[0][1:-1] if atom[0][0] == "[" else ""
        if len(plain) == 1 and end == atom.end():  # [.] is a dot
            out.append(plain)
            return end
        out.append("." if atom[0] == "." else "<var>")
        if atom[0] != ".":
            parameters.append(("var", regex[at:end]))
        return end
    if char == "\\":
        if regex[at : at + 2] not in _ANCHORS:
            out.append(regex[at + 1 : at + 2])
        return _after_quantifier(regex, at + 2)
    out.append(char)
    return _after_quantifier(regex, at + 1)


def _after_quantifier(regex: str, at: int) -> int:
    found = _QUANTIFIER.match(regex, at)
    return found.end() if found else at


def _group(regex: str, at: int, out: list[str], parameters: list[tuple[str, str]]) -> int:
    end = group_end(regex, at)
    inner = regex[at + 1 : end - 1]
    after = _after_quantifier(regex, end)
    named = re.match(r"\?P?<([A-Za-z_]\w*)>", inner)
    if named:
        out.append(f"<{named[1]}>")
        parameters.append((named[1], inner[named.end() :]))
    elif re.match(r"\?(?:[=!]|<[=!]|#)", inner) or re.fullmatch(r"\?[aiLmsux-]+", inner):
        return after
    elif inner.startswith("?"):
        body = inner.partition(":")[2]
        if _top_level_bar(body):
            out.append("<var>")
            parameters.append(("var", body))
        else:
            made = from_regex(body)
            out.append(made.text)
            parameters += made.parameters
    else:
        out.append("<var>")
        parameters.append(("var", inner))
    return after


def group_end(regex: str, at: int) -> int:
    """The place after the bracket that closes the group opening at `at` (the end of the text when none does)."""
    depth = 0
    while at < len(regex):
        char = regex[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            found = _ATOM.match(regex, at)
            if found:
                at = found.end()
                continue
        depth += {"(": 1, ")": -1}.get(char, 0)
        at += 1
        if depth == 0:
            return at
    return len(regex) + 1


def _top_level_bar(regex: str) -> bool:
    at = 0
    while at < len(regex):
        if regex[at] == "|":
            return True
        at = group_end(regex, at) if regex[at] == "(" else at + (2 if regex[at] == "\\" else 1)
    return False


def canonical(pattern: str) -> str:
    """A pattern without the names of its parameters, for ids: `/users/<pk>/` is `/users/{}/`."""
    return re.sub(r"<[^<>]*>", "{}", pattern)


def joined(front: Pattern, text: str, is_regex: bool) -> Pattern:
    """A pattern with a further piece, which is a regular expression or the text of `path()`."""
    return front.then(from_regex(text) if is_regex else from_path(text))
