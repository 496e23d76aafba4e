"""URL patterns as text: `path()` templates and regular expressions made into `/users/<id>/`, with what each parameter
accepts.

Formats: Django's URL dispatcher reference (path converters, `re_path`) and Python's `re` syntax. Anchors go,
converters go, named groups become `<name>`, other groups and bare classes `<var>`. What is optional stands as if it
were there: `/?` is `/`, `(?:x/)?` is `x/`. A bare `.*` or `.+` is written `.`, as Django's own `simplify_regex`
(django.contrib.admindocs.views) shows it.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

_CONVERTERS = {"int": "[0-9]+", "str": "[^/]+", "slug": "[-a-zA-Z0-9_]+", "path": ".+", "uuid": "[0-9a-f-]{36}"}
_ANGLE = re.compile(r"<(?:([^<>:]+):)?\s*([^<>]+?)\s*>")
_ATOM = re.compile(r"\\[dDwWsS]|\[\^?\]?(?:\\.|[^\]\\])*\]|\.(?=[*+?{])")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[?+]?")
_ANCHORS = ("\\A", "\\Z", "\\z", "\\b", "\\B")


# A text with the (parameter, regular expression) pairs in it.
Way = tuple[str, tuple[tuple[str, str], ...]]
MAX_WAYS = 12  # of writing one URL that are told apart


@dataclass(frozen=True, slots=True)
class Pattern:
    """A piece of a URL pattern: its text, and (parameter, regular expression) in order. `also` are the other ways of
    writing it: without what is optional, with a suffix, without the prefix of a language."""

    text: str
    parameters: tuple[tuple[str, str], ...] = ()
    also: tuple[Way, ...] = ()

    def then(self, other: Pattern) -> Pattern:
        """This piece with another one after it."""
        ways = _product(self.ways, other.ways)
        return Pattern(*ways[0], ways[1:])

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way of writing it, the one that is shown first."""
        return ((self.text, self.parameters), *self.also)

    def or_without(self) -> Pattern:
        """The same, that may as well not stand there."""
        return Pattern(self.text, self.parameters, (*self.also, ("", ())))

    def with_suffix(self) -> Pattern:
        """The same, that takes a suffix for a format, too: `users.json` (rest_framework.urlpatterns)."""
        text, parameters = self.text.rstrip("/"), (*self.parameters, ("format", "[a-z0-9]+"))
        more = tuple((f"{text}.<format>{slash}", parameters) for slash in ("", "/"))
        return Pattern(self.text, self.parameters, (*self.also, *more)) if text else self

    @property
    def absolute(self) -> str:
        """The whole path: it starts with one `/`, and no `/` is doubled."""
        return re.sub(r"/{2,}", "/", "/" + self.text)


EMPTY = Pattern("")


def unknown(name: str) -> Pattern:
    """A prefix of which nothing is known, not even that there is one."""
    return Pattern(f"<{name}>/", ((name, ".+"),)).or_without()


def from_path(template: str) -> Pattern:
    """A `path()` template: `<int:pk>` is `<pk>`. Unknown converters accept anything but a slash."""
    found = tuple((m[2], _CONVERTERS.get(m[1] or "str", "[^/]+")) for m in _ANGLE.finditer(template))
    return Pattern(_ANGLE.sub(lambda m: f"<{m[2]}>", template), found)


def from_regex(regex: str) -> Pattern:
    """A `re_path()` regular expression."""
    ways: tuple[Way, ...] = (("", ()),)
    at = 0
    while at < len(regex):
        out: list[str] = []
        parameters: list[tuple[str, str]] = []
        also: list[Way] = []
        after = _step(regex, at, out, parameters, also)
        pieces = (("".join(out), tuple(parameters)), *also)
        if _is_optional(regex[at:after]):
            pieces = (*pieces, ("", ()))
        ways, at = _product(ways, pieces), after
    shown = tuple((re.sub(r"(?:<var>){2,}", "<var>", text), parameters) for text, parameters in ways)
    return Pattern(*shown[0], shown[1:])


def _product(front: tuple[Way, ...], back: tuple[Way, ...]) -> tuple[Way, ...]:
    """The ways of two pieces one after the other, each once, those that are shown first."""
    found = ((a[0] + b[0], a[1] + b[1]) for a, b in itertools.product(front, back))
    return tuple(itertools.islice(dict.fromkeys(found), MAX_WAYS))


def _is_optional(item: str) -> bool:
    """Whether an item of an expression may be left out: `x?`, `(...)*`."""
    if item.startswith("("):
        behind = item[group_end(item, 0) :]
    else:
        atom = _ATOM.match(item)
        behind = item[atom.end() if atom else 2 if item.startswith("\\") else 1 :]
    return behind.startswith(("?", "*", "{0,", "{,"))


def _step(regex: str, at: int, out: list[str], parameters: list[tuple[str, str]], also: list[Way]) -> int:
    """Reads one item of the expression at `at`; the place after it."""
    char = regex[at]
    if char in "^$":
        return at + 1
    if char == "(":
        return _group(regex, at, out, parameters, also)
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


def _group(regex: str, at: int, out: list[str], parameters: list[tuple[str, str]], also: list[Way]) -> int:
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
            also += made.also
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
