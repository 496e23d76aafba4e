"""The feed of what changed, as Atom (RFC 4287)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from collections.abc import Sequence
from dataclasses import dataclass

from renderers.words import seen

NAMESPACE = "http://www.w3.org/2005/Atom"

# What XML 1.0 cannot hold, even escaped (section 2.2, production Char): scanned names and strings may hold it.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One change. `id` is an IRI that never changes; `updated` is RFC 3339; `html` the body; `link` a page or ""."""

    id: str
    title: str
    updated: str
    html: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed itself. `updated` is used when there is no entry; `site` and `address` are URLs, or ""."""

    id: str
    title: str
    author: str
    updated: str
    site: str = ""
    address: str = ""


def render_feed(feed: Feed, entries: Sequence[FeedEntry]) -> str:
    """The Atom document, newest entry first, whatever order they come in. Deterministic; ends with a newline."""
    ordered = sorted(entries, key=lambda entry: (entry.updated, entry.id), reverse=True)
    root = xml.Element("feed", {"xmlns": NAMESPACE})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "updated", ordered[0].updated if ordered else feed.updated)
    _text(xml.SubElement(root, "author"), "name", feed.author)
    _text(root, "generator", "c4trace")
    _link(root, "self", feed.address)
    _link(root, "alternate", feed.site)
    for entry in ordered:
        _entry(root, entry)
    xml.indent(root)
    return seen('<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n")


def _entry(root: xml.Element, entry: FeedEntry) -> None:
    element = xml.SubElement(root, "entry")
    _text(element, "id", entry.id)
    _text(element, "title", entry.title)
    _text(element, "updated", entry.updated)
    _link(element, "alternate", entry.link)
    _text(element, "content", entry.html, {"type": "html"})


def _text(parent: xml.Element, tag: str, text: str, attributes: dict[str, str] | None = None) -> None:
    xml.SubElement(parent, tag, attributes or {}).text = _NOT_XML.sub("\ufffd", text)


def _link(parent: xml.Element, relation: str, address: str) -> None:
    if address:
        xml.SubElement(parent, "link", {"rel": relation, "href": _NOT_XML.sub("\ufffd", address)})
