"""Text as our files may hold it; names and quoted strings for the description languages: Structurizr, LikeC4, D2."""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor.model.graph import Schedule
from extractor.text.slugs import unique_slugs

# Controls that are no line end or tab (C0, C1, delete), line ends that only some readers know, marks that turn the line
# around (Unicode Standard Annex 9: by them a name looks like another), and halves of characters, which UTF-8 has not.
_UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def seen(text: str) -> str:
    """Text in which all can be seen and stands where it is: anything else is shown as U+FFFD."""
    return _UNSEEN.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The same on one line, its blanks single."""
    return seen(" ".join(text.split()))


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


# Why a beat entry leads to no task that was found (`Schedule.unresolved`).
_UNRESOLVED = {
    "built-in": "a task of Celery's own",
    "unknown": "its task is not known",
    "unread": "may stand in what was not read",
    "elsewhere": "a task of another repository",
    "missing": "⚠ no such task",
}


def unresolved_task(schedule: Schedule) -> str:
    """Why a beat entry leads to no task that was found, in words; "" when it does lead to one. Only what is known to be
    missing comes with a warning sign."""
    return _UNRESOLVED.get(schedule.unresolved, "")
