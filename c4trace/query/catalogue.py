"""`rules/README.md`: how a rule is written, and the catalogue of those that ship, generated from the rules."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from extractor.rules.clients import CallRule, ClientRule, RuleBook, TlsSwitch, Vendor
from extractor.rules.findings import FindingExample, FindingRule

_FORMAT = """\
# Rules

Rules are data, one YAML file each, of two kinds. A rule of a client (`clients/`, checked against
`schema/client.schema.json`) says which calls of a library leave the process, and where in the call its method, URL,
base, system and timeout stand; the systems that rules and hosts name stand in `systems.yaml`. A rule of a finding
(`findings/`, `schema/finding.schema.json`) says in words what a check of `extractor/checks/` finds, how bad it is and
what to do. `CONTRIBUTING.md` says how to add one. This page is generated (`make docs`); a test keeps it true.

Beside them stand what frameworks are called and what words mean, a file each, with a schema of its name in `schema/`:

| file | what it says |
| --- | --- |
| `coverage.yaml` | what is counted as declared, which frameworks are read, which libraries ask nobody |
| `deployment.yaml` | what images of containers, platforms' add-ons and commands are |
| `django.yaml` | where control comes in, and which libraries serve URLs |
| `eventbus.yaml` | the buses that carry a library's signals to other services |
| `python.yaml` | what libraries do with functions and objects that they are given |
| `routes.yaml` | how frameworks serve URLs: functions, views, routers, hooks, plug-ins |
| `signin.yaml` | whose identity provider a sign-in backend means |
| `stores.yaml` | how settings name datastores, and which schedulers keep their schedule in one |
| `systems.yaml` | the systems that many estates talk to |
| `vocabulary.yaml` | whose address a name holds, what a call moves, which methods tell nothing of their class |

Where such a file has `hits` and `misses`, they are tests as well.

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
| `body` | where what is sent stands: without a method, a call that has one is a POST, another a GET |
| `commands` | the function runs any program: those that count, by the words they begin with |
| `command` | where the command stands that is run; without it, the arguments are the command |
| `only_urls` | the function takes a file or a text as well: a call counts where its `url` is seen to be an address |

A *place* is `{arg: [0, url]}` (the first argument, or the keyword `url`), `{receiver: [0, service_name]}` (the same of
the nearest call inside the path: `boto3.client("s3").put_object(...)`), either with a `default`, or a plain text.
With a `key` it is the item of a dictionary that stands there. `objects` lists, as calls, the request objects of a
library: a call that is given one sends what that holds.

A text that is a URL may hold placeholders: `{objectType}` is filled from the keyword argument `object_type`, else from
the positional argument in its turn, when that is one plain word; `{@0}` is the last name of the access path, `{@1}` the
one before; `{.id}` always stays open.

`libraries` names distributions that are read at the version a repository pins. When such a library was read, calls are
followed inside it, and its patterns serve only where that finds nothing.

Two fields speak of the whole library. `tls` lists how its calls and objects switch the check of certificates off:
`match` is the pattern of a call that takes the argument, or of an object that has the attribute, `unverified` its name
and the values that do it (`{verify: false}`, `{cert_reqs: [CERT_NONE, null]}`), `encrypts` the argument that makes the
connection a TLS one. `limited_by` names what limits every call from elsewhere: a `setting` (a glob), or a `call`
(`socket.setdefaulttimeout`).

## Examples

Every file of a client has `hits` (code, and for each call found its `line` and any of `method`, `url`, `system`,
`timeout`, `operation`, `store`, `alias`; under `unverified` the lines that switch the check of certificates off,
reached from a view) and `misses` (code that looks alike and must find nothing, with `why`). They are tests.
"""


_FINDINGS = """\
## The findings

A finding is reported when an entry point (a route, a task, a command, a signal) reaches its code; code that nothing
reaches is told of as a gap. Where several do, the one in which somebody waits decides how bad it is. To accept one
where it stands, say why behind its line, or in a comment on the line above:

    requests.get(url)  # c4trace: ignore[no-timeout] the gateway limits it

An ignore without a reason does not count, and one that names no finding (any more) is itself a finding.

Every file has `hits` (code, and the `line` of each finding, with its `severity` where it is not the rule's own) and
`misses` (code that looks alike, and `why` it is no finding). `serves` is what other systems do, by host: a module of
views with its `urlpatterns`. A function whose first parameter is `request` is a view. The tests scan all of it.
`options` are lists of names that the check works with.
"""

# What reaches the code, in words, by the kind of the entry point.
_CONTEXTS = {
    "request": "a web request",
    "signal": "a signal",
    "task": "a task",
    "startup": "the start of a process",
    "command": "a command",
}


def catalogue(book: RuleBook, findings: Iterable[FindingRule]) -> str:
    """The whole page: the format, then the rules of clients by title, the systems by group, the findings by id."""
    clients = sorted(book.clients, key=lambda client: client.title.lower())
    patterns = sum(len(client.calls) for client in clients)
    lines = [
        _FORMAT,
        "## The clients",
        "",
        f"{len(clients)} rules with {patterns} patterns ship with c4trace.",
        "",
        "| rule | libraries' calls | what it finds | accepts any certificate by | patterns | hits | misses |",
        "| --- | --- | --- | --- | ---: | ---: | ---: |",
        *(_rule_line(client) for client in clients),
        "",
        "## The systems that are known",
        "",
        "| id | name | what it is | group | hosts |",
        "| --- | --- | --- | --- | --- |",
        *(_system_line(vendor) for vendor in sorted(book.vendors.values(), key=lambda v: (v.group, v.name.lower()))),
        "",
        *_finding_lines(sorted(findings, key=lambda rule: rule.id)),
    ]
    return "\n".join(lines) + "\n"


def _rule_line(client: ClientRule) -> str:
    cells = [
        f"[{client.id}](clients/{client.id}.yaml)",
        f"[{_cell(client.title)}]({client.docs})",
        _cell(_found(client.calls)),
        ", ".join(dict.fromkeys(f"`{words}`" for switch in client.tls for words in switch_words(switch))),
        str(len(client.calls)),
        str(len(client.hits)),
        str(len(client.misses)),
    ]
    return f"| {' | '.join(cells)} |"


def switch_words(switch: TlsSwitch) -> list[str]:
    """What one writes to have any certificate accepted: `verify=False`."""
    return [f"{switch.name}={value}" for value in switch.off]


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


def severity_words(rule: FindingRule) -> str:
    """How bad a finding is: `medium; high where a web request or a signal reaches it`."""
    by_severity: dict[str, list[str]] = {}
    given = dict(rule.severity_in)
    for kind, words in _CONTEXTS.items():
        if kind in given:
            by_severity.setdefault(given[kind], []).append(words)
    others = [f"{severity} where {' or '.join(kinds)} reaches it" for severity, kinds in by_severity.items()]
    return "; ".join([rule.severity, *others])


def ignore_words(rule: FindingRule) -> str:
    """The comment that accepts a finding where it stands."""
    return f"# c4trace: ignore[{rule.id}] the reason, in words"


def expected_words(example: FindingExample) -> str:
    """Where the findings of an example stand: `line 5, high`."""
    return "; ".join(f"line {line}, {severity}" for line, severity in example.expect)


def _finding_lines(rules: Sequence[FindingRule]) -> Iterator[str]:
    yield from _FINDINGS.split("\n")
    yield "| rule | what it finds | severity | hits | misses |"
    yield "| --- | --- | --- | ---: | ---: |"
    for rule in rules:
        link = f"[{rule.id}](#{rule.id})"
        yield f"| {link} | {_cell(rule.title)} | {severity_words(rule)} | {len(rule.hits)} | {len(rule.misses)} |"
    for rule in rules:
        yield from (
            "",
            f"### {rule.id}",
            "",
            f"**{rule.title}** ([file](findings/{rule.id}.yaml), [about]({rule.docs}))",
        )
        yield from ("", f"- Severity: {severity_words(rule)}.", f"- Why: {rule.why}", f"- Remedy: {rule.remedy}")
        yield f"- To accept one: `{ignore_words(rule)}`"
        for hit in rule.hits:
            yield from _example_lines(f"Found ({expected_words(hit)}){_because(hit)}", hit)
        for miss in rule.misses:
            yield from _example_lines(f"Not found{_because(miss)}", miss)


def _because(example: FindingExample) -> str:
    return f": {example.why}" if example.why else ":"


def _example_lines(head: str, example: FindingExample) -> Iterator[str]:
    yield from ("", head, "", textwrap.indent(example.code.rstrip(), "    "))
    for host, code in example.serves:
        yield from ("", f"where {host} serves:", "", textwrap.indent(code.rstrip(), "    "))


def _cell(text: str) -> str:
    return re.sub(r"[|\n]", " ", text)
