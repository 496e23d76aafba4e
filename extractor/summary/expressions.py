"""Expressions of Python's syntax tree as `Value`s, recording calls, attribute reads and bindings on the way."""

from __future__ import annotations

import ast
from collections.abc import Callable

from extractor.summary.protocol import Recorder
from extractor.summary.record import CallExpr, Value

_BOOL: Value = ("?", "a truth value")
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


def value_of(node: ast.expr, scope: Recorder) -> Value:
    """The value of an expression as it looks in `scope`; what cannot be represented is ("?", kind of node)."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                value_of(child, scope)
        return ("?", type(node).__name__)
    return handler(node, scope)


def _constant(node: ast.Constant, scope: Recorder) -> Value:
    value = node.value
    if isinstance(value, str | bool | int | float) or value is None:
        return ("c", value)
    if isinstance(value, bytes):
        return ("c", value.decode("latin-1"))
    return ("?", type(value).__name__)


def _name(node: ast.Name, scope: Recorder) -> Value:
    return scope.lookup(node.id)


def _attribute(node: ast.Attribute, scope: Recorder) -> Value:
    value = ("a", value_of(node.value, scope), node.attr)
    scope.reads.append((node.lineno, value))
    return value


def _callee(node: ast.expr, scope: Recorder) -> Value:
    if isinstance(node, ast.Attribute):
        return ("a", value_of(node.value, scope), node.attr)
    return value_of(node, scope)


def _call(node: ast.Call, scope: Recorder) -> Value:
    func = _callee(node.func, scope)
    args = tuple([value_of(arg, scope) for arg in node.args])
    kwargs = tuple([(kw.arg, value_of(kw.value, scope)) for kw in node.keywords])
    line = node.func.end_lineno if isinstance(node.func, ast.Attribute) else node.lineno
    scope.calls.append(CallExpr(line or node.lineno, node.end_lineno or node.lineno, func, args, kwargs, scope.guarded))
    return ("k", len(scope.calls) - 1)


def _joined(node: ast.JoinedStr, scope: Recorder) -> Value:
    return ("f", tuple([value_of(part, scope) for part in node.values]))


def _formatted(node: ast.FormattedValue, scope: Recorder) -> Value:
    value = value_of(node.value, scope)
    conversion = chr(node.conversion) if node.conversion > 0 else ""
    parts = node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []
    inner = [value_of(part, scope) for part in parts]
    spec = "".join(str(part[1]) if part[0] == "c" else "*" for part in inner)  # *: a width that is computed
    return ("fv", value, conversion, spec) if conversion or spec else value


def _binary(node: ast.BinOp, scope: Recorder) -> Value:
    return ("b", _OPERATORS[type(node.op)], value_of(node.left, scope), value_of(node.right, scope))


def _unary(node: ast.UnaryOp, scope: Recorder) -> Value:
    value = value_of(node.operand, scope)
    if isinstance(node.op, ast.USub) and value[0] == "c" and isinstance(value[1], int | float):
        return ("c", -value[1])
    return ("u", "not", value) if isinstance(node.op, ast.Not) else ("?", "UnaryOp")


def _bool_op(node: ast.BoolOp, scope: Recorder) -> Value:
    values = tuple([value_of(value, scope) for value in node.values])
    return ("o", values) if isinstance(node.op, ast.Or) else ("and", values)


def _compare(node: ast.Compare, scope: Recorder) -> Value:
    left = value_of(node.left, scope)
    rest = [value_of(value, scope) for value in node.comparators]
    if len(rest) == 1:
        return ("cmp", type(node.ops[0]).__name__, left, rest[0])
    return _BOOL


def _if_exp(node: ast.IfExp, scope: Recorder) -> Value:
    test = value_of(node.test, scope)
    with scope.guard(test, True, node.lineno):
        body = value_of(node.body, scope)
    with scope.guard(test, False, node.lineno):
        orelse = value_of(node.orelse, scope)
    return ("o", (body, orelse))


def _subscript(node: ast.Subscript, scope: Recorder) -> Value:
    base = value_of(node.value, scope)
    if isinstance(node.slice, ast.Slice):
        for part in (node.slice.lower, node.slice.upper, node.slice.step):
            if part is not None:
                value_of(part, scope)
        return ("sl", base)
    return ("i", base, value_of(node.slice, scope))


def _sequence(node: ast.List | ast.Tuple | ast.Set, scope: Recorder) -> Value:
    return ("l", tuple([value_of(item, scope) for item in node.elts]))


def _dict(node: ast.Dict, scope: Recorder) -> Value:
    pairs = zip(node.keys, node.values, strict=True)
    items = tuple([(None if k is None else value_of(k, scope), value_of(v, scope)) for k, v in pairs])
    return ("d", items, tuple([(k or v).lineno for k, v in zip(node.keys, node.values, strict=True)]))


def _starred(node: ast.Starred, scope: Recorder) -> Value:
    return ("*", value_of(node.value, scope))


def _named(node: ast.NamedExpr, scope: Recorder) -> Value:
    value = value_of(node.value, scope)
    scope.bind(node.target.id, value, node.lineno)
    return scope.lookup(node.target.id)


def _inner(node: ast.Await | ast.YieldFrom, scope: Recorder) -> Value:
    value = value_of(node.value, scope)
    if isinstance(node, ast.YieldFrom):
        scope.yields.append(("e", value))
        return ("?", "yield")
    return value


def _yield(node: ast.Yield, scope: Recorder) -> Value:
    scope.yields.append(value_of(node.value, scope) if node.value else ("c", None))
    return ("?", "yield")


def _lambda(node: ast.Lambda, scope: Recorder) -> Value:
    return scope.nested_lambda(node)


def _generators(generators: list[ast.comprehension], scope: Recorder) -> None:
    for generator in generators:
        scope.bind_target(generator.target, ("e", value_of(generator.iter, scope)), generator.target.lineno)
        for test in generator.ifs:
            value_of(test, scope)


def _comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Recorder) -> Value:
    with scope.inner_names():
        _generators(node.generators, scope)
        return ("l", (("*", ("each", value_of(node.elt, scope))),))


def _dict_comprehension(node: ast.DictComp, scope: Recorder) -> Value:
    with scope.inner_names():
        _generators(node.generators, scope)
        return ("d", ((value_of(node.key, scope), value_of(node.value, scope)),))


_HANDLERS: dict[type[ast.expr], Callable[..., Value]] = {
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
