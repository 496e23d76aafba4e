"""Expressions of libcst as the same nodes of `ast`, with the same positions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import libcst

from extractor.syntax import native
from extractor.syntax.spans import Spans
from extractor.syntax.strings import string

_UNARY: dict[str, type[ast.unaryop]] = {
    "Plus": ast.UAdd,
    "Minus": ast.USub,
    "BitInvert": ast.Invert,
    "Not": ast.Not,
}
_COMPARE: dict[str, type[ast.cmpop]] = {
    "Equal": ast.Eq,
    "NotEqual": ast.NotEq,
    "LessThan": ast.Lt,
    "LessThanEqual": ast.LtE,
    "GreaterThan": ast.Gt,
    "GreaterThanEqual": ast.GtE,
    "Is": ast.Is,
    "IsNot": ast.IsNot,
    "In": ast.In,
    "NotIn": ast.NotIn,
}
_BINARY: dict[str, type[ast.operator]] = {
    "Add": ast.Add,
    "Subtract": ast.Sub,
    "Multiply": ast.Mult,
    "MatrixMultiply": ast.MatMult,
    "Divide": ast.Div,
    "FloorDivide": ast.FloorDiv,
    "Modulo": ast.Mod,
    "Power": ast.Pow,
    "LeftShift": ast.LShift,
    "RightShift": ast.RShift,
    "BitAnd": ast.BitAnd,
    "BitOr": ast.BitOr,
    "BitXor": ast.BitXor,
}
_BOOLEAN: dict[str, type[ast.boolop]] = {"And": ast.And, "Or": ast.Or}
_SINGLETONS = {"None": None, "True": True, "False": False}


def expression(spans: Spans, node: Any) -> ast.expr:
    """An expression, in Load context. Raises KeyError for a kind of node that is no expression."""
    return _EXPRESSIONS[type(node).__name__](spans, node)


def optional(spans: Spans, node: Any) -> ast.expr | None:
    """An expression, or None for None."""
    return None if node is None else expression(spans, node)


def target(spans: Spans, node: Any, context: ast.expr_context | None = None) -> ast.expr:
    """An expression that is assigned to (or deleted, when the context says so)."""
    return _in_context(expression(spans, node), context or ast.Store())


def _in_context(made: ast.expr, context: ast.expr_context) -> ast.expr:
    if isinstance(made, ast.Name | ast.Attribute | ast.Subscript | ast.Starred | ast.List | ast.Tuple):
        made.ctx = context
    if isinstance(made, ast.Starred):
        _in_context(made.value, context)
    if isinstance(made, ast.List | ast.Tuple):
        for element in made.elts:
            _in_context(element, context)
    return made


def arguments(spans: Spans, node: libcst.Parameters) -> ast.arguments:
    """The parameters of a function or lambda."""
    positional = [*node.posonly_params, *node.params]
    star = node.star_arg if isinstance(node.star_arg, libcst.Param) else None
    return ast.arguments(
        posonlyargs=[_parameter(spans, param) for param in node.posonly_params],
        args=[_parameter(spans, param) for param in node.params],
        vararg=_parameter(spans, star) if star else None,
        kwonlyargs=[_parameter(spans, param) for param in node.kwonly_params],
        kw_defaults=[optional(spans, param.default) for param in node.kwonly_params],
        kwarg=_parameter(spans, node.star_kwarg) if node.star_kwarg else None,
        defaults=[expression(spans, param.default) for param in positional if param.default is not None],
    )


def _parameter(spans: Spans, node: libcst.Param) -> ast.arg:
    note = node.annotation.annotation if node.annotation else None
    made = ast.arg(arg=node.name.value, annotation=optional(spans, note))
    return spans.put(made, spans.start(node.name), spans.outer_end(note or node.name))


def call_arguments(spans: Spans, nodes: Sequence[libcst.Arg]) -> tuple[list[ast.expr], list[ast.keyword]]:
    """The positional and the keyword arguments of a call or of a class statement."""
    positional: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    for node in nodes:
        value = expression(spans, node.value)
        start, end = spans.start(node), spans.outer_end(node.value)
        if node.keyword is not None or node.star == "**":
            name = node.keyword.value if node.keyword else None
            keywords.append(spans.put(ast.keyword(arg=name, value=value), start, end))
        elif node.star == "*":
            positional.append(spans.put(ast.Starred(value=value, ctx=ast.Load()), start, end))
        else:
            positional.append(value)
    return positional, keywords


def _name(spans: Spans, node: libcst.Name) -> ast.expr:
    if node.value in _SINGLETONS:
        return spans.put_as(ast.Constant(value=_SINGLETONS[node.value]), node)
    return spans.put_as(ast.Name(id=node.value, ctx=ast.Load()), node)


def _number(spans: Spans, node: Any) -> ast.expr:
    return spans.put_as(ast.Constant(value=native.constant(node.value)), node)


def _ellipsis(spans: Spans, node: libcst.Ellipsis) -> ast.expr:
    return spans.put_as(ast.Constant(value=...), node)


def _string(spans: Spans, node: Any) -> ast.expr:
    return string(spans, node, expression)


def _unary(spans: Spans, node: libcst.UnaryOperation) -> ast.expr:
    operator = _UNARY[type(node.operator).__name__]()
    return spans.put_as(ast.UnaryOp(op=operator, operand=expression(spans, node.expression)), node)


def _binary(spans: Spans, node: libcst.BinaryOperation) -> ast.expr:
    operator = _BINARY[type(node.operator).__name__]()
    left, right = expression(spans, node.left), expression(spans, node.right)
    return spans.put_as(ast.BinOp(left=left, op=operator, right=right), node)


def _boolean(spans: Spans, node: libcst.BooleanOperation) -> ast.expr:
    """`a and b and c` is one BoolOp in `ast`, a chain in libcst; parentheses break it."""
    kind = type(node.operator)
    values: list[ast.expr] = []
    waiting: list[Any] = [node.right, node.left]
    while waiting:
        part = waiting.pop()
        if isinstance(part, libcst.BooleanOperation) and isinstance(part.operator, kind) and not part.lpar:
            waiting += [part.right, part.left]
        else:
            values.append(expression(spans, part))
    return spans.put_as(ast.BoolOp(op=_BOOLEAN[kind.__name__](), values=values), node)


def _comparison(spans: Spans, node: libcst.Comparison) -> ast.expr:
    made = ast.Compare(
        left=expression(spans, node.left),
        ops=[_COMPARE[type(part.operator).__name__]() for part in node.comparisons],
        comparators=[expression(spans, part.comparator) for part in node.comparisons],
    )
    return spans.put_as(made, node)


def _attribute(spans: Spans, node: libcst.Attribute) -> ast.expr:
    value = expression(spans, node.value)
    return spans.put_as(ast.Attribute(value=value, attr=node.attr.value, ctx=ast.Load()), node)


def _subscript(spans: Spans, node: libcst.Subscript) -> ast.expr:
    parts = [_index(spans, element.slice) for element in node.slice]
    first, last = node.slice[0], node.slice[-1]
    index = parts[0]
    if len(parts) > 1 or isinstance(last.comma, libcst.Comma) or isinstance(index, ast.Starred):
        end = spans.start(last.comma) + 1 if isinstance(last.comma, libcst.Comma) else spans.end(last)
        index = spans.put(ast.Tuple(elts=parts, ctx=ast.Load()), spans.start(first), end)
    made = ast.Subscript(value=expression(spans, node.value), slice=index, ctx=ast.Load())
    return spans.put_as(made, node)


def _index(spans: Spans, node: libcst.BaseSlice) -> ast.expr:
    if isinstance(node, libcst.Slice):
        bounds = [optional(spans, bound) for bound in (node.lower, node.upper, node.step)]
        made = ast.Slice(lower=bounds[0], upper=bounds[1], step=bounds[2])
        start, end = spans.start(node), spans.end(node)
        # The last colon keeps the blanks behind it; `ast` ends at the last token.
        return spans.put(made, start, start + len(spans.code[start:end].rstrip()))
    assert isinstance(node, libcst.Index)
    value = expression(spans, node.value)
    if node.star:
        return spans.put(ast.Starred(value=value, ctx=ast.Load()), spans.start(node), spans.end(node))
    return value


def _lambda(spans: Spans, node: libcst.Lambda) -> ast.expr:
    made = ast.Lambda(args=arguments(spans, node.params), body=expression(spans, node.body))
    return spans.put_as(made, node)


def _call(spans: Spans, node: libcst.Call) -> ast.expr:
    args, keywords = call_arguments(spans, node.args)
    bare = node.args[0].value if len(node.args) == 1 and not node.args[0].star else None
    if isinstance(bare, libcst.GeneratorExp) and not bare.lpar:
        # `f(x for x in y)`: the generator takes the parentheses of the call.
        spans.put(args[0], spans.start(node.whitespace_before_args) - 1, spans.end(node))
    made = ast.Call(func=expression(spans, node.func), args=args, keywords=keywords)
    return spans.put_as(made, node)


def _await(spans: Spans, node: libcst.Await) -> ast.expr:
    return spans.put_as(ast.Await(value=expression(spans, node.expression)), node)


def _conditional(spans: Spans, node: libcst.IfExp) -> ast.expr:
    test, body, orelse = (expression(spans, part) for part in (node.test, node.body, node.orelse))
    return spans.put_as(ast.IfExp(test=test, body=body, orelse=orelse), node)


def _yield(spans: Spans, node: libcst.Yield) -> ast.expr:
    if isinstance(node.value, libcst.From):
        return spans.put_as(ast.YieldFrom(value=expression(spans, node.value.item)), node)
    return spans.put_as(ast.Yield(value=optional(spans, node.value)), node)


def _named(spans: Spans, node: libcst.NamedExpr) -> ast.expr:
    made = ast.NamedExpr(target=target(spans, node.target), value=expression(spans, node.value))  # type: ignore[arg-type]
    return spans.put_as(made, node)


def _element(spans: Spans, node: libcst.Element) -> ast.expr:
    return expression(spans, node.value)


def _starred(spans: Spans, node: Any) -> ast.expr:
    made = ast.Starred(value=expression(spans, node.value), ctx=ast.Load())
    return spans.put(made, spans.start(node), spans.outer_end(node.value))


def _tuple(spans: Spans, node: libcst.Tuple) -> ast.expr:
    made = ast.Tuple(elts=[expression(spans, element) for element in node.elements], ctx=ast.Load())
    start, end = spans.inner_paren(node)
    comma = node.elements[-1].comma if node.elements else None
    if not node.lpar and isinstance(comma, libcst.Comma):
        end = spans.start(comma) + 1
    return spans.put(made, start, end)


def _list(spans: Spans, node: libcst.List) -> ast.expr:
    elements = [expression(spans, element) for element in node.elements]
    return spans.put_as(ast.List(elts=elements, ctx=ast.Load()), node)


def _set(spans: Spans, node: libcst.Set) -> ast.expr:
    return spans.put_as(ast.Set(elts=[expression(spans, element) for element in node.elements]), node)


def _dict(spans: Spans, node: libcst.Dict) -> ast.expr:
    keys = [optional(spans, getattr(element, "key", None)) for element in node.elements]
    values = [expression(spans, element.value) for element in node.elements]
    return spans.put_as(ast.Dict(keys=keys, values=values), node)


def _generators(spans: Spans, node: libcst.CompFor) -> list[ast.comprehension]:
    made: list[ast.comprehension] = []
    loop: libcst.CompFor | None = node
    while loop is not None:
        made.append(
            ast.comprehension(
                target=target(spans, loop.target),
                iter=expression(spans, loop.iter),
                ifs=[expression(spans, test.test) for test in loop.ifs],
                is_async=int(loop.asynchronous is not None),
            )
        )
        loop = loop.inner_for_in
    return made


def _generator(spans: Spans, node: libcst.GeneratorExp) -> ast.expr:
    made = ast.GeneratorExp(elt=expression(spans, node.elt), generators=_generators(spans, node.for_in))
    return spans.put(made, *spans.inner_paren(node))


def _list_comprehension(spans: Spans, node: libcst.ListComp) -> ast.expr:
    made = ast.ListComp(elt=expression(spans, node.elt), generators=_generators(spans, node.for_in))
    return spans.put_as(made, node)


def _set_comprehension(spans: Spans, node: libcst.SetComp) -> ast.expr:
    made = ast.SetComp(elt=expression(spans, node.elt), generators=_generators(spans, node.for_in))
    return spans.put_as(made, node)


def _dict_comprehension(spans: Spans, node: libcst.DictComp) -> ast.expr:
    key, value = expression(spans, node.key), expression(spans, node.value)
    return spans.put_as(ast.DictComp(key=key, value=value, generators=_generators(spans, node.for_in)), node)


def _unpacking_dict_comprehension(spans: Spans, node: Any) -> ast.expr:
    """`{**d for d in ds}` (PEP 798) has no node of its own before Python 3.15: it becomes `{*d for d in ds}`."""
    value = expression(spans, node.value)
    starred = ast.copy_location(ast.Starred(value=value, ctx=ast.Load()), value)
    return spans.put_as(ast.SetComp(elt=starred, generators=_generators(spans, node.for_in)), node)


# By name, because nodes for newer syntax are absent from older versions of libcst.
_EXPRESSIONS: dict[str, Callable[[Spans, Any], ast.expr]] = {
    "Name": _name,
    "Integer": _number,
    "Float": _number,
    "Imaginary": _number,
    "Ellipsis": _ellipsis,
    "SimpleString": _string,
    "ConcatenatedString": _string,
    "FormattedString": _string,
    "TemplatedString": _string,
    "UnaryOperation": _unary,
    "BinaryOperation": _binary,
    "BooleanOperation": _boolean,
    "Comparison": _comparison,
    "Attribute": _attribute,
    "Subscript": _subscript,
    "Lambda": _lambda,
    "Call": _call,
    "Await": _await,
    "IfExp": _conditional,
    "Yield": _yield,
    "NamedExpr": _named,
    "Element": _element,
    "StarredElement": _starred,
    "Tuple": _tuple,
    "List": _list,
    "Set": _set,
    "Dict": _dict,
    "GeneratorExp": _generator,
    "ListComp": _list_comprehension,
    "SetComp": _set_comprehension,
    "DictComp": _dict_comprehension,
    "StarredDictComp": _unpacking_dict_comprehension,
}
