"""The diff of two graphs by meaning: what was added, removed and changed, told apart from what merely moved."""

from extractor.diff.compare import diff_graphs
from extractor.diff.document import GraphDiff, mirror

__all__ = ["GraphDiff", "diff_graphs", "mirror"]
