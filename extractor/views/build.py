"""All views of a graph, in the order a reader meets them."""

from __future__ import annotations

from extractor.model.graph import Graph
from extractor.views.components import component_views, drill_map
from extractor.views.dynamic import scenario_views
from extractor.views.index import make_view_index
from extractor.views.structure import containers, context, dependency_view, landscape
from extractor.views.view import View


def build_views(graph: Graph, possible: bool = False) -> tuple[View, ...]:
    """The landscape; per system its Context, Containers, Components and Dependencies; then a Dynamic view per scenario.

    Only flows of confidence certain or likely are drawn, unless `possible` is true. View ids are unique and path-safe.
    """
    index = make_view_index(graph, possible)
    components = component_views(index)
    drill = drill_map(index, components)
    views = [landscape(index)]
    for system in index.systems():
        views += [context(index, system), containers(index, system, drill)]
        views += [view for view in components if view.system == system.id]
        tied = dependency_view(index, system)
        views += [tied] if tied else []
    return (*views, *scenario_views(index, drill))
