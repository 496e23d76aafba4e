"""What moves, in words: from the endpoint, or the client's method, or the function that makes the call."""

from __future__ import annotations

import re

from extractor.text.urls import path_of, segments, setting_of
from extractor.text.words import spaced

_FILE = re.compile(r"(.*)\.(png|jpe?g|gif|svg|webp|ico|pdf|zip|csv)", re.IGNORECASE)
_VERSIONED = re.compile(r"/([a-z][a-z_-]+)/v\d+(?:\.\d+)?/", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(json|xml|html?|php|aspx?)$", re.IGNORECASE)
_NOISE = re.compile(r"^(api|rest|v\d+(\.\d+)?|_\w*|\d+|json|xml|index|cgi-bin|services?|none|null|\*)$", re.IGNORECASE)

# Words of a path that say what is done to what stands before them: `/course_runs/clone/` clones course runs.
_DONE = frozenset(
    {
        "archive",
        "batch",
        "bulk",
        "cancel",
        "clone",
        "close",
        "confirm",
        "create",
        "delete",
        "disable",
        "enable",
        "export",
        "import",
        "merge",
        "process",
        "publish",
        "purge",
        "read",
        "refresh",
        "replace",
        "rerun",
        "reset",
        "retire",
        "retry",
        "revoke",
        "search",
        "send",
        "submit",
        "subscribe",
        "sync",
        "unsubscribe",
        "update",
        "upload",
        "upsert",
        "validate",
        "verify",
    }
)
# Words that mean little without the one before: `/users/me/`, `/jobs/<id>/results/`.
_VAGUE = frozenset(
    {
        "count",
        "counts",
        "data",
        "detail",
        "details",
        "feed",
        "form",
        "info",
        "items",
        "labels",
        "list",
        "me",
        "range",
        "results",
        "session",
        "sessions",
        "stats",
        "status",
        "summary",
        "token",
    }
)
_WHICH = frozenset({"all", "current", "latest"})
# What a method is called that sends whatever it is given, and what a function is called wherever it stands.
_GENERIC = frozenset(
    {
        "api",
        "call",
        "client",
        "convert",
        "do",
        "execute",
        "fetch",
        "func",
        "get",
        "handle",
        "head",
        "init",
        "inner",
        "invoke",
        "json",
        "list",
        "main",
        "next",
        "next chunk",
        "open",
        "options",
        "patch",
        "perform",
        "post",
        "process",
        "put",
        "query",
        "request",
        "requests",
        "retrieve",
        "run",
        "save",
        "send",
        "session",
        "task",
        "urlopen",
        "wrapper",
    }
)
# What says nothing of what moves, once the verb before it is gone; and what modules are called by their role.
_ANYTHING = frozenset(
    {
        "all",
        "content",
        "data",
        "file",
        "files",
        "items",
        "json",
        "list",
        "page",
        "request",
        "response",
        "result",
        "results",
        "url",
    }
)
_ROLES = frozenset(
    {
        "api",
        "apps",
        "base",
        "client",
        "clients",
        "commands",
        "common",
        "core",
        "handlers",
        "helpers",
        "init",
        "lib",
        "management",
        "models",
        "receivers",
        "serializers",
        "settings",
        "signals",
        "src",
        "tasks",
        "utils",
        "v1",
        "v2",
        "views",
    }
)
_TAKEN = ("get", "fetch", "retrieve", "load", "read", "list", "query", "find", "download")
_CLASS_NOISE = re.compile(r"(View|ViewSet|APIView|Api|API|Client|Command|Mixin|Service|Backend|Manager|Handler|Task)+$")
_VERBS = frozenset(
    {
        *_TAKEN,
        *_DONE,
        "add",
        "approve",
        "assign",
        "assume",
        "attach",
        "authorize",
        "check",
        "complete",
        "copy",
        "deactivate",
        "describe",
        "detect",
        "enroll",
        "generate",
        "insert",
        "is",
        "issue",
        "listen",
        "make",
        "move",
        "notify",
        "order",
        "patch",
        "post",
        "process",
        "pull",
        "push",
        "put",
        "register",
        "remove",
        "rename",
        "request",
        "retire",
        "save",
        "set",
        "share",
        "start",
        "stop",
        "subscribe",
        "terminate",
        "track",
        "unenroll",
        "unsubscribe",
        "watch",
        "write",
    }
)


def label(http_method: str | None, url: str, via: str, function: str, path: str = "", given: str = "") -> str:
    """A few words for an arrow: `POST enrollment`, `current grades`, `clone course runs`.

    `function` is the dotted name of the function that calls, `path` its file; `given` is what a rule says.
    """
    if given:
        return given
    reads = http_method in (None, "GET", "HEAD")
    noun = _of_path(url) or _of_setting(url)
    if reads and (named := _of_subject(url, noun, via)):
        return named
    if noun:
        return noun if reads or noun.split()[0] in _DONE else f"{http_method} {noun}"
    return _of_method(via) or _of_function(function) or _of_client(via) or _of_place(function, path)


def _of_path(url: str) -> str:
    """What the last telling words of a path name; "" when it has none, or none but vague ones."""
    parts = [p for p in segments(path_of(url)) if len(p) > 1 and "{" not in p and not _NOISE.match(p)]
    if parts and (file := _FILE.fullmatch(parts[-1])) is not None:
        return f"{file[1]}.{file[2]}"[:60]
    words = [_words(_SUFFIX.sub("", part)) for part in parts]
    done: list[str] = []
    while words and words[-1] in _DONE:
        done.insert(0, words.pop())
    if not words:
        return " ".join(done)
    last = words.pop()
    if last in _VAGUE and words:
        last = f"{words[-1]} {last}"
    elif last in _WHICH:
        last = f"{last} {words[-1]}" if words else ""
    return " ".join([*done, last]).strip()[:60]


def _of_subject(url: str, noun: str, via: str) -> str:
    """What a client's method reads, where it names what stands before the version and the path ends with something
    else: `get_current_grades` of `/api/grades/v1/courses/<id>/` gives current grades."""
    words = _of_method(via)
    subject = _VERSIONED.search(url)
    if not words or subject is None or _NOISE.match(subject[1]):
        return ""
    if set(words.split()) & {*noun.split(), _singular(noun)}:
        return ""
    told = {_singular(word) for word in words.split()}
    return words if {_singular(word) for word in _words(subject[1]).split()} <= told else ""


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _of_setting(url: str) -> str:
    """What a setting that holds a whole URL is about: `{setting:KEYCLOAK_DISCOVERY_URL}` is a keycloak discovery."""
    words = _words(setting_of(url)).split()
    kept = [word for word in words if word not in ("url", "uri", "api", "base", "host", "root", "path", "endpoint")]
    return " ".join(kept) if len(kept) > 1 else ""


def _parts(via: str) -> list[str]:
    """The names of a client's chain of calls, without what only sends it off."""
    parts = [part for part in re.sub(r"\(\)|\[\]", "", via).split(".") if part]
    while len(parts) > 1 and _words(parts[-1]) in ("execute", "invoke", "next chunk"):
        parts.pop()
    return parts


def _of_method(via: str) -> str:
    """What a client's method says by itself: `send_email`, `get_contents`."""
    words = _words((_parts(via) or [""])[-1])
    first, _, rest = words.partition(" ")
    if first not in _VERBS or not rest or rest in _ANYTHING or rest in _VERBS or words.endswith("request"):
        return ""
    return _taken(words)


def _of_client(via: str) -> str:
    """What a client's method and the object it is called on say together: `videos().list().execute`."""
    parts = _parts(via)
    verb = _words(parts[-1]) if parts else ""
    if len(parts) < 3 or verb not in _VERBS or parts[0] in ("requests", "httpx", "urllib", "urllib3", "aiohttp"):
        return ""
    noun = _words(_CLASS_NOISE.sub("", parts[-2]))
    if not noun or noun in _GENERIC:
        return ""
    return noun if verb in _TAKEN else f"{verb} {noun}"


def _of_function(function: str) -> str:
    """What the function that calls is called; "" where the name tells nothing."""
    parts = [part for part in function.split(".") if part and not part.startswith("__")]
    words = _words(parts[-1]) if parts else ""
    return "" if words in _GENERIC or words.endswith("request") else _taken(words)


def _of_place(function: str, path: str) -> str:
    """What the class of the function is called, or else its module or the folder it lies in; with the verb."""
    *classes, own = [part for part in function.split(".") if part] or [""]
    named = [_words(_CLASS_NOISE.sub("", part)) for part in reversed(classes)]
    named += [_words(part.removesuffix(".py")) for part in reversed(path.split("/"))]
    noun = next((name for name in named if name and name not in _GENERIC and name not in _ROLES), "")
    verb = _words(own)
    return f"{verb} {noun}" if noun and verb in ("save", "send") else noun or verb


def _taken(words: str) -> str:
    """Words without a verb that only says that something is read: what moves is the rest."""
    first, _, rest = words.partition(" ")
    told = first in _TAKEN and rest and rest not in _ANYTHING and rest.split()[0] not in ("or", "and", "from", "by")
    return rest if told else words


def _words(name: str) -> str:
    return spaced(name)[:60]
