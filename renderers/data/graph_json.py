"""graph.json: everything found, one field a line, so that two scans diff well."""

from __future__ import annotations

import json
import re

import orjson

from extractor.model.graph import Graph
from extractor.model.order import as_kept
from extractor.model.serialise import to_dict

# What JSON lets stand raw and cannot be seen, turns the line around, or has no place in UTF-8.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render_graph_json(graph: Graph) -> str:
    """The graph as JSON text, indented by two spaces, rows in the order of their ids, with a last newline.

    What cannot be seen, and a lone surrogate (a file name that was not UTF-8), is written as a `\\u` escape.
    """
    ordered = as_kept(graph)
    try:
        text = orjson.dumps(ordered, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    except orjson.JSONEncodeError:  # it takes no lone surrogate, and takes a third of the time of what does
        text = json.dumps(to_dict(ordered), indent=2, ensure_ascii=False) + "\n"
    return escaped(text)


def escaped(document: str) -> str:
    """A JSON document that says the same, with nothing raw in it that cannot be seen."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
