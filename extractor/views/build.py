"""All views of a graph, in the order a reader meets them."""

from __future__ import annotations

from extractor.model.graph import Graph
from extractor.views.components import component_views, drill_map
from extractor.views.dynamic import scenario_views
from extractor.views.index import make_atlas
from extractor.views.structure import containers, context, dependency_view, landscape
from extractor.views.view import View


def build_views(graph: Graph, possible: bool = False) -> tuple[View, ...]:
    """The landscape; per system its Context, Containers, Components and Dependencies; then a Dynamic view per scenario.

    Only flows of confidence certain or likely are drawn, unless `possible` is true. View ids are unique and path-safe.
    """
    atlas = make_atlas(graph, possible)
    components = component_views(atlas)
    drill = drill_map(atlas, components)
    views = [landscape(atlas)]
    for system in atlas.systems():
        views += [context(atlas, system), containers(atlas, system, drill)]
        views += [view for view in components if view.system == system.id]
        tied = dependency_view(atlas, system)
        views += [tied] if tied else []
    return (*views, *scenario_views(atlas, drill))
