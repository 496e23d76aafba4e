"""Programs: what a repository runs by name beside its servers: management commands, console scripts, script files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef
from extractor.libraries.entry_points import EntryPointSpec
from extractor.link.entrypoints import SCRIPT, Reach
from extractor.program.module import Def
from extractor.rules.deployment import deployment_rules

CONSOLE_SCRIPTS = "console_scripts"
_STARTERS = frozenset({"setup.py", *deployment_rules().managers})  # they run what others say


@dataclass(frozen=True, slots=True)
class CommandProgram:
    """A program: `kind` is `command` (of manage.py, or a job of a scheduler), `console` (installed with the repository)
    or `script` (a file, run by its path); `services` are those that load it, none for a script."""

    kind: str
    name: str
    path: str
    line: int
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsoleScript:
    """A program that installing the repository brings, and the function that it runs."""

    name: str
    target: Def
    path: str
    line: int


def console_scripts(ev: Evaluator, declared: Iterable[EntryPointSpec]) -> tuple[ConsoleScript, ...]:
    """The console scripts that a repository declares itself, whose functions are its own."""
    found = []
    for spec in declared:
        for value in ev.by_dotted(spec.target) if spec.group == CONSOLE_SCRIPTS and spec.path else ():
            if isinstance(value, DefRef) and value.target.module.in_repo:
                found.append(ConsoleScript(spec.name, value.target, spec.path, spec.line))
    return tuple(dict.fromkeys(found))


def programs_of(reach: Reach, consoles: Iterable[ConsoleScript]) -> tuple[CommandProgram, ...]:
    """The programs of a repository, sorted: what its entry points run as commands."""
    declared = {(one.target, one.name): one for one in consoles}
    return tuple(sorted(set(_programs(reach, declared)), key=lambda one: (one.kind, one.name, one.path, one.line)))


def _programs(reach: Reach, consoles: dict[tuple[Def, str], ConsoleScript]) -> Iterator[CommandProgram]:
    for target, rows in reach.entries.items():
        for entry in rows:
            if entry.context.kind != "command":
                continue
            name, services = entry.context.name, tuple(sorted(entry.services - {SCRIPT}))
            console = consoles.get((target, name))
            if console is not None:
                yield CommandProgram("console", name, console.path, console.line, services)
            elif posixpath.basename(name) not in _STARTERS:
                kind = "script" if SCRIPT in entry.services else "command"
                yield CommandProgram(kind, name, target.module.path, entry.line, services)


__all__ = ["CommandProgram", "ConsoleScript", "console_scripts", "programs_of"]
