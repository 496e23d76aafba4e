"""Views: projections of the one graph, each a picture's worth of boxes and arrows."""

from extractor.views.build import build_views
from extractor.views.chain import Chains, chain_view
from extractor.views.opened import opened_views
from extractor.views.view import BASES, DECLARED, UNLINKED, VIEW_KINDS, Boundary, View, ViewEdge, ViewNode, basis_of

__all__ = [
    "BASES",
    "DECLARED",
    "UNLINKED",
    "VIEW_KINDS",
    "Boundary",
    "Chains",
    "View",
    "ViewEdge",
    "ViewNode",
    "basis_of",
    "build_views",
    "chain_view",
    "opened_views",
]
