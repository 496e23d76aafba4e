"""What one call says: method, URL, base, timeout, system, store; read with a rule from the arguments of the call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from extractor.evaluate import attributes, folding
from extractor.evaluate.arguments import handed_outside
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import (
    Args,
    Const,
    Env,
    Ext,
    Hole,
    Inst,
    Kwargs,
    Mapping,
    Param,
    Seq,
    SettingRef,
    Text,
    Unknown,
    Value,
    Values,
    join,
)
from extractor.rules.clients import ArgumentPlace, CallRule, Off, matches
from extractor.text.urls import host_of

MAX_OBJECTS = 3  # request objects that are made of request objects
_PLACEHOLDER = re.compile(r"\{([@.]?\w+)\}")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_FULL_URL = ("http://", "https://", "redis://", "rediss://", "ftp://", "sftp://", "ws://", "wss://")


@dataclass(frozen=True, slots=True)
class Request:
    """One reading of a call. `urls` are alternatives; `systems` the texts found where the rule names the system."""

    rule: CallRule
    via: str
    methods: tuple[str, ...]
    urls: tuple[Text, ...]
    systems: tuple[str, ...]
    timeout: str
    aliases: tuple[str, ...]
    insecure: bool = False
    auth: str = ""
    command: str = ""

    def skeleton(self) -> tuple[object, ...]:
        """What can be known of the call: two readings of one call with equal skeletons say the same."""
        known = self.rule.match, self.methods, self.systems, self.aliases, self.command
        return *known, tuple(sorted(map(skeleton, self.urls)))

    def counts(self) -> bool:
        """False where a function that takes files and texts too is not seen to be given an address, and one that runs
        any program, a program that speaks to a network."""
        if self.rule.commands:
            return bool(self.command)
        return not self.rule.only_urls or any(map(_is_address, self.urls))

    def is_open(self) -> bool:
        """True when a caller may know more: a hole in the URL, the method or the system. The path parameters of a
        rule's own URL are none: which call leaves is known, and where to."""
        if self.command:
            return False
        own_url = self.rule.url is None or self.rule.url.source == "text"
        open_url = not own_url and (any(map(_is_open, self.urls)) or not self.urls)
        open_method = self.rule.method is not None and not self.methods
        return open_url or open_method or (self.rule.system is not None and not self.systems)


def _is_address(url: Text) -> bool:
    head = url.parts[0] if url.parts else ""
    if isinstance(head, str):
        return head.startswith(("http://", "https://"))
    return "url" in head.name.lower() or "uri" in head.name.lower()


def _is_open(url: Text) -> bool:
    return any(isinstance(part, Hole) and part.kind in ("arg", "unknown") for part in url.parts)


def skeleton(url: Text) -> str:
    """A URL with its open parts emptied: settings and environment variables keep their names."""
    out = ""
    for part in url.parts:
        out += part if isinstance(part, str) else f"{{{part.name if part.kind in ('setting', 'env') else ''}}}"
    return out


def read_call(ev: Evaluator, rule: CallRule, func: Ext, args: Args, kwargs: Kwargs) -> Request:
    """What a call of `func` with these arguments says, by its rule."""
    given = dict(kwargs)
    if rule.commands:
        return _of_command(ev, rule, func, args, given)
    methods, urls = _sent(ev, rule, func, args, given, MAX_OBJECTS)
    return Request(
        rule=rule,
        via=func.path,
        methods=methods,
        urls=urls,
        systems=_systems(ev, rule, func, args, given),
        timeout=_timeout(ev, rule, func, args, given),
        aliases=_aliases(ev, rule, func, args, given),
        insecure=any(
            s.name in given and matches(s.match, func.path) and switching_off(given[s.name], s.off) for s in rule.tls
        ),
        auth=_auth(given),
    )


def _of_command(ev: Evaluator, rule: CallRule, func: Ext, args: Args, given: dict[str, Values]) -> Request:
    """What a call says that runs a program: the command that the rule knows, and the system that it speaks to, or its
    address."""
    lines = _lines(at(ev, rule.command, func, args, given), args if rule.command is None else ())
    for line in lines:
        words = [text.literal or "" for text in line]
        for command in rule.commands:
            if _begins(words, command.split()):
                urls = tuple(text for text in line if "://" in skeleton(text))[:1]
                told = any(host_of(skeleton(url)) for url in urls)
                systems = () if told else _literals(at(ev, rule.system, func, args, given))
                return Request(rule, func.path, (), urls, systems, "unknown", (), command=command)
    return Request(rule, func.path, (), (), (), "unknown", ())


def _lines(values: Values, others: Args) -> list[list[Text]]:
    """The words of the commands that may be run: the items of a sequence, the words of a text, or the arguments."""
    if others:
        return [[text for held in others for text in folding.texts(held)[:1]]]
    lines: list[list[Text]] = []
    for value in values:
        if isinstance(value, Seq):
            lines.append([text for held in value.items for text in folding.texts(held)[:1]])
        elif isinstance(value, Text) and value.parts and isinstance(value.parts[0], str):
            lines.append([Text((word,)) for word in (value.literal or value.parts[0]).split()])
    return lines


def _begins(words: list[str], command: list[str]) -> bool:
    """Whether a command line starts with a program and goes on with these words, options between them."""
    rest = iter(words)
    program = next(rest, "").rsplit("/", 1)[-1]
    return program == command[0] and all(any(word == one for one in rest) for word in command[1:])


def _sent(
    ev: Evaluator, rule: CallRule, func: Ext, args: Args, given: dict[str, Values], depth: int
) -> tuple[tuple[str, ...], tuple[Text, ...]]:
    """The methods and URLs of a call: those of the request object that it is given, where it is given one."""
    values = (value for held in (*args, *given.values()) for value in held if isinstance(value, Ext))
    carried = ((one, value) for value in values for one in rule.objects if matches(one.match, value.path))
    found = next(carried, None) if depth else None
    if found is not None:
        one, made = found
        inner = replace(one, objects=rule.objects)
        return _sent(ev, inner, made, made.args, dict(made.kwargs), depth - 1)
    name = func.path.rsplit(".", 1)[-1].removesuffix("()")
    methods = _methods(ev, rule, name, func, args, given)
    if rule.body is not None and not methods:
        body = at(ev, rule.body, func, args, given)
        methods = ("POST",) if any(not (isinstance(v, Const) and v.value is None) for v in body) else ("GET",)
    return methods, _urls(ev, rule, func, args, given)


def of_class(rule: CallRule, urls: tuple[Text, ...]) -> Request:
    """What a framework's own request for a class says: the rule gives all but the URL."""
    method = (rule.method.text,) if rule.method is not None else ()
    timeout = {"none": "no", "built-in": "yes"}.get(rule.timeout.text if rule.timeout else "", "unknown")
    return Request(rule, rule.match, method, urls, (), timeout, ())


def at(ev: Evaluator, place: ArgumentPlace | None, func: Ext, args: Args, kwargs: dict[str, Values]) -> Values:
    """The values at a place of a rule; () when nothing stands there."""
    if place is None:
        return ()
    if place.source == "text":
        return (_filled(place.text, func.path, args, kwargs),) if "{" in place.text else (Text((place.text,)),)
    if place.source == "arg":
        found = _given(place, args, kwargs) or (_of_maker(place, func) if place.made else ())
    else:
        found, holder = (), func.receiver
        while holder is not None and not found:
            found = _given(place, holder.args, dict(holder.kwargs)) or _given_up(ev, place, holder)
            holder = holder.receiver
    if place.key:
        key = Text((place.key,))
        held = ((one.kwargs if isinstance(one, Ext) else ()) for one in found)
        named = tuple(v for kwargs_of in held for name, values in kwargs_of if name == place.key for v in values)
        found = (*named, *(v for one in found if isinstance(one, Mapping) for v in folding.lookup(one, key)))
    found = found or (_of_object(ev, place, func) if place.attributes else ())
    return found or ((Text((place.text,)),) if place.text else ())


def _of_maker(place: ArgumentPlace, func: Ext) -> Values:
    """The values that what made the receiver was given: `PoolManager(timeout=3).request(…)`."""
    holder = func.receiver
    while holder is not None:
        found = next((values for name, values in holder.kwargs if name in place.made), ())
        if found:
            return found
        holder = holder.receiver
    return ()


def _given_up(ev: Evaluator, place: ArgumentPlace, holder: Ext) -> Values:
    """The values at a place among what the class of an object hands up to the library's constructor."""
    for me in dict(holder.kwargs).get(attributes.SELF, ()):
        handed = handed_outside(ev, me) if isinstance(me, Inst) else None
        found = _given(place, handed[0], dict(handed[1])) if handed is not None else ()
        if found:
            return found
    return ()


def _filled(template: str, path: str, args: Args, kwargs: dict[str, Values]) -> Text:
    """A rule's URL template with its placeholders replaced where they are known.

    `{@0}` is the last name of the access path, `{@1}` the one before (a call in it without its parentheses);
    `{objectType}` is the keyword argument `object_type`, else the positional argument in its turn (generated clients
    take path parameters first), when that is one plain word; `{.id}` is left open (no argument of the call says it).
    """
    known = {_plain(name): values for name, values in kwargs.items()}
    names = path.split(".")[::-1]
    parts: list[str | Hole] = []
    turn = 0
    for at, piece in enumerate(_PLACEHOLDER.split(template)):
        if at % 2 == 0:
            parts.append(piece)
            continue
        if piece.startswith("@"):
            parts.append(names[int(piece[1:])].removesuffix("()"))
            continue
        if piece.startswith("."):
            parts.append(Hole("arg", piece[1:]))
            continue
        values = known.get(_plain(piece), args[turn] if turn < len(args) else ())
        turn += 1
        word = values[0].literal if len(values) == 1 and isinstance(values[0], Text) else None
        parts.append(word if word and _WORD.fullmatch(word) else Hole("arg", piece))
    return join(Text(tuple(part for part in parts if part != "")))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _of_object(ev: Evaluator, place: ArgumentPlace, func: Ext) -> Values:
    """The attributes that a rule names, of the object the method is called on."""
    holder = func.receiver
    while holder is not None:
        for me in dict(holder.kwargs).get(attributes.SELF, ()):
            found = tuple(v for name in place.attributes for v in ev.attribute(me, name))
            known = tuple(v for v in found if isinstance(v, Text | SettingRef | Env))
            if known:
                return known
        holder = holder.receiver
    return ()


def _given(place: ArgumentPlace, args: Args, kwargs: dict[str, Values]) -> Values:
    for keyword in place.keywords:
        if keyword in kwargs:
            return kwargs[keyword]
    for position in place.positions:
        if position < len(args):
            return args[position]
        if f"#{position}" in kwargs:
            return kwargs[f"#{position}"]
    return ()


def _systems(ev: Evaluator, rule: CallRule, func: Ext, args: Args, given: dict[str, Values]) -> tuple[str, ...]:
    """What stands where a rule names the system: texts, members of an enumeration, those in a list or in a setting;
    what the rule says where nothing of that is known."""
    found = at(ev, rule.system, func, args, given)
    words = _words(ev, found)
    default = rule.system.text if rule.system is not None else ""
    named = tuple(sorted(words - {default}))
    unsaid = not words or default in words or any(isinstance(v, Const) and v.value is None for v in found)
    return (default, *named) if default and found and unsaid else named


def _words(ev: Evaluator, values: Values, depth: int = 2) -> set[str]:
    out: set[str] = set()
    for value in values:
        if isinstance(value, Text) and value.literal is not None:
            out.add(value.literal)
        elif isinstance(value, Ext) and value.path.rsplit(".", 1)[-1].isupper():
            out.add(value.path.rsplit(".", 1)[-1])
        elif isinstance(value, Seq) and depth:
            out |= {word for held in value.items for word in _words(ev, held, depth - 1)}
        elif isinstance(value, SettingRef) and not value.path and depth and ev.setting is not None:
            out |= _words(ev, ev.setting(value.name), depth - 1)
        elif isinstance(value, Env) and depth:
            out |= _words(ev, value.default, depth - 1)
    return out


def _literals(values: Iterable[Value]) -> tuple[str, ...]:
    return tuple(sorted({v.literal for v in values if isinstance(v, Text) and v.literal is not None}))


def _methods(
    ev: Evaluator, rule: CallRule, name: str, func: Ext, args: Args, kwargs: dict[str, Values]
) -> tuple[str, ...]:
    if rule.method is None:
        return ()
    if rule.method.source == "text":
        return (name.upper(),) if rule.method.text == "@name" else (rule.method.text,)
    return tuple(literal.upper() for literal in _literals(at(ev, rule.method, func, args, kwargs)))


def _urls(ev: Evaluator, rule: CallRule, func: Ext, args: Args, kwargs: dict[str, Values]) -> tuple[Text, ...]:
    """The URLs a call may go to. Of `{BASE}path` and `{BASE}/path` (a slash added) the second is kept."""
    found = tuple(map(_with_whole_base, _filled_ways(_all_urls(ev, rule, func, args, kwargs))))
    slashed = {
        (url.parts[0], after[1:], *url.parts[2:]) for url in found if (after := _after_base(url)).startswith("/")
    }
    return tuple(url for url in found if not _after_base(url) or url.parts not in slashed)


def _with_whole_base(url: Text) -> Text:
    """A URL that takes its scheme and its host from one other, whose own path is left out, as one below that."""
    scheme, colon, host = (*url.parts, "", "", "")[:3]
    if not (isinstance(scheme, Hole) and colon == "://" and isinstance(host, Hole) and scheme.kind == host.kind):
        return url
    base = scheme.name.removesuffix(".scheme")
    is_one = base != scheme.name and host.name in (f"{base}.netloc", f"{base}.hostname")
    return Text((Hole(scheme.kind, base), *url.parts[3:])) if is_one else url


def _filled_ways(urls: tuple[Text, ...]) -> tuple[Text, ...]:
    """The readings without those in which a part of the path is empty, where another reading has something there:
    `owner = ""` before the line that finds the owner."""
    whole = tuple(url for url in urls if "//" not in _path_of(url))
    return whole or urls


def _path_of(url: Text) -> str:
    """The path of a URL, open parts shown as one sign."""
    shown = "".join(part if isinstance(part, str) else "\0" for part in url.parts)
    return shown.partition("://")[2] if "://" in shown else shown


def _after_base(url: Text) -> str:
    second = url.parts[1] if len(url.parts) > 1 and isinstance(url.parts[0], Hole) else ""
    return second if isinstance(second, str) else ""


def _all_urls(ev: Evaluator, rule: CallRule, func: Ext, args: Args, kwargs: dict[str, Values]) -> tuple[Text, ...]:
    paths = folding.texts(found) if (found := at(ev, rule.url, func, args, kwargs)) else ()
    base = at(ev, rule.base, func, args, kwargs)
    if not base:
        return paths
    if not paths:
        return tuple(_with_scheme(text, rule.protocol) for text in folding.texts(base))
    out = []
    for path in paths:
        for root in (_with_scheme(text, rule.protocol) for text in folding.texts(base)):
            first = path.parts[0] if path.parts else ""
            absolute = isinstance(first, str) and first.startswith(_FULL_URL)
            out.append(path if absolute else _under(root, path))
    return tuple(dict.fromkeys(out))


def _with_scheme(root: Text, protocol: str) -> Text:
    """A base that names a host alone, as a URL of the rule's protocol."""
    first = root.parts[0] if root.parts else Hole("unknown", "")
    if protocol not in ("HTTP", "HTTPS") or not isinstance(first, str) or "://" in first or not first:
        return root
    return join(Text((f"{protocol.lower()}://",)), root)


def _under(root: Text, path: Text) -> Text:
    """A path below a base URL, with one slash between them."""
    if not root.parts:
        return path
    last, first = root.parts[-1], path.parts[0] if path.parts else ""
    if isinstance(last, str) and last.endswith("/"):
        root = Text((*root.parts[:-1], last.rstrip("/")))
    slash = () if isinstance(first, str) and first.startswith(("/", "?")) else ("/",)
    return join(root, Text(slash), path)


def _timeout(ev: Evaluator, rule: CallRule, func: Ext, args: Args, kwargs: dict[str, Values]) -> str:
    place = rule.timeout
    if place is None:
        return "unknown"
    if place.source == "text":
        return {"built-in": "yes", "none": "no"}.get(place.text, "unknown")
    found = at(ev, place, func, args, kwargs)
    if place.key and not found:  # what holds it is given, and is not known
        holders = at(ev, replace(place, key="", text=""), func, args, kwargs)
        found = tuple(v for v in holders if isinstance(v, Param | Unknown | Inst))
        return "unknown" if found else "no"
    if found == (Text((place.text,)),):
        return {"built-in": "yes", "none": "no"}.get(place.text, "unknown")
    if not found:
        return "no"
    if all(isinstance(v, Const) and v.value is None for v in found):
        return "no"
    return "unknown" if all(isinstance(v, Param | Unknown) for v in found) else "yes"


def _aliases(ev: Evaluator, rule: CallRule, func: Ext, args: Args, kwargs: dict[str, Values]) -> tuple[str, ...]:
    if rule.alias is None:
        return ()
    found = at(ev, rule.alias, func, args, kwargs)
    if not found and rule.alias.source == "receiver" and func.args:
        found = func.args[0]
    return _literals(found)


def switching_off(values: Values, off: tuple[Off, ...]) -> str:
    """The first of the values with which a TLS switch accepts any certificate, as one writes it; "" for none."""
    names = [text for text in off if isinstance(text, str)]
    for value in values:
        if isinstance(value, Const):
            zero = value.type == "int" and value.value == 0 and (False in off or names)
            if zero or any(value.value is one for one in off):
                return str(value.value)
        written = value.literal if isinstance(value, Text) else value.path if isinstance(value, Ext) else None
        if written is not None and written.rsplit(".", 1)[-1] in names:
            return written.rsplit(".", 1)[-1]
    return ""


def _auth(kwargs: dict[str, Values]) -> str:
    """How a request says who it is: basic, bearer token, or nothing seen."""
    if kwargs.get("auth"):
        return "basic or custom auth"
    shown = " ".join(folding.show(v) for v in kwargs.get("headers", ()))
    return "bearer token" if "Bearer" in shown else ""


def settings_in(texts: Iterable[Text]) -> tuple[str, ...]:
    """The settings (first part of a dotted key) named by holes of the texts, in order, once each."""
    names = [p.name.split(".")[0] for t in texts for p in t.parts if isinstance(p, Hole) and p.kind == "setting"]
    return tuple(dict.fromkeys(names))


__all__ = ["Request", "SettingRef", "at", "read_call", "settings_in"]
