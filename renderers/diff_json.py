"""A diff as JSON (`rules/schema/diff.schema.json`)."""

from __future__ import annotations

import json

from extractor.diff.document import GraphDiff
from extractor.errors import UserError
from extractor.model import from_dict, to_dict


def render_diff_json(diff: GraphDiff) -> str:
    """The diff as JSON text, keys in the order of the document, one space of indent."""
    return json.dumps(to_dict(diff), ensure_ascii=False, indent=1) + "\n"


def parse_diff_json(text: str, name: str) -> GraphDiff:
    """The diff that `render_diff_json` wrote; `name` is how errors call the text. Raises UserError when it is none."""
    try:
        diff: GraphDiff = from_dict(GraphDiff, json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{name} is no diff written by c4trace", "write one with `c4trace diff --format json`"
        ) from error
    return diff
