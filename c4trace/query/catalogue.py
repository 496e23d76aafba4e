"""`rules/README.md`: how a rule is written, and the catalogue of those that ship, generated from the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor.rules.clients import CallRule, ClientRule, RuleBook, Vendor

_FORMAT = """\
# Rules

A rule says which calls of a library leave the process, and where in the call its method, URL, base, system and timeout
stand. Rules are data: one YAML file per library in `clients/`, checked against `schema/client.schema.json`. The systems
that rules and hosts name stand in `systems.yaml`. This page is generated (`python -m c4trace.query.catalogue`); a
test keeps it true.

## How calls are matched

A call is matched by its *access path*: how the library's object was come by, from the import on. What was done under
another name does not matter: aliases, attributes, factories and subclasses are resolved first.

| code | access path |
| --- | --- |
| `requests.get(url)` | `requests.get` |
| `with Session() as s: s.get(url)` | `requests.Session().get` |
| `self.client.crm.contacts.basic_api.create(x)` | `hubspot.HubSpot().crm.contacts.basic_api.create` |
| `caches["redis"].get(key)` | `django.core.cache.caches[].get` |

In a pattern `*` is one name, `**` any path, `{a,b}` either (groups nest), and `()` and `[]` stand for themselves. The
whole path must match. The first pattern that does is used, files in the order of their names.

A pattern names the call that does I/O and no other: `execute`, not `filter`; a constructor only where it connects.

## Fields of a call

| field | meaning |
| --- | --- |
| `match` | the pattern |
| `effect` | `http` (the URL is an argument; the default), `sdk` (the library fixes the system), `store` (a datastore) |
| `method` | a place, a text (`POST`), or `"@name"`: the last name of the path in capitals |
| `url`, `base` | places; a URL that is not absolute is put under the base |
| `system` | a place or a text: the system's id in `systems.yaml` |
| `systems` | turns the text found at `system` into an id; `"*"` is any other text |
| `timeout` | a place; or `built-in` (the library has one), `none`, `unknown` |
| `store`, `operation` | `database`, `cache`, `queue`, `search`, `storage`; `read`, `write`, `both` |
| `alias` | where the alias of a declared store stands (`caches["x"]`): its settings then say which system it is |
| `label`, `protocol` | what moves, and how, where the code does not say |
| `everywhere` | set up once, it then acts in every process (a log handler that settings name) |
| `only_urls` | the function takes a file or a text as well: a call counts where its `url` is seen to be an address |

A *place* is `{arg: [0, url]}` (the first argument, or the keyword `url`), `{receiver: [0, service_name]}` (the same of
the nearest call inside the path: `boto3.client("s3").put_object(...)`), either with a `default`, or a plain text.

A text that is a URL may hold placeholders: `{objectType}` is filled from the keyword argument `object_type`, else from
the positional argument in its turn, when that is one plain word; `{@0}` is the last name of the access path, `{@1}` the
one before; `{.id}` always stays open.

`libraries` names distributions that are read at the version a repository pins. When such a library was read, calls are
followed inside it, and its patterns serve only where that finds nothing.

## Examples

Every file has `hits` (code, and for each call found its `line` and any of `method`, `url`, `system`, `timeout`,
`operation`, `store`, `alias`) and `misses` (code that looks alike and must find nothing, with `why`). They are tests.
"""


def catalogue(book: RuleBook) -> str:
    """The whole page: the format, then the rules by title and the systems by group."""
    clients = sorted(book.clients, key=lambda client: client.title.lower())
    patterns = sum(len(client.calls) for client in clients)
    lines = [
        _FORMAT,
        "## The rules that ship",
        "",
        f"{len(clients)} rules with {patterns} patterns.",
        "",
        "| rule | libraries' calls | what it finds | patterns | hits | misses |",
        "| --- | --- | --- | ---: | ---: | ---: |",
        *(_rule_line(client) for client in clients),
        "",
        "## The systems that are known",
        "",
        "| id | name | what it is | group | hosts |",
        "| --- | --- | --- | --- | --- |",
        *(_system_line(vendor) for vendor in sorted(book.vendors.values(), key=lambda v: (v.group, v.name.lower()))),
    ]
    return "\n".join(lines) + "\n"


def _rule_line(client: ClientRule) -> str:
    cells = [
        f"[{client.id}](clients/{client.id}.yaml)",
        f"[{_cell(client.title)}]({client.docs})",
        _cell(_found(client.calls)),
        str(len(client.calls)),
        str(len(client.hits)),
        str(len(client.misses)),
    ]
    return f"| {' | '.join(cells)} |"


def _found(calls: Iterable[CallRule]) -> str:
    """What the patterns of a rule find, in words: requests, calls of named systems, uses of kinds of store."""
    words: dict[str, None] = {}
    for call in calls:
        if call.effect == "http":
            words["requests"] = None
        elif call.effect == "store":
            words[call.store] = None
        else:
            named = [target for _text, target in call.system_map] or [call.system.text if call.system else ""]
            words.update(dict.fromkeys(sorted(name for name in named if name)))
    return ", ".join(words)


def _system_line(vendor: Vendor) -> str:
    hosts = ", ".join(f"`{host}`" for host in vendor.hosts)
    return f"| {' | '.join(map(_cell, (vendor.id, vendor.name, vendor.technology, vendor.group)))} | {hosts} |"


def _cell(text: str) -> str:
    return re.sub(r"[|\n]", " ", text)


def main() -> None:
    """Write the page beside the shipped rules."""
    from extractor.files.shipped import rules_dir
    from extractor.rules.clients import shipped_rules

    (rules_dir() / "README.md").write_text(catalogue(shipped_rules()), encoding="utf-8")


if __name__ == "__main__":
    main()
