"""Django routes: every URL a service serves, from its root URLconf down, and which of them answer a call."""

from __future__ import annotations

from extractor.link.routes.build import RouteTable, ServedView, loaded_routes, routes, routes_of, views_of
from extractor.link.routes.match import RouteIndex, match

__all__ = ["RouteIndex", "RouteTable", "ServedView", "loaded_routes", "match", "routes", "routes_of", "views_of"]
