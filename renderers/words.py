"""Names and quoted strings for the description languages: Structurizr, LikeC4 and D2."""

from __future__ import annotations

from collections.abc import Iterable

from extractor.text.slugs import unique_slugs

_CONTROL = dict.fromkeys((*range(32), 127, *range(128, 160), 8232, 8233), " ")


def one_line(text: str) -> str:
    """Text on one line, without control characters; what UTF-8 cannot hold becomes a question mark."""
    return " ".join(text.translate(_CONTROL).encode("utf-8", "replace").decode("utf-8").split())


def plain_quoted(text: str) -> str:
    """A double-quoted string for languages whose escapes differ from parser to parser.

    Structurizr's and LikeC4's documentation give no escape that holds everywhere, so the three signs that could end
    the string or begin a substitution are exchanged for their nearest likeness: `"` for `'`, a backslash for a slash,
    `${` for `$(`.
    """
    mild = one_line(text).replace('"', "'").replace("\\", "/").replace("${", "$(")
    return f'"{mild}"'


def identifiers(ids: Iterable[str]) -> dict[str, str]:
    """A word of letters, digits and underscores for each id, starting with a letter, no two alike."""
    return {key: f"n_{name.replace('-', '_')}" for key, name in unique_slugs(ids).items()}
