"""What moves, in words: from the endpoint, or the client's method, or the function that makes the call."""

from __future__ import annotations

import re

_NOISE = re.compile(r"^(api|rest|v\d+(\.\d+)?|_\w*|\d+|json|xml|index|cgi-bin|services?|none|null|\*)$", re.IGNORECASE)
_WHOLE_SETTING = re.compile(r"\{setting:([A-Z0-9_]+)\}")
_VERBS = ("get", "fetch", "retrieve", "list", "load", "read", "query", "find", "search", "create", "add", "post",
          "send", "update", "sync", "upsert", "patch", "set", "put", "delete", "remove", "deactivate", "purge", "is",
          "do", "request", "call", "push", "pull", "validate", "check", "enroll", "unenroll")  # fmt: skip
_VAGUE = ("list", "search", "detail", "bulk", "all", "me", "current", "items", "create", "data")
_PLAIN = {"batch_api": "batch", "basic_api": "", "search_api": "search", "objects": "", "crm": ""}


def label(http_method: str | None, url: str, via: str, function: str, given: str = "") -> str:
    """A few words for an arrow: `POST enrollment`, `current grades`, `create contacts`."""
    if given:
        return given
    noun = _noun(url)
    if noun:
        return noun if http_method in (None, "GET", "HEAD") else f"{http_method} {noun}"
    named = _of_setting(url)
    if named:
        return named if http_method in (None, "GET", "HEAD") else f"{http_method} {named}"
    words = _words(via.rsplit(".", 1)[-1])
    if words and words.split()[0] in _VERBS and " " in words:
        return words
    chain = [_PLAIN.get(part, part) for part in re.sub(r"\(\)|\[\]", "", via).split(".")[-3:]]
    action = " ".join(_words(part) for part in chain[::-1][:2] if part)
    if http_method is None and action and action.split()[0] in _VERBS:
        return action
    parts = [part for part in function.split(".") if not part.startswith("__")]
    return _words(parts[-1] if parts else "") or action


def _of_setting(url: str) -> str:
    """What a setting that holds a whole URL is about: `{setting:KEYCLOAK_DISCOVERY_URL}` is a keycloak discovery."""
    found = _WHOLE_SETTING.fullmatch(url)
    words = _words(found[1]).split() if found else []
    kept = [word for word in words if word not in ("url", "uri", "api", "base", "host", "root", "path", "endpoint")]
    return " ".join(kept) if len(kept) > 1 else ""


def _noun(url: str) -> str:
    path = re.sub(r"^[a-z]+://[^/{]*", "", url.split("?")[0])
    parts = [p for p in path.split("/") if p and "{" not in p and not _NOISE.match(p)]
    if not parts:
        return ""
    last = re.sub(r"\.(json|xml|csv|html?|php)$", "", parts[-1])
    if len(parts) > 1 and last in _VAGUE:
        last = f"{parts[-2]} {last}"
    return _words(last)


def _words(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").replace(".", " ")
    return " ".join(spaced.split()).strip("()[]").lower()[:60]
