"""A diff as JSON (`rules/schema/diff.schema.json`)."""

from __future__ import annotations

import json

from extractor.diff.document import GraphDiff
from extractor.model.serialise import to_dict
from renderers.data.graph_json import escaped


def render_diff_json(diff: GraphDiff) -> str:
    """The diff as JSON text, keys in the order of the document, one space of indent; what cannot be seen escaped."""
    return escaped(json.dumps(to_dict(diff), ensure_ascii=False, indent=1)) + "\n"
