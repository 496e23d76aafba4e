"""The HTML site: pages that open from disk, without a server and without a network."""

from renderers.site.build import render_site

__all__ = ["render_site"]
