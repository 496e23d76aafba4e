"""YAML and JSON files as trees that know their lines, read with bounds: no tags, no objects, no alias bombs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from extractor.deployment.units import UnreadableFile

MAX_BYTES = 1024 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 40
_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf: its text as written (without quotes), "" for null."""

    text: str
    line: int
    null: bool = False


@dataclass(frozen=True, slots=True)
class YamlMapping:
    """A mapping: key to (value, line of the key). Merge keys (`<<`) are resolved; the last of equal keys wins."""

    rows: dict[str, tuple[Tree, int]]
    line: int

    def get(self, key: str) -> Tree | None:
        """The value of `key`, or None."""
        row = self.rows.get(key)
        return row[0] if row else None


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    items: tuple[Tree, ...]
    line: int


Tree = Scalar | YamlMapping | Items


def documents(data: bytes) -> tuple[Tree, ...]:
    """The documents of a YAML (or JSON) file. Raises Unreadable, also when aliases expand to too much."""
    parsed = _parsed(data)
    if isinstance(parsed, str):
        raise UnreadableFile(parsed)
    return parsed


@functools.lru_cache(maxsize=16)
def _parsed(data: bytes) -> tuple[Tree, ...] | str:
    """The documents, or why there are none; kept, since services may extend one file many times."""
    try:
        return _read(data)
    except UnreadableFile as error:
        return str(error)


def _read(data: bytes) -> tuple[Tree, ...]:
    if len(data) > MAX_BYTES:
        raise UnreadableFile("the file is too large")
    try:
        text = data.decode("utf-8-sig")
        if text.lstrip()[:1] in ("{", "["):
            text = text.replace("\t", " ")  # JSON may be indented with tabs, YAML may not
        budget = _Budget()
        nodes = yaml.compose_all(text, Loader=_BoundedLoader)
        return tuple(_tree(node, budget, 0) for node in nodes if node is not None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise UnreadableFile(f"not readable as YAML{where}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile("not UTF-8 text") from error
    except (ValueError, OverflowError) as error:  # an escape that is no character
        raise UnreadableFile("not readable as YAML") from error
    except RecursionError as error:
        raise UnreadableFile("nested too deeply") from error


class _BoundedLoader(yaml.SafeLoader):
    """A loader that stops at MAX_NODES written nodes, before a large file has cost much."""

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self.composed = getattr(self, "composed", 0) + 1
        if self.composed > MAX_NODES:
            raise UnreadableFile(f"more than {MAX_NODES} nodes")
        return super().compose_node(parent, index)


class _Budget:
    def __init__(self) -> None:
        self.left = MAX_NODES

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise UnreadableFile(f"more than {MAX_NODES} nodes (aliases counted each time they are used)")


def _tree(node: Node, budget: _Budget, depth: int) -> Tree:
    budget.spend()
    if depth > MAX_DEPTH:
        raise UnreadableFile("nested too deeply")
    line = node.start_mark.line + 1
    if isinstance(node, MappingNode):
        return YamlMapping(_rows(node, budget, depth), line)
    if isinstance(node, SequenceNode):
        return Items(tuple(_tree(item, budget, depth + 1) for item in node.value), line)
    null = node.tag == _NULL
    return Scalar("" if null else _clean(node.value), line, null)


def _rows(node: MappingNode, budget: _Budget, depth: int) -> dict[str, tuple[Tree, int]]:
    merged: dict[str, tuple[Tree, int]] = {}
    own: dict[str, tuple[Tree, int]] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            for table in _merge_sources(_tree(value, budget, depth + 1)):
                merged = {**table.rows, **merged}
        elif isinstance(key, ScalarNode):
            own[_clean(key.value)] = (_tree(value, budget, depth + 1), key.start_mark.line + 1)
    return {**merged, **own}


def _clean(text: str) -> str:
    """Without lone surrogates, which an escape can make and no output can encode."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _merge_sources(value: Tree) -> Iterator[YamlMapping]:
    """The tables a merge key names: one, or several of which the earlier wins (YAML merge key, type `!!merge`)."""
    candidates = value.items if isinstance(value, Items) else (value,)
    yield from (item for item in candidates if isinstance(item, YamlMapping))


def text_of(tree: Tree | None) -> str:
    """The text of a leaf, "" for anything else."""
    return tree.text if isinstance(tree, Scalar) else ""


def texts_of(tree: Tree | None) -> tuple[str, ...]:
    """The texts of a leaf or of a sequence of leaves; the keys of a table."""
    if isinstance(tree, Items):
        return tuple(item.text for item in tree.items if isinstance(item, Scalar))
    if isinstance(tree, YamlMapping):
        return tuple(tree.rows)
    return (tree.text,) if isinstance(tree, Scalar) and tree.text else ()
