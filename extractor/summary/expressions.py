"""Expressions of the syntax tree as those of a summary, recording calls, attribute reads and bindings on the way."""

from __future__ import annotations

import ast
from collections.abc import Callable

from extractor.summary.expr import (
    Alternatives,
    Attribute,
    BinaryOperation,
    CallResult,
    Comparison,
    Conjunction,
    Constant,
    DictDisplay,
    Element,
    Expr,
    FormattedValue,
    Generated,
    JoinedText,
    Negation,
    Opaque,
    SequenceDisplay,
    Slice,
    Starred,
    Subscript,
)
from extractor.summary.protocol import Recorder
from extractor.summary.record import CallExpr
from extractor.summary.secrets import in_arguments, in_command, literal, under_key

_BOOL = Opaque("a truth value")
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
}


def value_of(node: ast.expr, scope: Recorder) -> Expr:
    """The value of an expression as it looks in `scope`; what cannot be represented is `Opaque`."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                value_of(child, scope)
        return Opaque(type(node).__name__)
    return handler(node, scope)


def _constant(node: ast.Constant, scope: Recorder) -> Expr:
    value = node.value
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, bool | int | float) or value is None:
        return Constant(value)
    if isinstance(value, bytes):
        return literal(value.decode("latin-1"))
    return Opaque(type(value).__name__)


def _name(node: ast.Name, scope: Recorder) -> Expr:
    return scope.lookup(node.id)


def _attribute(node: ast.Attribute, scope: Recorder) -> Expr:
    value = Attribute(value_of(node.value, scope), node.attr)
    scope.reads.append((node.lineno, value))
    return scope.attribute(value)


def _callee(node: ast.expr, scope: Recorder) -> Expr:
    if isinstance(node, ast.Attribute):
        return Attribute(value_of(node.value, scope), node.attr)
    return value_of(node, scope)


def _call(node: ast.Call, scope: Recorder) -> Expr:
    func = _callee(node.func, scope)
    args = tuple([value_of(arg, scope) for arg in node.args])
    kwargs = tuple([(kw.arg, value_of(kw.value, scope)) for kw in node.keywords])
    args, kwargs = in_arguments(_called(node.func), args, kwargs)
    line = node.func.end_lineno if isinstance(node.func, ast.Attribute) else node.lineno
    scope.calls.append(CallExpr(line or node.lineno, node.end_lineno or node.lineno, func, args, kwargs, scope.guarded))
    return CallResult(len(scope.calls) - 1)


def _called(node: ast.expr) -> str:
    """The last name of what is called; "" when it has none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _joined(node: ast.JoinedStr, scope: Recorder) -> Expr:
    return JoinedText(tuple([value_of(part, scope) for part in node.values]))


def _formatted(node: ast.FormattedValue, scope: Recorder) -> Expr:
    value = value_of(node.value, scope)
    conversion = chr(node.conversion) if node.conversion > 0 else ""
    parts = node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []
    inner = [value_of(part, scope) for part in parts]
    spec = "".join(
        str(part.value) if isinstance(part, Constant) else "*" for part in inner
    )  # *: a width that is computed
    return FormattedValue(value, conversion, spec) if conversion or spec else value


def _binary(node: ast.BinOp, scope: Recorder) -> Expr:
    return BinaryOperation(value_of(node.left, scope), value_of(node.right, scope), _OPERATORS[type(node.op)])


def _unary(node: ast.UnaryOp, scope: Recorder) -> Expr:
    value = value_of(node.operand, scope)
    if isinstance(node.op, ast.USub) and isinstance(value, Constant) and isinstance(value.value, int | float):
        return Constant(-value.value)
    return Negation(value) if isinstance(node.op, ast.Not) else Opaque("UnaryOp")


def _bool_op(node: ast.BoolOp, scope: Recorder) -> Expr:
    values = tuple([value_of(value, scope) for value in node.values])
    return Alternatives(values) if isinstance(node.op, ast.Or) else Conjunction(values)


def _compare(node: ast.Compare, scope: Recorder) -> Expr:
    left = value_of(node.left, scope)
    rest = [value_of(value, scope) for value in node.comparators]
    if len(rest) == 1:
        return Comparison(left, rest[0], type(node.ops[0]).__name__)
    return _BOOL


def _if_exp(node: ast.IfExp, scope: Recorder) -> Expr:
    test = value_of(node.test, scope)
    with scope.guard(test, True, node.lineno) as guard:
        body = value_of(node.body, scope)
    with scope.guard(test, False, node.lineno):
        orelse = value_of(node.orelse, scope)
    return Alternatives((body, orelse), guard)


def _subscript(node: ast.Subscript, scope: Recorder) -> Expr:
    base = value_of(node.value, scope)
    if isinstance(node.slice, ast.Slice):
        for part in (node.slice.lower, node.slice.upper, node.slice.step):
            if part is not None:
                value_of(part, scope)
        return Slice(base)
    return Subscript(base, value_of(node.slice, scope))


def _sequence(node: ast.List | ast.Tuple | ast.Set, scope: Recorder) -> Expr:
    return SequenceDisplay(in_command(tuple([value_of(item, scope) for item in node.elts])))


def _dict(node: ast.Dict, scope: Recorder) -> Expr:
    pairs = zip(node.keys, node.values, strict=True)
    read = [(None if k is None else value_of(k, scope), value_of(v, scope)) for k, v in pairs]
    items = tuple([(key, under_key(key, value)) for key, value in read])
    return DictDisplay(items, tuple([(k or v).lineno for k, v in zip(node.keys, node.values, strict=True)]))


def _starred(node: ast.Starred, scope: Recorder) -> Expr:
    return Starred(value_of(node.value, scope))


def _named(node: ast.NamedExpr, scope: Recorder) -> Expr:
    value = value_of(node.value, scope)
    scope.bind(node.target.id, value, node.lineno)
    return scope.lookup(node.target.id)


def _inner(node: ast.Await | ast.YieldFrom, scope: Recorder) -> Expr:
    value = value_of(node.value, scope)
    if isinstance(node, ast.YieldFrom):
        scope.yields.append(Element(value))
        return Opaque("yield")
    return value


def _yield(node: ast.Yield, scope: Recorder) -> Expr:
    scope.yields.append(value_of(node.value, scope) if node.value else Constant(None))
    return Opaque("yield")


def _lambda(node: ast.Lambda, scope: Recorder) -> Expr:
    return scope.nested_lambda(node)


def _generators(generators: list[ast.comprehension], scope: Recorder) -> None:
    for generator in generators:
        scope.bind_target(generator.target, Element(value_of(generator.iter, scope)), generator.target.lineno)
        for test in generator.ifs:
            value_of(test, scope)


def _comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Recorder) -> Expr:
    with scope.inner_names():
        _generators(node.generators, scope)
        return SequenceDisplay((Starred(Generated(value_of(node.elt, scope))),))


def _dict_comprehension(node: ast.DictComp, scope: Recorder) -> Expr:
    with scope.inner_names():
        _generators(node.generators, scope)
        return DictDisplay(((value_of(node.key, scope), value_of(node.value, scope)),))


_HANDLERS: dict[type[ast.expr], Callable[..., Expr]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool_op,
    ast.Compare: _compare,
    ast.IfExp: _if_exp,
    ast.Subscript: _subscript,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.Starred: _starred,
    ast.NamedExpr: _named,
    ast.Await: _inner,
    ast.YieldFrom: _inner,
    ast.Yield: _yield,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
}
