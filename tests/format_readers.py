"""What reads each output format, as strict as the format's own description: a file in, the shapes it is made of out.

A shape is a line, an element or a place in a document with its texts taken out. A file that its format does not allow,
or that holds in a text what some reader of the format would obey, raises AssertionError.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

import jsonschema
from markdown_it import MarkdownIt

from tests.sarif_shape import SARIF

Shapes = set[str]
# What no text file of ours holds raw: controls, line ends that are none everywhere, marks that turn the line around.
UNSHOWN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_WEB = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#][A-Za-z0-9:/?#@!$&'*+,;=._~%-]*)?")
_URI = re.compile(r"(?:[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*")


def read_json(text: str) -> Shapes:
    """RFC 8259: the path of every value, indexes left out."""
    return set(_paths(json.loads(text, parse_constant=_refused)))


def _paths(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, f"{at}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, f"{at}[]")
    else:
        yield f"{at}: {type(value).__name__}"


def _refused(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def read_sarif(text: str) -> Shapes:
    """SARIF 2.1.0: what of its schema our log uses, and nothing beside it."""
    log = json.loads(text, parse_constant=_refused)
    jsonschema.Draft202012Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules, bases = run["tool"]["driver"]["rules"], run["originalUriBaseIds"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        for location in (*result["locations"], *result.get("relatedLocations", ())):
            artifact = location["physicalLocation"]["artifactLocation"]
            assert artifact["uriBaseId"] in bases
            assert _URI.fullmatch(artifact["uri"]), artifact
    return {re.sub(r"(\.originalUriBaseIds)\.[\s\S]*(?=\.description)", r"\1", path) for path in _paths(log)}


def read_csv(text: str) -> Shapes:
    """RFC 4180, and what a spreadsheet runs as a formula (OWASP, *CSV Injection*)."""
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    for row in rows:
        assert len(row) == len(header), row
        for cell in row:
            assert not re.match(r"[\s\ufeff]*[=+\-@＝＋－＠]", cell), cell
            assert not re.search(r"[\t\r\n]", cell), cell
    return {",".join(header)}


def read_puml(text: str) -> Shapes:
    """C4-PlantUML: one macro a line. In a string PlantUML reads `"`, `\\`, `%f()`, `$x`, Creole and `[[links]]`."""
    first, *lines, last = text.splitlines()
    assert re.fullmatch(r"@startuml [a-z0-9-]+", first)
    assert last == "@enduml"
    return {_puml_shape(line) for line in lines}


# Creole's marks are two of a sign (`//`, `--`, `__`, `==`); what else means something is written `<U+XXXX>`.
_PUML_TEXT = r"(?:(?!//|--|__|\.\.|==|::)(?:[^\W_]|[ ,.;:()'?+=/_-]|<U\+[0-9A-F]{4}>))*"
_PUML_ARGUMENT = (
    rf'(?:\$(\w+)=)?(?:"{_PUML_TEXT}"|[nb]\d+|SetIndex\(\d+\)|\w+Line\(\)|"#[0-9a-f]{{6}}"|"[\w#%:/?&=@+,;~.-]*")'
)


def _puml_shape(line: str) -> str:
    line = line.strip()
    if re.fullmatch(r"|\}|!include <C4/C4_\w+>|SHOW_LEGEND\(\)", line):
        return line
    if re.fullmatch(rf"title {_PUML_TEXT}", line):
        return "title"
    found = re.fullmatch(rf"(\w+)\(({_PUML_ARGUMENT}(?:, {_PUML_ARGUMENT})*)\)( \{{)?", line)
    assert found, line
    for link in re.findall(r'\$link="([^"]*)"', line):
        assert re.fullmatch(r"[a-z0-9-]+\.svg", link) or _WEB.fullmatch(link), link
    return f"{found[1]}({' '.join(sorted(re.findall(r'[$](?:tags|link|index|type)(?==)', line)))})"


def read_mermaid(text: str) -> Shapes:
    """A Markdown page around one Mermaid flowchart."""
    head, source, tail = re.split(r"^```(?:mermaid)?$\n?", text, flags=re.MULTILINE)
    return flowchart(source) | _markdown(head) | _markdown(tail)


# In a quoted string: letters, mild signs, `#code;`, and of HTML what we write ourselves.
_MERMAID_TEXT = r'"(?:[^\W_]|[ ,.:()\'?+/⚠-]|#\d+;|</?b>|<br/>)*"'
_FLOWCHART = (
    r"flowchart TB",
    rf"n\d+(?:\(\[{_MERMAID_TEXT}\]\)|\[\(?\[?{_MERMAID_TEXT}\]?\)?\]|\{{\{{{_MERMAID_TEXT}\}}\}}|\[\\{_MERMAID_TEXT}/\])",
    rf"n\d+ (-->|-\.->)(?:\|{_MERMAID_TEXT}\|)? n\d+",
    rf"subgraph b\d+\[{_MERMAID_TEXT}\]",
    r"end",
    r"classDef \w+ [\w#,:]+",
    r"class (?:n\d+,)*n\d+ \w+",
    r"linkStyle (?:\d+,)*\d+ [\w#,:-]+",
)


def flowchart(source: str) -> Shapes:
    """The shapes of a Mermaid flowchart: every line is one of those that Mermaid's grammar has and we write."""
    shapes = set()
    for line in source.splitlines():
        kinds = [kind for kind in _FLOWCHART if re.fullmatch(kind, line.strip())]
        assert len(kinds) == 1, line
        shapes.add(kinds[0])
    return shapes


def _markdown(text: str) -> Shapes:
    """The elements that CommonMark with tables makes, and the signs of each line and cell: any other is refused."""
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    for block in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1, block
    return read_html(html).union(*(_signs(line) for line in text.splitlines()))


_MARKDOWN_SIGNS = re.compile(
    r"(?P<sign>^#{1,2} |^- |</?code>|\*\*?|!?\[|\]\((?:https?://[^\s()<>\[\]`|]+|[a-z0-9./-]+\.(?:md|svg))\))"
    r"|&#\d+;|(?![/A-Za-z]*:[/A-Za-z])[^\\`*_{}\[\]#|~<>&$@^=]"
)


def _signs(line: str) -> Iterator[str]:
    """What of a line means something to a Markdown reader, cell by cell."""
    if re.fullmatch(r"\|(?: --- \|)+", line):
        return
    for cell in line.split("|"):
        at, signs = 0, []
        while at < len(cell):
            found = _MARKDOWN_SIGNS.match(cell, at)
            assert found, cell[at : at + 80]
            at = found.end()
            signs += [re.sub(r"\(.*", "()", found["sign"])] if found["sign"] else []
        yield "markdown: " + " ".join(signs)


def read_markdown(text: str) -> Shapes:
    """A Markdown page: as a reader of CommonMark shows it, its Mermaid blocks as Mermaid reads them."""
    parts = re.split(r"^```(?:mermaid)?$\n?", text, flags=re.MULTILINE)
    return set().union(*map(_markdown, parts[::2]), *map(flowchart, parts[1::2]))


_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


class _Html(HTMLParser):
    """Elements with the names of their attributes; addresses and ids of the document."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: Shapes = set()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.shapes.add(" ".join([tag, *sorted(name for name, _ in attrs)]))
        for name, value in attrs:
            assert re.fullmatch(r"[a-z][a-z0-9:-]*", name), (tag, name)
            assert not name.startswith("on"), (tag, name)
            self.addresses += [value or ""] if name in ("href", "src", "action", "xlink:href") else []
            self.ids += [value or ""] if name == "id" else []
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> ends nothing"
        assert self.open.pop() == tag, f"</{tag}>"

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def read_html(text: str) -> Shapes:
    """HTML: every element is closed where it belongs, no id stands twice, no address is a script's."""
    page = _Html()
    page.feed(text)
    page.close()
    assert page.open == []
    assert len(page.ids) == len(set(page.ids)), sorted(page.ids)
    for address in page.addresses:
        assert _URI.fullmatch(address), address
        assert address == "data:," or _WEB.match(address) or not re.match(r"[^/?#]*:", address), address
    for script in page.scripts:
        json.loads(script)
    return page.shapes


def read_svg(text: str) -> Shapes:
    """SVG as XML 1.0: elements with their attributes, and the style sheet, which no text takes part in."""
    assert "<!" not in text
    assert "<?" not in text
    shapes = set()
    for part in ET.fromstring(text).iter():
        assert not any(name.lower().startswith("on") for name in part.attrib)
        address = part.get("href", "")
        assert not address or re.fullmatch(r"[a-z0-9-]+\.svg|view:[a-z0-9-]+", address), address
        shapes.add(" ".join([part.tag.rpartition("}")[2], *sorted(part.attrib)]))
        shapes |= {f"style: {part.text}"} if part.tag.endswith("}style") else set()
    return shapes


def read_png(content: bytes) -> Shapes:
    """PNG (W3C, third edition): chunks with sound checksums, as many rows as the header says, no text chunks."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, kinds, pixels = 8, [], b""
    while at < len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + size]
        assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        kinds.append(kind.decode("ascii"))
        pixels += body if kind == b"IDAT" else b""
        at += 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", content[16:26])
    assert (kinds[0], kinds[-1], depth, colour) == ("IHDR", "IEND", 8, 6)
    assert len(zlib.decompress(pixels)) == height * (1 + 4 * width)
    return set(kinds)


def read_structurizr(text: str) -> Shapes:
    """The Structurizr DSL: words and strings in quotes, by lines. No escape holds everywhere, so none may be needed."""
    return _braced(text, r'"[^"\\\n]*"', r"!identifiers|\*|#[0-9a-f]{6}")


def read_likec4(text: str) -> Shapes:
    """LikeC4's DSL: words and strings in quotes, by lines."""
    return _braced(text, r'"[^"\\\n]*"', r"-\[async\]->|n_\w+\.n_\w+")


def read_d2(text: str) -> Shapes:
    """D2: in a string in double quotes `\\` escapes, and `$` begins a variable."""
    return _braced(
        text, r'"(?:\\["\\$n]|[^"\\$\n])*"', r"[bn]\d+(?:\.[bn]\d+)*|[:;]|# [a-z0-9-]+(?=\n)|stroke-dash|[\w-]+"
    )


def _braced(text: str, string: str, more: str) -> Shapes:
    """The lines of a language of words, strings and braces: strings taken out, our names made one, braces paired."""
    token = re.compile(rf"({string})|->|(?:{more})|[A-Za-z][\w-]*:?|\d+|[{{}}=]|[ \n]+")
    at, depth, shape, shapes = 0, 0, "", set()
    while at < len(text):
        found = token.match(text, at)
        assert found, text[at : at + 80]
        at = found.end()
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        assert depth >= 0
        assert not found[1] or "${" not in found[1].replace("\\$", ""), found[0]
        if "\n" in found[0]:
            shapes.add(shape.strip())
            shape = ""
        else:
            shape += '"' if found[1] else _one_name(found[0])
    assert depth == 0
    return shapes


def _one_name(word: str) -> str:
    """`n12`, `b3.n4`, `n_shop_web`, `v_shop_1a2b` and comments: names that differ from graph to graph."""
    if re.fullmatch(r"[bn]\d+(?:\.[bn]\d+)*|n_\w+(?:\.n_\w+)?|v_\w+", word):
        return "name"
    return "#" if word.startswith("# ") else word


def read_site(name: str, text: str) -> Shapes:
    """A file of the site: pages, and scripts that hand JSON to them. Rows that ride in a script are read as HTML."""
    if name.endswith(".html"):
        return read_html(text)
    if name.startswith("site/assets/"):
        return {text}
    call = re.fullmatch(r"c4trace\.put\((.*)\);\n", text, re.DOTALL)
    assert call, name
    assert "\u2028" not in text
    assert "\u2029" not in text
    key, data = json.loads(f"[{call[1]}]", parse_constant=_refused)
    assert name == f"site/data/{key}.js"
    return set().union(*map(read_html, _markup(data))) if key.startswith(("rows-", "opened-")) else set()


def _markup(data: Any) -> Iterator[str]:
    """Pieces of HTML in a script's data; the packed rows of a table unpacked."""
    if isinstance(data, list) and len(data) == 2 and isinstance(data[0], str) and isinstance(data[1], list):
        rows = data[0]
        for mark, whole in reversed(data[1]):
            rows = rows.replace(mark, whole)
        yield f"<table>{rows}</table>"
    elif isinstance(data, dict):
        for key, item in data.items():
            if key not in ("nodes", "edges"):  # texts, which the page puts in as such
                yield from _markup(item)
    elif isinstance(data, str) and data.startswith("<"):
        yield data


def _markdown_or_svg(name: str, text: str) -> Shapes:
    return read_svg(text) if name.endswith(".svg") else read_markdown(text)


def _text(read: Callable[[str], Shapes]) -> Callable[[str, str], Shapes]:
    return lambda name, text: read(text)


# How each text format is read, by its name in `FORMATS`; `png` is the one that is no text.
READERS: Mapping[str, Callable[[str, str], Shapes]] = {
    "graph": _text(read_json),
    "sarif": _text(read_sarif),
    "etl": _text(read_csv),
    "puml": _text(read_puml),
    "mermaid": _text(read_mermaid),
    "svg": _text(read_svg),
    "markdown": _markdown_or_svg,
    "structurizr": _text(read_structurizr),
    "likec4": _text(read_likec4),
    "d2": _text(read_d2),
    "site": read_site,
}


def read(form: str, name: str, content: str | bytes) -> Shapes:
    """The shapes of one file of a format. Raises AssertionError for what the format does not allow."""
    assert re.fullmatch(r"[a-z0-9-]+(?:/[a-z0-9-]+)*\.[a-z0-9]+", name), name
    if form == "png":
        return read_png(content if isinstance(content, bytes) else content.encode())
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    text.encode("utf-8")
    try:
        return READERS[form](name, text)
    except (ValueError, ET.ParseError, csv.Error, jsonschema.ValidationError) as error:
        raise AssertionError(f"{name}: {error}") from error
