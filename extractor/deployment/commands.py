"""What a command line runs: which server or worker, with which queues and application. Read as text, never run."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from posixpath import basename

from extractor.deployment.units import Unit
from extractor.rules.deployment import deployment_rules
from extractor.text.masking import masked_text

_MAX_TEXT = 16 * 1024
_MAX_OPENED = 20
_CELERY = frozenset(("celery", "celeryd", "celerybeat"))
_RANK = ("worker", "beat", "web", "command", "database", "cache", "queue", "proxy", "frontend", "other")
_OPTIONS = {"-A": "app", "--app": "app", "-Q": "queues", "--queues": "queues"}
_APP = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\(.*\))?|[A-Za-z_]\w*(?:\.\w+)*\.(?:wsgi|asgi)")


@dataclass(frozen=True, slots=True)
class Program:
    """What a command runs. `role` is "" when nothing in it is known; `fronts` are proxies started beside a server,
    `management` is the management command that it runs."""

    role: str = ""
    technology: str = ""
    queues: tuple[str, ...] = ()
    app: str = ""
    settings_module: str = ""
    beat: bool = False
    fronts: tuple[str, ...] = ()
    management: str = ""


# The text of a script of the repository that a command names, or None.
Scripts = Callable[[str], str | None]


def program(command: str, scripts: Scripts = lambda name: None) -> Program:
    """The most telling program of a shell command: a worker before a server, a server before a proxy.

    A shell script that the command runs is looked up with `scripts` and read the same way.
    """
    found = [_one(words) for words in _simple_commands(command, scripts, set())]
    known = [one for one in found if one.role]
    settings = next((one.settings_module for one in found if one.settings_module), "")
    if not known:
        return Program(settings_module=settings)
    best = min(known, key=lambda one: _RANK.index(one.role))
    fronts = {one.technology for one in known if one.role == "proxy"}.union(*(one.fronts for one in known))
    return replace(
        best,
        settings_module=best.settings_module or settings,
        beat=any(one.beat for one in known),
        fronts=tuple(sorted(fronts)) if best.role == "web" else (),
    )


def unit_running(found: Program, name: str, command: str, path: str, line: int, kind: str) -> Unit:
    """The unit that a command line is all that is known of: what it runs, secrets in the line masked."""
    return Unit(
        name=name,
        role=found.role or "other",
        technology=found.technology,
        command=masked_text(command),
        image="",
        queues=found.queues,
        app=found.app,
        settings_module=found.settings_module,
        ports=(),
        depends_on=(),
        env=(),
        path=path,
        line=line,
        profile="",
        kind=kind,
        beat=found.beat,
        fronts=found.fronts,
        management=found.management,
    )


def as_line(words: Iterable[str]) -> str:
    """The words of an exec-form command as one shell line."""
    return shlex.join(words)


def _simple_commands(text: str, scripts: Scripts, seen: set[str]) -> Iterator[tuple[str, ...]]:
    """The simple commands of a shell text, each as its words; `sh -c '...'` and scripts are opened, each text once."""
    if text in seen or len(seen) >= _MAX_OPENED:
        return
    seen.add(text)
    for words in _split(text[:_MAX_TEXT]):
        if basename(words[0]) in deployment_rules().preparing:
            continue
        inner = _inner_shell(words)
        if inner is not None:
            yield from _simple_commands(inner, scripts, seen)
            continue
        yield words
        for word in words[:4]:
            script = None if word.startswith("-") else scripts(word)
            if script is not None:
                yield from _simple_commands(script, scripts, seen)


@functools.lru_cache(maxsize=256)
def _split(text: str) -> tuple[tuple[str, ...], ...]:
    """Words of each simple command. Text that no shell would take (an open quote) is split at blanks."""
    text = text.replace("\\\r\n", " ").replace("\\\n", " ")
    lexer = shlex.shlex(text.replace("\n", "\n;\n"), posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        tokens = re.sub(r"([;&|()'\"])", r" \1 ", text).replace('"', " ").replace("'", " ").split()
    commands: list[list[str]] = [[]]
    for token in tokens:
        if token and set(token) <= set(";&|()"):
            commands.append([])
        else:
            commands[-1].append(token)
    return tuple(tuple(words) for words in commands if words)


def _inner_shell(words: Sequence[str]) -> str | None:
    shells = deployment_rules().shells
    for at, word in enumerate(words[:-1]):
        if re.fullmatch(r"-[a-z]*c", word) and at and basename(words[at - 1]) in shells:
            return words[at + 1]
    return None


def _one(words: Sequence[str]) -> Program:
    """The first known program among the words (wrappers such as `exec`, `tini --`, `uv run` stand before it)."""
    settings, rules = _settings_module(words), deployment_rules()
    fronts = tuple(rules.fronts[basename(word)] for word in words if basename(word) in rules.fronts)
    for at, word in enumerate(words):
        name = basename(word)
        if name in _CELERY:
            return replace(_celery(name, words[at + 1 :]), settings_module=settings)
        if name in rules.servers:
            app = _web_app(words[at + 1 :])
            return Program("web", rules.servers[name], app=app, settings_module=settings, fronts=fronts)
        if name in rules.programs:
            role, technology = rules.programs[name]
            return Program(role, technology, settings_module=settings)
        if name in rules.managers or (name == "django" and words[at - 1 : at] == ("-m",)):
            return _management(words[at + 1 :], settings, fronts)
    return Program(settings_module=settings)


def _management(words: Sequence[str], settings: str, fronts: tuple[str, ...]) -> Program:
    """What `manage.py` is told to run: a server, Celery, or a command of the project's own; those of Django end."""
    rules = deployment_rules()
    named = [word for word in words if re.fullmatch(r"[A-Za-z_]\w*", word)]
    told = (word for word in named if word in rules.servers or word in _CELERY)  # a project's words may stand before
    name = next(told, named[0] if named else "")
    if name in rules.servers:
        return Program("web", rules.servers[name], settings_module=settings, fronts=fronts)
    if name in _CELERY:
        return replace(_celery(name, words[words.index(name) + 1 :]), settings_module=settings)
    if not name or name in rules.ending:
        return Program(settings_module=settings)
    return Program("command", "Django management command", settings_module=settings, management=name)


def _celery(name: str, words: Sequence[str]) -> Program:
    given: dict[str, str] = {}
    commands = []
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        short = re.fullmatch(r"(-[AQ])(.+)", word)
        if option in _OPTIONS:
            given[_OPTIONS[option]] = value if equals else next(iter(words[at + 1 : at + 2]), "")
        elif short:
            given[_OPTIONS[short.group(1)]] = short.group(2)
        elif not word.startswith("-"):
            commands.append(word)
    beat = name == "celerybeat" or "-B" in words or "--beat" in words
    queues = tuple(sorted({queue for queue in given.get("queues", "").split(",") if queue}))
    app = given.get("app", "")
    if name == "celeryd" or "worker" in commands or "multi" in commands:
        return Program("worker", "Celery", queues, app, beat=beat)
    if name == "celerybeat" or "beat" in commands:
        return Program("beat", "Celery beat", (), app, beat=True)
    if "flower" in commands:
        return Program("other", "Flower", (), app)
    return Program(app=app)


def _web_app(words: Sequence[str]) -> str:
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in ("--module", "-w", "--wsgi"):  # of uWSGI; for Gunicorn `-w` is a number of workers
            given = value if equals else next(iter(words[at + 1 : at + 2]), "")
            if re.fullmatch(r"[A-Za-z_][\w.]*(?::\w+)?", given):
                return given
        if _APP.fullmatch(word):
            return word
    return ""


def _settings_module(words: Sequence[str]) -> str:
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in ("DJANGO_SETTINGS_MODULE", "--settings"):
            return value if equals else next(iter(words[at + 1 : at + 2]), "")
    return ""
