"""What moves, in words: from the endpoint, or the client's method, or the function that makes the call."""

from __future__ import annotations

import re
from urllib.parse import unquote

from extractor.rules.vocabulary import vocabulary
from extractor.text.urls import path_of, segments, setting_of
from extractor.text.words import spaced

_VERSIONED = re.compile(r"/([a-z][a-z_-]+)/v\d+(?:\.\d+)?/", re.IGNORECASE)


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
        return noun if reads or noun.split()[0] in vocabulary().labels.done else f"{http_method} {noun}"
    return _of_method(via) or _of_function(function) or _of_client(via) or _of_place(function, path)


def _of_path(url: str) -> str:
    """What the last telling words of a path name; "" when it has none, or none but vague ones."""
    known = vocabulary().labels
    parts = [p for p in segments(path_of(url)) if len(p) > 1 and "{" not in p and not known.noise.fullmatch(p)]
    if parts and (file := known.files.fullmatch(parts[-1])) is not None:
        return f"{file[1]}.{file[2]}"[:60]
    words = [_words(known.formats.sub("", unquote(part))) for part in parts]
    done: list[str] = []
    while words and words[-1] in known.done:
        done.insert(0, words.pop())
    if not words:
        return " ".join(done)
    last = words.pop()
    if last in known.vague and words:
        last = f"{words[-1]} {last}"
    elif last in known.which:
        last = f"{last} {words[-1]}" if words else ""
    return " ".join([*done, last]).strip()[:60]


def _of_subject(url: str, noun: str, via: str) -> str:
    """What a client's method reads, where it names what stands before the version and the path ends with something
    else: `get_current_grades` of `/api/grades/v1/courses/<id>/` gives current grades."""
    words = _of_method(via)
    subject = _VERSIONED.search(url)
    if not words or subject is None or vocabulary().labels.noise.fullmatch(subject[1]):
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
    kept = [word for word in words if word not in vocabulary().labels.addresses]
    return " ".join(kept) if len(kept) > 1 else ""


def _parts(via: str) -> list[str]:
    """The names of a client's chain of calls, without what only sends it off."""
    parts = [part for part in re.sub(r"\(\)|\[\]", "", via).split(".") if part]
    while len(parts) > 1 and _words(parts[-1]) in vocabulary().labels.sending_off:
        parts.pop()
    return parts


def _of_method(via: str) -> str:
    """What a client's method says by itself: `send_email`, `get_contents`."""
    words = _words((_parts(via) or [""])[-1])
    first, _, rest = words.partition(" ")
    known = vocabulary().labels
    if first not in known.verbs or not rest or rest in known.anything | known.verbs or words.endswith("request"):
        return ""
    return _taken(words)


def _of_client(via: str) -> str:
    """What a client's method and the object it is called on say together: `videos().list().execute`."""
    parts = _parts(via)
    verb, known = _words(parts[-1]) if parts else "", vocabulary().labels
    if len(parts) < 3 or verb not in known.verbs or parts[0] in known.plain_clients:
        return ""
    noun = _words(known.class_endings.sub("", parts[-2]))
    if not noun or noun in known.generic:
        return ""
    return noun if verb in known.taken else f"{verb} {noun}"


def _of_function(function: str) -> str:
    """What the function that calls is called; "" where the name tells nothing."""
    parts = [part for part in function.split(".") if part and not part.startswith("__")]
    words = _words(parts[-1]) if parts else ""
    return "" if words in vocabulary().labels.generic or words.endswith("request") else _taken(words)


def _of_place(function: str, path: str) -> str:
    """What the class of the function is called, or else its module or the folder it lies in; with the verb."""
    *classes, own = [part for part in function.split(".") if part] or [""]
    known = vocabulary().labels
    named = [_words(known.class_endings.sub("", part)) for part in reversed(classes)]
    named += [_words(part.removesuffix(".py")) for part in reversed(path.split("/"))]
    noun = next((name for name in named if name and name not in known.generic | known.roles), "")
    verb = _words(own)
    return f"{verb} {noun}" if noun and verb in known.sending else noun or verb


def _taken(words: str) -> str:
    """Words without a verb that only says that something is read: what moves is the rest."""
    first, _, rest = words.partition(" ")
    known = vocabulary().labels
    told = first in known.taken and rest and rest not in known.anything and rest.split()[0] not in known.joining
    return rest if told else words


def _words(name: str) -> str:
    return spaced(name)[:60]
