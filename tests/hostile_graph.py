"""The sample graph with hostile text wherever scanned code, or a repository's own files, could have put it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from extractor.model.graph import Graph
from extractor.model.serialise import from_dict, to_dict
from tests.sample_graph import sample_graph

# What ends a string, opens an element, begins a formula, a macro, a variable or a link, or turns the line around.
HOSTILE = (
    """</script><img src=x onerror=alert(1)>"'&{{7*7}}javascript:alert(1)""",
    "--><!--<svg/onload=alert(1)><![CDATA[x]]>",
    """" onmouseover="alert(1)" style='x:y' x=\"""",
    "=HYPERLINK(1)",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    '=1","2',
    "line\nbreak\r\nagain\u2028and\u2029again\x0b\x0c\x85end",
    "nul\0bell\x07del\x7fc1\x9b31m",
    "\x1b[31mred\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "turned\u202efdp.exe\u2066\u2069\u202a",
    "half\ud800 and \udcff",
    '"];\nclick n0 href "javascript:alert(1)"\n%%{init: {"theme": "x"}}%%',
    "\nend\n```\n# Heading\n```mermaid\n",
    "`tick` ``` ~~~ | pipe | [a](javascript:alert(1)) ![b](x) <https://x> *b* _i_ ~~s~~ $m$ &amp; &#60;",
    '")\n!include https://evil.example/x.puml\n%getenv("HOME") $var @enduml',
    "!include /etc/passwd",
    "[[https://evil.example{tip} link]] <b>bold</b> <&icon> <$sprite> **b** //i// __u__ m ~~s~~ ---- \\n",
    '"\n  !script groovy { x }\n  !docs ./secret\n"',
    "${HOME} ${x:-y} $x #{x} {{b}} {% raw %} <%= x %>",
    'back \\ slash \\" quoted \\',
    '{"__proto__": {"a": 1}, "k": "</script><script>alert(1)//"}',
    "|md <script>alert(1)</script> | ; shape: sql_table } x -> y: z",
    "// comment /* and */ # hash ; semi -- dash",
    "   ",
    "\U0001f469\u200d\U0001f4bb ünï \u6f22\u5b57",
    "javascript:alert(1)",
    "../../etc/passwd",
)
# What the extractor itself writes: kinds, words of a list, ids of rules, digests.
_OURS = {
    *("schema", "version", "generated", "commit", "kind", "severity", "confidence", "timeout", "operation", "how"),
    *("role", "scope", "sync", "http_method", "methods", "rule", "fingerprint", "modules", "web", "set_aside"),
}
# Ids and names by which rows are joined.
_JOINED = {
    *("id", "parent", "source", "target", "system", "consumer", "repo", "service", "services", "task_id", "route_id"),
    *("flow_id", "flow_ids", "call_ids", "route_ids", "task_ids", "schedule_ids", "finding_ids", "route_candidates"),
}


def hostile_graph(texts: Iterable[str] = HOSTILE, ids: bool = False) -> Graph:
    """The sample, each scanned text between two copies of one of `texts`: the values of a field get them in turn.

    An address is only lengthened. The same value is spoiled in the same way wherever it stands, so what is joined by
    it stays joined. Without `ids`, what stands in a field of ids stays as it is.
    """
    data = to_dict(sample_graph())
    written = [(section, field, value) for section, rows in data.items() for field, value in _texts(rows, section)]
    kept = {value for _, field, value in written if field in _JOINED and not ids}
    turns = {(section, field): itertools.cycle(texts) for section, field, _ in written}
    spoiled = {value: value for value in kept}
    for section, field, value in written:
        if value not in spoiled:
            text = next(turns[section, field])
            spoiled[value] = f"{value}{text}" if value.startswith("https:") else f"{text}{value}{text}"
    graph: Graph = from_dict(Graph, _replaced(data, spoiled))
    bad = dataclasses.replace(graph.sources[1], web="javascript:alert(1)//{commit}/{path}#L{line}-{end_line}")
    return dataclasses.replace(graph, sources=(graph.sources[0], bad, *graph.sources[2:]))


def _texts(value: Any, field: str) -> Iterator[tuple[str, str]]:
    """Every text that scanned code could have written, with the name of its field."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, field)
    elif isinstance(value, str) and value and field not in _OURS:
        yield field, value


def _replaced(value: Any, by: Mapping[str, str], field: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _replaced(item, by, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, by, field) for item in value]
    return by.get(value, value) if isinstance(value, str) and field not in _OURS else value
