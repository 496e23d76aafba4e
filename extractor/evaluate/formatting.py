"""Text made from text: `%`, `str.format`, format specifications, and the methods of `str`.

A known value is formatted by Python itself, so flags, widths and conversions are as they are there; an open value keeps
its hole, without them.
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable, Iterator, Sequence

from extractor.evaluate.folding import bounded, concat, lookup
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import (
    MAX_TEXT,
    Const,
    Hole,
    Mapping,
    Seq,
    Text,
    Unknown,
    Value,
    Values,
    join,
)

_WIDE = re.compile(r"\d{4}|\*")  # a width or precision that would make texts of any size
_CONVERSION = re.compile(
    r"(?:\((?P<key>[^)]*)\))?(?P<spec>[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>.))", re.DOTALL
)
_STEP = re.compile(r"\.(?P<attribute>[^.\[]+)|\[(?P<key>[^\]]+)\]")  # what a field takes from a value
_CONVERTED: dict[str, Callable[[object], str]] = {"r": repr, "s": str, "a": ascii}
_OPEN: Values = (Text((Hole("unknown", "formatted text"),)),)


def _known(value: Value) -> object:
    """The Python value behind a value, or `...` when it is open."""
    if isinstance(value, Text):
        return value.literal if value.literal is not None else ...
    return value.value if isinstance(value, Const) else ...


def _made(values: Values, render: Callable[[object], str], spec: str) -> Values:
    """What `render` makes of each value that is known. Where the format does not fit, nothing is known of the text."""
    out: list[Value] = []
    for value in values:
        known = _known(value)
        if known is ...:
            out.append(value)
            continue
        try:
            out.append(Unknown("wide text") if _WIDE.search(spec) else Text((render(known),)))
        except (ValueError, TypeError, OverflowError):
            out.append(Unknown("formatted text"))
    return bounded(out)


def rendered(values: Values, conversion: str, spec: str) -> Values:
    """`f"{value!conversion:spec}"` for each value; `conversion` is "", "r", "s" or "a"."""
    if not conversion and not spec:
        return values
    convert = _CONVERTED.get(conversion)
    return _made(values, lambda known: format(convert(known) if convert else known, spec), spec)


def percent(template: Text, argument: Values) -> Values:
    """`template % argument`, for every alternative of the argument."""
    literal = template.literal
    if literal is None:
        return _OPEN
    whole = [v for v in argument if isinstance(v, Seq | Mapping)]
    plain = tuple(v for v in argument if not isinstance(v, Seq | Mapping))
    found = [_percent(literal, one, (one,)) for one in whole]
    if plain or not argument:
        found.append(_percent(literal, plain[0] if plain else Unknown("value"), plain))
    return bounded(itertools.chain.from_iterable(found))


def _percent(literal: str, given: Value, argument: Values) -> Values:
    values = list(given.items) if isinstance(given, Seq) and not given.open else [argument]
    pieces: list[Values] = []
    rest = literal
    while "%" in rest:
        head, _, tail = rest.partition("%")
        pieces.append((Text((head,)),))
        match = _CONVERSION.match(tail)
        if match is None:
            return _OPEN
        rest = tail[match.end() :]
        if match["kind"] == "%":
            pieces.append((Text(("%",)),))
            continue
        if match["key"] is not None:
            found = lookup(given, Text((match["key"],))) if isinstance(given, Mapping) else ()
        else:
            found = values.pop(0) if values else ()
        pieces.append(_converted(found, match["spec"]))
    pieces.append((Text((rest,)),))
    return concat(pieces)


def _converted(values: Values, spec: str) -> Values:
    return _made(values, lambda known: f"%{spec}" % (known,), spec)


def format_text(ev: Evaluation, template: Text, args: tuple[Values, ...], kwargs: dict[str, Values]) -> Values:
    """`template.format(*args, **kwargs)`."""
    literal = template.literal
    if literal is None:
        return (Text((*template.parts[:1], Hole("unknown", "formatted text"))),)
    pieces: list[Values] = []
    counter = itertools.count()
    try:
        for text, field, spec, conversion in string.Formatter().parse(literal):
            pieces.append((Text((text,)),))
            if field is not None:
                found = _format_field(ev, field, args, kwargs, counter)
                pieces.append(found if "{" in (spec or "") else rendered(found, conversion or "", spec or ""))
    except ValueError:
        return _OPEN
    return concat(pieces)


def _format_field(
    ev: Evaluation, field: str, args: tuple[Values, ...], kwargs: dict[str, Values], counter: Iterator[int]
) -> Values:
    """What a field stands for: `0`, `name`, and what is taken from it (`user.name`, `row[key]`)."""
    name = re.split(r"[.\[]", field, maxsplit=1)[0]
    first = name or str(next(counter))
    found = args[int(first)] if first.isdigit() and int(first) < len(args) else kwargs.get(first, ())
    for step in _STEP.finditer(field, len(name)):
        key = step["key"]
        if key is None:
            found = bounded(v for value in found for v in ev.attribute(value, step["attribute"]))
        else:
            at: Value = Const(int(key), "int") if key.isdigit() else Text((key,))
            found = bounded(v for value in found for v in ev.item(value, at))
    return found or (Text((Hole("arg", field or first),)),)


def join_text(separator: Text, items: Value) -> Values:
    """`separator.join(items)`."""
    if not isinstance(items, Seq) or items.open:
        return (Text((Hole("unknown", "joined text"),)),)
    pieces: list[Values] = []
    for index, item in enumerate(items.items):
        pieces += ([(separator,)] if index else []) + [item]
    return concat(pieces) if pieces else (Text(("",)),)


_METHODS: dict[str, Callable[..., str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "rstrip": str.rstrip,
    "lstrip": str.lstrip,
    "title": str.title,
    "replace": str.replace,
    "removesuffix": str.removesuffix,
    "removeprefix": str.removeprefix,
    "capitalize": str.capitalize,
    "zfill": str.zfill,
}
_TESTS: dict[str, Callable[..., bool]] = {"startswith": str.startswith, "endswith": str.endswith}
SPLITS: dict[str, Callable[..., Sequence[str]]] = {
    "split": str.split,
    "rsplit": str.rsplit,
    "partition": str.partition,
    "rpartition": str.rpartition,
}
_MAX_NUMBER = 999  # of a width: a scanned text may ask for any


def text_method(
    ev: Evaluation, text: Text, name: str, args: tuple[Values, ...], kwargs: dict[str, Values]
) -> Values | None:
    """The result of a method of `str`; None when the method gives no text that can be followed."""
    if name == "format":
        return format_text(ev, text, args, kwargs)
    if name == "format_map":
        given = args[0][0] if args and args[0] else Unknown("value")
        return _format_map(ev, text, given)
    if name == "join":
        found = [join_text(text, items) for items in args[0]] if args else []
        return bounded(itertools.chain.from_iterable(found)) or (Text((Hole("unknown", "joined text"),)),)
    if name in ("encode", "decode"):
        return (text,)
    if name in SPLITS:
        return _split(text, name, args, kwargs)
    if name in _TESTS:
        return _tested(text, name, args)
    if name not in _METHODS:
        return None
    if text.literal is None:
        first = args[0][0] if args and args[0] else None
        return (_edge_strip(text, name, first.literal if isinstance(first, Text) else None),)
    return _applied(_METHODS[name], text.literal, args)


def _format_map(ev: Evaluation, text: Text, given: Value) -> Values:
    """`text.format_map(given)`."""
    if not isinstance(given, Mapping) or given.open:
        return _OPEN
    named = {k.literal: values for keys, values in given.items for k in keys if isinstance(k, Text) and k.literal}
    return format_text(ev, text, (), named)


def substituted(template: Text, given: dict[str, Values]) -> Values:
    """`string.Template(template).substitute(**given)`."""
    if template.literal is None:
        return _OPEN
    pieces: list[Values] = []
    at = 0
    for found in string.Template.pattern.finditer(template.literal):
        pieces.append((Text((template.literal[at : found.start()],)),))
        name = found["named"] or found["braced"]
        pieces.append((Text(("$",)),) if name is None else given.get(name) or (Text((Hole("arg", name),)),))
        at = found.end()
    return concat((*pieces, (Text((template.literal[at:],)),)))


def _applied(method: Callable[..., str], literal: str, args: tuple[Values, ...]) -> Values:
    """The method's result for every combination of arguments that are known."""
    out: list[Value] = []
    for given in itertools.islice(itertools.product(*args), 16):
        known = [_known(value) for value in given]
        size = max((len(k) for k in known if isinstance(k, str)), default=1)
        wide = any(isinstance(k, int) and abs(k) > _MAX_NUMBER for k in known) or len(literal) * size > 100 * MAX_TEXT
        if ... in known or wide:
            out.append(Unknown("text made from something unknown"))
            continue
        try:
            out.append(join(Text((method(literal, *known),))))
        except (TypeError, ValueError):
            out.append(Unknown("text"))
    return bounded(out) or (Unknown("text made from something unknown"),)


def _tested(text: Text, name: str, args: tuple[Values, ...]) -> Values | None:
    """Whether a text starts or ends so; None when that is not known."""
    known = _ends(args[0]) if len(args) == 1 else None
    if text.literal is None or known is None:
        return None
    return (Const(_TESTS[name](text.literal, known), "bool"),)


def _ends(values: Values) -> str | tuple[str, ...] | None:
    """The text, or the texts of a tuple, that a value is for certain."""
    value = values[0] if len(values) == 1 else None
    if isinstance(value, Text):
        return value.literal
    if isinstance(value, Seq) and not value.open:
        texts = [_ends(item) for item in value.items]
        plain = tuple(text for text in texts if isinstance(text, str))
        return plain if len(plain) == len(texts) else None
    return None


def _edge_strip(text: Text, name: str, chars: str | None) -> Text:
    """Stripping of text with holes touches only its literal edges."""
    parts = list(text.parts)
    last, first = parts[-1] if parts else None, parts[0] if parts else None
    if name in ("rstrip", "strip", "removesuffix") and isinstance(last, str):
        parts[-1] = last.removesuffix(chars or "") if name == "removesuffix" else last.rstrip(chars)
    if name in ("lstrip", "strip", "removeprefix") and isinstance(first, str):
        parts[0] = first.removeprefix(chars or "") if name == "removeprefix" else first.lstrip(chars)
    return join(Text(tuple(part for part in parts if part != "")))


def _split(text: Text, name: str, args: tuple[Values, ...], kwargs: dict[str, Values]) -> Values:
    given = [_known(values[0]) if len(values) == 1 else ... for values in (*args, *kwargs.values())]
    if text.literal is None or ... in given:
        return (Seq((), open=True),)
    try:
        pieces = SPLITS[name](text.literal, *given[: len(args)], **dict(zip(kwargs, given[len(args) :], strict=True)))
    except (TypeError, ValueError):
        return (Seq((), open=True),)
    return (Seq(tuple((Text((piece,)),) for piece in pieces)),)


__all__ = ["SPLITS", "format_text", "join_text", "percent", "rendered", "substituted", "text_method"]
