"""YAML files of our own: those that people write, read with the line of each key and checked against a schema, all
faults in one message; and those that ship with the program, read as they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from extractor.errors import UserError
from extractor.text.shapes import masked_literal

Keys = tuple[str | int, ...]

_MAX_NODES = 100_000
_KINDS = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "nothing",
}


class _Loader(yaml.SafeLoader):
    """Safe loading in which a version (`1.10`) and a date stay text, as written."""


class _QuickLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same by libyaml: ten times as quick, and worse at saying what is wrong and where."""


_Loader.yaml_implicit_resolvers = _QuickLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":float", ":timestamp"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file: the line (from 1), where in the document, and what."""

    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where + ': ' if self.where else ''}{self.what}"


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file's data, and the line of each of its keys and items."""

    path: Path
    data: Any
    lines: Mapping[Keys, int]

    def fault(self, keys: Keys, what: str) -> Fault:
        """A fault at a place of the document; its line is that of the nearest key that stands there."""
        known = next((keys[:end] for end in range(len(keys), -1, -1) if keys[:end] in self.lines), ())
        return Fault(self.lines.get(known, 1), ".".join(str(key) for key in keys), what)


def read_yaml(path: Path, schema: Mapping[str, Any]) -> Document:
    """A YAML file that keeps to a JSON Schema.

    Raises UserError with every fault: unknown keys with the nearest known one, wrong types, keys that stand twice.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} cannot be read: {_plain(error)}", "check the path and that the file is UTF-8"
        ) from error
    document, faults = _parse(path, text)
    if not faults:
        faults = list(schema_faults(document, schema))
    refuse(path, faults)
    return document


def read_plain(path: Path) -> Any:
    """The data of a YAML file that ships with the program: held to no schema here, since tests have done that, and
    loading what does it takes longer than all the rules."""
    return yaml.load(path.read_bytes(), Loader=_QuickLoader)


def as_yaml(data: Any) -> str:
    """Data as a YAML document, its keys in their order."""
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
    return text


def refuse(path: Path, faults: list[Fault]) -> None:
    """Raise one UserError that lists all faults of a file, by line; nothing when there are none."""
    if not faults:
        return
    ordered = sorted(set(faults), key=lambda fault: (fault.line, fault.where, fault.what))
    if len(ordered) == 1:
        raise UserError(f"{path}, {ordered[0]}")
    listed = "".join(f"\n  {fault}" for fault in ordered)
    raise UserError(f"{path} has {len(ordered)} faults:{listed}")


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'X'?` for the known word nearest to one that is not known, or ""."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def suggestion(word: str, known: Iterable[str]) -> str:
    """The same in parentheses, to stand behind a fault."""
    hint = nearest(word, known)
    return f" ({hint})" if hint else ""


def schema_faults(document: Document, schema: Mapping[str, Any]) -> Iterator[Fault]:
    """Where a document breaks a JSON Schema, in words."""
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema).iter_errors(document.data):
        yield from _faults(document, error)


def _parse(path: Path, text: str) -> tuple[Document, list[Fault]]:
    document, faults = _parse_with(_QuickLoader, path, text)
    return _parse_with(_Loader, path, text) if faults else (document, faults)


def _parse_with(kind: type[Any], path: Path, text: str) -> tuple[Document, list[Fault]]:
    try:
        loader = kind(text)
    except yaml.YAMLError as error:
        return Document(path, None, {}), [Fault(1, "", f"not YAML: {_plain(error)}")]
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(path, {}, {(): 1}), []
        lines: dict[Keys, int] = {}
        faults = list(_walk(node, (), lines, []))
        data = None if faults else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Document(path, None, {}), [Fault(line, "", f"not YAML: {error.problem}")]
    except (yaml.YAMLError, RecursionError) as error:
        return Document(path, None, {}), [Fault(1, "", f"not YAML: {_plain(error)}")]
    finally:
        loader.dispose()
    return Document(path, data, lines), faults


def _walk(node: yaml.Node, keys: Keys, lines: dict[Keys, int], above: list[yaml.Node]) -> Iterator[Fault]:
    """Note the line of every key and item; yield keys that stand twice or are not text, and endless documents."""
    lines.setdefault(keys, node.start_mark.line + 1)
    if any(node is parent for parent in above) or len(lines) > _MAX_NODES:
        yield Fault(node.start_mark.line + 1, "", "the document holds itself, or is too large")
        return
    inside = [*above, node]
    if isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            yield from _walk(item, (*keys, at), lines, inside)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.tag != "tag:yaml.org,2002:str":
                yield Fault(line, "", f"the key {getattr(key, 'value', '')!s} is not text: quote it")
                continue
            if (*keys, key.value) in lines:
                yield Fault(line, ".".join(map(str, keys)), f"{key.value!r} stands here twice")
            lines[(*keys, key.value)] = line
            yield from _walk(value, (*keys, key.value), lines, inside)


def _faults(document: Document, error: Any) -> Iterator[Fault]:
    keys: Keys = tuple(error.absolute_path)
    if error.validator in ("anyOf", "oneOf"):
        yield from _of_alternatives(document, keys, error)
    elif error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for name in error.instance:
            if name not in known:
                yield document.fault((*keys, name), f"unknown key{suggestion(name, list(known))}")
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield document.fault(keys, f"{name!r} is missing")
    elif "propertyNames" in error.schema_path:
        yield document.fault((*keys, error.instance), f"the name must be {error.schema.get('description', 'another')}")
    else:
        yield document.fault(keys, _in_words(error))


def _of_alternatives(document: Document, keys: Keys, error: Any) -> Iterator[Fault]:
    """The faults under the alternative whose type the value has; which types are taken when it has none of them."""
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [
        errors for errors in branches.values() if not any(e.validator == "type" and not e.relative_path for e in errors)
    ]
    if fitting:
        for inner in fitting[0]:
            yield from _faults(document, inner)
        return
    kinds = [branch.get("type", "") for branch in error.validator_value]
    yield document.fault(keys, f"must be {' or '.join(_KINDS.get(kind, 'something else') for kind in kinds)}")


def _in_words(error: Any) -> str:
    shown = masked_literal(repr(error.instance))
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    if error.validator == "type":
        quote = ": quote it" if error.validator_value == "string" and isinstance(error.instance, int | float) else ""
        return f"must be {_KINDS.get(error.validator_value, error.validator_value)}, not {shown}{quote}"
    if error.validator == "enum":
        near = suggestion(error.instance, error.validator_value) if isinstance(error.instance, str) else ""
        return f"must be one of {', '.join(map(str, error.validator_value))}, not {shown}{near}"
    if error.validator == "pattern":
        return f"must be {error.schema.get('description', error.validator_value)}, not {shown}"
    if error.validator in ("minLength", "minItems", "minProperties"):
        return "must not be empty"
    return str(error.message)


def _plain(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())
