"""How deeply a module nests: a cheap scan that keeps hostile source away from a parser that recurses in native code."""

from __future__ import annotations

import re
from dataclasses import dataclass

# libcst overflows an 8 MiB stack at some 2000 brackets or 8000 chained operators, and from 300 nested brackets on it
# takes seconds. A bracket weighs what four operators do; the limit leaves a wide margin.
LIMIT = 1000
_BRACKET = 4
# Its time for patterns grows about fourfold with each bracket: six are read in an instant, twelve in a minute.
_BRACKET_IN_PATTERN = 150
_DOTS = 5000
_DOTTED = re.compile(r"(?:\.[\s\\]*\w+[\s\\]*)+")

_CODE = re.compile(
    r"""(?P<prefix>\b[bBuUrRfFtT]{1,2})?(?P<quote>\"{3}|'{3}|["'])
      | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<comment>\#[^\n]*) | \\\n | (?P<newline>\n)
      | (?P<end>[,;]) | (?P<colon>:) | (?P<token>\w+|[^\s\w])""",
    re.VERBOSE,
)
# The rest of a plain string behind its opening quote; one that is not closed ends with its line or the text.
_PLAIN = {
    '"': re.compile(r'(?:\\.|[^\\"\n])*"?', re.DOTALL),
    "'": re.compile(r"(?:\\.|[^\\'\n])*'?", re.DOTALL),
    '"""': re.compile(r'(?:\\.|(?!""")[^\\])*(?:""")?', re.DOTALL),
    "'''": re.compile(r"(?:\\.|(?!''')[^\\])*(?:''')?", re.DOTALL),
}
_TEXT = re.compile(
    r"\{\{|\}\}|\\N\{[^}\n]*\}|\\[^{}]|(?P<open>\{)|(?P<close>\})|(?P<quote>\"{3}|'{3}|[\"'])", re.DOTALL
)
_LINE = re.compile(r"^([ \t\f]*)(\w+|[^\s#])", re.MULTILINE)


@dataclass(slots=True)
class _Level:
    """A statement, open bracket, formatted string, replacement field or format specification.

    `weight` counts tokens since the last comma, `inside` is the deepest bracket among them, `deepest` the most so far.
    """

    kind: str
    weight: int = 0
    inside: int = 0
    deepest: int = 0

    def settle(self) -> int:
        self.deepest = max(self.deepest, self.weight + self.inside)
        self.weight = self.inside = 0
        return self.deepest


def too_deep(text: str) -> bool:
    """Whether some statement may nest deeper than LIMIT. Overestimates: a long flat chain of operators counts as deep.

    Formatted strings are read as PEP 701 has them, with quotes of any kind nested in their fields.
    """
    return _deepest_expression(text) + _longest_elif_chain(text) > LIMIT


def long_dotted(text: str) -> bool:
    """Whether some dotted name is so long that `ast` would spend seconds on it: for imports its time is quadratic."""
    if text.count(".") < _DOTS:
        return False
    return any(match[0].count(".") >= _DOTS for match in _DOTTED.finditer(text))


def _deepest_expression(text: str) -> int:
    stack = [_Level("statement")]
    at = 0
    while at < len(text):
        mode = stack[-1].kind
        match = (_TEXT if mode == "spec" or mode in _PLAIN else _CODE).search(text, at)
        if len(stack) * _BRACKET > LIMIT:
            return LIMIT + 1
        if match is None:
            break
        at = match.end()
        if match.re is _TEXT:
            _text(stack, match, mode)
        elif match["quote"]:
            at = _string(stack, text, match)
        else:
            _code(stack, match)
    while len(stack) > 1:
        _pop(stack)
    return stack[0].settle()


def _pop(stack: list[_Level]) -> None:
    inner = stack.pop().settle() + (_BRACKET_IN_PATTERN if stack[0].kind == "case" else _BRACKET)
    stack[-1].inside = max(stack[-1].inside, inner)


def _text(stack: list[_Level], match: re.Match[str], mode: str) -> None:
    """A piece of the text of a formatted string or of a format specification."""
    if match["open"]:
        stack.append(_Level("field"))
    elif match["quote"] and mode != "spec" and match["quote"].startswith(mode):
        _pop(stack)
    elif match["close"] and mode == "spec":
        _pop(stack)
        _pop(stack)


def _string(stack: list[_Level], text: str, match: re.Match[str]) -> int:
    """A string literal; returns where it ends, or where its text begins when it is formatted."""
    stack[-1].weight += 1
    if match["prefix"] and set(match["prefix"].lower()) & {"f", "t"}:
        stack.append(_Level(match["quote"]))
        return match.end()
    body = _PLAIN[match["quote"]].match(text, match.end())
    return body.end() if body else match.end()


def _code(stack: list[_Level], match: re.Match[str]) -> None:
    level = stack[-1]
    if match["open"]:
        stack.append(_Level("bracket"))
    elif match["close"]:
        level.weight += 1
        if len(stack) > 1:
            _pop(stack)
            stack[-1].weight += 1
    elif match["end"]:
        level.settle()
    elif match["newline"] and len(stack) == 1:
        level.settle()
        level.kind = "statement"
    elif match["colon"] and level.kind == "field":
        stack.append(_Level("spec"))
    elif match["token"]:
        if match["token"] == "case" and len(stack) == 1 and not level.weight:
            level.kind = "case"
        level.weight += 1


def _longest_elif_chain(text: str) -> int:
    """The most `elif` that hang on one another, summed over the blocks that are open around them.

    Lines inside strings are counted too, which can end a chain early only where an `elif` stands alone in a string.
    """
    chains: dict[int, int] = {}
    longest = 0
    for match in _LINE.finditer(text):
        indent = len(match[1])
        kept = chains.get(indent, 0) + 1 if match[2] == "elif" else 0
        chains = {width: count for width, count in chains.items() if width < indent}
        if kept:
            chains[indent] = kept
            longest = max(longest, sum(chains.values()))
    return longest
