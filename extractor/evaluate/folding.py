"""Folding of text: what Python would compute for concatenation, formatting, joining, when the parts are known or open.

Every function takes values and gives values; what it cannot compute becomes a hole or `Unknown`, never a guess.
"""

from __future__ import annotations

import itertools
import urllib.parse
from collections.abc import Callable, Iterable

from extractor.evaluate.values import (
    Const,
    DefRef,
    Env,
    Ext,
    Hole,
    Inst,
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
from extractor.text import urls

LIMIT = 8  # alternatives kept of one value


def bounded(values: Iterable[Value]) -> Values:
    """The distinct values in order, at most `LIMIT`."""
    found = dict.fromkeys(values)
    return tuple(found) if len(found) <= LIMIT else tuple(itertools.islice(found, LIMIT))


def gathered(alternatives: list[Values]) -> Values:
    """The distinct values of several answers in order, at most `LIMIT`. Hardly ever is there more than one."""
    if len(alternatives) == 1:
        return gathered_one(alternatives[0])
    return bounded(itertools.chain.from_iterable(alternatives))


def gathered_one(values: Values) -> Values:
    """The same of one answer: what holds one value is as it should be."""
    return values if len(values) < 2 else bounded(values)


def as_text(value: Value) -> Text:
    """A value as text with holes, as `str(value)` or an f-string would render it. None stands for what was not given:
    nobody means its name to be read, so it leaves a hole."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Const) and value.value is None:
        return Text((Hole("unknown", "none"),))
    if isinstance(value, Const):
        return Text((str(value.value),))
    return Text((Hole(*_hole(value)),))


def _hole(value: Value) -> tuple[str, str]:
    if isinstance(value, SettingRef):
        return "setting", ".".join((value.name, *value.path))
    if isinstance(value, Env):
        return "env", value.name
    if isinstance(value, Param):
        return "arg", _of_key(value.path) or value.name + value.path
    if isinstance(value, Ext):
        return "unknown", value.path.rsplit(".", 1)[-1]
    if isinstance(value, Inst):
        return "unknown", value.cls.scope.name
    if isinstance(value, DefRef):
        return "unknown", value.target.shown
    if isinstance(value, Unknown):
        return "unknown", value.reason
    return "unknown", type(value).__name__.lower()


def _of_key(path: str) -> str:
    """The key that a path ends with: `options["base_url"]` is shown as base_url."""
    return path[path.rindex("[") + 1 : -1] if path.endswith("]") and "[" in path else ""


def texts(values: Values) -> tuple[Text, ...]:
    """Every alternative as text; a value of which nothing is known is one hole. None is one where there is no other."""
    given = [value for value in values if not (isinstance(value, Const) and value.value is None)]
    return tuple(as_text(value) for value in given or values) or (Text((Hole("unknown", "value"),)),)


def concat(parts: Iterable[Values]) -> Values:
    """The texts that the parts make, one after the other."""
    found = itertools.islice(itertools.product(*(texts(part)[:4] for part in parts)), LIMIT)
    return bounded(join(*combination) for combination in found)


def add(left: Values, right: Values) -> Values:
    """`left + right` for text, numbers and sequences."""
    out: list[Value] = []
    for a, b in itertools.islice(itertools.product(left, right), LIMIT):
        if isinstance(a, Seq) or isinstance(b, Seq):
            out.append(_add_sequences(a, b))
        elif isinstance(a, Const) and isinstance(b, Const):
            out.append(arithmetic("+", a, b))
        else:
            out.append(join(as_text(a), as_text(b)))
    return bounded(out) if out else concat((left, right))


def _add_sequences(a: Value, b: Value) -> Value:
    left, right = _sequence(a), _sequence(b)
    return Seq(left.items + right.items, left.open or right.open)


def _sequence(value: Value) -> Seq:
    """A value as a sequence: an environment variable's default, as far as it is one; open where more may be in it."""
    if isinstance(value, Seq):
        return value
    default = value.default if isinstance(value, Env) else ()
    return Seq(next((v.items for v in default if isinstance(v, Seq)), ()), open=True)


def arithmetic(op: str, a: Const, b: Const) -> Value:
    """A number computed from two, or Unknown."""
    if not isinstance(a.value, int | float) or not isinstance(b.value, int | float):
        return Unknown("arithmetic")
    x, y = a.value, b.value
    if max(abs(x), abs(y)) > 1e15:
        return Unknown("arithmetic on large numbers")
    try:
        value = {
            "+": x + y,
            "-": x - y,
            "*": x * y,
            "/": x / y if y else None,
            "//": x // y if y else None,
            "%": x % y if y else None,
        }.get(op)
    except (ArithmeticError, ValueError):
        return Unknown("arithmetic")
    return Unknown("arithmetic") if value is None else Const(value, type(value).__name__)


def urljoin(base: Values, path: Values, start_of: Callable[[Hole], str]) -> Values:
    """`urllib.parse.urljoin(base, path)`; an open base keeps its hole in front of the joined path. `start_of` tells how
    the text of a setting or variable starts: `://` for an address, which stands for itself, `/` for a path from the
    root, "" for others."""
    out: list[Value] = []
    for b, p in itertools.islice(itertools.product(texts(base), texts(path)), LIMIT):
        head = p.parts[0] if p.parts else ""
        start = start_of(head) if isinstance(head, Hole) and head.kind in ("setting", "env") else ""
        if start == "/":
            root = _urljoin(b, Text(("/",)))
            out.append(join(_without_slash(root), p))
        else:
            out.append(p if start else _urljoin(b, p))
    return bounded(out)


def _without_slash(text: Text) -> Text:
    last = text.parts[-1] if text.parts else ""
    return Text((*text.parts[:-1], last.removesuffix("/"))) if isinstance(last, str) else text


_MARK = "c4trace-hole-{}-"


def _urljoin(base: Text, path: Text) -> Text:
    """Holes ride through the real `urljoin` as marked text; an open head of the base stands for scheme and host."""
    if not path.parts:
        return base
    if base.literal is not None and path.literal is not None:
        try:
            return Text((urllib.parse.urljoin(base.literal, path.literal),))
        except ValueError:
            return Text((Hole("unknown", "urljoin"),))
    head = base.parts[0] if base.parts else ""
    if isinstance(path.parts[0], str) and "://" in path.parts[0].split("/{")[0]:
        return path
    holes: list[Hole] = []
    if isinstance(head, Hole):
        rest = _marked(Text(base.parts[1:]), holes)
        joined = urllib.parse.urljoin(
            "http://h" + (rest if rest.startswith("/") or not rest else "/" + rest), _marked(path, holes)
        )
        tail = _unmarked(joined.removeprefix("http://h"), holes)
        return join(Text((head,)), tail)
    try:
        return _unmarked(urllib.parse.urljoin(_marked(base, holes), _marked(path, holes)), holes)
    except ValueError:
        return Text((Hole("unknown", "urljoin"),))


def _marked(text: Text, holes: list[Hole]) -> str:
    out = ""
    for part in text.parts:
        if isinstance(part, Hole):
            out += _MARK.format(len(holes))
            holes.append(part)
        else:
            out += part
    return out


def _unmarked(text: str, holes: list[Hole]) -> Text:
    parts: list[str | Hole] = [text]
    for index, hole in enumerate(holes):
        spread: list[str | Hole] = []
        for part in parts:
            if isinstance(part, str) and _MARK.format(index) in part:
                before, _, after = part.partition(_MARK.format(index))
                spread += [before, hole, after]
            else:
                spread.append(part)
        parts = spread
    return join(Text(tuple(part for part in parts if part != "")))


def path_join(parts: Iterable[Values]) -> Values:
    """`posixpath.join(*parts)`."""
    out: list[Text] = []
    for combination in itertools.islice(itertools.product(*(texts(part)[:4] for part in parts)), LIMIT):
        whole = Text(())
        for text in combination:
            first = text.parts[0] if text.parts else ""
            if isinstance(first, str) and first.startswith("/"):
                whole = text
            elif whole.literal == "" or (isinstance(whole.parts[-1], str) and whole.parts[-1].endswith("/")):
                whole = join(whole, text)
            else:
                whole = join(whole, Text(("/",)), text)
        out.append(whole)
    return bounded(out)


Items = tuple[tuple[Values, Values], ...]  # of a dictionary


def later_wins(items: Iterable[tuple[Values, Values]]) -> tuple[tuple[Values, Values], ...]:
    """The items of a dictionary: of those with the same known key, the last, at the place of the first."""
    out: dict[object, tuple[Values, Values]] = {}
    for at, (keys, values) in enumerate(items):
        key = keys[0] if len(keys) == 1 else None
        known = isinstance(key, Const) or (isinstance(key, Text) and key.literal is not None)
        out[keys if known else at] = (keys, values)
    return tuple(out.values())


def lookup(container: Value, key: Value) -> Values:
    """`container[key]`: every value that may be meant; all of them when the key is open."""
    if isinstance(container, Mapping):
        open_key = not (isinstance(key, Text) and key.literal is not None) and not isinstance(key, Const)
        if isinstance(key, DefRef) and any(key in keys for keys, _values in container.items):
            open_key = False  # a class: `TABLE[type(x)]`
        found: list[Value] = []
        for keys, values in container.items:
            if open_key or key in keys or any(isinstance(k, Text) and k.literal is None for k in keys):
                found += values
        return bounded(found)
    if isinstance(container, Seq):
        if isinstance(key, Const) and isinstance(key.value, int) and not container.open:
            index = key.value
            return container.items[index] if -len(container.items) <= index < len(container.items) else ()
        return bounded(itertools.chain.from_iterable(container.items))
    return ()


ANY_KEY = "*"  # in the path of a setting: a key that is not known


def under_keys(values: Values, keys: Iterable[str]) -> Values:
    """What stands under a path of keys in values that have items; environment variables by their defaults."""
    for key in keys:
        held = [inner for value in values for inner in (value.default if isinstance(value, Env) else (value,))]
        values = tuple(item for value in held for item in lookup(value, _key(value, key)))
    return values


def _key(value: Value, key: str) -> Value:
    if key == ANY_KEY:
        return Unknown("key")
    return Const(int(key), "int") if isinstance(value, Seq) and key.isdigit() else Text((key,))


def show(value: Value) -> str:
    """A value as a template for people: literal text with `{setting:NAME}`, `{env:NAME}`, `{name}`, `{?why}`."""
    return "".join(part if isinstance(part, str) else urls.hole(part.kind, part.name) for part in as_text(value).parts)
