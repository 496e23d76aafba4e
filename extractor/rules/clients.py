"""The rules: which calls of which libraries reach the network or a datastore, and how to read them.

A rule is one YAML file under `rules/clients/`, checked against `rules/schema/client.schema.json`, with examples that
must match and examples that must not beside it. The format is described in `rules/README.md`.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from extractor.files.shipped import read_schema, rules_dir
from extractor.files.yaml import read_plain, read_yaml, refuse

MAX_BEGINNING = 5  # names: `django.contrib.auth.models.User()`


@dataclass(frozen=True, slots=True)
class ArgumentPlace:
    """Where a rule finds a value: in an argument (position or keyword), in the receiver's, or in the rule itself; when
    nothing stands there, in attributes of the object the method is called on. `key` is that of a dictionary which
    stands there. `made` are keywords of what made the receiver, where the argument is not given.

    `source` is `arg`, `receiver` or `text`.
    """

    source: str
    positions: tuple[int, ...] = ()
    keywords: tuple[str, ...] = ()
    text: str = ""
    attributes: tuple[str, ...] = ()
    key: str = ""
    made: tuple[str, ...] = ()


Off = bool | str | None


@dataclass(frozen=True, slots=True)
class TlsSwitch:
    """An argument of a library's calls, or an attribute of its objects, that says whether certificates are checked.

    `match` is the access-path pattern of the call or object, `off` the values with which it accepts any certificate (a
    text is a name, too: `CERT_NONE`). `encrypts` is the argument that makes the connection a TLS one in the first
    place, "" where the address does.
    """

    match: str
    name: str
    off: tuple[Off, ...]
    encrypts: str = ""


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """What limits every call of a library from elsewhere, so that a call without a timeout does not wait for ever.

    `setting` is a glob of Django settings, `call` the access path of a function that sets a limit for the process.
    """

    setting: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class CallRule:
    """One pattern of a rule. `effect` is `http`, `sdk` or `store`.

    `method` is an ArgumentPlace, or the text `@name` for the upper-cased last segment. `system` names the system when
    the library fixes it; `system_map` turns the text found at `system` into an id. `timeout` is one too, or a word
    (`built-in`, `unknown`). Without a method it is POST where something stands at `body`. `objects` are the library's
    request objects, which hold what is sent, as rules of their own. `everywhere` marks what is set up once and then
    acts in every process (a log handler), `only_urls` what takes files and texts as well as addresses. `commands` are
    the programs that count where the function runs any; what is run stands at `command`, or is the arguments.
    `limit` and `tls` are those of the whole library.
    """

    rule: str
    match: str
    effect: str
    method: ArgumentPlace | None = None
    url: ArgumentPlace | None = None
    base: ArgumentPlace | None = None
    system: ArgumentPlace | None = None
    system_map: tuple[tuple[str, str], ...] = ()
    timeout: ArgumentPlace | None = None
    operation: str = ""
    store: str = ""
    alias: ArgumentPlace | None = None
    label: str = ""
    protocol: str = ""
    everywhere: bool = False
    only_urls: bool = False
    command: ArgumentPlace | None = None
    commands: tuple[str, ...] = ()
    limit: TimeLimit = TimeLimit()
    tls: tuple[TlsSwitch, ...] = ()
    body: ArgumentPlace | None = None
    objects: tuple[CallRule, ...] = ()

    def system_of(self, name: str) -> str:
        """The id of the system that a text found at `system` means; a `*` in it is the text itself."""
        mapped = dict(self.system_map)
        return mapped.get(name, mapped.get("*", name).replace("*", name) if mapped else name)


@dataclass(frozen=True, slots=True)
class ClassRule:
    """A class that, by what its framework does with an attribute of it, sends requests: `bases` is an access-path
    pattern of an outside base, `attribute` holds the URL."""

    bases: str
    attribute: str
    call: CallRule


@dataclass(frozen=True, slots=True)
class CallExample:
    """A piece of code and what a rule says of it: one dict of expectations per call found, in order of line; the lines
    that switch the check of certificates off."""

    code: str
    expect: tuple[Mapping[str, Any], ...] = ()
    unverified: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientRule:
    """A rule file."""

    id: str
    title: str
    why: str
    docs: str
    calls: tuple[CallRule, ...]
    hits: tuple[CallExample, ...]
    misses: tuple[CallExample, ...]
    libraries: tuple[str, ...] = ()
    classes: tuple[ClassRule, ...] = ()
    tls: tuple[TlsSwitch, ...] = ()


@dataclass(frozen=True, slots=True)
class Vendor:
    """A system many estates talk to: id, name, kind of node, what it is, its host globs, its group. `sends` is the
    request (`POST https://...`) by which an e-mail backend hands a message over to it."""

    id: str
    name: str
    kind: str
    technology: str
    group: str
    hosts: tuple[str, ...] = ()
    description: str = ""
    sends: str = ""


@dataclass(slots=True)
class RuleBook:
    """All rules, ready to match. `digest` changes when any rule file does."""

    clients: tuple[ClientRule, ...]
    vendors: Mapping[str, Vendor]
    digest: str
    _index: dict[str, list[CallRule]] = field(default_factory=dict)
    _found: dict[str, CallRule | None] = field(default_factory=dict)
    _switches: dict[str, list[TlsSwitch]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for client in self.clients:
            for rule in client.calls:
                for head in _heads(rule.match):
                    self._index.setdefault(head, []).append(rule)
            for switch in client.tls:
                for head in _heads(switch.match):
                    self._switches.setdefault(head, []).append(switch)

    def find(self, path: str) -> CallRule | None:
        """The rule that speaks of calling what stands at an access path (`requests.Session().get`), or None."""
        if path not in self._found:
            candidates = self._index.get(path.split(".", 1)[0].split("(", 1)[0], ())
            self._found[path] = next((rule for rule in candidates if matches(rule.match, path)), None)
        return self._found[path]

    def tls_switches(self, path: str) -> Mapping[str, TlsSwitch]:
        """What a call or an object at an access path has for switching the check of certificates off, by name."""
        candidates = self._switches.get(path.split(".", 1)[0].split("(", 1)[0], ())
        return {switch.name: switch for switch in reversed(candidates) if matches(switch.match, path)}

    def tls_names(self) -> frozenset[str]:
        """The names of all such switches."""
        return frozenset(switch.name for switches in self._switches.values() for switch in switches)

    def of_bases(self, outside: tuple[str, ...]) -> tuple[ClassRule, ...]:
        """The class rules that speak of a class with these outside bases."""
        rules = [rule for client in self.clients for rule in client.classes]
        return tuple(r for r in rules if any(matches(r.bases, path) for path in outside))

    def final_names(self) -> frozenset[str]:
        """The last names of all patterns: methods that a rule may know."""
        return frozenset(name for client in self.clients for rule in client.calls for name in _finals(rule.match))

    def packages(self) -> frozenset[str]:
        """The packages whose calls a rule speaks of."""
        return frozenset((*self._index, *self._switches))

    def beginnings(self) -> frozenset[str]:
        """What the access paths begin with that a rule speaks of, at most `MAX_BEGINNING` names of each."""
        patterns = [call.match for client in self.clients for call in client.calls]
        patterns += [switch.match for client in self.clients for switch in client.tls]
        return frozenset(name for pattern in dict.fromkeys(patterns) for name in _beginnings(pattern))

    def libraries(self) -> frozenset[str]:
        """Distributions that the rules want read at the version a repository pins."""
        return frozenset(name for client in self.clients for name in client.libraries)


def load_rules(directory: Path, checked: bool = True) -> RuleBook:
    """Every rule of a directory. Raises UserError with the faults of the first file that has any.

    `checked=False` leaves the schemas out: for the shipped rules, which the tests check.
    """
    digest = hashlib.sha256()
    read = _checked if checked else _unchecked
    clients = []
    for path in sorted((directory / "clients").glob("*.yaml")):
        digest.update(path.read_bytes())
        clients.append(_client(read(path, "client")))
    systems = directory / "systems.yaml"
    digest.update(systems.read_bytes())
    return RuleBook(tuple(clients), _vendors(read(systems, "systems")), digest.hexdigest())


@functools.lru_cache(maxsize=1)
def shipped_rules() -> RuleBook:
    """The rules that ship with c4trace, read once."""
    return load_rules(rules_dir(), checked=False)


_PATTERNED = frozenset({"match", "bases"})


def _checked(path: Path, schema: str) -> Any:
    document = read_yaml(path, read_schema(schema))
    open_groups = ((keys, text) for keys, text in _patterns(document.data, ()) if not _is_closed(text))
    refuse(path, [document.fault(keys, f"a group of {text!r} is not closed") for keys, text in open_groups])
    return document.data


def _patterns(data: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The patterns of access paths in a rule file, each with its place."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key in _PATTERNED and isinstance(value, str):
                yield (*at, key), value
            else:
                yield from _patterns(value, (*at, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _patterns(value, (*at, index))


def _is_closed(pattern: str) -> bool:
    """Whether every group of a pattern is closed, and none is that was not opened."""
    depth = 0
    for sign in pattern:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0


def _unchecked(path: Path, _schema: str) -> Any:
    return read_plain(path)


def _client(data: Mapping[str, Any]) -> ClientRule:
    examples = data["examples"]
    limit, tls = TimeLimit(**data.get("limited_by", {})), _tls(data)
    objects = tuple(_call(data["id"], row, limit, tls) for row in data.get("objects", ()))
    return ClientRule(
        id=data["id"],
        title=data["title"],
        why=data["why"],
        docs=data["docs"],
        calls=tuple(replace(_call(data["id"], row, limit, tls), objects=objects) for row in data["calls"]),
        hits=tuple(
            CallExample(e["code"], tuple(e["expect"]), tuple(e.get("unverified", ()))) for e in examples["hits"]
        ),
        misses=tuple(CallExample(e["code"]) for e in examples["misses"]),
        libraries=tuple(data.get("libraries", ())),
        classes=tuple(_class(data["id"], row, limit) for row in data.get("classes", ())),
        tls=tls,
    )


def _tls(data: Mapping[str, Any]) -> tuple[TlsSwitch, ...]:
    return tuple(
        TlsSwitch(row["match"], name, tuple(off) if isinstance(off, list) else (off,), row.get("encrypts", ""))
        for row in data.get("tls", ())
        for name, off in row["unverified"].items()
    )


def _class(rule: str, row: Mapping[str, Any], limit: TimeLimit) -> ClassRule:
    call = CallRule(
        rule,
        row["via"],
        "http",
        _place(row["method"]),
        timeout=_place(row.get("timeout")),
        label=row.get("label", ""),
        limit=limit,
    )
    return ClassRule(row["bases"], row["attribute"], call)


def _call(rule: str, row: Mapping[str, Any], limit: TimeLimit, tls: tuple[TlsSwitch, ...]) -> CallRule:
    return CallRule(
        rule=rule,
        match=row["match"],
        effect=row.get("effect", "http"),
        method=_place(row.get("method")),
        url=_place(row.get("url")),
        base=_place(row.get("base")),
        system=_place(row.get("system")),
        system_map=tuple(sorted(row.get("systems", {}).items())),
        timeout=_place(row.get("timeout")),
        operation=row.get("operation", ""),
        store=row.get("store", ""),
        alias=_place(row.get("alias")),
        label=row.get("label", ""),
        protocol=row.get("protocol", ""),
        everywhere=row.get("everywhere", False),
        only_urls=row.get("only_urls", False),
        command=_place(row.get("command")),
        commands=tuple(row.get("commands", ())),
        limit=limit,
        tls=tls,
        body=_place(row.get("body")),
    )


def _place(data: Any) -> ArgumentPlace | None:
    if data is None:
        return None
    if isinstance(data, str):
        return ArgumentPlace("text", text=data)
    source = "receiver" if "receiver" in data else "arg"
    names = _listed(data.get(source, []))
    positions = tuple(n for n in names if isinstance(n, int))
    keywords = tuple(n for n in names if isinstance(n, str))
    own, made = tuple(_listed(data.get("self", []))), tuple(_listed(data.get("made", [])))
    return ArgumentPlace(source, positions, keywords, data.get("default", ""), own, data.get("key", ""), made)


def _listed(names: Any) -> list[Any]:
    return names if isinstance(names, list) else [names]


def _vendors(data: Mapping[str, Any]) -> dict[str, Vendor]:
    return {
        key: Vendor(
            key,
            row["name"],
            row.get("kind", "external"),
            row.get("technology", ""),
            row.get("group", ""),
            tuple(row.get("hosts", ())),
            row.get("description", ""),
            row.get("sends", ""),
        )
        for key, row in data["systems"].items()
    }


def _finals(pattern: str) -> set[str]:
    """The names a pattern can end with."""
    depth, start = 0, 0
    for at, sign in enumerate(pattern):
        depth += (sign == "{") - (sign == "}")
        if sign == "." and depth == 0:
            start = at + 1
    return {option.rsplit(".", 1)[-1] for option in re.findall(r"[\w.]+", pattern[start:])}


def _heads(pattern: str) -> set[str]:
    """The names a pattern can start with: what stands before the first `.` or `(` of each alternative."""
    start = next((at for at, sign in enumerate(pattern) if sign in "{.("), len(pattern))
    if pattern[start : start + 1] != "{":
        return {pattern[:start]}
    options, tail = _group(pattern, start)
    return {head for option in options for head in _heads(pattern[:start] + option + tail)}


def _beginnings(pattern: str) -> set[str]:
    """What an access path can start with that is as a pattern says: up to the first name that it leaves open."""
    start = next((at for at, sign in enumerate(pattern) if sign in "{*"), len(pattern))
    names = pattern[:start].split(".")
    if len(names) > MAX_BEGINNING or pattern[start : start + 1] != "{":
        whole = names if start == len(pattern) else names[:-1]  # the last name may go on
        return {".".join(whole[:MAX_BEGINNING])}
    options, tail = _group(pattern, start)
    return {found for option in options for found in _beginnings(pattern[:start] + option + tail)}


def _group(pattern: str, start: int) -> tuple[list[str], str]:
    """The alternatives of the group `{a,b}` that opens at `start`, and what follows it."""
    depth, options = 0, [""]
    for at in range(start, len(pattern)):
        sign = pattern[at]
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0:
            return [option.strip() for option in options], pattern[at + 1 :]
        if sign == "," and depth == 1:
            options.append("")
        elif at > start:
            options[-1] += sign
    raise ValueError(f"a group of {pattern!r} is not closed")


def matches(pattern: str, path: str) -> bool:
    """True when the whole of an access path is as a pattern says."""
    return _compile(pattern).fullmatch(path) is not None


@functools.cache
def _compile(pattern: str) -> re.Pattern[str]:
    """`*` is one name, `**` any path; calls `()` and items `[]` are written as they stand in an access path."""
    out = ""
    for piece in re.split(r"(\*\*|\*|\{|\}|,)", pattern):
        out += {"**": r".*", "*": r"\w+", "{": "(?:", "}": ")", ",": "|"}.get(piece, re.escape(piece.strip()))
    return re.compile(out)
