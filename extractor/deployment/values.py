"""Deployment values out of `.env` files, app.json, and YAML or JSON values files (Helm, Pulumi, JSON settings)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from posixpath import basename

from extractor.deployment.units import EnvValue, UnreadableFile
from extractor.deployment.yaml_nodes import Items, Scalar, Tree, YamlMapping, documents, text_of
from extractor.text.masking import masked

_MAX_BYTES = 256 * 1024
_MAX_LINES = 5_000
_INTERPOLATED = re.compile(r"\$\$|\$\{(\w+)(?::?([-+?])([^{}]*))?\}")


def env_value(name: str, value: str, path: str, line: int, kind: str) -> EnvValue:
    """A value fit to leave: defaults of `${NAME:-default}` applied, secrets masked."""
    plain = with_defaults(value)
    safe = masked(name, plain)
    return EnvValue(name, safe, path, line, kind, safe != plain)


def with_defaults(text: str) -> str:
    """`${NAME:-default}` and `${NAME-default}` become the default; `${NAME}` stays; `$$` is a dollar sign."""

    def stand_in(match: re.Match[str]) -> str:
        if match.group(0) == "$$":
            return "$"
        return match.group(3) if match.group(2) == "-" else f"${{{match.group(1)}}}"

    for _ in range(3):  # defaults may hold variables with defaults
        replaced = _INTERPOLATED.sub(stand_in, text)
        if replaced == text:
            break
        text = replaced
    return text


def is_env_file(path: str) -> bool:
    """Whether the file is an env file by its name: `.env`, `.env.x`, `x.env`."""
    return re.fullmatch(r"\.env(\..+)?|\.?[\w.-]+\.env(\.(example|sample|template|dist))?", basename(path)) is not None


@functools.lru_cache(maxsize=16)  # the services of a compose file share their env files
def read_env_file(path: str, data: bytes, kind: str) -> tuple[EnvValue, ...]:
    """`NAME=value` lines, as Docker and dotenv write them: comments, `export`, quotes. Raises Unreadable."""
    if len(data) > _MAX_BYTES or data.count(b"\n") > _MAX_LINES or b"\0" in data:
        raise UnreadableFile("not an env file (too large, or binary)")
    found = []
    for number, row in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        match = re.match(r"(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$", row.strip())
        if match:
            found.append(env_value(match.group(1), _unquoted(match.group(2)), path, number, kind))
    return tuple(found)


def _unquoted(value: str) -> str:
    quoted = re.match(r"([\"'])(.*?)\1\s*(#.*)?$", value)
    if quoted:
        return quoted.group(2)
    return "" if value.startswith("#") else re.split(r"\s#", value, maxsplit=1)[0].rstrip()


def read_app_json_env(path: str, data: bytes, kind: str) -> tuple[EnvValue, ...]:
    """The `env` of an app.json: variables with a value. Raises Unreadable."""
    found = []
    for root in documents(data):
        env = root.get("env") if isinstance(root, YamlMapping) else None
        for name, (value, line) in env.rows.items() if isinstance(env, YamlMapping) else ():
            text = (
                text_of(value.get("value") or value.get("default"))
                if isinstance(value, YamlMapping)
                else text_of(value)
            )
            if text:
                found.append(env_value(name, text, path, line, kind))
    return tuple(found)


def read_values(path: str, data: bytes, kind: str) -> tuple[EnvValue, ...]:
    """Every leaf of a YAML or JSON file, under its dotted key (`a.b[0].c`). Raises Unreadable.

    A list of `{name: X, value: Y}`, as Kubernetes writes environments, gives X under its own name.
    """
    found: list[EnvValue] = []
    for root in documents(data):
        for name, text, line in _leaves("", root, root.line):
            found.append(env_value(name, text, path, line, kind))
    return tuple(found)


def _leaves(prefix: str, tree: Tree, line: int) -> Iterator[tuple[str, str, int]]:
    if isinstance(tree, Scalar):
        if prefix and not tree.null:
            yield prefix, tree.text, line
    elif isinstance(tree, Items):
        for at, item in enumerate(tree.items):
            yield from _leaves(f"{prefix}[{at}]", item, item.line)
    elif set(tree.rows) == {"name", "value"} and prefix.endswith("]"):
        yield text_of(tree.get("name")) or prefix, text_of(tree.get("value")), tree.line
    else:
        for key, (value, at) in tree.rows.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else key, value, at)
