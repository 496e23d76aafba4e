"""Expressions by their kind: how each is evaluated in a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from extractor.evaluate import folding, formatting
from extractor.evaluate.arguments import table_held_by
from extractor.evaluate.folding import bounded, gathered, gathered_one
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.relevance import FILLS, filled_in
from extractor.evaluate.rounds import rounds
from extractor.evaluate.values import (
    MADE_AT,
    Const,
    Ext,
    Frame,
    Inst,
    Mapping,
    ModuleRef,
    Piped,
    Seq,
    SettingRef,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.rules.django import django_rules
from extractor.summary import CallExpr
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    Closure,
    Comparison,
    Conjunction,
    Declared,
    DictDisplay,
    Element,
    Entered,
    FormattedValue,
    Generated,
    ImportedModule,
    ImportedName,
    JoinedText,
    Local,
    Name,
    Negation,
    Opaque,
    Parameter,
    SequenceDisplay,
    Slice,
    Starred,
    Subscript,
)

MAX_PUT = 20  # lines of a function that put something into a dictionary
MAX_BUILTINS = frozenset(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)


def _name(ev: Evaluation, expr: Name, frame: Frame) -> Values:
    found = ev.module_name(frame.owner.module, expr.name)
    if found:
        return found
    return (Ext(f"builtins.{expr.name}"),) if expr.name in MAX_BUILTINS else (Unknown(f"name {expr.name}"),)


def _variable(ev: Evaluation, expr: Local, frame: Frame) -> Values:
    defs, indices = frame.owner.scope.defs, expr.definitions
    if len(indices) > 1:
        indices = ev.branches.reaching(indices, frame)
    if len(indices) == 1:
        return gathered_one(_filled(ev, indices[0], frame) or ev.eval(defs[indices[0]][1], frame))
    return gathered([_filled(ev, i, frame) or ev.eval(defs[i][1], frame) for i in indices])


def _filled(ev: Evaluation, index: int, frame: Frame) -> Values:
    """A dictionary that a function makes, or is given as its keywords, and puts items into: what it may hold; () for
    any other variable."""
    scope = frame.owner.scope
    filled = ev.filled.get(frame.owner)
    if filled is None:
        filled = ev.filled[frame.owner] = filled_in(scope)
    start = scope.defs[index][1]
    if index not in filled or not isinstance(start, DictDisplay | CallResult | Parameter):
        return ()
    put = sorted(_puts(ev, index, frame), key=lambda one: one[0])[:MAX_PUT]
    made = ev.eval(start, frame)
    if not made or any(not isinstance(value, Mapping) for value in made):
        return ()
    return tuple(_with(value, put) for value in made if isinstance(value, Mapping))


def _puts(ev: Evaluation, index: int, frame: Frame) -> Iterator[tuple[int, folding.Items, bool, bool]]:
    """What the lines of a function put into the dictionary of a definition: the line, the items, whether it may not be
    run, and whether what stands there already stays."""
    scope = frame.owner.scope
    for base, key, value, line, maybe, guards in scope.subs:
        if isinstance(base, Local) and index in base.definitions and not ev.branches.is_passed_over(guards, frame):
            yield line, ((ev.eval(key, frame), ev.eval(value, frame)),), maybe, False
    for call in scope.calls:
        func = call.func
        if not isinstance(func, Attribute) or func.name not in FILLS or not isinstance(func.base, Local):
            continue
        if index not in func.base.definitions or ev.branches.is_passed_over(call.guards, frame):
            continue
        if func.name == "setdefault" and len(call.args) == 2:
            items = ((ev.eval(call.args[0], frame), ev.eval(call.args[1], frame)),)
            yield call.line, items, bool(call.guards), True
        elif func.name == "update":
            every = [v for arg in call.args for v in ev.eval(arg, frame)]
            tables = [table_held_by(ev, v) if isinstance(v, SettingRef) else v for v in every]
            given = [table for table in tables if isinstance(table, Mapping)]
            named: folding.Items = tuple(
                (((Text((name,)),), ev.eval(value, frame)) for name, value in call.kwargs if name is not None)
            )
            yield call.line, (*(i for mapping in given for i in mapping.items), *named), bool(call.guards), False


def _with(start: Mapping, put: list[tuple[int, folding.Items, bool, bool]]) -> Mapping:
    """A dictionary with what is put into it, line by line. One that starts empty may be filled by others as well."""
    items = start.items
    for _line, more, maybe, stays in put:
        for item in more:
            held = next((values for keys, values in items if keys == item[0]), None)
            if held is None:
                items = (*items, item)
            elif not stays:
                both = bounded((*item[1], *held)) if maybe else item[1]
                items = tuple((keys, both if keys == item[0] else values) for keys, values in items)
    return Mapping(items, open=start.open or not start.items)


def _closure(ev: Evaluation, expr: Closure, frame: Frame) -> Values:
    outer = frame.outer
    while outer is not None and outer.owner.scope.name != expr.scope:
        outer = outer.outer
    if outer is None:
        outer = ev.frame(frame.owner.module.define(expr.scope))
    scope = outer.owner.scope
    return bounded(v for i in scope.names.get(expr.name, ()) for v in ev.eval(scope.defs[i][1], outer))


def _module(ev: Evaluation, expr: ImportedModule, frame: Frame) -> Values:
    return ev.imported(frame.owner.module.absolute(expr.module))


def _from_module(ev: Evaluation, expr: ImportedName, frame: Frame) -> Values:
    dotted = frame.owner.module.absolute(expr.module)
    module = ev.index.find(dotted)
    if module is None:
        child = ev.index.find(f"{dotted}.{expr.name}")
        if child is not None:
            return (ModuleRef(child),)
        return (Ext(f"{dotted}.{expr.name}"),)
    if module is frame.owner.module and module.package:
        child = ev.index.find(f"{dotted}.{expr.name}")
        if child is not None:
            return (ModuleRef(child),)
    found = ev.module_name(module, expr.name)
    if found:
        return found
    child = ev.index.find(f"{dotted}.{expr.name}")
    return (ModuleRef(child),) if child is not None else (Ext(f"{dotted}.{expr.name}"),)


def _attribute(ev: Evaluation, expr: Attribute, frame: Frame) -> Values:
    bases = ev.eval(expr.base, frame)
    if len(bases) == 1:
        return gathered_one(ev.attribute(bases[0], expr.name))
    return gathered([ev.attribute(base, expr.name) for base in bases])


def _call(ev: Evaluation, expr: CallResult, frame: Frame) -> Values:
    call = frame.owner.scope.calls[expr.call]
    values = ev.call_result(call, frame)
    if frame.owner.kind in ("module", "class"):
        return tuple([_with_place(ev, value, frame, call) for value in values])
    return values


def _with_place(ev: Evaluation, value: Value, frame: Frame, call: CallExpr) -> Value:
    """A signal, or an object that keeps things, with the line that makes it: two of them are not the same, though they
    are made alike."""
    classes = django_rules().signal_classes
    place = ((MADE_AT, (Text((f"{frame.owner.module.name}:{call.line}",)),)),)
    if isinstance(value, Ext) and value.path.endswith("()") and value.path[:-2] in classes:
        return Ext(value.path, value.args, (*value.kwargs, *place), value.receiver)
    if not isinstance(value, Inst) or not value.known or value.bindings[-1:] == place:
        return value
    if classes.intersection(ev.classes.mro(value.cls)[1]) or ev.registries.keeps(value.cls):
        return Inst(value.cls, (*value.bindings, *place), value.known)
    return value


def _f_string(ev: Evaluation, expr: JoinedText, frame: Frame) -> Values:
    return folding.concat([ev.eval(part, frame) for part in expr.values])


def _formatted(ev: Evaluation, expr: FormattedValue, frame: Frame) -> Values:
    return formatting.rendered(ev.eval(expr.value, frame), expr.conversion, expr.spec)


def _binary(ev: Evaluation, expr: BinaryOperation, frame: Frame) -> Values:
    left, right = ev.eval(expr.left, frame), ev.eval(expr.right, frame)
    if expr.operator == "+":
        return folding.add(left, right)
    if expr.operator == "|":
        return (_pipe(left, right),)
    if expr.operator == "/" and not all(isinstance(v, Const) for v in (*left, *right)):
        return folding.path_join((left, right))
    first = left[0] if left else Unknown("value")
    if expr.operator == "%" and isinstance(first, Text):
        return bounded(v for text in left if isinstance(text, Text) for v in formatting.percent(text, right))
    second = right[0] if right else Unknown("value")
    if isinstance(first, Const) and isinstance(second, Const):
        return (folding.arithmetic(expr.operator, first, second),)
    if expr.operator == "-" and isinstance(first, Seq):
        return (Seq(first.items, open=True),)
    return (Unknown(f"result of {expr.operator}"),)


def _pipe(left: Values, right: Values) -> Value:
    a, b = (left[0] if left else Unknown("value")), (right[0] if right else Unknown("value"))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return Mapping(folding.later_wins(a.items + b.items), a.open or b.open)
    return Piped(left, right)


def _item(ev: Evaluation, expr: Subscript, frame: Frame) -> Values:
    keys = ev.eval(expr.index, frame) or (Unknown("key"),)
    found = gathered([ev.item(base, key) for base in ev.eval(expr.base, frame) for key in keys])
    put = [sub[2] for sub in frame.owner.scope.subs if sub[0] == expr.base and sub[1] == expr.index]
    if not put:
        return found
    told = gathered([ev.eval(value, frame) for value in put])  # what this function puts there itself
    return gathered([told, tuple(v for v in found if not isinstance(v, Unknown))])


def _sequence(ev: Evaluation, expr: SequenceDisplay, frame: Frame) -> Values:
    items: list[Values] = []
    is_open = False
    for item in expr.items:
        if not isinstance(item, Starred):
            items.append(ev.eval(item, frame))
            continue
        if isinstance(item.value, Generated):
            is_open = True
            items += [ev.eval(item.value.value, inner) for inner in rounds(ev, frame, (item.value.value,))]
            continue
        for inner in ev.eval(item.value, frame) or (Unknown("items"),):
            if isinstance(inner, Seq):
                items += inner.items
                is_open = is_open or inner.open
            else:
                is_open = True
    return (Seq(tuple(items), is_open),)


def _dict(ev: Evaluation, expr: DictDisplay, frame: Frame) -> Values:
    items: list[tuple[Values, Values]] = []
    is_open = False
    for key, value in expr.items:
        if key is not None and not expr.lines:  # a comprehension
            for inner in rounds(ev, frame, (key, value)):
                items.append((ev.eval(key, inner), ev.eval(value, inner)))
            continue
        values = ev.eval(value, frame)
        if key is not None:
            items.append((ev.eval(key, frame), values))
            continue
        merged = [v for v in values if isinstance(v, Mapping)]
        items += [item for mapping in merged for item in mapping.items]
        is_open = is_open or not merged
    return (Mapping(folding.later_wins(items), is_open),)


def _either(ev: Evaluation, expr: Alternatives, frame: Frame) -> Values:
    holds = ev.branches.holds(expr.guard, frame) if expr.guard >= 0 and not frame.is_open else None
    if holds is not None:
        return ev.eval(expr.values[0 if holds else 1], frame)
    values = bounded(v for part in expr.values for v in ev.eval(part, frame))
    known = tuple(v for v in values if not _empty(v))
    return known or values


def _empty(value: Value) -> bool:
    return isinstance(value, Const) and (value.value is None or value.value is False)


def _both(ev: Evaluation, expr: Conjunction, frame: Frame) -> Values:
    return ev.eval(expr.values[-1], frame)


def _element(ev: Evaluation, expr: Element, frame: Frame) -> Values:
    return bounded(v for base in ev.eval(expr.iterable, frame) for v in ev.elements(base))


def _entered(ev: Evaluation, expr: Entered, frame: Frame) -> Values:
    return bounded(v for base in ev.eval(expr.manager, frame) for v in ev.entered(base))


def _typed(ev: Evaluation, expr: Declared, frame: Frame) -> Values:
    return ev.typed(expr.annotation, frame)


def _inner(ev: Evaluation, expr: Generated | Starred, frame: Frame) -> Values:
    return ev.eval(expr.value, frame)


def _slice(ev: Evaluation, expr: Slice, frame: Frame) -> Values:
    out: list[Value] = []
    for value in ev.eval(expr.base, frame):
        if isinstance(value, Seq):
            out.append(Seq(value.items, open=True))
        elif isinstance(value, Text):
            out.append(Unknown("part of a text"))
        else:
            out.append(value)
    return bounded(out)


def _nothing(ev: Evaluation, expr: Opaque, frame: Frame) -> Values:
    return (Unknown(expr.reason),)


def _truth(ev: Evaluation, expr: Comparison | Negation, frame: Frame) -> Values:
    """Whether a test holds is asked of `extractor.evaluate.feasible`: as a value it is not followed."""
    return (Unknown("a truth value"),)


# Constants, parameters and definitions have no entry: the evaluator answers for them itself.
EXPRESSIONS: dict[type, Callable[[Evaluation, Any, Frame], Values]] = {
    Name: _name,
    Local: _variable,
    Closure: _closure,
    ImportedModule: _module,
    ImportedName: _from_module,
    CallResult: _call,
    Opaque: _nothing,
    Attribute: _attribute,
    Subscript: _item,
    Slice: _slice,
    JoinedText: _f_string,
    FormattedValue: _formatted,
    BinaryOperation: _binary,
    SequenceDisplay: _sequence,
    DictDisplay: _dict,
    Starred: _inner,
    Generated: _inner,
    Element: _element,
    Entered: _entered,
    Declared: _typed,
    Alternatives: _either,
    Conjunction: _both,
    Negation: _truth,
    Comparison: _truth,
}
