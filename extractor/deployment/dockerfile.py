"""Dockerfiles: the stages of a build, and what the image built from one of them runs.

Format: the Dockerfile reference. Only FROM, CMD, ENTRYPOINT, ENV, ARG and EXPOSE are read.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from posixpath import basename, dirname

from extractor.deployment.commands import as_line
from extractor.deployment.units import UnreadableFile

_MAX_BYTES = 256 * 1024
_MAX_STAGES = 100
_SHIPPED = ("production", "prod", "release", "runtime", "final", "app")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, with what it inherits from the stages it builds on. `base` is the image outside that it starts from.

    `command` is ENTRYPOINT and CMD as one shell line; `line` that of the CMD (or ENTRYPOINT), else of the FROM.
    """

    name: str
    base: str
    entrypoint: str
    cmd: str
    env: tuple[tuple[str, str, int], ...]
    ports: tuple[str, ...]
    line: int

    @property
    def command(self) -> str:
        return f"{self.entrypoint} {self.cmd}".strip()


def is_dockerfile(path: str) -> bool:
    """Whether the file is a Dockerfile by its name: `Dockerfile`, `Dockerfile-x`, `Dockerfile.x`, `x.Dockerfile`."""
    name = basename(path)
    return re.fullmatch(r"(Dockerfile|Containerfile)([-_.].+)?|.+\.(Dockerfile|dockerfile)", name) is not None


def image_name(path: str) -> str:
    """What to call the image of a Dockerfile: the suffix of its name, else its folder, else `image`."""
    name = basename(path)
    suffix = re.sub(r"^(Dockerfile|Containerfile)[-_.]?|\.(Dockerfile|dockerfile)$", "", name)
    return suffix or basename(dirname(path)) or "image"


@functools.lru_cache(maxsize=16)  # the services of a compose file share what they build
def stages(data: bytes) -> tuple[Stage, ...]:
    """The stages, in order. Raises Unreadable."""
    if len(data) > _MAX_BYTES or b"\0" in data:
        raise UnreadableFile("not a Dockerfile (too large, or binary)")
    done: dict[str, Stage] = {}
    current: Stage | None = None
    args: dict[str, str] = {}
    for line, word, rest in _instructions(data.decode("utf-8", "replace")):
        if word == "ARG" and current is None:
            name, _, value = rest.partition("=")
            args[name.strip()] = value.strip().strip("\"'")
        elif word == "FROM":
            current = _from(rest, line, done, args)
            if len(done) >= _MAX_STAGES:
                raise UnreadableFile(f"more than {_MAX_STAGES} stages")
            done[current.name] = current
        elif current is not None:
            current = _apply(current, word, rest, line)
            done[current.name] = current
    if not done:
        raise UnreadableFile("no FROM instruction")
    return tuple(done.values())


def shipped(found: tuple[Stage, ...], target: str = "") -> Stage:
    """The stage that is run: `target` when it is named and there, else one called production and the like, else the
    last."""
    by_name = {stage.name: stage for stage in found}
    wanted = [target.lower()] if target else list(_SHIPPED)
    return next((by_name[name] for name in wanted if name in by_name), found[-1])


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Instructions with the line they start on: continuations joined, comments and here-documents left out."""
    number, held, here = 0, "", ""
    for at, row in enumerate(text.splitlines(), 1):
        if here:
            here = "" if row.strip() == here else here
            continue
        if row.lstrip().startswith("#"):
            continue
        number = number or at
        if row.rstrip().endswith("\\"):
            held += row.rstrip()[:-1] + " "
            continue
        word, _, rest = (held + row).strip().partition(" ")
        start, number, held = number, 0, ""
        if word:
            yield start, word.upper(), rest.strip()
            document = re.search(r"<<-?[\"']?(\w+)", rest) if word.upper() in ("RUN", "COPY", "ADD") else None
            here = document.group(1) if document else ""


def _from(rest: str, line: int, done: dict[str, Stage], args: dict[str, str]) -> Stage:
    words = [word for word in rest.split() if not word.startswith("--")]
    image = re.sub(r"\$\{?(\w+)(?::?-([^}]*))?\}?", lambda m: args.get(m[1]) or m[2] or m[0], words[0] if words else "")
    name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else str(len(done))
    parent = done.get(image.lower())
    if parent is not None:
        return replace(parent, name=name)
    return Stage(name, image, "", "", (), (), line)


def _apply(stage: Stage, word: str, rest: str, line: int) -> Stage:
    if word == "CMD":
        return replace(stage, cmd=_shell_line(rest), line=line)
    if word == "ENTRYPOINT":
        return replace(stage, entrypoint=_shell_line(rest), cmd="", line=line)
    if word == "ENV":
        return replace(stage, env=(*stage.env, *((name, value, line) for name, value in _pairs(rest))))
    if word == "EXPOSE":
        return replace(stage, ports=tuple(dict.fromkeys((*stage.ports, *rest.split()))))
    return stage


def _shell_line(rest: str) -> str:
    if rest.startswith("["):
        try:
            words = json.loads(rest)
        except (ValueError, RecursionError):
            return rest
        return as_line(str(word) for word in words)
    return re.sub(r"\s+", " ", rest)


def _pairs(rest: str) -> list[tuple[str, str]]:
    """`ENV a=1 b="two words"`, or the older `ENV a 1`."""
    if not re.match(r"[A-Za-z_]\w*=", rest):
        name, _, value = rest.partition(" ")
        return [(name, value.strip().strip("\"'"))] if name and value else []
    found = re.findall(r"([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)", rest)
    return [(name, value.strip("\"'")) for name, value in found]
