"""Markdown pages: the site's content for an existing documentation site."""

from renderers.markdown.pages import render_markdown

__all__ = ["render_markdown"]
