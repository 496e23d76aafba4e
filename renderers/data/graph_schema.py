"""The JSON Schema of graph.json, made from the graph document's dataclasses.

`python -m renderers.data.graph_schema` prints it; `rules/schema/graph.schema.json` is its published copy.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
import typing
from typing import Any

from extractor.model.graph import (
    CONFIDENCES,
    CONTEXT_KINDS,
    NODE_KINDS,
    NODE_ROLES,
    SCHEMA_VERSION,
    SEVERITIES,
    STORE_KINDS,
    Call,
    Context,
    Enqueue,
    Finding,
    Flow,
    Graph,
    Node,
    Store,
)

_WORDS: dict[tuple[type, str], tuple[str, ...]] = {
    (Call, "confidence"): CONFIDENCES,
    (Enqueue, "confidence"): CONFIDENCES,
    (Flow, "confidence"): CONFIDENCES,
    (Store, "confidence"): CONFIDENCES,
    (Context, "kind"): CONTEXT_KINDS,
    (Node, "kind"): NODE_KINDS,
    (Node, "role"): NODE_ROLES,
    (Finding, "severity"): SEVERITIES,
    (Store, "kind"): STORE_KINDS,
    (Store, "operation"): ("read", "write", "both"),
    (Call, "timeout"): ("yes", "no", "unknown"),
    (Node, "scope"): ("estate", "external"),
}
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def graph_schema() -> dict[str, Any]:
    """The schema (JSON Schema draft 2020-12). Fields without a default are required; more may stand beside them."""
    defs: dict[str, Any] = {}
    root = _object(Graph, defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"c4trace graph.json, schema {SCHEMA_VERSION}",
        **root,
        "$defs": {name: defs[name] for name in sorted(defs)},
    }


def render_graph_schema() -> str:
    """The schema as JSON text."""
    return json.dumps(graph_schema(), indent=1) + "\n"


def _object(kind: type, defs: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    properties = {f.name: _narrowed(kind, f.name, _schema(hints[f.name], defs)) for f in fields}
    required = [f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    return {
        "type": "object",
        "description": " ".join((inspect.getdoc(kind) or "").split()),
        "properties": properties,
        "required": required,
    }


def _narrowed(kind: type, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    words = _WORDS.get((kind, name))
    return {**schema, "enum": list(words)} if words else schema


def _schema(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        inner = [_schema(arg, defs) for arg in args if arg is not type(None)]
        return {"anyOf": [*inner, {"type": "null"}]}
    if origin is tuple and args[-1] is Ellipsis:
        return {"type": "array", "items": _schema(args[0], defs)}
    if origin is tuple:
        pieces = [_schema(arg, defs) for arg in args]
        return {"type": "array", "prefixItems": pieces, "minItems": len(args), "maxItems": len(args)}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in defs:
            defs[hint.__name__] = {}
            defs[hint.__name__] = _object(hint, defs)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return {"type": _SCALARS[hint]}


if __name__ == "__main__":
    print(render_graph_schema(), end="")
