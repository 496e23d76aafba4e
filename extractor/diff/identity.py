"""Identity: what makes a task, a call or a finding the same one in two scans, whatever moved around it.

An identity is never made of a line number, a file's path or the name of a function, an argument or a local: these
change when code is tidied, and tidying is no change of architecture. What two things of one identity differ in besides
(the rows name the fields) is a change; where several things share an identity they are told apart as a multiset, and
path and function only help to say which is which.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from extractor.model.graph import Call, Context, Route
from extractor.text.urls import SETTING, emptied, has_literal, path_of, with_empty_base

Names = Mapping[str, str]

_PARAMETER = re.compile(r"<[^<>]*>")
_SETTING_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,}")

# Digits of a fingerprint that say what a finding is about; the rest are its ordinal.
_GROUP = 24

# A page of Django's admin site, which is known by its class.
_ADMIN = "admin "

# Entry points of these kinds have names that outsiders rely on: a URL, a queued message, a command line.
_NAMED_CONTEXTS = ("request", "task", "command")


def fingerprint(rule: str, repo: str, subject: str, ordinal: int) -> str:
    """The fingerprint of a finding: 32 hex digits that survive moves, renames of functions and reformatting.

    `subject` is what the finding is about in terms of the architecture, never of the text: for a hardcoded URL the
    canonical URL, for a call without a timeout the system, method and canonical URL, for a schedule its key, for a
    setting its name. `ordinal` counts from 0 among the findings of one (rule, repo, subject), in any fixed order: they
    are interchangeable, so when one of three is mended it is the third fingerprint that goes. It is the last eight
    digits, so that what two fingerprints are about can be told to be the same (`finding_group`).
    """
    text = "\x1f".join((rule, repo, subject))
    return f"{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:_GROUP]}{ordinal:08x}"


def finding_group(mark: str) -> str:
    """What the fingerprints of interchangeable findings have in common: rule, repository and subject."""
    return mark[:_GROUP]


def canonical_url(url: str) -> str:
    """A call's URL template with its holes emptied, but for settings: `{setting:BASE}/api/users/{}/`.

    The name of an argument and the reason why a part is unknown are about the code, not about the request.
    """
    return emptied(url, keep=(SETTING,))


def asked_url(url: str) -> str:
    """`canonical_url` whose base, when it is a hole, is empty: the setting that holds it is not the request."""
    return with_empty_base(canonical_url(url))


def canonical_pattern(pattern: str) -> str:
    """A route's pattern with its parameters unnamed: `/api/users/<>/`. Callers never see a parameter's name."""
    return _PARAMETER.sub("<>", pattern)


def canonical_condition(condition: str) -> str:
    """The settings and flags that a condition rests on, sorted: locals and spelling are not part of it."""
    return " ".join(sorted(set(_SETTING_NAME.findall(condition))))


def route_key(route: Route) -> tuple[str, ...]:
    """A route is who serves it, at which pattern, for which methods."""
    return (route.repo, route.service, canonical_pattern(route.pattern), ",".join(sorted(route.methods)))


def call_key(call: Call) -> tuple[str, ...]:
    """A call is who sends what to whom: repository, system, method and the path that is asked for.

    A call whose path is unknown is known by its label instead, the one thing that says what it is for.
    """
    path = path_of(call.url)
    asked = (path, "") if has_literal(path) else ("", call.label)
    return (call.repo, call.system or "", call.http_method or "", *asked)


def context_text(context: Context, names: Names) -> str:
    """An entry point in words: its kind, and its name where outsiders rely on it. `names` maps renamed tasks.

    A request that is known by a class or a function only (no route leads there) has no name that anyone relies on.
    """
    of_code = context.kind == "request" and "/" not in context.name and not context.name.startswith(_ADMIN)
    if context.kind not in _NAMED_CONTEXTS or of_code:
        return context.kind
    return f"{context.kind} {canonical_pattern(names.get(context.name, context.name))}"


def contexts_text(contexts: tuple[Context, ...], names: Names) -> str:
    """All entry points that reach a place, as one canonical text."""
    return ", ".join(sorted({context_text(c, names) for c in contexts}))
