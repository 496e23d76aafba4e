"""Expressions by their tag: how each kind of `Value` of a summary is evaluated in a frame."""

from __future__ import annotations

from collections.abc import Callable

from extractor.evaluate import folding, formatting
from extractor.evaluate.folding import LIMIT, bounded, gathered, gathered_one
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import Const, Ext, Frame, Mapping, ModuleRef, Piped, Seq, Text, Unknown, Value, Values
from extractor.summary import Value as Expr

MAX_BUILTINS = frozenset(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)


def _name(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    found = ev.module_name(frame.owner.module, expr[1])
    if found:
        return found
    return (Ext(f"builtins.{expr[1]}"),) if expr[1] in MAX_BUILTINS else (Unknown(f"name {expr[1]}"),)


def _variable(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    defs, indices = frame.owner.scope.defs, expr[1]
    if len(indices) == 1:
        return gathered_one(_filled(ev, indices[0], frame) or ev.eval(defs[indices[0]][1], frame))
    return gathered([_filled(ev, i, frame) or ev.eval(defs[i][1], frame) for i in indices])


def _filled(ev: Evaluation, index: int, frame: Frame) -> Values:
    """A dictionary that a function starts empty and fills by key: what it may hold; () for any other variable."""
    scope = frame.owner.scope
    start = scope.defs[index][1]
    if scope.kind != "function" or start[0] != "d" or start[1] or not scope.subs:
        return ()
    put = [(key, value) for base, key, value, *_rest in scope.subs if base[0] == "v" and index in base[1]]
    items = tuple((ev.eval(key, frame), ev.eval(value, frame)) for key, value in put[:LIMIT])
    return (Mapping(items, open=True),) if items else ()


def _closure(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    outer = frame.outer
    while outer is not None and outer.owner.scope.name != expr[1]:
        outer = outer.outer
    if outer is None:
        outer = ev.frame(frame.owner.module.define(expr[1]))
    scope = outer.owner.scope
    return bounded(v for i in scope.names.get(expr[2], ()) for v in ev.eval(scope.defs[i][1], outer))


def _module(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return ev.imported(frame.owner.module.absolute(expr[1]))


def _from_module(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    dotted = frame.owner.module.absolute(expr[1])
    module = ev.index.find(dotted)
    if module is None:
        child = ev.index.find(f"{dotted}.{expr[2]}")
        if child is not None:
            return (ModuleRef(child),)
        return (Ext(f"{dotted}.{expr[2]}"),)
    if module is frame.owner.module and module.package:
        child = ev.index.find(f"{dotted}.{expr[2]}")
        if child is not None:
            return (ModuleRef(child),)
    found = ev.module_name(module, expr[2])
    if found:
        return found
    child = ev.index.find(f"{dotted}.{expr[2]}")
    return (ModuleRef(child),) if child is not None else (Ext(f"{dotted}.{expr[2]}"),)


def _attribute(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    bases = ev.eval(expr[1], frame)
    if len(bases) == 1:
        return gathered_one(ev.attribute(bases[0], expr[2]))
    return gathered([ev.attribute(base, expr[2]) for base in bases])


def _call(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return ev.call_result(frame.owner.scope.calls[expr[1]], frame)


def _f_string(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return folding.concat([ev.eval(part, frame) for part in expr[1]])


def _formatted(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return formatting.rendered(ev.eval(expr[1], frame), expr[2], expr[3])


def _binary(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    left, right = ev.eval(expr[2], frame), ev.eval(expr[3], frame)
    if expr[1] == "+":
        return folding.add(left, right)
    if expr[1] == "|":
        return (_pipe(left, right),)
    if expr[1] == "/" and not all(isinstance(v, Const) for v in (*left, *right)):
        return folding.path_join((left, right))
    first = left[0] if left else Unknown("value")
    if expr[1] == "%" and isinstance(first, Text):
        return bounded(v for text in left if isinstance(text, Text) for v in formatting.percent(text, right))
    second = right[0] if right else Unknown("value")
    if isinstance(first, Const) and isinstance(second, Const):
        return (folding.arithmetic(expr[1], first, second),)
    if expr[1] == "-" and isinstance(first, Seq):
        return (Seq(first.items, open=True),)
    return (Unknown(f"result of {expr[1]}"),)


def _pipe(left: Values, right: Values) -> Value:
    a, b = (left[0] if left else Unknown("value")), (right[0] if right else Unknown("value"))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return Mapping(a.items + b.items, a.open or b.open)
    return Piped(left, right)


def _item(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    keys = ev.eval(expr[2], frame) or (Unknown("key"),)
    return gathered([ev.item(base, key) for base in ev.eval(expr[1], frame) for key in keys])


def _sequence(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    items: list[Values] = []
    is_open = False
    for item in expr[1]:
        if item[0] != "*":
            items.append(ev.eval(item, frame))
            continue
        if item[1][0] == "each":
            is_open = True
            items.append(ev.eval(item[1][1], frame))
            continue
        for inner in ev.eval(item[1], frame) or (Unknown("items"),):
            if isinstance(inner, Seq):
                items += inner.items
                is_open = is_open or inner.open
            else:
                is_open = True
    return (Seq(tuple(items), is_open),)


def _dict(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    items: list[tuple[Values, Values]] = []
    is_open = False
    for key, value in expr[1]:
        values = ev.eval(value, frame)
        if key is not None:
            items.append((ev.eval(key, frame), values))
            continue
        merged = [v for v in values if isinstance(v, Mapping)]
        items += [item for mapping in merged for item in mapping.items]
        is_open = is_open or not merged
    return (Mapping(tuple(items), is_open),)


def _either(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    values = bounded(v for part in expr[1] for v in ev.eval(part, frame))
    known = tuple(v for v in values if not _empty(v))
    return known or values


def _empty(value: Value) -> bool:
    return isinstance(value, Const) and (value.value is None or value.value is False)


def _both(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return ev.eval(expr[1][-1], frame)


def _element(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return bounded(v for base in ev.eval(expr[1], frame) for v in ev.elements(base))


def _entered(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return bounded(v for base in ev.eval(expr[1], frame) for v in ev.entered(base))


def _typed(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return ev.typed(expr[1], frame)


def _inner(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    return ev.eval(expr[1], frame)


def _slice(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    out: list[Value] = []
    for value in ev.eval(expr[1], frame):
        if isinstance(value, Seq):
            out.append(Seq(value.items, open=True))
        elif isinstance(value, Text):
            out.append(Unknown("part of a text"))
        else:
            out.append(value)
    return bounded(out)


EXPRESSIONS: dict[str, Callable[[Evaluation, Expr, Frame], Values]] = {
    "n": _name,
    "v": _variable,
    "x": _closure,
    "m": _module,
    "mf": _from_module,
    "a": _attribute,
    "k": _call,
    "f": _f_string,
    "fv": _formatted,
    "b": _binary,
    "i": _item,
    "l": _sequence,
    "d": _dict,
    "o": _either,
    "and": _both,
    "e": _element,
    "w": _entered,
    "typed": _typed,
    "each": _inner,
    "*": _inner,
    "sl": _slice,
}
